"""Bookings of the demonstration, past and to come, and what became of some of them."""

import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.actors import Actor
from accounts.models import User
from bookings.models import Booking
from bookings.services import changes, host_changes, reservations
from bookings.services.companions import CompanionInput
from bookings.services.parts import Part
from courses.models import CourseSession, SessionSet
from insights.demo.names import adult_name, phone
from insights.demo.schools import School
from insights.demo.sessions import Laid
from rosters.models import ClassGroup, Student
from sites.calendar import NOON, at, local_day, school_year

# What classes' terms look like, in turn: class hours attended so far, and hours booked ahead.
TERMS = (
    (14, 0), (8, 4), (4, 10), (0, 11), (11, 3), (14, 0), (7, 7), (4, 10), (4, 4), (0, 0), (0, 14),
    (7, 7),
)  # fmt: skip
# A class comes without a few of its students where the seats do not reach for all.
SMALLEST_SHARE = 0.75

Half = tuple[date, int]


@dataclass
class Offer:
    """A session, or a set of them, while the term is laid out; its seats are counted here to
    save asking."""

    sessions: list[CourseSession]
    free: int
    set_id: int | None = None

    @property
    def class_hours(self) -> int:
        return sum(session.class_hours for session in self.sessions)

    @property
    def day(self) -> date:
        return local_day(self.sessions[0].starts_at)

    @property
    def halves(self) -> set[Half]:
        """The half-days it takes up."""
        taken = set()
        for session in self.sessions:
            day = local_day(session.starts_at)
            noon = at(day, NOON)
            taken |= {(day, 0)} if session.starts_at < noon else set()
            taken |= {(day, 1)} if session.ends_at > noon else set()
        return taken

    def suits(self, group: ClassGroup) -> bool:
        version = self.sessions[0].version
        grade = group.grade(school_year(self.day))
        return group.stage in version.stages and version.grade_from <= grade <= version.grade_to


class Term:
    """Lays out the bookings of all classes."""

    def __init__(self, laid: Laid, rng: random.Random, now: datetime) -> None:
        self.rng, self.now, self.today = rng, now, local_day(now)
        sessions = list(
            CourseSession.objects.select_related("version", "season").order_by("starts_at", "pk")
        )
        # Two seats stay free, for somebody who comes without a booking.
        self.running = Offer([laid.running], laid.running.capacity - 2)
        self.attended = [Offer([session], session.capacity) for session in laid.attended]
        kept = {session.pk for session in (laid.running, *laid.attended)}
        self.offers = [
            Offer([session], session.capacity)
            for session in sessions
            if session.session_set_id is None and session.pk not in kept
        ]
        rng.shuffle(self.offers)
        # Camps first: a class that wants all its hours at once takes one.
        for pk in SessionSet.objects.order_by("pk").values_list("pk", flat=True):
            days = [session for session in sessions if session.session_set_id == pk]
            self.offers.insert(0, Offer(days, min(day.capacity for day in days), pk))

    def book(self, schools: Sequence[School], step: Callable[[], None]) -> None:
        """Every class has the term its turn gives it, as far as seats reach; today is busy.

        The two classes of the demonstration's teacher choose first.
        """
        turn = 0
        for school in schools:
            if school.star is not None:
                # So that one more half-day reaches fourteen.
                for offer in self.attended:
                    self._take(school, school.star, offer)
            if school.at_the_door is not None:
                self._take(school, school.at_the_door, self.running)
                self._fill(school, school.at_the_door, self._before(school.at_the_door), 7, set())
        for school in schools:
            for group in school.classes:
                past, ahead = TERMS[turn % len(TERMS)]
                turn += 1
                if group not in (school.star, school.at_the_door):
                    self._book(school, group, past, ahead)
                step()

    def _before(self, group: ClassGroup) -> list[Offer]:
        return [offer for offer in self.offers if offer.suits(group) and offer.day < self.today]

    def _book(self, school: School, group: ClassGroup, past: int, ahead: int) -> None:
        taken: set[Half] = set()
        fitting = [offer for offer in self.offers if offer.suits(group)]
        coming = [offer for offer in fitting if offer.day > self.today]
        coming.sort(
            key=lambda offer: (
                offer.set_id is None or ahead < offer.class_hours,
                offer.day + timedelta(days=self.rng.randrange(40)),
            )
        )
        self._fill(school, group, self._before(group), past, taken)
        # Every other class that still has a way to go comes today.
        if ahead and self.rng.random() < 0.5:
            todays = [offer for offer in fitting if offer.day == self.today]
            ahead -= self._fill(school, group, todays, 4, taken)
        self._fill(school, group, coming, ahead, taken)

    def _fill(
        self,
        school: School,
        group: ClassGroup,
        offers: Sequence[Offer],
        wanted: int,
        taken: set[Half],
    ) -> int:
        """Books offers in turn until the class hours are reached; says how many they are."""
        size = Student.objects.current().filter(class_group=group).count()
        hours = 0
        for offer in offers:
            if (
                hours + offer.class_hours <= wanted
                and offer.free >= size * SMALLEST_SHARE
                and not taken & offer.halves
            ):
                self._take(school, group, offer)
                taken |= offer.halves
                hours += offer.class_hours
        return hours

    def _take(self, school: School, group: ClassGroup, offer: Offer) -> None:
        """Booked by the homeroom teacher a week or two before, or these days."""
        rng, teacher = self.rng, school.actors[group.pk]
        students = list(
            Student.objects.current()
            .filter(class_group=group)
            .order_by("seat_no")
            .values_list("pk", flat=True)
        )
        chosen = sorted(rng.sample(students, min(len(students), offer.free)))
        own_phone = User.objects.values_list("phone", flat=True).get(
            memberships=teacher.membership_id
        )
        first = offer.sessions[0]
        if first.starts_at <= self.now:
            made_at = first.starts_at - timedelta(days=rng.randrange(6, 15))
        else:
            made_at = self.now - timedelta(hours=rng.randrange(12, 14 * 24))
        reservations.reserve(
            by=teacher,
            parts=[
                Part(
                    class_group=group,
                    session_ids=[] if offer.set_id else [first.pk],
                    session_set_id=offer.set_id,
                    student_ids=None if len(chosen) == len(students) else chosen,
                    companions=[
                        CompanionInput(teacher.name, own_phone),
                        CompanionInput(adult_name(rng), phone(group.pk * 29)),
                    ],
                )
            ],
            contact_phone=own_phone,
            idempotency_key=uuid.UUID(int=rng.getrandbits(128)).hex,
            now=max(made_at, first.season.opens_at + timedelta(hours=rng.randrange(1, 40))),
        )
        offer.free -= len(chosen)


def cancel_some(
    *, schools: Sequence[School], managers: dict[int, Actor], rng: random.Random, now: datetime
) -> None:
    """A few bookings are cancelled by their school, a few sessions by their host, with reasons."""
    coming = list(
        Booking.objects.live()
        .filter(session__starts_at__gt=now + timedelta(days=4), session__session_set=None)
        .select_related("session", "class_group")
        .order_by("pk")
    )
    actors = {pk: actor for school in schools for pk, actor in school.actors.items()}
    reasons = ("与期中考试时间冲突。", "校车当天安排不开。", "年级临时有集体活动。")
    chosen = rng.sample(coming, min(5, len(coming) // 3))
    for booking, reason in zip(chosen[:3], reasons, strict=False):
        changes.cancel_booking(
            by=actors[booking.class_group_id],
            booking=booking,
            reason=reason,
            now=now - timedelta(days=1),
        )
    for booking in chosen[3:]:
        host_changes.cancel_session(
            by=managers[booking.host_id],
            session=booking.session,
            reason="指导教师外出参赛，请改约其他场次。",
            now=now - timedelta(hours=20),
        )
    star = [school.star for school in schools if school.star is not None]
    over = list(
        Booking.objects.live()
        .filter(session__ends_at__lt=now - timedelta(days=7), session__session_set=None)
        .exclude(class_group__in=star)
        .exclude(session__bookings__class_group__in=star)
        .select_related("session")
        .order_by("pk")
    )
    for booking in rng.sample(over, min(2, len(over) // 5)):
        if not _is_cancelled(booking):
            host_changes.cancel_session(
                by=managers[booking.host_id],
                session=booking.session,
                reason="实训室停电，当天无法开课。",
                now=booking.session.starts_at - timedelta(hours=26),
            )


def _is_cancelled(booking: Booking) -> bool:
    return not CourseSession.objects.scheduled().filter(pk=booking.session_id).exists()

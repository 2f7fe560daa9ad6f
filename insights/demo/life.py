"""Bookings, attendance and credits of the demonstration, past and to come."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.models import Membership
from accounts.selectors import actor_of
from attendance.choices import RULES, EventKind, WayIn
from attendance.models import CheckIn, Desk
from bookings.choices import LIVE_STATES
from bookings.models import Booking, Place
from bookings.services import changes, reservations
from bookings.services.companions import CompanionInput
from courses.models import CourseSession
from hours import services as hours_services
from insights.demo.names import adult_name, phone
from insights.demo.schools import School
from rosters.models import ClassGroup, Student
from sites.calendar import NOON, at, local_day, school_year

# What classes' terms look like, in turn: class hours attended so far, and hours booked ahead.
TERMS = ((14, 0), (8, 4), (4, 7), (0, 7), (11, 4), (14, 0), (7, 7), (4, 4), (4, 0), (0, 0))

Half = tuple[date, int]


@dataclass
class Offer:
    """A session while the term is laid out; seats are counted here to save asking."""

    session: CourseSession
    free: int


def halves_of(session: CourseSession) -> list[Half]:
    """The half-days a session takes up."""
    day = local_day(session.starts_at)
    noon = at(day, NOON)
    return [
        (day, half)
        for half, touched in ((0, session.starts_at < noon), (1, session.ends_at > noon))
        if touched
    ]


def book(
    *,
    schools: list[School],
    sessions: list[CourseSession],
    rng: random.Random,
    now: datetime,
    step: Callable[[], None],
) -> list[Booking]:
    """Every class has the term its turn gives it, as far as seats reach; today is busy."""
    offers = [Offer(session, session.capacity) for session in sessions]
    rng.shuffle(offers)
    made = []
    turn = 0
    for school in schools:
        for group in school.classes:
            past, ahead = TERMS[turn % len(TERMS)]
            turn += 1
            made += _term_of(school, group, offers, past, ahead, rng, now)
            step()
    return made


def _term_of(
    school: School,
    group: ClassGroup,
    offers: list[Offer],
    past: int,
    ahead: int,
    rng: random.Random,
    now: datetime,
) -> list[Booking]:
    size = Student.objects.current().filter(class_group=group).count()
    taken: set[Half] = set()
    made = []
    today = local_day(now)
    fitting = [offer for offer in offers if _suits(offer.session, group)]
    todays = [offer for offer in fitting if local_day(offer.session.starts_at) == today]
    before = [offer for offer in fitting if local_day(offer.session.starts_at) < today]
    coming = [offer for offer in fitting if local_day(offer.session.starts_at) > today]
    coming.sort(key=lambda offer: offer.session.starts_at + timedelta(days=rng.randrange(30)))
    # Every other class that has anything ahead comes today.
    if ahead and rng.random() < 0.5:
        coming = [*todays, *coming]
    for pool, wanted in ((before, past), (coming, ahead)):
        hours = 0
        for offer in pool:
            session = offer.session
            halves = halves_of(session)
            if hours + session.class_hours > wanted or offer.free < size or taken & set(halves):
                continue
            made.append(_booking(school, group, session, now, rng))
            offer.free -= size
            taken |= set(halves)
            hours += session.class_hours
    return made


def _suits(session: CourseSession, group: ClassGroup) -> bool:
    version = session.version
    grade = group.grade(school_year(local_day(session.starts_at)))
    return group.stage in version.stages and version.grade_from <= grade <= version.grade_to


def _booking(
    school: School,
    group: ClassGroup,
    session: CourseSession,
    now: datetime,
    rng: random.Random,
) -> Booking:
    """Made by the homeroom teacher about two weeks before, but not before the season opened."""
    teacher = school.actors[group.pk]
    made_at = max(
        session.season.opens_at + timedelta(hours=rng.randrange(1, 40)),
        min(session.starts_at, now) - timedelta(days=rng.randrange(6, 15)),
    )
    reservation = reservations.reserve(
        by=teacher,
        session_ids=[session.pk],
        class_group=group,
        companions=[
            CompanionInput(teacher.name, phone(group.pk * 13)),
            CompanionInput(adult_name(rng), phone(group.pk * 29)),
        ],
        contact_phone=phone(group.pk * 13),
        idempotency_key=uuid.UUID(int=rng.getrandbits(128)).hex,
        now=made_at,
    )
    return reservation.bookings.select_related("session", "class_group").get()


def cancel_some(*, schools: list[School], rng: random.Random, now: datetime) -> None:
    """A few bookings to come are cancelled by their school, each with its reason."""
    reasons = ("与期中考试时间冲突。", "校车当天安排不开。")
    coming = list(
        Booking.objects.live()
        .filter(session__starts_at__gt=now + timedelta(days=10))
        .select_related("session", "class_group")
        .order_by("pk")
    )
    actors = {pk: actor for school in schools for pk, actor in school.actors.items()}
    for booking in rng.sample(coming, min(len(reasons), len(coming))):
        changes.cancel_booking(
            by=actors[booking.class_group_id],
            booking=booking,
            reason=reasons[booking.pk % 2],
            now=now - timedelta(days=1),
        )


def attend(*, rng: random.Random, now: datetime, step: Callable[[], None]) -> None:
    """The sessions that are over were attended and credited.

    The events are written many at a time instead of one by one at the desk, which would take
    minutes; the credits go through the ledger's own service.
    """
    sessions = (
        CourseSession.objects.scheduled()
        .filter(ends_at__lte=now, seats_taken__gt=0)
        .select_related("host", "version")
        .order_by("starts_at", "pk")
    )
    for session in sessions:
        _attend(session, rng)
        step()


def _attend(session: CourseSession, rng: random.Random) -> None:
    keeper = (
        session.instructor_id
        or (
            Membership.objects.live()
            .filter(organisation_id=session.host_id)
            .order_by("pk")
            .values_list("pk", flat=True)[0]
        )
    )
    places = list(
        Place.objects.live()
        .filter(session=session, student__isnull=False, booking__state__in=LIVE_STATES)
        .select_related("student")
        .order_by("pk")
    )
    events, present = [], []
    for place in places:
        assert place.student is not None
        draw = rng.random()
        if draw < 0.94:
            late = draw > 0.92
            minutes = rng.randrange(17, 25) if late else -rng.randrange(2, 14)
            kind, happened = EventKind.IN, session.starts_at + timedelta(minutes=minutes)
            present.append(place.student)
        else:
            kind = EventKind.ABSENT if draw < 0.97 else EventKind.EXCUSED
            happened = session.starts_at + timedelta(minutes=20)
        events.append(
            CheckIn(
                session=session,
                student=place.student,
                place=place,
                kind=kind,
                way_in=WayIn.CAMERA if kind == EventKind.IN else WayIn.TICK,
                happened_at=happened,
                recorded_at=happened,
                recorded_by_id=keeper,
            )
        )
    CheckIn.objects.bulk_create(events)
    closed = session.ends_at + timedelta(minutes=5)
    Desk.objects.create(
        session=session,
        host_id=session.host_id,
        opened_at=session.starts_at - timedelta(minutes=20),
        opened_by_id=keeper,
        closed_at=closed,
        closed_by_id=keeper,
        closings=1,
    )
    membership = Membership.objects.select_related("user", "organisation").get(pk=keeper)
    hours_services.credit_students(
        by=actor_of(membership),
        students=present,
        session=session,
        rule_version=RULES.version,
        now=closed,
    )

"""The clients who call the services themselves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from django.utils import timezone

from accounts.errors import Refusal
from bench.race.clients import REASON, Client
from bench.race.place import School
from bookings.models import Booking
from bookings.services import (
    basket,
    changes,
    host_changes,
    host_moves,
    lists,
    move_checks,
    reservations,
    swapping,
)
from bookings.services.parts import Part
from courses.models import CourseSession
from courses.services.sessions import Place
from sites.models import Room


class ServiceClient(Client):
    """Does what only a page offers besides: baskets, seats kept for a swap, one student for
    another."""

    way = "services"
    # They share one interpreter, and leave the web server its share of the machine.
    pause = 0.1
    ACTIONS: ClassVar[dict[str, float]] = Client.ACTIONS | {
        "fill_basket": 3,
        "keep_then_swap": 4,
        "exchange_student": 3,
    }

    def ask_for(self, school: School, asked: dict[str, Any], key: str) -> int:
        groups = {group.pk: group for group in school.groups}
        return reservations.reserve(
            by=school.coordinator,
            parts=[
                Part(
                    class_group=groups[one["class_group"]],
                    session_ids=one.get("sessions", ()),
                    session_set_id=one.get("session_set"),
                    student_ids=one["students"],
                    seats=one.get("seats"),
                )
                for one in asked.get("parts", [asked])
            ],
            idempotency_key=key,
            now=timezone.now(),
        ).pk

    def fill_basket(self, school: School) -> None:
        """The coordinator's one basket, in which others of the clients put things too."""
        key = self.key()
        self.notes.unanswered[key] = (school, None)
        try:
            for _number in range(self.draw.choice((1, 2, 3))):
                group = self.draw.choice(school.groups)
                basket.add(
                    by=school.coordinator,
                    class_group=group,
                    session_id=self.a_session(),
                    student_ids=self.students(school, group.pk),
                    now=timezone.now(),
                )
            made = basket.reserve_all(
                by=school.coordinator,
                companions=(),
                contact_phone="",
                idempotency_key=key,
                now=timezone.now(),
            )
        except Refusal:
            del self.notes.unanswered[key]
            basket.clear(by=school.coordinator)
            raise
        self.notes.confirmed[key] = made.pk
        del self.notes.unanswered[key]

    def a_booking(self, school: School) -> Booking | None:
        """One of the school's, perhaps over already."""
        keys = list(
            Booking.objects.visible_to(school.coordinator)
            .order_by("-pk")
            .values_list("pk", flat=True)[:40]
        )
        if not keys:
            return None
        return (
            Booking.objects.select_related("session", "class_group")
            .filter(pk=self.draw.choice(keys))
            .first()
        )

    def change(self, school: School) -> None:
        booking = self.a_booking(school)
        if booking is not None:
            wanted = self.who(school, booking.class_group_id)
            lists.change_booking(
                by=school.coordinator,
                booking=booking,
                edition=booking.edition,
                student_ids=wanted["students"],
                seats=wanted.get("seats"),
                now=timezone.now(),
            )

    def cancel(self, school: School) -> None:
        booking = self.a_booking(school)
        if booking is not None:
            changes.cancel_booking(
                by=school.coordinator, booking=booking, reason=REASON, now=timezone.now()
            )
            self.notes.cancelled.add(booking.pk)

    def swap(self, school: School) -> None:
        booking = self.a_booking(school)
        if booking is not None:
            made = swapping.swap(
                by=school.coordinator,
                booking=booking,
                session_ids=[self.draw.choice(self.ground.sessions)],
                reason=REASON,
                now=timezone.now(),
            )
            self.notes.swapped.update(one.pk for one in made)
            self.notes.cancelled.add(booking.pk)

    def keep_then_swap(self, school: School) -> None:
        """Seats are kept; then they are taken, given up, or forgotten."""
        booking = self.a_booking(school)
        if booking is None:
            return
        swapping.keep_seats(
            by=school.coordinator,
            booking=booking,
            session_ids=[self.draw.choice(self.ground.sessions)],
            now=timezone.now(),
        )
        then = self.draw.random()
        if then < 0.6:
            made = swapping.confirm(
                by=school.coordinator, booking=booking, reason=REASON, now=timezone.now()
            )
            self.notes.swapped.update(one.pk for one in made)
            self.notes.cancelled.add(booking.pk)
        elif then < 0.9:
            swapping.give_up(by=school.coordinator, booking=booking, now=timezone.now())

    def exchange_student(self, school: School) -> None:
        booking = self.a_booking(school)
        if booking is not None:
            out, entering = self.draw.sample(school.students[booking.class_group_id], 2)
            changes.swap_student(
                by=school.coordinator,
                booking=booking,
                out_student_id=out,
                in_student_id=entering,
                now=timezone.now(),
            )

    def _session(self) -> CourseSession:
        return CourseSession.objects.select_related(
            "season", "version", "room__site", "room_hold", "school", "host"
        ).get(pk=self.a_session())

    def move_session(self, _school: School) -> None:
        session = self._session()
        starts, ends = self.hours()
        midnight = timezone.localtime(session.starts_at).replace(hour=0, minute=0)
        assert session.room_id is not None
        self._change(
            session,
            move_checks.Change(
                starts_at=midnight + timedelta(hours=starts),
                ends_at=midnight + timedelta(hours=ends),
                place=Place(room=Room.objects.get(pk=self.room(session.room_id))),
                capacity=session.capacity,
                instructor=self.draw.choice((None, *self.ground.instructors)),
            ),
        )

    def resize_session(self, _school: School) -> None:
        session = self._session()
        self._change(
            session,
            move_checks.Change(
                starts_at=session.starts_at,
                ends_at=session.ends_at,
                place=Place(room=session.room),
                capacity=self.capacity(),
                instructor=session.instructor,
            ),
        )

    def _change(self, session: CourseSession, change: move_checks.Change) -> None:
        """Half of the time those in the way are sent elsewhere, as the form would propose."""
        now = timezone.now()
        if self.draw.random() < 0.5:
            seen = host_moves.preview(
                by=self.ground.manager, session=session, change=change, now=now
            )
            release, over = set(seen.clashes), seen.over
            for booking in seen.staying:
                if over > 0 and booking.pk not in release:
                    release.add(booking.pk)
                    over -= booking.seats
            change = replace(change, release=frozenset(release))
        host_moves.change_session(
            by=self.ground.manager,
            session=session,
            sequence=session.sequence,
            change=change,
            reason="设备检修",
            now=now,
        )

    def cancel_session(self, _school: School) -> None:
        session = CourseSession.objects.get(pk=self.a_session_to_cancel())
        host_changes.cancel_session(
            by=self.ground.manager, session=session, reason="停电", now=timezone.now()
        )

"""Whatever is booked, changed, swapped and cancelled in whatever order: the seats add up."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.errors import Refusal
from bookings.choices import LIVE_STATES
from bookings.models import Booking, Place, Reservation
from bookings.services import changes, host_changes, lists
from courses.models import CourseSession
from sites.calendar import SHANGHAI
from tests.bookings.conftest import World, make_world
from tests.factories.bookings import make_booking

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=SHANGHAI)
SOME_STUDENTS = st.sets(st.integers(0, 4), min_size=1)
SESSIONS = st.integers(0, 3)
GROUPS = st.integers(0, 1)


class Bookings(RuleBasedStateMachine):
    """Two classes of five, four sessions of six seats, two of them at the same time."""

    @initialize()
    def build(self) -> None:
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.world: World = make_world(NOW)
        self.groups = [self.world.group, self.world.new_group(4, 5)]
        self.sessions = [
            self.world.session(starts=start, capacity=6)
            for start in (time(9), time(10), time(13), time(16))
        ]

    def teardown(self) -> None:
        if hasattr(self, "transaction"):
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    def students(self, group: int, chosen: set[int]) -> list[int]:
        keys = self.groups[group].students.order_by("seat_no").values_list("pk", flat=True)
        return [keys[index] for index in chosen]

    def booking(self, group: int, session: int) -> Booking | None:
        return (
            Booking.objects.filter(class_group=self.groups[group], session=self.sessions[session])
            .select_related("session", "class_group")
            .order_by("-pk")
            .first()
        )

    @rule(group=GROUPS, session=SESSIONS, chosen=SOME_STUDENTS)
    def book(self, group: int, session: int, chosen: set[int]) -> None:
        self.refusable(
            make_booking,
            by=self.world.coordinator,
            session=self.sessions[session],
            class_group=self.groups[group],
            student_ids=self.students(group, chosen),
        )

    @rule(group=GROUPS, session=SESSIONS, chosen=SOME_STUDENTS)
    def change(self, group: int, session: int, chosen: set[int]) -> None:
        booking = self.booking(group, session)
        if booking is not None:
            self.refusable(
                lists.change_booking,
                by=self.world.coordinator,
                booking=booking,
                edition=booking.edition,
                student_ids=self.students(group, chosen),
            )

    @rule(group=GROUPS, session=SESSIONS)
    def cancel(self, group: int, session: int) -> None:
        booking = self.booking(group, session)
        if booking is not None:
            self.refusable(
                changes.cancel_booking,
                by=self.world.coordinator,
                booking=booking,
                reason="停课",
            )

    @rule(group=GROUPS, session=SESSIONS, out=st.integers(0, 4), entering=st.integers(0, 4))
    def swap(self, group: int, session: int, out: int, entering: int) -> None:
        booking = self.booking(group, session)
        if booking is not None:
            self.refusable(
                changes.swap_student,
                by=self.world.coordinator,
                booking=booking,
                out_student_id=self.students(group, {out})[0],
                in_student_id=self.students(group, {entering})[0],
            )

    @rule(group=GROUPS, session=SESSIONS, student=st.integers(0, 4))
    def walk_in(self, group: int, session: int, student: int) -> None:
        chosen = self.groups[group].students.order_by("seat_no")[student]
        self.refusable(
            changes.admit_walk_in,
            by=self.world.manager,
            session=self.sessions[session],
            student=chosen,
            now=self.sessions[session].starts_at - timedelta(minutes=5),
        )

    @rule(session=st.integers(2, 3))
    def cancel_session(self, session: int) -> None:
        self.refusable(
            host_changes.cancel_session,
            by=self.world.manager,
            session=self.sessions[session],
            reason="停电",
        )

    def refusable(self, service: Any, **asked: Any) -> None:
        """A refusal is an answer; it leaves everything as it was."""
        before = self.snapshot()
        try:
            service(**{"now": NOW} | asked)
        except Refusal:
            assert self.snapshot() == before

    def snapshot(self) -> list[list[tuple[Any, ...]]]:
        return [
            list(rows.order_by("pk"))
            for rows in (
                CourseSession.objects.values_list("pk", "state", "seats_taken"),
                Booking.objects.values_list("pk", "state", "seats", "edition", "sequence"),
                Place.objects.values_list("pk", "is_live", "student_id"),
                Reservation.objects.values_list("pk"),
            )
        ]

    @invariant()
    def seats_add_up(self) -> None:
        if not hasattr(self, "world"):
            return
        for session in CourseSession.objects.all():
            live = Booking.objects.live().filter(session=session)
            booked = live.aggregate(seats=Sum("seats", default=0))["seats"]
            places = Place.objects.live().filter(session=session)
            assert session.seats_taken == booked == places.count() <= session.capacity
            assert {place.booking.state for place in places} <= set(LIVE_STATES)

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        clashes = Place.objects.live().filter(
            student__places__is_live=True,
            student__places__starts_at__lt=F("ends_at"),
            student__places__ends_at__gt=F("starts_at"),
        )
        assert not clashes.exclude(student__places__pk=F("pk")).exists()


@pytest.mark.django_db
def test_bookings_stay_whole_whatever_happens() -> None:
    run_state_machine_as_test(
        Bookings,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

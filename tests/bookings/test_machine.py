"""Whatever is booked, changed, swapped, moved and cancelled in whatever order: the seats add up.

``make race`` does the same at once, by many, among servers that die.
"""

import uuid
from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.errors import Refusal
from bookings.choices import LIVE_STATES
from bookings.models import Booking, Place, Reservation, SeatHold
from bookings.services import (
    changes,
    host_changes,
    host_moves,
    lists,
    reservations,
    swapping,
)
from bookings.services.parts import Part
from courses.models import CourseSession
from courses.services import sessions as course_sessions
from insights.selectors import invariants
from sites.calendar import SHANGHAI
from tests.bookings.conftest import DAY, World, make_world

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=SHANGHAI)
SOME_STUDENTS = st.sets(st.integers(0, 4), min_size=1)
SESSIONS = st.integers(0, 5)
# From here on they are the days of the set.
SINGLE = 4
GROUPS = st.integers(0, 1)
# So many seats without a name besides.
UNNAMED = st.sampled_from((0, 0, 1, 2))
LAST = 6
BOOKINGS = st.integers(0, LAST)


class Bookings(RuleBasedStateMachine):
    """Two classes of five, four sessions of six seats, two of them at the same time, and two days
    that go together."""

    # How often each service said yes, in all runs together.
    done: ClassVar[Counter[str]] = Counter()

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
        self.camp, days = self.world.camp(capacity=6, day=DAY + timedelta(days=1))
        self.sessions += days
        for group, session in ((0, 0), (1, 3)):
            self.reserve([self.part(group, session, {0, 1, 2}, 0)])

    def teardown(self) -> None:
        if hasattr(self, "transaction"):
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    def students(self, group: int, chosen: set[int]) -> list[int]:
        keys = self.groups[group].students.order_by("seat_no").values_list("pk", flat=True)
        return [keys[index] for index in chosen]

    def booking(self, number: int) -> Booking | None:
        """One of those that stand; the last number is the newest that is over."""
        rows = list(Booking.objects.select_related("session", "class_group").order_by("-pk"))
        standing = [row for row in rows if row.is_live]
        if number == LAST:
            standing = [row for row in rows if not row.is_live][:1]
        return standing[number % len(standing)] if standing else None

    def group_of(self, booking: Booking) -> int:
        return [group.pk for group in self.groups].index(booking.class_group_id)

    def part(self, group: int, session: int, chosen: set[int], unnamed: int) -> Part:
        in_set = session >= SINGLE
        return Part(
            class_group=self.groups[group],
            session_ids=() if in_set else (self.sessions[session].pk,),
            session_set_id=self.camp.pk if in_set else None,
            student_ids=self.students(group, chosen),
            seats=len(chosen) + unnamed,
        )

    @rule(group=GROUPS, session=SESSIONS, chosen=SOME_STUDENTS, unnamed=UNNAMED)
    def book(self, group: int, session: int, chosen: set[int], unnamed: int) -> None:
        self.reserve([self.part(group, session, chosen, unnamed)])

    @rule(
        parts=st.lists(
            st.tuples(GROUPS, SESSIONS, SOME_STUDENTS, UNNAMED),
            min_size=2,
            max_size=3,
            unique_by=lambda one: one[1],
        )
    )
    def book_several(self, parts: list[tuple[int, int, set[int], int]]) -> None:
        self.reserve([self.part(*one) for one in parts])

    def reserve(self, parts: list[Part]) -> None:
        made = self.refusable(
            reservations.reserve,
            by=self.world.coordinator,
            parts=parts,
            idempotency_key=uuid.uuid4().hex,
        )
        if made is not None and len(parts) > 1:
            self.done["several parts"] += 1

    @rule(number=BOOKINGS, chosen=SOME_STUDENTS, unnamed=UNNAMED)
    def change(self, number: int, chosen: set[int], unnamed: int) -> None:
        """Other students, more seats, fewer seats."""
        booking = self.booking(number)
        if booking is not None:
            self.refusable(
                lists.change_booking,
                by=self.world.coordinator,
                booking=booking,
                edition=booking.edition,
                student_ids=self.students(self.group_of(booking), chosen),
                seats=len(chosen) + unnamed,
            )

    @rule(number=BOOKINGS, other=SESSIONS)
    def swap(self, number: int, other: int) -> None:
        booking = self.booking(number)
        if booking is not None:
            self.refusable(swapping.swap, reason="", **self.swap_to(booking, other))

    @rule(number=BOOKINGS, other=SESSIONS, then=st.sampled_from((None, True, False, False)))
    def keep_seats(self, number: int, other: int, then: bool | None) -> None:
        """The seats are kept, for a later step or to end the swap now."""
        booking = self.booking(number)
        if booking is None:
            return
        kept = self.refusable(swapping.keep_seats, **self.swap_to(booking, other))
        if kept and then is not None:
            self.end_swap(0, then)

    def swap_to(self, booking: Booking, other: int) -> dict[str, Any]:
        in_set = other >= SINGLE
        return {
            "by": self.world.coordinator,
            "booking": booking,
            "session_ids": () if in_set else (self.sessions[other].pk,),
            "session_set_id": self.camp.pk if in_set else None,
        }

    @rule(kept=st.integers(0, 3), confirmed=st.booleans())
    def end_swap(self, kept: int, confirmed: bool) -> None:
        holds = SeatHold.objects.standing().order_by("pk")
        if not holds:
            return
        booking = holds[kept % len(holds)].booking
        if confirmed:
            self.refusable(swapping.confirm, by=self.world.coordinator, booking=booking, reason="")
        else:
            self.refusable(swapping.give_up, by=self.world.coordinator, booking=booking)

    # Not so early that there is nothing left to change.
    @precondition(lambda self: Booking.objects.live().count() > 2)
    @rule(number=BOOKINGS)
    def cancel(self, number: int) -> None:
        booking = self.booking(number)
        if booking is not None:
            self.refusable(
                changes.cancel_booking,
                by=self.world.coordinator,
                booking=booking,
                reason="停课",
            )

    @rule(number=BOOKINGS, out=st.integers(0, 4), entering=st.integers(0, 4))
    def exchange(self, number: int, out: int, entering: int) -> None:
        booking = self.booking(number)
        if booking is not None:
            group = self.group_of(booking)
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
        self.sessions[session].refresh_from_db()
        self.refusable(
            changes.admit_walk_in,
            by=self.world.manager,
            session=self.sessions[session],
            student=chosen,
            now=self.sessions[session].starts_at - timedelta(minutes=5),
            opens_at=self.sessions[session].starts_at - timedelta(hours=1),
        )

    @rule(
        session=SESSIONS,
        hours=st.integers(-2, 2),
        capacity=st.integers(2, 8),
        room=SESSIONS,
        release=st.booleans(),
    )
    def move_session(
        self, session: int, hours: int, capacity: int, room: int, release: bool
    ) -> None:
        """To another time or room, with more seats or fewer; those in the way go, or all stay."""
        row = self.sessions[session]
        row.refresh_from_db()
        change = host_moves.Change(
            starts_at=row.starts_at + timedelta(hours=hours),
            ends_at=row.ends_at + timedelta(hours=hours),
            place=course_sessions.Place(room=self.world.rooms[room if hours else session]),
            capacity=capacity,
        )
        if release:
            seen = self.refusable(
                host_moves.preview, by=self.world.manager, session=row, change=change
            )
            if seen is None:
                return
            # Whoever clashes, and as many as are too many.
            leaving = set(seen.clashes)
            for one in seen.staying:
                if seen.over > 0 and one.pk not in leaving:
                    leaving.add(one.pk)
                    seen.over -= one.seats
            change = replace(change, release=frozenset(leaving))
        self.refusable(
            host_moves.change_session,
            by=self.world.manager,
            session=row,
            sequence=row.sequence,
            change=change,
            reason="设备检修",
        )

    @precondition(lambda self: Booking.objects.live().count() > 2)
    @rule(session=st.integers(2, 5))
    def cancel_session(self, session: int) -> None:
        self.refusable(
            host_changes.cancel_session,
            by=self.world.manager,
            session=self.sessions[session],
            reason="停电",
        )

    def refusable(self, service: Any, **asked: Any) -> Any:
        """What the service answers. A refusal is an answer; it leaves everything as it was."""
        before = self.snapshot()
        try:
            answer = service(**{"now": NOW} | asked)
        except Refusal:
            assert self.snapshot() == before
            return None
        self.done[service.__name__] += 1
        return answer

    def snapshot(self) -> list[list[tuple[Any, ...]]]:
        return [
            list(rows.order_by("pk"))
            for rows in (
                CourseSession.objects.values_list(
                    "pk", "state", "starts_at", "capacity", "seats_taken", "seats_held"
                ),
                Booking.objects.values_list("pk", "state", "seats", "edition", "sequence"),
                Place.objects.values_list("pk", "is_live", "student_id", "starts_at"),
                SeatHold.objects.values_list("pk", "ended_at"),
                Reservation.objects.values_list("pk"),
            )
        ]

    @invariant()
    def everything_adds_up(self) -> None:
        """Seats, holds, adults, rooms, people, and no student in two places."""
        if hasattr(self, "world"):
            assert invariants.findings() == []

    @invariant()
    def whoever_has_a_place_has_a_booking(self) -> None:
        over = Place.objects.live().exclude(booking__state__in=LIVE_STATES)
        assert not over.exists()


@pytest.mark.django_db
def test_bookings_stay_whole_whatever_happens() -> None:
    run_state_machine_as_test(
        Bookings,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # None of them was refused always.
    assert set(Bookings.done) == {
        "admit_walk_in",
        "cancel_booking",
        "cancel_session",
        "change_booking",
        "change_session",
        "confirm",
        "give_up",
        "keep_seats",
        "preview",
        "reserve",
        "several parts",
        "swap",
        "swap_student",
    }

"""Swaps, cancellations, growth and the host's changes at once, on real connections."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from bookings.errors.requests import BookingOver, HoldGone, TooManyChangesAtOnce
from bookings.errors.reserving import StudentBusy
from bookings.errors.sessions import SeatsStillTaken
from bookings.models import Booking, IdempotentAnswer, Place, SeatHold
from bookings.services import (
    changes,
    holds,
    host_changes,
    host_moves,
    idempotency,
    lists,
    swapping,
    together,
)
from bookings.services.retries import LookAgainError, in_one_transaction
from courses.errors import RoomFull, SessionCancelled, SessionFull
from courses.models import CourseSession
from rosters.models import ClassGroup, Student
from tests.bookings.conftest import DAY, World, make_world
from tests.bookings.races import at_once, before_commit
from tests.bookings.test_host_moves import as_it_is, later
from tests.factories.bookings import make_booking, make_reservation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None, now: datetime) -> World:
    return make_world(now)


def check_counters() -> None:
    """What is kept is what the rows say, for every session."""
    for session in CourseSession.objects.all():
        live = Booking.objects.live().filter(session=session)
        held = SeatHold.objects.standing().filter(session=session)
        assert (
            session.seats_taken,
            session.seats_held,
            session.adults_coming,
            session.adults_held,
        ) == (
            live.aggregate(n=Sum("seats", default=0))["n"],
            held.aggregate(n=Sum("seats", default=0))["n"],
            live.aggregate(n=Sum("adults", default=0))["n"],
            held.aggregate(n=Sum("adults", default=0))["n"],
        )
        assert Place.objects.live().filter(session=session).count() == session.seats_taken
        assert session.seats_taken + session.seats_held <= session.capacity
        assert session.heads_limit is None or session.heads <= session.heads_limit


def swap(
    world: World, booking: Booking, session: CourseSession, now: datetime
) -> Callable[[], Any]:
    return lambda: swapping.swap(
        by=world.coordinator, booking=booking, session_ids=[session.pk], reason="", now=now
    )


def keep(
    world: World, booking: Booking, session: CourseSession, now: datetime
) -> Callable[[], Any]:
    return lambda: swapping.keep_seats(
        by=world.coordinator, booking=booking, session_ids=[session.pk], now=now
    )


def cancel(world: World, booking: Booking, now: datetime) -> Callable[[], Any]:
    return lambda: changes.cancel_booking(
        by=world.coordinator, booking=booking, reason="停课", now=now
    )


def booked(world: World, session: CourseSession, group: ClassGroup, now: datetime) -> Booking:
    return make_booking(by=world.coordinator, session=session, class_group=group, now=now)


def test_of_two_swaps_after_the_last_seats_one_has_them(world: World, now: datetime) -> None:
    old, new = world.session(), world.session(day=DAY + timedelta(days=1), capacity=7)
    bookings = [booked(world, old, world.new_group(number, 5), now) for number in (10, 11)]

    answers = at_once(*[swap(world, booking, new, now) for booking in bookings])

    (refused,) = [answer for answer in answers if isinstance(answer, Exception)]
    assert isinstance(refused, SessionFull)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.seats_taken, new.seats_taken) == (5, 5)
    assert Booking.objects.live().count() == 2
    check_counters()


def in_a_small_room(world: World, heads: int) -> CourseSession:
    session = world.session(day=DAY + timedelta(days=1))
    CourseSession.objects.filter(pk=session.pk).update(heads_limit=heads)
    return session


def test_of_two_swaps_after_the_last_heads_one_has_them(world: World, now: datetime) -> None:
    """Seats would be there for both: five students and two adults each, in a room for twelve."""
    old, new = world.session(), in_a_small_room(world, 12)
    bookings = [booked(world, old, world.new_group(number, 5), now) for number in (10, 11)]

    answers = at_once(*[keep(world, booking, new, now) for booking in bookings])

    (refused,) = [answer for answer in answers if isinstance(answer, Exception)]
    assert isinstance(refused, RoomFull)
    new.refresh_from_db()
    assert (new.seats_held, new.adults_held) == (5, 2)
    check_counters()


def test_nobody_takes_the_heads_that_are_kept(world: World, now: datetime) -> None:
    """A class books at the moment another's adults are kept room for; then the swap is done."""
    old, new = world.session(), in_a_small_room(world, 13)
    swapped = booked(world, old, world.new_group(10, 5), now)
    other = world.new_group(11, 5)

    answer = before_commit(keep(world, swapped, new, now), lambda: booked(world, new, other, now))
    swapping.confirm(by=world.coordinator, booking=swapped, reason="", now=now)

    assert isinstance(answer, RoomFull)
    assert (answer.facts["limit"], answer.facts["present"]) == (13, 7)
    new.refresh_from_db()
    assert (new.seats_taken, new.seats_held, new.adults_coming, new.adults_held) == (5, 0, 2, 0)
    check_counters()


def test_opposite_swaps_pass_each_other(world: World, now: datetime) -> None:
    first, second = world.session(), world.session(day=DAY + timedelta(days=1))
    one = booked(world, first, world.new_group(10, 5), now)
    two = booked(world, second, world.new_group(11, 5), now)

    answers = at_once(swap(world, one, second, now), swap(world, two, first, now))

    assert [type(answer) for answer in answers] == [list, list]
    check_counters()


@pytest.mark.parametrize("swap_first", [True, False])
def test_a_booking_is_swapped_or_cancelled(world: World, now: datetime, swap_first: bool) -> None:
    old, new = world.session(), world.session(day=DAY + timedelta(days=1))
    booking = booked(world, old, world.group, now)
    calls = [swap(world, booking, new, now), cancel(world, booking, now)]

    answer = before_commit(*(calls if swap_first else reversed(calls)))

    assert isinstance(answer, BookingOver)
    assert Booking.objects.live().count() == (1 if swap_first else 0)
    check_counters()


def test_a_swap_confirmed_twice_happens_once(world: World, now: datetime) -> None:
    old, new = world.session(), world.session(day=DAY + timedelta(days=1))
    booking = booked(world, old, world.group, now)
    swapping.keep_seats(by=world.coordinator, booking=booking, session_ids=[new.pk], now=now)

    def confirm() -> Any:
        return swapping.confirm(by=world.coordinator, booking=booking, reason="", now=now)

    answer = before_commit(confirm, confirm)

    assert isinstance(answer, BookingOver)
    assert Booking.objects.live().count() == 1
    check_counters()


def test_kept_seats_are_used_or_swept(world: World, now: datetime) -> None:
    old, new = world.session(), world.session(day=DAY + timedelta(days=1))
    booking = booked(world, old, world.group, now)
    swapping.keep_seats(by=world.coordinator, booking=booking, session_ids=[new.pk], now=now)

    answer = before_commit(
        lambda: holds.sweep(now=now + timedelta(hours=1)),
        lambda: swapping.confirm(by=world.coordinator, booking=booking, reason="", now=now),
    )

    assert isinstance(answer, HoldGone)
    check_counters()


def test_seats_are_kept_for_a_set_without_locking_a_later_day_first(
    world: World, now: datetime
) -> None:
    camp, (first_day, last_day) = world.camp()
    new = world.session(day=DAY + timedelta(days=7))
    reservation = make_reservation(
        by=world.coordinator,
        sessions=[],
        session_set_id=camp.pk,
        class_group=world.group,
        now=now,
    )
    booking = reservation.bookings.select_related("session", "class_group").get(session=last_day)
    free = CourseSession.objects.select_for_update(no_key=True, nowait=True)

    answer = before_commit(
        lambda: together.lock_session(first_day),
        lambda: swapping.keep_seats(
            by=world.coordinator, booking=booking, session_ids=[new.pk], now=now
        ),
        # Raises where the one who waits for the first day holds the last already.
        lambda: free.get(pk=last_day.pk),
    )

    assert [(hold.session_id, hold.seats) for hold in answer] == [(new.pk, 5)]
    check_counters()


def test_of_two_who_keep_seats_for_a_booking_the_second_is_asked_to_look_again(
    world: World, now: datetime
) -> None:
    old, *others = [world.session(day=DAY + timedelta(days=days)) for days in (0, 1, 2)]
    booking = booked(world, old, world.group, now)

    def keep(session: CourseSession) -> Callable[[], Any]:
        return lambda: swapping.keep_seats(
            by=world.coordinator, booking=booking, session_ids=[session.pk], now=now
        )

    answer = before_commit(keep(others[0]), keep(others[1]))

    assert isinstance(answer, TooManyChangesAtOnce)
    assert [hold.session_id for hold in SeatHold.objects.standing()] == [others[0].pk]
    check_counters()


def test_a_class_is_let_in_where_the_session_is_not_cancelled(world: World, now: datetime) -> None:
    old, new = world.session(), world.session(day=DAY + timedelta(days=1))
    booking = booked(world, old, world.group, now)

    answer = before_commit(
        lambda: host_changes.cancel_session(by=world.manager, session=new, reason="停电", now=now),
        swap(world, booking, new, now),
    )

    assert isinstance(answer, SessionCancelled)
    booking.refresh_from_db()
    assert booking.is_live
    check_counters()


@pytest.mark.parametrize("shrink_first", [True, False])
def test_a_session_shrinks_or_a_class_grows(
    world: World, now: datetime, shrink_first: bool
) -> None:
    session = world.session(capacity=10)
    few = [student.pk for student in world.students[:3]]
    booking = make_booking(
        by=world.coordinator, session=session, class_group=world.group, student_ids=few, now=now
    )

    def shrink() -> Any:
        return host_moves.change_session(
            by=world.manager,
            session=session,
            sequence=0,
            change=as_it_is(session, capacity=3),
            reason="两台设备坏了",
            now=now,
        )

    def grow() -> Any:
        return lists.change_booking(
            by=world.coordinator,
            booking=booking,
            edition=1,
            student_ids=[student.pk for student in world.students],
            now=now,
        )

    answer = before_commit(*((shrink, grow) if shrink_first else (grow, shrink)))

    assert isinstance(answer, SessionFull if shrink_first else SeatsStillTaken)
    session.refresh_from_db()
    assert (session.capacity, session.seats_taken) == ((3, 3) if shrink_first else (10, 5))
    check_counters()


def test_a_session_moves_onto_a_booking_made_at_the_same_moment(
    world: World, now: datetime
) -> None:
    session = world.session()
    elsewhere = world.session(day=DAY + timedelta(days=1))
    booked(world, session, world.group, now)

    answer = before_commit(
        lambda: booked(world, elsewhere, world.group, now),
        lambda: host_moves.change_session(
            by=world.manager,
            session=session,
            sequence=0,
            change=later(session, 24),
            reason="换天",
            now=now,
        ),
    )

    assert isinstance(answer, StudentBusy)
    session.refresh_from_db()
    assert session.sequence == 0
    check_counters()


def test_two_hosts_changes_of_one_session_leave_one(world: World, now: datetime) -> None:
    session = world.session()
    booking = booked(world, session, world.group, now)

    def change(hours: float, release: frozenset[int] = frozenset()) -> Callable[[], Any]:
        return lambda: host_moves.change_session(
            by=world.manager,
            session=session,
            sequence=0,
            change=replace(later(session, hours), release=release),
            reason="换时间",
            now=now,
        )

    answers = at_once(change(1), change(2, frozenset({booking.pk})))

    assert sorted(type(one).__name__ for one in answers) == ["CourseSession", "StaleSession"]
    check_counters()


def test_one_key_at_once_is_carried_out_once(world: World, now: datetime) -> None:
    done: list[int] = []

    def send(number: int) -> Callable[[], Any]:
        def work() -> idempotency.Answer:
            done.append(number)
            return idempotency.Answer(200, {"number": number})

        return lambda: idempotency.once(
            by=world.coordinator, key="k", digest="d", now=now, work=work
        )

    answer = before_commit(send(1), send(2))

    assert done == [1]
    assert answer == idempotency.Answer(200, {"number": 1}, is_replay=True)
    assert IdempotentAnswer.objects.count() == 1


def at_statement(beginning: str, part: str, call: Callable[[], None]) -> Callable[..., Any]:
    """For ``execute_wrapper``: in a thread with a connection of its own, ``call`` is done each
    time before a statement that begins so and has that in it; what it raises is raised here."""

    def run(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(beginning) and part in sql:
            (answer,) = at_once(call)
            if isinstance(answer, Exception):
                raise answer
        return execute(sql, params, many, context)

    return run


def test_who_is_booked_just_before_a_move_is_locked_by_it_too(world: World, now: datetime) -> None:
    """Else two moves that each move two of them, in opposite orders, would wait for each other."""
    session = world.session()
    group = world.new_group(10, 3)
    made: list[Booking] = []
    locked: list[list[int]] = []

    def book() -> None:
        if not made:
            made.append(booked(world, session, group, now))

    def see() -> None:
        with transaction.atomic():
            students = Student.objects.select_for_update(no_key=True, skip_locked=True)
            free = set(students.filter(class_group=group).values_list("pk", flat=True))
            locked.append(sorted(set(group.students.values_list("pk", flat=True)) - free))

    before_the_lock = at_statement('SELECT "courses_coursesession"', "FOR UPDATE OF", book)
    before_the_move = at_statement('UPDATE "courses_coursesession"', '"starts_at" = ', see)
    with connection.execute_wrapper(before_the_lock), connection.execute_wrapper(before_the_move):
        host_moves.change_session(
            by=world.manager,
            session=session,
            sequence=0,
            change=later(session, 24),
            reason="换天",
            now=now,
        )

    assert locked == [sorted(group.students.values_list("pk", flat=True))]
    assert set(Place.objects.live().values_list("booking", "starts_at")) == {
        (made[0].pk, session.starts_at + timedelta(hours=24))
    }
    check_counters()


@pytest.mark.parametrize(("times", "answer"), [(1, "done"), (2, "refused")])
@pytest.mark.parametrize("inside", ["nothing", "another's", "ours"])
def test_work_that_asks_to_look_again_is_begun_once_more_by_the_outermost(
    times: int, answer: str, inside: str
) -> None:
    left = [times]

    def work() -> str:
        if left[0]:
            left[0] -= 1
            raise LookAgainError
        return "done"

    def tried() -> str:
        try:
            return in_one_transaction(work)
        except TooManyChangesAtOnce:
            return "refused"

    def page() -> str:
        """As every page does it: the key of its form, and within it the work."""
        return in_one_transaction(lambda: in_one_transaction(work))

    if inside == "another's":
        with transaction.atomic():
            assert tried() == "refused"
    elif inside == "nothing":
        assert tried() == answer
    elif answer == "done":
        assert page() == "done"
    else:
        with pytest.raises(TooManyChangesAtOnce):
            page()

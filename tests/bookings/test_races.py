"""Two at once: first the harm without the guard, where it can be shown, then the guard."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from accounts.choices import Role
from bookings.choices import BookingState
from bookings.errors.basket import KeyReused
from bookings.errors.requests import BookingOver, StaleBooking, TooManyChangesAtOnce
from bookings.errors.reserving import AlreadyBooked, MoreThanClass, NotInClass, StudentBusy
from bookings.errors.sessions import NothingToCancel
from bookings.models import Booking, Place, Reservation
from bookings.services import (
    changes,
    host_changes,
    lists,
    reservations,
    swapping,
    together,
    writing,
)
from bookings.services.parts import Part
from bookings.services.retries import in_one_transaction
from courses.errors import SessionCancelled, SessionFull
from courses.models import CourseSession
from rosters.models import ClassGroup, Student
from tests.accounts.races import until_somebody_waits
from tests.bookings.conftest import DAY, World, make_world
from tests.bookings.races import PATIENCE, at_once, before_commit
from tests.bookings.test_host_moves import change, later
from tests.factories.accounts import MembershipFactory
from tests.factories.bookings import make_booking

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None, now: datetime) -> World:
    return make_world(now)


def book(world: World, session: CourseSession, group: ClassGroup, now: datetime, **more: Any):  # type: ignore[no-untyped-def]
    """A call that books the session for the class, by the school's coordinator."""
    return lambda: make_booking(
        by=world.coordinator, session=session, class_group=group, now=now, **more
    )


def naive_book(session: CourseSession, group: ClassGroup, now: datetime) -> Callable[[], None]:
    """Looks whether there are seats, then takes them: what the conditional update replaces."""
    reservation = Reservation.objects.create(
        reference=f"N-{group.pk}",
        school_id=group.school_id,
        made_by=MembershipFactory(organisation=group.school, role=Role.TEACHER),
        made_at=now,
        contact_name="周老师",
        idempotency_key=f"{group.pk}",
        request_digest="",
    )
    looked.setdefault(session.pk, threading.Barrier(CLASSES))

    def run() -> None:
        seats = group.students.count()
        seen = CourseSession.objects.get(pk=session.pk)
        looked[session.pk].wait(10)
        if seen.seats_taken + seats <= seen.capacity:
            CourseSession.objects.filter(pk=session.pk).update(seats_taken=seen.seats_taken + seats)
            Booking.objects.create(
                reservation=reservation,
                session=session,
                class_group=group,
                school_id=group.school_id,
                host_id=session.host_id,
                state=BookingState.CONFIRMED,
                seats=seats,
                created_at=now,
            )

    return run


looked: dict[int, threading.Barrier] = {}
CLASSES = 6


def sold(session: CourseSession) -> int:
    return sum(Booking.objects.live().filter(session=session).values_list("seats", flat=True))


def test_looking_before_taking_oversells_and_reserving_sells_exactly_the_capacity(
    world: World, now: datetime
) -> None:
    groups = [world.new_group(number, 5) for number in range(10, 10 + CLASSES)]
    naive, guarded = world.session(capacity=10), world.session(starts=time(13), capacity=10)

    at_once(*[naive_book(naive, group, now) for group in groups])
    answers = at_once(*[book(world, guarded, group, now) for group in groups])

    guarded.refresh_from_db()
    assert sold(naive) == 30
    assert (sold(guarded), guarded.seats_taken) == (10, 10)
    assert Place.objects.live().filter(session=guarded).count() == 10
    assert sorted(type(answer).__name__ for answer in answers) == (
        ["Booking"] * 2 + ["SessionFull"] * 4
    )


def test_of_two_teachers_after_the_last_thirty_seats_one_learns_what_is_left(
    world: World, now: datetime
) -> None:
    session = world.session(capacity=30)
    first, second = world.new_group(10, 20), world.new_group(11, 20)

    answer = before_commit(book(world, session, first, now), book(world, session, second, now))

    assert isinstance(answer, SessionFull)
    assert answer.facts == {"seats": 20, "seats_left": 10}
    assert sold(session) == 20


def test_the_same_request_twice_at_once_makes_one_reservation(world: World, now: datetime) -> None:
    session = world.session()
    ask = book(world, session, world.group, now, idempotency_key="once")

    answers = at_once(*[ask] * 4)

    assert len({answer.pk for answer in answers}) == 1
    assert (Reservation.objects.count(), sold(session)) == (1, 5)


def test_the_same_request_before_the_first_commits_returns_the_first(
    world: World, now: datetime
) -> None:
    ask = book(world, world.session(), world.group, now, idempotency_key="once")
    first: list[Booking] = []

    answer = before_commit(lambda: first.append(ask()), ask)

    assert answer == first[0]


def test_the_same_request_answered_just_before_the_locks_returns_the_first(
    world: World, now: datetime
) -> None:
    session = world.session()
    made: list[Any] = []

    def answered_meanwhile(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not made and "FOR NO KEY UPDATE" in sql:
            made.append(None)
            made[0] = at_once(book(world, session, world.group, now, idempotency_key="k"))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(answered_meanwhile):
        second = book(world, session, world.group, now, idempotency_key="k")()

    assert [second] == made[0]
    assert Reservation.objects.count() == 1


def test_the_same_key_for_other_students_at_once_is_refused(world: World, now: datetime) -> None:
    one, other = world.session(), world.session(starts=time(13))

    answer = before_commit(
        book(world, one, world.group, now, idempotency_key="once"),
        book(world, other, world.new_group(4, 2), now, idempotency_key="once"),
    )

    assert isinstance(answer, KeyReused)
    assert sold(other) == 0


def test_two_bookings_of_one_class_at_once_leave_one(world: World, now: datetime) -> None:
    session = world.session()
    students = [student.pk for student in world.students]

    answer = before_commit(
        book(world, session, world.group, now, student_ids=students[:2]),
        book(world, session, world.group, now, student_ids=students[2:]),
    )

    assert isinstance(answer, AlreadyBooked)
    assert sold(session) == 2


def test_a_student_booked_twice_at_once_is_in_one_place(world: World, now: datetime) -> None:
    first, second = world.session(), world.session(starts=time(10))

    answer = before_commit(
        book(world, first, world.group, now), book(world, second, world.group, now)
    )

    assert isinstance(answer, StudentBusy)
    assert answer.facts["seats"] == "1、2、3、4、5"
    assert (sold(first), sold(second)) == (5, 0)


def raw_place(booking: Booking, student: Student) -> Callable[[], Any]:
    """A place written by code that knows nothing of locks."""
    place = writing.new_place(booking, student)
    return place.save


def test_the_database_refuses_what_went_past_the_locks(world: World, now: datetime) -> None:
    other = world.new_group(4, 1)
    elsewhere = book(world, world.session(), other, now)()

    answer = before_commit(
        raw_place(elsewhere, world.students[0]),
        book(world, world.session(starts=time(10)), world.group, now),
    )

    assert isinstance(answer, StudentBusy)
    assert answer.facts["seats"] == "1"


def test_a_clash_that_is_gone_again_asks_to_try_again(world: World, now: datetime) -> None:
    session = world.session()

    def clash() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '23P01',"
                " CONSTRAINT = 'place_student_one_at_a_time'; END $$"
            )

    with pytest.raises(TooManyChangesAtOnce):
        together.translated(clash, world.students, [session], world.group)


def places_in_turn(
    booking: Booking, students: Sequence[Student], meet: threading.Barrier
) -> Callable[[], None]:
    """Places written one by one, the second only when both have written their first."""

    def run() -> None:
        with transaction.atomic():
            writing.new_place(booking, students[0]).save()
            meet.wait(10)
            writing.new_place(booking, students[1]).save()

    return run


def test_opposite_orders_deadlock_without_the_locks_on_students(
    world: World, now: datetime
) -> None:
    one = book(world, world.session(), world.new_group(4, 1), now)()
    other = book(world, world.session(starts=time(10)), world.new_group(5, 1), now)()
    first, second = world.students[:2]
    meet = threading.Barrier(2)

    answers = at_once(
        places_in_turn(one, [first, second], meet), places_in_turn(other, [second, first], meet)
    )

    deadlocks = [answer for answer in answers if isinstance(answer, OperationalError)]
    assert len(deadlocks) == 1
    assert deadlocks[0].__cause__.sqlstate == "40P01"  # type: ignore[union-attr]


def test_opposite_orders_reach_nobody_as_a_deadlock(world: World, now: datetime) -> None:
    sessions = [world.session(starts=time(9, minute)) for minute in range(6)]
    students = [student.pk for student in world.students]

    answers = at_once(
        *[
            book(world, session, world.group, now, student_ids=students[:: 1 if turn % 2 else -1])
            for turn, session in enumerate(sessions)
        ]
    )

    assert sorted(type(answer).__name__ for answer in answers) == (
        ["Booking"] + ["StudentBusy"] * 5
    )


def test_a_reservation_waits_for_a_cancellation_and_is_refused(world: World, now: datetime) -> None:
    session = world.session()

    answer = before_commit(
        lambda: host_changes.cancel_session(
            by=world.manager, session=session, reason="停电", now=now
        ),
        book(world, session, world.group, now),
    )

    assert isinstance(answer, SessionCancelled)
    assert not Booking.objects.exists()


def test_a_reservation_waits_for_a_move_and_is_asked_to_look_again(
    world: World, now: datetime
) -> None:
    session = world.session()

    answer = before_commit(
        lambda: change(world, session, later(session, 2), now),
        book(world, session, world.group, now),
    )

    assert isinstance(answer, TooManyChangesAtOnce)
    assert not Reservation.objects.exists()


def book_unnamed(world: World, session: CourseSession, group: ClassGroup, now: datetime):  # type: ignore[no-untyped-def]
    """A call that takes eight seats without names."""
    return book(world, session, group, now, student_ids=None, seats=8)


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_swap_waits_for_a_move_and_is_asked_to_look_again(
    world: World, now: datetime, is_kept: bool
) -> None:
    """Else the class would have sixteen seats for its ten students at the new time."""
    group = world.new_group(20, 10)
    first, moved, last = (world.session(day=DAY + timedelta(days=days)) for days in range(3))
    booking = book_unnamed(world, first, group, now)()
    book_unnamed(world, last, group, now)()
    if is_kept:
        swapping.keep_seats(by=world.coordinator, booking=booking, session_ids=[moved.pk], now=now)

    answer = before_commit(
        lambda: change(world, moved, later(moved, 24), now),
        lambda: swapping.swap(
            by=world.coordinator,
            booking=booking,
            session_ids=[moved.pk],
            reason="改期",
            now=now,
            kept=list(swapping.standing(booking, now)),
        ),
    )

    booking.refresh_from_db()
    moved.refresh_from_db()
    assert isinstance(answer, TooManyChangesAtOnce)
    assert (booking.is_live, moved.seats_taken, moved.seats_held) == (True, 0, 8 * is_kept)


def test_a_class_is_not_booked_twice_by_a_move(world: World, now: datetime) -> None:
    """Its seats have no names, so that only the locks on its students keep them apart."""
    group = world.new_group(20, 10)
    moved, other = world.session(), world.session(day=DAY + timedelta(days=1))
    book_unnamed(world, moved, group, now)()

    answer = before_commit(
        lambda: change(world, moved, later(moved, 24), now),
        book_unnamed(world, other, group, now),
    )

    assert isinstance(answer, MoreThanClass)


def test_a_cancellation_waits_for_a_reservation_and_takes_it_along(
    world: World, now: datetime
) -> None:
    session = world.session()

    before_commit(
        book(world, session, world.group, now),
        lambda: host_changes.cancel_session(
            by=world.manager, session=session, reason="停电", now=now
        ),
    )

    session.refresh_from_db()
    assert (session.state, session.seats_taken) == ("cancelled", 0)
    assert Booking.objects.get().state == BookingState.CANCELLED
    assert not Place.objects.live().exists()


def test_of_two_forms_open_at_once_the_second_is_stale(world: World, now: datetime) -> None:
    booking = book(world, world.session(), world.group, now)()
    students = [student.pk for student in world.students]

    def change(student_ids: list[int]) -> Callable[[], Booking]:
        return lambda: lists.change_booking(
            by=world.coordinator,
            booking=booking,
            edition=booking.edition,
            student_ids=student_ids,
            now=now,
        )

    answer = before_commit(change(students[:2]), change(students[:3]))

    assert isinstance(answer, StaleBooking)
    assert sold(booking.session) == 2


def test_of_two_classes_growing_into_the_last_seat_one_grows(world: World, now: datetime) -> None:
    session = world.session(capacity=5)
    groups = [world.new_group(number, 3) for number in (10, 11)]
    bookings = [
        book(
            world,
            session,
            group,
            now,
            student_ids=[student.pk for student in group.students.all()[:2]],
        )()
        for group in groups
    ]

    def grow(index: int) -> Callable[[], Booking]:
        return lambda: lists.change_booking(
            by=world.coordinator,
            booking=bookings[index],
            edition=1,
            student_ids=[student.pk for student in groups[index].students.all()],
            now=now,
        )

    answers = at_once(grow(0), grow(1))

    assert sorted(type(answer).__name__ for answer in answers) == ["Booking", "SeatsShortForChange"]
    assert sold(session) == 5


def test_a_change_that_waits_for_a_cancellation_is_refused(world: World, now: datetime) -> None:
    booking = book(world, world.session(), world.group, now)()

    answer = before_commit(
        lambda: changes.cancel_booking(
            by=world.coordinator, booking=booking, reason="停课", now=now
        ),
        lambda: lists.change_booking(
            by=world.coordinator,
            booking=booking,
            edition=1,
            student_ids=[world.students[0].pk],
            now=now,
        ),
    )

    assert isinstance(answer, BookingOver)


@pytest.mark.parametrize("is_named", [True, False])
def test_a_student_who_leaves_the_class_meanwhile_is_not_booked(
    world: World, now: datetime, is_named: bool
) -> None:
    """Named, the request is refused; of the whole class come those who are in it then."""
    other = world.new_group(4, 0)
    student, *stay = [one.pk for one in world.students]

    answer = before_commit(
        lambda: Student.objects.filter(pk=student).update(class_group=other),
        book(
            world,
            world.session(),
            world.group,
            now,
            student_ids=[student, *stay] if is_named else None,
        ),
    )

    if is_named:
        assert isinstance(answer, NotInClass)
        assert not Reservation.objects.exists()
    else:
        assert isinstance(answer, Booking)
        assert [one.student_id for one in answer.places.order_by("student_id")] == stay


def test_two_walk_ins_for_the_last_seat_let_one_in(world: World, now: datetime) -> None:
    session = world.session(capacity=1)
    at = session.starts_at
    first, second = world.students[:2]

    def admit(student: Student) -> Place:
        return changes.admit_walk_in(
            by=world.manager, session=session, student=student, now=at, opens_at=at
        )

    answer = before_commit(lambda: admit(first), lambda: admit(second))

    assert isinstance(answer, SessionFull)
    assert Place.objects.get().student == first


def broken(sqlstate: str, times: int) -> Callable[[], str]:
    """Work that PostgreSQL stops with the state so many times."""
    left = [times]

    def work() -> str:
        if left[0]:
            left[0] -= 1
            with connection.cursor() as cursor:
                cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{sqlstate}'; END $$")
        return "done"

    return work


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_a_deadlock_is_tried_once_more_and_then_told(sqlstate: str) -> None:
    assert in_one_transaction(broken(sqlstate, 1)) == "done"
    with pytest.raises(TooManyChangesAtOnce):
        in_one_transaction(broken(sqlstate, 2))


@pytest.mark.parametrize("times", [1])
def test_another_failure_is_not_tried_again(times: int) -> None:
    with pytest.raises(OperationalError):
        in_one_transaction(broken("55P03", times))


def test_another_failure_of_the_second_try_is_not_hidden() -> None:
    states = iter(["40P01", "55P03"])

    with pytest.raises(OperationalError):
        in_one_transaction(lambda: broken(next(states), 1)())


def test_inside_the_callers_transaction_nothing_is_tried_again() -> None:
    with pytest.raises(OperationalError), transaction.atomic():
        in_one_transaction(broken("40P01", 1))


def test_a_day_that_is_cancelled_twice_at_once_is_cancelled_once(
    world: World, now: datetime
) -> None:
    world.session()

    def cancel() -> list[CourseSession]:
        return host_changes.cancel_day(by=world.manager, day=DAY, reason="停电", now=now)

    answer = before_commit(cancel, cancel)

    assert isinstance(answer, NothingToCancel)


@pytest.mark.parametrize(
    ("constraint", "error"),
    [
        ("booking_live_once_per_class", TooManyChangesAtOnce),
        ("place_student_one_at_a_time", TooManyChangesAtOnce),
        ("place_times_are_its_sessions", TooManyChangesAtOnce),
        ("reservation_key_once", TooManyChangesAtOnce),
        ("reservation_reference_key", IntegrityError),
    ],
)
def test_what_the_database_refuses_is_told_or_raised(
    world: World, now: datetime, constraint: str, error: type[Exception]
) -> None:
    """A trigger of the test breaks the constraint, though nothing stands in the way."""
    session = world.session()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION break_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION USING ERRCODE = '23505',"
            f" CONSTRAINT = '{constraint}'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER break_it BEFORE INSERT ON bookings_booking"
            " FOR EACH ROW EXECUTE FUNCTION break_it()"
        )

    try:
        with pytest.raises(error):
            book(world, session, world.group, now)()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION break_it() CASCADE")

    session.refresh_from_db()
    assert session.seats_taken == 0


def test_another_broken_constraint_is_not_hidden(world: World) -> None:
    def clash() -> None:
        raise IntegrityError("another")

    with pytest.raises(IntegrityError):
        together.translated(clash, world.students, [world.session()], world.group)


def test_a_class_in_groups_and_another_for_the_last_seats_are_not_both_in(
    world: World, now: datetime
) -> None:
    """Two sessions of three seats: five students in two groups, and three of another class."""
    sessions = [world.session(capacity=3) for _number in range(2)]
    other = world.new_group(10, 3)
    keys = [student.pk for student in world.students]

    def split() -> Reservation:
        return reservations.reserve(
            by=world.coordinator,
            parts=[
                Part(world.group, session_ids=[sessions[0].pk], student_ids=keys[:3]),
                Part(world.group, session_ids=[sessions[1].pk], student_ids=keys[3:]),
            ],
            idempotency_key="split",
            now=now,
        )

    answers = at_once(split, book(world, sessions[1], other, now))

    names = {type(answer).__name__ for answer in answers}
    assert names in ({"Reservation", "SessionFull"}, {"SessionFull", "Booking"})
    assert [sold(session) for session in sessions] in ([3, 2], [0, 3])


def test_the_halves_of_a_class_meet_at_its_row_and_not_in_a_deadlock(
    world: World, now: datetime
) -> None:
    """One half is swapped into a session; just before its booking is written the other half is
    booked there. They have no student in common."""
    keys = [student.pk for student in world.students]
    new = world.session(day=DAY + timedelta(days=1))
    old = make_booking(
        by=world.coordinator,
        session=world.session(),
        class_group=world.group,
        student_ids=keys[:2],
        now=now,
    )
    failed: list[OperationalError] = []
    answers: list[Any] = []

    def watched(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            failed.append(error)
            raise

    def other_half() -> None:
        try:
            with connection.execute_wrapper(watched):
                answers.append(book(world, new, world.group, now, student_ids=keys[2:])())
        except Exception as error:  # noqa: BLE001  whatever it is, it is the answer
            answers.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=other_half)

    def between(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('INSERT INTO "bookings_booking"') and not thread.ident:
            thread.start()
            until_somebody_waits()
        return watched(execute, sql, params, many, context)

    with connection.execute_wrapper(between):
        swapped = swapping.swap(
            by=world.coordinator, booking=old, session_ids=[new.pk], reason="改期", now=now
        )
    thread.join(PATIENCE)

    assert [one.session_id for one in swapped] == [new.pk]
    assert [type(one) for one in answers] == [AlreadyBooked]
    assert failed == []

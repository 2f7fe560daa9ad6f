"""Where a race slips past every look and lock, the database refuses, and what it refuses is told
in words; what no race explains is raised as it is.

Real second connections act between two statements of the first. What our services keep apart by
their locks is written past them: the constraints guard against code that is not yet written.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection

from accounts.actors import Actor
from bookings.choices import BookingState, ChangeState
from bookings.errors.requests import RequestOpen, RequestStale, TooManyChangesAtOnce
from bookings.errors.reserving import AlreadyBooked, NotInClass, StudentBusy
from bookings.models import Booking, ChangeRequest, Place, Reservation, SeatHold
from bookings.services import (
    change_requests,
    changes,
    holds,
    host_moves,
    lists,
    reservations,
    swapping,
)
from bookings.services.parts import Part
from courses.models import CourseSession
from rosters.models import Student
from tests.bookings.conftest import DAY, World, make_world
from tests.bookings.races import at_once, before_commit
from tests.bookings.test_host_moves import later
from tests.bookings.test_swap_races import check_counters
from tests.factories.bookings import make_booking

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY = 0


@pytest.fixture
def world(transactional_db: None, now: datetime) -> World:
    return make_world(now)


@contextmanager
def meanwhile(
    *steps: tuple[str, Callable[[], Any]], afterwards: Callable[[], Any] | None = None
) -> Iterator[list[Any]]:
    """Each step is done on a connection of its own before the first statement that has its text,
    one after the other; ``afterwards`` once a statement was refused. Yields their answers."""
    answers: list[Any] = []
    waiting = list(steps)

    def between(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if waiting and waiting[0][0] in sql:
            _text, step = waiting.pop(0)
            answers.extend(at_once(step))
        try:
            return execute(sql, params, many, context)
        except IntegrityError:
            if afterwards is not None:
                answers.extend(at_once(afterwards))
            raise

    with connection.execute_wrapper(between):
        yield answers
    assert waiting == []


def unknown(actor: Actor) -> Actor:
    """The actor under a membership that does not exist, as the audit trail learns at the end."""
    return replace(actor, membership_id=NOBODY)


def booked(world: World, session: CourseSession, now: datetime, **more: Any) -> Booking:
    more.setdefault("class_group", world.group)
    return make_booking(by=world.coordinator, session=session, now=now, **more)


# ── requests ──


@pytest.fixture
def late(world: World) -> datetime:
    return world.session().starts_at - timedelta(days=2)


def ask(world: World, booking: Booking, by: Actor, late: datetime) -> Callable[[], Any]:
    wanted = lists.look_up(
        booking,
        late,
        student_ids=[student.pk for student in world.students[:3]],
        seats=None,
        adults=None,
        companions=None,
    )
    return lambda: change_requests.ask_change(
        by=by, booking=booking, edition=1, wanted=wanted, reason="两人请假", now=late
    )


def test_of_two_requests_at_once_one_is_open(world: World, now: datetime, late: datetime) -> None:
    booking = booked(world, world.session(), now)

    answer = before_commit(
        ask(world, booking, world.coordinator, late), ask(world, booking, world.teacher, late)
    )

    assert isinstance(answer, RequestOpen)
    assert ChangeRequest.objects.get().asked_by_id == world.coordinator.membership_id


def test_a_request_of_nobody_is_not_called_open(
    world: World, now: datetime, late: datetime
) -> None:
    booking = booked(world, world.session(), now)

    with pytest.raises(IntegrityError, match="accounts_membership"):
        ask(world, booking, unknown(world.coordinator), late)()

    assert not ChangeRequest.objects.exists()


@pytest.mark.parametrize("asks", [True, False])
def test_a_student_placed_elsewhere_meanwhile_is_named_and_not_who_goes_both_days(
    world: World, now: datetime, asks: bool
) -> None:
    """Who goes on both days is not elsewhere on the second; only the one who comes newly is."""
    camp, days = world.camp(capacity=20)
    few, new = [student.pk for student in world.students[:3]], world.students[3]
    made = reservations.reserve(
        by=world.coordinator,
        parts=[Part(class_group=world.group, session_set_id=camp.pk, student_ids=few)],
        idempotency_key="camp",
        now=now,
    )
    booking = made.bookings.select_related("session__season", "class_group").get(session=days[0])
    clashing = world.session(day=DAY + timedelta(days=1), starts=time(10))
    other = booked(world, clashing, now, class_group=world.new_group(4, 2))

    def place_past_the_locks() -> Place:
        return Place.objects.create(
            booking=other,
            session=other.session,
            school=other.school,
            host=other.host,
            student=new,
            starts_at=other.session.starts_at,
            ends_at=other.session.ends_at,
        )

    def change() -> Any:
        if not asks:
            return lists.change_booking(
                by=world.coordinator,
                booking=booking,
                edition=1,
                student_ids=[*few, new.pk],
                now=now,
            )
        late = days[0].starts_at - timedelta(days=1)
        wanted = lists.look_up(
            booking, late, student_ids=[*few, new.pk], seats=None, adults=None, companions=None
        )
        request = change_requests.ask_change(
            by=world.coordinator,
            booking=booking,
            edition=1,
            wanted=wanted,
            reason="多一人",
            now=late,
        )
        return change_requests.accept_change(by=world.manager, request=request, now=late)

    with (
        meanwhile(
            ('INSERT INTO "bookings_place"', lambda: None),
            ('INSERT INTO "bookings_place"', place_past_the_locks),
        ),
        pytest.raises(StudentBusy) as refusal,
    ):
        change()

    assert refusal.value.facts["seats"] == "4"
    booking.refresh_from_db()
    assert booking.seats == 3


def test_a_list_that_changed_under_the_request_without_ending_it_is_not_overwritten(
    world: World, now: datetime, late: datetime
) -> None:
    booking = booked(world, world.session(), now)
    request = ask(world, booking, world.coordinator, late)()
    past_the_locks = Booking.objects.filter(pk=booking.pk)

    with (
        meanwhile(("FOR NO KEY UPDATE", lambda: past_the_locks.update(adults=booking.adults + 1))),
        pytest.raises(RequestStale),
    ):
        change_requests.accept_change(by=world.manager, request=request, now=late)

    booking.refresh_from_db()
    assert booking.seats == 5
    request.refresh_from_db()
    assert request.state == ChangeState.EXPIRED


# ── sessions that move ──


def move(world: World, session: CourseSession, by: Actor, now: datetime) -> CourseSession:
    return host_moves.change_session(
        by=by, session=session, sequence=0, change=later(session, 24), reason="换天", now=now
    )


@pytest.mark.parametrize("stays", [True, False])
def test_a_student_who_joins_during_the_move_and_is_elsewhere_then_stops_it(
    world: World, now: datetime, stays: bool
) -> None:
    """She has no seat when the students are locked, one when the session is, so that it begins
    anew; and, written past her lock, another at the new time just before it moves. With that
    given back, one more try would do."""
    session, elsewhere = world.session(), world.session(day=DAY + timedelta(days=1))
    booked(world, session, now)
    other = world.new_group(4, 2)
    joined = Student.objects.get(class_group=other, seat_no=2)
    placed = booked(world, elsewhere, now, class_group=world.new_group(5, 1)).places.get()
    past_the_locks = Place.objects.filter(pk=placed.pk)

    def join() -> Booking:
        return booked(world, session, now, class_group=other, student_ids=[joined.pk])

    with (
        meanwhile(
            ('FOR UPDATE OF "courses_coursesession"', join),
            ('UPDATE "courses_coursesession"', lambda: past_the_locks.update(student=joined)),
            afterwards=None if stays else lambda: past_the_locks.update(student=placed.student),
        ) as answers,
        pytest.raises(StudentBusy if stays else TooManyChangesAtOnce),
    ):
        move(world, session, world.manager, now)

    assert [type(one) for one in answers] == [Booking, int] + ([] if stays else [int])
    before = session.starts_at
    session.refresh_from_db()
    assert (session.sequence, session.starts_at) == (0, before)
    check_counters()


def test_a_move_by_nobody_is_not_called_a_clash(world: World, now: datetime) -> None:
    session = world.session()
    booked(world, session, now)

    with pytest.raises(IntegrityError, match="accounts_membership"):
        move(world, session, unknown(world.manager), now)

    session.refresh_from_db()
    assert session.sequence == 0
    check_counters()


# ── swaps ──


def swap(world: World, booking: Booking, session: CourseSession, by: Actor, now: datetime) -> Any:
    return swapping.swap(by=by, booking=booking, session_ids=[session.pk], reason="", now=now)


def test_a_list_that_changes_before_the_swap_has_it_is_looked_at_again(
    world: World, now: datetime
) -> None:
    booking, new = booked(world, world.session(), now), world.session(day=DAY + timedelta(days=1))

    answer = before_commit(
        lambda: lists.change_booking(
            by=world.coordinator,
            booking=booking,
            edition=1,
            student_ids=[student.pk for student in world.students[:3]],
            now=now,
        ),
        lambda: swap(world, booking, new, world.coordinator, now),
    )

    assert isinstance(answer, TooManyChangesAtOnce)
    booking.refresh_from_db()
    assert (booking.state, booking.seats) == (BookingState.CONFIRMED, 3)
    check_counters()


@pytest.mark.parametrize("stays", [True, False])
def test_a_booking_of_the_class_that_no_lock_kept_out_stops_the_swap(
    world: World, now: datetime, stays: bool
) -> None:
    old, new = world.session(), world.session(day=DAY + timedelta(days=1))
    booking = booked(world, old, now)

    def write_past_the_locks() -> Booking:
        reservation = Reservation.objects.get(pk=booking.reservation_id)
        reservation.pk, reservation.reference = None, "R-2"
        reservation.idempotency_key = "another"
        reservation.save()
        return Booking.objects.create(
            reservation=reservation,
            session=new,
            class_group=booking.class_group,
            school=booking.school,
            host=booking.host,
            state=BookingState.CONFIRMED,
            seats=1,
            created_at=now,
        )

    def take_back() -> Any:
        return Booking.objects.filter(session=new).delete()

    with (
        meanwhile(
            ('INSERT INTO "bookings_booking"', write_past_the_locks),
            afterwards=None if stays else take_back,
        ) as answers,
        pytest.raises(AlreadyBooked if stays else TooManyChangesAtOnce) as refused,
    ):
        swap(world, booking, new, world.coordinator, now)

    assert isinstance(answers[0], Booking)
    assert refused.value.facts == ({"class_group": "七(3)班", "reference": "R-2"} if stays else {})
    booking.refresh_from_db()
    old.refresh_from_db()
    assert (booking.state, old.seats_taken) == (BookingState.CONFIRMED, 5)
    assert Place.objects.live().filter(booking=booking).count() == 5


def test_a_swap_by_nobody_is_not_called_a_clash(world: World, now: datetime) -> None:
    booking, new = booked(world, world.session(), now), world.session(day=DAY + timedelta(days=1))

    with pytest.raises(IntegrityError, match="accounts_membership"):
        swap(world, booking, new, unknown(world.coordinator), now)

    assert Booking.objects.live().get() == booking
    check_counters()


def test_kept_seats_that_two_sweep_at_once_are_freed_once(world: World, now: datetime) -> None:
    booking, new = booked(world, world.session(), now), world.session(day=DAY + timedelta(days=1))
    other = booked(world, world.session(), now, class_group=world.new_group(4, 2))
    for one, moment in ((booking, now), (other, now + timedelta(minutes=10))):
        swapping.keep_seats(by=world.coordinator, booking=one, session_ids=[new.pk], now=moment)
    over = now + timedelta(minutes=15)

    answer = before_commit(lambda: holds.sweep(now=over), lambda: holds.sweep(now=over))

    assert answer == 1
    new.refresh_from_db()
    assert (new.seats_held, SeatHold.objects.standing().get().booking) == (2, other)
    check_counters()


# ── what changed between the look and the lock ──


def test_a_session_moved_meanwhile_is_not_booked(world: World, now: datetime) -> None:
    session = world.session()

    def move() -> None:
        CourseSession.objects.filter(pk=session.pk).update(
            starts_at=session.starts_at + timedelta(days=1),
            ends_at=session.ends_at + timedelta(days=1),
            sequence=session.sequence + 1,
        )

    with (
        meanwhile(('INSERT INTO "bookings_reservation"', move)),
        pytest.raises(TooManyChangesAtOnce),
    ):
        booked(world, session, now)

    assert not Booking.objects.exists()
    assert CourseSession.objects.get(pk=session.pk).seats_taken == 0


def test_who_left_the_class_meanwhile_takes_no_ones_seat(world: World, now: datetime) -> None:
    going, entering = world.students[0], world.students[4]
    booking = booked(
        world, world.session(), now, student_ids=[student.pk for student in world.students[:3]]
    )
    other = world.new_group(9, 1)

    def move() -> None:
        Student.objects.filter(pk=entering.pk).update(class_group=other, seat_no=7)

    with meanwhile(("FOR NO KEY UPDATE", move)), pytest.raises(NotInClass):
        changes.swap_student(
            by=world.teacher,
            booking=booking,
            out_student_id=going.pk,
            in_student_id=entering.pk,
            now=now,
        )

    assert Place.objects.live().filter(booking=booking, student=going).exists()


def test_a_walk_in_has_the_times_of_the_session_as_it_is(world: World, now: datetime) -> None:
    session = world.session()
    longer = session.ends_at + timedelta(minutes=30)
    CourseSession.objects.filter(pk=session.pk).update(ends_at=longer)

    place = changes.admit_walk_in(
        by=world.manager,
        session=session,
        student=world.students[0],
        now=session.starts_at,
        opens_at=session.starts_at,
    )

    assert place.ends_at == longer


def test_two_classes_of_one_camp_ask_each_for_itself(world: World, now: datetime) -> None:
    other = world.new_group(4, 5)
    world.teach(other)
    camp, days = world.camp()
    made = reservations.reserve(
        by=world.teacher,
        parts=[
            Part(
                class_group=group,
                session_set_id=camp.pk,
                student_ids=sorted(group.students.values_list("pk", flat=True))[:3],
            )
            for group in (world.group, other)
        ],
        idempotency_key="two classes",
        now=now,
    )
    late = days[0].starts_at - timedelta(days=1)

    for group in (world.group, other):
        booking = made.bookings.get(class_group=group, session=days[0])
        wanted = lists.look_up(
            booking,
            late,
            student_ids=sorted(group.students.values_list("pk", flat=True)),
            seats=None,
            adults=None,
            companions=None,
        )
        change_requests.ask_change(
            by=world.teacher,
            booking=booking,
            edition=booking.edition,
            wanted=wanted,
            reason="多来几人",
            now=late,
        )

    assert ChangeRequest.objects.filter(state=ChangeState.ASKED).count() == 2

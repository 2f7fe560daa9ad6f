"""Who sees which rows, and how rows call themselves in a log: without names."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.actors import SYSTEM, Actor
from accounts.choices import ActorKind
from bookings.choices import BOOKING_TRANSITIONS, LIVE_STATES, BookingState
from bookings.models import Booking, Companion, Place, Reservation
from courses.models import CourseSession
from tests.bookings.conftest import World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking


def test_who_sees_reservations_bookings_and_places(world: World, now: datetime) -> None:
    """A truth table: the actor, then whether reservation, booking and places are seen."""
    make_booking(by=world.coordinator, session=world.session(), class_group=world.group, now=now)
    answers = {
        SYSTEM: (1, 1, 5),
        world.teacher: (1, 1, 5),
        world.coordinator: (1, 1, 5),
        actor_of(MembershipFactory(organisation=world.school)): (0, 0, 0),
        actor_of(MembershipFactory(coordinator=True)): (0, 0, 0),
        world.manager: (0, 1, 5),
        actor_of(MembershipFactory(instructor=True)): (0, 0, 0),
        actor_of(MembershipFactory(secretariat=True)): (0, 0, 0),
        Actor(kind=ActorKind.BADGE): (0, 0, 0),
    }

    seen = {
        actor: tuple(
            model.objects.visible_to(actor).count() for model in (Reservation, Booking, Place)
        )
        for actor in answers
    }

    assert seen == answers


def test_rows_call_themselves_by_keys(world: World, now: datetime) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )
    place = booking.places.order_by("pk")[0]
    companion = Companion.objects.order_by("pk")[0]

    assert str(booking.reservation) == booking.reservation.reference
    assert str(booking) == f"{booking.reservation_id} {booking.session_id} {world.group.pk}"
    assert (str(place), str(companion)) == (f"{booking.pk}:{place.pk}", f"{booking.pk}")


def test_a_place_keeps_the_times_of_its_session(world: World, now: datetime) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        Place.objects.update(starts_at=now)
    later = booking.session.ends_at + timedelta(minutes=30)
    CourseSession.objects.filter(pk=booking.session_id).update(ends_at=later)

    assert {place.ends_at for place in Place.objects.all()} == {later}


def test_a_move_that_puts_a_student_in_two_places_is_refused(world: World, now: datetime) -> None:
    first, second = world.session(), world.session(hours=1, starts=datetime.min.time())
    for session in (first, second):
        make_booking(by=world.teacher, session=session, class_group=world.group, now=now)

    with pytest.raises(IntegrityError), transaction.atomic():
        CourseSession.objects.filter(pk=second.pk).update(
            starts_at=first.starts_at, ends_at=first.ends_at
        )


def test_what_is_live_may_be_cancelled_and_what_is_over_stays(db: None) -> None:
    may_cancel = {
        state for state, moves in BOOKING_TRANSITIONS.items() if BookingState.CANCELLED in moves
    }

    assert may_cancel == set(LIVE_STATES)
    assert {state for state, moves in BOOKING_TRANSITIONS.items() if not moves} == {
        BookingState.DECLINED,
        BookingState.EXPIRED,
        BookingState.CANCELLED,
    }

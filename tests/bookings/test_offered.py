"""What is offered to a class that wants to complete its hours, to split, or to come elsewhere."""

from datetime import datetime, time, timedelta

import pytest

from bookings.selectors import swapping as selectors
from bookings.selectors import trips
from bookings.services import changes, host_changes, proposals, splits
from bookings.services.offers import offer_of
from tests.bookings.conftest import DAY, World
from tests.factories.bookings import make_booking
from tests.factories.courses import make_version


def test_sessions_for_other_grades_are_not_proposed(world: World, now: datetime) -> None:
    world.session(class_hours=14, version=make_version(world.host, grade_from=8))
    fitting = world.session(day=DAY + timedelta(days=1), class_hours=14)

    found = proposals.proposals_for(world.teacher, world.group, now).proposals

    assert [
        [seat.session_ids for choice in one.choices for seat in choice.seating] for one in found
    ] == [[(fitting.pk,)]]


@pytest.mark.parametrize("instead", ["a day of a camp", "cancelled", "another grade's"])
def test_only_a_single_session_that_the_class_could_book_is_split(
    world: World, now: datetime, instead: str
) -> None:
    one = world.session(capacity=3)
    beside = world.session(starts=time(13), capacity=3)
    _camp, days = world.camp(capacity=3)
    for_older = world.session(capacity=3, version=make_version(world.host, grade_from=8))
    ways = splits.split_of(world.teacher, offer_of(world.teacher, one.pk), world.group, now).ways
    other = {
        "a day of a camp": days[0],
        "cancelled": one,
        "another grade's": for_older,
    }[instead]
    if instead == "cancelled":
        host_changes.cancel_session(by=world.manager, session=one, reason="停电", now=now)

    assert [[(group.session.pk, group.seats) for group in way] for way in ways] == [
        [(one.pk, 3), (beside.pk, 2)]
    ]
    assert (
        splits.split_of(world.teacher, offer_of(world.teacher, other.pk), world.group, now).ways
        == []
    )


@pytest.mark.parametrize(
    ("side", "hours_after", "offered"),
    [("host", -1, True), ("host", 0, False), ("school", -1, False), ("nobody", -1, False)],
)
def test_the_whole_class_is_offered_something_when_the_host_calls_off(
    world: World, now: datetime, side: str, hours_after: int, offered: bool
) -> None:
    """Five of the class of five, though three had booked."""
    booking = make_booking(
        by=world.teacher,
        session=world.session(),
        class_group=world.group,
        now=now,
        student_ids=[student.pk for student in world.students[:3]],
    )
    fits, _small = (
        world.session(day=DAY + timedelta(days=days), capacity=seats)
        for days, seats in ((2, 5), (1, 4))
    )
    if side == "host":
        host_changes.cancel_session(
            by=world.manager, session=booking.session, reason="停电", now=now
        )
    if side == "school":
        changes.cancel_booking(by=world.teacher, booking=booking, reason="停课", now=now)
    moment = booking.session.ends_at + timedelta(hours=hours_after)

    found = selectors.offers_instead(trips.booking_for(world.teacher, booking.pk), moment)

    assert [(offer.first.pk, offer.seats_left) for offer in found] == (
        [(fits.pk, 5)] if offered else []
    )

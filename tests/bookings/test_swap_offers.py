"""What the page of a swap lists is what the swap gives: by trying it."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import pytest
from django.db import transaction

from accounts.errors import Refusal
from bookings.models import Booking
from bookings.selectors import swapping, trips
from bookings.services import swapping as services
from courses.models import CourseSession, Season
from sites.calendar import local_day
from tests.bookings.conftest import DAY, World
from tests.bookings.test_catalogue import new_course
from tests.factories.bookings import make_booking, make_reservation


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def can_keep(world: World, booking: Booking, session: CourseSession, now: datetime) -> bool:
    """Whether the swap itself would keep seats of the session, which it then does not."""
    with transaction.atomic():
        try:
            services.keep_seats(
                by=world.coordinator,
                booking=booking,
                session_ids=[] if session.session_set_id else [session.pk],
                session_set_id=session.session_set_id,
                now=now,
            )
        except Refusal:
            return False
        finally:
            transaction.set_rollback(True)
    return True


def listed(world: World, booking: Booking, now: datetime) -> tuple[swapping.Open, list[int]]:
    found = trips.booking_for(world.coordinator, booking.pk)
    there = swapping.open_to(found, now)
    keys = [one.pk for offer in swapping.offers(there).offers for one in offer.sessions]
    return there, keys


def assert_as_tried(
    world: World, booking: Booking, sessions: Sequence[CourseSession], now: datetime
) -> list[int]:
    """The offers and the days are those of the sessions that can be had; how many they are."""
    there, keys = listed(world, booking, now)
    loaded = CourseSession.objects.filter(pk__in=[one.pk for one in sessions])
    to_be_had = [
        one for one in loaded.order_by("starts_at", "pk") if can_keep(world, booking, one, now)
    ]
    assert keys == [one.pk for one in to_be_had]
    assert there.days_at() == sorted({local_day(one.starts_at) for one in to_be_had})
    return keys


def varied(world: World, now: datetime) -> dict[str, CourseSession]:
    """One session of each kind that suits or does not, each on a day of its own."""
    closed = Season.objects.create(
        name="关着的预约季",
        school_year=2026,
        opens_at=now + timedelta(days=1),
        closes_at=now + timedelta(days=60),
        runs_from=now.date(),
        runs_until=now.date() + timedelta(days=60),
    )
    ninth = new_course(world, 2, grade_from=9, grade_to=9)
    primary = new_course(world, 3, stages=["primary"], grade_from=1, grade_to=5)
    more_adults = new_course(world, 4, min_adults=6)
    one_for_two = new_course(world, 5, students_per_adult=1)
    found = {
        "good": world.session(day=day(1)),
        "other grade": world.session(day=day(2), version=ninth),
        "other stage": world.session(day=day(3), version=primary),
        "other season": world.session(day=day(4), season=closed),
        "too few seats": world.session(day=day(5), capacity=4),
        "just enough seats": world.session(day=day(6), capacity=5),
        "room for seven": world.session(day=day(7)),
        "room for six": world.session(day=day(8)),
        "seven heads, six adults": world.session(day=day(9), version=more_adults),
        "eleven heads, six adults": world.session(day=day(10), version=more_adults),
        "nine heads, five adults": world.session(day=day(11), version=one_for_two),
        "ten heads, five adults": world.session(day=day(12), version=one_for_two),
        "list settled": world.session(day=local_day(now) + timedelta(days=2)),
        "list open": world.session(day=local_day(now) + timedelta(days=3)),
        "begun": world.session(day=local_day(now), starts=time(0)),
        "the class is elsewhere": world.session(day=day(13)),
        "after it": world.session(day=day(13), starts=time(15)),
        "next school year": world.session(day=day(300)),
    }
    for name, heads in (
        ("room for seven", 7),
        ("room for six", 6),
        ("seven heads, six adults", 7),
        ("eleven heads, six adults", 11),
        ("nine heads, five adults", 9),
        ("ten heads, five adults", 10),
    ):
        CourseSession.objects.filter(pk=found[name].pk).update(heads_limit=heads)
    make_booking(
        by=world.coordinator,
        session=world.session(day=day(13), starts=time(10)),
        class_group=world.group,
        now=now,
    )
    return found


UNSUITABLE = {
    "other grade",
    "other stage",
    "other season",
    "too few seats",
    "room for six",
    "seven heads, six adults",
    "nine heads, five adults",
    "begun",
    "the class is elsewhere",
    "next school year",
}


@pytest.mark.parametrize("unnamed", [0, 5])
def test_days_and_offers_are_those_to_which_the_swap_is_possible(
    world: World, now: datetime, unnamed: int
) -> None:
    Season.objects.filter(pk=world.season.pk).update(
        closes_at=now + timedelta(days=400), runs_until=now.date() + timedelta(days=400)
    )
    world.version.grade_from = world.version.grade_to = 7
    world.version.save()
    sessions = varied(world, now)
    seats = {"student_ids": [], "seats": 5} if unnamed else {}
    booking = make_booking(
        by=world.coordinator, session=world.session(), class_group=world.group, now=now, **seats
    )

    keys = assert_as_tried(world, booking, list(sessions.values()), now)

    names = {name for name, one in sessions.items() if one.pk in keys}
    expected = set(sessions) - UNSUITABLE - ({"list settled"} if unnamed else set())
    assert names == expected


def test_a_half_of_a_class_is_in_the_way_of_its_own_students_only(
    world: World, now: datetime
) -> None:
    """The other half may be elsewhere at the same time, but not in the same session twice; a
    student who came from another class is busy with what he had there."""
    first, second = world.students[:2], world.students[2:]
    theirs = world.session(day=day(1))
    booking, _other = (
        make_booking(
            by=world.coordinator,
            session=session,
            class_group=world.group,
            student_ids=[one.pk for one in half],
            now=now,
        )
        for session, half in ((world.session(), first), (theirs, second))
    )
    beside = world.session(day=day(1))
    former = world.new_group(4, 0)
    world.group.students.filter(pk=first[0].pk).update(class_group=former)
    make_booking(
        by=world.coordinator, session=world.session(day=day(2)), class_group=former, now=now
    )
    world.group.students.model.objects.filter(pk=first[0].pk).update(class_group=world.group)
    busy = world.session(day=day(2))

    keys = assert_as_tried(world, booking, [theirs, beside, busy], now)

    assert keys == [beside.pk]


def test_of_sets_those_of_which_every_day_can_be_had(world: World, now: datetime) -> None:
    _own, own_days = world.camp()
    good, full, meeting = (world.camp(day=day(number))[1] for number in (3, 6, 9))
    CourseSession.objects.filter(pk=full[1].pk).update(capacity=4)
    reservation = make_reservation(
        by=world.coordinator, sessions=own_days, class_group=world.group, now=now
    )
    make_booking(
        by=world.coordinator, session=world.session(day=day(10)), class_group=world.group, now=now
    )
    single = world.session(day=day(20))
    booking = reservation.bookings.get(session=own_days[0])

    there, keys = listed(world, booking, now)

    assert keys == [one.pk for one in good]
    assert there.days_at() == [day(3), day(4)]
    assert single.pk not in keys
    assert [can_keep(world, booking, one[0], now) for one in (good, full, meeting)] == [
        True,
        False,
        False,
    ]


def test_what_does_not_suit_takes_no_place_among_the_nearest(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of another grade are nearer, and are not looked at."""
    monkeypatch.setattr(swapping, "SHOWN", 2)
    ninth = new_course(world, 2, grade_from=9, grade_to=9)
    for number in range(1, 5):
        world.session(day=day(number), version=ninth)
    fitting = [world.session(day=day(number)) for number in (5, 6)]
    booking = make_booking(
        by=world.coordinator, session=world.session(), class_group=world.group, now=now
    )

    there, keys = listed(world, booking, now)
    site = there.sites[0][0]
    at_site = swapping.offers(there, site=site)
    third = world.session(day=day(7))
    cut = swapping.offers(there, site=site)

    assert keys == [one.pk for one in fitting]
    assert ([one.first for one in at_site.offers], at_site.is_cut) == (fitting, False)
    assert ([one.first for one in cut.offers], cut.is_cut) == (fitting, True)
    assert third.pk not in [one.first.pk for one in cut.offers]

"""What a class may book of a whole list, and for which class somebody chooses."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from accounts.errors import NotAllowed, NotYours
from bookings.errors.reserving import AlreadyBooked
from bookings.models import Booking
from bookings.selectors import choosing
from bookings.services import offers
from courses.choices import HalfDay
from courses.models import CourseSession
from courses.services.seats import void_session
from rosters.errors import NotYourClass
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking, make_reservation


def loaded(*sessions: CourseSession) -> list[offers.Offer]:
    found = CourseSession.objects.filter(pk__in=[one.pk for one in sessions])
    return offers.offers_of(found.select_related("season", "version", "school", "session_set"))


# ── offers ──


def test_sessions_of_a_set_are_one_offer_in_order_of_days(world: World) -> None:
    camp, days = world.camp()
    single = world.session(day=DAY + timedelta(days=1), starts=time(8))

    found = loaded(days[1], single, days[0])

    assert [(offer.session_set, list(offer.sessions)) for offer in found] == [
        (camp, days),
        (None, [single]),
    ]
    assert [offer.class_hours for offer in found] == [14, 4]


def test_offer_takes_what_its_tightest_day_takes(world: World) -> None:
    _camp, days = world.camp()
    CourseSession.objects.filter(pk=days[1].pk).update(seats_taken=30, seats_held=4)

    [offer] = loaded(*days)

    assert (offer.tightest, offer.seats_left) == (days[1], 6)


def test_offer_of_a_set_leaves_out_a_cancelled_day(world: World, now: datetime) -> None:
    _camp, days = world.camp()
    void_session(session=days[1], by=world.manager, reason="停电", now=now)

    assert [one.pk for one in offers.offer_of(world.teacher, days[0].pk).sessions] == [days[0].pk]


def test_offer_of_a_cancelled_set_is_the_session_asked_for(world: World, now: datetime) -> None:
    _camp, days = world.camp()
    for day in days:
        void_session(session=day, by=world.manager, reason="停电", now=now)

    assert offers.offer_of(world.teacher, days[1].pk).first == days[1]


def test_offer_of_an_unknown_session_is_refused(world: World) -> None:
    with pytest.raises(NotYours):
        offers.offer_of(world.teacher, 999_999)


# ── answers ──


@pytest.mark.parametrize("sessions", [1, 3])
def test_answers_take_five_queries(
    world: World, now: datetime, sessions: int, django_assert_num_queries: Any
) -> None:
    opened = [world.session(day=DAY + timedelta(days=number)) for number in range(sessions)]
    found = loaded(*opened)
    teacher = world.teacher

    with django_assert_num_queries(5):
        answers = offers.answers(teacher, found, world.group, now)

    assert [answer.why_not for answer in answers] == [None] * sessions


def test_no_offers_have_no_answers(world: World, now: datetime) -> None:
    assert offers.answers(world.teacher, [], world.group, now) == []


def test_answers_agree_with_what_a_booking_says(world: World, now: datetime) -> None:
    full, begun, booked, free = (
        world.session(day=DAY + timedelta(days=number)) for number in range(4)
    )
    CourseSession.objects.filter(pk=full.pk).update(seats_taken=40)
    CourseSession.objects.filter(pk=begun.pk).update(starts_at=now - timedelta(minutes=1))
    make_booking(by=world.teacher, session=booked, class_group=world.group, now=now)
    found = loaded(full, begun, booked, free)

    answers = offers.answers(world.teacher, found, world.group, now)

    for offer, answer in zip(found, answers, strict=True):
        asked = {"by": world.teacher, "session": offer.first, "class_group": world.group}
        if answer.why_not is None:
            assert make_booking(**asked, now=now).seats == 5
        else:
            with pytest.raises(type(answer.why_not)):
                make_booking(**asked, now=now)
    assert sum(answer.why_not is None for answer in answers) == 1


def test_class_of_somebody_else_is_barred_from_everything(world: World, now: datetime) -> None:
    other = world.new_group(9, 2)
    found = loaded(world.session())

    [mine] = offers.answers(world.teacher, found, other, now)
    [hosts] = offers.answers(world.manager, found, world.group, now)

    assert isinstance(mine.why_not, NotYourClass)
    assert isinstance(hosts.why_not, NotAllowed)


def test_students_in_the_booking_itself_are_not_elsewhere(world: World, now: datetime) -> None:
    camp, days = world.camp()
    make_reservation(
        by=world.teacher, sessions=[], session_set_id=camp.pk, class_group=world.group, now=now
    )

    [answer] = offers.answers(world.teacher, loaded(*days), world.group, now)

    assert isinstance(answer.why_not, AlreadyBooked)
    assert answer.booking == Booking.objects.order_by("session__starts_at")[0]
    assert answer.busy == frozenset()


# ── for which class ──


def test_teacher_has_her_classes_homeroom_first_then_the_youngest(world: World) -> None:
    older = world.new_group(1, 1, entry_year=2024)
    younger = world.new_group(2, 2, entry_year=2026)
    for group in (older, younger):
        world.teach(group)
    world.new_group(8, 1)

    found: list[Any] = choosing.classes_to_book_for(world.teacher)

    assert [(group, group.student_count) for group in found] == [
        (world.group, 5),
        (younger, 2),
        (older, 1),
    ]


def test_student_who_left_is_not_counted(world: World, now: datetime) -> None:
    world.group.students.filter(seat_no=1).update(left_at=now)

    [group] = choosing.classes_to_book_for(world.teacher)

    assert getattr(group, "student_count", None) == 4


def test_coordinator_has_all_classes_and_others_none(world: World) -> None:
    second = world.new_group(4, 1)

    assert choosing.classes_to_book_for(world.coordinator) == [world.group, second]
    assert choosing.classes_to_book_for(world.manager) == []
    assert choosing.classes_to_book_for(actor_of(MembershipFactory(secretariat=True))) == []


@pytest.mark.parametrize(
    ("asked", "teacher_gets", "coordinator_gets"),
    [("", 0, None), ("unknown", 0, None), ("second", 1, 1)],
)
def test_chosen_class_is_the_one_asked_for(
    world: World, asked: str, teacher_gets: int, coordinator_gets: int | None
) -> None:
    groups = [world.group, world.new_group(4, 1)]
    key = str(groups[1].pk) if asked == "second" else asked

    assert choosing.chosen_class(world.teacher, groups, key) == groups[teacher_gets]
    assert choosing.chosen_class(world.coordinator, groups, key) == (
        None if coordinator_gets is None else groups[coordinator_gets]
    )
    assert choosing.chosen_class(world.teacher, [], key) is None


def test_taken_half_days_are_those_of_live_bookings(world: World, now: datetime) -> None:
    for offset, starts, hours in ((0, time(9), 2.5), (1, time(13), 2), (2, time(9), 6.5)):
        make_booking(
            by=world.teacher,
            session=world.session(day=DAY + timedelta(days=offset), starts=starts, hours=hours),
            class_group=world.group,
            now=now,
        )

    taken = choosing.taken_half_days(world.group, DAY, DAY + timedelta(days=2))

    assert taken == {
        (date(2026, 12, 8), HalfDay.MORNING),
        (date(2026, 12, 9), HalfDay.AFTERNOON),
        (date(2026, 12, 10), HalfDay.MORNING),
        (date(2026, 12, 10), HalfDay.AFTERNOON),
    }
    assert choosing.taken_half_days(world.group, DAY + timedelta(days=3), DAY) == set()

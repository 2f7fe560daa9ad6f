"""Who will not finish: with what is booked, and with what is free before the deadline."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bookings.models import Booking
from bookings.selectors.standing import Lacking
from bookings.services import proposals
from bookings.services.unfinished import Unfinished, unfinished
from courses.models import CourseSession, CourseVersion, Season
from hours.models import PracticumRequirement, RequirementMinimum
from rosters.models import ClassGroup
from tests.bookings.conftest import DAY, World
from tests.factories.bookings import make_booking
from tests.factories.hours import make_credit

WEEK = timedelta(weeks=1)


def found_by(world: World, now: datetime) -> Unfinished:
    groups = (
        ClassGroup.objects.visible_to(world.teacher)
        .current()
        .select_related("school")
        .order_by("number")
    )
    return unfinished(world.teacher, groups, now)


def book(world: World, now: datetime, *sessions: CourseSession, seats: list[int]) -> None:
    for session in sessions:
        make_booking(
            by=world.teacher,
            session=session,
            class_group=world.group,
            student_ids=[one.pk for one in world.students if one.seat_no in seats],
            now=now,
        )


def told(found: Unfinished) -> list[tuple[int, tuple[int, ...], bool]]:
    """Of the only class: hours lacking, seat numbers, stuck."""
    (one,) = found.classes
    return [(group.lacking.hours, group.seat_nos, group.is_stuck) for group in one.groups]


def test_with_nothing_free_everybody_is_stuck(world: World, now: datetime) -> None:
    found = found_by(world, now)

    assert told(found) == [(14, (1, 2, 3, 4, 5), True)]
    assert (found.short, found.stuck, found.missing, found.free) == (5, 5, 70, 0)
    assert found.classes[0].groups[0].reach == 0


def test_students_who_lack_the_same_are_one_group(world: World, now: datetime) -> None:
    camp = world.camp()[1]
    book(world, now, world.session(day=DAY + WEEK), seats=[1, 2])
    make_credit(by=world.manager, student=world.students[4], session=camp[0], now=now)
    make_credit(by=world.manager, student=world.students[4], session=camp[1], now=now)

    found = found_by(world, now)

    # The camp's two days are free: 14 hours for those who are not elsewhere then.
    assert told(found) == [(14, (3, 4), False), (10, (1, 2), False)]
    assert (found.short, found.stuck, found.missing) == (4, 0, 48)


def test_stuck_is_whom_not_even_all_that_is_free_helps(world: World, now: datetime) -> None:
    for week in (0, 1, 2):
        world.session(day=DAY + week * WEEK, capacity=5)

    found = found_by(world, now)

    assert told(found) == [(14, (1, 2, 3, 4, 5), True)]
    assert found.classes[0].groups[0].reach == 12
    # Five seats of four hours in each of three sessions.
    assert found.free == 60


def test_free_at_the_time_of_a_trip_helps_nobody_who_goes(world: World, now: datetime) -> None:
    book(world, now, world.session(day=DAY), seats=[1])
    for week in (0, 1, 2, 3):
        world.session(day=DAY + week * WEEK)

    found = found_by(world, now)

    # Who goes on the first day has it booked: ten hours are missing, twelve within reach.
    assert told(found) == [(14, (2, 3, 4, 5), False), (10, (1,), False)]
    PracticumRequirement.objects.update(class_hours=17)
    assert told(found_by(world, now)) == [(17, (2, 3, 4, 5), True), (13, (1,), True)]
    assert [group.reach for group in found_by(world, now).classes[0].groups] == [16, 12]


@pytest.mark.parametrize(
    "in_the_way",
    ["full", "held", "over", "after the deadline", "season closed", "list settled", "wrong grade",
     "cancelled"],
)  # fmt: skip
def test_what_cannot_be_booked_is_not_free(world: World, now: datetime, in_the_way: str) -> None:
    PracticumRequirement.objects.update(class_hours=4)
    session = world.session(day=DAY)
    assert found_by(world, now).stuck == 0
    one = CourseSession.objects.filter(pk=session.pk)

    match in_the_way:
        case "full":
            one.update(seats_taken=40)
        case "held":
            one.update(seats_held=40)
        case "over":
            now += 3 * WEEK
        case "after the deadline":
            PracticumRequirement.objects.update(due_on=DAY - timedelta(days=1))
        case "season closed":
            Season.objects.update(closes_at=now)
        case "list settled":
            Season.objects.update(freeze_days=30)
        case "wrong grade":
            CourseVersion.objects.update(grade_from=8)
        case "cancelled":
            one.update(
                state="cancelled", cancelled_at=now, cancel_reason="停电", room_hold=None,
                cancelled_by_id=world.manager.membership_id,
            )  # fmt: skip

    found = found_by(world, now)
    assert (found.short, found.stuck, found.free) == (5, 5, 0)


def test_a_season_that_opens_later_still_counts_as_free(world: World, now: datetime) -> None:
    PracticumRequirement.objects.update(class_hours=4)
    world.session(day=DAY + WEEK)
    Season.objects.update(opens_at=now + timedelta(days=2))

    assert found_by(world, now).stuck == 0


def test_hours_at_a_kind_of_host_can_be_what_is_out_of_reach(world: World, now: datetime) -> None:
    world.camp()
    requirement = PracticumRequirement.objects.get()
    minimum = RequirementMinimum.objects.create(
        requirement=requirement, host_kind="enterprise", class_hours=4
    )

    found = found_by(world, now)

    assert told(found) == [(14, (1, 2, 3, 4, 5), True)]
    assert found.classes[0].groups[0].lacking == Lacking(14, (("enterprise", 4),), 1)
    assert found.classes[0].groups[0].reach == 14
    minimum.host_kind = "vocational_school"
    minimum.save()
    assert found_by(world, now).stuck == 0


def test_who_has_the_hours_can_lack_an_occupation(world: World, now: datetime) -> None:
    PracticumRequirement.objects.update(min_occupations=2)
    days = world.camp()[1]
    for student in world.students:
        for day in days:
            make_credit(by=world.manager, student=student, session=day, now=now)

    (one,) = found_by(world, now).classes
    assert [(group.lacking, len(group), group.is_stuck) for group in one.groups] == [
        (Lacking(0, (), 1), 5, True)
    ]

    other = CourseVersion.objects.create(
        **{
            field.name: getattr(world.version, field.name)
            for field in CourseVersion._meta.concrete_fields
            if field.name not in ("id", "number", "occupation_zh", "state")
        },
        number=2,
        occupation_zh="车工",
        state="draft",
    )
    world.session(day=DAY + WEEK, version=other)
    assert found_by(world, now).stuck == 0


def test_classes_of_which_nothing_is_required_are_left_out(world: World, now: datetime) -> None:
    PracticumRequirement.objects.update(entry_year_from=2010, entry_year_to=2011)

    assert found_by(world, now) == Unfinished((), 0)


def test_it_takes_as_many_queries_for_one_class_as_for_three(
    world: World, now: datetime, django_assert_num_queries: Any
) -> None:
    PracticumRequirement.objects.update(min_occupations=2)
    book(world, now, world.session(day=DAY + WEEK), seats=[1])
    world.session()
    with django_assert_num_queries(7):
        assert len(found_by(world, now).classes) == 1

    for number in (4, 5):
        world.teach(world.new_group(number, 3))
        world.session(day=DAY + timedelta(days=number))
    with django_assert_num_queries(7):
        assert len(found_by(world, now).classes) == 3


# ── one action for exactly them ──


def test_proposals_are_for_exactly_the_students_asked_for(world: World, now: datetime) -> None:
    book(world, now, *[world.session(day=DAY + 3 * WEEK)], seats=[1, 2])
    world.session(day=DAY, class_hours=10)
    world.session(day=DAY + WEEK, class_hours=14)
    (one,) = found_by(world, now).classes
    for group in one.groups:
        proposed = proposals.proposals_for(
            world.teacher, world.group, now, student_ids=group.student_ids
        )

        assert proposed.coming == group.student_ids
        assert proposed.proposals[0].hours == group.lacking.hours
        picks = [
            (seat.session_ids[0], None, seat.seats)
            for choice in proposed.proposals[0].choices
            for seat in choice.seating
        ]
        reserved = proposals.reserve_proposal(
            by=world.teacher,
            class_group=world.group,
            picks=picks,
            companions=[],
            contact_phone="",
            idempotency_key=str(group.student_ids),
            now=now,
            student_ids=group.student_ids,
        )
        booking = Booking.objects.get(reservation=reserved)
        assert set(booking.places.values_list("student_id", flat=True)) == set(group.student_ids)

    assert found_by(world, now).classes == ()


def test_strangers_asked_for_are_passed_over(world: World, now: datetime) -> None:
    other = world.new_group(9, 2)
    world.camp()

    proposed = proposals.proposals_for(
        world.teacher, world.group, now,
        student_ids=[*other.students.values_list("pk", flat=True), world.students[2].pk],
    )  # fmt: skip

    assert proposed.coming == (world.students[2].pk,)


def test_what_only_lacks_an_occupation_is_proposed_too(world: World, now: datetime) -> None:
    PracticumRequirement.objects.update(min_occupations=2, class_hours=4)
    done = world.session(day=date(2026, 12, 1), version=world.version)
    make_credit(by=world.manager, student=world.students[0], session=done, now=now)
    other = CourseVersion.objects.get(pk=world.version.pk)
    other.pk, other.number, other.occupation_zh, other.state = None, 2, "车工", "draft"
    other.save(force_insert=True)
    session = world.session(day=DAY + WEEK, version=other)

    proposed = proposals.proposals_for(
        world.teacher, world.group, now, student_ids=[world.students[0].pk]
    )

    assert [choice.key for choice in proposed.proposals[0].choices] == [session.pk]

"""A request stands as long as what it would change is what it was; then it is over, and said so."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from bookings.choices import ChangeState
from bookings.errors.requests import RequestOver, RequestStale
from bookings.errors.reserving import SessionStarted
from bookings.models import Booking, ChangeRequest, Place
from bookings.selectors import change_requests as selectors
from bookings.services import change_requests, changes, freeze, lists, reservations, roll
from bookings.services.companions import CompanionInput
from bookings.services.parts import Part
from courses.models import CourseSession
from notifications.models import Message
from rosters.models import Student
from tests.bookings.conftest import World
from tests.bookings.test_change_requests import ask
from tests.factories.bookings import make_booking

OVERTAKEN = (
    "提出申请以后，预约的学生或人数已经变了，申请已过期。仍要修改，请按现在的名单再申请一次。"
)


@pytest.fixture
def booking(world: World, now: datetime) -> Booking:
    """Three of the five students, in a session of twenty."""
    return make_booking(
        by=world.teacher,
        session=world.session(capacity=20),
        class_group=world.group,
        now=now,
        student_ids=[student.pk for student in world.students[:3]],
    )


@pytest.fixture
def late(booking: Booking) -> datetime:
    """Two days before the session."""
    return booking.session.starts_at - timedelta(days=2)


def name_adults(world: World, booking: Booking, late: datetime) -> None:
    lists.change_booking(
        by=world.teacher,
        booking=booking,
        edition=Booking.objects.get(pk=booking.pk).edition,
        student_ids=[student.pk for student in world.students[:3]],
        companions=[CompanionInput("顶班老师")],
        now=late,
    )


def test_naming_an_adult_meanwhile_leaves_the_request_as_it_was(
    world: World, booking: Booking, late: datetime
) -> None:
    request = ask(world, booking, late)
    name_adults(world, booking, late)

    accepted = change_requests.accept_change(by=world.manager, request=request, now=late)

    booking.refresh_from_db()
    assert accepted.state == ChangeState.ACCEPTED
    assert booking.seats == 4
    assert [one.name for one in booking.companions.all()] == ["顶班老师"]


def test_a_session_that_moved_meanwhile_leaves_the_request_as_it_was(
    world: World, booking: Booking, late: datetime
) -> None:
    request = ask(world, booking, late)
    Booking.objects.update(edition=7)

    accepted = change_requests.accept_change(by=world.manager, request=request, now=late)

    assert accepted.state == ChangeState.ACCEPTED


def _leave(world: World, booking: Booking) -> datetime:
    """A student of the booking leaves the class, and her seat is freed."""
    at = booking.session.starts_at - timedelta(days=1)
    gone = world.students[1]
    Student.objects.filter(pk=gone.pk).update(left_at=at)
    roll.release_leaver(by=world.teacher, class_group=world.group, student=gone, now=at)
    return at


def _walk_in(world: World, booking: Booking) -> datetime:
    at = booking.session.starts_at - timedelta(minutes=30)
    changes.admit_walk_in(
        by=world.manager, session=booking.session, student=world.students[3], now=at, opens_at=at
    )
    return at


def _swap_at_door(world: World, booking: Booking) -> datetime:
    at = booking.session.starts_at - timedelta(minutes=30)
    changes.swap_student(
        by=world.manager,
        booking=booking,
        out_student_id=world.students[0].pk,
        in_student_id=world.students[3].pk,
        now=at,
        opens_at=at,
    )
    return at


def _merge(world: World, booking: Booking) -> datetime:
    at = booking.session.starts_at - timedelta(days=1)
    roll.take_over_places(
        by=world.coordinator, survivor=world.students[4], duplicate=world.students[0], now=at
    )
    return at


def _freeze_moved(world: World, booking: Booking) -> datetime:
    """The list is open again, by a season that freezes later, and is changed."""
    at = booking.session.starts_at - timedelta(days=2)
    world.season.freeze_days = 1
    world.season.save()
    fresh = Booking.objects.select_related("session__season", "class_group").get(pk=booking.pk)
    assert not freeze.is_settled(fresh.session, at)
    lists.change_booking(
        by=world.teacher,
        booking=fresh,
        edition=fresh.edition,
        student_ids=[student.pk for student in world.students[:2]],
        now=at,
    )
    return at


@pytest.mark.parametrize("change", [_leave, _walk_in, _swap_at_door, _merge, _freeze_moved])
def test_a_list_that_changes_ends_the_request_and_both_sides_learn_why(
    world: World,
    booking: Booking,
    late: datetime,
    change: Callable[[World, Booking], datetime],
) -> None:
    request = ask(world, booking, late)

    at = change(world, booking)

    request.refresh_from_db()
    assert (request.state, request.answered_at) == (ChangeState.EXPIRED, at)
    told = Message.objects.filter(kind="change_expired").order_by("recipient_id")
    assert [(one.recipient_id, one.path, one.body) for one in told] == sorted(
        (person, path, OVERTAKEN)
        for person, path in (
            (world.teacher.user_id, f"/trips/{booking.pk}/"),
            (world.manager.user_id, f"/requests/{request.pk}/"),
        )
    )
    with pytest.raises(RequestOver) as refusal:
        change_requests.accept_change(by=world.manager, request=request, now=at)
    assert str(refusal.value) == "这份申请已过期，不能再改。"


def test_a_list_changed_past_every_service_is_not_overwritten(
    world: World, booking: Booking, late: datetime
) -> None:
    request = ask(world, booking, late)
    first = world.students[0]
    Place.objects.filter(student=first).update(student=world.students[4])

    with pytest.raises(RequestStale) as refusal:
        change_requests.accept_change(by=world.manager, request=request, now=late)

    request.refresh_from_db()
    booking.refresh_from_db()
    assert (request.state, booking.seats) == (ChangeState.EXPIRED, 3)
    assert str(refusal.value) == (
        "提出申请以后，预约的学生或人数已经变了，这份申请已过期，预约不变。"
    )
    assert Message.objects.filter(kind="change_expired", body=OVERTAKEN).count() == 2


def test_what_it_was_about_stays_readable_once_it_is_answered(
    world: World, booking: Booking, late: datetime
) -> None:
    request = ask(world, booking, late)
    asked = selectors.difference(request)
    change_requests.accept_change(by=world.manager, request=request, now=late)

    request.refresh_from_db()
    assert selectors.difference(request) == asked
    assert (asked.coming, asked.leaving, asked.seats_now, asked.seats_then) == ((4, 5), (1,), 3, 4)


# ── a trip of several days ──


@pytest.fixture
def days(world: World, now: datetime) -> list[Booking]:
    """The first three of the class on both days of a camp."""
    camp, _sessions = world.camp(capacity=20)
    made = reservations.reserve(
        by=world.teacher,
        parts=[
            Part(
                class_group=world.group,
                session_set_id=camp.pk,
                student_ids=[student.pk for student in world.students[:3]],
            )
        ],
        idempotency_key="camp",
        now=now,
    )
    return list(
        made.bookings.select_related("session__season", "class_group").order_by("session_id")
    )


def test_all_days_of_a_trip_are_told_changed_and_shown_as_one(
    world: World, days: list[Booking]
) -> None:
    late = days[0].session.starts_at - timedelta(days=1)
    request = ask(world, days[0], late)

    change_requests.accept_change(by=world.manager, request=request, now=late)

    assert Message.objects.get(kind="change_asked").body.splitlines()[-3:] == [
        "各场一起改：",
        "12 月 8 日（周二）9:00–15:30",
        "12 月 9 日（周三）9:00–15:30",
    ]
    assert set(Booking.objects.values_list("seats", flat=True)) == {4}
    assert set(CourseSession.objects.values_list("seats_taken", flat=True)) == {4}
    assert {one["booking"] for one in request.before} == {one.pk for one in days}


def test_the_list_of_all_days_is_settled_with_the_first(world: World, days: list[Booking]) -> None:
    """Between the two there is no direct change of the second day, so there is a request."""
    between = days[1].session.starts_at - timedelta(days=3)
    settled = [freeze.is_settled(one.session, between) for one in days]

    request = ask(world, days[1], between)

    assert settled == [True, False]
    assert request.state == ChangeState.ASKED


def test_another_day_that_changes_ends_the_request_too(world: World, days: list[Booking]) -> None:
    late = days[0].session.starts_at - timedelta(days=1)
    request = ask(world, days[0], late)
    at = days[1].session.starts_at - timedelta(minutes=30)
    late_day = timezone.localtime(at)
    CourseSession.objects.filter(pk=days[0].session_id).update(
        starts_at=days[1].session.ends_at + timedelta(hours=1),
        ends_at=days[1].session.ends_at + timedelta(hours=3),
    )

    changes.admit_walk_in(
        by=world.manager,
        session=days[1].session,
        student=world.students[3],
        now=late_day,
        opens_at=late_day,
    )

    request.refresh_from_db()
    assert request.state == ChangeState.EXPIRED


def test_no_answer_once_one_of_the_days_has_begun(world: World, days: list[Booking]) -> None:
    late = days[0].session.starts_at - timedelta(days=1)
    request = ask(world, days[1], late)

    for answer in (
        lambda: change_requests.accept_change(
            by=world.manager, request=request, now=days[0].session.starts_at
        ),
        lambda: change_requests.decline_change(
            by=world.manager, request=request, answer="晚了。", now=days[0].session.starts_at
        ),
    ):
        with pytest.raises(SessionStarted):
            answer()


# ── names beside a request ──


def test_adults_are_named_at_once_beside_a_request(
    world: World, booking: Booking, late: datetime
) -> None:
    wanted = lists.look_up(
        booking,
        late,
        student_ids=[student.pk for student in world.students],
        seats=None,
        adults=None,
        companions=[CompanionInput("顶班老师", "13900000003")],
    )

    request = change_requests.ask_change(
        by=world.teacher, booking=booking, edition=1, wanted=wanted, reason="多两人", now=late
    )

    booking.refresh_from_db()
    assert (booking.seats, booking.edition, booking.sequence) == (3, 2, 1)
    assert [(one.name, one.phone) for one in booking.companions.all()] == [
        ("顶班老师", "13900000003")
    ]
    assert request.wanted == {
        "students": [student.pk for student in world.students], "seats": 5, "adults": 2
    }  # fmt: skip
    assert change_requests.accept_change(by=world.manager, request=request, now=late).wanted


def test_names_of_more_adults_than_come_now_wait_for_the_answer(
    world: World, booking: Booking, late: datetime
) -> None:
    named = [CompanionInput(name) for name in ("甲老师", "乙老师", "丙老师")]
    wanted = lists.look_up(
        booking,
        late,
        student_ids=[student.pk for student in world.students[:3]],
        seats=None,
        adults=2,
        companions=named,
    )
    request = change_requests.ask_change(
        by=world.teacher, booking=booking, edition=1, wanted=wanted, reason="加一位", now=late
    )
    before = [one.name for one in booking.companions.order_by("pk")]

    change_requests.accept_change(by=world.manager, request=request, now=late)

    booking.refresh_from_db()
    assert before == ["王老师", "李老师"]
    assert booking.adults == 3
    assert [one.name for one in booking.companions.order_by("pk")] == ["甲老师", "乙老师", "丙老师"]
    assert ChangeRequest.objects.get().wanted["companions"] == [[one.name, ""] for one in named]

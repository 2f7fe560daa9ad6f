"""Who joins a class is offered to its coming trips; who leaves it frees seats."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from accounts.errors import NotYours
from accounts.models import AuditEntry, User
from bookings.choices import BookingState
from bookings.errors.requests import SeatsShortForChange
from bookings.errors.reserving import NothingToRelease, StudentBusy
from bookings.models import Booking, IdempotentAnswer, Place
from bookings.selectors import roll as selectors
from bookings.services import reservations, roll
from bookings.services.parts import Part
from courses.models import CourseSession
from notifications.models import Message
from rosters.errors import NotYourClass, SeatTaken
from rosters.models import ClassGroup, Student
from rosters.services import students
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import COMPANIONS, make_booking
from tests.factories.rosters import StudentFactory

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def booked(world: World, now: datetime, *, days: int = 0, capacity: int = 40) -> Booking:
    """A trip of the class, booked an hour ago."""
    return make_booking(
        by=world.teacher,
        session=world.session(day=DAY + timedelta(days=days), capacity=capacity),
        class_group=world.group,
        now=now - HOUR,
    )


def joined(world: World, now: datetime, group: ClassGroup | None = None, seat: int = 30) -> Student:
    student = StudentFactory(class_group=group or world.group, seat_no=seat)
    Student.objects.filter(pk=student.pk).update(joined_at=now)
    student.refresh_from_db()
    return student


def seats_agree() -> bool:
    """Seats taken are the live places, of sessions and of bookings."""
    return all(
        session.seats_taken == Place.objects.live().filter(session=session).count()
        for session in CourseSession.objects.all()
    ) and all(
        booking.seats == Place.objects.live().filter(booking=booking).count()
        for booking in Booking.objects.all()
    )


# ── who joined ──


def test_a_newcomer_is_offered_for_what_was_booked_before(world: World, now: datetime) -> None:
    booked(world, now)
    booked(world, now, days=1)
    late = make_booking(
        by=world.teacher,
        session=world.session(day=DAY + timedelta(days=2)),
        class_group=world.group,
        now=now + HOUR,
        student_ids=[world.students[0].pk],
    )
    student = joined(world, now)
    joined(world, now - 2 * HOUR, seat=31)

    offered = selectors.newcomers([world.group.pk], now)

    assert offered == {world.group.pk: [selectors.Newcomer(student, 2)]}
    assert late not in selectors.bookings_without(student, now)
    after_both = DAY + timedelta(days=1)
    assert selectors.newcomers([world.group.pk], datetime.combine(
        after_both, time(9), tzinfo=now.tzinfo)) == {}  # fmt: skip


def test_adding_her_takes_a_seat_in_each(world: World, now: datetime) -> None:
    first, second = booked(world, now), booked(world, now, days=1)
    student = joined(world, now)
    before = Message.objects.latest("pk").pk

    outcomes = roll.add_newcomer(by=world.teacher, student=student, now=now)
    again = roll.add_newcomer(by=world.teacher, student=student, now=now)

    assert [(one.booking, one.why_not) for one in outcomes] == [(first, None), (second, None)]
    assert again == []
    assert selectors.newcomers([world.group.pk], now) == {}
    first.refresh_from_db()
    assert first.seats == 6
    assert CourseSession.objects.get(pk=first.session_id).seats_taken == 6
    assert seats_agree()
    # Teacher and manager are told of both.
    assert Message.objects.filter(pk__gt=before).count() == 4


def test_what_stands_in_the_way_is_said_for_each(world: World, now: datetime) -> None:
    full = booked(world, now, capacity=5)
    busy, fine = booked(world, now, days=1), booked(world, now, days=2)
    student = joined(world, now)
    group = world.new_group(8, 0)
    Student.objects.filter(pk=student.pk).update(class_group=group)
    world.teach(group)
    make_booking(
        by=world.teacher,
        session=world.session(day=DAY + timedelta(days=1)),
        class_group=group,
        now=now,
    )
    Student.objects.filter(pk=student.pk).update(class_group=world.group)
    student.refresh_from_db()

    outcomes = roll.add_newcomer(by=world.teacher, student=student, now=now)

    assert [(one.booking, type(one.why_not)) for one in outcomes] == [
        (full, SeatsShortForChange),
        (busy, StudentBusy),
        (fine, type(None)),
    ]
    assert seats_agree()


def test_days_of_a_set_are_added_together(world: World, now: datetime) -> None:
    camp, _days = world.camp()
    reservations.reserve(
        by=world.teacher,
        parts=[Part(world.group, session_set_id=camp.pk, companions=COMPANIONS)],
        idempotency_key="camp",
        now=now - HOUR,
    )
    student = joined(world, now)

    outcomes = roll.add_newcomer(by=world.teacher, student=student, now=now)

    assert [one.why_not for one in outcomes] == [None, None]
    assert Place.objects.live().filter(student=student).count() == 2
    assert seats_agree()


def test_only_her_class_s_people_add_her(world: World, now: datetime) -> None:
    booked(world, now)
    student = joined(world, now)
    colleague = actor_of(MembershipFactory(organisation=world.school))
    stranger = actor_of(MembershipFactory(coordinator=True))

    for actor, refusal in [(colleague, NotYourClass), (stranger, NotYours)]:
        with pytest.raises(refusal):
            roll.add_newcomer(by=actor, student=student, now=now)

    assert len(roll.add_newcomer(by=world.coordinator, student=student, now=now)) == 1


@pytest.mark.parametrize("number", [1, 3])
def test_newcomers_and_leavers_take_the_same_queries(
    world: World, now: datetime, number: int, django_assert_num_queries: Callable[..., Any]
) -> None:
    groups = [world.group]
    for one in range(number - 1):
        groups.append(world.new_group(10 + one, 5))
        world.teach(groups[-1])
    for group in groups:
        make_booking(by=world.teacher, session=world.session(), class_group=group, now=now - HOUR)
        joined(world, now, group)
        students.remove_student(
            by=world.coordinator, student=group.students.get(seat_no=1), now=now
        )
    keys = [group.pk for group in groups]

    with django_assert_num_queries(3):
        came = selectors.newcomers(keys, now)
    with django_assert_num_queries(1):
        went = selectors.leavers(keys, now)

    assert set(came) == set(went) == set(keys)


# ── who left ──


def test_who_left_is_shown_and_releases_her_seats(world: World, now: datetime) -> None:
    first, second = booked(world, now), booked(world, now, days=1)
    student = world.students[0]
    students.remove_student(by=world.coordinator, student=student, now=now)
    shown = selectors.leavers([world.group.pk], now)
    before = Message.objects.latest("pk").pk

    changed = roll.release_leaver(
        by=world.teacher, class_group=world.group, student=student, now=now
    )

    assert shown == {world.group.pk: [selectors.Leaver(student, 2)]}
    assert changed == [first, second]
    assert selectors.leavers([world.group.pk], now) == {}
    assert seats_agree()
    first.refresh_from_db()
    assert (first.seats, first.edition, first.sequence) == (4, 2, 1)
    bodies = set(Message.objects.filter(pk__gt=before).values_list("body", flat=True))
    assert all(body.startswith("有 1 名学生离开班级，名额已放出，现在是：") for body in bodies)
    assert not any(student.name in body for body in bodies)
    with pytest.raises(NothingToRelease):
        roll.release_leaver(by=world.teacher, class_group=world.group, student=student, now=now)


def test_who_is_still_there_keeps_her_seats(world: World, now: datetime) -> None:
    booked(world, now)

    with pytest.raises(NothingToRelease):
        roll.release_leaver(
            by=world.teacher, class_group=world.group, student=world.students[0], now=now
        )

    assert Place.objects.live().count() == 5


def test_a_booking_that_nobody_is_left_in_is_cancelled(world: World, now: datetime) -> None:
    student = world.students[0]
    booking = make_booking(
        by=world.teacher,
        session=world.session(),
        class_group=world.group,
        now=now - HOUR,
        student_ids=[student.pk],
    )
    students.remove_student(by=world.coordinator, student=student, now=now)

    roll.release_leaver(by=world.teacher, class_group=world.group, student=student, now=now)

    booking.refresh_from_db()
    assert (booking.state, booking.seats) == (BookingState.CANCELLED, 0)
    assert booking.cancel_reason == "学生已离开班级。"
    assert seats_agree()


def test_what_has_begun_is_not_released(world: World, now: datetime) -> None:
    booking = booked(world, now)
    student = world.students[0]
    students.remove_student(by=world.coordinator, student=student, now=now)

    with pytest.raises(NothingToRelease):
        roll.release_leaver(
            by=world.teacher,
            class_group=world.group,
            student=student,
            now=booking.session.starts_at,
        )


# ── moving within the school ──


@pytest.mark.parametrize("release", [True, False])
def test_moving_keeps_or_frees_the_old_class_s_seats(
    world: World, now: datetime, release: bool
) -> None:
    booking = booked(world, now)
    student, group = world.students[0], world.new_group(7, 1)

    moved, count = roll.move_student(
        by=world.coordinator,
        student=student,
        class_group=group,
        seat_no=2,
        release=release,
        now=now,
    )

    assert (moved.class_group, count) == (group, int(release))
    assert Place.objects.live().filter(student=student, booking=booking).exists() != release
    assert seats_agree()
    left = selectors.leavers([world.group.pk], now)
    assert left == ({} if release else {world.group.pk: [selectors.Leaver(student, 1)]})


def test_a_move_that_is_refused_frees_nothing(world: World, now: datetime) -> None:
    booked(world, now)
    group = world.new_group(7, 1)

    with pytest.raises(SeatTaken):
        roll.move_student(
            by=world.coordinator,
            student=world.students[0],
            class_group=group,
            seat_no=1,
            release=True,
            now=now,
        )

    assert Place.objects.live().count() == 5
    assert not AuditEntry.objects.filter(verb="places.released").exists()


# ── pages ──


def test_the_class_page_offers_both_and_does_both(world: World, now: datetime) -> None:
    booked(world, now)
    came, went = joined(world, now), world.students[0]
    students.remove_student(by=world.coordinator, student=went, now=now)
    client, page = signed_in(world.teacher), f"/classes/{world.group.pk}/"

    home = client.get("/").content.decode()
    before = client.get(page).content.decode()
    added = client.post(f"/school/students/{came.pk}/join/", follow=True).content.decode()
    freed = client.post(
        f"/classes/{world.group.pk}/students/{went.pk}/release/", follow=True
    ).content.decode()

    assert "七(3)班名单有变化" in home
    assert came.name not in home
    assert "新来的，已约的行程有 1 场没有加入" in before
    assert "已离开本班，还占着 1 场的名额" in before
    assert "30 号已加入 1 场。" in added
    assert "已放出 1 场的名额。" in freed
    assert "名单有变化" not in client.get(page).content.decode()
    assert seats_agree()


def test_the_class_page_says_why_not(world: World, now: datetime) -> None:
    booked(world, now, capacity=5)
    came = joined(world, now)
    client = signed_in(world.teacher)

    text = client.post(f"/school/students/{came.pk}/join/", follow=True).content.decode()
    nothing = client.post(
        f"/classes/{world.group.pk}/students/{world.students[0].pk}/release/", follow=True
    ).content.decode()

    assert "12 月 8 日（周二）9:00–11:30 没有加入：这一场没有空位了，这个预约最多 5 人。" in text
    assert "这名学生没有要放出的名额。" in nothing


def test_what_was_refused_is_tried_anew_when_it_is_pressed_again(
    world: World, now: datetime
) -> None:
    """The same form, from a page that was left open: what stood in the way is gone by then."""
    booking, free = booked(world, now, capacity=5), booked(world, now, days=1)
    came, went = joined(world, now), world.students[0]
    client, pressed = signed_in(world.teacher), {"form_key": "of one page"}
    add = f"/school/students/{came.pk}/join/"
    release = f"/classes/{world.group.pk}/students/{went.pk}/release/"

    partly = client.post(add, pressed)
    nothing = client.post(release, pressed)
    CourseSession.objects.update(capacity=40)
    students.remove_student(by=world.coordinator, student=went, now=now)
    done = [client.post(path, pressed) for path in (add, release)]
    counted = [one.edition for one in Booking.objects.order_by("pk")]
    again = [client.post(path, pressed) for path in (add, release)]

    assert {one["Location"] for one in (partly, nothing, *done, *again)} == {
        f"/classes/{world.group.pk}/"
    }
    for one in (booking, free):
        named = set(one.places.live().values_list("student", flat=True))
        assert (came.pk in named, went.pk in named) == (True, False)
    assert [one.edition for one in Booking.objects.order_by("pk")] == counted
    assert IdempotentAnswer.objects.count() == 2
    assert seats_agree()


def test_the_move_page_moves_and_refuses(world: World, now: datetime) -> None:
    booked(world, now)
    student, group = world.students[0], world.new_group(7, 2)
    client, page = signed_in(world.coordinator), f"/school/students/{student.pk}/move/"

    shown = client.get(page).content.decode()
    refused = client.post(page, {"class_group": group.pk, "seat_no": 1})
    moved = client.post(page, {"class_group": group.pk, "release": "on"})

    assert "在原班已约 1 场。" in shown
    assert refused.status_code == 409
    assert moved.status_code == 302
    student.refresh_from_db()
    assert (student.class_group, student.seat_no) == (group, 3)
    assert not Place.objects.live().filter(student=student).exists()

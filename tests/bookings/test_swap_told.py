"""What a swap shows before it is confirmed, and what is said afterwards."""

from collections.abc import Callable
from datetime import datetime, timedelta

import time_machine
from django.test import Client

from accounts.actors import Actor
from bookings.models import Booking, ChangeRequest
from bookings.selectors import swapping as selectors
from bookings.services import change_requests, lists, swapping
from notifications.models import Message
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.bookings import make_booking
from tests.factories.courses import make_session, make_version

Login = Callable[[Actor], Client]


def booked(world: World, now: datetime) -> Booking:
    return make_booking(by=world.teacher, session=world.session(), class_group=world.group, now=now)


def test_the_page_shows_what_is_kept_until_when_beside_what_is_given_up(
    world: World, now: datetime, login: Login
) -> None:
    booking = booked(world, now)
    new = world.session(day=DAY + timedelta(days=1), class_hours=6)
    swapping.keep_seats(by=world.teacher, booking=booking, session_ids=[new.pk], now=now)
    kept = selectors.kept_for(booking, now)

    with time_machine.travel(now, tick=False):
        page = login(world.teacher).get(f"/trips/{booking.pk}/swap/confirm/").content.decode()

    assert kept is not None
    assert (kept.until, kept.class_hours) == (now + timedelta(minutes=15), 6)
    assert [line.when for line in kept.lines] == ["12 月 9 日（周三）9:00–11:30"]
    columns = [part.split("</div>")[0] for part in page.split('<div class="stack-s">')[1:3]]
    assert [
        ("12 月 8 日（周二）9:00–11:30" in one, "12 月 9 日（周三）9:00–11:30" in one,
         "4 学时" in one, "6 学时" in one)
        for one in columns
    ] == [(True, False, True, False), (False, True, False, True)]  # fmt: skip
    assert "新的名额保留到" in page
    assert selectors.kept_for(booking, now + timedelta(minutes=15)) is None


def test_a_host_that_is_left_and_one_that_is_chosen_are_told_apart(
    world: World, now: datetime
) -> None:
    booking = booked(world, now)
    host = OrganisationFactory(vocational_school=True, name="普陀职业技术学校")
    theirs = MembershipFactory(host_manager=True, organisation=host)
    new = make_session(make_version(host, title_zh="木工"), season=world.season, now=now)
    assert new.room is not None

    swapping.swap(
        by=world.teacher, booking=booking, session_ids=[new.pk], reason="撞了考试", now=now
    )

    left, chosen = (
        Message.objects.get(kind="booking_swapped", recipient_id=key)
        for key in (world.manager.user_id, theirs.user_id)
    )
    trip = "12 月 8 日（周二）9:00–11:30 清河中学 七(3)班"
    assert (left.subject, left.body.splitlines()) == (
        f"预约已取消：{trip}《面包师：吐司与软欧》",
        [
            "清河中学的周老师换到别的场次，下列预约取消。原因：撞了考试",
            "",
            f"{trip}《面包师：吐司与软欧》",
        ],
    )
    assert (chosen.subject, chosen.body.splitlines()) == (
        f"新预约：{trip}《木工》",
        [
            "清河中学的周老师约了下列场次。",
            "",
            "课程：木工",
            "时间：12 月 8 日（周二）9:00–11:30",
            f"地点：{new.room.site.name} {new.room.name}",
            "班级：清河中学 七(3)班",
            "人数：5 名学生",
            "带队教师：2 位",
            "学校联系人：周老师",
            f"预约号：{booking.reservation.reference}",
        ],
    )


def test_an_answer_without_words_adds_none(world: World, now: datetime) -> None:
    booking = booked(world, now)
    late = booking.session.starts_at - timedelta(days=2)
    wanted = lists.look_up(
        booking,
        late,
        student_ids=[student.pk for student in world.students[:3]],
        seats=None,
        adults=None,
        companions=None,
    )
    request = change_requests.ask_change(
        by=world.teacher, booking=booking, edition=1, wanted=wanted, reason="两人请假", now=late
    )

    change_requests.accept_change(by=world.manager, request=request, answer=" ", now=late)

    assert ChangeRequest.objects.get().answer == ""
    assert Message.objects.get(kind="change_answered").body == (
        "曹杨职业技术学校的李师傅同意了修改申请，预约已按申请改好。"
    )

"""The school's pages of its trips."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from icalendar import Calendar

from accounts.actors import Actor
from accounts.models import AuditEntry
from bookings.models import Booking
from bookings.selectors import trips
from bookings.services import changes, lists, reservations
from bookings.services.parts import Part
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.bookings import make_booking, make_reservation

Login = Callable[[Actor], Client]


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def booked(world: World, now: datetime, **more: object) -> Booking:
    return make_booking(
        by=world.teacher,
        session=world.session(),
        class_group=world.group,
        now=now,
        **more,  # type: ignore[arg-type]
    )


def change_form(booking: Booking, students: list[int], **more: str) -> dict[str, object]:
    return {"edition": booking.edition, "students": students, "companion_0": "王老师"} | more


def test_trips_shows_what_is_to_come(world: World, now: datetime, login: Login) -> None:
    booked(world, now)

    page = login(world.teacher).get("/trips/")

    assert page.status_code == 200
    assert "面包师：吐司与软欧" in page.content.decode()
    assert "七(3)班" in page.content.decode()


@pytest.mark.parametrize("show", ["", "past", "cancelled", "nonsense"])
def test_trips_without_any_says_so(world: World, login: Login, show: str) -> None:
    page = login(world.teacher).get("/trips/", {"show": show})

    assert page.status_code == 200
    assert page.context["trips"] == []


def test_booking_page_shows_all_that_a_teacher_needs(
    world: World, now: datetime, login: Login
) -> None:
    booking = booked(world, now, note="<b>😀</b>")

    page = login(world.teacher).get(f"/trips/{booking.pk}/")

    text = page.content.decode()
    assert booking.reservation.reference in text
    assert "021-5555 0101" in text
    assert "地铁 11 号线曹杨路站 3 号口。" in text
    assert "&lt;b&gt;😀&lt;/b&gt;" in text
    assert (page.context["progress"].reached, page.context["progress"].required) == (4, 14)
    assert AuditEntry.objects.get(verb="names.read").facts == {
        "context": "booking",
        "count": 5,
        "classes": [world.group.pk],
        "students": [one.pk for one in world.students],
    }


def test_a_trip_without_names_asks_for_them_and_counts_nobody(
    world: World, now: datetime, login: Login
) -> None:
    booking = make_booking(
        by=world.teacher,
        session=world.session(),
        class_group=world.group,
        now=now,
        student_ids=[],
        seats=3,
    )

    page = login(world.teacher).get(f"/trips/{booking.pk}/").content.decode()

    assert "名额已占，还没有选学生。" in page
    assert "去了以后" not in page
    assert "全部收齐" not in page


def test_changing_a_booking(world: World, now: datetime, login: Login) -> None:
    booking = booked(world, now)
    client = login(world.teacher)
    assert client.get(f"/trips/{booking.pk}/change/").status_code == 200

    answer = client.post(
        f"/trips/{booking.pk}/change/",
        change_form(booking, [world.students[0].pk]),
    )

    booking.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, f"/trips/{booking.pk}/")
    assert (booking.seats, booking.companions.get().name) == (1, "王老师")


def test_a_stale_form_keeps_what_was_filled_in_and_may_be_sent_again(
    world: World, now: datetime, login: Login
) -> None:
    booking = booked(world, now)
    lists.change_booking(
        by=world.coordinator,
        booking=booking,
        edition=1,
        student_ids=[student.pk for student in world.students[:2]],
        now=now,
    )
    form = change_form(booking, [world.students[4].pk], companion_0="张😀老师")
    client = login(world.teacher)

    stale = client.post(f"/trips/{booking.pk}/change/", form)

    text = stale.content.decode()
    assert stale.status_code == 409
    assert "这个预约刚才已被修改，请看过最新的内容再提交。" in text
    assert 'value="张😀老师"' in text
    assert 'name="edition" value="2"' in text
    again = client.post(f"/trips/{booking.pk}/change/", form | {"edition": 2})
    assert again.status_code == 302


@pytest.mark.parametrize(
    "bad",
    [
        {"students": []},
        {"students": [4711]},
        {"students": ["１２"]},
        {"students": ["x"]},
        {"edition": "ten"},
        {"edition": ""},
        {"companion_0": "长" * 10_000},
        {"companion_0": "", "companion_phone_0": "139"},
        {"adults": "1"},
    ],
)
def test_bad_input_is_explained_on_the_form(
    world: World, now: datetime, login: Login, bad: dict[str, object]
) -> None:
    booking = booked(world, now)
    form = change_form(booking, [world.students[0].pk]) | bad

    page = login(world.teacher).post(f"/trips/{booking.pk}/change/", form)

    booking.refresh_from_db()
    assert page.status_code in (200, 422)
    assert page.context["form"].errors
    assert booking.seats == 5


def test_cancelling_a_booking(world: World, now: datetime, login: Login) -> None:
    booking = booked(world, now)
    client = login(world.teacher)
    assert "离上课还有 14 天" in client.get(f"/trips/{booking.pk}/cancel/").content.decode()

    answer = client.post(f"/trips/{booking.pk}/cancel/", {"code": "other", "reason": "学校运动会"})

    booking.refresh_from_db()
    assert answer["Location"] == f"/trips/{booking.pk}/"
    assert (booking.state, booking.cancel_reason) == ("cancelled", "学校运动会")
    assert "原因：学校运动会" in client.get(f"/trips/{booking.pk}/").content.decode()
    again = client.post(f"/trips/{booking.pk}/cancel/", {"code": "other", "reason": "再来"})
    assert again.status_code == 409


def test_a_page_left_open_cancels_nothing_twice_and_leads_to_the_booking(
    world: World, now: datetime, login: Login
) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )
    client = login(world.teacher)
    path = f"/trips/{booking.pk}/cancel/"

    opened = client.get(path).content.decode()
    client.post(path, {"code": "exam", "reason": "学校运动会"})
    again = client.post(path, {"code": "exam", "reason": "学校运动会"})

    text = again.content.decode()
    assert again.status_code == 409
    assert ["btn-danger" in page for page in (opened, text)] == [True, False]
    assert ['name="reason"' in page for page in (opened, text)] == [True, False]
    assert f'href="/trips/{booking.pk}/">看预约</a>' in text


@pytest.mark.parametrize("reason", ["", "   ", "长" * 10_000])
def test_cancelling_needs_a_reason_of_some_length(
    world: World, now: datetime, login: Login, reason: str
) -> None:
    booking = booked(world, now)

    page = login(world.teacher).post(f"/trips/{booking.pk}/cancel/", {"reason": reason})

    booking.refresh_from_db()
    assert page.status_code == 200
    assert booking.state == "confirmed"


def test_a_trip_that_has_begun_shows_why_nothing_can_be_changed(
    world: World, now: datetime, login: Login
) -> None:
    booking = booked(world, now)

    with time_machine.travel(booking.session.starts_at + timedelta(minutes=1)):
        client = login(world.teacher)
        page = client.get(f"/trips/{booking.pk}/")
        refused = client.get(f"/trips/{booking.pk}/change/")

    assert (
        page.content.decode().count("这一场 12 月 8 日（周二）9:00 已经开始，不能再改预约。") == 3
    )
    assert refused.status_code == 409


def test_the_calendar_file_opens_and_names_no_student(
    world: World, now: datetime, login: Login
) -> None:
    booking = booked(world, now)

    file = login(world.teacher).get(f"/trips/{booking.pk}/calendar.ics")

    event = Calendar.from_ical(file.content).walk("VEVENT")[0]
    assert event["UID"] == f"{booking.uid}@career-classroom"
    assert file["Content-Type"] == "text/calendar; charset=utf-8"
    assert not [one for one in world.students if one.name in file.content.decode()]


def test_the_printed_trip_masks_names(world: World, now: datetime, login: Login) -> None:
    booking = booked(world, now)

    text = login(world.teacher).get(f"/trips/{booking.pk}/print/").content.decode()

    assert "学○○" in text
    assert not [one for one in world.students if one.name in text]


ADDRESSES = ["", "change/", "cancel/", "calendar.ics", "print/"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_else_finds_the_booking(
    world: World, now: datetime, login: Login, address: str
) -> None:
    booking = booked(world, now)
    path = f"/trips/{booking.pk}/{address}"
    another_class = MembershipFactory(organisation=world.school)
    strangers = [
        actor_of(MembershipFactory(coordinator=True)),
        actor_of(MembershipFactory(organisation=OrganisationFactory())),
        actor_of(another_class),
    ]

    statuses = [login(actor).get(path).status_code for actor in strangers]

    assert login(world.teacher).get(path).status_code == 200
    assert statuses == [404, 404, 404]
    assert login(world.manager).get(path).status_code == 403
    assert Client().get(path).status_code == 302


@pytest.mark.parametrize("count", [1, 3])
def test_trips_takes_the_same_queries_for_one_and_three(
    world: World,
    now: datetime,
    login: Login,
    count: int,
    django_assert_num_queries: Callable[..., object],
) -> None:
    for offset in range(count):
        make_booking(
            by=world.teacher,
            session=world.session(day=DAY + timedelta(days=offset)),
            class_group=world.group,
            now=now,
        )
    client = login(world.teacher)
    client.get("/trips/")

    # One of them looks for seats without names.
    with django_assert_num_queries(18):
        page = client.get("/trips/")

    assert len(page.context["trips"]) == count


@pytest.mark.parametrize("count", [1, 3])
def test_trips_with_names_to_come_take_no_query_more(
    world: World,
    now: datetime,
    login: Login,
    count: int,
    django_assert_num_queries: Callable[..., object],
) -> None:
    for offset in range(count):
        make_booking(
            by=world.teacher,
            session=world.session(day=DAY + timedelta(days=offset)),
            class_group=world.group,
            now=now,
            student_ids=[],
            seats=3,
        )
    client = login(world.teacher)
    client.get("/trips/")

    with django_assert_num_queries(18):
        page = client.get("/trips/")

    assert [trip.unnamed for trip in page.context["trips"]] == [3] * count


def test_a_trip_says_how_many_names_are_to_come_and_leads_there(
    world: World, now: datetime, login: Login
) -> None:
    whole = booked(world, now)
    partly = make_booking(
        by=world.teacher,
        session=world.session(day=DAY + timedelta(days=1)),
        class_group=world.group,
        now=now,
        student_ids=[student.pk for student in world.students[:2]],
        seats=5,
    )
    client = login(world.teacher)

    page = client.get("/trips/")

    text = page.content.decode()
    assert [(one.booking, one.unnamed) for one in page.context["trips"]] == [
        (whole, 0),
        (partly, 3),
    ]
    assert text.count("待报名单 3 人</span>") == 1
    assert f'href="/trips/{partly.pk}/change/"' in text
    assert f'href="/trips/{whole.pk}/change/"' not in text
    with time_machine.travel(partly.session.starts_at, tick=False):
        begun = login(world.teacher).get("/trips/")
        assert [(one.booking, one.unnamed) for one in begun.context["trips"]] == [(partly, 0)]
        assert "待报名单" not in begun.content.decode()


def test_groups_of_a_trip_count_their_missing_names_together(
    world: World, now: datetime, login: Login
) -> None:
    made = reservations.reserve(
        by=world.teacher,
        parts=[
            Part(class_group=world.group, session_ids=[world.session().pk], **who)
            for who in (
                {"student_ids": [world.students[0].pk]},
                {"student_ids": [world.students[1].pk], "seats": 2},
                {"seats": 2},
            )
        ],
        idempotency_key="k",
        now=now,
    )

    (trip,) = login(world.teacher).get("/trips/").context["trips"]

    assert (trip.seats, trip.unnamed) == (5, 3)
    assert trip.to_name == made.bookings.order_by("pk")[1]


@pytest.mark.parametrize("newest_first", [False, True])
def test_trips_are_paged_both_ways(world: World, now: datetime, newest_first: bool) -> None:
    for offset in range(3):
        make_booking(
            by=world.teacher,
            session=world.session(day=DAY + timedelta(days=offset)),
            class_group=world.group,
            now=now,
        )
    if newest_first:
        listed = trips.past(world.teacher, now + timedelta(days=30))
    else:
        listed = trips.upcoming(world.teacher, now)

    first, after = trips.page_of(listed, after="", newest_first=newest_first, size=2)
    second, end = trips.page_of(listed, after=after, newest_first=newest_first, size=2)

    pks = list(Booking.objects.order_by("pk").values_list("pk", flat=True))
    assert [row.pk for row in [*first, *second]] == (pks[::-1] if newest_first else pks)
    assert end == ""


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "2026-12-08_1",
        "2026-12-08T09:00:00+08:00_",
        f"2026-12-08T09:00:00+08:00_{10**30}",
    ],
)
def test_a_garbled_cursor_begins_at_the_front(
    world: World, now: datetime, login: Login, after: str
) -> None:
    booked(world, now)

    page = login(world.teacher).get("/trips/", {"after": after})

    assert len(page.context["trips"]) == 1


def test_trips_of_one_class(world: World, now: datetime, login: Login) -> None:
    other = world.new_group(4, 1)
    for group in (world.group, other):
        make_booking(by=world.coordinator, session=world.session(), class_group=group, now=now)

    page = login(world.coordinator).get("/trips/", {"class": other.pk})

    assert [trip.class_name for trip in page.context["trips"]] == ["七(4)班"]


def test_a_cancelled_camp_still_has_its_page(world: World, now: datetime, login: Login) -> None:
    _camp, days = world.camp()
    made = make_reservation(by=world.teacher, sessions=days, class_group=world.group, now=now)
    first = made.bookings.select_related("session", "class_group").order_by("session_id")[0]
    changes.cancel_booking(by=world.teacher, booking=first, reason="停课", now=now)

    assert login(world.teacher).get(f"/trips/{first.pk}/").status_code == 200

"""A booking that wants more seats than are free: refused, or asked for as what the host can add."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from bookings.errors.requests import SeatsShortForRequest
from bookings.errors.reserving import MoreThanClass, StudentBusy
from bookings.models import Booking, ChangeRequest
from bookings.selectors import change_requests as selectors
from bookings.services import change_requests, growth, lists, together
from courses.errors import RoomFull
from courses.models import CourseSession
from notifications.models import Message
from rosters.models import ClassGroup
from tests.bookings.conftest import DAY, World
from tests.factories.bookings import make_booking, make_reservation

Login = Callable[[Actor], Client]


@pytest.fixture
def group(world: World) -> ClassGroup:
    """A class of thirty."""
    group = world.new_group(8, 30)
    world.teach(group)
    return group


@pytest.fixture
def booking(world: World, group: ClassGroup, now: datetime) -> Booking:
    """Three of them, in a session of ten; the room and the course would do for forty."""
    return make_booking(
        by=world.teacher,
        session=world.session(capacity=10),
        class_group=group,
        now=now,
        student_ids=keys(group, 3),
    )


@pytest.fixture
def late(booking: Booking) -> Iterator[datetime]:
    moment = booking.session.starts_at - timedelta(days=2)
    with time_machine.travel(moment, tick=False):
        yield moment


def keys(group: ClassGroup, count: int) -> list[int]:
    return list(group.students.order_by("seat_no").values_list("pk", flat=True)[:count])


def ask(world: World, booking: Booking, late: datetime, count: int, **more: Any) -> ChangeRequest:
    named = keys(booking.class_group, count)
    return change_requests.ask_change(
        by=world.teacher,
        booking=booking,
        edition=booking.edition,
        wanted=lists.look_up(
            booking,
            late,
            **({"student_ids": named, "seats": None, "adults": None, "companions": None} | more),
        ),
        reason="多去几人。",
        now=late,
    )


def filled_in(booking: Booking, count: int, **more: Any) -> dict[str, Any]:
    return {
        "edition": booking.edition,
        "students": keys(booking.class_group, count),
        "adults": 2,
        "reason": "多去几人。",
    } | more


def most_in_course(booking: Booking, most: int) -> None:
    """The course teaches no more at a time."""
    version = booking.session.version
    version.group_size_max = most
    version.save(update_fields=["group_size_max"])


# ── what is allowed ──


@pytest.mark.parametrize(
    ("most", "heads", "expected"),
    [
        (40, None, (7, 10, 40)),
        (12, None, (7, 10, 12)),
        (10, None, (7, 10, 10)),
        # The session itself was opened for more than the course has now.
        (8, None, (7, 10, 10)),
        # Three and two adults have come; of nine heads four are left for students.
        (40, 9, (7, 7, 7)),
    ],
)
def test_how_far_a_booking_may_grow(
    booking: Booking, most: int, heads: int | None, expected: tuple[int, int, int]
) -> None:
    most_in_course(booking, most)
    CourseSession.objects.update(heads_limit=heads)
    booking.refresh_from_db()

    found = growth.of([booking])

    assert (found.free, found.most, found.most_with_added) == expected


def test_days_that_change_together_allow_what_the_tightest_does(
    world: World, group: ClassGroup, now: datetime
) -> None:
    _camp, days = world.camp(capacity=20)
    made = make_reservation(
        by=world.teacher,
        sessions=days,
        class_group=group,
        now=now,
        student_ids=keys(group, 3),
    )
    CourseSession.objects.filter(pk=days[1].pk).update(capacity=5)

    found = growth.of(together.of(made.bookings.order_by("pk")[0]))

    assert (found.free, found.most, found.most_with_added) == (2, 5, 40)


# ── asking ──


def test_what_not_even_the_host_could_make_room_for_is_refused(
    world: World, booking: Booking, late: datetime
) -> None:
    most_in_course(booking, 12)

    with pytest.raises(SeatsShortForRequest) as refusal:
        ask(world, booking, late, 24)

    assert str(refusal.value) == (
        "这一场余 7 位，开课单位最多还能加 2 位，这个预约最多 12 人。申请没有发出。"
    )
    assert refusal.value.facts == {"seats": 21, "seats_left": 7, "addable": 2, "most": 12}
    assert not ChangeRequest.objects.exists()


def test_where_the_host_can_add_nothing_only_what_is_free_is_said(
    world: World, booking: Booking, late: datetime
) -> None:
    most_in_course(booking, 10)

    with pytest.raises(SeatsShortForRequest) as some:
        ask(world, booking, late, 11)
    CourseSession.objects.update(capacity=3)
    most_in_course(booking, 3)
    with pytest.raises(SeatsShortForRequest) as none:
        ask(world, booking, late, 4)

    assert [str(one.value) for one in (some, none)] == [
        "这一场只余 7 位，这个预约最多 10 人。申请没有发出。",
        "这一场没有空位了，这个预约最多 3 人。申请没有发出。",
    ]


def test_more_than_the_room_or_the_class_has_or_who_is_elsewhere_is_not_asked_for(
    world: World, group: ClassGroup, booking: Booking, now: datetime, late: datetime
) -> None:
    with pytest.raises(MoreThanClass):
        ask(world, booking, late, 3, seats=31)
    CourseSession.objects.update(heads_limit=9)
    with pytest.raises(RoomFull):
        ask(world, booking, late, 8)
    with pytest.raises(RoomFull):
        ask(world, booking, late, 3, adults=7)
    CourseSession.objects.update(heads_limit=None)
    make_booking(
        by=world.teacher,
        session=world.session(day=DAY),
        class_group=group,
        now=now,
        student_ids=keys(group, 5)[4:],
    )
    with pytest.raises(StudentBusy):
        ask(world, booking, late, 5)

    assert not ChangeRequest.objects.exists()
    assert ask(world, booking, late, 4).wanted["seats"] == 4


def test_what_needs_more_seats_says_so_to_both_until_they_are_there(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    asked = ask(world, booking, late, 24)
    said = "余位不够：开课单位要先加 14 个名额才能同意。"
    school, host = f"/trips/{booking.pk}/", f"/requests/{asked.pk}/"
    add = f"/today/sessions/{booking.session_id}/change/"

    def pages() -> list[str]:
        return [
            login(actor).get(path).content.decode()
            for actor, path in (
                (world.teacher, school),
                (world.teacher, "/requests/"),
                (world.manager, "/requests/"),
                (world.manager, host),
            )
        ]

    assert [page.count(said) for page in pages()] == [1, 1, 1, 1]
    assert f'href="{add}"' in pages()[-1]
    assert Message.objects.get(kind="change_asked").body.splitlines()[-1] == said
    refused = login(world.manager).post(host, {"accepts": "yes", "answer": ""})
    assert refused.status_code == 409
    CourseSession.objects.update(capacity=24)
    assert [page.count("余位不够") for page in pages()] == [0, 0, 0, 0]
    assert login(world.manager).post(host, {"accepts": "yes", "answer": ""}).status_code == 302
    booking.refresh_from_db()
    assert booking.seats == 24


def test_what_is_free_by_itself_is_not_said_to_need_the_host(
    world: World, booking: Booking, late: datetime
) -> None:
    asked = ask(world, booking, late, 10)
    fits = selectors.seats_short([asked])
    CourseSession.objects.update(capacity=9)
    lacks = selectors.seats_short([asked])
    over = change_requests.withdraw_change(by=world.teacher, request=asked, now=late)

    assert (fits, lacks, selectors.seats_short([over])) == ({}, {asked.pk: 1}, {})


@pytest.mark.parametrize("count", [1, 3])
def test_requests_for_more_seats_cost_one_query_more(
    world: World, now: datetime, login: Login, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(4, 4 + count):
        group = world.new_group(number, 30)
        world.teach(group)
        one = make_booking(
            by=world.teacher,
            session=world.session(capacity=10),
            class_group=group,
            now=now,
            student_ids=keys(group, 3),
        )
        late = one.session.starts_at - timedelta(days=2)
        ask(world, one, late, 24)
    with time_machine.travel(late, tick=False):
        client = login(world.manager)
        client.get("/requests/")

        with django_assert_num_queries(15):
            page = client.get("/requests/")

    assert [row.short for row in page.context["rows"]] == [14] * count


# ── the form ──


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (40, "这一场只余 7 位，最多 10 人。再多要开课单位先加名额，最多 30 人。不填就"),
        (10, "这一场只余 7 位，最多 10 人。不填就"),
    ],
)
def test_how_many_there_may_be_stands_at_the_number_before_it_is_sent(
    world: World, booking: Booking, late: datetime, login: Login, most: int, said: str
) -> None:
    most_in_course(booking, most)

    page = login(world.teacher).get(f"/trips/{booking.pk}/change/")

    assert said in page.content.decode()


def test_where_the_whole_class_finds_room_no_limit_is_spoken_of(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    CourseSession.objects.update(capacity=30)

    page = login(world.teacher).get(f"/trips/{booking.pk}/change/").content.decode()

    assert "这一场只余" not in page
    assert "这一场还余 27 位" in page


def test_before_the_freeze_the_host_is_not_spoken_of(
    world: World, booking: Booking, now: datetime, login: Login
) -> None:
    with time_machine.travel(now, tick=False):
        page = login(world.teacher).get(f"/trips/{booking.pk}/change/")

    assert "这一场只余 7 位，最多 10 人。不填就" in page.content.decode()


@pytest.mark.parametrize(("filled", "field"), [({"seats": 24}, "seats"), ({}, "students")])
def test_too_many_are_refused_at_the_field_they_were_asked_for_in(
    world: World,
    booking: Booking,
    late: datetime,
    login: Login,
    filled: dict[str, int],
    field: str,
) -> None:
    most_in_course(booking, 10)

    refused = login(world.teacher).post(
        f"/trips/{booking.pk}/change/", filled_in(booking, 3 if filled else 24, **filled)
    )

    assert refused.status_code == 409
    assert refused.context["form"].errors == {
        field: ["这一场只余 7 位，这个预约最多 10 人。申请没有发出。"]
    }
    assert "这一场只余 7 位，最多 10 人。不填就" in refused.content.decode()
    assert not ChangeRequest.objects.exists()


def test_fewer_seats_than_names_are_refused_at_the_seats(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    refused = login(world.teacher).post(
        f"/trips/{booking.pk}/change/", filled_in(booking, 4, seats=3)
    )

    assert refused.status_code == 422
    assert refused.context["form"].errors == {
        "seats": ["名单上有 4 名学生，名额却只要 3 个，请改成一致。"]
    }


def test_too_few_adults_are_refused_at_their_number(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    refused = login(world.teacher).post(
        f"/trips/{booking.pk}/change/", filled_in(booking, 4, adults=0)
    )

    assert list(refused.context["form"].errors) == ["adults"]


# ── what waits already ──


def test_what_waits_stands_before_the_form_with_its_way_back(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    asked = ask(world, booking, late, 4)
    client, path = login(world.teacher), f"/trips/{booking.pk}/change/"

    page = client.get(path).content.decode()
    trip = client.get(f"/trips/{booking.pk}/").content.decode()
    withdraw = f"/trips/requests/{asked.pk}/withdraw/"
    gone = client.post(withdraw, {"change": "1", "form_key": "k"})
    after = client.get(path).content.decode()

    notice = "有一份修改申请在等开课单位答复"
    for text, then in ((page, 'name="edition"'), (trip, "预约单")):
        order = [notice, "增加：4号", withdraw, then]
        assert sorted(order, key=text.index) == order
    assert "请先撤回这份申请" in page
    assert "请先撤回这份申请" not in trip
    assert (gone.status_code, gone["Location"]) == (302, path)
    assert notice not in after


def test_what_waits_for_another_day_of_a_camp_is_said_on_each(
    world: World, group: ClassGroup, now: datetime, login: Login
) -> None:
    _camp, days = world.camp(capacity=20)
    made = make_reservation(
        by=world.teacher, sessions=days, class_group=group, now=now, student_ids=keys(group, 3)
    )
    first, second = made.bookings.select_related("session", "class_group").order_by("session_id")
    late = first.session.starts_at - timedelta(days=2)
    ask(world, first, late, 4)

    with time_machine.travel(late, tick=False):
        client = login(world.teacher)
        pages = [
            client.get(f"/trips/{one.pk}/{page}")
            for one in (first, second)
            for page in ("", "change/")
        ]

    assert [page.context["waiting"].difference for page in pages] == [
        ["增加：4号", "学生：3 人 → 4 人"]
    ] * 4


def test_once_the_session_has_begun_nothing_is_taken_back(
    world: World, booking: Booking, late: datetime, login: Login
) -> None:
    ask(world, booking, late, 4)

    with time_machine.travel(booking.session.starts_at, tick=False):
        page = login(world.teacher).get(f"/trips/{booking.pk}/")

    assert page.context["waiting"] is None
    assert [row.asked.state for row in page.context["requests"]] == ["asked"]
    assert "撤回申请" not in page.content.decode()

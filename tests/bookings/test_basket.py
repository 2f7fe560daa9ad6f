"""The basket: chosen without taking seats, checked together, reserved at once or not at all."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts.actors import Actor
from accounts.errors import NotYours
from bookings import wording
from bookings.errors.basket import BasketEmpty
from bookings.errors.reserving import AlreadyBooked, SessionsOverlap, StudentBusy
from bookings.models import BasketItem, Booking, Reservation
from bookings.services import basket
from bookings.services.companions import CompanionInput
from courses.errors import RoomFull, SessionCancelled, SessionFull
from courses.models import CourseSession, CourseVersion
from rosters.errors import NotYourClass
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import OrganisationFactory
from tests.factories.bookings import make_booking

Login = Callable[[Actor], Client]


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def put(world: World, now: datetime, *sessions: CourseSession, **more: Any) -> None:
    for session in sessions:
        basket.add(
            by=world.teacher,
            class_group=more.get("class_group", world.group),
            session_id=session.pk,
            student_ids=more.get("student_ids"),
            now=now,
        )


def reserve(world: World, now: datetime, key: str = "k", **more: Any) -> Reservation:
    return basket.reserve_all(
        by=world.teacher,
        companions=[CompanionInput("周老师")],
        contact_phone="",
        idempotency_key=key,
        now=now,
        **more,
    )


def reasons(world: World, now: datetime) -> list[str | None]:
    return [
        type(line.why_not).__name__ if line.why_not else None
        for one in basket.baskets(world.teacher, now)
        for line in one.lines
    ]


def test_items_stand_by_their_day_however_they_were_put_in(
    world: World, now: datetime, login: Login
) -> None:
    _camp, days = world.camp(day=DAY + timedelta(days=2))
    first, last = (world.session(day=DAY + timedelta(days=offset)) for offset in (0, 5))
    put(world, now, last)
    put(world, now, days[0])
    put(world, now, first)

    (found,) = basket.baskets(world.teacher, now)
    page = login(world.teacher).get("/basket/").content.decode()

    assert [line.offer.first for line in found.lines] == [first, days[0], last]
    moments = ["12 月 8 日（周二）", "12 月 10 日（周四）", "12 月 13 日（周日）"]
    assert sorted(moments, key=page.index) == moments


def test_of_two_at_once_the_later_one_is_told_of_the_earlier(world: World, now: datetime) -> None:
    later, earlier = world.session(starts=time(10)), world.session(starts=time(9))
    put(world, now, later)
    put(world, now, earlier)

    assert reasons(world, now) == [None, "SessionsOverlap"]
    (found,) = basket.baskets(world.teacher, now)
    assert [line.offer.first for line in found.lines] == [earlier, later]


def test_the_head_of_a_basket_says_for_how_many_where_it_is_one_number(
    world: World, now: datetime, login: Login
) -> None:
    client = login(world.teacher)

    def head() -> str:
        page = client.get("/basket/").content.decode()
        return page.split('class="basket"')[1].split("</header>")[0]

    put(world, now, world.session())
    assert "1 项 · 5 人" in head()
    put(
        world,
        now,
        world.session(day=DAY + timedelta(days=1)),
        student_ids=[world.students[0].pk],
    )
    assert "2 项</span>" in head()


def test_what_is_chosen_takes_no_seat_and_shows_its_effect(world: World, now: datetime) -> None:
    _camp, days = world.camp()
    make_booking(
        by=world.teacher,
        session=world.session(day=DAY + timedelta(days=7)),
        class_group=world.group,
        now=now,
    )

    put(world, now, days[1], world.session(day=DAY + timedelta(days=3), class_hours=3))
    put(world, now, days[0])

    (found,) = basket.baskets(world.teacher, now)
    days[0].refresh_from_db()
    assert [[one.pk for one in line.offer.sessions] for line in found.lines] == [
        [day.pk for day in days],
        [CourseSession.objects.latest("pk").pk],
    ]
    assert (found.progress.booked, found.hours, found.hours_then) == (4, 17, 21)
    assert (days[0].seats_taken, found.why_not) == (0, "")


def test_each_item_says_itself_why_it_cannot_be_had(world: World, now: datetime) -> None:
    free, tight = world.session(), world.session(day=DAY + timedelta(days=1), capacity=4)
    beside, gone = world.session(starts=time(10)), world.session(day=DAY + timedelta(days=2))
    booked, busy = (world.session(day=DAY + timedelta(days=offset)) for offset in (3, 4))
    make_booking(by=world.teacher, session=booked, class_group=world.group, now=now)
    make_booking(
        by=world.teacher,
        session=world.session(day=DAY + timedelta(days=4), starts=time(11)),
        class_group=world.group,
        now=now,
        student_ids=[world.students[0].pk],
    )

    put(world, now, free, tight, beside, gone, booked, busy)
    CourseSession.objects.filter(pk=gone.pk).update(
        state="cancelled", cancelled_at=now, cancel_reason="停电", room_hold=None
    )

    assert reasons(world, now) == [
        None,
        SessionsOverlap.__name__,
        SessionFull.__name__,
        SessionCancelled.__name__,
        AlreadyBooked.__name__,
        StudentBusy.__name__,
    ]


def test_everything_is_reserved_at_once_and_leaves_the_basket(world: World, now: datetime) -> None:
    other = world.new_group(4, 2)
    world.teach(other)
    first, second = world.session(), world.session(day=DAY + timedelta(days=1))
    put(world, now, first, second)
    put(world, now, first, class_group=other)

    made = reserve(world, now)

    bookings = made.bookings.order_by("pk")
    assert [(one.session_id, one.class_group_id, one.seats) for one in bookings] == [
        (first.pk, world.group.pk, 5),
        (second.pk, world.group.pk, 5),
        (first.pk, other.pk, 2),
    ]
    assert not BasketItem.objects.exists()
    assert reserve(world, now) == made
    with pytest.raises(BasketEmpty):
        reserve(world, now, key="another")


def test_nothing_is_reserved_where_one_item_cannot_be_had(world: World, now: datetime) -> None:
    put(world, now, world.session(), world.session(day=DAY + timedelta(days=1), capacity=4))

    with pytest.raises(SessionFull):
        reserve(world, now)

    assert BasketItem.objects.count() == 2
    assert not Booking.objects.exists()


def test_one_class_alone_is_reserved(world: World, now: datetime) -> None:
    other = world.new_group(4, 2)
    world.teach(other)
    session = world.session()
    put(world, now, session)
    put(world, now, session, class_group=other, student_ids=[other.students.all()[0].pk])

    made = reserve(world, now, class_group_id=other.pk)

    assert made.bookings.get().seats == 1
    assert BasketItem.objects.get().class_group_id == world.group.pk


def test_whose_class_and_which_session(world: World, now: datetime) -> None:
    with pytest.raises(NotYourClass):
        put(world, now, world.session(), class_group=world.new_group(4, 1))
    with pytest.raises(NotYours):
        put(
            world,
            now,
            world.session(),
            class_group=world.new_group(4, 1, school=OrganisationFactory()),
        )
    with pytest.raises(NotYours):
        put(world, now, CourseSession(pk=4711))


def test_an_item_is_taken_out_and_put_back(world: World, now: datetime, login: Login) -> None:
    session = world.session()
    chosen = [world.students[0].pk]
    put(world, now, session, student_ids=chosen)
    client = login(world.teacher)

    client.post(f"/basket/{BasketItem.objects.get().pk}/remove/")
    page = client.get("/basket/")
    assert not BasketItem.objects.exists()
    assert page.context["removed"] == {
        "session": session.pk,
        "group": world.group.pk,
        "students": chosen,
    }
    client.post("/basket/add/", {"session": session.pk, "group": world.group.pk})

    item = BasketItem.objects.get()
    assert (item.session_id, item.student_ids) == (session.pk, chosen)
    assert client.get("/basket/").context["removed"] is None


def test_the_page_reserves_and_says_why_not(world: World, now: datetime, login: Login) -> None:
    session = world.session(capacity=4)
    put(world, now, session)
    client = login(world.teacher)

    refused = client.post("/basket/reserve/", {"key": "a", "group": world.group.pk})
    CourseSession.objects.update(capacity=5)
    done = client.post("/basket/reserve/", {"key": "b"})

    assert refused.status_code == 409
    assert "名额不够：这一场还剩 4 位，您要 5 位。" in refused.content.decode()
    assert (done.status_code, done["Location"]) == (302, "/trips/")
    assert Booking.objects.get().companions.get().name == "周老师"


@pytest.mark.parametrize("data", [{}, {"key": "k", "group": "x"}, {"key": "k" * 81}])
def test_a_form_that_is_not_ours(world: World, login: Login, data: dict[str, str]) -> None:
    assert login(world.teacher).post("/basket/reserve/", data).status_code == 422
    assert login(world.teacher).post("/basket/add/", data).status_code == 404


def test_the_basket_of_somebody_else_is_not_seen(world: World, now: datetime, login: Login) -> None:
    put(world, now, world.session())
    client = login(world.coordinator)

    client.post(f"/basket/{BasketItem.objects.get().pk}/remove/")
    client.post("/basket/clear/")

    assert client.get("/basket/").context["baskets"] == []
    assert BasketItem.objects.count() == 1


def test_the_basket_is_emptied(world: World, now: datetime, login: Login) -> None:
    put(world, now, world.session())

    login(world.teacher).post("/basket/clear/")

    assert not BasketItem.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_basket_takes_the_same_queries_for_one_and_three(
    world: World, now: datetime, login: Login, count: int, django_assert_num_queries: Any
) -> None:
    put(world, now, *[world.session(day=DAY + timedelta(days=day)) for day in range(count)])
    client = login(world.teacher)
    client.get("/basket/")

    with django_assert_num_queries(15):
        page = client.get("/basket/")

    assert page.context["items"] == count


def test_the_frame_counts_the_items(world: World, now: datetime, login: Login) -> None:
    put(world, now, world.session(), world.session(day=DAY + timedelta(days=1)))

    page = login(world.teacher).get("/trips/").content.decode()

    assert 'href="/basket/" aria-label="待约清单，2 项"' in page
    assert "/basket/" not in login(world.manager).get("/today/").content.decode()


def two_classes(world: World, now: datetime, session: CourseSession) -> None:
    """Five students and four want the same session."""
    other = world.new_group(4, 4)
    world.teach(other)
    put(world, now, session)
    put(world, now, session, class_group=other)


def together(world: World, now: datetime) -> str:
    return basket.why_not_together(basket.baskets(world.teacher, now))


def test_classes_that_fit_alone_but_not_together_are_told_before(
    world: World, now: datetime, login: Login
) -> None:
    session = world.session(capacity=8)
    two_classes(world, now, session)

    page = login(world.teacher).get("/basket/")

    assert reasons(world, now) == [None, None]
    assert together(world, now) == (
        f"{wording.when(session)}，面包师：吐司与软欧还剩 8 位，各班加起来要 9 位，坐不下。"
        "请给其中一个班另选一场。"
    )
    assert "还剩 8 位，各班加起来要 9 位" in page.content.decode()
    with pytest.raises(SessionFull):
        reserve(world, now)
    CourseSession.objects.update(capacity=9)
    assert together(world, now) == ""
    assert reserve(world, now).bookings.count() == 2


def test_the_adults_of_all_classes_count_towards_the_room(world: World, now: datetime) -> None:
    session = world.session()
    CourseVersion.objects.update(min_adults=2)
    two_classes(world, now, session)
    CourseSession.objects.update(heads_limit=12)

    assert reasons(world, now) == [None, None]
    assert together(world, now) == (
        f"{wording.when(session)}，面包师：吐司与软欧最多容纳 12 人（含成人），已有 0 人，"
        "各班加起来 9 名学生和 4 位成人坐不下。请给其中一个班另选一场。"
    )
    CourseSession.objects.update(heads_limit=13)
    assert together(world, now) == ""
    assert reserve(world, now).bookings.count() == 2


def test_an_item_whose_adults_do_not_fit_says_so(world: World, now: datetime) -> None:
    put(world, now, world.session())
    CourseVersion.objects.update(min_adults=2)
    CourseSession.objects.update(heads_limit=6)

    assert reasons(world, now) == [RoomFull.__name__]
    assert together(world, now) == basket.baskets(world.teacher, now)[0].why_not


def test_a_cancelled_day_of_a_set_is_not_counted(world: World, now: datetime) -> None:
    _camp, days = world.camp()
    put(world, now, days[0])
    CourseSession.objects.filter(pk=days[1].pk).update(
        state="cancelled", cancelled_at=now, cancel_reason="停电", room_hold=None
    )

    (found,) = basket.baskets(world.teacher, now)
    assert (found.hours, reasons(world, now)) == (7, [None])
    CourseSession.objects.filter(pk=days[0].pk).update(
        state="cancelled", cancelled_at=now, cancel_reason="停电", room_hold=None
    )
    assert reasons(world, now) == [SessionCancelled.__name__]


def test_a_crash_while_the_basket_is_emptied_reserves_nothing(world: World, now: datetime) -> None:
    put(world, now, world.session())
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.crash() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the power went'; END $$;"
            "CREATE TRIGGER crash BEFORE DELETE ON bookings_basketitem"
            " FOR EACH ROW EXECUTE FUNCTION pg_temp.crash()"
        )

    with pytest.raises(DatabaseError, match="the power went"), transaction.atomic():
        reserve(world, now)

    assert (BasketItem.objects.count(), Reservation.objects.count()) == (1, 0)
    assert CourseSession.objects.get().seats_taken == 0


def test_a_double_click_leads_where_the_first_led(
    world: World, now: datetime, login: Login
) -> None:
    put(world, now, world.session())
    client = login(world.teacher)
    data = {"key": "k", "group": world.group.pk}

    first = client.post("/basket/reserve/", data)
    put(world, now, world.session(day=DAY + timedelta(days=1)))
    again = client.post("/basket/reserve/", data)

    assert [(one.status_code, one["Location"]) for one in (first, again)] == [(302, "/trips/")] * 2
    assert Reservation.objects.count() == 1
    # What was chosen since is not reserved by it, and stays.
    assert BasketItem.objects.count() == 1


def test_an_item_whose_list_is_settled_says_so(world: World, now: datetime, login: Login) -> None:
    put(world, now, world.session(day=now.date() + timedelta(days=2)))

    page = login(world.teacher).get("/basket/").content.decode()

    assert page.count("名单已定：约成后再改，要由开课单位同意。") == 1

"""Completing a class's hours, and going in groups: from the rows to the page."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.actors import SYSTEM, Actor
from bookings.errors.basket import ProposalGone
from bookings.models import Booking, Reservation
from bookings.services import proposals, reservations, splits
from bookings.services.offers import offer_of
from bookings.services.parts import Part
from courses.models import Course, CourseSession, CourseVersion
from hours.models import PracticumRequirement
from rosters.errors import NotYourClass
from rosters.models import ClassGroup
from tests.bookings.conftest import DAY, World
from tests.factories.bookings import make_booking
from tests.factories.hours import make_credits

Login = Callable[[Actor], Client]


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def found(world: World, now: datetime) -> list[list[tuple[int, int]]]:
    """The proposals as sessions and seats."""
    return [
        [
            (seat.session_ids[0], seat.seats)
            for choice in proposal.choices
            for seat in choice.seating
        ]
        for proposal in proposals.proposals_for(world.teacher, world.group, now).proposals
    ]


def sessions(world: World, count: int, **more: Any) -> list[CourseSession]:
    return [
        world.session(day=DAY + timedelta(days=number), **({"class_hours": 7} | more))
        for number in range(count)
    ]


def test_two_days_of_seven_hours_complete_fourteen(world: World, now: datetime) -> None:
    first, second = sessions(world, 2)

    assert found(world, now) == [[(first.pk, 5), (second.pk, 5)]]


def test_what_does_not_suit_is_not_proposed(world: World, now: datetime) -> None:
    """Full, too small for the class, when a student is elsewhere, after the hours are due."""
    full, small, _clash, late = sessions(world, 4)
    free = [world.session(day=DAY + timedelta(days=day), class_hours=7) for day in (10, 11)]
    CourseSession.objects.filter(pk=full.pk).update(seats_taken=40)
    CourseSession.objects.filter(pk=small.pk).update(capacity=4)
    make_booking(
        by=world.teacher,
        session=world.session(day=DAY + timedelta(days=2), starts=time(11), class_hours=1),
        class_group=world.group,
        now=now,
        student_ids=[world.students[0].pk],
    )
    CourseSession.objects.filter(pk=late.pk).update(seats_taken=36)

    assert found(world, now) == [[(one.pk, 5) for one in free]]
    PracticumRequirement.objects.update(due_on=DAY + timedelta(days=10))
    assert found(world, now) == [[(free[0].pk, 5)]]


def test_a_class_too_large_for_one_session_is_proposed_in_groups(
    world: World, now: datetime
) -> None:
    one, other = (
        world.session(capacity=3, class_hours=14),
        world.session(capacity=3, class_hours=14),
    )

    assert found(world, now) == [[(one.pk, 3), (other.pk, 2)]]


def test_only_those_who_still_miss_hours_come(world: World, now: datetime) -> None:
    done = world.session(day=DAY + timedelta(days=20), class_hours=14)
    make_booking(
        by=world.teacher,
        session=done,
        class_group=world.group,
        now=now,
        student_ids=[student.pk for student in world.students[:2]],
    )
    camp, days = world.camp()

    made = proposals.reserve_proposal(
        by=world.teacher,
        class_group=world.group,
        picks=[(None, camp.pk, 3)],
        companions=[],
        contact_phone="",
        idempotency_key="k",
        now=now,
    )

    assert [one.session_id for one in made.bookings.order_by("session_id")] == [
        day.pk for day in days
    ]
    assert set(made.bookings.all()[0].places.values_list("student", flat=True)) == {
        student.pk for student in world.students[2:]
    }
    assert proposals.proposals_for(world.teacher, world.group, now).proposals == ()


@pytest.mark.parametrize("picks", [[(1, None, 6)], [(1, None, 3)], []])
def test_picks_that_are_not_of_this_class_are_refused(
    world: World, now: datetime, picks: list[Any]
) -> None:
    with pytest.raises(ProposalGone):
        proposals.reserve_proposal(
            by=world.teacher,
            class_group=world.group,
            picks=picks,
            companions=[],
            contact_phone="",
            idempotency_key="k",
            now=now,
        )


def test_another_teachers_class_is_refused(world: World, now: datetime) -> None:
    with pytest.raises(NotYourClass):
        proposals.proposals_for(world.teacher, world.new_group(4, 2), now)


def test_the_page_reserves_with_one_button_and_proposes_anew_when_refused(
    world: World, now: datetime, login: Login
) -> None:
    sessions(world, 3)
    client = login(world.teacher)
    url = f"/classes/{world.group.pk}/complete/"
    card = client.get(url).context["cards"][0]
    taken = CourseSession.objects.order_by("pk")[0]
    CourseSession.objects.filter(pk=taken.pk).update(seats_taken=40)

    refused = client.post(url, {"key": "a", "picks": card["picks"]})
    again = refused.context["cards"]
    done = client.post(url, {"key": "b", "picks": again[0]["picks"]})

    assert refused.status_code == 409
    assert "这一场已满，请另选一场。" in refused.content.decode()
    assert all(f"s{taken.pk}:" not in one["picks"] for one in again)
    assert (done.status_code, done["Location"]) == (302, "/trips/")
    assert Reservation.objects.get().bookings.count() == 2
    assert client.get(url).context["cards"] == []


@pytest.mark.parametrize("picks", ["", "x", "s1", "s1:2 q2:3"])
def test_picks_that_no_page_wrote(world: World, login: Login, picks: str) -> None:
    url = f"/classes/{world.group.pk}/complete/"

    assert login(world.teacher).post(url, {"key": "k", "picks": picks}).status_code == 422


@pytest.mark.parametrize("count", [2, 6])
def test_the_page_takes_the_same_queries_whatever_is_on_offer(
    world: World, now: datetime, login: Login, count: int, django_assert_num_queries: Any
) -> None:
    sessions(world, count)
    client = login(world.teacher)
    client.get("/trips/")

    with django_assert_num_queries(17):
        page = client.get(f"/classes/{world.group.pk}/complete/")

    assert page.context["cards"]


def ways_of(
    world: World, session: CourseSession, group: ClassGroup, now: datetime
) -> list[list[splits.SplitGroup]]:
    return splits.split_of(world.teacher, offer_of(world.teacher, session.pk), group, now).ways


def split_form(client: Client, url: str, **more: Any) -> dict[str, Any]:
    form = client.get(url).context["form"]
    hidden = {name: form[name].value() for name in ("key", "seen")}
    return hidden | {row.html_name: row.value() for row in form.rows()} | more


def test_a_split_sent_twice_is_made_once(world: World, login: Login) -> None:
    one = world.session(capacity=3)
    world.session(capacity=3)
    client = login(world.teacher)
    url = f"/sessions/{one.pk}/split/?class={world.group.pk}"
    data = split_form(client, url)

    first, second = client.post(url, data), client.post(url, data)

    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Booking.objects.count() == 2


def test_a_split_of_what_is_gone_says_so(world: World, login: Login) -> None:
    one = world.session(capacity=3)
    other = world.session(capacity=3)
    client = login(world.teacher)
    url = f"/sessions/{one.pk}/split/?class={world.group.pk}"
    data = split_form(client, url)
    CourseSession.objects.filter(pk=other.pk).update(capacity=1)

    answer = client.post(url, data)

    assert answer.status_code == 409
    assert "这一场刚才有了变化，不能再这样分组。请回到场次重新选择。" in answer.content.decode()
    assert not Booking.objects.exists()


def test_completing_hours_sent_twice_is_made_once(world: World, login: Login) -> None:
    for day in range(4):
        world.session(day=DAY + timedelta(days=day), class_hours=7)
    client = login(world.teacher)
    url = f"/classes/{world.group.pk}/complete/"
    data = {"key": "a", "picks": client.get(url).context["cards"][0]["picks"]}

    first, second = client.post(url, data), client.post(url, data)

    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Booking.objects.count() == 2


def test_a_class_goes_in_groups_by_number_as_one_trip(
    world: World, now: datetime, login: Login
) -> None:
    one, other = world.session(capacity=3), world.session(capacity=4)
    client = login(world.teacher)
    url = f"/sessions/{one.pk}/split/?class={world.group.pk}"

    answer = client.post(url, split_form(client, url))

    bookings = list(Booking.objects.order_by("session_id"))
    assert answer.status_code == 302
    assert [(row.session_id, row.seats) for row in bookings] == [(one.pk, 3), (other.pk, 2)]
    assert [
        list(row.places.order_by("student__seat_no").values_list("student__seat_no", flat=True))
        for row in bookings
    ] == [[1, 2, 3], [4, 5]]
    (trip,) = client.get("/trips/").context["trips"]
    assert (trip.seats, len(trip.others)) == (5, 1)
    assert len(client.get(f"/trips/{bookings[0].pk}/").context["groups"]) == 2


def test_a_class_goes_in_groups_by_hand(world: World, now: datetime, login: Login) -> None:
    one, other = world.session(capacity=3), world.session(capacity=4)
    client = login(world.teacher)
    url = f"/sessions/{one.pk}/split/?class={world.group.pk}"
    by_hand = {f"group_{student.pk}": 1 for student in world.students[2:]}

    client.post(url, split_form(client, url, **by_hand))

    assert [(row.session_id, row.seats) for row in Booking.objects.order_by("session_id")] == [
        (one.pk, 2),
        (other.pk, 3),
    ]


def test_groups_that_do_not_fit_are_refused_and_stay_filled_in(
    world: World, now: datetime, login: Login
) -> None:
    one, _other = world.session(capacity=3), world.session(capacity=4)
    client = login(world.teacher)
    url = f"/sessions/{one.pk}/split/?class={world.group.pk}"
    all_in_one = {f"group_{student.pk}": 0 for student in world.students}

    refused = client.post(url, split_form(client, url, **all_in_one))
    wrong = client.post(url, split_form(client, url) | {f"group_{world.students[0].pk}": 7})

    assert (refused.status_code, wrong.status_code) == (409, 422)
    assert refused.context["why"] == (
        "第 1 组，12 月 8 日（周二）9:00–11:30，面包师：吐司与软欧（焙烤实训中心 1号实训室）："
        "名额不够：这一场还剩 3 位，您要 5 位。没有约成，名额未扣。"
    )
    assert [(one["seats"], one["numbers"], one["adults"]) for one in refused.context["way"]] == [
        (5, "1–5", 2),
        (0, "", 0),
    ]
    assert [one["numbers"] for one in wrong.context["way"]] == ["2–3", "4–5"]
    assert not Booking.objects.exists()


def test_a_session_whose_students_are_elsewhere_takes_no_group(world: World, now: datetime) -> None:
    one = world.session(capacity=3)
    afternoon = world.session(starts=time(13), capacity=4)
    assert [
        [group.session.pk for group in way] for way in ways_of(world, one, world.group, now)
    ] == [[one.pk, afternoon.pk]]

    make_booking(
        by=world.teacher,
        session=world.session(starts=time(14)),
        class_group=world.group,
        now=now,
        student_ids=[world.students[0].pk],
    )

    assert ways_of(world, one, world.group, now) == []


@pytest.mark.parametrize("asked", ["", "x", "4711"])
def test_a_split_of_no_class(world: World, login: Login, asked: str) -> None:
    url = f"/sessions/{world.session().pk}/split/?class={asked}"

    assert login(world.teacher).get(url).status_code == 404


def test_halves_leave_room_for_the_adults(world: World, now: datetime) -> None:
    """Twenty-one students come with two adults, so a half needs room for twenty-three."""
    group = world.new_group(8, 42)
    world.teach(group)
    one, _other = (world.session(capacity=24) for _twice in range(2))

    def ways(heads: int) -> list[list[int]]:
        CourseSession.objects.update(heads_limit=heads)
        one.refresh_from_db()
        return [[part.seats for part in way] for way in ways_of(world, one, group, now)]

    assert (ways(24), ways(23), ways(22)) == ([[21, 21]], [[21, 21]], [])


def test_a_room_too_small_for_the_adults_is_not_proposed(world: World, now: datetime) -> None:
    tight, wide = sessions(world, 2, class_hours=14)
    CourseSession.objects.filter(pk=tight.pk).update(heads_limit=6)
    CourseSession.objects.filter(pk=wide.pk).update(heads_limit=7)

    assert found(world, now) == [[(wide.pk, 5)]]


def barista_course(world: World) -> CourseVersion:
    return CourseVersion.objects.create(
        **{
            field.attname: getattr(world.version, field.attname)
            for field in CourseVersion._meta.concrete_fields
            if not field.primary_key
        }
        | {"course_id": Course.objects.create(host=world.host, code="CY-02").pk}
        | {"occupation_zh": "咖啡师", "title_zh": "咖啡师：拉花"}
    )


@pytest.mark.parametrize("is_over", [True, False])
def test_what_one_of_the_class_has_had_is_proposed_only_if_nothing_else_fits(
    world: World, now: datetime, login: Login, is_over: bool
) -> None:
    PracticumRequirement.objects.update(class_hours=10)
    if is_over:
        gone = world.session(day=DAY - timedelta(days=40), class_hours=1)
        make_credits(by=SYSTEM, students=world.students[:1], session=gone, now=now)
    else:
        coming = world.session(day=DAY + timedelta(days=9), class_hours=1)
        make_booking(
            by=world.teacher,
            session=coming,
            class_group=world.group,
            student_ids=[world.students[0].pk],
            now=now,
        )
    again = world.session(day=DAY, class_hours=10)
    client, page = login(world.teacher), f"/classes/{world.group.pk}/complete/"

    assert found(world, now) == [[(again.pk, 5)]]
    assert "没有别的课合适" in client.get(page).content.decode()

    new = world.session(day=DAY + timedelta(days=1), class_hours=10, version=barista_course(world))

    assert found(world, now) == [[(new.pk, 5)]]
    assert "没有别的课合适" not in client.get(page).content.decode()


def test_what_the_class_had_comes_from_its_standing(world: World, now: datetime) -> None:
    """An occupation that the ledger knows and no booking tells of is none that is missing."""
    requirement = PracticumRequirement.objects.get()
    PracticumRequirement.objects.update(min_occupations=2)
    other = barista_course(world)
    gone = world.session(day=DAY - timedelta(days=40), class_hours=4)
    make_credits(by=SYSTEM, students=world.students, session=gone, now=now)
    baker = world.session(day=DAY, class_hours=10)
    barista = world.session(day=DAY + timedelta(days=1), class_hours=10, version=other)

    with_new, *_others = found(world, now)

    assert requirement.class_hours == 14
    assert with_new == [(barista.pk, 5)]
    assert baker.pk not in {pk for proposal in found(world, now)[:1] for pk, _seats in proposal}


def test_what_is_settled_is_not_proposed(world: World, now: datetime) -> None:
    """Names are asked until three days before: what begins sooner is not planned with."""
    sooner = world.session(day=now.date() + timedelta(days=2), class_hours=14)
    assert found(world, now) == []

    later = world.session(day=now.date() + timedelta(days=5), class_hours=14)

    assert found(world, now) == [[(later.pk, 5)]]
    assert sooner.pk < later.pk


def test_the_reserve_page_says_before_that_the_list_is_settled(world: World, login: Login) -> None:
    told = "这一场的名单已定：请现在就选好学生。"
    client = login(world.teacher)

    def page(days: int) -> str:
        session = world.session(day=DAY - timedelta(days=days))
        return client.get(f"/sessions/{session.pk}/book/?class={world.group.pk}").content.decode()

    assert [page(days).count(told) for days in (0, 12)] == [0, 1]


def test_a_proposal_leaves_no_tiny_group(world: World, now: datetime) -> None:
    group = world.new_group(8, 12)
    world.teach(group)
    for capacity in (10, 2):
        world.session(capacity=capacity, class_hours=14)

    assert proposals.proposals_for(world.teacher, group, now).proposals == ()


def test_a_split_shows_hours_and_adults_and_asks_about_a_tiny_group(
    world: World, login: Login
) -> None:
    group = world.new_group(8, 20)
    world.teach(group)
    one, _other = (world.session(capacity=18, class_hours=4) for _twice in range(2))
    client = login(world.teacher)
    url = f"/sessions/{one.pk}/split/?class={group.pk}"
    students = list(group.students.order_by("seat_no"))
    by_hand = {f"group_{one.pk}": int(one.seat_no > 18) for one in students}

    page = client.get(url).content.decode()
    asked = client.post(url, split_form(client, url, **by_hand))
    assert (page.count("4 学时 · 带队教师 "), "small_is_meant" in page) == (2, False)
    assert asked.status_code == 422
    assert asked.context["why"] == ("第 2 组只有 2 人。请匀一匀；确实要这样分，请勾选后再提交。")
    assert [(one["seats"], one["numbers"]) for one in asked.context["way"]] == [
        (18, "1–18"),
        (2, "19–20"),
    ]
    assert 'name="small_is_meant"' in asked.content.decode()
    assert not Booking.objects.exists()
    client.post(url, split_form(client, url, small_is_meant="on", **by_hand))
    assert sorted(Booking.objects.values_list("seats", flat=True)) == [2, 18]


def test_groups_in_different_courses_lead_to_each_other(
    world: World, login: Login, now: datetime
) -> None:
    """Another visit of the same students on the same day is no group."""
    version = CourseVersion.objects.create(
        **{
            field.attname: getattr(world.version, field.attname)
            for field in CourseVersion._meta.concrete_fields
            if not field.primary_key
        }
        | {"course_id": Course.objects.create(host=world.host, code="CY-02").pk}
    )
    keys = [student.pk for student in world.students]
    asked = [
        (world.session(), keys[:3]),
        (world.session(version=version), keys[3:]),
        (world.session(version=version, starts=time(14)), keys[:3]),
    ]
    made = reservations.reserve(
        by=world.teacher,
        parts=[
            Part(class_group=world.group, session_ids=[session.pk], student_ids=students)
            for session, students in asked
        ],
        idempotency_key="k",
        now=now,
    )
    first, second, _third = made.bookings.order_by("session__starts_at", "pk")
    client = login(world.teacher)

    groups = client.get(f"/trips/{first.pk}/").context["groups"]

    assert [one.booking.pk for one in groups] == [first.pk, second.pk]
    assert f'href="/trips/{second.pk}/"' in client.get(f"/trips/{first.pk}/").content.decode()


def test_a_proposal_counts_those_who_come(world: World, now: datetime, login: Login) -> None:
    """Four have booked their hours; the fifth has none, and the proposal is for her alone."""
    sessions(world, 4)
    keys = [student.pk for student in world.students]
    for session in CourseSession.objects.order_by("pk")[:2]:
        make_booking(
            by=world.teacher,
            session=session,
            class_group=world.group,
            student_ids=keys[:4],
            now=now,
        )

    page = login(world.teacher).get(f"/classes/{world.group.pk}/complete/")

    card = page.context["cards"][0]
    assert (card["before"], card["then"]) == (0, 14)
    assert "约成后，这 1 人" in page.content.decode()


def test_a_class_of_which_nothing_is_required_is_told_so(world: World, login: Login) -> None:
    PracticumRequirement.objects.all().delete()

    page = login(world.teacher).get(f"/classes/{world.group.pk}/complete/").content.decode()

    assert "这个班没有学时要求" in page
    assert "已经排满" not in page

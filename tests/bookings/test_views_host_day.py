"""The host's day: who comes, the lists, calling it off."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from accounts.choices import Role
from accounts.models import AuditEntry, User
from bookings.models import Booking
from courses.choices import Venue
from courses.models import CourseSession, CourseVersion
from sites.calendar import at
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.bookings import make_booking

MORNING = at(DAY, time(8))


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


def login(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def booked(world: World, now: datetime, number: int = 0, **more: Any) -> Booking:
    group = world.new_group(number, 2) if number else world.group
    return make_booking(
        by=world.coordinator,
        session=more.pop("session", None) or world.session(),
        class_group=group,
        now=now,
        **more,
    )


def test_today_shows_who_comes_and_whom_to_phone(world: World, now: datetime) -> None:
    booked(world, now, note="有学生对花生过敏，请看现场", contact_phone="021-7777")

    page = login(world.manager).get("/today/")

    text = page.content.decode()
    assert (page.status_code, page.context["expected"]) == (200, 5)
    for fact in ("清河中学", "七(3)班", "王老师", "13900000001", "021-7777", "有学生对花生过敏"):
        assert fact in text
    assert not [one for one in world.students if one.name in text]


def test_the_day_and_its_print_name_the_assistant_or_that_there_is_none(
    world: World, now: datetime
) -> None:
    CourseVersion.objects.update(needs_assistant=True)
    session = world.session()
    client = login(world.manager)
    pages = (f"/today/{DAY}/", f"/today/{DAY}/print/")

    without = [client.get(page).content.decode() for page in pages]
    session.assistant = MembershipFactory(
        instructor=True, organisation=world.host, user__name="钱师傅"
    )
    session.save()
    named = [client.get(page).content.decode() for page in pages]

    assert ["还没有助教" in page for page in without] == [True, True]
    assert ["助教：钱师傅" in page for page in named] == [True, True]
    assert ["还没有助教" in page for page in named] == [False, False]


def test_an_empty_day_says_so(world: World) -> None:
    page = login(world.manager).get("/today/")

    assert "这一天没有场次" in page.content.decode()


def test_the_day_chooser_leads_to_the_neighbouring_days(world: World) -> None:
    for offset in (-3, 0, 5):
        world.session(day=DAY + timedelta(days=offset))
    client = login(world.manager)

    page = client.get("/today/")
    chosen = client.get("/today/", {"day": "2026-12-13"})
    garbled = client.get("/today/", {"day": "昨天"})

    assert (page.context["before"], page.context["after"]) == (
        date(2026, 12, 5),
        date(2026, 12, 13),
    )
    assert (chosen.status_code, chosen["Location"]) == (302, "/today/2026-12-13/")
    assert garbled.status_code == 200
    assert client.get("/today/2026-12-13/").context["is_today"] is False
    assert client.get("/today/2026-13-40/").status_code == 404


def test_sessions_that_travel_or_are_cancelled_are_shown(world: World, now: datetime) -> None:
    travelling, cancelled = world.session(), world.session(starts=time(13))
    CourseSession.objects.filter(pk=travelling.pk).update(
        venue=Venue.SCHOOL, room=None, room_hold=None, school=world.school
    )
    CourseSession.objects.filter(pk=cancelled.pk).update(
        state="cancelled", cancelled_at=now, cancel_reason="停电", room_hold=None
    )

    text = login(world.manager).get("/today/").content.decode()

    assert "清河中学（送教上门）" in text
    assert "原因：停电" in text


def test_the_names_page_shows_full_names_on_the_record(world: World, now: datetime) -> None:
    booking = booked(world, now)

    page = login(world.manager).get(f"/today/sessions/{booking.session_id}/names/")

    assert all(one.name in page.content.decode() for one in world.students)
    assert AuditEntry.objects.get(verb="names.read").facts == {
        "context": "session_names",
        "count": 5,
        "classes": [world.group.pk],
        "students": [one.pk for one in world.students],
    }


def test_names_out_of_their_time_are_refused(world: World, now: datetime) -> None:
    booking = booked(world, now)

    with time_machine.travel(MORNING + timedelta(days=8), tick=False):
        page = login(world.manager).get(f"/today/sessions/{booking.session_id}/names/")

    assert page.status_code == 409
    assert "名单只在 12 月 5 日至 12 月 15 日可以查看" in page.content.decode()


def test_the_printed_lists_mask_names(world: World, now: datetime) -> None:
    booked(world, now)
    gone = world.session(starts=time(13))
    CourseSession.objects.filter(pk=gone.pk).update(
        state="cancelled", cancelled_at=now, cancel_reason="停电", room_hold=None
    )

    page = login(world.manager).get("/today/2026-12-08/print/")

    text = page.content.decode()
    assert text.count("学○○") == 5
    assert not [one for one in world.students if one.name in text]
    assert len(page.context["sheets"]) == 1


def test_lists_printed_early_have_no_names(world: World, now: datetime) -> None:
    booked(world, now)

    with time_machine.travel(now, tick=False):
        text = login(world.manager).get("/today/2026-12-08/print/").content.decode()

    assert "学○○" not in text
    assert "名单只在 12 月 5 日至 12 月 15 日可以查看" in text


def test_cancelling_a_session_shows_first_who_is_affected(world: World, now: datetime) -> None:
    booking = booked(world, now)
    client = login(world.manager)
    path = f"/today/sessions/{booking.session_id}/cancel/"

    preview = client.get(path)
    answer = client.post(path, {"code": "other", "reason": "停电"})

    booking.refresh_from_db()
    assert "1 个预约同时取消" in preview.content.decode()
    assert (answer.status_code, answer["Location"]) == (302, "/today/2026-12-08/")
    assert booking.cancel_reason == "停电"
    assert client.post(path, {"code": "other", "reason": "停电"}).status_code == 409
    assert client.get(path).status_code == 409


def test_calling_off_a_day_of_a_camp_says_what_goes_with_it(world: World, now: datetime) -> None:
    _camp, (first, _second) = world.camp()
    client = login(world.manager)

    one = client.get(f"/today/sessions/{first.pk}/cancel/").content.decode()
    day = client.get("/today/2026-12-08/cancel/").content.decode()

    for page in (one, day):
        assert "只能整体预约的场次要一起取消" in page
        assert "12 月 9 日（周三）9:00–15:30" in page


def test_cancelling_a_day_shows_first_what_and_whom(world: World, now: datetime) -> None:
    booked(world, now)
    booked(world, now, 4)
    world.session(starts=time(13))
    client = login(world.manager)

    preview = client.get("/today/2026-12-08/cancel/")
    answer = client.post("/today/2026-12-08/cancel/", {"code": "other", "reason": "停电"})

    assert (len(preview.context["sessions"]), preview.context["seats"]) == (3, 7)
    assert preview.context["schools"] == 1
    assert answer["Location"] == "/today/2026-12-08/"
    assert {one.state for one in CourseSession.objects.all()} == {"cancelled"}
    again = client.post("/today/2026-12-08/cancel/", {"code": "other", "reason": "停电"})
    assert again.status_code == 409
    assert "没有可取消的场次" in again.content.decode()


def test_cancelling_a_day_shows_what_else_fits_each_class(world: World, now: datetime) -> None:
    """As cancelling one session does; what goes the same day is nobody's way out."""
    first, second = booked(world, now), booked(world, now, 4)
    world.session(starts=time(13))
    later = world.session(day=DAY + timedelta(days=1))

    page = login(world.manager).get("/today/2026-12-08/cancel/")

    offers = {
        visitor.booking.pk: [one.first.pk for one in visitor.offers]
        for row in page.context["sessions"]
        for visitor in row["visitors"]
    }
    assert offers == {first.pk: [later.pk], second.pk: [later.pk]}
    assert page.content.decode().count("12 月 9 日（周三）9:00") == 2


@pytest.mark.parametrize("reason", ["", " ", "长" * 10_000])
def test_calling_off_needs_a_reason(world: World, reason: str) -> None:
    session = world.session()
    client = login(world.manager)

    pages = [
        client.post(path, {"reason": reason})
        for path in (f"/today/sessions/{session.pk}/cancel/", "/today/2026-12-08/cancel/")
    ]

    session.refresh_from_db()
    assert [page.status_code for page in pages] == [200, 200]
    assert session.state == "scheduled"


def test_an_instructor_sees_the_day_and_why_she_cannot_cancel(world: World) -> None:
    world.session()
    instructor = actor_of(MembershipFactory(instructor=True, organisation=world.host))
    client = login(instructor)

    page = client.get("/today/")

    assert page.context["why_no_cancel_day"] == "您的身份不能做这件事。"
    assert client.get("/today/2026-12-08/cancel/").status_code == 403


def test_nobody_else_reaches_the_day(world: World, now: datetime) -> None:
    booking = booked(world, now)
    stranger = login(
        actor_of(
            MembershipFactory(
                host_manager=True, organisation=OrganisationFactory(vocational_school=True)
            )
        )
    )
    paths = [
        f"/today/sessions/{booking.session_id}/names/",
        f"/today/sessions/{booking.session_id}/cancel/",
    ]

    assert [stranger.get(path).status_code for path in paths] == [404, 404]
    assert stranger.get("/today/").context["sessions"] == []
    assert login(world.teacher).get("/today/").status_code == 403
    assert Client().get("/today/").status_code == 302


@pytest.mark.parametrize("count", [1, 3])
def test_the_day_takes_the_same_queries_for_one_and_three(
    world: World, now: datetime, count: int, django_assert_num_queries: Callable[..., Any]
) -> None:
    for number in range(count):
        booked(world, now, number + 4)
    client = login(world.manager)
    client.get("/today/")

    with django_assert_num_queries(12):
        page = client.get("/today/")

    assert len(page.context["sessions"]) == count


def test_instructor_is_offered_only_what_is_hers(world: World, now: datetime) -> None:
    hers, nobodys, colleagues = (world.session(starts=time(hour)) for hour in (9, 12, 15))
    mine, other = (
        MembershipFactory(organisation=world.host, role=Role.INSTRUCTOR) for _number in range(2)
    )
    CourseSession.objects.filter(pk=hers.pk).update(instructor=mine)
    CourseSession.objects.filter(pk=colleagues.pk).update(instructor=other)

    page = login(actor_of(mine)).get("/today/").content.decode()
    managers = login(world.manager).get("/today/").content.decode()

    assert [f'href="/desk/{one.pk}/"' in page for one in (hers, nobodys, colleagues)] == [
        True, True, False,
    ]  # fmt: skip
    assert "取消场次</" not in page
    assert page.count("取消场次请找单位的管理员") == 1
    assert [f'href="/desk/{one.pk}/"' in managers for one in (hers, nobodys, colleagues)] == [
        True
    ] * 3
    assert managers.count("取消场次</") == 3
    assert "请找单位的管理员" not in managers

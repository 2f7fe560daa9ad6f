"""Calendar feeds: what other programs read, who may, and that the address is kept by nobody."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from icalendar import Calendar, Event

from accounts.choices import Role
from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry, Membership
from accounts.services import memberships
from bookings.models import CalendarFeed
from bookings.selectors import feeds as selectors
from bookings.services import changes, feeds, host_changes, lists
from courses.choices import ReasonCode
from sites.calendar import SHANGHAI
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.bookings import make_booking
from tests.factories.sites import SiteFactory


@pytest.fixture(autouse=True)
def _fresh_counts(db: None) -> None:
    cache.clear()


def path_of(world: World, now: datetime, by: Any = None, **more: Any) -> str:
    _feed, secret = feeds.make(by=by or world.teacher, now=now, **more)
    return f"/feeds/{secret}.ics"


def read(path: str, now: datetime, **headers: str) -> Any:
    with time_machine.travel(now, tick=False):
        return Client().get(path, headers=headers)


def events(answer: Any) -> list[Event]:
    parsed = Calendar.from_ical(answer.content)
    return list(parsed.walk("VEVENT"))


def facts(event: Event) -> tuple[str, int, str, str]:
    return (str(event["UID"]), event["SEQUENCE"], str(event["SUMMARY"]), str(event["STATUS"]))


def test_a_teacher_reads_her_classes_bookings(world: World, now: datetime) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )
    other = world.new_group(4, 2)
    make_booking(by=world.coordinator, session=world.session(), class_group=other, now=now)

    answer = read(path_of(world, now), now)

    calendar = Calendar.from_ical(answer.content)
    (event,) = events(answer)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert (calendar["METHOD"], calendar["VERSION"]) == ("PUBLISH", "2.0")
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert calendar["X-PUBLISHED-TTL"].to_ical() in (b"PT1H", "PT1H")
    assert str(calendar["NAME"]) == "职业学堂 · 清河中学"
    assert facts(event) == (
        f"{booking.uid}@career-classroom", 0, "七(3)班 面包师：吐司与软欧", "CONFIRMED"
    )  # fmt: skip
    assert event["DTSTART"].dt == datetime(2026, 12, 8, 9, 0, tzinfo=SHANGHAI)
    assert "人数：5 名学生" in str(event["DESCRIPTION"])


def lines_of(content: bytes) -> list[tuple[str, dict[str, str], str]]:
    """A second reader, of our own and strict: RFC 5545 3.1 word by word."""
    text = content.decode()
    assert text.endswith("\r\n")
    raw = text[:-2].split("\r\n")
    assert all(len(line.encode()) <= 75 for line in raw)
    assert not any("\n" in line or "\r" in line for line in raw)
    unfolded: list[str] = []
    for line in raw:
        if line[:1] in " \t":
            unfolded[-1] += line[1:]
        else:
            unfolded.append(line)
    found = []
    for line in unfolded:
        quoted, at = False, 0
        while quoted or line[at] != ":":
            quoted ^= line[at] == '"'
            at += 1
        name, *params = line[:at].split(";")
        found.append((name, dict(one.split("=", 1) for one in params), line[at + 1 :]))
    return found


def test_another_reader_reads_the_same(world: World, now: datetime) -> None:
    bookings = [
        make_booking(
            by=world.teacher,
            session=world.session(day=DAY + timedelta(days=days)),
            class_group=world.group,
            now=now,
        )
        for days in (0, 1)
    ]

    lines = lines_of(read(path_of(world, now), now).content)

    opened: list[str] = []
    for name, _params, value in lines:
        if name == "BEGIN":
            opened.append(value)
        elif name == "END":
            assert opened.pop() == value
    assert opened == []
    assert [value for name, _params, value in lines if name == "UID"] == [
        f"{booking.uid}@career-classroom" for booking in bookings
    ]
    assert [
        (params["TZID"], value) for name, params, value in lines if name == "DTSTART" and params
    ] == [("Asia/Shanghai", "20261208T090000"), ("Asia/Shanghai", "20261209T090000")]
    assert ("REFRESH-INTERVAL", {"VALUE": "DURATION"}, "PT1H") in lines
    assert ("X-PUBLISHED-TTL", {}, "PT1H") in lines


def test_no_feed_names_a_student_or_a_telephone(world: World, now: datetime) -> None:
    session = world.session()
    make_booking(
        by=world.teacher,
        session=session,
        class_group=world.group,
        now=now,
        contact_phone="13977770002",
        note="找慕容",
    )
    secrets = [
        *(student.name for student in world.students),
        *(student.student_no for student in world.students),
        "13977770002", "13900000001", "021-5555 0101", "王老师", "李师傅", "慕容",
    ]  # fmt: skip

    texts = [
        read(path, now).content.decode().replace("\r\n ", "")
        for path in (
            path_of(world, now),
            path_of(world, now, world.coordinator),
            path_of(world, now, world.manager),
            path_of(world, now, world.manager, site=world.site),
        )
    ]

    assert all("面包师" in text for text in texts)
    assert [secret for secret in secrets for text in texts if secret in text] == []


def test_a_host_and_a_site_read_sessions_with_the_classes_that_come(
    world: World, now: datetime
) -> None:
    session = world.session()
    make_booking(by=world.teacher, session=session, class_group=world.group, now=now)
    elsewhere = SiteFactory(host=world.host)

    host = events(read(path_of(world, now, world.manager), now))
    site = events(read(path_of(world, now, world.manager, site=world.site), now))
    other = events(read(path_of(world, now, world.manager, site=elsewhere), now))

    assert [facts(event) for event in host] == [
        (f"{session.uid}@career-classroom", 1, "面包师：吐司与软欧", "CONFIRMED")
    ]
    assert "班级：清河中学 七(3)班 5 人\n名额：已约 5 / 40" in str(host[0]["DESCRIPTION"])
    assert [facts(event) for event in site] == [facts(event) for event in host]
    assert other == []


def test_an_instructor_reads_the_sessions_she_holds_or_assists(world: World, now: datetime) -> None:
    instructor = MembershipFactory(organisation=world.host, role=Role.INSTRUCTOR)
    own, helped, _other = (world.session(day=DAY + timedelta(days=days)) for days in range(3))
    own.instructor, helped.assistant = instructor, instructor
    own.save()
    helped.save()

    found = events(read(path_of(world, now, actor_of(instructor)), now))

    assert [str(event["UID"]) for event in found] == [
        f"{one.uid}@career-classroom" for one in (own, helped)
    ]


def test_what_was_cancelled_stays_thirty_days_with_its_mark(world: World, now: datetime) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )
    teacher, host = path_of(world, now), path_of(world, now, world.manager)
    before = facts(events(read(host, now))[0])
    changes.cancel_booking(
        by=world.teacher, booking=booking, code=ReasonCode.ILLNESS, reason="学生三得水痘", now=now
    )
    after = now + timedelta(days=30)

    (event,) = events(read(teacher, after - timedelta(microseconds=1)))
    (of_host,) = events(read(host, now))
    gone = events(read(teacher, after))
    host_changes.cancel_session(by=world.manager, session=booking.session, reason="停电", now=now)
    (over,) = events(read(host, now))

    assert facts(event) == (
        f"{booking.uid}@career-classroom", 1, "【取消】七(3)班 面包师：吐司与软欧", "CANCELLED"
    )  # fmt: skip
    assert event["TRANSP"] == "TRANSPARENT"
    assert "取消原因：传染病或集体生病" in str(event["DESCRIPTION"])
    assert not any("水痘" in str(one["DESCRIPTION"]) for one in (event, of_host, over))
    assert gone == []
    assert before[1] < of_host["SEQUENCE"] < over["SEQUENCE"]
    assert (str(over["SUMMARY"]), str(over["STATUS"])) == (
        "【取消】面包师：吐司与软欧", "CANCELLED"
    )  # fmt: skip
    assert str(over["UID"]) == before[0]


def test_an_entry_keeps_its_uid_and_its_sequence_rises(world: World, now: datetime) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )
    path = path_of(world, now)
    (first,) = events(read(path, now))
    lists.change_booking(
        by=world.teacher,
        booking=booking,
        student_ids=[student.pk for student in world.students[:3]],
        edition=booking.edition,
        now=now,
    )

    (second,) = events(read(path, now))

    assert first["UID"] == second["UID"]
    assert second["SEQUENCE"] == first["SEQUENCE"] + 1
    assert "人数：3 名学生" in str(second["DESCRIPTION"])


def test_unchanged_it_is_not_sent_again(world: World, now: datetime) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )
    path = path_of(world, now)
    first = read(path, now)
    tag = {"if-none-match": first["ETag"]}

    again = read(path, now + timedelta(hours=1), **tag)
    changes.cancel_booking(by=world.teacher, booking=booking, reason="停课", now=now)
    changed = read(path, now + timedelta(hours=1), **tag)

    assert first["ETag"].startswith('W/"')
    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_only_a_digest_of_the_address_is_kept(world: World, now: datetime) -> None:
    feed, secret = feeds.make(by=world.teacher, now=now)

    rows = [
        *CalendarFeed.objects.values_list("digest", flat=True),
        *(json.dumps(facts) for facts in AuditEntry.objects.values_list("facts", flat=True)),
    ]

    assert len(secret) == 43
    assert feed.digest == feeds.digest_of(secret)
    assert not any(secret in row for row in rows)


def test_a_new_address_stops_the_old_one_and_revoking_stops_it(world: World, now: datetime) -> None:
    old, new = path_of(world, now), path_of(world, now)
    site = path_of(world, now, world.manager, site=world.site)
    statuses = [read(path, now).status_code for path in (old, new, site)]

    for feed, by in zip(
        CalendarFeed.objects.live().order_by("pk"), (world.teacher, world.manager), strict=True
    ):
        feeds.revoke(by=by, feed=feed, now=now)

    assert statuses == [404, 200, 200]
    assert [read(path, now).status_code for path in (new, site)] == [404, 404]
    assert list(
        AuditEntry.objects.filter(verb__startswith="feed.").order_by("pk").values_list(
            "verb", flat=True
        )
    ) == ["feed.made"] * 3 + ["feed.revoked"] * 2  # fmt: skip


def test_stopping_a_stopped_address_changes_and_records_nothing(
    world: World, now: datetime
) -> None:
    feed, _secret = feeds.make(by=world.teacher, now=now)

    for minutes in (0, 1):
        feeds.revoke(by=world.teacher, feed=feed, now=now + timedelta(minutes=minutes))

    feed.refresh_from_db()
    assert feed.revoked_at == now
    assert AuditEntry.objects.filter(verb="feed.revoked").count() == 1


def _person_leaves(world: World, now: datetime) -> None:
    memberships.end_membership(by=world.coordinator, membership=world.teacher_membership, now=now)


def _account_closes(world: World, now: datetime) -> None:
    world.teacher_membership.user.is_active = False
    world.teacher_membership.user.save()


def _school_leaves(world: World, now: datetime) -> None:
    world.school.is_active = False
    world.school.save()


@pytest.mark.parametrize("leave", [_person_leaves, _account_closes, _school_leaves])
def test_who_left_reads_nothing_more(
    world: World, now: datetime, leave: Callable[[World, datetime], None]
) -> None:
    path = path_of(world, now)
    before = read(path, now).status_code

    leave(world, now)

    assert (before, read(path, now).status_code) == (200, 404)


@pytest.mark.parametrize("closed", ["site", "host"])
def test_a_closed_site_is_read_by_nobody(world: World, now: datetime, closed: str) -> None:
    path = path_of(world, now, world.manager, site=world.site)
    getattr(world, closed).__class__.objects.filter(pk=getattr(world, closed).pk).update(
        is_active=False
    )

    assert read(path, now).status_code == 404


def test_nobody_makes_or_stops_what_is_not_theirs(world: World, now: datetime) -> None:
    feed, _secret = feeds.make(by=world.teacher, now=now)
    site_feed, _secret = feeds.make(by=world.manager, site=world.site, now=now)
    other_host = actor_of(MembershipFactory(host_manager=True))
    instructor = actor_of(MembershipFactory(organisation=world.host, role=Role.INSTRUCTOR))
    secretary = actor_of(
        MembershipFactory(organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT)
    )

    with pytest.raises(NotAllowed):
        feeds.make(by=secretary, now=now)
    with pytest.raises(NotYours):
        feeds.make(by=other_host, site=world.site, now=now)
    with pytest.raises(NotAllowed):
        feeds.make(by=instructor, site=world.site, now=now)
    with pytest.raises(NotYours):
        feeds.revoke(by=other_host, feed=site_feed, now=now)
    with pytest.raises(NotYours):
        feeds.revoke(by=world.coordinator, feed=feed, now=now)

    assert CalendarFeed.objects.live().count() == 2


def test_guessing_and_reading_too_often_are_slowed_down(world: World, now: datetime) -> None:
    path = path_of(world, now)
    guesses = [read("/feeds/guessed.ics", now).status_code for _guess in range(feeds.MISSES + 1)]
    beside = read(path, now)
    later = now + feeds.WINDOW
    readings = [read(path, later).status_code for _reading in range(feeds.READINGS + 1)]

    assert guesses == [404] * feeds.MISSES + [429]
    # Who shares the address with old subscriptions still reads a good one.
    assert beside.status_code == 200
    assert readings == [200] * feeds.READINGS + [429]


def test_no_log_line_holds_the_address(
    world: World, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    path = path_of(world, now)
    feeds.revoke(by=world.teacher, feed=CalendarFeed.objects.get(), now=now)

    statuses = [read(path, now).status_code for _time in range(feeds.MISSES + 1)]

    assert set(statuses) == {404, 429}
    assert caplog.text.count("/feeds/<str:token>.ics") == feeds.MISSES + 1
    assert path.split("/")[2].removesuffix(".ics") not in caplog.text


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("by", ["teacher", "manager", "site"])
def test_a_feed_costs_the_same_with_one_entry_and_with_three(
    world: World, now: datetime, count: int, by: str, django_assert_num_queries: Any
) -> None:
    for days in range(count):
        make_booking(
            by=world.teacher,
            session=world.session(day=DAY + timedelta(days=days)),
            class_group=world.group,
            now=now,
        )
    path = (
        path_of(world, now, world.manager, site=world.site)
        if by == "site"
        else path_of(world, now, getattr(world, by))
    )
    read(path, now)

    # The feed and its entries, with the classes of sessions; the rest counts readings.
    with django_assert_num_queries(QUERIES[by]):
        found = events(read(path, now))

    assert len(found) == count


QUERIES = {"teacher": 9, "manager": 10, "site": 10}


def test_the_page_shows_the_address_once_and_stops_it(world: World, now: datetime) -> None:
    client = Client()
    client.force_login(world.teacher_membership.user)

    empty = client.get("/me/calendar/").content.decode()
    made = client.post("/me/calendar/", {"do": "make"}).content.decode()
    path = made.split("http://testserver")[1].split("<")[0]
    shown = client.get("/me/calendar/").content.decode()
    status = client.get(path).status_code
    client.post("/me/calendar/", {"do": "revoke"})

    assert "还没有订阅地址。" in empty
    assert f"webcal://testserver{path}" in made
    assert path not in shown
    assert "换一个地址" in shown
    assert (status, client.get(path).status_code) == (200, 404)
    assert "/me/calendar/" in client.get("/me/").content.decode()


def test_the_site_page_leads_to_its_feed(world: World, now: datetime) -> None:
    client = Client()
    client.force_login(Membership.objects.get(pk=world.manager.membership_id).user)
    page = f"/sites/{world.site.pk}/calendar/"

    made = client.post(page, {"do": "make"}).content.decode()
    path = made.split("http://testserver")[1].split("<")[0]

    assert page in client.get(f"/sites/{world.site.pk}/").content.decode()
    assert "这个基地的场次" in made
    assert client.get(path).status_code == 200
    assert CalendarFeed.objects.get().site == world.site


def _loses_role(world: World, now: datetime) -> None:
    Membership.objects.filter(pk=world.manager.membership_id).update(role=Role.INSTRUCTOR)


def _leaves_host(world: World, now: datetime) -> None:
    Membership.objects.filter(pk=world.manager.membership_id).update(ended_at=now)


def _loses_account(world: World, now: datetime) -> None:
    user = Membership.objects.get(pk=world.manager.membership_id).user
    user.is_active = False
    user.save()


def _site_changes_hands(world: World, now: datetime) -> None:
    world.site.host = OrganisationFactory(vocational_school=True)
    world.site.save()


@pytest.mark.parametrize("leave", [_loses_role, _leaves_host, _loses_account, _site_changes_hands])
def test_a_sites_feed_ends_with_whoever_made_it(
    world: World, now: datetime, leave: Callable[[World, datetime], None]
) -> None:
    path = path_of(world, now, world.manager, site=world.site)
    before = read(path, now).status_code

    leave(world, now)

    assert (before, read(path, now).status_code) == (200, 404)


def test_a_colleague_makes_a_sites_feed_anew(
    world: World, now: datetime, login: Callable[[Any], Client]
) -> None:
    """She sees that there is none any more, though the old one was never stopped by hand."""
    colleague = actor_of(MembershipFactory(host_manager=True, organisation=world.host))
    old = path_of(world, now, world.manager, site=world.site)
    client, page = login(colleague), f"/sites/{world.site.pk}/calendar/"
    before = client.get(page).context["feed"]
    _leaves_host(world, now)

    none = client.get(page).context["feed"]
    made = client.post(page, {"do": "make"})

    assert before is not None
    assert none is None
    assert read(made.context["address"], now).status_code == 200
    assert read(old, now).status_code == 404


def test_what_is_to_come_is_never_crowded_out(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two to come, two over and one called off, where a calendar has room for three."""
    monkeypatch.setattr(selectors, "AT_MOST", 3)
    sessions = [
        world.session(day=now.date() + timedelta(days=days)) for days in (-20, -10, 5, 14, 15)
    ]
    called_off, *_others = sessions[2:]
    host_changes.cancel_session(by=world.manager, session=called_off, reason="停电", now=now)
    bookings = [
        make_booking(by=world.teacher, session=session, class_group=world.group, now=now)
        for session in sessions[3:]
    ]

    host = events(read(path_of(world, now, world.manager), now))
    teacher = events(read(path_of(world, now), now))

    # The next two first, then of all others the latest; shown by time.
    assert [str(one["UID"]) for one in host] == [
        f"{one.uid}@career-classroom" for one in (called_off, *sessions[3:])
    ]
    assert [str(one["UID"]) for one in teacher] == [
        f"{one.uid}@career-classroom" for one in bookings
    ]


def test_what_is_over_stays_thirty_days(world: World, now: datetime) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )
    path = path_of(world, now)
    gone = booking.session.ends_at + timedelta(days=30)

    shown = [len(events(read(path, at))) for at in (gone - timedelta(seconds=1), gone)]

    assert shown == [1, 0]

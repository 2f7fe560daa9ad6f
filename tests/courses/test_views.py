"""A host's pages, the reviewers' and the seasons: what they do, refuse and keep."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Membership, Organisation
from courses.choices import REVIEW_DIMENSIONS, Verdict, VersionState
from courses.models import CourseSession, CourseVersion, Season
from courses.services import versions
from sites.calendar import local_day
from sites.models import Room, Site
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.courses import (
    FIELDS,
    make_draft,
    make_room,
    make_season,
    make_session,
    make_version,
    manager_of,
)

FORM: dict[str, Any] = FIELDS | {"mode": "on_site"}
PASSED: dict[str, str] = {name: Verdict.PASS for name, _label in REVIEW_DIMENSIONS}


@pytest.fixture(autouse=True)
def _today(now: datetime) -> Any:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def host(db: None) -> Organisation:
    organisation: Organisation = OrganisationFactory(vocational_school=True)
    return organisation


@pytest.fixture
def manager(client: Client, host: Organisation) -> Client:
    client.force_login(MembershipFactory(organisation=host, role=Role.HOST_MANAGER).user)
    return client


@pytest.fixture
def secretary(db: None) -> Client:
    client = Client()
    client.force_login(MembershipFactory(secretariat=True).user)
    return client


def handed_in(host: Organisation, now: datetime) -> CourseVersion:
    draft = make_draft(host)
    return versions.submit_version(by=manager_of(host), version=draft, now=now)


def test_manager_writes_a_course_and_hands_it_in(manager: Client, host: Organisation) -> None:
    written = manager.post("/host/courses/new/", FORM)
    version = CourseVersion.objects.get()
    saved = manager.post(written["Location"], FORM | {"edition": 1, "title_zh": "西点师：曲奇"})
    handed = manager.post(f"{written['Location']}submit/", follow=True)

    version.refresh_from_db()
    assert (written.status_code, saved.status_code) == (302, 302)
    assert (version.host, version.title_zh) == (host, "西点师：曲奇")
    assert version.state == VersionState.IN_REVIEW
    assert "审核中" in handed.content.decode()
    assert "西点师：曲奇" in manager.get("/host/courses/").content.decode()


def test_the_course_says_how_many_adults_come(manager: Client) -> None:
    empty = manager.get("/host/courses/new/").content.decode()
    written = manager.post(
        "/host/courses/new/", FORM | {"min_adults": "3", "students_per_adult": "12"}
    )
    version = CourseVersion.objects.get()
    handed = manager.post(f"{written['Location']}submit/", follow=True).content.decode()

    assert [
        re.search(rf'name="{name}"[^>]*value="(\d+)"', empty)[1]  # type: ignore[index]
        for name in ("min_adults", "students_per_adult")
    ] == ["2", "20"]
    assert (version.min_adults, version.students_per_adult) == (3, 12)
    assert "每班至少 3 位，每 12 名学生 1 位" in handed


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title_zh": ""}, "请填写“课程名称”。"),
        ({"title_zh": "面" * 10_000}, "“课程名称”最多 100 个字，现在是 10000 个字。"),
        ({"grade_to": "5"}, "最高年级不能低于最低年级。"),
        ({"group_size_min": "30"}, "最多人数不能少于最少人数。"),
        ({"min_adults": "0"}, "“至少几位带队教师”不能小于 1。"),
        ({"students_per_adult": "61"}, "“每位带队教师最多带几人”不能大于 60。"),
        ({"class_hours": "０"}, "“学时”不能小于 1。"),
        ({"stages": []}, "请选择“适合学段”。"),
        ({"occupation_family": "f99"}, "“职业门类”里没有这个选项，请重新选择。"),
    ],
)
def test_bad_course_keeps_what_was_typed(
    manager: Client, changes: dict[str, Any], sentence: str
) -> None:
    answer = manager.post("/host/courses/new/", FORM | {"plan": "讲解<b>😀</b>"} | changes)

    text = answer.content.decode()
    assert answer.status_code == 200
    assert sentence in text
    assert "讲解&lt;b&gt;😀&lt;/b&gt;" in text
    assert not CourseVersion.objects.exists()


def test_stale_course_is_noticed_and_nothing_is_lost(manager: Client, host: Organisation) -> None:
    draft = make_draft(host)
    path = f"/host/courses/{draft.course_id}/"
    manager.post(path, FORM | {"edition": 1, "title_zh": "先存的"})

    stale = manager.post(path, FORM | {"edition": 1, "title_zh": "后存的"})
    again = manager.post(path, FORM | {"edition": 2, "title_zh": "后存的"})

    text = stale.content.decode()
    assert stale.status_code == 409
    assert "刚才已被修改" in text
    assert 'value="后存的"' in text
    assert 'name="edition" value="2"' in text
    assert again.status_code == 302


def test_incomplete_course_says_what_is_missing(manager: Client, host: Organisation) -> None:
    draft = make_draft(host, hazards="")
    path = f"/host/courses/{draft.course_id}/"

    page = manager.get(path).content.decode()
    handed = manager.post(f"{path}submit/", follow=True).content.decode()

    assert "提交审核前请补全：风险与防护。" in page
    assert "提交审核前请补全：风险与防护。" in handed
    draft.refresh_from_db()
    assert draft.state == VersionState.DRAFT


def test_published_course_gets_a_new_version_or_is_withdrawn(
    manager: Client, host: Organisation
) -> None:
    version = make_version(host)
    path = f"/host/courses/{version.course_id}/"

    asked = manager.get(f"{path}withdraw/").content.decode()
    draft = manager.post(f"{path}new-version/", follow=True).content.decode()
    twice = manager.post(f"{path}new-version/", follow=True).content.decode()
    manager.post(f"{path}withdraw/")

    version.refresh_from_db()
    assert "停开" in asked
    assert "新版草稿已建好" in draft
    assert "已有一版在修改或审核中" in twice
    assert version.state == VersionState.WITHDRAWN


def test_handed_in_course_is_taken_back(manager: Client, host: Organisation, now: datetime) -> None:
    version = handed_in(host, now)
    path = f"/host/courses/{version.course_id}/"

    page = manager.get(path).content.decode()
    manager.post(f"{path}take-back/")

    version.refresh_from_db()
    assert "联盟正在审核" in page
    assert version.state == VersionState.DRAFT


def test_review_shows_what_changed_and_keeps_a_refused_verdict(
    secretary: Client, host: Organisation, now: datetime
) -> None:
    published = make_version(host)
    by = manager_of(host)
    second = versions.start_new_version(by=by, course=published.course, now=now)
    versions.edit_version(by=by, version=second, edition=1, fields={"class_hours": 7}, now=now)
    versions.submit_version(by=by, version=second, now=now)
    path = f"/reviews/{second.pk}/"

    page = secretary.get(path).content.decode()
    vetoed = secretary.post(
        path,
        PASSED
        | {
            "edition": 2,
            "safety_assurance": "fix",
            "safety_assurance_comment": "请补助教<script>",
            "decision": "approved",
        },
    )
    bare = secretary.post(
        path, PASSED | {"edition": 2, "content_standard": "fail", "decision": "returned"}
    )
    approved = secretary.post(path, PASSED | {"edition": 2, "decision": "approved"})

    assert "与已发布的版本不同" in page
    assert vetoed.status_code == 422
    assert "“安全保障”没有通过，不能批准。" in vetoed.content.decode()
    assert "请补助教&lt;script&gt;" in vetoed.content.decode()
    assert "“内容规范”没有通过，请写明要改什么。" in bare.content.decode()
    assert approved["Location"] == "/reviews/"
    assert "不在审核中" in secretary.get(path).content.decode()


def test_text_changed_while_the_review_was_open_is_not_approved_unread(
    secretary: Client, host: Organisation, now: datetime
) -> None:
    version = handed_in(host, now)
    path = f"/reviews/{version.pk}/"
    seen = secretary.get(path).context["form"]["edition"].value()
    by = manager_of(host)
    versions.take_back(by=by, version=version, now=now)
    versions.edit_version(
        by=by, version=version, edition=1, fields={"hazards": "明火，无人看护。"}, now=now
    )
    versions.submit_version(by=by, version=version, now=now)
    verdicts = PASSED | {"decision": "approved", "goal_orientation_comment": "写得好"}

    stale = secretary.post(path, verdicts | {"edition": seen})
    newest = stale.context["form"]["edition"].value()
    again = secretary.post(path, verdicts | {"edition": newest})

    assert (seen, newest) == (1, "2")
    assert stale.status_code == 409
    assert "开课单位撤回后又改过这一版" in stale.content.decode()
    assert "写得好" in stale.content.decode()
    assert again["Location"] == "/reviews/"


def test_comments_on_a_version_decided_meanwhile_are_not_lost(
    secretary: Client, host: Organisation, now: datetime
) -> None:
    version = handed_in(host, now)
    path = f"/reviews/{version.pk}/"
    secretary.post(path, PASSED | {"edition": 1, "decision": "approved"})

    late = secretary.post(
        path,
        PASSED
        | {
            "edition": 1,
            "decision": "returned",
            "safety_assurance": "fix",
            "safety_assurance_comment": "请补灭火毯",
        },
    )

    assert late.status_code == 409
    assert "这一版是“已发布”，不在审核中。" in late.content.decode()
    assert "请补灭火毯" in late.content.decode()


def test_text_typed_while_the_course_was_handed_in_is_not_lost(
    manager: Client, host: Organisation, now: datetime
) -> None:
    version = handed_in(host, now)

    late = manager.post(
        f"/host/courses/{version.course_id}/", FORM | {"edition": 1, "plan": "新写的安排"}
    )

    version.refresh_from_db()
    assert late.status_code == 409
    assert "这一版是“审核中”，不能再改。" in late.content.decode()
    assert "新写的安排" in late.content.decode()
    assert version.plan == FIELDS["plan"]


def test_season_is_set_and_its_order_explained(secretary: Client) -> None:
    form = {
        "name": "秋季",
        "school_year": "2026",
        "opens_at": "2026-09-01T08:00",
        "closes_at": "2027-01-20T18:00",
        "runs_from": "2026-09-01",
        "runs_until": "2027-01-29",
        "freeze_days": "3",
    }

    wrong = secretary.post("/seasons/new/", form | {"runs_until": "2026-08-01"})
    secretary.post("/seasons/new/", form)
    twice = secretary.post("/seasons/new/", form)
    season = Season.objects.get()
    secretary.post(f"/seasons/{season.pk}/", form | {"name": "秋冬"})

    assert wrong.context["form"].errors == {"runs_until": ["不能早于第一天开课。"]}
    assert "日期的先后不对" not in wrong.content.decode()
    assert 'value="2026-08-01"' in wrong.content.decode()
    assert twice.status_code == 200
    assert "秋冬" in secretary.get("/seasons/").content.decode()


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"closes_at": "2026-09-01T08:00"}, {"closes_at": ["要晚于开始预约的时间。"]}),
        ({"runs_from": "2026-08-31"}, {"runs_from": ["第一天开课不能早于开始预约的那一天。"]}),
    ],
)
def test_season_out_of_order_is_told_once_at_its_field(
    secretary: Client, changes: dict[str, str], errors: dict[str, list[str]]
) -> None:
    form = {
        "name": "秋季",
        "school_year": "2026",
        "opens_at": "2026-09-01T08:00",
        "closes_at": "2027-01-20T18:00",
        "runs_from": "2026-09-01",
        "runs_until": "2027-01-29",
        "freeze_days": "3",
    }

    response = secretary.post("/seasons/new/", form | changes)

    assert response.context["form"].errors == errors
    assert not Season.objects.exists()


def session_form(version: CourseVersion, room_id: int) -> dict[str, Any]:
    return {
        "course": version.course_id,
        "room": room_id,
        "day": "2026-12-08",
        "starts": "09:00",
        "ends": "11:30",
    }


def test_session_is_opened_and_the_clash_is_named(manager: Client, host: Organisation) -> None:
    make_season()
    version = make_version(host)
    form = session_form(version, make_room(host).pk)

    opened = manager.post("/host/sessions/new/", form)
    twice = manager.post("/host/sessions/new/", form | {"capacity": "7"})
    week = manager.get("/host/week/?day=2026-12-08").content.decode()

    assert opened.status_code == 302
    assert twice.status_code == 409
    assert "已安排《面包师：一只吐司的诞生》" in twice.content.decode()
    assert 'value="7"' in twice.content.decode()
    assert CourseSession.objects.count() == 1
    assert "面包师" in week


def test_capacity_is_lowered_never_raised(manager: Client, host: Organisation) -> None:
    make_season()
    form = session_form(make_version(host), make_room(host).pk)

    raised = manager.post("/host/sessions/new/", form | {"capacity": "25"})
    lowered = manager.post("/host/sessions/new/", form | {"capacity": "10"})

    assert raised.status_code == 422
    assert "名额最多 24 位" in raised.content.decode()
    assert lowered.status_code == 302
    assert CourseSession.objects.get().capacity == 10


def test_without_a_season_nothing_is_opened(manager: Client, host: Organisation) -> None:
    form = session_form(make_version(host), make_room(host).pk)

    answer = manager.post("/host/sessions/new/", form)

    assert answer.status_code == 409
    assert "还没有设定预约季" in answer.content.decode()


def test_unbooked_session_is_changed_a_booked_one_is_not(
    manager: Client, host: Organisation, now: datetime
) -> None:
    session = make_session(make_version(host), now=now)
    path = f"/host/sessions/{session.pk}/"
    form = session_form(session.version, session.room_id or 0) | {"capacity": "9", "sequence": 0}

    manager.post(f"{path}edit/", form | {"starts": "13:00", "ends": "15:30"})
    session.refresh_from_db()
    CourseSession.objects.filter(pk=session.pk).update(seats_taken=2)
    page = manager.get(path).content.decode()
    late = manager.post(f"{path}edit/", form)

    assert (session.capacity, session.starts_at.astimezone(now.tzinfo).hour) == (9, 13)
    sentence = (
        "这一场已有 2 位预约，这里不能再改。请在当天的场次里点“调整场次”，或取消场次并说明原因。"
    )
    assert sentence in page
    assert late.status_code == 409
    assert sentence in late.content.decode()


def test_session_that_has_begun_offers_neither_change_nor_cancelling(
    manager: Client, host: Organisation, now: datetime
) -> None:
    session = make_session(make_version(host), now=now)
    path = f"/host/sessions/{session.pk}/"
    cancel = f'href="/today/sessions/{session.pk}/cancel/"'
    before = manager.get(path).content.decode()

    CourseSession.objects.filter(pk=session.pk).update(
        starts_at=timezone.now() - timedelta(minutes=1)
    )
    begun = manager.get(path).content.decode()
    form = manager.get(f"{path}edit/")

    assert cancel in before
    assert cancel not in begun
    assert form.status_code == 409
    assert "已经开始" in form.content.decode()


def test_an_odd_time_is_told_before_a_session_is_opened_or_changed(
    manager: Client, host: Organisation, now: datetime
) -> None:
    session = make_session(make_version(host), now=now)
    room = session.room
    assert room is not None
    Site.objects.update(opening_hours="8:30–16:30")
    opening = session_form(session.version, room.pk) | {"day": "2026-12-12", "ends": "17:00"}
    path = f"/host/sessions/{session.pk}/edit/"
    changing = opening | {"sequence": "0", "capacity": "9"}

    asked = manager.post("/host/sessions/new/", opening)
    after_asking = CourseSession.objects.count()
    opened = manager.post("/host/sessions/new/", opening | {"seen": asked.context["mark"]})
    later = changing | {"day": "2026-12-19"}
    told = manager.post(path, later)
    session.refresh_from_db()
    stays = session.capacity
    changed = manager.post(path, later | {"seen": told.context["mark"]})

    lines = [
        "12 月 12 日（周六）不是上课日。",
        f"9:00–17:00 不在{room.site.name}的开放时间之内（8:30–16:30）。",
        "时长 8 小时，这门课记 4 学时（每学时 40 分钟）。",
    ]
    assert asked.context["cautions"] == lines
    assert told.context["cautions"] == ["12 月 19 日（周六）不是上课日。", *lines[1:]]
    assert "还没有保存，请再核对一下：" in asked.content.decode()
    assert 'value="2026-12-12"' in asked.content.decode()
    assert (after_asking, opened.status_code) == (1, 302)
    assert (stays != 9, changed.status_code) == (True, 302)
    session.refresh_from_db()
    assert (session.capacity, local_day(session.starts_at)) == (9, date(2026, 12, 19))


def test_who_keeps_an_odd_time_is_not_asked_about_it_again(
    manager: Client, host: Organisation, now: datetime
) -> None:
    session = make_session(make_version(host), now=now)
    CourseSession.objects.filter(pk=session.pk).update(class_hours=1)
    local = timezone.localtime(session.starts_at)
    form = session_form(session.version, session.room_id or 0) | {
        "sequence": "0",
        "capacity": "7",
        "day": f"{local:%Y-%m-%d}",
        "starts": f"{local:%H:%M}",
        "ends": f"{timezone.localtime(session.ends_at):%H:%M}",
    }

    saved = manager.post(f"/host/sessions/{session.pk}/edit/", form)

    session.refresh_from_db()
    assert (saved.status_code, session.capacity) == (302, 7)


def test_of_two_forms_of_a_session_the_second_is_stale(
    manager: Client, host: Organisation, now: datetime
) -> None:
    session = make_session(make_version(host), now=now)
    path = f"/host/sessions/{session.pk}/edit/"
    form = session_form(session.version, session.room_id or 0) | {"capacity": "9"}
    seen = manager.get(path).context["form"]["sequence"].value()
    manager.post(path, form | {"sequence": seen, "starts": "08:30"})

    stale = manager.post(path, form | {"sequence": seen, "capacity": "7"})
    newest = stale.context["form"]["sequence"].value()
    session.refresh_from_db()
    between = session.capacity
    manager.post(path, form | {"sequence": newest, "capacity": "7"})

    session.refresh_from_db()
    assert stale.status_code == 409
    assert "这一场刚才已被修改" in stale.content.decode()
    assert 'value="7"' in stale.content.decode()
    assert (between, session.capacity) == (9, 7)


def test_session_that_has_begun_is_not_moved_into_the_future(
    manager: Client, host: Organisation, now: datetime
) -> None:
    session = make_session(make_version(host), now=now)
    path = f"/host/sessions/{session.pk}/"
    form = session_form(session.version, session.room_id or 0)

    with time_machine.travel(session.starts_at, tick=False):
        manager.force_login(Membership.objects.get(pk=manager_of(host).membership_id).user)
        page = manager.get(path).content.decode()
        late = manager.post(
            f"{path}edit/", form | {"capacity": "9", "sequence": 0, "day": "2026-12-15"}
        )

    sentence = "这一场 12 月 8 日（周二）9:00 已经开始，不能再改。"
    assert sentence in page
    assert late.status_code == 409
    assert sentence in late.content.decode()


def test_missing_assistant_is_said_until_one_is_named(
    manager: Client, host: Organisation, now: datetime
) -> None:
    make_season()
    version = make_version(host, needs_assistant=True)
    helper = MembershipFactory(organisation=host, role=Role.INSTRUCTOR, user__name="钱师傅")
    form = session_form(version, make_room(host).pk)
    sentence = "这门课须配助教，还没有指定。"

    choice = manager.get("/host/sessions/new/").content.decode()
    opened = manager.post("/host/sessions/new/", form, follow=True)
    session = CourseSession.objects.get()
    CourseSession.objects.filter(pk=session.pk).update(seats_taken=3)
    path = f"/host/sessions/{session.pk}/"
    before = manager.get(f"{path}people/").content.decode()
    same = manager.post(f"{path}people/", {"instructor": helper.pk, "assistant": helper.pk})
    named = manager.post(f"{path}people/", {"assistant": helper.pk}, follow=True)

    session.refresh_from_db()
    assert "4 学时，须配助教" in choice
    assert opened.content.decode().count(sentence) == 2
    assert sentence in before
    assert same.status_code == 422
    assert "助教和指导教师要是两个人。" in same.content.decode()
    assert session.assistant == helper
    assert "钱师傅" in named.content.decode()
    assert sentence not in named.content.decode()


def test_series_is_previewed_before_it_is_saved(manager: Client, host: Organisation) -> None:
    make_season()
    form = {
        "course": make_version(host).course_id,
        "room": make_room(host).pk,
        "first": "2026-12-07",
        "last": "2026-12-20",
        "weekdays": ["0", "2"],
        "half_days": ["am"],
    }

    preview = manager.post("/host/sessions/series/", form | {"preview": "1"})
    before = CourseSession.objects.count()
    unseen = manager.post("/host/sessions/series/", form | {"save": "1", "seen": ["?", "x-1-1"]})
    none_yet = CourseSession.objects.count()
    seen = re.findall(r'name="seen" value="([^"]+)"', unseen.content.decode())
    make_session(
        CourseVersion.objects.get(),
        room=Room.objects.get(),
        starts_at=datetime.fromisoformat(seen[1]),
    )
    saved = manager.post(
        "/host/sessions/series/", form | {"save": "1", "seen": seen}, follow=True
    ).content.decode()
    again = manager.post("/host/sessions/series/", form | {"preview": "1"})

    assert "将生成 4 场，共 96 个名额；跳过 0 场。" in preview.content.decode()
    assert (before, unseen.status_code, none_yet) == (0, 409, 0)
    assert "内容和预览时不一样了，还没有生成。" in unseen.content.decode()
    assert CourseSession.objects.count() == 4
    assert "已生成 3 场。" in saved
    assert "预览以后有变化，12 月 9 日（周三）9:00 没有生成：" in saved
    assert "跳过 4 场" in again.content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"last": "2026-12-01"}, "结束日期不能早于开始日期。"),
        ({"half_days": ["am", "day"]}, "全天和半天不能同时选。"),
        ({"weekdays": []}, "请选择“每周”。"),
    ],
)
def test_series_that_cannot_be_is_explained(
    manager: Client, host: Organisation, changes: dict[str, Any], sentence: str
) -> None:
    form = {
        "course": make_version(host).course_id,
        "room": make_room(host).pk,
        "first": "2026-12-07",
        "last": "2026-12-20",
        "weekdays": ["0"],
        "half_days": ["am"],
    }

    answer = manager.post("/host/sessions/series/", form | changes | {"preview": "1"})

    assert sentence in answer.content.decode()


def test_camp_is_opened_as_a_whole(manager: Client, host: Organisation) -> None:
    make_season()
    form = {
        "course": make_version(host, class_hours=14).course_id,
        "room": make_room(host).pk,
        "first": "2026-12-08",
        "second": "2026-12-09",
    }

    wrong = manager.post("/host/sessions/camp/", form | {"second": "2026-12-08"})
    manager.post("/host/sessions/camp/", form)

    assert "第二天要晚于第一天。" in wrong.content.decode()
    assert list(CourseSession.objects.values_list("class_hours", flat=True)) == [7, 7]


def test_another_hosts_things_are_not_there(manager: Client, now: datetime) -> None:
    session = make_session(now=now)

    statuses = {
        path: manager.get(path).status_code
        for path in (
            f"/host/courses/{session.version.course_id}/",
            f"/host/sessions/{session.pk}/",
            f"/host/sessions/{session.pk}/edit/",
        )
    }

    assert set(statuses.values()) == {404}


@pytest.mark.parametrize("trait", ["teacher", "coordinator", "instructor", "reviewer"])
def test_other_roles_write_nothing(client: Client, db: None, trait: str) -> None:
    member: Membership = MembershipFactory(**{trait: True})
    client.force_login(member.user)

    statuses = {
        client.get(reverse(f"courses:{name}")).status_code
        for name in ("host_courses", "course_new", "session_new", "series_new", "seasons")
    }

    assert statuses == {403}


def test_lists_take_the_same_queries_with_one_and_with_three(
    manager: Client, secretary: Client, host: Organisation, now: datetime
) -> None:
    counts: dict[str, list[int]] = {}
    make_season()
    for further in (1, 2):
        for index in range(further):
            version = make_version(host)
            make_session(
                version,
                starts_at=now + timedelta(days=14, hours=index),
                instructor=MembershipFactory(organisation=host, role=Role.INSTRUCTOR),
                now=now,
            )
            handed_in(host, now)
        for client, path in (
            (manager, "/host/courses/"),
            (manager, "/host/week/?day=2026-12-08"),
            (secretary, "/reviews/"),
            (secretary, "/seasons/"),
        ):
            client.get(path)
            with CaptureQueriesContext(connection) as queries:
                client.get(path)
            counts.setdefault(path, []).append(len(queries))

    assert {path: found[0] - found[1] for path, found in counts.items()} == dict.fromkeys(counts, 0)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_at_the_ends_of_the_calendar_are_told_not_crashed_on(
    manager: Client, secretary: Client, host: Organisation, day: str
) -> None:
    make_season()
    version = make_version(host)
    room = make_room(host)
    place = {"course": version.course_id, "room": room.pk}
    days = {"first": day, "last": day, "second": day, "day": day}
    series_only = {"weekdays": ["0"], "half_days": ["am"], "starts": "09:00", "ends": "11:00"}
    closure = {"starts": "08:00", "ends": "09:00", "reason": "检修"}
    season = {
        "name": "x",
        "school_year": "2026",
        "runs_from": day,
        "runs_until": day,
        "freeze_days": "3",
    }
    booking = {"opens_at": f"{day}T08:00", "closes_at": f"{day}T09:00"}

    answers = [
        manager.post("/host/sessions/new/", place | days | series_only),
        manager.post("/host/sessions/series/", place | days | series_only),
        manager.post("/host/sessions/camp/", place | days),
        manager.post(f"/rooms/{room.pk}/close/", days | closure),
        secretary.post("/seasons/new/", season | booking),
        manager.get("/today/", {"day": day}),
        manager.get("/find/", {"since": day, "until": day}),
    ]

    assert [answer.status_code for answer in answers] == [200] * 7
    assert ["2000 年至 2100 年" in answer.content.decode() for answer in answers] == [True] * 7
    assert manager.get(f"/today/{day}/").status_code == 404
    assert manager.get("/api/v1/sessions/", {"until": day}).status_code == 400

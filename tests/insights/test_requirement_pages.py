"""The secretariat changes a requirement on a page that first shows whom it concerns."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.choices import Role
from accounts.models import Membership
from hours.models import PracticumRequirement
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.courses import make_session, make_version, manager_of
from tests.factories.hours import make_credit
from tests.factories.rosters import make_class

FORM: dict[str, Any] = {
    "name": "初中职业体验 14 学时",
    "stage": "junior",
    "school_kind": "",
    "entry_year_from": 2023,
    "entry_year_to": 2026,
    "class_hours": 4,
    "min_occupations": 1,
    "counts_from": "2026-09-01",
    "due_on": "2027-06-30",
}
CITY = FORM | {
    "class_hours": "32",
    "school_kind": "private",
    "minimum_vocational_school": "16",
    "minimum_enterprise": "4",
}


@pytest.fixture
def secretary(client: Client, db: None) -> Client:
    member: Membership = MembershipFactory(
        organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT
    )
    client.force_login(member.user)
    return client


def confirm(client: Client, path: str, form: dict[str, Any]) -> Any:
    """Shown first, then saved by the second button."""
    shown = client.post(path, form)
    assert shown.status_code == 200
    return client.post(path, form | {"seal": shown.context["shown"]["seal"]})


def one_done(now: datetime, name: str) -> None:
    """A school with a class of two, one of whom has 4 hours."""
    group = make_class(students=2, school=OrganisationFactory(name=name))
    day = now - timedelta(days=7)
    session = make_session(make_version(), starts_at=day, now=day - timedelta(days=9))
    student = group.students.order_by("seat_no")[0]
    make_credit(by=manager_of(session.host), student=student, session=session, now=now)


def test_a_change_is_shown_saved_once_seen_and_shown_again_when_it_is_another(
    secretary: Client, now: datetime
) -> None:
    one_done(now, "清河中学")
    with time_machine.travel(now, tick=False):
        confirm(secretary, "/requirements/new/", FORM)
        path = f"/requirements/{PracticumRequirement.objects.get().pk}/"
        more = FORM | {"class_hours": "5", "due_on": "2027-05-31", "minimum_enterprise": "2"}

        shown = secretary.post(path, more)
        kept = PracticumRequirement.objects.get().class_hours
        one_done(now, "平江中学")
        stale = secretary.post(path, more | {"seal": shown.context["shown"]["seal"]})
        saved = secretary.post(path, more | {"seal": stale.context["shown"]["seal"]})

    text, again = shown.content.decode(), stale.content.decode()
    assert (shown.status_code, kept) == (200, 4)
    assert "还没有保存。保存后：" in text
    assert "学时：4 → <b>5</b>" in text
    assert "截止日：2027 年 6 月 30 日（周三） → <b>2027 年 5 月 31 日（周一）</b>" in text
    assert "企业至少几学时：不要求 → <b>2</b>" in text
    assert "起算日：" not in text
    assert "1 名学生从已完成变为未完成。" in text
    assert "清河中学" in text
    assert 'name="class_hours" value="5"' in text
    assert "不一样了" not in text
    assert stale.status_code == 409
    assert "这项要求或它影响的学生和刚才看到的不一样了，还没有保存。请看过再确认。" in again
    assert "2 名学生从已完成变为未完成。" in again
    assert 'name="class_hours" value="5"' in again
    assert saved.status_code == 302
    changed = PracticumRequirement.objects.get()
    assert (changed.class_hours, changed.due_on) == (5, date(2027, 5, 31))
    assert list(changed.minimums.values_list("host_kind", "class_hours")) == [("enterprise", 2)]


def test_a_new_requirement_says_whom_it_takes_in(secretary: Client, now: datetime) -> None:
    one_done(now, "清河中学")

    with time_machine.travel(now, tick=False):
        shown = secretary.post("/requirements/new/", FORM)
        nobody = secretary.post("/requirements/new/", FORM | {"stage": "senior"})

    total = shown.context["shown"]["total"]
    assert (total.classes_after, total.students_after, total.done_after) == (1, 2, 1)
    assert "现在</th>" not in shown.content.decode()
    assert "没有学生从已完成变为未完成。" in shown.content.decode()
    assert "没有班级适用这项要求。请核对学段、办学性质和入学年份。" in nobody.content.decode()
    assert not PracticumRequirement.objects.exists()


def test_a_name_is_saved_at_once(secretary: Client, now: datetime) -> None:
    confirm(secretary, "/requirements/new/", FORM)
    requirement = PracticumRequirement.objects.get()

    answer = secretary.post(f"/requirements/{requirement.pk}/", FORM | {"name": "新名称"})

    requirement.refresh_from_db()
    assert (answer.status_code, requirement.name) == (302, "新名称")


@pytest.mark.parametrize("count", [1, 13])
def test_schools_are_named_as_far_as_there_is_room(
    secretary: Client, now: datetime, count: int
) -> None:
    """Thirteen: twelve lines and one for the last."""
    for number in range(count):
        one_done(now, f"第{number:02}中学")
    with time_machine.travel(now, tick=False):
        confirm(secretary, "/requirements/new/", FORM)
        path = f"/requirements/{PracticumRequirement.objects.get().pk}/"
        shown = secretary.post(path, FORM | {"class_hours": "5"})

    named = [f"第{number:02}中学" for number in range(min(count, 12))]
    assert [row.name for row in shown.context["shown"]["schools"]] == named
    assert ("另外 1 所" in shown.content.decode()) == (count == 13)
    assert f"{count} 名学生从已完成变为未完成。" in shown.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_preview_takes_the_same_queries_for_one_and_three_schools(
    secretary: Client, now: datetime, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        one_done(now, f"第{number}中学")
    with time_machine.travel(now, tick=False):
        confirm(secretary, "/requirements/new/", FORM)
        path = f"/requirements/{PracticumRequirement.objects.get().pk}/"
        with django_assert_num_queries(29):
            shown = secretary.post(path, FORM | {"class_hours": "5"})

    assert len(shown.context["shown"]["schools"]) == count


def test_what_was_typed_is_kept_and_saved_once_it_is_right(secretary: Client) -> None:
    wrong = secretary.post("/requirements/new/", FORM | {"due_on": "2026-01-01"})
    right = confirm(secretary, "/requirements/new/", FORM)
    page = secretary.get("/requirements/")
    taken = secretary.post("/requirements/new/", FORM)

    assert wrong.status_code == 200
    assert wrong.content.decode().count("要晚于起算日。") == 1
    assert "先后不对" not in wrong.content.decode()
    assert 'value="2026-01-01"' in wrong.content.decode()
    assert "还没有保存" not in wrong.content.decode()
    assert right.status_code == 302
    assert "4 学时" in page.content.decode()
    assert list(taken.context["form"].errors) == ["name"]
    assert PracticumRequirement.objects.count() == 1


def test_minimums_are_set_changed_and_taken_away_on_the_page(secretary: Client) -> None:
    confirm(secretary, "/requirements/new/", CITY)
    requirement = PracticumRequirement.objects.get()
    first = dict(requirement.minimums.values_list("host_kind", "class_hours"))
    form = secretary.get(f"/requirements/{requirement.pk}/").content.decode()
    listed = secretary.get("/requirements/").content.decode()
    confirm(
        secretary,
        f"/requirements/{requirement.pk}/",
        CITY | {"minimum_vocational_school": "20", "minimum_enterprise": ""},
    )

    assert requirement.school_kind == "private"
    assert first == {"vocational_school": 16, "enterprise": 4}
    assert 'name="minimum_vocational_school" value="16"' in form
    assert "初中 · 民办 · 2023–2026 年入学" in listed
    assert "企业至少 4 学时 · 中等职业学校至少 16 学时" in listed
    assert dict(requirement.minimums.values_list("host_kind", "class_hours")) == {
        "vocational_school": 20
    }


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("due_on", {"due_on": "2026-09-01"}, "要晚于起算日。"),
        ("entry_year_to", {"entry_year_to": "2022"}, "不能早于前一个入学年份。"),
        (
            "minimum_enterprise",
            {"minimum_vocational_school": "30"},
            "各类最低学时合计不能超过总学时。",
        ),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_once(
    secretary: Client, field: str, typed: dict[str, str], sentence: str
) -> None:
    answer = secretary.post("/requirements/new/", CITY | typed)

    assert answer.context["form"].errors == {field: [sentence]}
    assert answer.content.decode().count(sentence) == 1
    assert not PracticumRequirement.objects.exists()

"""The export for the school's official record: what is left out and why, columns, files, log."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
import time_machine
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.errors import NotAllowed
from accounts.models import AuditEntry, Organisation, User
from courses.models import CourseSession
from hours.models import HourCredit, PracticumRequirement
from insights.choices import DEFAULT_COLUMNS, Column, LeftOut
from insights.errors import NoColumns, NothingToExport
from insights.models import RecordLayout
from insights.selectors.coverage import visible_classes
from insights.selectors.records import Records, Wanted, cells, layout_of, records
from insights.services import records as services
from rosters.models import Student
from rosters.workbooks import neutral
from tests.bookings.conftest import DAY, World, world
from tests.factories.accounts import MembershipFactory
from tests.factories.bookings import make_booking
from tests.factories.hours import make_credit

__all__ = ["world"]
NEXT = timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def session(world: World, now: datetime) -> CourseSession:
    """Booked by the class, with two teachers."""
    made = world.session(day=DAY)
    make_booking(by=world.teacher, session=made, class_group=world.group, now=now)
    return made


def credit(world: World, seats: list[int], session: CourseSession, now: datetime) -> None:
    for student in world.students:
        if student.seat_no in seats:
            make_credit(by=world.manager, student=student, session=session, now=now)


def found(world: World, now: datetime, **wanted: Any) -> Records:
    return records(world.coordinator, visible_classes(world.coordinator), Wanted(**wanted), now)


def client_of(world: World) -> Client:
    client = Client()
    membership = world.school.memberships.get(pk=world.coordinator.membership_id)
    client.force_login(membership.user)
    return client


def kept(world: World, now: datetime, **wanted: Any) -> list[tuple[int, date, int]]:
    lines = found(world, now, **wanted).lines
    return [(line.student.seat_no, line.day, line.hours) for line in lines]


# ── which lines ──


def test_each_student_and_session_is_a_line_in_order(
    world: World, session: CourseSession, now: datetime
) -> None:
    later = world.session(day=DAY + NEXT)
    credit(world, [2, 1], later, now)
    credit(world, [1], session, now)

    assert kept(world, now) == [(1, DAY, 4), (1, DAY + NEXT, 4), (2, DAY + NEXT, 4)]
    assert found(world, now).students == 2


def test_a_correction_is_summed_up_not_listed(
    world: World, session: CourseSession, now: datetime
) -> None:
    credit(world, [1, 2], session, now)
    wrong = HourCredit.objects.get(student=world.students[0])
    HourCredit.objects.create(
        student=wrong.student, school=wrong.school, session=session, kind="reversal",
        class_hours=-4, reverses=wrong, reason="点错人", earned_on=DAY, credited_at=now,
    )  # fmt: skip

    assert kept(world, now) == [(2, DAY, 4)]


def test_classes_and_days_narrow_it(world: World, session: CourseSession, now: datetime) -> None:
    other = world.new_group(4, 1)
    later = world.session(day=DAY + NEXT)
    credit(world, [1], session, now)
    credit(world, [1], later, now)
    make_credit(by=world.manager, student=other.students.get(), session=session, now=now)

    assert len(kept(world, now)) == 3
    assert kept(world, now, class_ids=(other.pk,)) == [(1, DAY, 4)]
    assert kept(world, now, class_ids=(world.group.pk,), since=DAY + NEXT) == [(1, DAY + NEXT, 4)]
    assert kept(world, now, class_ids=(world.group.pk,), until=DAY) == [(1, DAY, 4)]
    assert kept(world, now, class_ids=()) == []


def test_what_would_be_rejected_is_left_out_with_the_reason(
    world: World, session: CourseSession, now: datetime
) -> None:
    Student.objects.filter(pk=world.students[0].pk).update(student_no="")
    credit(world, [1, 3, 5], session, now)
    credit(world, [3], world.session(day=DAY, hours=1), now)
    credit(world, [4], world.session(day=date(2026, 8, 31)), now)
    HourCredit.objects.create(
        student=world.students[1], school=world.school, kind="manual", class_hours=2,
        reason="补记", earned_on=DAY, credited_at=now,
    )  # fmt: skip

    batch = found(world, now)

    assert [(line.student.seat_no, line.left_out) for line in batch.left_out] == [
        (1, LeftOut.NO_NUMBER),
        (2, LeftOut.NO_SESSION),
        (3, LeftOut.TWICE),
        (4, LeftOut.OUTSIDE),
    ]
    assert [(line.student.seat_no, line.session) for line in batch.lines] == [
        (3, session),
        (5, session),
    ]


def test_who_has_not_reached_it_is_left_out_only_if_asked(
    world: World, session: CourseSession, now: datetime
) -> None:
    credit(world, [1, 2], session, now)
    for day in world.camp(day=DAY + 7 * NEXT)[1]:
        credit(world, [2], day, now)

    assert len(found(world, now).lines) == 4
    batch = found(world, now, only_done=True)
    assert {line.student.seat_no for line in batch.lines} == {2}
    assert [line.left_out for line in batch.left_out] == [LeftOut.NOT_REACHED]


def test_without_a_requirement_everything_is_a_line(
    world: World, session: CourseSession, now: datetime
) -> None:
    PracticumRequirement.objects.all().delete()
    credit(world, [1], session, now)

    batch = found(world, now)
    assert cells(batch.lines[0], [Column.REQUIREMENT, Column.REACHED], batch) == ["", "否"]


def test_it_takes_as_many_queries_for_one_line_as_for_many(
    world: World, session: CourseSession, now: datetime, django_assert_num_queries: Any
) -> None:
    credit(world, [1], session, now)
    with django_assert_num_queries(8):
        assert len(found(world, now).lines) == 1
    credit(world, [2, 3], session, now)
    other = world.new_group(4, 1)
    make_credit(by=world.manager, student=other.students.get(), session=session, now=now)
    with django_assert_num_queries(8):
        assert len(found(world, now).lines) == 4


# ── columns ──


def test_every_column_says_what_it_is_called_for(
    world: World, session: CourseSession, now: datetime
) -> None:
    credit(world, [2], session, now)
    batch = found(world, now)

    row = dict(zip(Column, cells(batch.lines[0], list(Column), batch), strict=True))

    assert row == {
        Column.NUMBER: "20250302",
        Column.NAME: "学生302",
        Column.SCHOOL: "清河中学",
        Column.CLASS: "七(3)班",
        Column.SEAT: 2,
        Column.CATEGORY: "职业体验",
        Column.REQUIREMENT: "初中职业体验",
        Column.BASE: "焙烤实训中心",
        Column.PLACE: "焙烤实训中心 1号实训室",
        Column.HOST: "曹杨职业技术学校",
        Column.HOST_KIND: "中等职业学校",
        Column.OCCUPATION: "面包师",
        Column.COURSE: "面包师：吐司与软欧",
        Column.DAY: "2026-12-08",
        Column.STARTS: "9:00",
        Column.ENDS: "11:30",
        Column.HOURS: 4,
        Column.TOTAL: 4,
        Column.REACHED: "否",
        Column.TEACHER: "王老师、李老师",
        Column.CERTIFICATE: "",
    }


def test_a_school_chooses_its_columns_and_their_order(world: World, now: datetime) -> None:
    assert layout_of(world.school.pk) == DEFAULT_COLUMNS

    services.set_layout(
        by=world.coordinator, columns=[Column.HOURS, Column.NAME, Column.HOURS], now=now
    )
    services.set_layout(by=world.coordinator, columns=[Column.HOURS, Column.NUMBER], now=now)

    assert layout_of(world.school.pk) == (Column.HOURS, Column.NUMBER)
    assert layout_of(MembershipFactory().organisation.pk) == DEFAULT_COLUMNS
    assert AuditEntry.objects.filter(verb="record.layout_set").count() == 2
    with pytest.raises(NoColumns):
        services.set_layout(by=world.coordinator, columns=[], now=now)
    with pytest.raises(NotAllowed):
        services.set_layout(by=world.teacher, columns=[Column.NAME], now=now)
    with pytest.raises(IntegrityError, match="layout_has_columns"), transaction.atomic():
        RecordLayout.objects.update(columns=[])


def test_a_column_that_is_no_more_is_passed_over(world: World) -> None:
    RecordLayout.objects.create(school=world.school, columns=["gone", "name"])
    assert layout_of(world.school.pk) == (Column.NAME,)
    RecordLayout.objects.update(columns=["gone"])
    assert layout_of(world.school.pk) == DEFAULT_COLUMNS
    for actor, sees in ((world.coordinator, True), (world.teacher, True), (world.manager, False)):
        assert RecordLayout.objects.visible_to(actor).exists() is sees


def test_columns_are_set_on_the_page(world: World) -> None:
    client = client_of(world)
    address = "/school/record/columns/"

    page = client.get(address)
    assert page.context["form"]["number"].initial == 1
    assert page.context["form"]["total"].initial is None
    assert client.post(address, {"name": "x"}).status_code == 422
    empty = client.post(address, {})
    assert (empty.status_code, "请至少选一列。" in empty.content.decode()) == (422, True)
    answer = client.post(address, {"hours": "1", "name": "3", "day": "2"})

    assert (answer.status_code, answer["Location"]) == (302, "/school/record/")
    assert layout_of(world.school.pk) == (Column.HOURS, Column.DAY, Column.NAME)


# ── files ──

NAME = '=HYPERLINK("http://x")'


def export(world: World, **more: Any) -> Any:
    return client_of(world).post("/school/record/export/", more)


def name_of(response: Any) -> str:
    """What the browser saves the file as."""
    header, name = response["Content-Disposition"].split("filename*=utf-8''")
    assert header == "attachment; "
    return unquote(str(name))


def test_excel_says_who_and_when_and_holds_text_only(
    world: World, session: CourseSession, now: datetime
) -> None:
    first, second = world.students[:2]
    Student.objects.filter(pk=first.pk).update(name=NAME, student_no="007")
    Student.objects.filter(pk=second.pk).update(student_no="")
    credit(world, [1, 2], session, now)

    response = export(world, format="xlsx")

    number = AuditEntry.objects.get(verb="names.exported").pk
    assert name_of(response) == f"清河中学实践记录 2026-11-24 导出编号{number}.xlsx"
    assert response["Cache-Control"] == "no-store"
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    assert book.sheetnames == ["实践记录", "未导出"]
    page, left_out = book["实践记录"], book["未导出"]
    origin = f"清河中学 沈主任 导出，2026 年 11 月 24 日（周二）8:00，导出编号 {number}"
    assert page["A1"].value == left_out["A1"].value == origin
    assert (book.properties.creator, book.properties.description) == ("沈主任", origin)
    assert page.oddFooter.left.text == origin
    assert [cell.value for cell in page[2]] == [str(one.label) for one in DEFAULT_COLUMNS]
    assert [(cell.value, cell.data_type) for cell in page[3]] == [
        ("007", "s"), (NAME, "s"), ("清河中学", "s"), ("七(3)班", "s"), ("职业体验", "s"),
        ("焙烤实训中心", "s"), ("面包师：吐司与软欧", "s"), ("2026-12-08", "s"), (4, "n"),
        ("王老师、李老师", "s"),
    ]  # fmt: skip
    assert page.max_row == 3
    assert [cell.value for cell in left_out[3]] == [
        "七(3)班", 2, "学生302", "2026-12-08", "面包师：吐司与软欧", "没有学号",
    ]  # fmt: skip


def test_csv_opens_in_a_chinese_excel_and_calculates_nothing(
    world: World, session: CourseSession, now: datetime
) -> None:
    Student.objects.filter(pk=world.students[0].pk).update(name=NAME)
    services.set_layout(by=world.coordinator, columns=[Column.NAME, Column.HOURS], now=now)
    credit(world, [1], session, now)

    response = export(world, format="csv")

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert rows == [
        ["姓名", "学时"],
        [f"'{NAME}", "4"],
    ]
    number = AuditEntry.objects.get(verb="names.exported").pk
    assert name_of(response) == f"清河中学实践记录 2026-11-24 导出编号{number}.csv"


def test_the_record_is_in_chinese_whatever_language_the_page_is_in(
    world: World, session: CourseSession, now: datetime
) -> None:
    Organisation.objects.filter(pk=world.school.pk).update(name_en="Qinghe Secondary School")
    Student.objects.filter(pk=world.students[1].pk).update(student_no="")
    services.set_layout(by=world.coordinator, columns=list(Column), now=now)
    credit(world, [1, 2], session, now)
    client = client_of(world)
    held: dict[str, list[object]] = {}
    for language in ("zh-hans", "en"):
        User.objects.filter(memberships=world.coordinator.membership_id).update(language=language)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        page = client.get("/school/record/?check=1", headers={"accept-language": language})
        assert ("Export" in page.content.decode()) is (language == "en")
        table = client.post("/school/record/export/", {"format": "csv"})
        book = client.post("/school/record/export/", {"format": "xlsx"})
        sheets = openpyxl.load_workbook(io.BytesIO(book.content)).worksheets
        held[language] = [
            page.context["heads"],
            page.context["sample"],
            table.content.decode("utf-8-sig"),
            [(sheet.title, *list(sheet.values)[1:]) for sheet in sheets],
            [re.sub(r"\d+", "", sheet.oddFooter.left.text) for sheet in sheets],
            [re.sub(r"\d+", "", name_of(one)) for one in (table, book)],
        ]

    assert held["en"] == held["zh-hans"]
    assert held["en"][0][:4] == ["学号", "姓名", "学校", "班级"]  # type: ignore[index]
    assert held["en"][1][0][2:4] == ["清河中学", "七(3)班"]  # type: ignore[index]


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "＝1", "＋1", "－1", "＠x"]
)
def test_what_a_spreadsheet_would_calculate_gets_an_apostrophe(text: str) -> None:
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("value", ["", "张=1", "7-1", 4, -4, "“=”"])
def test_anything_else_stays_as_it_is(value: str | int) -> None:
    assert neutral(value) == value


def test_taking_it_out_is_logged(world: World, session: CourseSession, now: datetime) -> None:
    credit(world, [1, 2], session, now)

    export(world, format="csv")

    entry = AuditEntry.objects.get(verb="names.exported")
    assert (entry.school_id, entry.facts["context"], entry.facts["students"]) == (
        world.school.pk,
        "record_export",
        [student.pk for student in world.students[:2]],
    )
    facts = AuditEntry.objects.get(verb="record.exported").facts
    assert (facts["lines"], facts["left_out"], facts["format"]) == (2, 0, "csv")
    assert facts["number"] == entry.pk
    assert f"导出编号 {entry.pk}<" in client_of(world).get("/school/names-read/").content.decode()


@pytest.mark.parametrize(("file_format", "named"), [("csv", [0]), ("xlsx", [0, 1])])
def test_who_is_left_out_is_logged_where_the_file_names_her(
    world: World, session: CourseSession, now: datetime, file_format: str, named: list[int]
) -> None:
    Student.objects.filter(pk=world.students[1].pk).update(student_no="")
    credit(world, [1, 2], session, now)

    content = export(world, format=file_format).content

    entry = AuditEntry.objects.get(verb="names.exported")
    assert sorted(entry.facts["students"]) == sorted(world.students[one].pk for one in named)
    assert (world.students[1].name in content.decode("utf-8-sig", "ignore")) is False


def test_nothing_to_take_out_leads_back(world: World, now: datetime) -> None:
    answer = export(world, check="1", only_done="on", format="xlsx")

    assert (answer.status_code, answer["Location"]) == (
        302,
        "/school/record/?check=1&only_done=on",
    )
    assert export(world, since="x").status_code == 302
    assert not AuditEntry.objects.filter(verb__contains="exported").exists()
    with pytest.raises(NothingToExport):
        services.take_out(
            by=world.coordinator,
            class_groups=visible_classes(world.coordinator),
            wanted=Wanted(),
            columns=DEFAULT_COLUMNS,
            file_format="csv",
            now=now,
        )


# ── the page ──


def test_preview_shows_the_first_lines_and_the_rejected(
    world: World, session: CourseSession, now: datetime
) -> None:
    Student.objects.filter(pk=world.students[4].pk).update(student_no="")
    credit(world, [1, 5], session, now)
    client = client_of(world)

    assert "found" not in client.get("/school/record/").context
    assert not AuditEntry.objects.filter(verb="names.read").exists()
    page = client.get("/school/record/?check=1")

    assert len(page.context["sample"]) == 1
    assert [(row["seat_no"], row["why"]) for row in page.context["rejected"]] == [(5, "没有学号")]
    entry = AuditEntry.objects.get(verb="names.read")
    assert (entry.facts["context"], entry.facts["count"]) == ("record_preview", 2)
    assert client.get("/school/record/?check=1&since=x").status_code == 422
    stranger = world.new_group(9, 1, school=MembershipFactory().organisation)
    assert client.get(f"/school/record/?check=1&classes={stranger.pk}").status_code == 422


def test_only_the_coordinator_may(world: World, session: CourseSession, now: datetime) -> None:
    credit(world, [1], session, now)
    teacher = Client()
    teacher.force_login(world.teacher_membership.user)

    assert teacher.get("/school/record/").status_code == 403
    assert teacher.get("/school/record/columns/").status_code == 403
    assert teacher.post("/school/record/export/").status_code == 403
    assert client_of(world).get("/school/record/export/").status_code == 405
    with pytest.raises(NotAllowed):
        services.take_out(
            by=world.teacher,
            class_groups=visible_classes(world.teacher),
            wanted=Wanted(),
            columns=DEFAULT_COLUMNS,
            file_format="csv",
            now=now,
        )

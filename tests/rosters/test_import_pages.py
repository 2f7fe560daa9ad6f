"""The pages on which a roster comes in."""

from datetime import datetime, timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from accounts.models import AuditEntry, Membership
from rosters import tasks
from rosters.choices import ImportState
from rosters.models import RosterImport, Student
from rosters.services import students as student_services
from rosters.services.imports.preview import preview
from tests.rosters.conftest import School
from tests.rosters.imports import HEAD, bring, bring_in, students
from tests.rosters.test_imports import ID_CARD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time_machine_at_now")]


@pytest.fixture
def empty(school: School) -> School:
    Student.objects.all().delete()
    return school


def signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


@pytest.fixture
def office(empty: School) -> Client:
    return signed_in(empty.coordinator_membership)


def text_of(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined]


def upload(client: Client, text: str, name: str = "慕容雪的班.csv") -> object:
    return client.post(
        "/school/import/", {"file": SimpleUploadedFile(name, (HEAD + text).encode()), "cells": ""}
    )


def test_a_file_goes_from_upload_to_the_roster(office: Client, empty: School) -> None:
    sent = upload(office, "王雨,7(3),701,1\n陈一,7(4),702,1\n")
    row = RosterImport.objects.get()
    waiting = office.get(f"/school/import/{row.pk}/")
    polled = office.get(f"/school/import/{row.pk}/", HTTP_HX_REQUEST="true")
    assert tasks.read_import(row.pk) == "ready"
    done_polling = office.get(f"/school/import/{row.pk}/", HTTP_HX_REQUEST="true")
    shown = office.get(f"/school/import/{row.pk}/")
    written = office.post(
        f"/school/import/{row.pk}/confirm/", {"digest": shown.context["digest"]}, follow=True
    )

    assert sent.url == f"/school/import/{row.pk}/"  # type: ignore[attr-defined]
    assert f'<a href="/school/import/{row.pk}/">刷新</a>' in text_of(waiting)
    assert "<html" not in text_of(polled)
    assert 'hx-trigger="load delay:400ms"' in text_of(polled)
    assert done_polling["HX-Refresh"] == "true"
    assert shown.context["counts"] == [("新增", 2), ("不变", 0)]
    assert shown.context["new_classes"] == ["七(4)班"]
    assert "已导入：新增 2 人。" in text_of(written)
    assert students(empty) == [(3, "王雨", "701", 1), (4, "陈一", "702", 1)]
    assert "慕容雪" not in str(list(RosterImport.objects.values()))


def test_cells_may_be_pasted(office: Client, empty: School) -> None:
    office.post("/school/import/", {"cells": "姓名\t班级\t学号\n王雨\t7(3)\t701\n"})
    row = RosterImport.objects.get()

    assert (row.suffix, tasks.read_import(row.pk)) == ("pasted", "ready")
    row.refresh_from_db()
    assert [one.name for one in preview(row).rows] == ["王雨"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"cells": ""}, "请选一个文件，或粘贴表格内容。"),
        ({"cells": "姓名", "file": "x"}, "文件和粘贴的内容，请只用一样。"),
    ],
)
def test_a_file_or_cells_and_one_of_them(
    office: Client, data: dict[str, object], sentence: str
) -> None:
    if "file" in data:
        data = data | {"file": SimpleUploadedFile("a.csv", b"x")}

    shown = office.post("/school/import/", data)

    assert sentence in text_of(shown)
    assert not RosterImport.objects.exists()


def test_names_shown_in_a_preview_are_on_the_record(
    office: Client, empty: School, now: datetime
) -> None:
    row = bring(empty, "王雨,7(3),701,1\n陈一,7(4),702,1\n", now=now)

    office.get(f"/school/import/{row.pk}/")

    entry = AuditEntry.objects.get(verb="names.read")
    assert (entry.facts, entry.target) == (
        {"context": "import_preview", "count": 2}, f"rosters.rosterimport:{row.pk}",
    )  # fmt: skip


def test_a_class_is_asked_with_its_suggestions_and_any_other(
    office: Client, empty: School, now: datetime
) -> None:
    row = bring(empty, "王雨,7.1,701,1\n", now=now)
    form = office.get(f"/school/import/{row.pk}/").context["questions_form"]
    [key] = form.questions
    address = f"/school/import/{row.pk}/answers/"

    empty_handed = office.post(address, {})
    half = office.post(address, {key: "other", f"{key}_grade": "7"})
    whole = office.post(address, {key: "other", f"{key}_grade": "8", f"{key}_number": "2"})

    assert [label for _value, label in form.fields[key].choices] == [
        "七(1)班", "七(10)班", "另一个班", "不导入这些行",
    ]  # fmt: skip
    assert "请选一个。" in text_of(empty_handed)
    assert "请选年级，填班号。" in text_of(half)
    assert whole.status_code == 302
    assert office.get(f"/school/import/{row.pk}/").context["new_classes"] == ["八(2)班"]


def test_rows_in_doubt_are_decided_on_the_page(
    office: Client, empty: School, now: datetime
) -> None:
    row = bring(empty, "张伟,7(3),,\n张伟,7(3),,\n", now=now)
    shown = office.get(f"/school/import/{row.pk}/")

    office.post(f"/school/import/{row.pk}/answers/", {"d0": "new", "d1": "skip"})

    assert "与第 3 行同名同班，没有可以区分的学号。" in text_of(shown)
    assert "确认导入" not in text_of(shown)
    ready = office.get(f"/school/import/{row.pk}/")
    assert ready.context["counts"] == [("新增", 1), ("不变", 0)]
    assert "确认导入" in text_of(ready)


def test_all_rows_in_doubt_may_be_decided_as_suggested(
    office: Client, empty: School, now: datetime
) -> None:
    bring_in(empty, "王雨,7(3),1,1\n陈一,7(3),2,2\n", now=now)
    row = bring(empty, "王雨,7(3),91,1\n陈一,7(3),92,2\n", now=now)

    office.post(f"/school/import/{row.pk}/answers/", {"suggested": "yes"})

    assert office.get(f"/school/import/{row.pk}/").context["counts"] == [
        ("改学号或座号", 2), ("不变", 0),
    ]  # fmt: skip


def test_a_change_meanwhile_shows_a_fresh_preview_with_who_changed(
    office: Client, empty: School, now: datetime
) -> None:
    bring_in(empty, "王雨,7(3),1,1\n", now=now)
    row = bring(empty, "王语,7(3),1,1\n", now=now)
    digest = office.get(f"/school/import/{row.pk}/").context["digest"]
    student_services.edit_student(
        by=empty.coordinator, student=Student.objects.get(), name="王宇", seat_no=1, now=now
    )

    refused = office.post(f"/school/import/{row.pk}/confirm/", {"digest": digest})
    again = office.post(f"/school/import/{row.pk}/confirm/", {"digest": refused.context["digest"]})

    assert refused.status_code == 409
    assert "您看预览时，学生名单被别人改过。" in text_of(refused)
    assert [(one.name, one.old_name) for one in refused.context["changed"]] == [("王语", "王宇")]
    assert again.status_code == 302
    assert students(empty) == [(3, "王语", "1", 1)]


def test_refused_cells_are_listed_and_marked_in_a_copy(
    office: Client, empty: School, now: datetime
) -> None:
    row = bring(empty, f"王雨,7(3),{ID_CARD},1\n", now=now)

    shown = office.get(f"/school/import/{row.pk}/")
    copy = office.get(f"/school/import/{row.pk}/copy.xlsx")

    assert "有 1 处要先改" in text_of(shown)
    assert "这里有身份证号。" in text_of(shown)
    assert ID_CARD not in text_of(shown)
    assert copy["Content-Disposition"] == f'attachment; filename="roster-{row.pk}-marked.xlsx"'
    assert copy["Cache-Control"] == "no-store"
    assert AuditEntry.objects.filter(facts__context="import_copy").count() == 1


def test_a_file_without_refusals_has_no_copy(office: Client, empty: School, now: datetime) -> None:
    row = bring(empty, "王雨,7(3),1,1\n", now=now)

    assert office.get(f"/school/import/{row.pk}/copy.xlsx").status_code == 302


def test_an_import_that_is_over_says_how(office: Client, empty: School, now: datetime) -> None:
    refused = bring(empty, b"<html></html>", suffix=".xls", now=now)
    waiting = bring(empty, "王雨,7(3),1,1\n", now=now)
    RosterImport.objects.filter(pk=waiting.pk).update(expires_at=now)
    dropped = bring(empty, "王雨,7(3),1,1\n", now=now)
    office.post(f"/school/import/{dropped.pk}/drop/")

    pages = [
        text_of(office.get(f"/school/import/{row.pk}/")) for row in (refused, waiting, dropped)
    ]

    assert "这是改了后缀的网页" in pages[0]
    assert "一小时内没有确认" in pages[1]
    assert "已放弃，名单没有改动" in pages[2]
    assert office.post(f"/school/import/{waiting.pk}/confirm/").status_code == 409


def test_a_large_group_is_paged(office: Client, empty: School, now: datetime) -> None:
    text = "".join(f"{chr(0x4E00 + n)}雨,7(3),{n + 1},{n + 1}\n" for n in range(130))
    row = bring(empty, text, now=now)

    first = office.get(f"/school/import/{row.pk}/")
    second = office.get(f"/school/import/{row.pk}/?show=new&page=1")

    assert [(group.total, len(group.lines)) for group in first.context["groups"]] == [(130, 20)]
    assert [len(group.lines) for group in second.context["groups"]] == [30]
    assert second.context["range"] == "第 101–130 人，共 130 人"


def test_the_history_costs_the_same_for_one_and_for_three(
    office: Client, empty: School, now: datetime
) -> None:
    def queries() -> int:

        with CaptureQueriesContext(
            connection,
        ) as found:
            office.get("/school/import/")
        return len(found)

    bring_in(empty, "王雨,7(3),1,1\n", now=now)
    office.get("/school/import/")
    one = queries()
    for _time in range(2):
        bring_in(empty, "王雨,7(3),1,1\n", now=now + timedelta(minutes=1))

    assert queries() == one
    assert RosterImport.objects.filter(state=ImportState.CONFIRMED).count() == 3


def test_the_preview_costs_the_same_for_one_and_for_three_students(
    office: Client, empty: School, now: datetime
) -> None:

    counts = []
    for rows in ("王雨,7(3),1,1\n", "王雨,7(3),1,1\n陈一,7(4),2,1\n李子涵,7(5),3,1\n"):
        row = bring(empty, rows, now=now)
        office.get(f"/school/import/{row.pk}/")
        with CaptureQueriesContext(connection) as found:
            office.get(f"/school/import/{row.pk}/")
        counts.append(len(found))

    assert counts[0] == counts[1]


def test_pasted_cells_have_a_marked_copy_too(office: Client, empty: School) -> None:
    office.post("/school/import/", {"cells": f"姓名\t班级\t学号\n王雨\t7(3)\t{ID_CARD}\n"})
    row = RosterImport.objects.get()
    tasks.read_import(row.pk)

    copy = office.get(f"/school/import/{row.pk}/copy.xlsx")

    sheets = load_workbook(BytesIO(copy.content)).worksheets
    assert [[cell.value for cell in line] for line in sheets[1].iter_rows()] == [
        ["姓名", "班级", "学号"], ["王雨", "7(3)", None],
    ]  # fmt: skip
    assert "身份证号" in sheets[1]["C2"].comment.text


def test_the_template_is_read_by_our_own_reader(
    office: Client, empty: School, now: datetime
) -> None:
    template = office.get("/school/import/template.xlsx")

    row = bring(empty, template.content, suffix=".xlsx", now=now)

    assert (preview(row).rows, preview(row).refusals) == ((), ())


def test_a_question_that_the_roster_answers_meanwhile_bars_nothing(
    office: Client, empty: School, now: datetime
) -> None:
    bring_in(empty, "王雨,7(3),1,1\n", now=now)
    row = bring(empty, "王雨,7(3),91,1\n", now=now)
    assert row.state == ImportState.ASKING
    Student.objects.update(student_no="91")

    digest = office.get(f"/school/import/{row.pk}/").context["digest"]
    done = office.post(f"/school/import/{row.pk}/confirm/", {"digest": digest})

    assert done.status_code == 302
    row.refresh_from_db()
    assert (row.state, row.summary["unchanged"]) == (ImportState.CONFIRMED, 1)

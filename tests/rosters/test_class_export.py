"""A class's list as a file: who took it out and when, and nothing in it runs."""

from io import BytesIO

import openpyxl
import pytest
from django.test import Client

from accounts.models import AuditEntry
from rosters.models import Student
from tests.factories.accounts import MembershipFactory
from tests.rosters.conftest import School


def client_of(membership: object) -> Client:
    client = Client()
    client.force_login(membership.user)  # type: ignore[attr-defined]
    return client


@pytest.mark.usefixtures("time_machine_at_now")
def test_the_file_says_who_and_when_and_holds_text_only(school: School) -> None:
    first = school.group.students.get(seat_no=1)
    Student.objects.filter(pk=first.pk).update(name='=HYPERLINK("http://x")', student_no="007")

    response = client_of(school.coordinator_membership).post(
        f"/school/classes/{school.group.pk}/roster.xlsx"
    )

    book = openpyxl.load_workbook(BytesIO(response.content))
    page = book["名单"]
    name = school.coordinator_membership.user.name
    assert page["A1"].value == (
        f"{school.organisation.name} {name} 导出，2026 年 11 月 24 日（周二）8:00"
    )
    assert [cell.value for cell in page[2]] == ["班级", "座号", "学号", "姓名"]
    assert [(cell.value, cell.data_type) for cell in page[3]] == [
        ("七(3)班", "s"),
        (1, "n"),
        ("007", "s"),
        ('=HYPERLINK("http://x")', "s"),
    ]
    assert page.max_row == 5
    assert (book.properties.creator, book.properties.description) == (name, page["A1"].value)
    assert response["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("time_machine_at_now")
def test_taking_the_list_out_is_logged_as_an_export(school: School) -> None:
    client_of(school.teacher_membership).post(f"/school/classes/{school.group.pk}/roster.xlsx")

    entry = AuditEntry.objects.get(verb="names.exported")
    assert (entry.school_id, entry.facts["context"], entry.facts["count"]) == (
        school.organisation.pk,
        "roster_export",
        3,
    )


def test_the_list_is_taken_by_post_and_by_the_schools_own(school: School) -> None:
    address = f"/school/classes/{school.group.pk}/roster.xlsx"
    colleague = MembershipFactory(organisation=school.organisation)

    assert client_of(school.teacher_membership).get(address).status_code == 405
    assert client_of(colleague).post(address).status_code == 404
    assert client_of(MembershipFactory(secretariat=True)).post(address).status_code == 403
    assert not AuditEntry.objects.filter(verb="names.exported").exists()

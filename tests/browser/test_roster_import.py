"""A school office brings a doubtful file in: reads, answers, decides, confirms, undoes."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from rosters import tasks
from rosters.models import RosterImport, Student
from tests.browser.conftest import axe_violations, fits, follow
from tests.factories.accounts import MembershipFactory
from tests.factories.rosters import StudentFactory, make_class

DOUBTFUL = """2026学年第一学期学生名单,,,
姓　名,班级,学号,座号
王雨,7(3),20250701,1
张伟,七（3）班,,2
张伟,七3,,
李紫涵,703,20250702,3
陈一,7.1,20250704,1
"""


def _read(page: Page, file: Path) -> None:
    """Uploads the file; the cluster's part is done here."""
    page.goto("/school/import/")
    page.get_by_label("名单文件").set_input_files(file)
    page.get_by_role("button", name="读取并预览").click()
    page.wait_for_url(re.compile(r"/school/import/\d+/"))
    tasks.read_import(RosterImport.objects.order_by("-pk")[0].pk)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_doubtful_file_is_asked_about_confirmed_and_undone(
    width: int, new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    office = MembershipFactory(coordinator=True, organisation__name="清河中学")
    group = make_class(school=office.organisation, number=3, students=0)
    StudentFactory(class_group=group, name="李子涵", student_no="20250702", seat_no=3)
    StudentFactory(class_group=group, name="赵离", student_no="20250709", seat_no=9)
    file = tmp_path / "名单.csv"
    file.write_text(DOUBTFUL, encoding="utf-8")
    page = new_context(office, width=width).new_page()

    page.goto("/classes/")
    follow(page.get_by_role("link", name="导入学生名单"))
    found = axe_violations(page)
    _read(page, file)

    expect(page.get_by_role("heading", name="请确认班级")).to_be_visible()
    found += axe_violations(page)
    page.get_by_text("七(10)班").click()
    page.get_by_role("button", name="就是这些班").click()

    expect(page.get_by_role("heading", name="有 2 行要您决定")).to_be_visible()
    found += axe_violations(page)
    for choice in page.get_by_text("另一名学生，新增").all():
        choice.click()
    page.get_by_role("button", name="就这样决定").click()

    expect(page.get_by_role("button", name="确认导入")).to_be_visible()
    found += axe_violations(page)
    assert fits(page)
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("已导入：新增 4 人，改名 1 人，离开 1 人。").first).to_be_visible()
    assert Student.objects.current().count() == 5

    follow(page.get_by_role("link", name="撤销这次导入"))
    found += axe_violations(page)
    page.get_by_role("button", name="撤销导入").click()
    expect(page.get_by_text("已撤销，名单恢复到导入之前。", exact=True)).to_be_visible()

    assert found == []
    assert list(
        Student.objects.current().order_by("seat_no").values_list("name", "student_no")
    ) == [("李子涵", "20250702"), ("赵离", "20250709")]


def test_it_works_without_javascript(
    new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    office = MembershipFactory(coordinator=True)
    file = tmp_path / "名单.csv"
    file.write_text("姓名,班级\n王雨,7(3)\n", encoding="utf-8")
    page = new_context(office, java_script_enabled=False).new_page()

    _read(page, file)
    follow(page.get_by_role("link", name="刷新"))
    page.get_by_role("button", name="确认导入").click()

    expect(page.get_by_text("已导入：新增 1 人。").first).to_be_visible()


def test_a_file_with_refused_cells_says_where_and_gives_a_marked_copy(
    new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    office = MembershipFactory(coordinator=True)
    file = tmp_path / "名单.csv"
    file.write_text("姓名,班级,备注\n王雨,7(3),310107201309170010\n", encoding="utf-8")
    page = new_context(office).new_page()

    _read(page, file)

    expect(page.get_by_role("heading", name="有 1 处要先改")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载标好的文件").click()
    assert download.value.suggested_filename.endswith("-marked.xlsx")
    assert axe_violations(page) == []

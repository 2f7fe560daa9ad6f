"""The copy with coloured cells, and the template: read by a library that is not ours."""

import io
import zipfile

import openpyxl
import pytest
from django.utils import translation

from rosters.parsing import copies, reader, refusals, template
from rosters.parsing.shapes import CellRefusal, ClassName, SchoolFacts

from .corpus import JUNIOR, Case, writing
from .corpus.refused import ID_CARD, REFUSED_CELLS

COLOUR = "FFF6C7BD"


def _opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def _everything(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return "".join(packed.read(name).decode() for name in packed.namelist())


@pytest.mark.parametrize("case", REFUSED_CELLS, ids=lambda case: case.name)
def test_marked_copy_colours_and_comments_each_refused_cell(case: Case) -> None:
    content = case.make()
    found = reader.read_roster(content, case.suffix, facts=case.facts).refusals

    book = _opened(copies.marked_copy(content, case.suffix, found))

    assert book.sheetnames[0] == "请修改"
    for one in found:
        cell = book[one.sheet][f"{one.column}{one.row}"]
        assert cell.fill.fgColor.rgb == COLOUR
        assert cell.comment.text == refusals.sentence(one.code)
    coloured = {
        (page.title, cell.coordinate)
        for page in book
        for row in page.iter_rows()
        for cell in row
        if cell.fill.fgColor.rgb == COLOUR and cell.value is not None
    }
    assert coloured <= {(one.sheet, f"{one.column}{one.row}") for one in found}
    assert [
        [cell.value for cell in row] for row in book["请修改"].iter_rows(min_row=2, max_col=3)
    ] == [[one.sheet, f"{one.column}{one.row}", refusals.sentence(one.code)] for one in found]


def test_marked_copy_holds_nothing_sensitive() -> None:
    rows = [
        ["班级", "姓名", "出生日期", "备注", "联系电话", "学籍号"],
        ["703", "陈小雨", "2013-04-05", f"证 {ID_CARD}", "13800001111", 3101070012026200109],
        ["703", "李想", "2014-05-06", "手机13800002222", "13800003333", "3.10107E+18"],
    ]
    content = writing.xlsx({"名单": rows})
    planted = ["2013", "2014-05", ID_CARD, "13800001111", "13800002222", "13800003333", "310107"]
    found = reader.read_roster(content, ".xlsx", facts=JUNIOR).refusals

    copy = copies.marked_copy(content, ".xlsx", found)

    # The file has them, so their absence from the copy says something.
    assert [one for one in planted if one not in _everything(content)] == []
    assert [one for one in planted if one in _everything(copy)] == []
    assert "陈小雨" in _everything(copy)


def test_marked_copy_reads_again_without_what_was_left_out() -> None:
    content = writing.xlsx(
        {"名单": [["班级", "姓名", "备注"], ["703", "陈小雨", ID_CARD], ["703", None, "走读"]]}
    )
    found = reader.read_roster(content, ".xlsx", facts=JUNIOR).refusals

    again = reader.read_roster(copies.marked_copy(content, ".xlsx", found), ".xlsx", facts=JUNIOR)

    assert found == (
        CellRefusal("名单", 2, "C", "id_card"),
        CellRefusal("名单", 3, "B", "name_missing"),
    )
    assert again.refusals == (CellRefusal("名单", 3, "B", "name_missing"),)
    assert [(row.row, row.name) for row in again.rows] == [(2, "陈小雨"), (3, "")]


def test_marked_copy_keeps_text_that_looks_like_a_formula_as_text() -> None:
    rows = [
        ["姓名", "班级", "备注"],
        ["-", "703", "+86"],
        ["陈小雨", "703", "@x"],
        ["李想", "", "-1"],
    ]
    content = writing.text(rows)
    found = reader.read_roster(content, ".csv", facts=JUNIOR).refusals

    copy = copies.marked_copy(content, ".csv", found)

    page = _opened(copy).worksheets[1]
    assert [[cell.value for cell in row] for row in page.iter_rows(max_col=3)] == [
        ["姓名", "班级", "备注"],
        ["-", "703", "+86"],
        ["陈小雨", "703", "@x"],
        ["李想", None, "-1"],
    ]
    assert page["C2"].data_type == "s"
    assert page["C2"].quotePrefix is True
    assert "<f>" not in _everything(copy)


def test_marked_copy_of_sheets_with_awkward_names() -> None:
    content = writing.ods(
        {"请修改": [["姓名"], ["陈小雨"]], "七年级/2班" + "甲" * 40: [["姓名"], ["李想"]]}
    )
    found = reader.read_roster(content, ".ods", facts=JUNIOR).refusals

    book = _opened(copies.marked_copy(content, ".ods", found))

    assert book.sheetnames == ["请修改", "请修改 (2)", ("七年级 2班" + "甲" * 40)[:31]]


@pytest.mark.parametrize(
    ("language", "columns", "sheet"),
    [
        ("zh-hans", ["班级", "姓名", "学号", "座号"], "填写说明"),
        ("en", ["Class", "Name", "Student number", "Seat number"], "Notes"),
    ],
)
def test_template_filled_in_reads_back(language: str, columns: list[str], sheet: str) -> None:
    with translation.override(language):
        book = _opened(template.roster_template(JUNIOR))
    page = book.worksheets[0]
    assert [cell.value for cell in page[1]] == columns
    assert book.sheetnames[1] == sheet
    assert page.freeze_panes == "A2"
    assert [page.column_dimensions[one].number_format for one in "ABC"] == ["@", "@", "@"]
    page.append(["七(3)班", "陈小雨", "3101070012026200109", 1])
    page.append(["703", "李想", None, None])
    filled = io.BytesIO()
    book.save(filled)

    reading = reader.read_roster(filled.getvalue(), ".xlsx", facts=JUNIOR)

    assert [
        (row.row, row.name, row.class_name, row.student_no, row.seat_no) for row in reading.rows
    ] == [
        (3, "陈小雨", ClassName(7, 3), "3101070012026200109", 1),
        (4, "李想", ClassName(7, 3), "", None),
    ]
    assert (reading.refusals, reading.questions) == ((), ())


def test_template_checks_while_typing() -> None:
    facts = SchoolFacts(("junior",), 2026, classes=frozenset({ClassName(7, 1), ClassName(7, 2)}))

    page = _opened(template.roster_template(facts)).worksheets[0]

    checks = {str(one.sqref): one for one in page.data_validations.dataValidation}
    assert checks["A2:A2001"].formula1 == '"七(1)班,七(2)班"'
    assert checks["A2:A2001"].errorStyle == "warning"
    assert (checks["B2:B2001"].type, checks["B2:B2001"].formula2) == ("textLength", "60")
    assert (checks["C2:C2001"].type, checks["C2:C2001"].formula2) == ("textLength", "20")
    assert (checks["D2:D2001"].type, checks["D2:D2001"].formula2) == ("whole", "200")


def test_template_asks_for_phones_only_where_they_are_kept() -> None:
    kept = SchoolFacts(("primary",), 2026, keeps_guardian_phones=True)

    without = _opened(template.roster_template(JUNIOR)).worksheets[0]
    with_phones = _opened(template.roster_template(kept)).worksheets[0]

    assert [cell.value for cell in without[1]] == ["班级", "姓名", "学号", "座号"]
    assert [cell.value for cell in with_phones[1]] == ["班级", "姓名", "学号", "座号", "监护人电话"]
    assert with_phones["A2"].value == "一(3)班"

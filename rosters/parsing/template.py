"""The roster to fill in, as an .xlsx that our own reader understands."""

import io

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.choices import STAGE_GRADES, Stage
from rosters import naming

from . import cells
from .shapes import ClassName, SchoolFacts

# Rows that are ready to be filled in.
READY_ROWS = 2_000

# A list in a cell's validation may be no longer.
_MOST_LISTED = 255


def roster_template(facts: SchoolFacts) -> bytes:
    """A sheet with a fixed header, columns of text, checks while typing and an example, which
    the reader passes over; and a sheet of notes. In the active language."""
    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True})
    page = book.add_worksheet(_("名单"))
    text = book.add_format({"num_format": "@"})
    whole = book.add_format({"num_format": "0"})
    head = book.add_format(
        {"bold": True, "bg_color": "#DCE8E1", "bottom": 2, "num_format": "@", "valign": "vcenter"}
    )
    example = book.add_format({"italic": True, "font_color": "#5F6B65", "num_format": "@"})
    example_class = ClassName(STAGE_GRADES[_first(facts)][0], 3)
    columns = [
        (pgettext("column", "班级"), 16, _class_label(example_class, facts)),
        (pgettext("column", "姓名"), 18, _("示例：陈小雨")),
        (pgettext("column", "学号"), 24, f"{facts.school_year}0301"),
        (pgettext("column", "座号"), 8, "1"),
    ]
    if facts.keeps_guardian_phones:
        columns.append((_("监护人电话"), 20, ""))
    for at, (title, width, shown) in enumerate(columns):
        page.set_column(at, at, width, whole if at == 3 else text)
        page.write_string(0, at, title, head)
        page.write_string(1, at, shown, example)
    page.set_row(0, 24)
    page.freeze_panes(1, 0)
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    _add_checks(page, facts)
    notes = book.add_worksheet(_("填写说明"))
    notes.set_column(0, 0, 100, book.add_format({"text_wrap": True, "valign": "top"}))
    for at, line in enumerate(_notes(facts)):
        notes.write_string(at, 0, line)
    book.close()
    return written.getvalue()


def _class_label(one: ClassName, facts: SchoolFacts) -> str:
    stage = next(
        stage for stage, (first, last) in STAGE_GRADES.items() if first <= one.grade <= last
    )
    entry_year = facts.school_year - (one.grade - STAGE_GRADES[stage][0])
    return naming.class_label(
        stage=stage, grade=one.grade, entry_year=entry_year, number=one.number
    )


def _add_checks(page: xlsxwriter.worksheet.Worksheet, facts: SchoolFacts) -> None:
    classes = [_class_label(one, facts) for one in sorted(facts.classes)]
    if classes and len(",".join(classes)) <= _MOST_LISTED:
        # New classes may be typed.
        page.data_validation(
            1, 0, READY_ROWS, 0, {"validate": "list", "source": classes, "error_type": "warning"}
        )
    else:
        page.data_validation(1, 0, READY_ROWS, 0, _length(1, 60, _("请写班级，如“七(3)班”。")))
    page.data_validation(
        1, 1, READY_ROWS, 1, _length(1, cells.MOST_NAME, _("请写姓名，最多 60 个字。"))
    )
    page.data_validation(
        1,
        2,
        READY_ROWS,
        2,
        _length(1, cells.MOST_NUMBER, _("学号最多 20 位。请不要写身份证号。")),
    )
    page.data_validation(
        1,
        3,
        READY_ROWS,
        3,
        {
            "validate": "integer",
            "criteria": "between",
            "minimum": 1,
            "maximum": cells.MOST_SEAT,
            "error_message": _("座号要是 1 到 200 的整数。"),
        },
    )


def _length(minimum: int, maximum: int, message: str) -> dict[str, object]:
    return {
        "validate": "length",
        "criteria": "between",
        "minimum": minimum,
        "maximum": maximum,
        "error_message": message,
    }


def _notes(facts: SchoolFacts) -> list[str]:
    return [
        _("每行一名学生。姓名和班级必填，学号和座号可以不填。"),
        _("班级写法如 %(label)s。")
        % {"label": _class_label(ClassName(STAGE_GRADES[_first(facts)][0], 3), facts)},
        _("学号这一列是文本，可以写 19 位学籍副号。"),
        _("请不要写身份证号（学籍主号就是身份证号）、出生日期和住址。"),
        _("监护人电话可以不填。") if facts.keeps_guardian_phones else _("请不要写电话。"),
        _("示例一行不会导入，可以删去。"),
    ]


def _first(facts: SchoolFacts) -> Stage:
    return next((one for one in Stage if one.value in facts.stages), Stage.JUNIOR)

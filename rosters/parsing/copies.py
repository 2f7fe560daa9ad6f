"""The file as it came, with the cells to mend coloured and commented: bytes in, an .xlsx out.

What was refused for being sensitive is left blank in it: a person needs to find the cell, and
has the value in her own file. Everything is written as text, so nothing in it can calculate.
"""

import io
import re
from collections.abc import Iterable
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from rosters.workbooks import LIKE_A_FORMULA

from . import cells, header, refusals
from .files import Sheet, open_sheets
from .places import column_number
from .shapes import CellRefusal

# A copy with more comments than this opens slowly; the list on its first sheet is complete.
MOST_COMMENTS = 1_000

_NOT_IN_A_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")


def marked_copy(content: bytes, suffix: str, found: Iterable[CellRefusal]) -> bytes:
    """An .xlsx of the same sheets, rows and columns, a list of what to do in front. The refused
    cells are coloured and say in a comment, in the active language, what to do."""
    found = list(found)
    by_sheet: dict[str, list[CellRefusal]] = {}
    for one in found:
        by_sheet.setdefault(one.sheet, []).append(one)
    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"author": "", "title": ""})
    listed = _Names()
    list_sheet = book.add_worksheet(listed.taken(pgettext("sheet", "请修改")))
    copies = [
        (sheet, listed.taken(sheet.name or _("名单"))) for sheet in open_sheets(content, suffix)
    ]
    formats = _Formats(book)
    for sheet, name in copies:
        _write_sheet(book.add_worksheet(name), sheet, by_sheet.get(sheet.name, []), formats)
    _write_list(list_sheet, found, {sheet.name: name for sheet, name in copies}, formats)
    book.close()
    return written.getvalue()


class _Formats:
    def __init__(self, book: Any) -> None:
        text = {"num_format": "@", "valign": "vcenter"}
        refused = {
            "num_format": "@",
            "valign": "vcenter",
            "bg_color": "#F6C7BD",
            "border": 2,
            "border_color": "#A8321F",
        }
        self.text = book.add_format(text)
        self.quoted = book.add_format(text | {"quote_prefix": True})
        self.refused = book.add_format(refused)
        self.refused_quoted = book.add_format(refused | {"quote_prefix": True})
        self.head = book.add_format({"bold": True, "bottom": 1, "valign": "vcenter"})
        self.sentence = book.add_format({"text_wrap": True, "valign": "vcenter"})


class _Names:
    """Sheet names that a spreadsheet accepts: short, without its signs, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def taken(self, wanted: str) -> str:
        name = _NOT_IN_A_SHEET_NAME.sub(" ", wanted).strip().strip("'")[:31] or "1"
        plain, again = name, 2
        while name.lower() in self._taken:
            name = f"{plain[:26]} ({again})"
            again += 1
        self._taken.add(name.lower())
        return name


def _write_sheet(page: Any, sheet: Sheet, found: list[CellRefusal], formats: _Formats) -> None:
    by_cell = {(one.row - 1, column_number(one.column)): one.code for one in found}
    # Columns refused whole, from the row of their header.
    whole = {column: row for (row, column), code in by_cell.items() if code in refusals.OF_COLUMNS}
    widths = [6] * (len(sheet.rows[0]) if sheet.rows else 0)
    for at, cells_of_row in enumerate(sheet.rows):
        # A title lies over its neighbours and needs no wide column.
        alone = sum(1 for cell in cells_of_row if cell not in ("", None)) == 1
        for column, cell in enumerate(cells_of_row):
            code = by_cell.get((at, column), "")
            text = cells.text_of(cell)
            refused = bool(code)
            if code in refusals.SENSITIVE and code not in refusals.OF_COLUMNS:
                text = ""
            elif column in whole and at > whole[column] and not header.field_of(cell):
                refused = refused or bool(text)
                text = ""
            if not (text or refused):
                continue
            if text.startswith(LIKE_A_FORMULA):
                page.write_string(
                    at, column, text, formats.refused_quoted if refused else formats.quoted
                )
            elif text:
                page.write_string(at, column, text, formats.refused if refused else formats.text)
            else:
                page.write_blank(at, column, None, formats.refused)
            if not alone:
                widths[column] = min(max(widths[column], 2 * len(text) + 2), 30)
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    for column, width in enumerate(widths):
        page.set_column(column, column, width, formats.text)
    for one in found[:MOST_COMMENTS]:
        page.write_comment(
            one.row - 1,
            column_number(one.column),
            refusals.sentence(one.code),
            {"author": "", "x_scale": 1.8, "y_scale": 1.0, "font_size": 10},
        )


def _write_list(
    page: Any, found: list[CellRefusal], names: dict[str, str], formats: _Formats
) -> None:
    page.write_row(0, 0, [_("工作表"), _("单元格"), _("请这样改")], formats.head)
    page.set_column(0, 0, 18)
    page.set_column(1, 1, 10)
    page.set_column(2, 2, 90, formats.sentence)
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    for at, one in enumerate(found, 1):
        name = names.get(one.sheet, one.sheet)
        place = f"{one.column}{one.row}"
        page.write_string(at, 0, name, formats.text)
        quoted = name.replace("'", "''")
        # A spreadsheet keeps 65,530 links; a click goes to the cell.
        if at <= MOST_COMMENTS:
            page.write_url(at, 1, f"internal:'{quoted}'!{place}", string=place)
        else:
            page.write_string(at, 1, place)
        page.write_string(at, 2, refusals.sentence(one.code), formats.sentence)

"""Excel and CSV files of what is known of students. Values in, bytes out."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, StringIO

import xlsxwriter

Cell = str | int | None
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv; charset=utf-8"
# With what a cell begins that a spreadsheet calculates; the signs in full width as well (they lie
# 0xFEE0 further on), which a Chinese Excel takes for the narrow ones.
_SIGNS = "=+-@"
LIKE_A_FORMULA = tuple(_SIGNS + "\t\r\n" + "".join(chr(ord(one) + 0xFEE0) for one in _SIGNS))


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, the heads of its columns, its rows."""

    name: str
    heads: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]


def workbook(
    sheets: Sequence[Sheet], *, title: str, origin: str, author: str, at: datetime
) -> bytes:
    """The file; ``origin`` says on the first row of every sheet, and in the properties, who
    took it out and when. All text is written as text, so nothing in it is a formula."""
    out = BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties(
        {
            "title": title,
            "author": author,
            "comments": origin,
            "created": at.replace(tzinfo=None),
        }
    )
    bold = book.add_format({"bold": True})
    text = book.add_format({"num_format": "@"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        page.write_string(0, 0, origin)
        for column, head in enumerate(sheet.heads):
            page.write_string(1, column, head, bold)
        page.freeze_panes(2, 0)
        page.set_column(0, max(len(sheet.heads) - 1, 0), 18)
        # On paper it stands on every page.
        page.set_footer("&L" + origin.replace("&", "&&"))
        for number, row in enumerate(sheet.rows, start=2):
            for column, value in enumerate(row):
                if isinstance(value, int):
                    page.write_number(number, column, value)
                elif value:
                    page.write_string(number, column, value, text)
    book.close()
    return out.getvalue()


def csv_file(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The same as CSV that a Chinese Excel opens: UTF-8 with its mark. Another program reads it in,
    so there is nothing but lines: who took it out and when, the number in its name leads to."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    for row in rows:
        writer.writerow(["" if one is None else neutral(one) for one in row])
    return out.getvalue().encode("utf-8-sig")


def neutral(value: str | int) -> str | int:
    """What a spreadsheet only shows: text like a formula gets a leading apostrophe."""
    if isinstance(value, str) and value.lstrip(" ").startswith(LIKE_A_FORMULA):
        return f"'{value}"
    return value

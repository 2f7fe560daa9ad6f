"""A school's roster, read: bytes in, rows, questions and refusals out.

What is not a student is skipped and counted: titles, headers that come again, subtotals, notes,
blanks. What a cell says is neither logged nor part of any refusal.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from rosters.errors import FileHasTooManyRows, HeaderMissing

from . import cells, class_names, header
from .files import MOST_ROWS, Sheet, open_sheets, text_sheet
from .refusals import SENSITIVE
from .shapes import CellRefusal, ClassQuestion, Reading, RosterRow, SchoolFacts

_PLAIN_NAME = re.compile(r"[一-鿿]{2,4}").fullmatch
_PLAIN_NUMBER = re.compile(r"[0-9]{1,20}").fullmatch


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Rows whose name is one of these hold no student.
_SUBTOTAL_NAMES = _words("小计 合计 总计 共计 累计 平均 人数 总人数 男生 女生 男生数 女生数")
_NOTE_NAMES = _words(
    "备注 说明 附注 制表 制表人 审核 审核人 填表 填表人 班主任 日期 校长 教导处 教务处 填写说明 "
    "示例 样例 注意事项 盖章 签名 签字"
)
_NO_NAMES = _SUBTOTAL_NAMES | _NOTE_NAMES | header.WORDS
_SUBTOTAL = re.compile(
    r"小\s*计|合\s*计|总\s*计|共\s*计|总人数|共\s*[\d一二三四五六七八九十]+\s*人"
)
_NOTE = re.compile(
    r"[(（*※【\[]*(?:注[:：意、0-9]|注$|备注|说明|附注|制表|审核|填表|班主任[:：]|日期[:：]|联系人[:：]"
    r"|note)",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(r"[(（【\[]?(?:示例|样例|例[:：]|例如|example)", re.IGNORECASE)
_NOTE_SHEET = re.compile(
    r"说明|须知|示例|参考|字典|选项|汇总|统计|请修改|notes|to ?mend", re.IGNORECASE
)
_SHOWN_EVERY = 2_000

# What some offices write for "nothing".
_NOTHING = frozenset({"", *_words("- -- — —— / \\ 无 暂无 N/A n/a #N/A")})


def _nobody(_done: int, _total: int) -> None:
    return None


def read_roster(
    content: bytes,
    suffix: str,
    *,
    facts: SchoolFacts,
    progress: Callable[[int, int], None] = _nobody,
) -> Reading:
    """Everything that the file says. ``progress`` hears of rows done and rows in all.

    Refuses what cannot be read at all with a ``FileRefused``; a cell that must not be there is
    a refusal in the reading.
    """
    return read_sheets(open_sheets(content, suffix), facts=facts, progress=progress)


def read_pasted(text: str, *, facts: SchoolFacts) -> Reading:
    """The same of cells copied from a spreadsheet."""
    return read_sheets([text_sheet(text)], facts=facts)


def read_sheets(
    sheets: list[Sheet], *, facts: SchoolFacts, progress: Callable[[int, int], None] = _nobody
) -> Reading:
    """The same of sheets that are open."""
    return _Reader(sheets, facts, progress).read()


def column_letters(column: int) -> str:
    """A, B, … Z, AA from 0, 1, …"""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


class _Reader:
    def __init__(
        self, sheets: list[Sheet], facts: SchoolFacts, progress: Callable[[int, int], None]
    ) -> None:
        self._sheets = sheets
        self._facts = facts
        self._progress = progress
        self._total = sum(len(sheet.rows) for sheet in sheets)
        self._done = 0
        self._rows: list[RosterRow] = []
        self._refusals: dict[tuple[int, int, int], CellRefusal] = {}
        self._skipped: Counter[str] = Counter()
        self._reads: dict[tuple[Any, Any, bool], class_names.Read] = {}
        self._numbers: set[str] = set()
        self._seats: set[int | tuple[str, int]] = set()
        self._sheet = sheets[0]
        self._at = 0

    def read(self) -> Reading:
        headers = [header.find_header(sheet.rows) for sheet in self._sheets]
        if not any(headers):
            raise HeaderMissing
        for at, (sheet, head) in enumerate(zip(self._sheets, headers, strict=True)):
            self._sheet, self._at = sheet, at
            if head is None:
                self._pass_over(sheet)
            else:
                _SheetReader(self, sheet, head).read()
            self._done += len(sheet.rows)
            self._progress(self._done, self._total)
        return Reading(
            tuple(self._rows),
            self._questions(),
            tuple(self._refusals[key] for key in sorted(self._refusals)),
            dict(self._skipped),
        )

    def _pass_over(self, sheet: Sheet) -> None:
        """A sheet without students: notes, or hidden lists of a form's choices."""
        filled = sum(1 for row in sheet.rows if any(cell not in ("", None) for cell in row))
        self._skipped["blank"] += len(sheet.rows) - filled
        self._skipped["note"] += filled
        if filled and not sheet.hidden and not _NOTE_SHEET.search(sheet.name):
            self.refuse(0, 0, "sheet_without_header")
        self._refuse_forbidden(sheet, {})

    def _refuse_forbidden(self, sheet: Sheet, fields: dict[int, str]) -> None:
        for row, column, code in cells.forbidden_cells(
            sheet.rows,
            fields,
            school_year=self._facts.school_year,
            keeps_phones=self._facts.keeps_guardian_phones,
        ):
            self.refuse(row, column, code)

    def refuse(self, row: int, column: int, code: str) -> None:
        """The first reason found for a cell is the one that is told."""
        self._refusals.setdefault(
            (self._at, row, column),
            CellRefusal(self._sheet.name, row + 1, column_letters(column), code),
        )

    def is_refused(self, row: int, column: int) -> bool:
        return (self._at, row, column) in self._refusals

    def is_sensitive(self, row: int, column: int | None) -> bool:
        """Whether what the cell says must not go any further."""
        found = self._refusals.get((self._at, row, -1 if column is None else column))
        return found is not None and found.code in SENSITIVE

    def class_of(self, grade: Any, cell: Any, *, as_number: bool) -> class_names.Read:
        key = (grade, cell, as_number)
        found = self._reads.get(key)
        if found is None:
            found = self._reads[key] = class_names.read_class_name(
                cells.text_of(cell), self._facts, grade=cells.text_of(grade), as_number=as_number
            )
        return found

    def _questions(self) -> tuple[ClassQuestion, ...]:
        suggestions = {
            read.written: read.suggestions
            for read in self._reads.values()
            if read.class_name is None
        }
        first: dict[str, RosterRow] = {}
        times: Counter[str] = Counter()
        for row in self._rows:
            if row.class_name is None and row.written:
                first.setdefault(row.written, row)
                times[row.written] += 1
        return tuple(
            ClassQuestion(written, suggestions.get(written, ()), row.sheet, row.row, times[written])
            for written, row in first.items()
        )


class _SheetReader:
    """One sheet with a header."""

    def __init__(self, reader: _Reader, sheet: Sheet, head: header.Header) -> None:
        self._reader = reader
        self._sheet = sheet
        self._head = head
        self._facts = reader._facts

    def read(self) -> None:
        reader, sheet, head = self._reader, self._sheet, self._head
        self._refuse_columns(head)
        reader._refuse_forbidden(sheet, dict(enumerate(head.fields)))
        self._fill_merged(head)
        self._default = self._class_of_sheet()
        for row in sheet.rows[: head.below]:
            reader._skipped["title" if any(_filled(row)) else "blank"] += 1
        at = head.below
        while at < len(sheet.rows):
            if at % _SHOWN_EVERY == 0:
                reader._progress(reader._done + at, reader._total)
            row = sheet.rows[at]
            students, kinds = 0, []
            for block in self._head.blocks:
                name = row[block.name]
                if type(name) is str and _PLAIN_NAME(name) and name not in _NO_NAMES:
                    self._student(at, row, block, name)
                    students += 1
                    continue
                kinds.append(self._kind_of(at, row, block))
                if kinds[-1] == "student":
                    self._odd_name(at, row, block)
                    students += 1
            if not students:
                reader._skipped[kinds[0]] += 1
                if kinds[0] == "title":
                    last = self._title(at)
                    reader._skipped["title"] += last - at
                    at = last
            at += 1

    def _refuse_columns(self, head: header.Header) -> None:
        codes = {
            header.ID_CARD: "id_card_column",
            header.BIRTH: "birth_date_column",
            header.STUDENT_PHONE: "student_phone_column",
        }
        if not self._facts.keeps_guardian_phones:
            codes[header.PHONE] = "phone_column"
        for column, kind in enumerate(head.fields):
            if kind in codes and any(
                cells.text_of(row[column]) not in _NOTHING for row in self._sheet.rows[head.below :]
            ):
                self._reader.refuse(head.at, column, codes[kind])

    def _fill_merged(self, head: header.Header) -> None:
        """A class merged over its students' rows stands in each of them."""
        columns = {
            column
            for block in head.blocks
            for column in (block.classes, block.grade)
            if column is not None
        }
        rows = self._sheet.rows
        for (top, left), (bottom, right) in self._sheet.merged:
            if top >= head.below and left == right and left in columns:
                for row in rows[top + 1 : bottom + 1]:
                    if row[left] in ("", None):
                        row[left] = rows[top][left]

    def _class_of_sheet(self) -> class_names.Read | None:
        """The class that the sheet's name or its title says."""
        title = " ".join(
            cell for row in self._sheet.rows[: self._head.at] for cell in row if type(cell) is str
        )
        self._grade = class_names.grade_in_title(self._sheet.name) or class_names.grade_in_title(
            title
        )
        reads = []
        for text in (
            self._sheet.name,
            class_names.class_in_title(self._sheet.name),
            class_names.class_in_title(title),
        ):
            read = class_names.read_class_name(text, self._facts, grade=self._grade)
            if text and (read.class_name or read.suggestions):
                reads.append(read)
        self._disagrees = len({read.class_name for read in reads if read.class_name}) > 1
        return next((read for read in reads if read.class_name), reads[0] if reads else None)

    def _kind_of(self, at: int, row: list[Any], block: header.Columns) -> str:
        """``student``, or why there is none."""
        name = cells.text_of(row[block.name])
        filled = {column for column, cell in enumerate(row) if _is_filled(cell)}
        if not filled:
            return "blank"
        if header.field_of(name) and header.is_header(row):
            return "title"
        texts = [cells.text_of(row[column]) for column in sorted(filled)]
        if name in _SUBTOTAL_NAMES or (
            (not name or len(filled) <= 3) and any(map(_SUBTOTAL.search, texts))
        ):
            return "subtotal"
        if _EXAMPLE.match(name):
            return "note"
        # What has a class or a number is no note, whatever it starts with.
        marks = {block.classes, block.student_no} & filled
        if (_is_note(name) or _is_note(texts[0])) and all(
            _is_note(cells.text_of(row[column])) for column in marks if column is not None
        ):
            return "note"
        if len(filled) == 1 and len(row) > 1:
            if class_names.class_in_title(texts[0]):
                return "title"
            if not name or len(name) > 12:
                return "note"
        if name in _NOTHING:
            used = {
                column
                for column in filled - block.serials
                if cells.text_of(row[column]) not in _NOTHING
            }
            own = self._head.blocks[0] is block and len(self._head.blocks) == 1
            return "student" if used and own else "blank"
        return "student"

    def _title(self, at: int) -> int:
        """A title or a header within the sheet changes what follows; the last row of it."""
        row = self._sheet.rows[at]
        if header.is_header(row):
            self._head = header.header_at(self._sheet.rows, at)
            return self._head.below - 1
        for cell in row:
            written = class_names.class_in_title(cells.text_of(cell))
            if written:
                self._default = self._reader.class_of(self._grade, written, as_number=False)
                self._disagrees = False
        return at

    def _odd_name(self, at: int, row: list[Any], block: header.Columns) -> None:
        text = cells.text_of(row[block.name])
        if text in _NOTHING:
            name, code = "", "name_missing"
        else:
            name, code = cells.read_name(text)
            if type(row[block.name]) is not str:
                code = "name_unreadable"
        if code:
            self._reader.refuse(at, block.name, code)
        self._student(at, row, block, name)

    def _student(self, at: int, row: list[Any], block: header.Columns, name: str) -> None:
        reader = self._reader
        read = self._class_of(at, row, block)
        if read is not None and read.class_name is None and read.written in _NOTE_NAMES:
            # 班主任 in the column of classes, and who that is beside it.
            reader._skipped["note"] += 1
            return
        number, seat, phone = "", None, ""
        if reader._refusals and reader.is_sensitive(at, block.name):
            name = ""
        if block.student_no is not None:
            number = self._student_no(at, row[block.student_no], block.student_no)
        if block.seat is not None:
            cell = row[block.seat]
            seat = int(cell) if type(cell) is float and cell in _SEATS else None
            if seat is None and cell != "":
                seat = self._seat(at, cell, block.seat)
            if seat is not None and read is not None:
                one = read.class_name
                # A number is looked up faster than a pair.
                key = (one.grade * 100 + one.number) * 1000 + seat if one else (read.written, seat)
                if key in reader._seats:
                    reader.refuse(at, block.seat, "seat_twice")
                reader._seats.add(key)
        if block.phones and self._facts.keeps_guardian_phones:
            phone = self._phone(at, row, block)
        reader._rows.append(
            RosterRow(
                self._sheet.name,
                at + 1,
                name,
                read.written if read else "",
                read.class_name if read else None,
                number,
                seat,
                phone,
            )
        )
        if len(reader._rows) > MOST_ROWS:
            raise FileHasTooManyRows

    def _class_of(self, at: int, row: list[Any], block: header.Columns) -> class_names.Read | None:
        reader = self._reader
        grade = row[block.grade] if block.grade is not None else self._grade
        cell = row[block.classes] if block.classes is not None else ""
        if (
            block.classes is None
            and block.grade is not None
            and class_names.class_in_title(cells.text_of(grade))
        ):
            cell, grade = grade, ""
        if reader._refusals and (
            reader.is_sensitive(at, block.classes) or reader.is_sensitive(at, block.grade)
        ):
            return None
        if type(cell) is str:
            found = reader._reads.get((grade, cell, not self._sheet.typed))
            if found is not None and cell:
                return found
            if cells.text_of(cell) in _NOTHING:
                return self._unwritten_class(at, block)
            return reader.class_of(grade, cell, as_number=not self._sheet.typed)
        if type(cell) is float:
            return reader.class_of(grade, cell, as_number=True)
        if cell is None:
            return self._unwritten_class(at, block)
        reader.refuse(at, block.classes or 0, "class_is_date")
        return None

    def _unwritten_class(self, at: int, block: header.Columns) -> class_names.Read | None:
        if self._default is not None and not self._disagrees:
            reader = self._reader
            return reader._reads.setdefault(("", self._default.written, False), self._default)
        if self._disagrees:
            self._reader.refuse(self._head.at, block.name, "class_disagrees")
        elif block.classes is not None:
            self._reader.refuse(at, block.classes, "class_missing")
        else:
            self._reader.refuse(self._head.at, block.name, "class_unknown_sheet")
        return None

    def _student_no(self, at: int, cell: Any, column: int) -> str:
        reader = self._reader
        if type(cell) is str and _PLAIN_NUMBER(cell):
            number = cell
        else:
            text = cells.text_of(cell)
            if text in _NOTHING:
                return ""
            number, code = cells.read_student_no(text)
            if code:
                reader.refuse(at, column, code)
        if reader._refusals and reader.is_refused(at, column):
            return ""
        if number in reader._numbers:
            reader.refuse(at, column, "student_no_twice")
        reader._numbers.add(number)
        return number

    def _seat(self, at: int, cell: Any, column: int) -> int | None:
        text = cells.text_of(cell)
        if text in _NOTHING:
            return None
        seat, code = cells.read_seat(text)
        if code:
            self._reader.refuse(at, column, code)
        return seat

    def _phone(self, at: int, row: list[Any], block: header.Columns) -> str:
        for column in block.phones:
            text = cells.text_of(row[column])
            if text in _NOTHING or self._reader.is_refused(at, column):
                continue
            phone, code = cells.read_phone(text)
            if not code:
                return phone
            self._reader.refuse(at, column, code)
        return ""


_SEATS = frozenset(float(number) for number in range(1, cells.MOST_SEAT + 1))


def _is_note(text: str) -> bool:
    return text in _NOTE_NAMES or bool(_NOTE.match(text))


def _is_filled(cell: Any) -> bool:
    return bool(cell.strip()) if type(cell) is str else cell is not None


def _filled(row: list[Any]) -> list[Any]:
    return [cell for cell in row if _is_filled(cell)]

"""One sheet with a header, row by row."""

import re
from collections.abc import Callable
from typing import Any

from rosters.errors import FileHasTooManyRows

from . import cells, class_names, header
from .files import MOST_ROWS, Sheet
from .gathering import Gathering
from .row_kinds import NOTE_NAMES, NOTHING, is_filled, is_plain_name, kind_of
from .shapes import RosterRow

_PLAIN_NUMBER = re.compile(r"[0-9]{1,17}|[0-9]{19,20}").fullmatch
_SEATS = frozenset(float(number) for number in range(1, cells.MOST_SEAT + 1))
_SHOWN_EVERY = 2_000


class SheetReader:
    """One sheet with a header."""

    def __init__(self, gathering: Gathering, sheet: Sheet, head: header.Header) -> None:
        self._gathering = gathering
        self._sheet = sheet
        self._head = head
        self._facts = gathering.facts

    def read(self, progress: Callable[[int], None]) -> None:
        """Every row of it; ``progress`` hears of rows done."""
        gathering, sheet, head = self._gathering, self._sheet, self._head
        gathering.open(sheet, dict(enumerate(head.fields)))
        self._refuse_columns(head)
        self._fill_merged(head)
        self._default = self._class_of_sheet()
        for row in sheet.rows[: head.below]:
            gathering.skipped["title" if any(map(is_filled, row)) else "blank"] += 1
        at = head.below
        while at < len(sheet.rows):
            if at % _SHOWN_EVERY == 0:
                progress(at)
            row = sheet.rows[at]
            students, kinds = 0, []
            for block in self._head.blocks:
                name = row[block.name]
                if is_plain_name(name):
                    self._student(at, row, block, name)
                    students += 1
                    continue
                kinds.append(kind_of(row, block, alone=len(self._head.blocks) == 1))
                if kinds[-1] == "student":
                    self._odd_name(at, row, block)
                    students += 1
            if not students:
                gathering.skipped[kinds[0]] += 1
                if kinds[0] == "title":
                    last = self._title(at)
                    gathering.skipped["title"] += last - at
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
                cells.text_of(row[column]) not in NOTHING for row in self._sheet.rows[head.below :]
            ):
                self._gathering.refuse(head.at, column, codes[kind])

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

    def _title(self, at: int) -> int:
        """A title or a header within the sheet changes what follows; the last row of it."""
        row = self._sheet.rows[at]
        if header.is_header(row):
            self._head = header.header_at(self._sheet.rows, at)
            self._refuse_columns(self._head)
            return self._head.below - 1
        for cell in row:
            written = class_names.class_in_title(cells.text_of(cell))
            if written:
                self._default = self._gathering.class_of(self._grade, written, as_number=False)
                self._disagrees = False
        return at

    def _odd_name(self, at: int, row: list[Any], block: header.Columns) -> None:
        text = cells.text_of(row[block.name])
        if text in NOTHING:
            name, code = "", "name_missing"
        else:
            name, code = cells.read_name(text)
            if type(row[block.name]) is not str:
                code = "name_unreadable"
        if code:
            self._gathering.refuse(at, block.name, code)
        self._student(at, row, block, name)

    def _student(self, at: int, row: list[Any], block: header.Columns, name: str) -> None:
        gathering = self._gathering
        read = self._class_of(at, row, block)
        if read is not None and read.class_name is None and read.written in NOTE_NAMES:
            # 班主任 in the column of classes, and who that is beside it.
            gathering.skipped["note"] += 1
            return
        number, seat, phone = "", None, ""
        if gathering.has_refusals and gathering.is_sensitive(at, block.name):
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
                if key in gathering.seats:
                    gathering.refuse(at, block.seat, "seat_twice")
                gathering.seats.add(key)
        if block.phones and self._facts.keeps_guardian_phones:
            phone = self._phone(at, row, block)
        gathering.rows.append(
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
        if len(gathering.rows) > MOST_ROWS:
            raise FileHasTooManyRows

    def _class_of(self, at: int, row: list[Any], block: header.Columns) -> class_names.Read | None:
        gathering = self._gathering
        grade = row[block.grade] if block.grade is not None else self._grade
        cell = row[block.classes] if block.classes is not None else ""
        if (
            block.classes is None
            and block.grade is not None
            and class_names.class_in_title(cells.text_of(grade))
        ):
            cell, grade = grade, ""
        if gathering.has_refusals and (
            gathering.is_sensitive(at, block.classes) or gathering.is_sensitive(at, block.grade)
        ):
            return None
        if type(cell) is str:
            found = gathering.reads.get((grade, cell, not self._sheet.typed))
            if found is not None and cell:
                return found
            if cells.text_of(cell) in NOTHING:
                return self._unwritten_class(at, block)
            return gathering.class_of(grade, cell, as_number=not self._sheet.typed)
        if type(cell) is float:
            return gathering.class_of(grade, cell, as_number=True)
        if cell is None:
            return self._unwritten_class(at, block)
        gathering.refuse(at, block.classes or 0, "class_is_date")
        return None

    def _unwritten_class(self, at: int, block: header.Columns) -> class_names.Read | None:
        if self._default is not None and not self._disagrees:
            gathering = self._gathering
            return gathering.reads.setdefault(("", self._default.written, False), self._default)
        if self._disagrees:
            self._gathering.refuse(self._head.at, block.name, "class_disagrees")
        elif block.classes is not None:
            self._gathering.refuse(at, block.classes, "class_missing")
        else:
            self._gathering.refuse(self._head.at, block.name, "class_unknown_sheet")
        return None

    def _student_no(self, at: int, cell: Any, column: int) -> str:
        gathering = self._gathering
        if type(cell) is str and _PLAIN_NUMBER(cell):
            number = cell
        else:
            text = cells.text_of(cell)
            if text in NOTHING:
                return ""
            number, code = cells.read_student_no(text)
            if code:
                gathering.refuse(at, column, code)
        if gathering.has_refusals and gathering.is_refused(at, column):
            return ""
        if number in gathering.numbers:
            gathering.refuse(at, column, "student_no_twice")
        gathering.numbers.add(number)
        return number

    def _seat(self, at: int, cell: Any, column: int) -> int | None:
        text = cells.text_of(cell)
        if text in NOTHING:
            return None
        seat, code = cells.read_seat(text)
        if code:
            self._gathering.refuse(at, column, code)
        return seat

    def _phone(self, at: int, row: list[Any], block: header.Columns) -> str:
        for column in block.phones:
            text = cells.text_of(row[column])
            if text in NOTHING or self._gathering.is_refused(at, column):
                continue
            phone, code = cells.read_phone(text)
            if not code:
                return phone
            self._gathering.refuse(at, column, code)
        return ""

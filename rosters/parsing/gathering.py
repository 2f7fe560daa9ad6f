"""What a file has given so far, and what it may not give."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from . import cells, class_names
from .files import Sheet
from .places import column_letters
from .refusals import SENSITIVE
from .shapes import CellRefusal, ClassQuestion, Reading, RosterRow, SchoolFacts


class Gathering:
    """The rows, questions and refusals of a file while its sheets are read, one after the other."""

    def __init__(self, facts: SchoolFacts) -> None:
        self.facts = facts
        self.rows: list[RosterRow] = []
        self.skipped: Counter[str] = Counter()
        # The classes that were read, by grade and class as the cells have them.
        self.reads: dict[tuple[Any, Any, bool], class_names.Read] = {}
        self.numbers: set[str] = set()
        self.seats: set[int | tuple[str, int]] = set()
        self._refusals: dict[tuple[int, int, int], CellRefusal] = {}
        self._sheet_name = ""
        self._at = -1

    def open(self, sheet: Sheet, fields: Mapping[int, str]) -> None:
        """What is refused from now on is in this sheet; cells that must not be there at once."""
        self._at += 1
        self._sheet_name = sheet.name
        for row, column, code in cells.forbidden_cells(
            sheet.rows,
            fields,
            school_year=self.facts.school_year,
            keeps_phones=self.facts.keeps_guardian_phones,
        ):
            self.refuse(row, column, code)

    @property
    def has_refusals(self) -> bool:
        return bool(self._refusals)

    def refuse(self, row: int, column: int, code: str) -> None:
        """The first reason found for a cell is the one that is told."""
        self._refusals.setdefault(
            (self._at, row, column),
            CellRefusal(self._sheet_name, row + 1, column_letters(column), code),
        )

    def is_refused(self, row: int, column: int) -> bool:
        return (self._at, row, column) in self._refusals

    def is_sensitive(self, row: int, column: int | None) -> bool:
        """Whether what the cell says must not go any further."""
        found = self._refusals.get((self._at, row, -1 if column is None else column))
        return found is not None and found.code in SENSITIVE

    def class_of(self, grade: Any, cell: Any, *, as_number: bool) -> class_names.Read:
        key = (grade, cell, as_number)
        found = self.reads.get(key)
        if found is None:
            found = self.reads[key] = class_names.read_class_name(
                cells.text_of(cell), self.facts, grade=cells.text_of(grade), as_number=as_number
            )
        return found

    def reading(self) -> Reading:
        return Reading(
            tuple(self.rows),
            self._questions(),
            tuple(self._refusals[key] for key in sorted(self._refusals)),
            dict(self.skipped),
        )

    def _questions(self) -> tuple[ClassQuestion, ...]:
        suggestions = {
            read.written: read.suggestions
            for read in self.reads.values()
            if read.class_name is None
        }
        first: dict[str, RosterRow] = {}
        times: Counter[str] = Counter()
        for row in self.rows:
            if row.class_name is None and row.written:
                first.setdefault(row.written, row)
                times[row.written] += 1
        return tuple(
            ClassQuestion(written, suggestions.get(written, ()), row.sheet, row.row, times[written])
            for written, row in first.items()
        )

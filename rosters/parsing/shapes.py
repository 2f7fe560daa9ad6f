"""What is known before a file is read, and what reading it gives. Values only.

Everything here can be written as JSON and read back (``Reading.as_json``, ``Reading.of``), since
a reading waits in the database between two pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class ClassName(NamedTuple):
    """A class as a school says it: the grade (1-12) in the file's school year, and its number."""

    grade: int
    number: int


@dataclass(frozen=True, slots=True)
class SchoolFacts:
    """What the school's rows say that a file's meaning depends on.

    ``stages`` are ``accounts.choices.Stage`` values; ``classes`` those the school has now;
    ``answers`` what was asked and answered before, by the class as written
    (``class_names.canonical``).
    """

    stages: tuple[str, ...]
    school_year: int
    keeps_guardian_phones: bool = False
    classes: frozenset[ClassName] = frozenset()
    answers: Mapping[str, ClassName] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One student as the file has her. ``row`` is the number that the spreadsheet shows.

    ``written`` is the class as written (canonical), ``class_name`` what it means, None while
    that is a question. ``student_no`` and ``guardian_phone`` are empty and ``seat_no`` None
    where the file has none.
    """

    sheet: str
    row: int
    name: str
    written: str
    class_name: ClassName | None
    student_no: str = ""
    seat_no: int | None = None
    guardian_phone: str = ""


@dataclass(frozen=True, slots=True)
class ClassQuestion:
    """A way of writing a class that could mean several, or none we know. Asked once."""

    written: str
    suggestions: tuple[ClassName, ...]
    first_sheet: str
    first_row: int
    rows: int


@dataclass(frozen=True, slots=True)
class CellRefusal:
    """One cell that must be mended in the file. Never holds what the cell says.

    ``code`` is one of ``refusals.SENTENCES``; ``column`` its letters (``C``).
    """

    sheet: str
    row: int
    column: str
    code: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A file, read. With refusals nothing of it may be imported until they are mended.

    ``skipped`` counts rows that hold no student, by kind: ``blank``, ``subtotal``, ``note``,
    ``title``.
    """

    rows: tuple[RosterRow, ...]
    questions: tuple[ClassQuestion, ...] = ()
    refusals: tuple[CellRefusal, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": [
                [
                    row.sheet,
                    row.row,
                    row.name,
                    row.written,
                    row.class_name,
                    row.student_no,
                    row.seat_no,
                    row.guardian_phone,
                ]
                for row in self.rows
            ],
            "questions": [
                [one.written, one.suggestions, one.first_sheet, one.first_row, one.rows]
                for one in self.questions
            ],
            "refusals": [[one.sheet, one.row, one.column, one.code] for one in self.refusals],
            "skipped": dict(self.skipped),
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Reading":
        return cls(
            rows=tuple(
                RosterRow(sheet, row, name, written, class_name and ClassName(*class_name), *rest)
                for sheet, row, name, written, class_name, *rest in data["rows"]
            ),
            questions=tuple(
                ClassQuestion(written, tuple(ClassName(*one) for one in suggestions), *rest)
                for written, suggestions, *rest in data["questions"]
            ),
            refusals=tuple(CellRefusal(*one) for one in data["refusals"]),
            skipped=data["skipped"],
        )

"""What confirming an import would do, as of now. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rosters.choices import ImportState
from rosters.differences import Decision, Differences, compare
from rosters.errors import ImportHasQuestions, ImportHasRefusals, ImportNotRead
from rosters.models import RosterImport
from rosters.parsing.shapes import CellRefusal, ClassName, ClassQuestion, Reading, RosterRow
from sites.calendar import local_day, school_year

from . import roster


@dataclass(frozen=True, slots=True)
class Preview:
    """An import as it stands: what is refused, what is asked, what changes.

    ``differences`` is None while cells are refused or a class is in question. ``changed`` are
    the students whom somebody changed since the file was read. ``digest`` stands for the roster
    that was looked at: whoever confirms hands it back.
    """

    rows: tuple[RosterRow, ...]
    refusals: tuple[CellRefusal, ...]
    # Ways of writing a class that nobody has explained yet, and those explained for this file.
    questions: tuple[ClassQuestion, ...]
    answered: Mapping[str, ClassName | None]
    # Rows of a class that is not to be imported.
    skipped_rows: frozenset[int]
    skipped: Mapping[str, int]
    differences: Differences | None
    new_classes: tuple[ClassName, ...]
    changed: frozenset[int]
    digest: str
    keep_missing: bool

    @property
    def state(self) -> ImportState:
        is_asking = self.refusals or self.questions or self.differences is None
        if is_asking or (self.differences and self.differences.doubts):
            return ImportState.ASKING
        return ImportState.READY

    def check_is_ready(self) -> None:
        """Refused: ImportHasRefusals, ImportHasQuestions with how many."""
        if self.refusals:
            raise ImportHasRefusals(count=len(self.refusals))
        doubts = len(self.differences.doubts) if self.differences else 0
        if self.questions or doubts:
            raise ImportHasQuestions(count=len(self.questions) + doubts)


def year_of(row: RosterImport) -> int:
    """The school year that the file's grades mean: the one in which it came."""
    return school_year(local_day(row.made_at))


def class_answers(answers: Mapping[str, Any]) -> dict[str, ClassName | None]:
    """What was answered for this file; None leaves the rows out."""
    return {
        written: ClassName(*name) if name is not None else None
        for written, name in answers.get("classes", {}).items()
    }


def decisions(answers: Mapping[str, Any]) -> dict[int, Decision]:
    return {int(index): decision for index, decision in answers.get("rows", {}).items()}


def preview(row: RosterImport, *, lock: bool = False) -> Preview:
    """The import as it stands. With ``lock`` for a caller who is about to write.

    Refused: ImportNotRead.
    """
    if row.reading is None:
        raise ImportNotRead
    reading = Reading.of(row.reading)
    answered = class_answers(row.answers)
    keep_missing = bool(row.answers.get("keep_missing"))
    rows = tuple(
        replace(one, class_name=answered[one.written])
        if one.class_name is None and answered.get(one.written) is not None
        else one
        for one in reading.rows
    )
    skipped_rows = frozenset(
        index
        for index, one in enumerate(rows)
        if one.class_name is None and one.written in answered
    )
    questions = tuple(one for one in reading.questions if one.written not in answered)
    now_there = roster.load(
        row.school_id,
        year_of(row),
        phones=any(one.guardian_phone for one in rows),
        lock=lock,
    )
    differences = None
    if not reading.refusals and not questions:
        differences = compare(
            [(index, one) for index, one in enumerate(rows) if one.class_name is not None],
            now_there.students,
            decisions=decisions(row.answers),
            numbers=now_there.numbers,
            keep_missing=keep_missing,
        )
    facts = roster.facts_of(row.school, year_of(row))
    return Preview(
        rows=rows,
        refusals=reading.refusals,
        questions=questions,
        answered=answered,
        skipped_rows=skipped_rows,
        skipped=reading.skipped,
        differences=differences,
        new_classes=tuple(sorted(differences.classes - facts.classes)) if differences else (),
        changed=_changed(row.reading.get("roster", {}), now_there.prints),
        digest=now_there.digest,
        keep_missing=keep_missing,
    )


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> frozenset[int]:
    return frozenset(
        int(pk) for pk in before.keys() | after.keys() if before.get(pk) != after.get(pk)
    )

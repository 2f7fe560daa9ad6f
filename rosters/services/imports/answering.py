"""What a person answers about a file: which class is meant, who a row is."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.choices import STAGE_GRADES, Stage
from accounts.services import audit
from rosters.differences import Decision
from rosters.errors import AnswerWrong, DecisionWrong, ImportNotRead
from rosters.models import ClassNameAnswer, RosterImport
from rosters.parsing.shapes import ClassName
from rosters.services.classes import check_can_manage

from .ending import check_is_open, locked
from .preview import Preview, preview

MOST_CLASSES_PER_GRADE = 60


def answer(
    *,
    by: Actor,
    roster_import: RosterImport,
    now: datetime,
    classes: Mapping[str, ClassName | None] | None = None,
    rows: Mapping[int, Decision] | None = None,
    keep_missing: bool | None = None,
) -> RosterImport:
    """The answers count for this file, besides those given before; a class's name is remembered
    for the school's next files too.

    ``classes`` says what a way of writing means, None leaving its rows out; ``rows`` decides
    rows in doubt; ``keep_missing`` leaves in their classes those who are not in the file.
    Refused: ImportOver, ImportNotRead, AnswerWrong, DecisionWrong.
    """
    check_can_manage(by, roster_import.school_id)
    with transaction.atomic():
        row = locked(roster_import)
        check_is_open(row, now)
        if row.reading is None:
            raise ImportNotRead
        before = preview(row)
        _check_classes(classes or {}, before, row)
        row.answers["classes"] = {**row.answers.get("classes", {}), **(classes or {})}
        if keep_missing is not None:
            row.answers["keep_missing"] = keep_missing
        if rows:
            _check_rows(rows, preview(row))
            given = {str(index): decision for index, decision in rows.items()}
            row.answers["rows"] = {**row.answers.get("rows", {}), **given}
        row.state = preview(row).state
        row.save(update_fields=["answers", "state"])
        for written, name in (classes or {}).items():
            if name is not None:
                ClassNameAnswer.objects.update_or_create(
                    school_id=row.school_id,
                    written=written,
                    defaults={"grade": name.grade, "number": name.number},
                )
        audit.record(
            by=by,
            verb="import.answered",
            now=now,
            target=row,
            classes=len(classes or {}),
            rows=len(rows or {}),
        )
    return row


def _check_classes(
    classes: Mapping[str, ClassName | None], before: Preview, row: RosterImport
) -> None:
    asked = {question.written for question in before.questions} | before.answered.keys()
    grades = {
        grade
        for stage in row.school.stages
        for grade in range(STAGE_GRADES[Stage(stage)][0], STAGE_GRADES[Stage(stage)][1] + 1)
    }
    for written, name in classes.items():
        fits = name is None or (name.grade in grades and 1 <= name.number <= MOST_CLASSES_PER_GRADE)
        if written not in asked or not fits:
            raise AnswerWrong(written=written)


def _check_rows(rows: Mapping[int, Decision], before: Preview) -> None:
    found = before.differences
    doubts = {doubt.index: doubt for doubt in (*found.doubts, *found.decided)} if found else {}
    for index, decision in rows.items():
        if index not in doubts or not doubts[index].allows(decision):
            is_row = 0 <= index < len(before.rows)
            raise DecisionWrong(row=before.rows[index].row if is_row else index)

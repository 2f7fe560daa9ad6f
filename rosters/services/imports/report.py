"""An import as the web API and the command tell it: accepted rows, questions, refusals."""

from collections.abc import Iterator
from typing import Any

from rosters.differences import SKIP, Differences, Doubt
from rosters.errors import refusal_of_file
from rosters.models import RosterImport
from rosters.parsing.refusals import sentence
from rosters.parsing.shapes import ClassName

from .preview import Preview, preview

NO_CHANGE = "unchanged"


def report(row: RosterImport) -> dict[str, Any]:
    """The import as it stands; only state and numbers while it is read and once it is over.

    ``rows`` are those that would be imported, each with what happens to the student, or what
    it waits for: ``question``, ``doubt``.
    """
    told: dict[str, Any] = {
        "id": row.pk,
        "state": row.state,
        "made_at": row.made_at,
        "expires_at": row.expires_at if row.is_open else None,
        "rows_read": row.rows_read,
        "rows_total": row.rows_total,
        "digest": "",
        "accepted": 0,
        "rows": [],
        "left": [],
        "questions": [],
        "doubts": [],
        "refusals": [],
        "counts": {},
        "new_classes": [],
        "keep_missing": False,
        "refusal": None,
    }
    if "code" in row.summary:
        code, facts = row.summary["code"], row.summary.get("facts", {})
        told["refusal"] = {"code": code, "detail": refusal_of_file(code, facts)}
    elif not row.is_open:
        told["counts"] = {
            kind: count for kind, count in row.summary.items() if isinstance(count, int)
        }
    if row.reading is not None:
        told |= _asked(preview(row))
    return told


def _asked(shown: Preview) -> dict[str, Any]:
    rows = list(_rows(shown))
    found = shown.differences
    return {
        "digest": shown.digest,
        "accepted": len(rows),
        "rows": rows,
        "left": [
            {"student": line.known.pk, "name": line.name, "student_no": line.student_no,
             "class_name": _class(line.class_name), "seat_no": line.seat_no}
            for line in found.changes
            if line.index is None and line.known
        ] if found else [],
        "questions": [
            {
                "written": question.written,
                "suggestions": [_class(name) for name in question.suggestions],
                "first_sheet": question.first_sheet,
                "first_row": question.first_row,
                "rows": question.rows,
            }
            for question in shown.questions
        ],
        "doubts": [_doubt(doubt, shown) for doubt in found.doubts] if found else [],
        "refusals": [
            {
                "sheet": refusal.sheet,
                "row": refusal.row,
                "column": refusal.column,
                "code": refusal.code,
                "detail": sentence(refusal.code),
            }
            for refusal in shown.refusals
        ],
        "counts": found.counts() if found else {},
        "new_classes": [_class(name) for name in shown.new_classes],
        "keep_missing": shown.keep_missing,
    }  # fmt: skip


def _rows(shown: Preview) -> Iterator[dict[str, Any]]:
    refused = {(refusal.sheet, refusal.row) for refusal in shown.refusals}
    happens = _happens(shown.differences) if shown.differences else {}
    left_out = shown.differences.left_out if shown.differences else frozenset()
    for index, row in enumerate(shown.rows):
        if (row.sheet, row.row) in refused or index in shown.skipped_rows | left_out:
            continue
        if row.class_name is None:
            kind, seat_no = "question", row.seat_no
        else:
            kind, seat_no = happens.get(index, ("", row.seat_no))
        yield {
            "index": index,
            "sheet": row.sheet,
            "row": row.row,
            "name": row.name,
            "student_no": row.student_no,
            "class_name": _class(row.class_name),
            "written": row.written,
            "seat_no": seat_no,
            "change": kind,
        }


def _happens(found: Differences) -> dict[int, tuple[str, int | None]]:
    """What happens to the row's student, and the seat she gets."""
    told: dict[int, tuple[str, int | None]] = {
        line.index: (line.kind or NO_CHANGE, line.seat_no)
        for line in found.lines
        if line.index is not None
    }
    return told | {doubt.index: ("doubt", None) for doubt in found.doubts}


def _doubt(doubt: Doubt, shown: Preview) -> dict[str, Any]:
    row = shown.rows[doubt.index]
    return {
        "index": doubt.index,
        "sheet": row.sheet,
        "row": row.row,
        "name": row.name,
        "students": [
            {"student": known.pk, "name": known.name, "student_no": known.student_no,
             "class_name": _class(known.class_name), "seat_no": known.seat_no}
            for known in doubt.options
        ],
        "may_be_new": doubt.may_be_new,
        "like_row": None if doubt.like_row is None else shown.rows[doubt.like_row].row,
        "suggested": None if doubt.suggested is None else str(doubt.suggested),
        "leave_out": SKIP,
    }  # fmt: skip


def _class(name: ClassName | None) -> dict[str, int] | None:
    return None if name is None else {"grade": name.grade, "number": name.number}

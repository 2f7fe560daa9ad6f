"""An import's preview in words, group by group."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rosters.choices import ChangeKind, ImportState
from rosters.differences import Line
from rosters.errors import refusal_of_file
from rosters.forms.imports import class_words
from rosters.models import RosterImport
from rosters.parsing.refusals import sentence as refusal_sentence
from rosters.parsing.shapes import CellRefusal
from rosters.services.imports import undoing
from rosters.services.imports.preview import Preview, year_of

UNCHANGED = "unchanged"
# What a person should look at first.
ORDER = (
    ChangeKind.LEFT,
    ChangeKind.RENAMED,
    ChangeKind.MOVED,
    ChangeKind.BACK,
    ChangeKind.EDITED,
    ChangeKind.NEW,
)
# How many of a group stand on the preview, and on the page of one group.
SHOWN_AT_FIRST = 20
A_PAGE = 100
# From so many leavers of one class on it looks as if the file were not whole.
MANY_LEAVERS = 5

_SKIPPED = {
    "blank": gettext_lazy("空行 %(count)d"),
    "subtotal": gettext_lazy("小计行 %(count)d"),
    "note": gettext_lazy("备注行 %(count)d"),
    "title": gettext_lazy("标题行 %(count)d"),
}


class Shown(NamedTuple):
    """One student of the preview, in words."""

    row: int | None
    name: str
    old_name: str
    class_group: str
    old_class: str
    student_no: str
    old_student_no: str
    seat_no: int
    old_seat: int | None
    has_new_phone: bool
    is_changed_since: bool


class Group(NamedTuple):
    kind: str
    label: str
    total: int
    lines: list[Shown]
    is_open: bool


def shown(row: RosterImport, preview: Preview, *, only: str, page: str) -> dict[str, Any]:
    """The groups of the preview; with ``only`` one of them, a page at a time."""
    assert preview.differences is not None
    year = year_of(row)
    by_kind: dict[str, list[Line]] = defaultdict(list)
    for line in preview.differences.lines:
        by_kind[line.kind or UNCHANGED].append(line)
    kinds = [kind.value for kind in ORDER]
    paged = only if only in by_kind and only in (*kinds, UNCHANGED) else ""
    at = int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 0
    groups = []
    for kind in [paged] if paged else [kind for kind in kinds if by_kind[kind]]:
        lines = by_kind[kind]
        part = lines[at * A_PAGE : (at + 1) * A_PAGE] if paged else lines[:SHOWN_AT_FIRST]
        groups.append(
            Group(
                kind,
                label(kind),
                len(lines),
                [_shown(line, preview, year) for line in part],
                is_open=bool(paged) or kind != ChangeKind.NEW or len(lines) <= SHOWN_AT_FIRST,
            )
        )
    total = len(by_kind[paged]) if paged else 0
    return {
        "groups": groups,
        "changed": [
            _shown(line, preview, year)
            for line in preview.differences.lines
            if line.known and line.known.pk in preview.changed
        ][:SHOWN_AT_FIRST],
        "counts": counts(preview.differences.counts()),
        "changes_total": len(preview.differences.changes),
        "unchanged": len(by_kind[UNCHANGED]),
        "only": paged,
        "previous_page": at - 1 if paged and at > 0 else None,
        "next_page": at + 1 if paged and (at + 1) * A_PAGE < total else None,
        "range": _("第 %(first)d–%(last)d 人，共 %(total)d 人")
        % {"first": at * A_PAGE + 1, "last": min((at + 1) * A_PAGE, total), "total": total},
        "new_classes": [class_words(name, year) for name in preview.new_classes],
        "leaving": _leaving(by_kind[ChangeKind.LEFT], year),
        "reseated": len(preview.differences.reseated),
        "kept": preview.keep_missing,
        "names": sum(len(group.lines) for group in groups),
    }


def label(kind: str) -> str:
    return _("不变") if kind == UNCHANGED else str(ChangeKind(kind).label)


def counts(found: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Label and number of every kind of which there is one, and of those unchanged."""
    kinds = [kind.value for kind in reversed(ORDER)]
    return [
        (label(kind), int(found.get(kind, 0)))
        for kind in (*kinds, UNCHANGED)
        if found.get(kind) or kind == UNCHANGED
    ]


def sentence(found: Mapping[str, Any]) -> str:
    """What a confirmed import did: 已导入：新增 38 人，换班 2 人。"""
    done = [
        _("%(kind)s %(count)d 人") % {"kind": name, "count": count}
        for name, count in counts(found)
        if count and name != label(UNCHANGED)
    ]
    if not done:
        return _("文件与现有名单一致，没有改动。")
    return _("已导入：%(changes)s。") % {"changes": _("，").join(done)}


def refusals(found: Iterable[CellRefusal]) -> list[tuple[CellRefusal, str]]:
    return [(refusal, refusal_sentence(refusal.code)) for refusal in found]


def skipped(preview: Preview) -> str:
    """Which rows of the file hold no student: 标题行 1，小计行 2。"""
    return _("，").join(
        str(_SKIPPED[kind]) % {"count": count}
        for kind, count in preview.skipped.items()
        if count and kind in _SKIPPED
    )


def over(row: RosterImport) -> str:
    """How an import ended."""
    match row.state:
        case ImportState.CONFIRMED:
            return sentence(row.summary)
        case ImportState.REFUSED:
            return refusal_of_file(row.summary.get("code", ""), row.summary.get("facts", {}))
        case ImportState.UNDONE:
            return _("这次导入已撤销，名单恢复到导入之前。")
        case ImportState.DROPPED:
            return _("已放弃，名单没有改动，文件内容已删除。")
    return _("一小时内没有确认，文件内容已删除，名单没有改动。")


def history(rows: Iterable[RosterImport], now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "row": row,
            "by": row.made_by.user.name if row.made_by else _("系统"),
            "words": over(row) if not row.is_open else "",
            "has_expired": row.is_open and row.expires_at <= now,
            "can_undo": undoing.can_undo(row, now),
        }
        for row in rows
    ]


def _shown(line: Line, preview: Preview, year: int) -> Shown:
    known = line.known
    row = preview.rows[line.index].row if line.index is not None else None
    class_group = class_words(line.class_name, year) if line.class_name else ""
    old_class = class_words(known.class_name, year) if known and known.class_name else ""
    return Shown(
        row=row,
        name=line.name,
        old_name=known.name if known and known.name != line.name else "",
        class_group=class_group,
        old_class=old_class if old_class != class_group else "",
        student_no=line.student_no,
        old_student_no=known.student_no if known and known.student_no != line.student_no else "",
        seat_no=line.seat_no,
        old_seat=known.seat_no
        if known and known.seat_no != line.seat_no and known.class_name == line.class_name
        else None,
        has_new_phone=bool(line.guardian_phone)
        and line.guardian_phone != (known.guardian_phone if known else ""),
        is_changed_since=known is not None and known.pk in preview.changed,
    )


def _leaving(lines: Iterable[Line], year: int) -> list[str]:
    """The classes that so many leave that the file may not be whole."""
    of_class: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.class_name:
            of_class[class_words(line.class_name, year)] += 1
    return [
        ngettext("%(class_group)s %(count)d 人", "%(class_group)s %(count)d 人", count)
        % {"class_group": name, "count": count}
        for name, count in of_class.items()
        if count >= MANY_LEAVERS
    ]

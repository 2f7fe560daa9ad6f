"""Whether what only grows is still what was sealed: everything is computed anew."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry
from attendance import digests
from attendance.choices import RemovedKind, SealedKind
from attendance.models import DaySeal, LawfulRemoval, SealedEntry
from sites.calendar import at, local_day

ROWS_AT_ONCE = 2000
DAY = timedelta(days=1)
MIDNIGHT = time()

SENTENCES: dict[str, Promise | str] = {
    "changed": _("%(day)s %(kind)s %(key)s：与封存时不同。"),
    "removed": _("%(day)s %(kind)s %(key)s：封存后被删除。"),
    "inserted": _("%(day)s %(kind)s %(key)s：封存后补入。"),
    "unlawful": _("%(day)s %(kind)s %(key)s：标为依法删除，但没有依据。"),
    "day missing": _("%(day)s：没有封存，前后各日已经封存。"),
    "chain": _("%(day)s：接不上前一日的校验码。"),
    "head": _("%(day)s：校验码与封存的记录不符。"),
    "letter": _("%(day)s：校验码与给出的不同。"),
    "letter unknown": _("%(day)s：没有这一日的封存。"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One alteration: what, of which day, and of which row where it is one."""

    code: str
    day: date
    kind: str = ""
    key: str = ""

    def __str__(self) -> str:
        return str(SENTENCES[self.code]) % {"day": self.day, "kind": self.kind, "key": self.key}


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and every difference found."""

    seals: int
    entries: int
    # Texts lawfully removed of rows that are otherwise as sealed.
    removals: int
    # Rows of days that have no seal yet.
    unsealed: int
    differences: list[Difference]


def verify(heads: Mapping[date, str], *, days: int | None = None) -> Verified:
    """Recomputes every digest and every head. ``heads`` are those that letters gave, by day:
    they find what was changed together with its seals. With ``days`` only so many, the last that
    are sealed, are looked at."""
    known = list(DaySeal.objects.order_by("day", "pk"))
    watched = known[-days:] if days else known
    before = known[-days - 1].head if days and len(known) > days else ""
    seals = {seal.pk: seal for seal in known}
    differences = [*_chain(watched, before), *_letters(known, heads)]
    since = at(watched[0].day, MIDNIGHT) if len(watched) < len(known) else None
    differences += _trail(since)
    counts = Counter[str]()
    for kind, model in digests.MODELS.items():
        differences += _gone(kind, watched)
        rows = model._default_manager.all()
        if since is not None:
            rows = rows.filter(written_at__gte=since)
        found = rows_with_removals(kind, rows)
        while some := list(islice(found, ROWS_AT_ONCE)):
            sealed = _sealed(kind, [row for row, _removal in some])
            for row, removal in some:
                entry = sealed.get(str(row.pk))
                # Sealed just now, after we looked which days are.
                seal = seals.get(entry.seal_id) if entry else None
                if entry is not None and seal is not None:
                    counts["entries"] += 1
                    counts["removals"] += removal is not None
                    differences += _row(kind, row, removal, entry, seal)
                elif (seal := _of_its_day(row, watched)) is not None:
                    differences.append(Difference("inserted", seal.day, kind, str(row.pk)))
                else:
                    counts["unsealed"] += 1
    return Verified(
        len(watched), counts["entries"], counts["removals"], counts["unsealed"], differences
    )


def _chain(seals: list[DaySeal], before: str) -> Iterator[Difference]:
    previous, expected = before, None
    for seal in seals:
        while expected is not None and expected < seal.day:
            yield Difference("day missing", expected)
            expected += DAY
        if seal.previous != previous:
            yield Difference("chain", seal.day)
        kept = SealedEntry.objects.filter(seal=seal).values_list("digest", flat=True)
        found = list(kept.iterator(chunk_size=ROWS_AT_ONCE))
        if seal.head != digests.head(seal.format, seal.day, seal.previous, found) or (
            seal.entries != len(found)
        ):
            yield Difference("head", seal.day)
        previous, expected = seal.head, seal.day + DAY


def _letters(seals: list[DaySeal], heads: Mapping[date, str]) -> Iterator[Difference]:
    kept = {seal.day: seal.head for seal in seals}
    for day, head in sorted(heads.items()):
        if day not in kept:
            yield Difference("letter unknown", day)
        elif kept[day] != head.strip().lower():
            yield Difference("letter", day)


def _gone(kind: str, seals: list[DaySeal]) -> Iterator[Difference]:
    """Sealed, and no longer there."""
    rows = digests.MODELS[kind]._default_manager.annotate(text=Cast("pk", TextField()))
    gone = (
        SealedEntry.objects.filter(kind=kind, seal__in=seals)
        .exclude(Exists(rows.filter(text=OuterRef("key"))))
        .select_related("seal")
        .order_by("seal_id", "key")
    )
    for entry in gone:
        yield Difference("removed", entry.seal.day, kind, entry.key)


def rows_with_removals(
    kind: str, rows: QuerySet[Any]
) -> Iterator[tuple[Any, LawfulRemoval | None]]:
    """The rows by key, with what was lawfully removed of each: asked after the row, so that a
    removal meanwhile is seen at least where the row shows it."""
    if kind == SealedKind.DECISION:
        rows = rows.select_related("conflict")
    found = rows.order_by("pk").iterator(chunk_size=ROWS_AT_ONCE)
    while some := list(islice(found, ROWS_AT_ONCE)):
        keys = [str(row.pk) for row in some]
        removals = {
            removal.key: removal
            for removal in LawfulRemoval.objects.filter(kind=kind, key__in=keys).select_related(
                "student"
            )
        }
        yield from ((row, removals.get(key)) for row, key in zip(some, keys, strict=True))


def _sealed(kind: str, rows: list[Any]) -> dict[str, SealedEntry]:
    keys = [str(row.pk) for row in rows]
    return {entry.key: entry for entry in SealedEntry.objects.filter(kind=kind, key__in=keys)}


def _of_its_day(row: Any, seals: Iterable[DaySeal]) -> DaySeal | None:
    """The seal that the row would be under, had it been there in time: that of its day, or the
    first, for a moment before all days."""
    for seal in seals:
        if row.written_at < at(seal.day + DAY, MIDNIGHT):
            return seal
    return None


def _trail(since: datetime | None) -> Iterator[Difference]:
    """Texts said to be lawfully out of the trail that are there all the same, or whose student
    nobody erased. The trail itself is under no seal: its rights guard it."""
    removals = LawfulRemoval.objects.filter(kind=RemovedKind.TRAIL).select_related("student")
    if since is not None:
        removals = removals.filter(written_at__gte=since)
    found = removals.order_by("pk").iterator(chunk_size=ROWS_AT_ONCE)
    while some := list(islice(found, ROWS_AT_ONCE)):
        texts = dict(
            AuditEntry.objects.filter(pk__in=[int(one.key) for one in some]).values_list(
                "pk", "reason"
            )
        )
        for one in some:
            if one.student.erased_at is None or texts.get(int(one.key)) != digests.REMOVED:
                yield Difference("unlawful", local_day(one.written_at), one.kind, one.key)


def _row(
    kind: str, row: Any, removal: LawfulRemoval | None, entry: SealedEntry, seal: DaySeal
) -> Iterator[Difference]:
    if removal is not None and (
        removal.student.erased_at is None
        or removal.student_id != (row.conflict if kind == SealedKind.DECISION else row).student_id
        or (row.reason, row.seal_salt) != (digests.REMOVED, digests.NO_SALT)
    ):
        yield Difference("unlawful", seal.day, kind, str(row.pk))
    if digests.entry_digest(seal.format, kind, row, removal) != entry.digest:
        yield Difference("changed", seal.day, kind, str(row.pk))

"""What a roster file changes: the file's rows and the school's roster in, differences out.

Pure. A student is known by the student number; without one by name and class. Where that fits
several, or fits badly, the row is in doubt and a person decides: nothing is guessed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from .choices import ChangeKind
from .parsing.shapes import ClassName, RosterRow

# What may be decided of a row in doubt, besides the key of the student it is.
NEW, SKIP = "new", "skip"

Decision = int | str

# So many namesakes are offered for one row; more than a school has.
MOST_OPTIONS = 20


class Known(NamedTuple):
    """A student as the school has her. ``class_name`` is None once her class has graduated."""

    pk: int
    name: str
    student_no: str
    class_name: ClassName | None
    seat_no: int
    left_at: datetime | None = None
    guardian_phone: str = ""
    class_group: int = 0

    @property
    def is_current(self) -> bool:
        return self.left_at is None


@dataclass(frozen=True, slots=True)
class Line:
    """What happens to one student; ``kind`` is None for one who stays as she is.

    ``index`` is the row's place in the reading, None for one who is not in the file; ``known``
    is None for a new one. The rest is how she will be.
    """

    kind: ChangeKind | None
    index: int | None
    known: Known | None
    name: str
    student_no: str
    class_name: ClassName | None
    seat_no: int
    guardian_phone: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A row that may be several students. ``options`` are students it may be; ``may_be_new``
    and ``like_row`` (the place of a row that says the same) widen the choice. ``suggested`` is
    what most likely is meant, None where nothing is."""

    index: int
    options: tuple[Known, ...]
    may_be_new: bool
    like_row: int | None = None
    suggested: Decision | None = None

    def allows(self, decision: Decision) -> bool:
        if decision == SKIP:
            return True
        if decision == NEW:
            return self.may_be_new
        return any(known.pk == decision for known in self.options)


@dataclass(frozen=True, slots=True)
class Differences:
    """``lines`` in the order of the file, those who leave at the end. ``doubts`` are undecided."""

    lines: tuple[Line, ...]
    doubts: tuple[Doubt, ...] = ()
    decided: tuple[Doubt, ...] = ()
    # Rows that say again what an earlier row said, or were decided to be left out.
    left_out: frozenset[int] = frozenset()
    # Rows whose seat number was taken in the file or by a student who stays.
    reseated: frozenset[int] = frozenset()
    classes: frozenset[ClassName] = field(default_factory=frozenset)

    def counts(self) -> dict[str, int]:
        """How many of each kind, also ``unchanged`` and ``doubtful``; zeros included."""
        found = Counter("unchanged" if line.kind is None else line.kind for line in self.lines)
        return {
            **{kind.value: found[kind] for kind in ChangeKind},
            "unchanged": found["unchanged"],
            "doubtful": len(self.doubts),
        }

    @property
    def changes(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.kind is not None)


Rows = Sequence[tuple[int, RosterRow]]


def compare(
    rows: Rows,
    roster: Iterable[Known],
    *,
    decisions: Mapping[int, Decision] | None = None,
    numbers: Mapping[str, int] | None = None,
    keep_missing: bool = False,
) -> Differences:
    """What the file changes in the roster.

    ``rows`` are those whose class is known, each with its place in the reading. ``numbers``
    leads from further student numbers to a student's key: those of duplicates merged into her.
    With ``keep_missing`` nobody leaves: who is not in the file stays as she is.
    """
    found = _Finder(rows, tuple(roster), numbers or {})
    found.by_number()
    found.by_name_and_class()
    found.elsewhere()
    decided = found.decide(decisions or {})
    return _written(found, decided, keep_missing=keep_missing)


class _Finder:
    """Which row is which student, as far as the file says."""

    def __init__(self, rows: Rows, roster: tuple[Known, ...], numbers: Mapping[str, int]) -> None:
        self.rows = dict(rows)
        self.roster = roster
        self.known = {known.pk: known for known in roster}
        self.aliases = frozenset(map(_canonical, numbers))
        self.pk_of_number = {_canonical(number): pk for number, pk in numbers.items()}
        self.pk_of_number.update((_canonical(k.student_no), k.pk) for k in roster if k.student_no)
        self.match: dict[int, Known] = {}
        self.taken: set[int] = set()
        self.new: set[int] = set()
        self.left_out: set[int] = set()
        self.doubts: dict[int, Doubt] = {}

    def _take(self, index: int, known: Known) -> None:
        self.match[index] = known
        self.taken.add(known.pk)

    def _doubt(self, index: int, options: Iterable[Known], **more: object) -> None:
        self.doubts[index] = Doubt(
            index,
            tuple(sorted(options, key=lambda known: (known.seat_no, known.pk))[:MOST_OPTIONS]),
            **more,  # type: ignore[arg-type]
        )

    def by_number(self) -> None:
        """The number decides, unless name and class both speak against it."""
        first_of: dict[str, int] = {}
        for index, row in self.rows.items():
            if not row.student_no:
                continue
            number = _canonical(row.student_no)
            first = first_of.setdefault(number, index)
            if first != index:
                same = self.rows[first]
                if (same.name, same.class_name) == (row.name, row.class_name):
                    self.left_out.add(index)
                else:
                    self._doubt(index, (), may_be_new=False, like_row=first)
                continue
            pk = self.pk_of_number.get(number)
            if pk is None:
                continue
            known = self.known.get(pk)
            # A duplicate of somebody who is at another school now still holds the number.
            if known is None or known.pk in self.taken:
                self._doubt(index, (), may_be_new=False)
            elif row.name == known.name or row.class_name == known.class_name:
                self._take(index, known)
            else:
                self._doubt(index, (known,), may_be_new=False)

    def _open_rows(self) -> dict[int, RosterRow]:
        return {
            index: row
            for index, row in self.rows.items()
            if index not in self.match
            and index not in self.doubts
            and index not in self.left_out
            and index not in self.new
        }

    def _open_students(self) -> list[Known]:
        """Those in a class whom no row is, nor may be by number."""
        held = {known.pk for doubt in self.doubts.values() for known in doubt.options}
        return [
            known
            for known in self.roster
            if known.is_current and known.pk not in self.taken and known.pk not in held
        ]

    def by_name_and_class(self) -> None:
        """Without a number in common: the name in the class, if it is there once."""
        students = defaultdict(list)
        for known in self._open_students():
            students[known.class_name, known.name].append(known)
        said = defaultdict(list)
        for index, row in self.rows.items():
            if index not in self.left_out:
                said[row.class_name, row.name].append(index)
        groups = defaultdict(list)
        for index, row in self._open_rows().items():
            groups[row.class_name, row.name].append(index)
        for key, indexes in groups.items():
            self._same_name(indexes, students.get(key, []), said[key])

    def _same_name(self, indexes: list[int], students: list[Known], said: list[int]) -> None:
        """Rows and students of one name in one class."""
        by_seat = {known.seat_no: known for known in students}
        for index in list(indexes):
            row = self.rows[index]
            known = by_seat.get(row.seat_no or 0)
            if known and known.pk not in self.taken and _fits(row, known):
                self._take(index, known)
                indexes.remove(index)
        students = sorted(
            (known for known in students if known.pk not in self.taken),
            key=lambda known: known.seat_no,
        )
        rows = [self.rows[index] for index in indexes]
        fit = not any(row.student_no for row in rows) or not any(
            known.student_no for known in students
        )
        alike = not any(row.student_no or row.seat_no for row in rows) and not any(
            known.student_no for known in students
        )
        if fit and len(rows) == len(students) and (len(rows) == 1 or alike):
            for index, known in zip(indexes, students, strict=True):
                self._take(index, known)
            return
        for index, row in zip(indexes, rows, strict=True):
            like = next((other for other in said if other != index), None)
            if students:
                suggested = students[0].pk if len(students) == len(rows) == 1 else None
                self._doubt(index, students, may_be_new=True, like_row=like, suggested=suggested)
            elif not row.student_no and like is not None:
                self._doubt(index, (), may_be_new=True, like_row=like)

    def elsewhere(self) -> None:
        """Without a number in common: somebody of that name in another class of the grade may
        have moved here, or left this class before. Whoever fits nobody is new."""
        students = defaultdict(list)
        for known in self._open_students():
            if known.class_name is not None:
                students[known.class_name.grade, known.name].append(known)
        gone_before = defaultdict(list)
        for known in self.roster:
            if not known.is_current and known.pk not in self.taken:
                gone_before[known.class_name, known.name].append(known)
        covered = {row.class_name for row in self.rows.values()}
        for index, row in self._open_rows().items():
            assert row.class_name is not None
            options = [
                known
                for known in (
                    *students.get((row.class_name.grade, row.name), ()),
                    *gone_before.get((row.class_name, row.name), ()),
                )
                if _fits(row, known)
            ]
            if not options:
                self.new.add(index)
                continue
            # Who is no longer in a class that the file lists has most likely moved.
            gone = len(options) == 1 and options[0].class_name in covered
            self._doubt(index, options, may_be_new=True, suggested=options[0].pk if gone else NEW)

    def decide(self, decisions: Mapping[int, Decision]) -> tuple[Doubt, ...]:
        """Applies what a person decided; what does not fit (any more) stays in doubt."""
        decided = []
        for index, doubt in list(self.doubts.items()):
            decision = decisions.get(index)
            if decision is None or not doubt.allows(decision):
                continue
            if decision == SKIP:
                self.left_out.add(index)
            elif decision == NEW:
                self.new.add(index)
            else:
                known = self.known[int(decision)]
                if known.pk in self.taken:
                    continue
                self._take(index, known)
            decided.append(self.doubts.pop(index))
        return tuple(decided)


def _canonical(student_no: str) -> str:
    """Letters of a number are the same small and large."""
    return student_no.upper()


def _fits(row: RosterRow, known: Known) -> bool:
    """Whether no number speaks against it; a row's number here is one the roster lacks."""
    return not (row.student_no and known.student_no)


def _written(found: _Finder, decided: tuple[Doubt, ...], *, keep_missing: bool) -> Differences:
    covered = frozenset(
        row.class_name
        for index, row in found.rows.items()
        if index not in found.left_out and row.class_name is not None
    )
    possible = {known.pk for doubt in found.doubts.values() for known in doubt.options}
    missing = [
        known
        for known in found.roster
        if known.is_current
        and known.class_name in covered
        and known.pk not in found.taken
        and known.pk not in possible
    ]
    coming = [index for index in found.rows if index in found.match or index in found.new]
    seats, reseated = _seats(found, coming, staying=missing if keep_missing else [])
    lines = [
        _line(
            found.rows[index],
            index,
            found.match.get(index),
            seat_no=seats[index],
            is_alias=_canonical(found.rows[index].student_no) in found.aliases,
        )
        for index in coming
    ]
    if not keep_missing:
        lines += [
            Line(ChangeKind.LEFT, None, known, known.name, known.student_no, known.class_name,
                 known.seat_no, known.guardian_phone)
            for known in sorted(
                missing, key=lambda known: (known.class_name or (0, 0), known.seat_no, known.pk)
            )
        ]  # fmt: skip
    return Differences(
        lines=tuple(lines),
        doubts=tuple(found.doubts[index] for index in sorted(found.doubts)),
        decided=decided,
        left_out=frozenset(found.left_out),
        reseated=frozenset(reseated),
        classes=covered,
    )


def _seats(
    found: _Finder, coming: list[int], *, staying: list[Known]
) -> tuple[dict[int, int], set[int]]:
    """A seat for every row: the file's, else the old one in the same class, else the next after
    all that the class has, in the order of the file. A leaver's number is not given again in the
    same step: a booking made for her still shows it."""
    used: dict[ClassName | None, set[int]] = defaultdict(set)
    highest: dict[ClassName | None, int] = defaultdict(int)
    for known in found.roster:
        if known.is_current:
            highest[known.class_name] = max(highest[known.class_name], known.seat_no)
    for known in staying:
        used[known.class_name].add(known.seat_no)
    # Rows in doubt keep what they ask for, so that deciding them moves nobody else.
    seats: dict[int, int] = {}
    reseated: set[int] = set()
    for index in coming:
        row = found.rows[index]
        if row.seat_no is None:
            continue
        if row.seat_no in used[row.class_name]:
            reseated.add(index)
            continue
        used[row.class_name].add(row.seat_no)
        seats[index] = row.seat_no
    for index in coming:
        row, match = found.rows[index], found.match.get(index)
        stays = match is not None and match.is_current and match.class_name == row.class_name
        if index not in seats and match is not None and stays:
            if match.seat_no in used[row.class_name]:
                continue
            used[row.class_name].add(match.seat_no)
            seats[index] = match.seat_no
    for name, taken in used.items():
        highest[name] = max(highest[name], max(taken, default=0))
    for index in coming:
        if index not in seats:
            name = found.rows[index].class_name
            highest[name] += 1
            seats[index] = highest[name]
    return seats, reseated


def _line(row: RosterRow, index: int, known: Known | None, *, seat_no: int, is_alias: bool) -> Line:
    if known is None:
        return Line(ChangeKind.NEW, index, None, row.name, row.student_no, row.class_name,
                    seat_no, row.guardian_phone)  # fmt: skip
    # The number of a merged duplicate leads to her; her own stays.
    is_same = is_alias or _canonical(row.student_no) == _canonical(known.student_no)
    student_no = known.student_no if is_same else row.student_no or known.student_no
    phone = row.guardian_phone or known.guardian_phone
    kind = None
    if not known.is_current:
        kind = ChangeKind.BACK
    elif known.class_name != row.class_name:
        kind = ChangeKind.MOVED
    elif known.name != row.name:
        kind = ChangeKind.RENAMED
    elif (known.student_no, known.seat_no, known.guardian_phone) != (student_no, seat_no, phone):
        kind = ChangeKind.EDITED
    return Line(kind, index, known, row.name, student_no, row.class_name, seat_no, phone)

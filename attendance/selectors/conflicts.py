"""The doubtful events that wait for somebody, and what may be said of whom they are about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.actors import Actor
from attendance.choices import EventKind
from attendance.models import Badge, CheckIn, Conflict
from bookings import wording
from bookings.models import Place
from bookings.selectors import names
from courses.models import CourseSession
from courses.naming import headline
from rosters import naming
from sites import dates

# So many characters at the end of a badge's code are said.
TAIL = 4

Times = list[Conflict]
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class DoubtfulEvent:
    """A conflict in words, and the ``repeats`` that are decided with it. ``seat`` is empty for a
    student of no place in the session, whom the host never meets by name: ``tail``, the last
    characters of the one badge that she ever had, is what is printed on it and tells her from
    others. ``name`` is masked, and empty once the host may not meet it any more."""

    conflict: Conflict
    repeats: tuple[Conflict, ...]
    seat: str
    name: str
    tail: str
    what: str
    # What it takes back, if it does.
    takes_back: str
    how: str
    why: str
    headline: str
    where: str

    @property
    def times(self) -> int:
        return 1 + len(self.repeats)

    @property
    def events(self) -> tuple[Conflict, ...]:
        return (self.conflict, *self.repeats)

    @property
    def who(self) -> str:
        return f"{self.nameless} {self.name}" if self.name else self.nameless

    @property
    def nameless(self) -> str:
        """Whom it is about, as may be kept in a message."""
        if self.seat:
            return self.seat
        if self.tail:
            return _("名单外的胸牌，尾号 %(tail)s") % {"tail": self.tail}
        return _("名单外的胸牌")


def waiting(actor: Actor) -> QuerySet[Conflict]:
    """Those that the actor may decide, the oldest first."""
    return (
        Conflict.objects.visible_to(actor)
        .open()
        .select_related(
            "device",
            "voids",
            "student__class_group",
            "session__version",
            "session__room__site",
            "session__school",
        )
        .order_by("received_at", "pk")
    )


def number_of(conflicts: Iterable[Conflict]) -> int:
    """How many things there are to decide: repeats of one are one, as on the list. At most one
    query more than the conflicts cost."""
    return len(_repeats(list(conflicts)))


def to_decide(session: CourseSession) -> int:
    """The same of one door."""
    return number_of(Conflict.objects.open().filter(session=session).select_related("student"))


def together(conflicts: Iterable[Conflict]) -> list[list[Times]]:
    """What is decided in one action: all of one session, device, kind and doubt, in the order in
    which the first of each came. Of these, what a student's badge was read for again and again is
    one, the one that counts first: of arrivals the earliest, else the latest. At most one query.
    """
    batches: dict[Key, list[Times]] = {}
    for times in _repeats(list(conflicts)):
        first = min(times, key=_order)
        key = (first.session_id, first.device_id, first.kind, first.doubt)
        batches.setdefault(key, []).append(times)
    return list(batches.values())


def batch_of(conflict: Conflict, actor: Actor) -> list[Times]:
    """What is decided together with the conflict, itself included."""
    batches = together(waiting(actor).filter(session=conflict.session_id))
    return next(batch for batch in batches if any(conflict in times for times in batch))


def in_words(groups: Iterable[Sequence[Conflict]], now: datetime) -> list[DoubtfulEvent]:
    """Each with its repeats; while the host may meet them the masked names of those who have, or
    had, a place, afterwards their seats, and of the others the end of the badge's code: two
    queries."""
    found = [(times[0], tuple(times[1:])) for times in groups]
    placed = set(
        Place.objects.filter(
            session__in={one.session_id for one, _repeats in found},
            student__in={one.student_id for one, _repeats in found},
        ).values_list("session_id", "student_id")
    )
    known = {one.pk for one, _repeats in found if (one.session_id, one.student_id) in placed}
    codes: dict[int, list[str]] = {}
    for student, code in Badge.objects.filter(
        student__in={one.student_id for one, _repeats in found if one.pk not in known}
    ).values_list("student_id", "code"):
        codes.setdefault(student, []).append(code)
    return [
        DoubtfulEvent(
            conflict=one,
            repeats=repeats,
            seat=_seat(one) if one.pk in known else "",
            name=naming.masked(one.student.name)
            if one.pk in known and names.names_window_open(one.session, now)
            else "",
            tail=_tail(codes.get(one.student_id, [])),
            what=one.get_kind_display(),
            takes_back=_takes_back(one),
            how=one.get_way_in_display(),
            why=one.get_doubt_display(),
            headline=headline(one.session.version).occupation,
            where=wording.where(one.session),
        )
        for one, repeats in found
    ]


def _repeats(conflicts: Times) -> list[Times]:
    """Readings of one student of one kind and doubt with nothing else about her between: who came,
    left and came again is asked about each time."""
    others = _between(conflicts)
    runs: dict[Key, list[Times]] = {}
    for one in sorted(conflicts, key=lambda one: (one.happened_at, one.pk)):
        key = (one.session_id, _whom(one), one.kind, one.doubt, one.voids_id)
        own = runs.setdefault(key, [])
        if own and not any(
            kind != one.kind and own[-1][-1].happened_at <= moment <= one.happened_at
            for kind, moment in others.get((one.session_id, _whom(one)), ())
        ):
            own[-1].append(one)
        else:
            own.append([one])
    found = [
        times if times[0].kind == EventKind.IN else times[::-1]
        for own in runs.values()
        for times in own
    ]
    return sorted(found, key=lambda times: min(map(_order, times)))


def _between(conflicts: Times) -> dict[Key, list[tuple[str, datetime]]]:
    """What else is known, or doubtful, of the students who are there more than once."""
    events: dict[Key, list[tuple[str, datetime]]] = {}
    rows: dict[Key, set[int]] = {}
    for one in conflicts:
        events.setdefault((one.session_id, _whom(one)), []).append((one.kind, one.happened_at))
        rows.setdefault((one.session_id, _whom(one)), set()).update((_whom(one), one.student_id))
    many = {key for key, own in events.items() if len(own) > 1}
    if many:
        students = {pk: key[1] for key in many for pk in rows[key]}
        for session, student, kind, moment in CheckIn.objects.filter(
            session__in={key[0] for key in many}, student__in=students, voided_by=None
        ).values_list("session_id", "student_id", "kind", "happened_at"):
            events.setdefault((session, students[student]), []).append((kind, moment))
    return events


def _order(conflict: Conflict) -> tuple[datetime, datetime, UUID]:
    return conflict.received_at, conflict.happened_at, conflict.pk


def _whom(conflict: Conflict) -> int:
    return conflict.student.merged_into_id or conflict.student_id


def _seat(conflict: Conflict) -> str:
    student = conflict.student
    label = wording.class_name(student.class_group, conflict.session.starts_at)
    return _("%(class_group)s %(seat)s 号") % {"class_group": label, "seat": student.seat_no}


def _takes_back(conflict: Conflict) -> str:
    event = conflict.voids
    return f"{event.get_kind_display()} {dates.clock(event.happened_at)}" if event else ""


def _tail(codes: list[str]) -> str:
    """Of which of several badges it was, nobody knows."""
    return codes[0][-TAIL:] if len(codes) == 1 else ""

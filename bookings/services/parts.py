"""What a reservation is asked for: its parts, with their sessions and students looked up."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, pairwise

from django.db.models import QuerySet, prefetch_related_objects

from accounts.actors import Actor
from accounts.errors import NotYours
from accounts.prepared import Prepared, asked
from bookings import wording
from bookings.errors.reserving import (
    FewerSeatsThanNamed,
    NoStudents,
    SessionsOverlap,
    SetBookedWhole,
)
from bookings.errors.sessions import NoSessions
from bookings.services import companions as companion_rules
from bookings.services import sessions_seen
from bookings.services import students as student_rules
from bookings.services.companions import CompanionInput
from bookings.services.sessions_seen import Seen
from courses.choices import SessionState
from courses.models import CourseSession, SessionSet
from rosters.models import ClassGroup, Student


def _told_of() -> QuerySet[CourseSession]:
    """Sessions with all that is told of them. What is on is known to every member."""
    sessions = CourseSession.objects.select_related("season", "version", "host", "room__site")
    return sessions.order_by("pk")


SESSIONS = Prepared(lambda: _told_of().filter(asked("courses_coursesession.id = ANY(%s)")))
# A set is cancelled whole, so what stands of it is the offer.
DAYS_OF_SETS = Prepared(
    lambda: _told_of().filter(
        asked("courses_coursesession.session_set_id = ANY(%s)"), state=SessionState.SCHEDULED
    )
)


@dataclass(frozen=True, slots=True)
class Part:
    """Sessions, or a set which is booked whole, for a class or some of it.

    ``student_ids`` None means every student; with ``seats`` it means nobody yet: so many seats
    are taken, and whoever is not named now is named until the list is settled. ``adults`` None
    means as many as the course asks for. ``seen``: its sessions as whoever asks has them.
    """

    class_group: ClassGroup
    session_ids: Collection[int] = ()
    session_set_id: int | None = None
    student_ids: Collection[int] | None = None
    seats: int | None = None
    adults: int | None = None
    companions: Sequence[CompanionInput] = ()
    seen: Sequence[Seen] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A part with its sessions, all that is told of them loaded, and its students; ``adults`` by
    session."""

    class_group: ClassGroup
    sessions: tuple[CourseSession, ...]
    students: tuple[Student, ...]
    seats: int
    adults: dict[int, int]
    companions: tuple[CompanionInput, ...]

    @property
    def unnamed(self) -> int:
        return self.seats - len(self.students)


def classes_of(parts: Iterable[Part]) -> list[ClassGroup]:
    """The classes of the parts, each once, in the order of their keys."""
    by_key = {part.class_group.pk: part.class_group for part in parts}
    return [by_key[key] for key in sorted(by_key)]


def look_up(
    by: Actor, parts: Sequence[Part], now: datetime, *, is_locking: bool = False
) -> list[Asked]:
    """The parts as they are asked for. Two queries, one more where sets are asked for.

    With ``is_locking`` the rows of the students are ours until the transaction ends, of seats
    without names those of the whole class, so that nobody takes more for it at the same time.

    Refused: NoSessions, a session that is not there (NotYours) or has been moved since it was
    seen (SessionMoved), SetBookedWhole, NoStudents, FewerSeatsThanNamed, NotInClass,
    SessionsOverlap, CompanionNameMissing, TooFewCompanions.
    """
    sessions = _sessions(by, parts)
    students = student_rules.of_parts(
        [_named(part) for part in parts],
        whole=[part.class_group for part in parts if is_locking and _has_unnamed(part)],
        now=now,
        is_locking=is_locking,
    )
    asked = [
        _asked(part, sessions, students)
        for part, sessions, students in zip(parts, sessions, students, strict=True)
    ]
    if not asked:
        raise NoSessions
    for one, other in combinations(asked, 2):
        _check_together(one, other)
    return asked


def _named(part: Part) -> tuple[ClassGroup, Collection[int] | None]:
    """Which students of which class are named: with seats and nobody, none."""
    ids = part.student_ids
    return part.class_group, () if part.seats is not None and ids is None else ids


def _has_unnamed(part: Part) -> bool:
    return part.seats is not None and part.seats > len(set(part.student_ids or ()))


def _asked(part: Part, sessions: Sequence[CourseSession], students: Sequence[Student]) -> Asked:
    sessions_seen.check_unmoved(part.seen, sessions)
    named = companion_rules.tidy(part.companions)
    if part.seats is None and not students:
        raise NoStudents
    if part.seats is not None and part.seats < len(students):
        raise FewerSeatsThanNamed(seats=part.seats, named=len(students))
    seats = max(part.seats or 0, len(students))
    return Asked(
        class_group=part.class_group,
        sessions=tuple(sessions),
        students=tuple(students),
        seats=seats,
        adults={
            session.pk: companion_rules.number(
                session.version, students=seats, given=part.adults, named=named
            )
            for session in sessions
        },
        companions=tuple(named),
    )


def _sessions(by: Actor, parts: Sequence[Part]) -> list[list[CourseSession]]:
    """Each part's sessions in the order of their keys; all those of a set, since a set is
    booked whole."""
    set_ids = {part.session_set_id for part in parts if part.session_set_id is not None}
    session_ids = {pk for part in parts for pk in part.session_ids}
    if by.organisation_id is None and not by.is_system:
        raise NotYours
    by_key = {one.pk: one for one in SESSIONS(list(session_ids))} if session_ids else {}
    by_key |= {one.pk: one for one in DAYS_OF_SETS(list(set_ids))} if set_ids else {}
    known = [by_key[pk] for pk in sorted(by_key)]
    # Few come to a school; joined for all, it is the dearest part of the look-up.
    prefetch_related_objects([one for one in known if one.school_id is not None], "school")
    by_part = []
    for part in parts:
        if part.session_set_id is not None:
            sessions = [one for one in known if one.session_set_id == part.session_set_id]
        else:
            sessions = [one for one in known if one.pk in set(part.session_ids)]
            if len(sessions) != len(set(part.session_ids)):
                raise NotYours
            _check_sets_whole(sessions)
        if not sessions:
            raise NoSessions
        _check_apart(sessions)
        by_part.append(sessions)
    return by_part


def _check_apart(sessions: Sequence[CourseSession]) -> None:
    """Nobody can be in two of the sessions at once."""
    by_time = sorted(sessions, key=lambda session: session.starts_at)
    for first, second in pairwise(by_time):
        if second.starts_at < first.ends_at:
            raise SessionsOverlap(first=wording.when(first), second=wording.when(second))


def _check_together(one: Asked, other: Asked) -> None:
    """A student is in one part at a time, a class in one part of a session."""
    if one.class_group.pk != other.class_group.pk:
        return
    shared = {student.pk for student in one.students} & {student.pk for student in other.students}
    for first in one.sessions:
        for second in other.sessions:
            at_once = first.starts_at < second.ends_at and second.starts_at < first.ends_at
            if first.pk == second.pk or (shared and at_once):
                raise SessionsOverlap(first=wording.when(first), second=wording.when(second))


def _check_sets_whole(sessions: Sequence[CourseSession]) -> None:
    asked = {session.pk for session in sessions}
    set_ids = {one.session_set_id for one in sessions if one.session_set_id is not None}
    if not set_ids:
        return
    members = CourseSession.objects.filter(session_set_id__in=set_ids).scheduled()
    for session_set in SessionSet.objects.filter(pk__in=set_ids).order_by("pk"):
        of_set = {one.pk for one in members if one.session_set_id == session_set.pk}
        if not of_set <= asked:
            raise SetBookedWhole(set=session_set.name, sessions=len(of_set))


def digest_of(parts: Sequence[Part], *, contact_phone: str, note: str) -> str:
    """A digest of what was asked for, by which a repeated request is known."""
    content = [
        [
            [
                part.class_group.pk,
                sorted(set(part.session_ids)),
                part.session_set_id,
                None if part.student_ids is None else sorted(set(part.student_ids)),
                part.seats,
                part.adults,
                [[one.name, one.phone] for one in part.companions],
            ]
            for part in parts
        ],
        contact_phone,
        note,
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()

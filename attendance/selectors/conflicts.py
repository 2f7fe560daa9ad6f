"""The doubtful events that wait for somebody, and what may be said of whom they are about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.actors import Actor
from attendance.models import Badge, Conflict
from bookings import wording
from bookings.models import Place
from bookings.selectors import names
from courses.naming import headline
from rosters import naming

# So many characters at the end of a badge's code are said.
TAIL = 4


@dataclass(frozen=True, slots=True)
class DoubtfulEvent:
    """A conflict in words. ``who`` is empty for a student of no place in the session, whom the
    host never meets by name: ``tail``, the last characters of the one badge that she ever had, is
    what is printed on it and tells her from others."""

    conflict: Conflict
    who: str
    tail: str
    what: str
    how: str
    why: str
    headline: str
    where: str


def waiting(actor: Actor) -> QuerySet[Conflict]:
    """Those that the actor may decide, the oldest first."""
    return (
        Conflict.objects.visible_to(actor)
        .open()
        .select_related(
            "device",
            "student__class_group",
            "session__version",
            "session__room__site",
            "session__school",
        )
        .order_by("received_at", "pk")
    )


def in_words(conflicts: Iterable[Conflict], now: datetime) -> list[DoubtfulEvent]:
    """The conflicts, and while the host may meet them the masked names of those who have, or
    had, a place, and of the others the end of the badge's code: two queries."""
    found = list(conflicts)
    placed = set(
        Place.objects.filter(
            session__in={one.session_id for one in found},
            student__in={one.student_id for one in found},
        ).values_list("session_id", "student_id")
    )
    known = {
        one.pk
        for one in found
        if (one.session_id, one.student_id) in placed and names.names_window_open(one.session, now)
    }
    codes: dict[int, list[str]] = {}
    for student, code in Badge.objects.filter(
        student__in={one.student_id for one in found if one.pk not in known}
    ).values_list("student_id", "code"):
        codes.setdefault(student, []).append(code)
    return [
        DoubtfulEvent(
            conflict=one,
            who=_who(one) if one.pk in known else "",
            tail=_tail(codes.get(one.student_id, [])),
            what=one.get_kind_display(),
            how=one.get_way_in_display(),
            why=one.get_doubt_display(),
            headline=headline(one.session.version).occupation,
            where=wording.where(one.session),
        )
        for one in found
    ]


def _who(conflict: Conflict) -> str:
    student = conflict.student
    label = wording.class_name(student.class_group, conflict.session.starts_at)
    return _("%(class_group)s %(seat)s 号 %(name)s") % {
        "class_group": label,
        "seat": student.seat_no,
        "name": naming.masked(student.name),
    }


def _tail(codes: list[str]) -> str:
    """Of which of several badges it was, nobody knows."""
    return codes[0][-TAIL:] if len(codes) == 1 else ""

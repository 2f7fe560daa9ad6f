"""What became of a session since it was opened: when it was moved, from where to where, and why.

Read from the audit trail, which keeps times, numbers and codes; the words come from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import AuditEntry, Organisation
from courses.choices import ReasonCode, Venue
from courses.models import CourseSession
from sites import dates
from sites.models import Room

# How many changes a page tells of, the latest first.
SHOWN = 20
VERB = "session.changed"


@dataclass(frozen=True, slots=True)
class Moved:
    """One change of a session, a sentence for each thing that is another since."""

    at: datetime
    lines: tuple[str, ...]
    # The coded reason, where there is one that says something.
    reason: str


def facts_of(session: CourseSession) -> dict[str, object]:
    """What the audit trail keeps of a session's arrangement: keys and codes, no name and no
    address on line (its room loaded)."""
    room = session.room
    return {
        "starts_at": session.starts_at.astimezone(UTC).isoformat(),
        "ends_at": session.ends_at.astimezone(UTC).isoformat(),
        "venue": str(session.venue),
        "site": room.site_id if room is not None else None,
        "room": room.pk if room is not None else None,
        "school": session.school_id,
        "seats": session.capacity,
    }


def moves_of(
    session: CourseSession,
    *,
    since: datetime | None = None,
    before: datetime | None = None,
    with_seats: bool = True,
) -> list[Moved]:
    """The session's changes of time, place and, for its host, seats, newest first, in the active
    language. ``since`` and ``before`` when somebody was concerned. Three queries at most.

    For whoever may see the session: what is told is what the session's page tells of it.
    """
    entries = AuditEntry.objects.filter(
        verb=VERB, target=f"{session._meta.label_lower}:{session.pk}", facts__has_key="before"
    )
    if since is not None:
        entries = entries.filter(at__gte=since)
    if before is not None:
        entries = entries.filter(at__lt=before)
    found = list(entries.order_by("-at", "-pk")[:SHOWN])
    places = _places(found)
    moves = [
        Moved(
            at=entry.at,
            lines=tuple(_lines(entry, places, with_seats=with_seats)),
            reason=_reason(entry.facts.get("reason_code", "")),
        )
        for entry in found
    ]
    return [one for one in moves if one.lines]


def _lines(entry: AuditEntry, places: dict[tuple[str, int], str], *, with_seats: bool) -> list[str]:
    was, then = entry.facts["before"], entry.facts["after"]
    on = dates.day_plain(entry.at)
    lines = []
    if (was["starts_at"], was["ends_at"]) != (then["starts_at"], then["ends_at"]):
        lines.append(
            _("原定 %(before)s，%(on)s改为 %(after)s。")
            % {"before": _period(was), "on": on, "after": _period(then)}
        )
    if _place(was, places) != _place(then, places):
        lines.append(
            _("地点原定%(before)s，%(on)s改为%(after)s。")
            % {"before": _place(was, places), "on": on, "after": _place(then, places)}
        )
    if with_seats and was["seats"] != then["seats"]:
        lines.append(
            _("名额原定 %(before)d，%(on)s改为 %(after)d。")
            % {"before": was["seats"], "on": on, "after": then["seats"]}
        )
    return lines


def _period(facts: dict[str, Any]) -> str:
    return dates.period(*(datetime.fromisoformat(facts[one]) for one in ("starts_at", "ends_at")))


def _place(facts: dict[str, Any], places: dict[tuple[str, int], str]) -> str:
    if facts["venue"] == Venue.ROOM:
        return places["room", facts["room"]]
    if facts["venue"] == Venue.SCHOOL:
        return _("%(school)s（送教上门）") % {"school": places["school", facts["school"]]}
    return _("线上")


def _places(entries: Sequence[AuditEntry]) -> dict[tuple[str, int], str]:
    """The names of the rooms and schools in the entries, looked up once."""
    facts = [entry.facts[side] for entry in entries for side in ("before", "after")]
    rooms = Room.objects.select_related("site").in_bulk(
        {one["room"] for one in facts if one["room"] is not None}
    )
    schools = Organisation.objects.in_bulk(
        {one["school"] for one in facts if one["school"] is not None}
    )
    return {("room", pk): f"{room.site.name} {room.name}" for pk, room in rooms.items()} | {
        ("school", pk): school.shown_name for pk, school in schools.items()
    }


def _reason(code: str) -> str:
    """Other says nothing without its words, and words are not kept in the trail."""
    if code in ("", ReasonCode.OTHER):
        return ""
    return str(ReasonCode(code).label)

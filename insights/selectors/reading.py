"""Who read a school's students' names: the log that the school sees."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.choices import READINGS, VERBS
from accounts.models import AuditEntry
from bookings import wording
from rosters.models import ClassGroup, Student
from sites.calendar import at

PAGE = 50


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of names in words."""

    at: datetime
    reader_id: int | None
    reader: str
    organisation: str
    role: str
    what_for: str
    whose: str
    count: int
    address: str
    reason: str
    # That of the file, where names left in one that carries it.
    number: int | None


@dataclass(frozen=True, slots=True)
class ReadingPage:
    rows: list[Reading]
    next_key: int | None


def names_read(
    actor: Actor,
    *,
    now: datetime,
    day: date | None = None,
    class_group: int | None = None,
    reader: int | None = None,
    before: int | None = None,
) -> ReadingPage:
    """Readings of the names of the actor's own students, newest first, whoever read them: the
    school, a host, the secretariat. Four queries, however many rows."""
    entries = AuditEntry.objects.filter(school_id=actor.organisation_id, school__isnull=False)
    if day is not None:
        start = at(day, time())
        entries = entries.filter(at__gte=start, at__lt=start + timedelta(days=1))
    if class_group is not None:
        entries = entries.filter(facts__classes__contains=[class_group])
    if reader is not None:
        entries = entries.filter(membership_id=reader)
    if before is not None:
        last = entries.filter(pk=before).values_list("at", flat=True).first()
        if last is None:
            return ReadingPage([], None)
        entries = entries.filter(Q(at__lt=last) | Q(at=last, pk__lt=before))
    rows = list(
        entries.select_related("membership__user", "membership__organisation").order_by(
            "-at", "-pk"
        )[: PAGE + 1]
    )
    shown = rows[:PAGE]
    return ReadingPage(_in_words(shown, now), shown[-1].pk if len(rows) > PAGE else None)


def _in_words(entries: list[AuditEntry], now: datetime) -> list[Reading]:
    classes = ClassGroup.objects.in_bulk(
        {pk for entry in entries for pk in entry.facts.get("classes", ())}
    )
    seats = dict(
        Student.objects.filter(
            pk__in={
                entry.facts["students"][0]
                for entry in entries
                if len(entry.facts.get("students", ())) == 1
            }
        ).values_list("pk", "seat_no")
    )
    return [_reading(entry, classes, seats, now) for entry in entries]


def _reading(
    entry: AuditEntry, classes: dict[int, ClassGroup], seats: dict[int, int], now: datetime
) -> Reading:
    member = entry.membership
    students = entry.facts.get("students", ())
    whose = wording.names(
        wording.class_name(classes[pk], now)
        for pk in entry.facts.get("classes", ())
        if pk in classes
    )
    if len(students) == 1 and students[0] in seats:
        whose = _("%(class_group)s %(seat)s 号") % {
            "class_group": whose,
            "seat": seats[students[0]],
        }
    code = str(entry.facts.get("context", ""))
    return Reading(
        at=entry.at,
        reader_id=entry.membership_id,
        reader=member.user.name if member else entry.get_actor_kind_display(),
        organisation=wording.organisation_name(member.organisation) if member else "",
        role=member.get_role_display() if member else "",
        what_for=str(READINGS.get(code, code) if code else VERBS.get(entry.verb, entry.verb)),
        whose=whose,
        count=int(entry.facts.get("count", 0)),
        address=entry.address or "",
        reason=entry.reason,
        number=entry.pk if code == "record_export" else None,
    )

"""Many sessions at once: a series on weekdays, and sets booked only together.

A series is planned first and saved afterwards; planning writes nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction

from accounts.actors import Actor
from accounts.models import Membership
from accounts.services import audit
from courses.choices import HalfDay, VersionState
from courses.errors import CoursesRefusal, NotAsPreviewed, NotPublished, TooFewClassHours
from courses.models import CourseSession, CourseVersion, SessionSet
from courses.services import sessions
from courses.services.sessions import Place
from sites import dates
from sites import services as sites_services
from sites.calendar import AFTERNOON, MORNING, WHOLE_DAY, at, is_lesson_day
from sites.errors import SitesRefusal
from sites.selectors import day_names, special_days

CLOCKS = {
    HalfDay.MORNING: MORNING,
    HalfDay.AFTERNOON: AFTERNOON,
    HalfDay.WHOLE_DAY: WHOLE_DAY,
}

# A season has fewer days than this; a longer range is a slip of the finger.
LONGEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Planned:
    """One date of a series: to be made where ``reason`` is empty, else skipped for it."""

    starts_at: datetime
    ends_at: datetime
    reason: str = ""

    @property
    def is_skipped(self) -> bool:
        return bool(self.reason)


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    rows: tuple[Planned, ...]
    capacity: int

    @property
    def made(self) -> tuple[Planned, ...]:
        return tuple(row for row in self.rows if not row.is_skipped)

    @property
    def skipped(self) -> tuple[Planned, ...]:
        return tuple(row for row in self.rows if row.is_skipped)

    @property
    def seats(self) -> int:
        return self.capacity * len(self.made)

    def lost_since(self, seen: Collection[datetime]) -> tuple[Planned, ...]:
        """Those skipped although a preview promised them: ``seen`` are the starts it showed."""
        return tuple(row for row in self.skipped if row.starts_at in seen)


def preview_series(
    *,
    by: Actor,
    version: CourseVersion,
    first: date,
    last: date,
    weekdays: Collection[int],
    half_days: Sequence[HalfDay],
    place: Place,
    now: datetime,
    instructor: Membership | None = None,
    assistant: Membership | None = None,
    capacity: int | None = None,
) -> SeriesPlan:
    """Each date of the series from ``first`` to ``last``, both included, with the reason why it
    is skipped: past, outside the season, no lessons that day, the room closed or taken, the
    instructor or assistant elsewhere. Saves nothing. ``weekdays`` count from Monday, 0.

    Refused as a whole: NotPublished, NoSeason, VenueMissing, CapacityTooLarge, NotInstructor.
    """
    sessions.check_can_schedule(by, version.host_id)
    if version.state != VersionState.PUBLISHED:
        raise NotPublished
    sessions.season_at(at(first, time(0)))
    seats = sessions.checked_capacity(version, place, capacity)
    sessions.check_people(version.host_id, instructor, assistant)
    last = min(last, first + LONGEST)
    special = special_days(first, last)
    free_days = {day for day, _kind in special if not is_lesson_day(day, special)}
    names = day_names(first, last)
    rows = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        # A weekend that was asked for is meant; a holiday that falls on the weekday is not.
        if day.weekday() not in weekdays:
            continue
        for half_day in half_days:
            starts, ends = (at(day, clock) for clock in CLOCKS[half_day])
            if day in free_days:
                rows.append(Planned(starts, ends, names[day]))
            else:
                rows.append(_planned(place, (instructor, assistant), starts, ends, now))
    return SeriesPlan(tuple(rows), seats)


def _planned(
    place: Place,
    people: tuple[Membership | None, ...],
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> Planned:
    try:
        sessions.check_times(sessions.season_at(starts_at), starts_at, ends_at, now)
        if place.room is not None:
            sites_services.refuse_if_occupied(room=place.room, starts_at=starts_at, ends_at=ends_at)
        sessions.refuse_if_taken(*people, starts_at=starts_at, ends_at=ends_at)
    except (CoursesRefusal, SitesRefusal) as refusal:
        return Planned(starts_at, ends_at, refusal.brief)
    return Planned(starts_at, ends_at)


def open_series(
    *,
    by: Actor,
    version: CourseVersion,
    first: date,
    last: date,
    weekdays: Collection[int],
    half_days: Sequence[HalfDay],
    place: Place,
    seen: Collection[datetime],
    now: datetime,
    instructor: Membership | None = None,
    assistant: Membership | None = None,
    capacity: int | None = None,
) -> tuple[list[CourseSession], SeriesPlan]:
    """The sessions of the series that can be made now, and the plan that says which were not.

    ``seen`` are the starts that the preview promised. What somebody else took since is skipped
    with its reason, the rest is made. Refused as ``preview_series``, and NotAsPreviewed where a
    session would be made that the preview did not show; then nothing is.
    """
    plan = preview_series(
        by=by, version=version, first=first, last=last, weekdays=weekdays,
        half_days=half_days, place=place, now=now, instructor=instructor, assistant=assistant,
        capacity=capacity,
    )  # fmt: skip
    if not {row.starts_at for row in plan.made} <= set(seen):
        raise NotAsPreviewed
    made: list[CourseSession] = []
    rows: list[Planned] = []
    with transaction.atomic():
        for row in plan.rows:
            if row.is_skipped:
                rows.append(row)
                continue
            try:
                with transaction.atomic():
                    made.append(
                        sessions.open_session(
                            by=by, version=version, starts_at=row.starts_at,
                            ends_at=row.ends_at, room=place.room, school=place.school,
                            online_url=place.online_url, instructor=instructor,
                            assistant=assistant, capacity=plan.capacity, now=now,
                        )
                    )  # fmt: skip
                rows.append(row)
            except (CoursesRefusal, SitesRefusal) as refusal:
                rows.append(Planned(row.starts_at, row.ends_at, refusal.brief))
    return made, SeriesPlan(tuple(rows), plan.capacity)


def open_set(
    *,
    by: Actor,
    version: CourseVersion,
    name: str,
    periods: Sequence[tuple[datetime, datetime]],
    place: Place,
    now: datetime,
    instructor: Membership | None = None,
    assistant: Membership | None = None,
    capacity: int | None = None,
) -> SessionSet:
    """Sessions booked only together, whose class hours add up to the version's; all or none.

    Refused: TooFewClassHours, and as ``sessions.open_session``.
    """
    sessions.check_can_schedule(by, version.host_id)
    if version.class_hours < len(periods):
        raise TooFewClassHours(hours=version.class_hours, days=len(periods))
    share, rest = divmod(version.class_hours, len(periods))
    with transaction.atomic():
        made = SessionSet.objects.create(version=version, host_id=version.host_id, name=name)
        for number, (starts_at, ends_at) in enumerate(sorted(periods)):
            sessions.open_session(
                by=by, version=version, starts_at=starts_at, ends_at=ends_at,
                room=place.room, school=place.school, online_url=place.online_url,
                instructor=instructor, assistant=assistant, capacity=capacity, session_set=made,
                class_hours=share + (1 if number < rest else 0), now=now,
            )  # fmt: skip
        audit.record(
            by=by,
            verb="session_set.opened",
            now=now,
            target=made,
            sessions=len(periods),
        )
    return made


def set_name(version: CourseVersion, first: datetime, last: datetime) -> str:
    """《两日营》12 月 8 日至 9 日."""
    return f"{version.title_zh} {dates.day_range(first, last)}"

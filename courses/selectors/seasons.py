"""Which season it is, which a day belongs to, and what other dates of a season would affect."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from courses import phases
from courses.choices import SeasonAction, SeasonPhase
from courses.models import CourseSession, Season
from sites.calendar import SHANGHAI, at, local_day

# So many days a preview names; the rest it counts.
DAYS_NAMED = 14


def current_season(now: datetime) -> Season | None:
    """The season whose sessions run today; between seasons the next one, else the last."""
    return season_of_day(local_day(now))


def season_of_day(day: date) -> Season | None:
    """The season that a session on that day belongs to; between seasons the next one, else the
    last. None before there is any."""
    seasons = Season.objects.order_by("runs_from", "pk")
    return seasons.filter(runs_until__gte=day).first() or seasons.order_by("-runs_until").first()


def overlapping(season: Season | None, runs_from: date, runs_until: date) -> Season | None:
    """Another season with sessions on one of these days."""
    others = Season.objects.filter(runs_from__lte=runs_until, runs_until__gte=runs_from)
    if season is not None:
        others = others.exclude(pk=season.pk)
    return others.order_by("runs_from", "pk").first()


def wishes_are_over(
    season: Season | None,
    wishes_from: datetime | None,
    wishes_until: datetime | None,
    now: datetime,
) -> bool:
    """Whether these dates would set a wish phase that has passed already. One that has passed as
    it was set before may stand."""
    if wishes_from is None or wishes_until is None or wishes_until > now:
        return False
    known = (season.wishes_from, season.wishes_until) if season is not None else (None, None)
    # A form has minutes.
    return [_minute(moment) for moment in known] != [_minute(wishes_from), _minute(wishes_until)]


def _minute(moment: datetime | None) -> datetime | None:
    return moment.replace(second=0, microsecond=0) if moment is not None else None


@dataclass(frozen=True, slots=True)
class Affected:
    """Sessions of one kind: how many, how many of them are booked and how many seats are taken, and
    on which days."""

    sessions: int = 0
    booked: int = 0
    seats: int = 0
    days: tuple[tuple[date, int], ...] = ()

    @property
    def days_unnamed(self) -> int:
        return max(0, len(self.days) - DAYS_NAMED)

    @property
    def days_named(self) -> tuple[tuple[date, int], ...]:
        return self.days[:DAYS_NAMED]


@dataclass(frozen=True, slots=True)
class Effects:
    """What happens the moment a season gets other dates.

    ``outside``: sessions that would lie outside its days. ``unbookable``: sessions that begin
    after booking now closes earlier, and cannot be booked from then on. ``freezing`` and
    ``thawing``: booked sessions whose list of students would now be fixed, or be free again.
    ``opening`` and ``closing``: actions that would begin or end now.
    """

    phase: SeasonPhase
    new_phase: SeasonPhase
    outside: Affected
    unbookable: Affected
    freezing: Affected
    thawing: Affected
    opening: tuple[SeasonAction, ...]
    closing: tuple[SeasonAction, ...]

    def __bool__(self) -> bool:
        return bool(
            self.outside.sessions
            or self.unbookable.sessions
            or self.freezing.sessions
            or self.thawing.sessions
            or self.phase != self.new_phase
        )

    def seal(self, values: Mapping[str, Any]) -> str:
        """Proves that these effects of these values were looked at."""
        return sha256(f"{self} {sorted(values.items())}".encode()).hexdigest()


def effects_of(season: Season, values: Mapping[str, Any], now: datetime) -> Effects:
    """What the new ``values`` of the season would change at once; saves nothing."""
    changed = Season(pk=season.pk)
    for field in Season._meta.concrete_fields:
        if not field.primary_key:
            setattr(changed, field.attname, values.get(field.name, getattr(season, field.attname)))
    coming = CourseSession.objects.scheduled().filter(season=season, starts_at__gt=now)
    booked = coming.filter(seats_taken__gt=0)
    was, will = (_frozen_before(one, now) for one in (season, changed))
    open_now = {one for one in SeasonAction if phases.is_open(one, season, now)}
    open_then = {one for one in SeasonAction if phases.is_open(one, changed, now)}
    return Effects(
        phase=phases.phase_of(season, now),
        new_phase=phases.phase_of(changed, now),
        outside=_affected(
            coming.filter(
                Q(starts_at__lt=at(changed.runs_from, time(0)))
                | Q(starts_at__gte=at(changed.runs_until + timedelta(days=1), time(0)))
            )
        ),
        unbookable=_affected(coming.filter(starts_at__gte=changed.closes_at))
        if changed.closes_at < season.closes_at
        else Affected(),
        freezing=_affected(booked.filter(starts_at__gte=was, starts_at__lt=will)),
        thawing=_affected(booked.filter(starts_at__gte=will, starts_at__lt=was)),
        opening=tuple(one for one in SeasonAction if one in open_then - open_now),
        closing=tuple(one for one in SeasonAction if one in open_now - open_then),
    )


def _frozen_before(season: Season, now: datetime) -> datetime:
    """Sessions that begin before this moment have passed their freeze."""
    return now + timedelta(days=season.freeze_days)


def _affected(sessions: "QuerySet[CourseSession]") -> Affected:
    counts = sessions.aggregate(
        sessions=Count("pk"),
        booked=Count("pk", filter=Q(seats_taken__gt=0)),
        seats=Sum("seats_taken", default=0),
    )
    days = (
        sessions.order_by()
        .annotate(day=TruncDate("starts_at", tzinfo=SHANGHAI))
        .values("day")
        .annotate(number=Count("pk"))
        .order_by("day")
        .values_list("day", "number")
    )
    return Affected(**counts, days=tuple(days) if counts["sessions"] else ())

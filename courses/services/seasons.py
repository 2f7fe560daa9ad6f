"""When hosts publish, schools book and sessions run."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from accounts.actors import Actor
from accounts.errors import NotAllowed
from accounts.services import audit
from courses.errors import (
    NotAsLookedAt,
    SeasonBeforeBooking,
    SeasonNameTaken,
    SeasonOutOfOrder,
    SeasonsOverlap,
    WishesOver,
)
from courses.models import Season
from courses.selectors.seasons import effects_of, overlapping, wishes_are_over
from sites import dates
from sites.calendar import local_day


def check_can_set_seasons(actor: Actor) -> None:
    """The secretariat alone."""
    if not (actor.is_secretariat or actor.is_system):
        raise NotAllowed


def set_season(
    *,
    by: Actor,
    season: Season | None,
    name: str,
    school_year: int,
    opens_at: datetime,
    closes_at: datetime,
    runs_from: date,
    runs_until: date,
    now: datetime,
    publishes_at: datetime | None = None,
    wishes_from: datetime | None = None,
    wishes_until: datetime | None = None,
    freeze_days: int = 3,
    seal: str | None = None,
) -> Season:
    """The season (a new one for None) has these dates.

    ``seal`` is that of the effects somebody looked at before (``Effects.seal``); None asks for
    no look. Refused: SeasonOutOfOrder, SeasonBeforeBooking, WishesOver, SeasonNameTaken,
    SeasonsOverlap, and NotAsLookedAt where the dates would affect something else than what was
    looked at; then nothing is saved.
    """
    check_can_set_seasons(by)
    wishes = (wishes_from, wishes_until)
    if (
        closes_at <= opens_at
        or runs_until < runs_from
        or (publishes_at is not None and publishes_at > opens_at)
        or wishes.count(None) == 1
        or (wishes_from and wishes_until and not wishes_from < wishes_until <= opens_at)
        or (wishes_from and publishes_at and publishes_at > wishes_from)
    ):
        raise SeasonOutOfOrder
    if runs_from < local_day(opens_at):
        raise SeasonBeforeBooking
    if wishes_are_over(season, wishes_from, wishes_until, now):
        raise WishesOver
    values = {
        "name": name,
        "school_year": school_year,
        "publishes_at": publishes_at,
        "wishes_from": wishes_from,
        "wishes_until": wishes_until,
        "opens_at": opens_at,
        "closes_at": closes_at,
        "runs_from": runs_from,
        "runs_until": runs_until,
        "freeze_days": freeze_days,
    }
    try:
        with transaction.atomic():
            # Two who set seasons at once do so one after the other.
            list(Season.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
            others = Season.objects.exclude(pk=season.pk) if season else Season.objects.all()
            if others.filter(name=name).exists():
                raise SeasonNameTaken(name=name)
            other = overlapping(season, runs_from, runs_until)
            if other is not None:
                raise SeasonsOverlap(
                    season=other.name,
                    first=dates.day_full(other.runs_from),
                    last=dates.day_full(other.runs_until),
                )
            if season is not None and seal is not None:
                effects = effects_of(season, values, now)
                if effects and effects.seal(values) != seal:
                    raise NotAsLookedAt
            season = season or Season()
            for field, value in values.items():
                setattr(season, field, value)
            season.save()
            audit.record(by=by, verb="season.set", now=now, target=season)
            return season
    except IntegrityError as error:
        # The button was pressed twice.
        if "name" not in str(error):
            raise
        raise SeasonNameTaken(name=name) from error

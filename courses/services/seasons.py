"""When schools book and sessions run."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from accounts.actors import Actor
from accounts.errors import NotAllowed
from accounts.services import audit
from courses.errors import SeasonBeforeBooking, SeasonNameTaken, SeasonOutOfOrder
from courses.models import Season
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
) -> Season:
    """The season (a new one for None) has these dates. Refused: SeasonOutOfOrder,
    SeasonBeforeBooking, SeasonNameTaken."""
    check_can_set_seasons(by)
    if closes_at <= opens_at or runs_until < runs_from:
        raise SeasonOutOfOrder
    if runs_from < local_day(opens_at):
        raise SeasonBeforeBooking
    others = Season.objects.filter(name=name)
    if (others if season is None else others.exclude(pk=season.pk)).exists():
        raise SeasonNameTaken(name=name)
    season = season or Season()
    season.name = name
    season.school_year = school_year
    season.opens_at, season.closes_at = opens_at, closes_at
    season.runs_from, season.runs_until = runs_from, runs_until
    try:
        with transaction.atomic():
            season.save()
            audit.record(by=by, verb="season.set", now=now, target=season)
    except IntegrityError as error:
        # The button was pressed twice.
        if "name" not in str(error):
            raise
        raise SeasonNameTaken(name=name) from error
    return season

"""Which season it is."""

from datetime import datetime

from courses.models import Season
from sites.calendar import local_day


def current_season(now: datetime) -> Season | None:
    """The season whose sessions run today; between seasons the next one, else the last."""
    today = local_day(now)
    seasons = Season.objects.order_by("runs_from", "pk")
    return seasons.filter(runs_until__gte=today).first() or seasons.order_by("-runs_until").first()

"""What the cluster runs for this app."""

from django.utils import timezone

from . import services
from .calendar import local_day


def seed_calendar() -> int:
    """This year's holidays and those of the next two are known, as far as they can be."""
    year = local_day(timezone.now()).year
    return services.seed_calendar(years=range(year, year + 3))

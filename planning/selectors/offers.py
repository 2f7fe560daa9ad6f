"""What there is to plan with."""

from datetime import datetime

from django.db.models import Q

from bookings.selectors import suiting
from courses.models import CourseSession, Season
from hours.models import PracticumRequirement


def to_come(season: Season, now: datetime) -> Q:
    """Of sessions with ``seats_left``: those of the season to come whose lists are not settled,
    full ones among them."""
    return suiting.names_may_follow([season], now) & Q(season=season.pk, starts_at__gt=now)


def is_anything_on_offer(season: Season, requirement: PracticumRequirement, now: datetime) -> bool:
    """Whether any seat can be had on the requirement's days. One query."""
    first, over = requirement.period
    return (
        CourseSession.objects.scheduled()
        .with_seats_left()
        .filter(
            to_come(season, now) & Q(seats_left__gt=0, starts_at__gte=first, starts_at__lt=over)
        )
        .exists()
    )

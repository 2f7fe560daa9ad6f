"""What the cluster runs for this app."""

from django.utils import timezone

from attendance.services import retention


def retain() -> dict[str, int]:
    """Once a night; returns how many rows of each kind are gone."""
    outcomes = retention.retain(now=timezone.now())
    return {outcome.code: outcome.rows for outcome in outcomes}

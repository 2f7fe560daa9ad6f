"""The code on a room's screen, and how it was used."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q

from .door import CheckIn

# A screen forgotten in the room says nothing any more.
UP_AFTER_THE_END = timedelta(hours=1)


class RoomCodeQuerySet(models.QuerySet["RoomCode"]):
    def shown(self, now: datetime) -> Self:
        """Those that are up: until the door is closed, at most an hour beyond the session."""
        return self.filter(
            ended_at=None,
            session__desk__closed_at=None,
            session__ends_at__gt=now - UP_AFTER_THE_END,
        )


class RoomCode(models.Model):
    """The code on a room's screen, from when it was put up until it was taken down. ``salt``
    alone makes no code: the server's key does (``room_codes.code_at``)."""

    session = models.ForeignKey(
        "courses.CourseSession", on_delete=models.PROTECT, related_name="room_codes"
    )
    host = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="room_codes"
    )
    salt = models.CharField(max_length=32)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = RoomCodeQuerySet.as_manager()

    class Meta:
        constraints = [
            # A session has one code on its screens.
            models.UniqueConstraint(
                fields=["session"], condition=Q(ended_at=None), name="room_code_live_once"
            ),
            models.CheckConstraint(
                condition=Q(salt__regex=r"^[0-9a-f]{32}$"), name="room_code_salt_hex"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}"


class RoomScan(models.Model):
    """How an event of the room's code came about: what a person looks at where the pattern is
    odd. Holds no address and nothing of the device but a number of ours."""

    check_in = models.OneToOneField(CheckIn, on_delete=models.PROTECT, related_name="room_scan")
    room_code = models.ForeignKey(RoomCode, on_delete=models.PROTECT, related_name="scans")
    # The fifteen seconds whose code was entered.
    step = models.BigIntegerField()
    opened_at = models.DateTimeField()
    # A random number that the browser keeps for a day.
    browser = models.UUIDField()

    def __str__(self) -> str:
        return f"{self.check_in_id}"

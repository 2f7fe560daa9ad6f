"""Seats kept for a while, and changes a school asks the host for."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from bookings.choices import ChangeState, HoldPurpose

from .bookings import Booking


class SeatHoldQuerySet(models.QuerySet["SeatHold"]):
    def standing(self) -> Self:
        """Those whose seats are held: neither used nor let go yet."""
        return self.filter(ended_at=None)


class SeatHold(models.Model):
    """Seats of a session, and room for the adults who come along, kept for a swap, an offer or a
    pending approval. Names nobody.

    A session's ``seats_held`` and ``adults_held`` are the sums of its standing holds.
    """

    session = models.ForeignKey(
        "courses.CourseSession", on_delete=models.PROTECT, related_name="seat_holds"
    )
    booking = models.ForeignKey(
        Booking, on_delete=models.PROTECT, null=True, blank=True, related_name="seat_holds"
    )
    seats = models.PositiveSmallIntegerField()
    adults = models.PositiveSmallIntegerField(default=0)
    held_for = models.CharField(max_length=10, choices=HoldPurpose.choices)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SeatHoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(seats__gt=0), name="hold_has_seats"),
            models.CheckConstraint(
                condition=Q(held_for__in=HoldPurpose.values), name="hold_purpose_known"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")), name="hold_expires_after_start"
            ),
        ]
        indexes = [
            models.Index(
                fields=["session"], condition=Q(ended_at=None), name="hold_standing_session"
            ),
            models.Index(
                fields=["expires_at"], condition=Q(ended_at=None), name="hold_standing_expires"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.seats}"


class ChangeRequestQuerySet(models.QuerySet["ChangeRequest"]):
    def visible_to(self, actor: Actor) -> Self:
        """As the booking it is about."""
        if actor.is_system:
            return self
        return self.filter(booking__in=Booking.objects.visible_to(actor))

    def open(self) -> Self:
        return self.filter(state=ChangeState.ASKED)


class ChangeRequest(models.Model):
    """What a school asks of the host after the freeze: who comes, how many, which adults.

    ``wanted`` holds ``students`` (their keys), ``seats`` and ``adults``; ``companions``, name and
    telephone each, only where more are named than come now. ``before`` is what those were when
    the school asked, of the booking first and then of the other days that change with it: the
    request stands as long as they are so.
    """

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="change_requests")
    state = models.CharField(max_length=10, choices=ChangeState.choices, default=ChangeState.ASKED)
    wanted = models.JSONField()
    before = models.JSONField()
    reason = models.CharField(_("原因"), max_length=200)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answer = models.CharField(_("答复"), max_length=200, blank=True, default="")

    objects = ChangeRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ChangeState.values), name="change_request_state_known"
            ),
            # One question at a time about a booking.
            models.UniqueConstraint(
                fields=["booking"],
                condition=Q(state=ChangeState.ASKED),
                name="change_request_open_once",
            ),
            models.CheckConstraint(
                condition=Q(state=ChangeState.ASKED, answered_at=None)
                | (~Q(state=ChangeState.ASKED) & Q(answered_at__isnull=False)),
                name="change_request_answered_paired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id} {self.state}"

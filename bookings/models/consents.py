"""What guardians sign for a trip."""

from typing import Self

from django.db import models
from django.db.models import Q

from accounts.actors import Actor
from rosters.models import Signature

from .bookings import Booking


class TripConsentQuerySet(models.QuerySet["TripConsent"]):
    def visible_to(self, actor: Actor) -> Self:
        """The school's people who see the booking. What a guardian signs is no host's business."""
        if actor.is_system:
            return self
        if not actor.is_school:
            return self.none()
        return self.filter(booking__in=Booking.objects.visible_to(actor))

    def standing(self) -> Self:
        return self.filter(withdrawn_at=None)


class TripConsent(Signature):
    """A guardian's signature on paper for one trip, ticked by the teacher who has it."""

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="consents")
    student = models.ForeignKey(
        "rosters.Student", on_delete=models.PROTECT, related_name="trip_consents"
    )

    objects = TripConsentQuerySet.as_manager()

    class Meta:
        constraints = [
            # A student has one standing consent for a trip; withdrawn ones stay as history.
            models.UniqueConstraint(
                fields=["booking", "student"],
                condition=Q(withdrawn_at=None),
                name="trip_consent_standing_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id} {self.student_id}"

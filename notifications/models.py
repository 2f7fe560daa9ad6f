"""What is told to whom, and whether it has left the house."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from .choices import CalendarMethod, DeliveryState


class Message(models.Model):
    """One text for one person, or for an address that has no account yet (an invitation).

    Written in the transaction of the change it tells of, in the recipient's language. It is in
    the recipient's inbox as soon as it exists; ``Delivery`` rows carry it elsewhere.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
    )
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    path = models.CharField(max_length=200, blank=True, default="")
    calendar = models.TextField(blank=True, default="")
    calendar_method = models.CharField(
        max_length=10, choices=CalendarMethod.choices, blank=True, default=CalendarMethod.NONE
    )
    # Makes telling idempotent: the same fact is told to the same person once.
    once_key = models.CharField(max_length=120, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(db_index=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(calendar_method__in=CalendarMethod.values),
                name="message_calendar_method_known",
            ),
            # A calendar entry comes with the method that says how to read it.
            models.CheckConstraint(
                condition=Q(calendar="", calendar_method="")
                | (~Q(calendar="") & ~Q(calendar_method="")),
                name="message_calendar_paired",
            ),
        ]
        indexes = [
            models.Index(fields=["recipient", "-created_at"], name="message_inbox"),
            models.Index(fields=["recipient"], condition=Q(read_at=None), name="message_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Delivery(models.Model):
    """One message on its way to one e-mail address. States: waiting → sent, or failed."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="deliveries")
    address = models.EmailField(max_length=254)
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values), name="delivery_state_known"
            ),
            # Sent means: we know when.
            models.CheckConstraint(
                condition=Q(state=DeliveryState.SENT, sent_at__isnull=False)
                | (~Q(state=DeliveryState.SENT) & Q(sent_at=None)),
                name="delivery_sent_paired",
            ),
            # A message goes to an address once.
            models.UniqueConstraint(fields=["message", "address"], name="delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(state=DeliveryState.WAITING),
                name="delivery_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.pk}"

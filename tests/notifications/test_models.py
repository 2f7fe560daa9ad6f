"""What the database holds about messages and deliveries."""

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError

from notifications.models import Delivery, Message
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"calendar": "BEGIN"}, "message_calendar_paired"),
        ({"calendar_method": "REQUEST"}, "message_calendar_paired"),
        ({"calendar": "BEGIN", "calendar_method": "REPLY"}, "message_calendar_method_known"),
    ],
)
def test_a_calendar_entry_comes_with_a_known_method(
    fields: dict[str, Any], constraint: str, now: datetime
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        Message.objects.create(kind="x", subject="x", body="x", created_at=now, **fields)


@pytest.mark.parametrize("known", ["state", "sent_at"])
def test_sent_and_when_are_known_together(known: str, now: datetime) -> None:
    message = MessageFactory()
    fields = {"state": {"state": "sent"}, "sent_at": {"sent_at": now}}[known]

    with pytest.raises(IntegrityError, match="delivery_sent_paired"):
        Delivery.objects.filter(message=message).update(**fields)


def test_a_message_goes_to_an_address_once(now: datetime) -> None:
    message = MessageFactory()

    with pytest.raises(IntegrityError, match="delivery_once"):
        Delivery.objects.create(message=message, address=message.recipient.email, created_at=now)


def test_rows_name_themselves_without_personal_data() -> None:
    message = MessageFactory()
    delivery = message.deliveries.get()

    assert str(message) == f"booking_confirmed {message.pk}"
    assert str(delivery) == f"waiting {delivery.pk}"

"""The secretariat's care for mails that did not arrive."""

from datetime import datetime

from django.db import transaction

import notifications.services
from accounts.actors import Actor
from accounts.errors import NotAllowed
from accounts.services import audit


def retry(*, by: Actor, delivery_id: int, now: datetime) -> None:
    """A failed mail is tried again from the start. Refused for all but the secretariat."""
    if not by.is_secretariat:
        raise NotAllowed
    with transaction.atomic():
        notifications.services.retry_delivery(delivery_id=delivery_id, now=now)
        audit.record(by=by, verb="mail.retried", now=now, delivery=delivery_id)

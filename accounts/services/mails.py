"""The secretariat's care for mails that did not arrive."""

from datetime import datetime

from django.db import transaction

import notifications.services
from accounts.actors import Actor
from accounts.errors import NotAllowed
from accounts.services import audit


def retry(*, by: Actor, now: datetime, delivery_id: int | None = None) -> int:
    """A failed mail, or all of them, are tried again from the start; says how many. Refused for
    all but the secretariat.
    """
    if not by.is_secretariat:
        raise NotAllowed
    with transaction.atomic():
        number = notifications.services.retry_failed(delivery_id=delivery_id, now=now)
        audit.record(by=by, verb="mail.retried", now=now, delivery=delivery_id, number=number)
    return number

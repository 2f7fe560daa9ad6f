"""Telling people, and bringing what was told out of the house.

Telling writes rows in the caller's transaction: the inbox shows them at once, a queued task
brings them to the mail server, and a sweeper finds those whose task was lost.
"""

import logging
import smtplib
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError
from functools import partial
from uuid import UUID

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django_q.tasks import async_task

from . import channels
from .choices import DeliveryState
from .models import Delivery, Message

logger = logging.getLogger(__name__)

# When the attempts of a delivery fall, counted from its writing; after the last it has failed.
ATTEMPTS_AFTER = (
    timedelta(0),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=4),
)
# A row this old that nobody tried was missed by its task.
MISSED_AFTER = timedelta(minutes=2)
SWEEP_AT_MOST = 200
# A slow mail server does not keep a sweep longer: the cluster ends a task after two minutes.
SWEEP_FOR = timedelta(seconds=60)
# One task delivers so many of what was told at once; other workers share the rest.
DELIVERIES_PER_TASK = 20
# Mails whose link lets its bearer in: the link is forgotten once the mail has left.
SECRET_KINDS = frozenset({"invitation", "password_reset"})
FORGOTTEN = "—"


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is told: ``subject`` and ``body`` in the recipient's language, ``path`` the
    page it is about."""

    recipient: AbstractBaseUser
    kind: str
    subject: str
    body: str
    path: str = ""
    calendar: str = ""
    calendar_method: str = ""


def tell_all(letters: Sequence[Letter], *, now: datetime) -> list[Message]:
    """As ``tell`` for each, in three inserts however many they are: one transaction tells of one
    change, and the cluster is woken once for it."""
    if not letters:
        return []
    with transaction.atomic(savepoint=False):
        messages = Message.objects.bulk_create(
            Message(
                recipient_id=letter.recipient.pk,
                kind=letter.kind,
                subject=_one_line(letter.subject),
                body=letter.body,
                path=letter.path,
                calendar=letter.calendar,
                calendar_method=letter.calendar_method,
                created_at=now,
            )
            for letter in letters
        )
        deliveries = Delivery.objects.bulk_create(
            Delivery(
                message=message,
                address=letter.recipient.email,  # type: ignore[attr-defined]
                created_at=now,
            )
            for message, letter in zip(messages, letters, strict=True)
        )
        _queue([delivery.pk for delivery in deliveries])
    return messages


def tell(
    *,
    recipient: AbstractBaseUser,
    kind: str,
    subject: str,
    body: str,
    now: datetime,
    path: str = "",
    calendar: str = "",
    calendar_method: str = "",
    once_key: str | None = None,
) -> Message:
    """The person finds the message in the inbox and gets it by e-mail, exactly if the caller's
    transaction commits.

    ``subject`` and ``body`` are in the recipient's language, ``path`` is the page it is about.
    With a ``once_key`` a repeated telling returns the first message and sends nothing.
    """
    return _write(
        address=recipient.email,  # type: ignore[attr-defined]
        recipient=recipient,
        kind=kind,
        subject=subject,
        body=body,
        path=path,
        calendar=calendar,
        calendar_method=calendar_method,
        once_key=once_key,
        now=now,
    )


def tell_address(
    *, address: str, kind: str, subject: str, body: str, now: datetime, path: str = ""
) -> Message:
    """The address gets the e-mail, exactly if the caller's transaction commits; no inbox."""
    return _write(
        address=address,
        recipient=None,
        kind=kind,
        subject=subject,
        body=body,
        path=path,
        calendar="",
        calendar_method="",
        once_key=None,
        now=now,
    )


def _write(
    *,
    address: str,
    recipient: AbstractBaseUser | None,
    kind: str,
    subject: str,
    body: str,
    path: str,
    calendar: str,
    calendar_method: str,
    once_key: str | None,
    now: datetime,
) -> Message:
    fields = {
        "recipient": recipient,
        "kind": kind,
        "subject": _one_line(subject),
        "body": body,
        "path": path,
        "calendar": calendar,
        "calendar_method": calendar_method,
        "created_at": now,
    }
    with transaction.atomic():
        if once_key is None:
            message, is_new = Message.objects.create(**fields), True
        else:
            message, is_new = Message.objects.get_or_create(once_key=once_key, defaults=fields)
        if is_new:
            delivery = Delivery.objects.create(message=message, address=address, created_at=now)
            _queue([delivery.pk])
    return message


def _one_line(subject: str) -> str:
    """A subject is one line of a mail's head."""
    return " ".join(subject.split())[:200]


def _queue(delivery_ids: Sequence[int]) -> None:
    """Hands the deliveries to the cluster: by rows of this transaction, or with Redis after it."""
    for first in range(0, len(delivery_ids), DELIVERIES_PER_TASK):
        part = delivery_ids[first : first + DELIVERIES_PER_TASK]
        if settings.REDIS_URL:
            transaction.on_commit(partial(async_task, "notifications.tasks.deliver", *part))
        else:
            async_task("notifications.tasks.deliver", *part)


def deliver_all(*, delivery_ids: Collection[int], now: datetime) -> int:
    """As ``deliver`` for each; says how many left just now. One that fails unforeseen is counted
    and does not keep the others; it is raised at the end."""
    left = 0
    unforeseen: Exception | None = None
    for pk in delivery_ids:
        try:
            left += deliver(delivery_id=pk, now=now)
        except Exception as error:  # noqa: BLE001 (raised below, once the others have left)
            unforeseen = error
    if unforeseen is not None:
        raise unforeseen
    return left


def deliver(*, delivery_id: int, now: datetime) -> bool:
    """The message has left for its address, or the attempt is noted on the row; says whether it
    left just now.

    Safe to repeat: a delivery that is sent, failed, or in other hands this moment is left alone.
    A process killed during the hand-over may send it twice, with the same Message-ID.
    """
    unforeseen: Exception | None = None
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("message")
            .filter(pk=delivery_id, state=DeliveryState.WAITING)
            .first()
        )
        if delivery is None:
            return False
        delivery.attempts += 1
        try:
            channels.as_mail(delivery).send()
        except (OSError, smtplib.SMTPException, MessageError, ValueError) as error:
            _note_failure(delivery, error)
        except Exception as error:  # noqa: BLE001 (raised below, once the attempt is counted)
            # Uncounted, the sweeper would stumble over this row for ever and reach no other.
            _note_failure(delivery, error)
            unforeseen = error
        else:
            delivery.state = DeliveryState.SENT
            delivery.sent_at = now
            delivery.last_error = ""
            _forget_secret(delivery.message)
        delivery.save(update_fields=["attempts", "state", "sent_at", "last_error"])
    if unforeseen is not None:
        raise unforeseen
    return delivery.state == DeliveryState.SENT


def _note_failure(delivery: Delivery, error: Exception) -> None:
    # The text of the error may repeat the address; its kind is enough to act upon.
    delivery.last_error = type(error).__name__
    if delivery.attempts >= len(ATTEMPTS_AFTER):
        delivery.state = DeliveryState.FAILED
    logger.warning("delivery %s failed: %s", delivery.pk, delivery.last_error)


def _forget_secret(message: Message) -> None:
    """A link that lets its bearer in does not stay in our rows; the demo's mail page shows it."""
    if message.kind in SECRET_KINDS and not settings.DEMO:
        message.body = FORGOTTEN
        message.path = ""
        message.save(update_fields=["body", "path"])


def sweep(*, now: datetime) -> int:
    """Delivers what no task came for and what is due for another attempt; says how many left.

    What it does not come to within a minute waits for the next one.
    """
    until = time.monotonic() + SWEEP_FOR.total_seconds()
    due = Q()
    for attempts, after in enumerate(ATTEMPTS_AFTER):
        due |= Q(attempts=attempts, created_at__lte=now - max(after, MISSED_AFTER))
    waiting = (
        Delivery.objects.filter(due, state=DeliveryState.WAITING)
        # What was never tried goes first: nothing that fails stands in its way.
        .order_by("attempts", "created_at", "pk")
        .values_list("pk", flat=True)
    )
    left = 0
    for pk in list(waiting[:SWEEP_AT_MOST]):
        left += deliver(delivery_id=pk, now=now)
        if time.monotonic() > until:
            break
    return left


def retry_failed(*, now: datetime, delivery_id: int | None = None) -> int:
    """Failed deliveries wait again, with all their attempts: one, or all; says how many.

    The caller has asked whether the person may, and writes the audit entry.
    """
    with transaction.atomic():
        failed = Delivery.objects.select_for_update().filter(state=DeliveryState.FAILED)
        if delivery_id is not None:
            failed = failed.filter(pk=delivery_id)
        ids = list(failed.order_by("pk").values_list("pk", flat=True))
        Delivery.objects.filter(pk__in=ids).update(
            state=DeliveryState.WAITING, attempts=0, created_at=now
        )
        _queue(ids)
    return len(ids)


def mark_read(*, recipient_id: int, key: UUID, now: datetime) -> Message | None:
    """The person has opened the message; None if it is not theirs. The first opening counts."""
    message = Message.objects.filter(recipient_id=recipient_id, key=key).first()
    if message is not None and message.read_at is None:
        message.read_at = now
        message.save(update_fields=["read_at"])
    return message


def mark_all_read(*, recipient_id: int, now: datetime) -> int:
    """Nothing in the person's inbox is unread; says how many were."""
    return Message.objects.filter(recipient_id=recipient_id, read_at=None).update(read_at=now)


def messages_before(before: datetime) -> QuerySet[Message]:
    """Those written before the moment."""
    return Message.objects.filter(created_at__lt=before)


def forget_messages(messages: QuerySet[Message]) -> int:
    """The messages are gone, with where they went."""
    keys = list(messages.values_list("pk", flat=True))
    with transaction.atomic():
        Delivery.objects.filter(message__in=keys).delete()
        return Message.objects.filter(pk__in=keys).delete()[0]

"""Reads of the inbox and the outbox."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from .choices import DeliveryState
from .models import Delivery, Message

PAGE = 20


@dataclass(frozen=True)
class Page:
    """A part of a list of messages, and the key of its last row if more follow."""

    rows: list[Message]
    next_key: UUID | None


def unread_count(user_id: int) -> int:
    """How many messages the person has not opened, answered from a partial index."""
    return Message.objects.filter(recipient_id=user_id, read_at=None).count()


def inbox(user_id: int, *, after: UUID | None = None) -> Page:
    """The person's messages, newest first; ``after`` is the last key of the part shown last."""
    return _page(Message.objects.filter(recipient_id=user_id), after)


def message_of(user_id: int, key: UUID) -> Message | None:
    """The message, if it is the person's."""
    return Message.objects.filter(recipient_id=user_id, key=key).first()


def mails_written(*, after: UUID | None = None) -> Page:
    """Every message with its deliveries, newest first: for the demonstration's page only."""
    deliveries = Prefetch("deliveries", Delivery.objects.order_by("pk"))
    return _page(Message.objects.prefetch_related(deliveries), after)


def told_already(once_keys: Iterable[str]) -> set[str]:
    """Those of the keys whose fact has been told. One query."""
    told = Message.objects.filter(once_key__in=list(once_keys)).values_list("once_key", flat=True)
    return {key for key in told if key is not None}


def failed_deliveries() -> list[Delivery]:
    """Mails that no attempt brought out, newest first."""
    return list(
        Delivery.objects.filter(state=DeliveryState.FAILED)
        .select_related("message")
        .order_by("-created_at", "-pk")[:100]
    )


def _page(messages: QuerySet[Message], after: UUID | None) -> Page:
    if after is not None:
        last = messages.filter(key=after).values_list("created_at", "pk").first()
        if last is None:
            return Page([], None)
        at, pk = last
        messages = messages.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
    rows = list(messages.order_by("-created_at", "-pk")[: PAGE + 1])
    has_more = len(rows) > PAGE
    rows = rows[:PAGE]
    return Page(rows, rows[-1].key if has_more else None)

"""Reads of the inbox."""

from .models import Message


def unread_count(user_id: int) -> int:
    """How many messages the person has not opened, answered from a partial index."""
    return Message.objects.filter(recipient_id=user_id, read_at=None).count()

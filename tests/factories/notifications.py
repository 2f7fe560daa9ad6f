"""Messages, told through the service like every message."""

from datetime import UTC, datetime
from typing import Any

import factory

from notifications import services
from notifications.models import Message
from tests.factories.accounts import UserFactory


class MessageFactory(factory.Factory[Message]):
    """Somebody was told something: in the inbox, and waiting to leave by mail."""

    class Meta:
        model = Message

    recipient = factory.SubFactory(UserFactory)
    kind = "booking_confirmed"
    subject = factory.Sequence(lambda n: f"预约已确认 {n}")
    body = "12 月 8 日（周二）9:00，西点烘焙。"
    now = datetime(2026, 11, 24, tzinfo=UTC)

    @classmethod
    def _create(cls, model_class: type[Message], *args: Any, **kwargs: Any) -> Message:
        return services.tell(**kwargs)

"""An outbox row as an e-mail. Rows in, a finished mail out; nothing is sent here."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from .models import Delivery, Message


def message_id(message: Message) -> str:
    """The mail's Message-ID: the same at every attempt, so that a reader's mail box can tell a
    repeated mail from a new one.
    """
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ") or "localhost"
    return f"<{message.key}@{domain}>"


def link_to(path: str) -> str:
    """The full address of a page of ours, for a mail; empty for no page."""
    return f"{settings.BASE_URL}{path}" if path else ""


def as_mail(delivery: Delivery) -> EmailMultiAlternatives:
    """The mail of one delivery, ``delivery.message`` loaded.

    A calendar entry comes twice: as an alternative that names its method (RFC 6047 §2.4), which
    mail programs offer to enter, and as a file for those that do not.
    """
    message = delivery.message
    link = link_to(message.path)
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=f"{message.body}\n\n{link}\n" if link else f"{message.body}\n",
        to=[delivery.address],
        headers={"Message-ID": message_id(message), "Auto-Submitted": "auto-generated"},
    )
    if message.calendar:
        mail.attach_alternative(
            message.calendar, f"text/calendar; method={message.calendar_method}"
        )
        mail.attach("trip.ics", message.calendar.encode(), "application/ics")
    return mail

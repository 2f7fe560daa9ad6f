"""Addresses of those who were invited, and sign-ins that are over; see ``data_map``."""

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Invitation


def invitations_over(before: datetime) -> QuerySet[Invitation]:
    """Accepted, withdrawn or expired before the moment, and still with an address."""
    return Invitation.objects.exclude(email="").filter(
        Q(accepted_at__lt=before)
        | Q(revoked_at__lt=before)
        | Q(accepted_at=None, revoked_at=None, expires_at__lt=before)
    )


def forget_invitations(invitations: QuerySet[Invitation], now: datetime) -> int:
    """Address and name are gone; one that only expired is withdrawn, since it cannot be sent
    again."""
    keys = list(invitations.values_list("pk", flat=True))
    rows = Invitation.objects.filter(pk__in=keys)
    rows.filter(accepted_at=None).update(revoked_at=Coalesce("revoked_at", now))
    return rows.update(email="", name="")


def sign_ins_over(now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lt=now)


def forget_sign_ins(sign_ins: QuerySet[Session]) -> int:
    return sign_ins.delete()[0]

"""Keys for the web API: issued once, kept as a digest, stopped at once."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours, TokenRevoked
from accounts.models import ApiToken
from accounts.prepared import Prepared, asked
from accounts.services import audit

PREFIX = "cc_"
# The time of use is kept this exactly, so that a busy key does not write at each request.
USE_NOTED_EVERY = timedelta(minutes=10)

# Asked by every request of the web API. A digest is there once.
LIVE_TOKEN = Prepared(
    lambda: ApiToken.objects.filter(
        asked("accounts_apitoken.digest = %s"),
        revoked_at=None,
        membership__ended_at=None,
        membership__user__is_active=True,
        membership__organisation__is_active=True,
    ).select_related("membership__user", "membership__organisation")
)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def issue(*, by: Actor, label: str, now: datetime) -> tuple[ApiToken, str]:
    """A key that acts as the membership ``by`` acts with, and its secret, which is shown this
    once. Refused for anybody who is no member.
    """
    if by.membership_id is None:
        raise NotAllowed
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            membership_id=by.membership_id, label=label, digest=digest_of(secret), created_at=now
        )
        audit.record(by=by, verb="token.issued", now=now, target=token)
    return token, secret


def revoke(*, by: Actor, token: ApiToken, now: datetime) -> ApiToken:
    """The key stops with its next use. Refused: somebody else's key, one stopped before."""
    if token.membership_id != by.membership_id:
        raise NotYours
    with transaction.atomic():
        changed = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)
        if not changed:
            raise TokenRevoked
        token.revoked_at = now
        audit.record(by=by, verb="token.revoked", now=now, target=token)
    return token


def use(*, secret: str, now: datetime) -> ApiToken | None:
    """The live key with this secret, its membership, person and organisation loaded; or None.

    Notes the time of use.
    """
    found = LIVE_TOKEN(digest_of(secret))
    if not found:
        return None
    (token,) = found
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token

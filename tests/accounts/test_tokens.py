"""Keys for the web API."""

from datetime import datetime, timedelta

import pytest

from accounts.actors import SYSTEM
from accounts.errors import NotAllowed, NotYours, TokenRevoked
from accounts.models import ApiToken
from accounts.services import tokens
from tests.factories.accounts import MembershipFactory, actor_of

pytestmark = pytest.mark.django_db


def test_issue_keeps_only_a_digest(now: datetime) -> None:
    teacher = MembershipFactory()

    token, secret = tokens.issue(by=actor_of(teacher), label="校务系统", now=now)

    assert secret.startswith("cc_")
    assert len(secret) == 46
    assert token.digest == tokens.digest_of(secret)
    assert secret not in str(ApiToken.objects.values().get())


def test_issue_refuses_the_system(now: datetime) -> None:
    with pytest.raises(NotAllowed):
        tokens.issue(by=SYSTEM, label="校务系统", now=now)


def test_use_finds_the_live_key_and_notes_the_time_now_and_then(now: datetime) -> None:
    teacher = MembershipFactory()
    token, secret = tokens.issue(by=actor_of(teacher), label="校务系统", now=now)
    soon, later = now + timedelta(minutes=9), now + timedelta(minutes=10, seconds=1)

    used = [tokens.use(secret=secret, now=at) for at in (now, soon)]
    token.refresh_from_db()
    noted_first = token.last_used_at
    tokens.use(secret=secret, now=later)
    token.refresh_from_db()

    assert used == [token, token]
    assert (noted_first, token.last_used_at) == (now, later)


@pytest.mark.parametrize("gone", ["membership", "user", "organisation", "token", "secret"])
def test_use_knows_no_key_of_a_leaver(gone: str, now: datetime) -> None:
    teacher = MembershipFactory()
    token, secret = tokens.issue(by=actor_of(teacher), label="校务系统", now=now)
    if gone == "membership":
        teacher.ended_at = now
        teacher.save()
    elif gone == "user":
        teacher.user.is_active = False
        teacher.user.save()
    elif gone == "organisation":
        teacher.organisation.is_active = False
        teacher.organisation.save()
    elif gone == "token":
        tokens.revoke(by=actor_of(teacher), token=token, now=now)
    else:
        secret += "x"

    assert tokens.use(secret=secret, now=now) is None


def test_revoke_is_for_ones_own_and_once(now: datetime) -> None:
    teacher = MembershipFactory()
    token, _secret = tokens.issue(by=actor_of(teacher), label="校务系统", now=now)

    with pytest.raises(NotYours):
        tokens.revoke(by=actor_of(MembershipFactory()), token=token, now=now)
    tokens.revoke(by=actor_of(teacher), token=token, now=now)
    with pytest.raises(TokenRevoked):
        tokens.revoke(by=actor_of(teacher), token=token, now=now)

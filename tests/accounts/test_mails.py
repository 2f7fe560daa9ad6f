"""The secretariat's care for mails that did not arrive."""

from datetime import datetime

import pytest

from accounts.errors import NotAllowed
from accounts.models import AuditEntry
from accounts.services import mails
from tests.factories.accounts import MembershipFactory, actor_of

pytestmark = pytest.mark.django_db

WHO_MAY = {
    "secretariat": True,
    "reviewer": False,
    "host_manager": False,
    "instructor": False,
    "coordinator": False,
    "teacher": False,
}


@pytest.mark.parametrize("who", WHO_MAY)
def test_who_may_try_a_mail_again(who: str, now: datetime) -> None:
    actor = actor_of(MembershipFactory(**{who: True}))

    try:
        mails.retry(by=actor, delivery_id=404, now=now)
    except NotAllowed:
        allowed = False
    else:
        allowed = True

    assert allowed == WHO_MAY[who]
    assert AuditEntry.objects.filter(verb="mail.retried").count() == (1 if allowed else 0)

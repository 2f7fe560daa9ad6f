"""What the log says of a page whose address lets its bearer in."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.choices import Role
from accounts.services import invitations
from tests.factories.accounts import MembershipFactory, actor_of

pytestmark = pytest.mark.django_db


def test_no_log_line_holds_a_link_that_lets_in(caplog: pytest.LogCaptureFixture) -> None:
    coordinator = MembershipFactory(coordinator=True)
    _invitation, token = invitations.invite(
        by=actor_of(coordinator),
        organisation=coordinator.organisation,
        role=Role.TEACHER,
        email="zhou@example.org",
        now=timezone.now(),
    )
    another, stranger = Client(), Client(enforce_csrf_checks=True)
    another.force_login(coordinator.user)

    statuses = [
        another.get(f"/invitation/{token}/").status_code,
        stranger.post(f"/invitation/{token}/").status_code,
        Client().post(f"/invitation/{token}/", {"name": "周", "password": "1"}).status_code,
    ]

    lines = caplog.text
    assert statuses == [403, 403, 422]
    assert lines.count("/invitation/<str:token>/") == 3
    assert token not in lines


def test_the_log_names_other_pages_by_their_address(caplog: pytest.LogCaptureFixture) -> None:
    Client().get("/nowhere/at/all/")

    assert "Not Found: /nowhere/at/all/" in caplog.text

"""The operator looks and changes nothing."""

from datetime import datetime

import pytest
from django.contrib import admin
from django.test import Client

from accounts.choices import Role
from accounts.services import audit, invitations, tokens
from tests.factories.accounts import PASSWORD, MembershipFactory, actor_of

pytestmark = pytest.mark.django_db


def _operator() -> Client:
    membership = MembershipFactory(user__is_staff=True, user__is_superuser=True)
    client = Client()
    client.force_login(membership.user)
    return client


def test_every_registered_page_opens_and_offers_no_change(now: datetime) -> None:
    coordinator = MembershipFactory(coordinator=True)
    actor = actor_of(coordinator)
    invitations.invite(
        by=actor,
        organisation=coordinator.organisation,
        role=Role.TEACHER,
        email="zhou@example.org",
        now=now,
    )
    tokens.issue(by=actor, label="校务系统", now=now)
    audit.record(by=actor, verb="names.read", now=now)
    client = _operator()
    ours = [
        model
        for model in admin.site._registry
        if model._meta.app_label in ("accounts", "notifications")
    ]

    for model in ours:
        row = model._default_manager.order_by("pk").last()
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        shown = client.get(f"{base}{row.pk}/change/")

        assert client.get(base).status_code == 200, model
        assert shown.status_code == 200, model
        assert coordinator.user.password not in shown.text
        assert client.post(f"{base}{row.pk}/change/", {}).status_code == 403, model
        assert client.get(f"{base}add/").status_code == 403, model
        assert client.post(f"{base}{row.pk}/delete/").status_code == 403, model

    assert len(ours) == 7


def test_members_do_not_enter() -> None:
    client = Client()
    client.post(
        "/accounts/login/",
        {"login": MembershipFactory(secretariat=True).user.email, "password": PASSWORD},
    )

    assert client.get("/admin/accounts/user/").status_code == 302


def test_the_operator_signs_in_on_the_page_that_slows_guessing_down() -> None:
    MembershipFactory(
        user__email="operator@example.org", user__is_staff=True, user__is_superuser=True
    )
    client = Client()

    asked = client.get("/admin/login/?next=/admin/")
    guessed = client.post(
        "/admin/login/?next=/admin/", {"username": "operator@example.org", "password": PASSWORD}
    )

    assert (asked.status_code, asked["Location"]) == (302, "/accounts/login/?next=%2Fadmin%2F")
    assert guessed.status_code == 302
    assert "_auth_user_id" not in client.session

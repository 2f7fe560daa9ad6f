"""The secretariat sets what cohorts must reach."""

from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.choices import Role, Stage
from accounts.errors import NotAllowed
from accounts.models import Membership
from accounts.selectors import actor_of
from hours import services
from hours.errors import RequirementOutOfOrder
from hours.models import PracticumRequirement
from tests.factories.accounts import MembershipFactory, OrganisationFactory

VALUES: dict[str, Any] = {
    "name": "初中职业体验 14 学时",
    "stage": Stage.JUNIOR,
    "entry_year_from": 2023,
    "entry_year_to": 2026,
    "class_hours": 14,
    "min_occupations": 2,
    "counts_from": date(2026, 9, 1),
    "due_on": date(2027, 6, 30),
}
FORM = VALUES | {"counts_from": "2026-09-01", "due_on": "2027-06-30"}


@pytest.fixture
def secretary(db: None) -> Membership:
    membership: Membership = MembershipFactory(
        organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT
    )
    return membership


def test_requirement_is_set_and_changed(secretary: Membership, now: datetime) -> None:
    actor = actor_of(secretary)

    made = services.set_requirement(by=actor, requirement=None, now=now, **VALUES)
    services.set_requirement(by=actor, requirement=made, now=now, **(VALUES | {"class_hours": 32}))

    assert [row.class_hours for row in PracticumRequirement.objects.all()] == [32]


@pytest.mark.parametrize("changes", [{"due_on": date(2026, 9, 1)}, {"entry_year_to": 2022}])
def test_requirement_in_the_wrong_order_is_refused(
    secretary: Membership, now: datetime, changes: dict[str, Any]
) -> None:
    with pytest.raises(RequirementOutOfOrder):
        services.set_requirement(
            by=actor_of(secretary), requirement=None, now=now, **(VALUES | changes)
        )

    assert not PracticumRequirement.objects.exists()


@pytest.mark.parametrize("trait", ["teacher", "coordinator", "host_manager", "reviewer"])
def test_others_set_no_requirement(db: None, now: datetime, trait: str) -> None:
    with pytest.raises(NotAllowed):
        services.set_requirement(
            by=actor_of(MembershipFactory(**{trait: True})), requirement=None, now=now, **VALUES
        )


def test_pages_keep_what_was_typed_and_save_it_once_it_is_right(
    client: Client, secretary: Membership
) -> None:
    client.force_login(secretary.user)

    wrong = client.post("/requirements/new/", FORM | {"due_on": "2026-01-01"})
    right = client.post("/requirements/new/", FORM)
    requirement = PracticumRequirement.objects.get()
    page = client.get("/requirements/")
    changed = client.post(f"/requirements/{requirement.pk}/", FORM | {"class_hours": 32})

    assert wrong.status_code == 200
    assert "先后不对" in wrong.content.decode()
    assert 'value="2026-01-01"' in wrong.content.decode()
    assert right.status_code == 302
    assert "14 学时" in page.content.decode()
    assert changed.status_code == 302
    assert PracticumRequirement.objects.get().class_hours == 32


def test_nobody_else_opens_the_pages(client: Client, db: None) -> None:
    client.force_login(MembershipFactory(host_manager=True).user)

    statuses = [client.get(path).status_code for path in ("/requirements/", "/requirements/new/")]

    assert statuses == [403, 403]

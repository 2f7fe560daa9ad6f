"""The secretariat sets what cohorts must reach."""

from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.actors import SYSTEM
from accounts.choices import OrganisationKind, Role, Stage
from accounts.errors import NotAllowed
from accounts.models import Membership
from accounts.selectors import actor_of
from hours import selectors
from hours.errors import MinimumsTooHigh, RequirementNameTaken, RequirementOutOfOrder
from hours.models import PracticumRequirement, RequirementMinimum
from hours.services import requirements
from tests.bookings.races import before_commit
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


@pytest.fixture
def secretary(db: None) -> Membership:
    membership: Membership = MembershipFactory(
        organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT
    )
    return membership


def test_requirement_is_set_and_changed(secretary: Membership, now: datetime) -> None:
    actor = actor_of(secretary)

    made = requirements.set_requirement(by=actor, requirement=None, now=now, **VALUES)
    requirements.set_requirement(
        by=actor, requirement=made, now=now, **(VALUES | {"class_hours": 32})
    )

    assert [row.class_hours for row in PracticumRequirement.objects.all()] == [32]


@pytest.mark.parametrize("changes", [{"due_on": date(2026, 9, 1)}, {"entry_year_to": 2022}])
def test_requirement_in_the_wrong_order_is_refused(
    secretary: Membership, now: datetime, changes: dict[str, Any]
) -> None:
    with pytest.raises(RequirementOutOfOrder):
        requirements.set_requirement(
            by=actor_of(secretary), requirement=None, now=now, **(VALUES | changes)
        )

    assert not PracticumRequirement.objects.exists()


def test_hours_below_the_kept_minimums_are_refused(secretary: Membership, now: datetime) -> None:
    """Not saying anything of the minimums keeps them; what they add up to must still fit."""
    actor = actor_of(secretary)
    made = requirements.set_requirement(
        by=actor,
        requirement=None,
        now=now,
        minimums={OrganisationKind.VOCATIONAL_SCHOOL: 6, OrganisationKind.ENTERPRISE: 4},
        **VALUES,
    )

    with pytest.raises(MinimumsTooHigh) as caught:
        requirements.set_requirement(
            by=actor, requirement=made, now=now, **VALUES | {"class_hours": 9, "name": "九学时"}
        )
    made.refresh_from_db()
    refused = (made.name, made.class_hours)
    requirements.set_requirement(
        by=actor, requirement=made, now=now, **VALUES | {"class_hours": 10, "name": "十学时"}
    )

    assert str(caught.value) == "各类最低学时合计 10，超过了总学时 9。"
    assert refused == (VALUES["name"], 14)
    assert (made.name, made.class_hours) == ("十学时", 10)
    assert sorted(made.minimums.values_list("class_hours", flat=True)) == [4, 6]
    requirements.set_requirement(
        by=actor, requirement=made, now=now, minimums={}, **VALUES | {"class_hours": 9}
    )
    assert (made.class_hours, made.minimums.count()) == (9, 0)


@pytest.mark.django_db(transaction=True)
def test_minimums_and_hours_set_at_once_fit_together(now: datetime) -> None:
    """One lowers the hours while another raises the minimums: the second is refused."""
    made = requirements.set_requirement(by=SYSTEM, requirement=None, now=now, **VALUES)

    answer = before_commit(
        lambda: requirements.set_requirement(
            by=SYSTEM, requirement=made, now=now,
            minimums={OrganisationKind.ENTERPRISE: 12}, **VALUES,
        ),
        lambda: requirements.set_requirement(
            by=SYSTEM, requirement=PracticumRequirement.objects.get(), now=now,
            **VALUES | {"class_hours": 8},
        ),
    )  # fmt: skip

    assert isinstance(answer, MinimumsTooHigh)
    assert PracticumRequirement.objects.get().class_hours == 14
    assert RequirementMinimum.objects.get().class_hours == 12


@pytest.mark.django_db(transaction=True)
def test_a_requirement_saved_twice_by_a_doubled_click_is_one(now: datetime) -> None:
    def save() -> PracticumRequirement:
        return requirements.set_requirement(by=SYSTEM, requirement=None, now=now, **VALUES)

    answer = before_commit(save, save)

    assert isinstance(answer, RequirementNameTaken)
    assert str(answer) == "已有名为“初中职业体验 14 学时”的学时要求。"
    assert PracticumRequirement.objects.count() == 1


@pytest.mark.parametrize("trait", ["teacher", "coordinator", "host_manager", "reviewer"])
def test_others_set_no_requirement(db: None, now: datetime, trait: str) -> None:
    with pytest.raises(NotAllowed):
        requirements.set_requirement(
            by=actor_of(MembershipFactory(**{trait: True})), requirement=None, now=now, **VALUES
        )


def test_nobody_else_opens_the_pages(client: Client, db: None) -> None:
    client.force_login(MembershipFactory(host_manager=True).user)

    statuses = [client.get(path).status_code for path in ("/requirements/", "/requirements/new/")]

    assert statuses == [403, 403]


def test_minimums_above_the_whole_are_refused(secretary: Membership, now: datetime) -> None:
    with pytest.raises(MinimumsTooHigh) as refusal:
        requirements.set_requirement(
            by=actor_of(secretary),
            requirement=None,
            now=now,
            minimums={OrganisationKind.ENTERPRISE: 15},
            **VALUES,
        )

    assert str(refusal.value) == "各类最低学时合计 15，超过了总学时 14。"
    assert not RequirementMinimum.objects.exists()


@pytest.mark.parametrize(("path", "queries"), [("/requirements/", 6), ("/hours/", 6)])
@pytest.mark.parametrize("count", [1, 3])
def test_pages_take_the_same_queries_for_one_and_three(
    client: Client,
    secretary: Membership,
    now: datetime,
    count: int,
    path: str,
    queries: int,
    django_assert_num_queries: Any,
) -> None:
    for number in range(count):
        requirements.set_requirement(
            by=actor_of(secretary),
            requirement=None,
            now=now,
            minimums={OrganisationKind.ENTERPRISE: 4},
            **(VALUES | {"name": f"{number}"}),
        )
    client.force_login(secretary.user)
    client.get("/")

    with django_assert_num_queries(queries):
        page = client.get(path)

    assert len(page.context["requirements"]) == count


@pytest.mark.parametrize("count", [1, 3])
def test_lists_take_the_same_queries_however_many(
    client: Client,
    secretary: Membership,
    now: datetime,
    count: int,
    django_assert_num_queries: Any,
) -> None:
    for number in range(count):
        requirements.set_requirement(
            by=actor_of(secretary),
            requirement=None,
            now=now,
            minimums={OrganisationKind.ENTERPRISE: 4},
            **(VALUES | {"name": f"{number}"}),
        )
    with django_assert_num_queries(2):
        rows = [
            (one.name, list(one.minimums.all())) for one in selectors.requirements_with_minimums()
        ]

    assert len(rows) == count

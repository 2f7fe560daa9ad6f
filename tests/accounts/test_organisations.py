"""Founding and editing organisations."""

from datetime import datetime

import pytest

from accounts.actors import SYSTEM
from accounts.choices import OrganisationKind, SchoolKind, Stage
from accounts.errors import NameTaken, NotAllowed, OneAlliance, StagesMissing
from accounts.forms import OrganisationForm
from accounts.models import AuditEntry, Organisation
from accounts.services import organisations
from tests.accounts.races import while_uncommitted
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of

pytestmark = pytest.mark.django_db

WHO_MAY = {
    "secretariat": True,
    "reviewer": False,
    "host_manager": False,
    "instructor": False,
    "coordinator": False,
    "teacher": False,
}


@pytest.mark.parametrize(("who", "may"), WHO_MAY.items())
def test_who_may_keep_organisations(who: str, may: bool) -> None:
    actor = actor_of(MembershipFactory(**{who: True}))

    try:
        organisations.check_can_keep_organisations(actor)
    except NotAllowed:
        allowed = False
    else:
        allowed = True

    assert allowed == may


def test_found_a_school_keeps_its_stages_in_order(now: datetime) -> None:
    school = organisations.found_organisation(
        by=SYSTEM,
        kind=OrganisationKind.SCHOOL,
        name="清河中学",
        stages=[Stage.SENIOR, Stage.JUNIOR, Stage.JUNIOR],
        now=now,
    )

    school.refresh_from_db()
    assert school.stages == ["junior", "senior"]
    assert AuditEntry.objects.get().verb == "organisation.founded"


@pytest.mark.parametrize(
    ("kind", "kept"), [(OrganisationKind.SCHOOL, "private"), (OrganisationKind.ENTERPRISE, "")]
)
def test_only_a_school_is_public_or_private(
    now: datetime, kind: OrganisationKind, kept: str
) -> None:
    made = organisations.found_organisation(
        by=SYSTEM,
        kind=kind,
        name="松荫",
        stages=[Stage.JUNIOR],
        school_kind=SchoolKind.PRIVATE,
        now=now,
    )
    form = OrganisationForm(
        {"kind": kind, "name": "柳园", "stages": ["junior"], "school_kind": "private"}
    )

    made.refresh_from_db()
    assert made.school_kind == kept
    assert form.is_valid(), form.errors
    assert form.cleaned_data["school_kind"] == kept


def test_found_refuses_a_school_without_stages(now: datetime) -> None:
    with pytest.raises(StagesMissing):
        organisations.found_organisation(
            by=SYSTEM, kind=OrganisationKind.SCHOOL, name="清河中学", now=now
        )


def test_found_refuses_a_second_alliance(now: datetime) -> None:
    OrganisationFactory(alliance=True)

    with pytest.raises(OneAlliance):
        organisations.found_organisation(
            by=SYSTEM, kind=OrganisationKind.ALLIANCE, name="另一个联盟", now=now
        )


def test_found_refuses_a_taken_name(now: datetime) -> None:
    OrganisationFactory(name="清河中学")

    with pytest.raises(NameTaken) as refused:
        organisations.found_organisation(
            by=SYSTEM,
            kind=OrganisationKind.SCHOOL,
            name="清河中学",
            stages=[Stage.JUNIOR],
            now=now,
        )

    assert str(refused.value) == "已有名为“清河中学”的单位。"


def test_edit_refuses_the_name_of_another_but_not_its_own(now: datetime) -> None:
    host = OrganisationFactory(enterprise=True, name="甲公司")
    OrganisationFactory(enterprise=True, name="乙公司")

    organisations.edit_organisation(
        by=SYSTEM, organisation=host, name="甲公司", address="曹杨路 1 号", now=now
    )
    with pytest.raises(NameTaken):
        organisations.edit_organisation(by=SYSTEM, organisation=host, name="乙公司", now=now)

    host.refresh_from_db()
    assert (host.name, host.address) == ("甲公司", "曹杨路 1 号")


def test_edit_never_closes_the_alliance(now: datetime) -> None:
    alliance = OrganisationFactory(alliance=True)

    with pytest.raises(NotAllowed):
        organisations.edit_organisation(
            by=SYSTEM, organisation=alliance, name=alliance.name, is_active=False, now=now
        )

    assert Organisation.objects.get().is_active


@pytest.mark.django_db(transaction=True)
def test_a_name_taken_between_look_and_save_is_the_same_refusal(now: datetime) -> None:
    def found() -> str:
        try:
            organisations.found_organisation(
                by=SYSTEM, kind=OrganisationKind.ENTERPRISE, name="甲公司", now=now
            )
        except NameTaken as refusal:
            return str(refusal)
        return "founded"

    outcome = while_uncommitted(lambda: OrganisationFactory(enterprise=True, name="甲公司"), found)

    assert outcome == "已有名为“甲公司”的单位。"

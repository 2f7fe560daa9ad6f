"""Rows of the ledger call themselves by keys and numbers."""

from datetime import datetime

from accounts.actors import SYSTEM
from accounts.choices import OrganisationKind
from hours.models import HourCredit, PracticumRequirement, RequirementMinimum
from tests.bookings.conftest import World
from tests.factories.hours import make_credit


def test_rows_call_themselves(world: World, now: datetime) -> None:
    student = world.students[0]
    credit = make_credit(by=world.manager, student=student, session=world.session(), now=now)

    assert str(credit) == f"{student.pk} +4"
    requirement = PracticumRequirement.objects.get()
    minimum = RequirementMinimum(
        requirement=requirement, host_kind=OrganisationKind.ENTERPRISE, class_hours=4
    )
    assert str(requirement) == "初中职业体验"
    assert str(minimum) == f"{requirement.pk} enterprise"
    assert HourCredit.objects.visible_to(SYSTEM).get() == credit

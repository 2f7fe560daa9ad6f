"""An edition of the rule table, as the secretariat adds it."""

from datetime import date, datetime
from typing import Any

from accounts.choices import Role
from accounts.models import Membership
from attendance.choices import Earns
from attendance.models import AttendanceRuleSet
from attendance.services import rule_sets
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of

# Late beyond 40 minutes, or away before the last ten, is half; away before the last hour none.
STRICT: dict[str, Any] = {
    "opens_before_minutes": 30,
    "late_minutes": 10,
    "late_earns": Earns.FULL,
    "long_late_minutes": 40,
    "long_late_earns": Earns.REDUCED,
    "early_minutes": 10,
    "early_earns": Earns.REDUCED,
    "long_early_minutes": 60,
    "long_early_earns": Earns.NONE,
    "note": "早退的也来过半天",
}


def make_secretary() -> Membership:
    return MembershipFactory(organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT)


def make_edition(*, valid_from: date, now: datetime, **more: Any) -> AttendanceRuleSet:
    return rule_sets.add_edition(
        by=actor_of(make_secretary()), now=now, **STRICT | {"valid_from": valid_from} | more
    )

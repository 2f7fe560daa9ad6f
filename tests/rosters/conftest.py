"""A school with one class and those who keep it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest
import time_machine

from accounts.actors import Actor
from accounts.models import Membership, Organisation
from rosters.models import ClassGroup
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.rosters import make_class, make_teacher_of


@dataclass
class School:
    organisation: Organisation
    group: ClassGroup
    coordinator_membership: Membership
    teacher_membership: Membership

    @property
    def coordinator(self) -> Actor:
        return actor_of(self.coordinator_membership)

    @property
    def teacher(self) -> Actor:
        return actor_of(self.teacher_membership)


@pytest.fixture
def school(db: None) -> School:
    """七(3)班 with three students in seats 1 to 3."""
    group = make_class(students=3, number=3)
    return School(
        group.school,
        group,
        MembershipFactory(coordinator=True, organisation=group.school),
        make_teacher_of(group),
    )


@pytest.fixture
def time_machine_at_now(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield

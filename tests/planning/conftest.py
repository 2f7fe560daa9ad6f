"""A school and a host as bookings' tests have them, and somebody of the secretariat."""

import pytest

from accounts.actors import Actor
from tests.bookings.conftest import login, world
from tests.factories.accounts import MembershipFactory, actor_of

__all__ = ["login", "world"]


@pytest.fixture
def secretary(db: None) -> Actor:
    return actor_of(MembershipFactory(secretariat=True, user__name="陈秘书"))

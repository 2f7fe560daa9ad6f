"""Two who decide at once, and a desk closed while somebody decides: the hours are given once."""

from datetime import datetime, timedelta

import pytest

from attendance.choices import ProposalKind, ProposalState
from attendance.errors.proposals import ProposalDecided, ProposedAlready
from attendance.models import HourProposal
from attendance.services import proposals
from hours.models import HourCredit
from tests.attendance.conftest import Door, actor_of, make_door
from tests.bookings.conftest import World, make_world
from tests.bookings.races import at_once
from tests.factories.attendance import close_desk
from tests.factories.rules import make_secretary

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None, now: datetime) -> World:
    return make_world(now)


@pytest.fixture
def door(world: World, now: datetime) -> Door:
    made = make_door(world, now)
    close_desk(by=made.manager, session=made.session, now=made.session.ends_at)
    return made


def propose(door: Door) -> HourProposal:
    return proposals.propose(
        by=door.world.teacher,
        student=door.students[1],
        kind=ProposalKind.MAKE_UP,
        session=door.session,
        class_hours=4,
        reason="补上",
        now=door.session.ends_at + timedelta(days=1),
    )


def test_two_who_confirm_at_once_credit_once(door: Door) -> None:
    proposal = propose(door)
    now = door.session.ends_at + timedelta(days=2)
    coordinator, secretary = door.world.coordinator, actor_of(make_secretary())

    answers = at_once(
        lambda: proposals.confirm(by=coordinator, proposal=proposal, now=now),
        lambda: proposals.confirm(by=secretary, proposal=proposal, now=now),
    )

    assert sorted(type(answer).__name__ for answer in answers) == [
        HourProposal.__name__,
        ProposalDecided.__name__,
    ]
    assert HourCredit.objects.get().student == door.students[1]
    assert HourProposal.objects.get().state == ProposalState.CONFIRMED


def test_two_who_propose_at_once_propose_once(door: Door) -> None:
    answers = at_once(lambda: propose(door), lambda: propose(door))

    assert sorted(type(answer).__name__ for answer in answers) == [
        HourProposal.__name__,
        ProposedAlready.__name__,
    ]
    assert HourProposal.objects.count() == 1

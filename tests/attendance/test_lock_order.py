"""A door that closes while the school's roster changes: neither stops the other."""

from datetime import datetime

import pytest
import time_machine
from django.db import transaction

from accounts.models import Organisation
from attendance.models import Desk
from hours import period_locks
from hours.models import HourCredit, PracticumRequirement
from rosters.choices import ImportState
from rosters.models import RosterImport, Student
from rosters.services.imports import confirming
from tests.attendance.conftest import Door, make_door
from tests.bookings.conftest import World, make_world
from tests.bookings.races import before_commit
from tests.factories.accounts import MembershipFactory
from tests.factories.attendance import close_desk, let_in
from tests.rosters.conftest import School
from tests.rosters.imports import bring

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None, now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=True):
        yield make_world(now)


@pytest.fixture
def door(world: World, now: datetime) -> Door:
    return make_door(world, now)


def import_of(door: Door, now: datetime) -> tuple[School, RosterImport]:
    """The class as it is, but for the student of the last seat, who has another."""
    world = door.world
    coordinator = MembershipFactory(coordinator=True, organisation=world.school)
    teacher = MembershipFactory(teacher=True, organisation=world.school)
    school = School(world.school, world.group, coordinator, teacher)
    grade = world.group.grade(2026)
    last = door.students[-1].pk
    lines = "".join(
        f"{one.name},{grade}({world.group.number}),{one.student_no},"
        f"{30 if one.pk == last else one.seat_no}\n"
        for one in door.students
    )
    return school, bring(school, lines, now=now)


def test_a_roster_is_confirmed_while_a_door_of_a_locked_period_closes(
    door: Door, now: datetime
) -> None:
    """The import holds the school and then wants the students, whom the closing holds."""
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)
    period_locks.lock_period(
        by=door.world.coordinator,
        school=door.world.school,
        requirement=PracticumRequirement.objects.get(),
        now=now,
    )
    school, row = import_of(door, now)

    def closing() -> Desk:
        # Within a transaction of the caller a deadlock is not tried again: it would be seen.
        with transaction.atomic():
            return close_desk(by=door.manager, session=door.session, now=door.session.ends_at)

    closed = before_commit(
        lambda: Organisation.objects.select_for_update(no_key=True).get(pk=door.world.school.pk),
        closing,
        lambda: confirming.confirm(
            by=school.coordinator, roster_import=row, digest=row.roster_digest, now=now
        ),
    )

    assert isinstance(closed, Desk), closed
    assert closed.held_back == [door.students[0].pk]
    row.refresh_from_db()
    assert row.state == ImportState.CONFIRMED
    assert Student.objects.get(pk=door.students[-1].pk).seat_no == 30
    assert not HourCredit.objects.exists()

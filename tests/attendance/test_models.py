"""Whose rows they are, and what the database itself refuses."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from accounts.actors import SYSTEM
from attendance.choices import EventKind, WayIn
from attendance.models import CheckIn, Desk
from attendance.services import desk
from tests.attendance.conftest import Door, actor_of
from tests.factories.accounts import MembershipFactory
from tests.factories.attendance import let_in


def test_events_are_seen_by_the_host_and_the_students_own_people(door: Door) -> None:
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)

    seen = {
        name: CheckIn.objects.visible_to(actor).count()
        for name, actor in {
            "system": SYSTEM,
            "host": door.manager,
            "coordinator": door.world.coordinator,
            "teacher": door.world.teacher,
            "colleague": actor_of(MembershipFactory(organisation=door.world.school)),
            "other host": actor_of(MembershipFactory(host_manager=True)),
            "other school": actor_of(MembershipFactory(coordinator=True)),
            "secretariat": actor_of(MembershipFactory(secretariat=True)),
        }.items()
    }

    assert seen == {
        "system": 1,
        "host": 1,
        "coordinator": 1,
        "teacher": 1,
        "colleague": 0,
        "other host": 0,
        "other school": 0,
        "secretariat": 0,
    }


def test_desks_are_seen_by_their_host_and_the_alliance(door: Door) -> None:
    desk.open_desk(by=door.manager, session=door.session, now=door.now)

    seen = [
        Desk.objects.visible_to(actor).count()
        for actor in (
            SYSTEM,
            door.manager,
            actor_of(MembershipFactory(secretariat=True)),
            actor_of(MembershipFactory(host_manager=True)),
            door.world.teacher,
        )
    ]

    assert seen == [1, 1, 1, 0, 0]


def test_rows_name_nobody(door: Door) -> None:
    """What lands in a log line or a shell says keys and kinds only."""
    entry = let_in(door.students[0], by=door.manager, session=door.session, now=door.now)

    assert str(entry.event) == f"in {entry.event.pk}"
    assert str(Desk.objects.get()) == str(door.session.pk)
    assert str(door.badges[1]) == str(door.badges[1].pk)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "party"},
        {"way_in": "window"},
        {"kind": EventKind.VOID},
        {"voids": "another"},
        {"kind": EventKind.VOID, "voids": "itself"},
    ],
)
def test_database_keeps_no_event_that_makes_no_sense(door: Door, wrong: dict[str, str]) -> None:
    first = let_in(door.students[0], by=door.manager, session=door.session, now=door.now).event
    key = uuid4()
    values = {
        "id": key,
        "session": door.session,
        "student": door.students[0],
        "kind": EventKind.IN,
        "way_in": WayIn.TICK,
        "happened_at": door.now,
        "recorded_at": door.now,
    } | wrong
    if "voids" in wrong:
        values["voids_id"] = {"another": first.pk, "itself": key}[str(values.pop("voids"))]

    with pytest.raises(IntegrityError), transaction.atomic():
        CheckIn.objects.create(**values)


def test_event_is_voided_once(door: Door) -> None:
    first = let_in(door.students[0], by=door.manager, session=door.session, now=door.now).event

    def void() -> None:
        CheckIn.objects.create(
            session=door.session,
            student=door.students[0],
            kind=EventKind.VOID,
            voids=first,
            way_in=WayIn.TICK,
            happened_at=door.now,
            recorded_at=door.now + timedelta(minutes=1),
        )

    void()
    with pytest.raises(IntegrityError), transaction.atomic():
        void()


def test_database_pairs_who_closed_a_desk_with_when(door: Door) -> None:
    opened = desk.open_desk(by=door.manager, session=door.session, now=door.now)

    for values in (
        {"closed_at": door.now, "closings": 1},
        {"closed_by_id": door.manager.membership_id, "closings": 1},
        {"closed_at": door.now, "closed_by_id": door.manager.membership_id, "closings": 0},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Desk.objects.filter(pk=opened.pk).update(**values)

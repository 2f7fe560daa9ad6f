"""Whose names a host meets, and when."""

from datetime import datetime, time, timedelta

import pytest

from accounts.errors import NotYours
from accounts.models import AuditEntry
from bookings.errors.roll import NamesNotNow
from bookings.selectors.names import names_window_open
from bookings.services import lists, rosters
from sites.calendar import at
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking

IN_TIME = at(DAY, time(8))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (at(DAY - timedelta(days=4), time(23, 59)), False),
        (at(DAY - timedelta(days=3), time()), True),
        (at(DAY, time(9)), True),
        (at(DAY + timedelta(days=7), time(23, 59)), True),
        (at(DAY + timedelta(days=8), time()), False),
    ],
)
def test_names_are_shown_from_three_days_before_to_seven_after(
    world: World, moment: datetime, is_open: bool
) -> None:
    assert names_window_open(world.session(), moment) is is_open


def test_the_host_reads_its_roster_on_the_record(world: World, now: datetime) -> None:
    session = world.session()
    booking = make_booking(by=world.teacher, session=session, class_group=world.group, now=now)
    elsewhere = world.new_group(4, 1)
    make_booking(by=world.coordinator, session=world.session(), class_group=elsewhere, now=now)
    lists.change_booking(
        by=world.teacher,
        booking=booking,
        edition=1,
        student_ids=[student.pk for student in world.students[1:3]],
        now=now,
    )

    places = rosters.read_roster(
        by=world.manager, session=session, now=IN_TIME, context="session_names"
    )

    entry = AuditEntry.objects.get(verb="names.read")
    assert [place.student for place in places] == world.students[1:3]
    assert entry.target == f"courses.coursesession:{session.pk}"
    assert entry.school_id == world.school.pk
    assert entry.facts == {
        "context": "session_names",
        "count": 2,
        "classes": [world.group.pk],
        "students": [student.pk for student in world.students[1:3]],
    }


def test_out_of_time_the_host_reads_nothing(world: World, now: datetime) -> None:
    with pytest.raises(NamesNotNow) as refusal:
        rosters.read_roster(
            by=world.manager, session=world.session(), now=now, context="session_names"
        )

    assert str(refusal.value) == "为保护学生信息，名单只在 12 月 5 日至 12 月 15 日可以查看。"
    assert not AuditEntry.objects.filter(verb="names.read").exists()


def test_only_the_sessions_own_host_reads_names(world: World) -> None:
    session = world.session()
    strangers = [
        actor_of(MembershipFactory(host_manager=True)),
        actor_of(MembershipFactory(secretariat=True)),
        world.teacher,
    ]

    for stranger in strangers:
        with pytest.raises(NotYours):
            rosters.check_can_read_names(stranger, session, IN_TIME)
    instructor = actor_of(MembershipFactory(instructor=True, organisation=world.host))
    rosters.check_can_read_names(instructor, session, IN_TIME)

"""Opening sessions, and changing them while nobody has booked."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.actors import SYSTEM
from accounts.choices import Role
from accounts.errors import NotAllowed, NotYours, Refusal
from accounts.models import AuditEntry
from accounts.selectors import actor_of
from courses import errors
from courses.models import CourseSession
from courses.services import seats, sessions
from sites.errors import RoomClosed, RoomTaken
from sites.models import RoomHold
from sites.services import close_room
from tests.bookings.races import at_once
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.courses import (
    make_draft,
    make_room,
    make_season,
    make_session,
    make_version,
    manager_of,
)

TUESDAY = datetime.fromisoformat("2026-12-08T09:00+08:00")


def opening(now: datetime, **changes: Any) -> Callable[[], CourseSession]:
    """A call that opens a session as ``changes`` say, in a new room of the version's host."""
    version = changes.pop("version", None) or make_version()
    values: dict[str, Any] = {
        "by": manager_of(version.host),
        "version": version,
        "season": make_season(),
        "starts_at": TUESDAY,
        "ends_at": TUESDAY + timedelta(hours=2),
        "now": now,
    }
    if not changes.keys() & {"room", "school", "online_url"}:
        values["room"] = make_room(version.host)
    values |= changes
    return lambda: sessions.open_session(**values)


@pytest.mark.django_db
def test_session_has_what_its_version_and_room_allow(now: datetime) -> None:
    version = make_version(group_size_max=20)
    room = make_room(version.host, floor_area_m2=51, stations=30, licensed_capacity=40)

    session = opening(now, version=version, room=room)()

    # 51 m² at 3 m² each are 17 students, fewer than stations, licence and group.
    assert (session.capacity, session.class_hours, session.seats_taken) == (17, 4, 0)
    assert session.room_hold is not None
    assert session.room_hold.reason == f"《{version.title_zh}》"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"capacity": 25}, errors.CapacityTooLarge),
        ({"capacity": 0}, errors.CapacityTooLarge),
        ({"room": None, "online_url": ""}, errors.VenueMissing),
        ({"ends_at": TUESDAY}, errors.EndsBeforeStart),
        (
            {
                "starts_at": TUESDAY - timedelta(days=20),
                "ends_at": TUESDAY - timedelta(days=20, hours=-2),
            },
            errors.InThePast,
        ),
        (
            {
                "starts_at": TUESDAY + timedelta(days=100),
                "ends_at": TUESDAY + timedelta(days=100, hours=2),
            },
            errors.OutsideRunningDays,
        ),
    ],
)
def test_session_is_refused(now: datetime, changes: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal) as caught:
        opening(now, **changes)()

    assert str(caught.value)
    assert not CourseSession.objects.exists()
    assert not RoomHold.objects.exists()


@pytest.mark.django_db
def test_session_needs_exactly_one_place(now: datetime) -> None:
    version = make_version()

    with pytest.raises(errors.VenueMissing):
        opening(
            now, version=version, room=make_room(version.host), online_url="https://a.example"
        )()


@pytest.mark.django_db
def test_session_of_an_unpublished_version_is_refused(now: datetime) -> None:
    with pytest.raises(errors.NotPublished):
        opening(now, version=make_draft())()


@pytest.mark.django_db
def test_who_may_open_a_session(now: datetime) -> None:
    version = make_version()
    instructor = MembershipFactory(organisation=version.host, role=Role.INSTRUCTOR)

    with pytest.raises(NotAllowed):
        opening(now, version=version, by=actor_of(instructor))()
    with pytest.raises(NotYours):
        opening(now, version=version, by=manager_of(OrganisationFactory(enterprise=True)))()
    with pytest.raises(NotYours):
        opening(now, version=version, room=make_room(OrganisationFactory(enterprise=True)))()


@pytest.mark.django_db
def test_instructor_must_be_of_the_host_now(now: datetime) -> None:
    stranger = MembershipFactory(instructor=True)

    with pytest.raises(errors.NotInstructor):
        opening(now, instructor=stranger)()


@pytest.mark.django_db
def test_instructor_teaches_one_session_at_a_time(now: datetime) -> None:
    version = make_version()
    instructor = MembershipFactory(organisation=version.host, role=Role.INSTRUCTOR)
    make_session(version, instructor=instructor, now=now)

    with pytest.raises(errors.InstructorTaken) as caught:
        opening(now, version=version, instructor=instructor)()

    assert version.title_zh in str(caught.value)


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["instructor", "assistant"])
@pytest.mark.parametrize("second", ["instructor", "assistant"])
def test_nobody_teaches_or_assists_in_two_sessions_at_once(
    now: datetime, first: str, second: str
) -> None:
    version = make_version()
    person = MembershipFactory(organisation=version.host, role=Role.INSTRUCTOR, user__name="钱师傅")
    make_session(version, now=now, **{first: person})

    with pytest.raises(errors.InstructorTaken) as caught:
        opening(now, version=version, **{second: person})()

    assert str(caught.value) == (
        "钱师傅在 12 月 8 日（周二）9:00–11:30 已带《面包师：一只吐司的诞生》，请换时间或换人。"
    )


@pytest.mark.django_db(transaction=True)
def test_of_two_browsers_after_one_person_one_gets_her(now: datetime) -> None:
    version = make_version()
    person = MembershipFactory(organisation=version.host, role=Role.INSTRUCTOR)

    outcomes = at_once(
        opening(now, version=version, instructor=person),
        opening(now, version=version, assistant=person),
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "CourseSession",
        "InstructorTaken",
    ]


@pytest.mark.django_db
def test_people_of_a_booked_session_are_named_until_it_is_over(now: datetime) -> None:
    session = make_session(now=now)
    CourseSession.objects.filter(pk=session.pk).update(seats_taken=3)
    by = manager_of(session.host)
    person, helper = (
        MembershipFactory(organisation=session.host, role=Role.INSTRUCTOR) for _one in range(2)
    )

    def name(moment: datetime) -> CourseSession:
        return sessions.name_people(
            by=by, session=session, instructor=person, assistant=helper, now=moment
        )

    named = name(session.ends_at - timedelta(minutes=1))

    assert (named.instructor, named.assistant) == (person, helper)
    assert AuditEntry.objects.filter(verb="session.people_named").count() == 1
    with pytest.raises(errors.SessionBegun):
        name(session.ends_at)
    seats.release_seats(session_id=session.pk, seats=3)
    seats.void_session(session=session, by=by, reason="停电", now=now)
    with pytest.raises(errors.SessionCancelled):
        name(now)


@pytest.mark.django_db
def test_room_holds_one_session_at_a_time_and_none_while_closed(now: datetime) -> None:
    version = make_version()
    room = make_room(version.host)
    make_session(version, room=room, now=now)
    later = TUESDAY + timedelta(days=1)
    close_room(
        by=manager_of(version.host),
        room=room,
        starts_at=later,
        ends_at=later + timedelta(hours=8),
        reason="设备检修",
        now=now,
    )

    with pytest.raises(RoomTaken) as taken:
        opening(now, version=version, room=room)()
    with pytest.raises(RoomClosed) as closed:
        opening(
            now, version=version, room=room, starts_at=later, ends_at=later + timedelta(hours=2)
        )()

    assert version.title_zh in str(taken.value)
    assert "设备检修" in str(closed.value)


@pytest.mark.django_db(transaction=True)
def test_two_browsers_after_one_room(now: datetime) -> None:
    version = make_version()
    room = make_room(version.host)

    outcomes = at_once(
        opening(now, version=version, room=room), opening(now, version=version, room=room)
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CourseSession", "RoomTaken"]
    assert RoomHold.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_browsers_would_share_a_room_without_the_constraint(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The harm: with the look alone, which both pass before either writes, both hold the room."""
    version = make_version()
    room = make_room(version.host)
    monkeypatch.setattr("sites.services.refuse_if_occupied", lambda **_facts: None)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sites_roomhold DROP CONSTRAINT room_one_session_at_a_time")
    try:
        opening(now, version=version, room=room)()
        opening(now, version=version, room=room)()
        held = RoomHold.objects.filter(room=room).count()
    finally:
        CourseSession.objects.all().delete()
        RoomHold.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE sites_roomhold ADD CONSTRAINT room_one_session_at_a_time"
                " EXCLUDE USING gist (room_id WITH =, period WITH &&) WHERE (kind = 'session')"
            )

    assert held == 2


@pytest.mark.django_db
def test_unbooked_session_is_moved_within_its_own_time_and_to_another_room(now: datetime) -> None:
    session = make_session(now=now)
    other = make_room(session.host)
    by = manager_of(session.host)

    moved = sessions.change_session(
        by=by,
        session=session,
        sequence=session.sequence,
        starts_at=TUESDAY + timedelta(minutes=30),
        ends_at=TUESDAY + timedelta(hours=3),
        capacity=10,
        room=session.room,
        now=now,
    )
    moved = sessions.change_session(
        by=by,
        session=moved,
        sequence=moved.sequence,
        starts_at=moved.starts_at,
        ends_at=moved.ends_at,
        capacity=12,
        room=other,
        now=now,
    )

    assert (moved.capacity, moved.sequence, moved.room) == (12, 2, other)
    assert list(RoomHold.objects.values_list("room_id", flat=True)) == [other.pk]


@pytest.mark.django_db
def test_session_that_goes_on_line_frees_its_room(now: datetime) -> None:
    session = make_session(now=now)

    moved = sessions.change_session(
        by=manager_of(session.host),
        session=session,
        sequence=session.sequence,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        capacity=5,
        online_url="https://class.example.org/a",
        now=now,
    )

    assert (moved.venue, moved.room_hold) == ("online", None)
    assert not RoomHold.objects.exists()


@pytest.mark.django_db
def test_booked_session_is_not_changed_here(now: datetime) -> None:
    session = make_session(now=now)
    CourseSession.objects.filter(pk=session.pk).update(seats_taken=3)
    by = manager_of(session.host)

    with pytest.raises(errors.SessionHasSeatsTaken):
        sessions.change_session(
            by=by,
            session=session,
            sequence=session.sequence,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            capacity=5,
            room=session.room,
            now=now,
        )


@pytest.mark.django_db
def test_cancelled_session_is_not_changed(now: datetime) -> None:
    session = make_session(now=now)
    by = manager_of(session.host)
    seats.void_session(session=session, by=by, reason="停电", now=now)

    with pytest.raises(errors.SessionCancelled):
        sessions.change_session(
            by=by,
            session=session,
            sequence=session.sequence,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            capacity=5,
            room=session.room,
            now=now,
        )


@pytest.mark.django_db
@pytest.mark.parametrize("closed", ["room", "site"])
def test_room_out_of_use_takes_no_session(now: datetime, closed: str) -> None:
    version = make_version()
    room = make_room(version.host)
    thing = room if closed == "room" else room.site
    thing.is_active = False
    thing.save()

    with pytest.raises(errors.RoomNotInUse) as refusal:
        make_session(version, room=room, now=now)

    assert str(refusal.value) == f"{room.name}已停用，请另选一间实训室。"


@pytest.mark.django_db
def test_school_that_left_is_not_visited(now: datetime) -> None:
    school = OrganisationFactory(short_name="清河", is_active=False)

    with pytest.raises(errors.SchoolNotInUse) as refusal:
        make_session(school=school, now=now)

    assert str(refusal.value) == "清河已停用，请另选一所学校。"


@pytest.mark.django_db
def test_the_system_schedules_for_every_host(now: datetime) -> None:
    version = make_version()

    session = opening(now, version=version, by=SYSTEM)()

    assert session.host == version.host

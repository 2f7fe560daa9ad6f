"""What may be decided of a doubtful event, and what comes of it: what is offered can be done."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.choices import Role
from accounts.errors import NotAllowed, NotYours, Refusal
from attendance.choices import AttendanceState, Doubt, EventKind, WayIn
from attendance.errors.desk import DeskClosed, WalkInElsewhere
from attendance.models import Badge, CheckIn, Conflict, ConflictDecision
from attendance.selectors.states import attendance_of_session
from attendance.services import conflicts, desk
from bookings.errors.reserving import WrongStage
from bookings.errors.roll import NoWalkInNow
from bookings.models import Place
from bookings.services import host_changes
from courses.errors import SessionCancelled, SessionFull
from courses.models import CourseSession
from hours.models import HourCredit
from rosters.models import Student
from tests.attendance.conftest import MINUTE, Door, actor_of
from tests.attendance.devices import Tablet, make_tablet
from tests.factories.accounts import MembershipFactory
from tests.factories.attendance import close_desk, make_badges
from tests.factories.bookings import make_booking


@pytest.fixture
def tablet(door: Door) -> Tablet:
    return make_tablet(door)


@pytest.fixture
def walker(door: Door) -> Badge:
    """A pupil of another seventh class, on no list."""
    return make_badges(door.world.new_group(4, 1), now=door.now)[1]


def reopened(door: Door) -> datetime:
    """The day after, the door was closed and is open again for corrections."""
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    now = door.session.ends_at + timedelta(days=1)
    desk.reopen_desk(by=door.manager, session=door.session, reason="断网补传", now=now)
    return now


def place_of(door: Door, student: Student) -> Place | None:
    return Place.objects.live().filter(session=door.session, student=student).first()


def refused_both_ways(door: Door, conflict: Conflict, now: datetime) -> type[Refusal]:
    """Why it cannot be accepted: what is said before is what is done."""
    with pytest.raises(Refusal) as before:
        conflicts.check_can_accept(door.manager, conflict, now)
    with pytest.raises(Refusal) as done:
        conflicts.accept(by=door.manager, conflict=conflict, now=now)
    assert (done.type, str(done.value)) == (before.type, str(before.value))
    assert not ConflictDecision.objects.exists()
    assert not CheckIn.objects.filter(pk=conflict.pk).exists()
    return done.type


def test_who_came_without_a_place_is_admitted_after_the_session(
    door: Door, tablet: Tablet, walker: Badge
) -> None:
    now = reopened(door)
    tablet.send([tablet.stranger(walker.code, after=5 * MINUTE)], after=now - door.now)
    conflict = Conflict.objects.get()

    conflicts.check_can_accept(door.manager, conflict, now)
    made = conflicts.accept(by=door.manager, conflict=conflict, now=now)
    close_desk(by=door.manager, session=door.session, now=now)

    assert conflict.doubt == Doubt.NOT_BOOKED
    assert (made.place, made.happened_at) == (
        place_of(door, walker.student),
        door.now + 5 * MINUTE,
    )
    state = attendance_of_session(door.session)[walker.student_id]
    assert state.state == AttendanceState.PRESENT
    assert [credit.student_id for credit in HourCredit.objects.all()] == [walker.student_id]


@pytest.mark.parametrize("after", [-63, 150, 219])
def test_who_came_when_no_walk_in_is_let_in_has_no_place(
    door: Door, walker: Badge, after: int
) -> None:
    tablet = make_tablet(door, taken=-120 * MINUTE)
    now = reopened(door)
    moment = door.session.starts_at - door.now + after * MINUTE
    tablet.send([tablet.stranger(walker.code, after=moment)], after=now - door.now)

    refused = refused_both_ways(door, Conflict.objects.get(), now)

    assert refused == NoWalkInNow
    assert place_of(door, walker.student) is None


def test_clock_of_a_device_may_be_a_little_ahead_of_the_door(door: Door, walker: Badge) -> None:
    tablet = make_tablet(door, taken=-120 * MINUTE)
    moment = door.session.starts_at - door.now - 61 * MINUTE
    tablet.send([tablet.stranger(walker.code, after=moment)])
    conflict = Conflict.objects.get()

    conflicts.check_can_accept(door.manager, conflict, door.now + 30 * MINUTE)
    conflicts.accept(by=door.manager, conflict=conflict, now=door.now + 30 * MINUTE)

    assert conflict.doubt == Doubt.NOT_BOOKED
    assert place_of(door, walker.student) is not None


def test_who_has_a_place_elsewhere_is_admitted_once_that_is_given_up(
    door: Door, tablet: Tablet, walker: Badge
) -> None:
    other = door.world.session()
    group = walker.student.class_group
    door.world.teach(group)
    make_booking(
        by=door.world.teacher, session=other, class_group=group, now=door.now - timedelta(days=9)
    )
    now = reopened(door)
    tablet.send([tablet.stranger(walker.code)], after=now - door.now)
    conflict = Conflict.objects.get()

    assert conflict.doubt == Doubt.ELSEWHERE
    assert refused_both_ways(door, conflict, now) == WalkInElsewhere
    Place.objects.filter(session=other).update(is_live=False)
    conflicts.check_can_accept(door.manager, conflict, now)
    conflicts.accept(by=door.manager, conflict=conflict, now=now)

    assert place_of(door, walker.student) is not None


def test_full_session_wrong_grade_and_closed_or_cancelled_one_say_so_first(
    door: Door, tablet: Tablet, walker: Badge
) -> None:
    sixth = make_badges(door.world.new_group(1, 1, entry_year=2023), now=door.now)[1]
    tablet.send([tablet.stranger(walker.code), tablet.stranger(sixth.code), tablet.arrival(1)])
    of_walker, of_sixth = (
        Conflict.objects.get(student=badge.student_id) for badge in (walker, sixth)
    )
    now = door.now + 30 * MINUTE

    assert refused_both_ways(door, of_sixth, now) == WrongStage
    CourseSession.objects.filter(pk=door.session.pk).update(capacity=5)
    of_walker.session.refresh_from_db()
    assert refused_both_ways(door, of_walker, now) == SessionFull
    desk.close_desk(
        by=door.manager,
        session=door.session,
        now=door.session.ends_at,
        heads_note="整队离开",
        leave_undecided=True,
    )
    assert refused_both_ways(door, of_walker, now) == DeskClosed


def test_event_of_a_cancelled_session_is_only_dropped(door: Door, tablet: Tablet) -> None:
    host_changes.cancel_session(
        by=door.manager, session=door.session, reason="停电", now=door.now - timedelta(days=1)
    )
    tablet.send([tablet.arrival(1)])

    assert refused_both_ways(door, Conflict.objects.get(), door.now) == SessionCancelled


def test_others_may_not_decide(door: Door, tablet: Tablet, walker: Badge) -> None:
    tablet.send([tablet.stranger(walker.code)])
    conflict = Conflict.objects.get()
    colleague = actor_of(MembershipFactory(organisation=door.world.host, role=Role.INSTRUCTOR))
    stranger = actor_of(MembershipFactory(host_manager=True))

    for actor, refusal in ((colleague, NotAllowed), (stranger, NotYours)):
        with pytest.raises(refusal):
            conflicts.check_can_accept(actor, conflict, door.now)
        with pytest.raises(NotYours):
            conflicts.accept(by=actor, conflict=conflict, now=door.now)


@pytest.mark.parametrize("kind", [EventKind.OUT, EventKind.ABSENT, EventKind.EXCUSED])
def test_only_an_arrival_makes_a_walk_in(
    door: Door, tablet: Tablet, walker: Badge, kind: EventKind
) -> None:
    event = replace(tablet.stranger(walker.code, after=5 * MINUTE), kind=kind)
    tablet.send([event])
    conflict = Conflict.objects.get()

    conflicts.check_can_accept(door.manager, conflict, door.now + 30 * MINUTE)
    made = conflicts.accept(by=door.manager, conflict=conflict, now=door.now + 30 * MINUTE)

    made.refresh_from_db()
    assert (made.kind, made.place) == (kind, None)
    assert not Place.objects.filter(student=walker.student).exists()
    door.session.refresh_from_db()
    assert door.session.seats_taken == 5


def test_a_host_does_not_learn_a_strangers_name_by_dropping(
    door: Door, tablet: Tablet, walker: Badge
) -> None:
    """She is on no list of the session: whether the name is hers, no refusal says."""
    tablet.send([tablet.stranger(walker.code)])

    conflicts.drop(
        by=door.manager, conflict=Conflict.objects.get(), reason=walker.student.name, now=door.now
    )

    assert Conflict.objects.open().count() == 0


def test_taking_back_an_arrival_makes_no_place(door: Door, tablet: Tablet) -> None:
    event = tablet.arrival(2)
    tablet.send([event])
    place = door.place(2)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    Place.objects.filter(pk=place.pk).update(is_live=False)
    tablet.send([tablet.undo(event)], after=200 * MINUTE)
    conflict = Conflict.objects.get()
    now = door.session.ends_at + timedelta(hours=2)
    desk.reopen_desk(by=door.manager, session=door.session, reason="点错", now=now)

    conflicts.check_can_accept(door.manager, conflict, now)
    made = conflicts.accept(by=door.manager, conflict=conflict, now=now)

    made.refresh_from_db()
    assert (made.kind, made.voids_id, made.place) == (EventKind.VOID, event.id, place)
    assert not Place.objects.live().filter(student=door.students[1]).exists()


def test_departure_accepted_before_its_arrival_counts_after_it(
    door: Door, tablet: Tablet, walker: Badge
) -> None:
    came = tablet.stranger(walker.code, after=5 * MINUTE)
    left = replace(tablet.stranger(walker.code, after=155 * MINUTE), kind=EventKind.OUT)
    now = reopened(door)
    tablet.send([came, left], after=now - door.now)

    for event in (left, came):
        conflicts.accept(by=door.manager, conflict=Conflict.objects.get(pk=event.id), now=now)

    state = attendance_of_session(door.session)[walker.student_id]
    assert (state.state, state.left_at) == (
        AttendanceState.PRESENT,
        door.now + 155 * MINUTE,
    )


def test_why_no_badge_was_read_is_one_of_the_reasons(door: Door, tablet: Tablet) -> None:
    values = {
        "device": tablet.device,
        "session": door.session,
        "student": door.students[0],
        "kind": EventKind.IN,
        "way_in": WayIn.TICK,
        "doubt": Doubt.DESK_CLOSED,
        "happened_at": door.now,
        "received_at": door.now,
    }

    with pytest.raises(IntegrityError), transaction.atomic():
        Conflict.objects.create(id="00000000-0000-0000-0000-000000000001", no_badge="x", **values)
    assert not Conflict.objects.exists()

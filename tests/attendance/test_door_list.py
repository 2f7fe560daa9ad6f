"""Walk-ins while seats are free, and a classmate in another's seat."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from accounts.errors import NotYours
from attendance.choices import EventKind
from attendance.errors.badges import UnknownBadge
from attendance.errors.desk import AlreadyIn, DeskClosed, DeskNotOpenYet, WalkInElsewhere
from attendance.models import Badge, CheckIn, Conflict
from attendance.services import conflicts, desk, door_list
from bookings.errors.reserving import NotInClass, WrongStage
from bookings.errors.roll import NotInBooking, NoWalkInNow
from bookings.models import Place
from courses.errors import SessionFull
from courses.models import CourseSession
from rosters.models import Student
from tests.attendance.conftest import MINUTE, Door
from tests.attendance.devices import make_tablet
from tests.bookings.conftest import DAY
from tests.factories.attendance import close_desk, let_in, make_badges, mark
from tests.factories.bookings import make_booking
from tests.factories.rosters import StudentFactory
from tests.factories.rules import make_edition


@pytest.fixture
def walker(door: Door) -> Badge:
    """A pupil of another seventh class, on no list."""
    group = door.world.new_group(4, 2)
    return make_badges(group, now=door.now)[1]


def ask(door: Door, badge: Badge, **changes: object):  # type: ignore[no-untyped-def]
    values = {
        "by": door.manager,
        "session": door.session,
        "code": badge.code,
        "event_id": uuid4(),
        "now": door.now,
    } | changes
    return door_list.let_in(**values)  # type: ignore[arg-type]


def full(door: Door) -> None:
    CourseSession.objects.filter(pk=door.session.pk).update(capacity=5)
    door.session.refresh_from_db()


def test_walk_in_has_a_seat_and_is_in(door: Door, walker: Badge) -> None:
    entry = ask(door, walker)

    door.session.refresh_from_db()
    place = Place.objects.live().get(student=walker.student)
    assert (entry.is_new, entry.place) == (True, place)
    assert place.is_walk_in
    assert door.session.seats_taken == 6
    assert CheckIn.objects.get().student_id == walker.student_id


def test_walk_in_sent_twice_takes_one_seat(door: Door, walker: Badge) -> None:
    event_id = uuid4()
    first = ask(door, walker, event_id=event_id)

    again = ask(door, walker, event_id=event_id)
    once_more = ask(door, walker)

    door.session.refresh_from_db()
    assert first.event == again.event == once_more.event
    assert (again.is_new, once_more.is_new) == (True, False)
    assert door.session.seats_taken == 6


def test_full_session_takes_no_walk_in(door: Door, walker: Badge) -> None:
    door_list.check_can_let_in(door.manager, door.session, walker.student, door.now)
    full(door)

    with pytest.raises(SessionFull):
        door_list.check_can_let_in(door.manager, door.session, walker.student, door.now)
    with pytest.raises(SessionFull):
        ask(door, walker)
    assert not CheckIn.objects.exists()
    assert Place.objects.live().count() == 5


def test_walk_in_of_another_stage_is_refused(door: Door) -> None:
    group = door.world.new_group(1, 1, entry_year=2023)
    badge = make_badges(group, now=door.now)[1]

    with pytest.raises(WrongStage):
        door_list.check_can_let_in(door.manager, door.session, badge.student, door.now)
    with pytest.raises(WrongStage):
        ask(door, badge)


def test_walk_in_with_a_place_elsewhere_is_refused_without_saying_where(
    door: Door, walker: Badge
) -> None:
    other = door.world.session(day=DAY)
    door.world.teach(walker.student.class_group)
    make_booking(
        by=door.world.teacher,
        session=other,
        class_group=walker.student.class_group,
        now=door.now - timedelta(days=5),
    )

    with pytest.raises(WalkInElsewhere) as refused:
        ask(door, walker)

    assert str(refused.value) == "这名学生同一时间约了别的场次，不能加入本场。"
    assert Place.objects.live().filter(session=door.session).count() == 5


def test_walk_in_comes_while_the_door_is_open(door: Door, walker: Badge) -> None:
    with pytest.raises(DeskNotOpenYet):
        ask(door, walker, now=door.session.starts_at - 61 * MINUTE)
    with pytest.raises(NoWalkInNow):
        ask(door, walker, now=door.session.ends_at)
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    with pytest.raises(DeskClosed):
        ask(door, walker, now=door.session.starts_at)

    # No seat is taken by a walk-in who is not let in.
    assert Place.objects.live().filter(session=door.session).count() == 5


@pytest.mark.parametrize("opens_before", [20, 90])
def test_walk_in_and_swap_wait_for_the_door_as_the_rules_of_its_day_say(
    door: Door, walker: Badge, now: datetime, opens_before: int
) -> None:
    """Neither sooner nor later than the door itself; what a device heard counts by them too."""
    tablet = make_tablet(door, taken=-180 * MINUTE)
    make_edition(valid_from=DAY, now=now, opens_before_minutes=opens_before)
    opens_at = door.session.starts_at - opens_before * MINUTE
    classmate = StudentFactory(class_group=door.world.group, seat_no=6)
    code = make_badges(walker.student.class_group, now=door.now)[2].code
    came = opens_at - door.now
    tablet.send([tablet.stranger(code, after=came)], after=came + MINUTE)
    early = opens_at - MINUTE

    with pytest.raises(DeskNotOpenYet):
        ask(door, walker, now=early)
    with pytest.raises(DeskNotOpenYet):
        swap(door, 2, classmate, now=early)
    door_list.check_can_let_in(door.manager, door.session, walker.student, opens_at)
    ask(door, walker, now=opens_at)
    swap(door, 2, classmate, now=opens_at)
    conflicts.accept(by=door.manager, conflict=Conflict.objects.get(), now=opens_at + MINUTE)

    assert Place.objects.live().filter(session=door.session).count() == 7


def test_who_is_booked_elsewhere_is_not_offered_a_seat(door: Door, walker: Badge) -> None:
    group = walker.student.class_group
    door.world.teach(group)
    other = door.world.session(day=DAY)
    make_booking(
        by=door.world.teacher, session=other, class_group=group, now=door.now - timedelta(days=5)
    )

    with pytest.raises(WalkInElsewhere):
        door_list.check_can_let_in(door.manager, door.session, walker.student, door.now)


def test_walk_in_at_another_hosts_door_is_not_found(door: Door, walker: Badge) -> None:
    with pytest.raises(NotYours):
        ask(door, walker, by=door.world.teacher)
    with pytest.raises(UnknownBadge):
        ask(door, walker, code="A" * 16)


def swap(door: Door, seat_no: int, to: Student, **changes: object) -> Place:
    values = {
        "by": door.manager,
        "session": door.session,
        "place": changes.pop("place", None) or door.place(seat_no),
        "in_student_id": to.pk,
        "now": door.now,
    } | changes
    return door_list.swap(**values)  # type: ignore[arg-type]


@pytest.fixture
def classmate(door: Door) -> Student:
    return StudentFactory(class_group=door.world.group, seat_no=6)


@pytest.mark.parametrize("kind", [None, EventKind.ABSENT, EventKind.EXCUSED])
def test_classmate_takes_the_seat_of_who_is_not_there(
    door: Door, classmate: Student, kind: EventKind | None
) -> None:
    if kind:
        mark(door.students[1], kind, by=door.manager, session=door.session, now=door.now)

    place = swap(door, 2, classmate)

    assert place.student == classmate
    assert let_in(classmate, by=door.manager, session=door.session, now=door.now).is_new
    assert Place.objects.live().filter(session=door.session).count() == 5


def test_who_is_in_keeps_the_seat(door: Door, classmate: Student) -> None:
    let_in(door.students[1], by=door.manager, session=door.session, now=door.now)

    with pytest.raises(AlreadyIn):
        swap(door, 2, classmate)


def test_only_a_classmate_swaps_and_only_while_the_desk_is_open(
    door: Door, classmate: Student, walker: Badge
) -> None:
    place = door.place(2)
    other = StudentFactory(class_group=door.world.group, seat_no=7)
    with pytest.raises(NotInClass):
        swap(door, 2, walker.student)
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    with pytest.raises(DeskClosed):
        swap(door, 2, classmate, now=door.session.starts_at)
    desk.reopen_desk(
        by=door.manager, session=door.session, reason="换人", now=door.session.starts_at
    )
    swap(door, 2, classmate, now=door.session.starts_at)
    with pytest.raises(NotInBooking):
        swap(door, 2, other, place=place, now=door.session.starts_at)

"""Two devices at one door: first the harm without the guard, where it can be shown, then the
guard."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from attendance.choices import EventKind, WayIn
from attendance.errors.badges import TooManyTries
from attendance.errors.desk import DeskClosed, NotBookedHere
from attendance.models import Badge, CheckIn, Desk
from attendance.services import badges, check_in, desk, door_list, throttle
from bookings.models import Place
from bookings.services import host_changes
from courses.errors import SessionCancelled, SessionFull
from courses.models import CourseSession
from hours.models import HourCredit
from tests.attendance.conftest import MINUTE, Door, actor_of, make_door
from tests.bookings.conftest import World, make_world
from tests.bookings.races import at_once, before_commit
from tests.factories.attendance import close_desk, let_in, make_badges
from tests.factories.rosters import StudentFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None, now: datetime) -> World:
    return make_world(now)


@pytest.fixture
def door(world: World, now: datetime) -> Door:
    return make_door(world, now)


def scanning(door: Door, event_id: UUID | None = None, seat: int = 2) -> Callable[[], Any]:
    """A device that reads the badge of one seat."""
    return lambda: check_in.check_in(
        by=door.manager,
        session=door.session,
        code=door.badges[seat].code,
        way_in=WayIn.CAMERA,
        event_id=event_id or uuid4(),
        happened_at=door.now,
        now=door.now,
    )


def naive_scan(door: Door) -> Callable[[], Any]:
    """Looks whether the student is in, then writes: what the locks replace."""
    place = door.place(2)

    def look_then_write() -> None:
        if not CheckIn.objects.filter(session=door.session, student=place.student).exists():
            CheckIn.objects.create(
                session=door.session,
                student_id=place.student_id,
                place=place,
                kind=EventKind.IN,
                way_in=WayIn.CAMERA,
                happened_at=door.now,
                recorded_at=door.now,
            )

    return look_then_write


def test_without_the_guard_one_badge_is_in_twice(door: Door) -> None:
    before_commit(naive_scan(door), naive_scan(door))

    assert CheckIn.objects.count() == 2


def test_one_badge_at_two_devices_is_in_once(door: Door) -> None:
    desk.open_desk(by=door.manager, session=door.session, now=door.now)

    second = before_commit(scanning(door), scanning(door))

    assert not second.is_new
    assert CheckIn.objects.get() == second.event


def test_many_devices_and_no_desk_yet_make_one_desk_and_one_event(door: Door) -> None:
    answers = at_once(*[scanning(door) for _ in range(6)])

    assert sorted(answer.is_new for answer in answers) == [False] * 5 + [True]
    assert CheckIn.objects.count() == 1
    assert Desk.objects.count() == 1


def test_one_event_sent_twice_at_once_exists_once(door: Door) -> None:
    event_id = uuid4()

    answers = at_once(*[scanning(door, event_id) for _ in range(4)])

    assert {answer.event.pk for answer in answers} == {event_id}
    assert CheckIn.objects.count() == 1


def test_one_event_id_for_two_students_at_once_is_refused_to_one(door: Door) -> None:
    event_id = uuid4()

    answers = at_once(*[scanning(door, event_id, seat) for seat in (1, 2, 3)])

    assert sorted(type(answer).__name__ for answer in answers) == [
        "Entry",
        "EventOfAnother",
        "EventOfAnother",
    ]
    assert CheckIn.objects.count() == 1


def test_misses_at_the_same_moment_all_count(now: datetime, transactional_db: None) -> None:
    # The cache's table outlives a test: an address that no other one has.
    address = str(uuid4())

    def miss() -> None:
        throttle.count_unknown_code(address=address, now=now)

    for _ in range(throttle.MISSES - 2):
        miss()

    before_commit(miss, miss)

    with pytest.raises(TooManyTries):
        throttle.check_may_try(address=address, code="A" * 16, now=now)


def test_arrival_while_the_desk_closes_is_refused_or_credited(door: Door) -> None:
    starts = door.session.starts_at
    desk.open_desk(by=door.manager, session=door.session, now=door.now)

    late = before_commit(
        lambda: close_desk(by=door.manager, session=door.session, now=starts),
        scanning(door),
    )

    assert isinstance(late, DeskClosed)
    assert not HourCredit.objects.exists()
    assert CheckIn.objects.filter(kind=EventKind.IN).count() == 0


def test_closing_while_somebody_arrives_waits_and_credits(door: Door) -> None:
    desk.open_desk(by=door.manager, session=door.session, now=door.now)

    before_commit(
        scanning(door),
        lambda: close_desk(by=door.manager, session=door.session, now=door.session.starts_at),
    )

    assert HourCredit.objects.get().student == door.badges[2].student


def test_desk_closed_from_two_devices_credits_once(door: Door) -> None:
    for student in door.students:
        let_in(student, by=door.manager, session=door.session, now=door.now)

    def closing(by: Any) -> Callable[[], Any]:
        return lambda: close_desk(by=by, session=door.session, now=door.session.starts_at + MINUTE)

    answers = at_once(closing(door.manager), closing(actor_of(door.instructor)))

    assert [type(answer) for answer in answers] == [Desk, Desk]
    assert HourCredit.objects.count() == 5
    assert Desk.objects.get().closings == 1


def test_two_walk_ins_after_the_last_seat(door: Door) -> None:
    CourseSession.objects.filter(pk=door.session.pk).update(capacity=6)
    walkers = make_badges(door.world.new_group(4, 2), now=door.now)

    def letting_in(seat_no: int) -> Callable[[], Any]:
        return lambda: door_list.let_in(
            by=door.manager,
            session=door.session,
            code=walkers[seat_no].code,
            event_id=uuid4(),
            now=door.now,
        )

    answers = at_once(letting_in(1), letting_in(2))

    assert sorted(type(answer).__name__ for answer in answers) == ["Entry", "SessionFull"]
    assert any(isinstance(answer, SessionFull) for answer in answers)
    assert Place.objects.live().filter(session=door.session).count() == 6
    assert CheckIn.objects.count() == 1


def test_students_page_pressed_twice_at_once_marks_once(door: Door) -> None:
    event_id = uuid4()

    def marking() -> Any:
        return check_in.mark(
            by=door.manager,
            session=door.session,
            student_id=door.badges[2].student_id,
            kind=EventKind.ABSENT,
            event_id=event_id,
            now=door.now,
        )

    answers = at_once(marking, marking, marking)

    assert {answer.pk for answer in answers} == {event_id}


def test_badges_printed_from_two_browsers_are_issued_once(door: Door) -> None:
    group = door.world.new_group(4, 3)

    def issuing() -> int:
        return badges.issue_missing(by=door.world.coordinator, class_group=group, now=door.now)

    assert before_commit(issuing, issuing) == 0
    assert Badge.objects.live().filter(student__class_group=group).count() == 3


def test_who_lost_the_seat_to_a_classmate_meanwhile_is_not_in(door: Door) -> None:
    classmate = StudentFactory(class_group=door.world.group)
    desk.open_desk(by=door.manager, session=door.session, now=door.now)

    late = before_commit(
        lambda: door_list.swap(
            by=door.manager,
            session=door.session,
            place=door.place(2),
            in_student_id=classmate.pk,
            now=door.now,
        ),
        scanning(door),
    )

    assert isinstance(late, NotBookedHere)
    assert not CheckIn.objects.exists()


def test_session_cancelled_since_the_page_was_drawn_stays_shut(door: Door) -> None:
    seen = CourseSession.objects.get(pk=door.session.pk)
    host_changes.cancel_session(
        by=door.manager, session=door.session, reason="停电。", now=door.now
    )

    with pytest.raises(NotBookedHere):
        scanning(replace(door, session=seen))()
    with pytest.raises(SessionCancelled):
        close_desk(by=door.manager, session=seen, now=seen.starts_at)


def test_two_students_at_one_door_do_not_wait_for_one_another(door: Door) -> None:
    desk.open_desk(by=door.manager, session=door.session, now=door.now)
    seen: list[int] = []

    # The first has written and not committed; by then the second is in already.
    second = before_commit(
        scanning(door, seat=1),
        scanning(door, seat=2),
        lambda: seen.append(CheckIn.objects.count()),
    )

    assert second.is_new
    assert seen == [2]

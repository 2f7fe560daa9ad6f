"""What is noted besides arrivals: left, absent, excused, taken back; and the rest at once."""

from uuid import uuid4

import pytest

from accounts.models import AuditEntry
from attendance.choices import AttendanceState, EventKind
from attendance.errors.desk import (
    DeskClosed,
    NothingToUndo,
    NotInYet,
)
from attendance.errors.devices import EventOfAnother
from attendance.models import CheckIn
from attendance.services import check_in, whole_class
from tests.attendance.conftest import MINUTE, Door
from tests.attendance.test_check_in import state_of
from tests.factories.attendance import close_desk, let_in, mark


def test_marks_follow_each_other_and_undo_takes_back_the_last(door: Door) -> None:
    student = door.badges[2].student
    at_door = {"by": door.manager, "session": door.session}

    mark(student, EventKind.EXCUSED, now=door.now, **at_door)  # type: ignore[arg-type]
    assert state_of(door, 2) == AttendanceState.EXCUSED
    let_in(student, now=door.now + MINUTE, **at_door)  # type: ignore[arg-type]
    assert state_of(door, 2) == AttendanceState.PRESENT
    mark(student, EventKind.OUT, now=door.now + 60 * MINUTE, **at_door)  # type: ignore[arg-type]
    assert state_of(door, 2) == AttendanceState.LEFT_EARLY

    for minute, state in ((61, "present"), (62, "excused"), (63, "expected")):
        found = check_in.undo_last(
            student_id=student.pk,
            event_id=uuid4(),
            now=door.now + minute * MINUTE,
            **at_door,  # type: ignore[arg-type]
        )
        assert (found.state, state_of(door, 2)) == (state, state)
    with pytest.raises(NothingToUndo):
        check_in.undo_last(
            student_id=student.pk,
            event_id=uuid4(),
            now=door.now + 64 * MINUTE,
            **at_door,  # type: ignore[arg-type]
        )
    assert CheckIn.objects.filter(kind=EventKind.VOID).count() == 3
    assert AuditEntry.objects.filter(verb="attendance.voided").count() == 3


def test_undo_sent_twice_takes_back_one_event(door: Door) -> None:
    student, event_id = door.badges[2].student, uuid4()
    mark(student, EventKind.EXCUSED, by=door.manager, session=door.session, now=door.now)
    let_in(student, by=door.manager, session=door.session, now=door.now + MINUTE)

    for _press in range(2):
        found = check_in.undo_last(
            by=door.manager,
            session=door.session,
            student_id=student.pk,
            event_id=event_id,
            now=door.now + 2 * MINUTE,
        )

    assert found.state == AttendanceState.EXCUSED
    assert CheckIn.objects.get(kind=EventKind.VOID).pk == event_id


def test_who_was_marked_absent_comes_in_late_after_all(door: Door) -> None:
    student = door.badges[2].student
    at_door = {"by": door.manager, "session": door.session}
    let_in(student, now=door.now, **at_door)  # type: ignore[arg-type]
    mark(student, EventKind.ABSENT, now=door.now + MINUTE, **at_door)  # type: ignore[arg-type]

    entry = let_in(student, now=door.now + 40 * MINUTE, **at_door)  # type: ignore[arg-type]

    assert entry.is_new
    # The first arrival counts.
    assert state_of(door, 2) == AttendanceState.PRESENT


def test_nobody_leaves_before_coming(door: Door) -> None:
    with pytest.raises(NotInYet):
        mark(
            door.badges[2].student,
            EventKind.OUT,
            by=door.manager,
            session=door.session,
            now=door.now,
        )

    assert not CheckIn.objects.exists()


def test_mark_sent_twice_exists_once(door: Door) -> None:
    event_id = uuid4()
    ask = {
        "by": door.manager,
        "session": door.session,
        "student_id": door.badges[2].student_id,
        "event_id": event_id,
        "now": door.now,
    }

    first = check_in.mark(kind=EventKind.ABSENT, **ask)  # type: ignore[arg-type]
    again = check_in.mark(kind=EventKind.ABSENT, **ask)  # type: ignore[arg-type]

    assert first == again
    assert CheckIn.objects.count() == 1
    with pytest.raises(EventOfAnother):
        check_in.mark(kind=EventKind.EXCUSED, **ask)  # type: ignore[arg-type]


def test_the_rest_are_in_and_the_excused_stay_excused(door: Door) -> None:
    at_door = {"by": door.manager, "session": door.session, "now": door.now}
    let_in(door.badges[1].student, **at_door)  # type: ignore[arg-type]
    mark(door.badges[2].student, EventKind.EXCUSED, **at_door)  # type: ignore[arg-type]
    mark(door.badges[3].student, EventKind.ABSENT, **at_door)  # type: ignore[arg-type]
    mark(door.badges[4].student, EventKind.ABSENT, **at_door)  # type: ignore[arg-type]
    check_in.undo_last(
        by=door.manager,
        session=door.session,
        student_id=door.badges[4].student_id,
        event_id=uuid4(),
        now=door.now + MINUTE,
    )

    count = whole_class.admit_rest(by=door.manager, session=door.session, now=door.now + 2 * MINUTE)

    assert count == 2
    assert [state_of(door, seat) for seat in range(1, 6)] == [
        "present",
        "excused",
        "absent",
        "present",
        "present",
    ]
    assert whole_class.admit_rest(by=door.manager, session=door.session, now=door.now) == 0


def test_closed_desk_takes_nothing(door: Door) -> None:
    after = door.session.ends_at
    close_desk(by=door.manager, session=door.session, now=after)
    at_door = {"by": door.manager, "session": door.session, "now": after}
    student = door.badges[2].student

    for attempt in (
        lambda: let_in(student, **at_door),  # type: ignore[arg-type]
        lambda: mark(student, EventKind.EXCUSED, **at_door),  # type: ignore[arg-type]
        lambda: check_in.undo_last(student_id=student.pk, event_id=uuid4(), **at_door),  # type: ignore[arg-type]
        lambda: whole_class.admit_rest(**at_door),  # type: ignore[arg-type]
    ):
        with pytest.raises(DeskClosed):
            attempt()

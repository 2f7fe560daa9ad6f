"""What the events at the door amount to, as one table."""

import uuid
from datetime import datetime, timedelta

import pytest

from attendance.choices import RULES, AttendanceState, EventKind
from attendance.models import CheckIn
from attendance.selectors.states import attendance
from sites.calendar import SHANGHAI

STARTS = datetime(2026, 12, 8, 9, 0, tzinfo=SHANGHAI)
ENDS = datetime(2026, 12, 8, 11, 30, tzinfo=SHANGHAI)

IN, OUT, ABSENT, EXCUSED, VOID = EventKind


def events(*happened: tuple[EventKind, int]) -> list[CheckIn]:
    """Events so many minutes after the start, recorded in this order; a VOID's number is the
    place in the list of what it voids."""
    made: list[CheckIn] = []
    for order, (kind, minutes) in enumerate(happened):
        moment = STARTS + timedelta(minutes=minutes)
        made.append(
            CheckIn(
                id=uuid.UUID(int=100 - order),
                kind=kind,
                happened_at=moment,
                recorded_at=STARTS + timedelta(seconds=order),
                voids=made[minutes] if kind == VOID else None,
            )
        )
    return made


@pytest.mark.parametrize(
    ("happened", "state"),
    [
        ([], AttendanceState.EXPECTED),
        ([(IN, -10)], AttendanceState.PRESENT),
        ([(IN, 15)], AttendanceState.PRESENT),
        ([(IN, 16)], AttendanceState.LATE),
        ([(IN, -10), (IN, 40)], AttendanceState.PRESENT),
        ([(IN, 0), (OUT, 150)], AttendanceState.PRESENT),
        ([(IN, 0), (OUT, 135)], AttendanceState.PRESENT),
        ([(IN, 0), (OUT, 134)], AttendanceState.LEFT_EARLY),
        ([(IN, 40), (OUT, 60)], AttendanceState.LEFT_EARLY),
        ([(IN, 0), (OUT, 60), (OUT, 150)], AttendanceState.PRESENT),
        ([(ABSENT, 20)], AttendanceState.ABSENT),
        ([(EXCUSED, 20)], AttendanceState.EXCUSED),
        ([(ABSENT, 20), (EXCUSED, 21)], AttendanceState.EXCUSED),
        ([(IN, 0), (ABSENT, 20)], AttendanceState.ABSENT),
        ([(ABSENT, 10), (IN, 12)], AttendanceState.PRESENT),
        ([(ABSENT, 20), (IN, 30)], AttendanceState.LATE),
        ([(IN, 0), (VOID, 0)], AttendanceState.EXPECTED),
        ([(IN, 0), (ABSENT, 20), (VOID, 1)], AttendanceState.PRESENT),
        ([(IN, 0), (OUT, 60), (VOID, 1)], AttendanceState.PRESENT),
        ([(IN, 40), (VOID, 0), (IN, 50)], AttendanceState.LATE),
    ],
)
def test_state_follows_from_the_events(
    happened: list[tuple[EventKind, int]], state: AttendanceState
) -> None:
    found = attendance(events(*happened), starts_at=STARTS, ends_at=ENDS)

    assert found.state == state


def test_state_does_not_hang_on_the_order_in_which_rows_come() -> None:
    made = events((IN, 0), (ABSENT, 20), (VOID, 1), (OUT, 60))

    forwards = attendance(made, starts_at=STARTS, ends_at=ENDS)
    backwards = attendance(made[::-1], starts_at=STARTS, ends_at=ENDS)

    assert forwards == backwards
    assert forwards.came_at == STARTS
    assert forwards.left_at == STARTS + timedelta(minutes=60)


@pytest.mark.parametrize(
    ("state", "is_credited"),
    [
        (AttendanceState.EXPECTED, False),
        (AttendanceState.PRESENT, True),
        (AttendanceState.LATE, True),
        (AttendanceState.LEFT_EARLY, False),
        (AttendanceState.ABSENT, False),
        (AttendanceState.EXCUSED, False),
    ],
)
def test_the_table_says_which_states_earn_hours(state: AttendanceState, is_credited: bool) -> None:
    assert (state in RULES.credited) is is_credited

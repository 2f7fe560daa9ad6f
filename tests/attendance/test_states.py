"""What the events at the door amount to, as one table."""

import random
import uuid
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.choices import (
    FIRST_EDITION,
    AttendanceRules,
    AttendanceState,
    Earns,
    EventKind,
    Step,
    Unseen,
)
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
    found = attendance(events(*happened), starts_at=STARTS, ends_at=ENDS, rules=FIRST_EDITION)

    assert found.state == state


def test_state_does_not_hang_on_the_order_in_which_rows_come() -> None:
    made = events((IN, 0), (ABSENT, 20), (VOID, 1), (OUT, 60))

    forwards = attendance(made, starts_at=STARTS, ends_at=ENDS, rules=FIRST_EDITION)
    backwards = attendance(made[::-1], starts_at=STARTS, ends_at=ENDS, rules=FIRST_EDITION)

    assert forwards == backwards
    assert forwards.came_at == STARTS
    assert forwards.left_at == STARTS + timedelta(minutes=60)


def test_an_absence_nobody_marked_says_nothing_against_an_arrival() -> None:
    """A door closed while a tablet had not sent its arrivals: they count once they are in."""
    arrived, inferred = events((IN, -5), (ABSENT, 150))
    inferred.reason = Unseen.AT_CLOSING

    found = attendance([arrived, inferred], starts_at=STARTS, ends_at=ENDS, rules=FIRST_EDITION)

    assert found.state == AttendanceState.PRESENT


def test_whoever_comes_back_has_not_left() -> None:
    found = attendance(
        events((IN, 0), (OUT, 60), (IN, 70)), starts_at=STARTS, ends_at=ENDS, rules=FIRST_EDITION
    )

    assert (found.state, found.left_at, found.is_inside) == (AttendanceState.PRESENT, None, True)


STRICT = AttendanceRules(
    version=2,
    opens_before=timedelta(minutes=30),
    late=(
        Step(timedelta(minutes=10), Earns.FULL),
        Step(timedelta(minutes=40), Earns.REDUCED),
    ),
    early=(
        Step(timedelta(minutes=10), Earns.REDUCED),
        Step(timedelta(minutes=60), Earns.NONE),
    ),
)


@pytest.mark.parametrize(
    ("came", "left", "state", "earns"),
    [
        (0, 150, AttendanceState.PRESENT, Earns.FULL),
        (10, 140, AttendanceState.PRESENT, Earns.FULL),
        (11, 150, AttendanceState.LATE, Earns.FULL),
        (40, None, AttendanceState.LATE, Earns.FULL),
        (41, None, AttendanceState.LATE, Earns.REDUCED),
        (0, 139, AttendanceState.LEFT_EARLY, Earns.REDUCED),
        (0, 90, AttendanceState.LEFT_EARLY, Earns.REDUCED),
        (0, 89, AttendanceState.LEFT_EARLY, Earns.NONE),
        (11, 139, AttendanceState.LEFT_EARLY, Earns.REDUCED),
        (41, 139, AttendanceState.LEFT_EARLY, Earns.REDUCED),
        (41, 80, AttendanceState.LEFT_EARLY, Earns.NONE),
    ],
)
def test_the_lesser_of_late_and_early_is_earned(
    came: int, left: int | None, state: AttendanceState, earns: Earns
) -> None:
    happened = [(IN, came)] if left is None else [(IN, came), (OUT, left)]

    found = attendance(events(*happened), starts_at=STARTS, ends_at=ENDS, rules=STRICT)

    assert (found.state, found.earns) == (state, earns)


@pytest.mark.parametrize(
    ("earns", "hours", "earned"),
    [
        (Earns.FULL, 7, 7),
        (Earns.REDUCED, 7, 3),
        (Earns.REDUCED, 4, 2),
        (Earns.REDUCED, 1, 0),
        (Earns.NONE, 7, 0),
    ],
)
def test_half_of_the_hours_is_a_whole_number(earns: Earns, hours: int, earned: int) -> None:
    assert earns.of(hours) == earned


@pytest.mark.parametrize("state", [AttendanceState.ABSENT, AttendanceState.EXCUSED])
def test_who_was_not_there_earns_nothing(state: AttendanceState) -> None:
    made = events((IN, 0), (EventKind(state), 20))

    found = attendance(made, starts_at=STARTS, ends_at=ENDS, rules=FIRST_EDITION)

    assert (found.state, found.earns, found.was_there) == (state, Earns.NONE, False)


HAPPENED = st.lists(
    st.tuples(
        st.sampled_from([IN, OUT, ABSENT, EXCUSED]),
        st.integers(min_value=-60, max_value=180),
        st.booleans(),
    ),
    max_size=8,
)


@given(happened=HAPPENED, order=st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_state(
    happened: list[tuple[EventKind, int, bool]], order: random.Random
) -> None:
    """The events of two tablets reach us in any order, some voided later, some sent twice."""
    made = events(*((kind, minutes) for kind, minutes, _is_voided in happened))
    voids = [
        CheckIn(
            id=uuid.UUID(int=900 + place),
            kind=VOID,
            happened_at=STARTS,
            recorded_at=STARTS,
            voids=event,
        )
        for place, (event, (_kind, _minutes, is_voided)) in enumerate(
            zip(made, happened, strict=True)
        )
        if is_voided
    ]
    sent = [*made, *voids]
    first = attendance(sent, starts_at=STARTS, ends_at=ENDS, rules=STRICT)
    shuffled = [*sent, *sent[:2]]
    order.shuffle(shuffled)
    for number, event in enumerate(shuffled):
        event.recorded_at = ENDS + timedelta(seconds=number)

    again = attendance(shuffled, starts_at=STARTS, ends_at=ENDS, rules=STRICT)

    assert again == first

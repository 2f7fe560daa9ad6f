"""The room's code: who may put it up, whom it lets in, and what is shown to a person."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from accounts.choices import ActorKind
from accounts.errors import NotYours
from accounts.models import AuditEntry
from attendance import room_codes
from attendance.choices import AttendanceState, EventKind, OddUse, WayIn
from attendance.errors.badges import BadgeRevoked, UnknownBadge
from attendance.errors.desk import DeskClosed, DeskNotOpenYet, NotBookedHere
from attendance.errors.room import (
    MarkedAtDoor,
    RoomCodeOff,
    RoomCodeOver,
    RoomCodePassed,
    RoomCodeUnknown,
    RoomCodeUsed,
    RoomScreenOver,
)
from attendance.models import CheckIn, RoomCode, RoomScan
from attendance.selectors import room as selectors
from attendance.services import badges, check_in, desk, room
from sites.calendar import local_day
from tests.attendance.conftest import MINUTE, Door
from tests.factories.attendance import close_desk, let_in, mark
from tests.factories.rosters import StudentFactory

BROWSER = UUID(int=7)


def shown(door: Door, now: datetime) -> str:
    """What the screen says."""
    code = room.put_up(by=door.manager, session=door.session, now=now)
    return room_codes.code_at(code.salt, room_codes.step_of(now))


def come(ticket: room.Ticket, code: str, now: datetime, browser: UUID = BROWSER) -> room.Visit:
    return room.confirm(ticket=ticket, code=code, does=EventKind.IN, browser=browser, now=now)


def arrive(door: Door, seat: int, now: datetime, browser: UUID = BROWSER) -> room.Visit:
    ticket = room.enter(code=shown(door, now), now=now)
    code = door.badges[seat].code
    does = room.look(ticket=ticket, code=code, now=now).does or EventKind.IN
    return room.confirm(ticket=ticket, code=code, does=does, browser=browser, now=now)


def test_putting_it_up_twice_is_once_and_down_it_opens_nothing(door: Door) -> None:
    first = room.put_up(by=door.manager, session=door.session, now=door.now)
    assert room.put_up(by=door.manager, session=door.session, now=door.now) == first
    code = shown(door, door.now)
    ticket = room.enter(code=code, now=door.now)

    room.take_down(by=door.manager, session=door.session, now=door.now)
    room.take_down(by=door.manager, session=door.session, now=door.now)

    with pytest.raises(RoomCodeUnknown):
        room.enter(code=code, now=door.now)
    with pytest.raises(RoomCodeOff):
        room.confirm(
            ticket=ticket,
            code=door.badges[1].code,
            does=EventKind.IN,
            browser=BROWSER,
            now=door.now,
        )
    verbs = AuditEntry.objects.filter(verb__startswith="room_code.").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "room_code.put_up", "room_code.taken_down",
    ]  # fmt: skip
    # Put up again it is another code.
    assert room.put_up(by=door.manager, session=door.session, now=door.now).salt != first.salt


def test_only_the_hosts_people_put_it_up_and_only_when_the_door_opens(door: Door) -> None:
    with pytest.raises(NotYours):
        room.put_up(by=door.world.teacher, session=door.session, now=door.now)
    with pytest.raises(NotYours):
        room.take_down(by=door.world.teacher, session=door.session, now=door.now)
    with pytest.raises(DeskNotOpenYet):
        room.put_up(by=door.manager, session=door.session, now=door.now - timedelta(hours=2))


def test_confirming_lets_the_bearer_in_once(door: Door) -> None:
    ticket = room.enter(code=shown(door, door.now), now=door.now)
    looked = room.look(ticket=ticket, code=door.badges[2].code.lower(), now=door.now)
    assert (looked.student, looked.does) == (door.students[1], EventKind.IN)
    assert CheckIn.objects.count() == 0

    done = come(ticket, door.badges[2].code, door.now)
    again = come(ticket, door.badges[2].code, door.now)

    assert (done.does, done.attendance.state) == (EventKind.IN, AttendanceState.PRESENT)
    assert (again.does, again.attendance.state) == (None, AttendanceState.PRESENT)
    event = CheckIn.objects.get()
    assert (event.student, event.kind, event.way_in, event.recorded_by) == (
        door.students[1], EventKind.IN, WayIn.ROOM, None,
    )  # fmt: skip
    entry = AuditEntry.objects.get(verb="attendance.in")
    assert (entry.actor_kind, entry.organisation_id) == (ActorKind.BADGE, door.session.host_id)
    scan = RoomScan.objects.get()
    assert (scan.check_in, scan.browser, scan.opened_at) == (event, BROWSER, door.now)
    assert scan.step == room_codes.step_of(door.now)


def test_a_ticket_does_nothing_again_once_the_desk_took_it_back(door: Door) -> None:
    ticket = room.enter(code=shown(door, door.now), now=door.now)
    come(ticket, door.badges[1].code, door.now)
    check_in.undo_last(
        by=door.manager, session=door.session, student_id=door.students[0].pk,
        event_id=uuid4(), now=door.now + MINUTE,
    )  # fmt: skip

    with pytest.raises(RoomCodeUsed):
        room.confirm(
            ticket=ticket,
            code=door.badges[1].code,
            does=EventKind.IN,
            browser=BROWSER,
            now=door.now + MINUTE,
        )
    # Scanned anew it does.
    assert arrive(door, 1, door.now + 2 * MINUTE).does == EventKind.IN


def test_it_lets_out_towards_the_end_and_not_before(door: Door) -> None:
    arrive(door, 1, door.now)
    middle = door.session.starts_at + timedelta(hours=1)
    assert arrive(door, 1, middle).does is None
    end = door.session.ends_at - 5 * MINUTE

    left = arrive(door, 1, end)

    assert (left.does, left.attendance.left_at) == (EventKind.OUT, end)
    assert left.attendance.state == AttendanceState.PRESENT
    assert CheckIn.objects.get(kind=EventKind.OUT).way_in == WayIn.ROOM
    assert arrive(door, 1, end + MINUTE).does is None


@pytest.mark.parametrize("kind", [EventKind.ABSENT, EventKind.EXCUSED])
def test_what_the_door_marked_no_scan_changes(door: Door, kind: EventKind) -> None:
    mark(door.students[3], kind, by=door.manager, session=door.session, now=door.now)

    with pytest.raises(MarkedAtDoor):
        arrive(door, 4, door.now + MINUTE)
    assert CheckIn.objects.count() == 1


def test_after_the_end_it_lets_out_and_nobody_in(door: Door) -> None:
    arrive(door, 1, door.now)
    end = door.session.ends_at

    assert arrive(door, 1, end).does == EventKind.OUT
    with pytest.raises(RoomCodeOver):
        arrive(door, 2, end)
    with pytest.raises(RoomScreenOver):
        room.put_up(by=door.manager, session=door.session, now=end + timedelta(hours=1))


def test_a_second_tap_does_not_let_out_who_just_came_in(door: Door) -> None:
    late = door.session.ends_at - 5 * MINUTE
    ticket = room.enter(code=shown(door, late), now=late)

    def tap() -> room.Visit:
        return come(ticket, door.badges[1].code, late)

    assert (tap().does, tap().does) == (EventKind.IN, None)
    assert CheckIn.objects.get().kind == EventKind.IN


def test_a_forgotten_code_ends_and_a_reopened_door_has_none(door: Door) -> None:
    code = room.put_up(by=door.manager, session=door.session, now=door.now)
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    desk.reopen_desk(
        by=door.manager, session=door.session, reason="更正", now=door.session.starts_at
    )
    code.refresh_from_db()
    assert code.ended_at == door.session.starts_at

    forgotten = room.put_up(by=door.manager, session=door.session, now=door.session.starts_at)
    other = door.world.session(day=local_day(door.session.starts_at) + timedelta(days=1))
    room.put_up(by=door.manager, session=other, now=other.starts_at)
    forgotten.refresh_from_db()
    assert forgotten.ended_at == other.starts_at


def test_refusals_of_a_badge(door: Door) -> None:
    ticket = room.enter(code=shown(door, door.now), now=door.now)

    def confirm(code: str) -> None:
        come(ticket, code, door.now)

    with pytest.raises(UnknownBadge):
        confirm("A" * 16)
    newcomer = StudentFactory(class_group=door.world.group, seat_no=9)
    with pytest.raises(NotBookedHere):
        confirm(
            badges.reissue(
                by=door.world.coordinator, student=newcomer, reason="新", now=door.now
            ).code
        )
    old = door.badges[3].code
    badges.reissue(by=door.world.coordinator, student=door.students[2], reason="遗失", now=door.now)
    with pytest.raises(BadgeRevoked):
        confirm(old)
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    with pytest.raises(RoomCodeOff):
        confirm(door.badges[1].code)
    assert RoomScan.objects.count() == 0


def test_codes_that_passed_are_told_from_those_that_never_were(door: Door) -> None:
    code = shown(door, door.now)
    assert room.enter(code=f" {code.lower()}", now=door.now + timedelta(seconds=16))
    with pytest.raises(RoomCodePassed):
        room.enter(code=code, now=door.now + timedelta(seconds=45))
    with pytest.raises(RoomCodeUnknown):
        room.enter(code=code, now=door.now + timedelta(minutes=3))
    with pytest.raises(RoomCodeUnknown):
        room.enter(code="", now=door.now)


def test_a_ticket_is_ours_and_lasts_three_minutes(door: Door) -> None:
    ticket = room.enter(code=shown(door, door.now), now=door.now)
    signed = ticket.signed()

    assert room.ticket_of(signed, door.now + 3 * MINUTE) == ticket
    for text, now in (
        (signed, door.now + 3 * MINUTE + timedelta(seconds=1)),
        (signed[:-1] + ("A" if signed[-1] != "A" else "B"), door.now),
        ("", door.now),
    ):
        with pytest.raises(RoomCodePassed):
            room.ticket_of(text, now)


def test_a_code_of_a_closed_door_cannot_be_put_up(door: Door) -> None:
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    with pytest.raises(DeskClosed):
        room.put_up(by=door.manager, session=door.session, now=door.session.starts_at)


def test_one_session_has_one_code(door: Door) -> None:
    first = room.put_up(by=door.manager, session=door.session, now=door.now)
    first.pk = None
    with pytest.raises(IntegrityError, match="room_code_live_once"), transaction.atomic():
        first.save(force_insert=True)
    assert RoomCode.objects.count() == 1


def test_screen_counts_and_names_nobody(door: Door) -> None:
    arrive(door, 1, door.now)
    let_in(door.students[1], by=door.manager, session=door.session, now=door.now)

    shown_ = selectors.screen(door.session)

    assert (shown_.arrived, shown_.of) == (2, 5)
    (group,) = shown_.groups
    assert group.label == "七(3)班"
    assert [(seat.seat_no, seat.attendance.state) for seat in group.seats[:3]] == [
        (1, AttendanceState.PRESENT), (2, AttendanceState.PRESENT), (3, AttendanceState.EXPECTED),
    ]  # fmt: skip
    assert door.students[0].name not in repr(shown_)


def test_what_is_odd_is_told_and_nobody_is_turned_away(door: Door) -> None:
    for seat in (1, 2):
        arrive(door, seat, door.now)
    assert selectors.odd_uses(door.session) == []

    arrive(door, 3, door.now)
    moment = door.now + timedelta(seconds=1)
    slow = room.enter(code=shown(door, moment), now=moment)
    room.confirm(
        ticket=slow,
        code=door.badges[4].code,
        does=EventKind.IN,
        browser=uuid4(),
        now=door.now + 2 * MINUTE,
    )

    assert [(odd.kind, odd.named) for odd in selectors.odd_uses(door.session)] == [
        (OddUse.ONE_BROWSER, "七(3)班 1 号、七(3)班 2 号、七(3)班 3 号"),
        (OddUse.LATE_USE, "七(3)班 4 号"),
    ]
    assert selectors.screen(door.session).arrived == 4
    # Taken back at the desk it is nobody's business any more.
    check_in.undo_last(
        by=door.manager, session=door.session, student_id=door.students[3].pk,
        event_id=uuid4(), now=door.now + 3 * MINUTE,
    )  # fmt: skip
    assert [odd.kind for odd in selectors.odd_uses(door.session)] == [OddUse.ONE_BROWSER]

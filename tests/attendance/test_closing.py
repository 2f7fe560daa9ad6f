"""A door closes when as many left as came in, or it says why not; in few queries."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, User
from attendance.choices import AttendanceState, Earns, EventKind, ProposalKind
from attendance.errors.desk import EventsUndecided, HeadsDiffer
from attendance.models import CheckIn, Conflict, Desk, Device, HourProposal
from attendance.selectors.closing import Earning, closing_of
from attendance.selectors.states import attendance_of_session
from attendance.services import check_in, conflicts, desk, devices, proposals
from courses.models import CourseSession
from hours.choices import CreditKind
from hours.models import HourCredit
from notifications.models import Message
from sites.calendar import local_day
from tests.attendance.conftest import MINUTE, Door, actor_of
from tests.attendance.devices import make_tablet
from tests.factories.accounts import MembershipFactory
from tests.factories.attendance import let_in, make_badges, mark
from tests.factories.bookings import make_booking


def arrive(door: Door, count: int) -> None:
    for student in door.students[:count]:
        let_in(student, by=door.manager, session=door.session, now=door.now)


def close(door: Door, **more: Any) -> Desk:
    wanted = {"session": door.session, "now": door.session.ends_at} | more
    return desk.close_desk(by=door.manager, **wanted)


def heads(found: Desk) -> tuple[int | None, int | None, str]:
    found.refresh_from_db()
    return found.heads_in, found.heads_out, found.heads_note


def test_a_door_with_somebody_inside_stays_open(door: Door) -> None:
    arrive(door, 3)
    mark(door.students[0], EventKind.OUT, by=door.manager, session=door.session, now=door.now)

    with pytest.raises(HeadsDiffer) as refused:
        close(door)

    assert str(refused.value) == "到了 3 人，离开 1 人，对不上。请点清人数，或写明原因。"
    assert Desk.objects.get().closed_at is None
    assert not HourCredit.objects.exists()
    assert not CheckIn.objects.filter(kind=EventKind.ABSENT).exists()


def test_everybody_leaves_with_one_tap(door: Door) -> None:
    arrive(door, 3)
    mark(
        door.students[0],
        EventKind.OUT,
        by=door.manager,
        session=door.session,
        now=door.session.ends_at - MINUTE,
    )

    closed = close(door, now=door.session.ends_at + 20 * MINUTE, everybody_left=True)

    assert heads(closed) == (3, 3, "")
    outs = CheckIn.objects.filter(kind=EventKind.OUT).order_by("happened_at", "student_id")
    assert [(event.student_id, event.happened_at) for event in outs] == [
        (door.students[0].pk, door.session.ends_at - MINUTE),
        (door.students[1].pk, door.session.ends_at),
        (door.students[2].pk, door.session.ends_at),
    ]
    assert HourCredit.objects.count() == 3
    assert AuditEntry.objects.get(verb="desk.closed").facts == {
        "expected": 5,
        "credited": 3,
        "class_hours": 12,
        "heads_in": 3,
        "heads_out": 3,
        "undecided": 0,
    }


def test_everybody_leaving_before_the_end_leaves_early(door: Door) -> None:
    arrive(door, 1)

    close(door, now=door.session.ends_at - 40 * MINUTE, everybody_left=True)

    (state,) = [one for one in attendance_of_session(door.session).values() if one.was_there]
    assert state.state == AttendanceState.LEFT_EARLY
    assert not HourCredit.objects.exists()


def test_counted_heads_stand_for_those_nobody_saw_leave(door: Door) -> None:
    arrive(door, 3)

    with pytest.raises(HeadsDiffer):
        close(door, heads_out=2)
    closed = close(door, heads_out=3)

    assert heads(closed) == (3, 3, "")
    assert not CheckIn.objects.filter(kind=EventKind.OUT).exists()


def test_a_difference_that_is_explained_is_kept(door: Door) -> None:
    arrive(door, 3)

    closed = close(door, heads_out=2, heads_note=" 1 名学生由家长接走 ")

    assert heads(closed) == (3, 2, "1 名学生由家长接走")
    entry = AuditEntry.objects.get(verb="desk.closed")
    assert (entry.reason, entry.facts["heads_out"]) == ("1 名学生由家长接走", 2)


def test_reopening_forgets_the_count(door: Door) -> None:
    arrive(door, 1)
    closed = close(door, everybody_left=True)

    desk.reopen_desk(by=door.manager, session=door.session, reason="漏人", now=closed.closed_at)  # type: ignore[arg-type]

    assert heads(closed) == (None, None, "")
    assert AuditEntry.objects.get(verb="desk.reopened").reason == "漏人"


def test_everybody_leaves_again_who_was_let_in_after_a_reopening(door: Door) -> None:
    arrive(door, 3)
    closed = close(door, heads_out=2, heads_note="1 名学生由家长接走", everybody_left=False)
    assert closed.closed_at is not None
    at_door: dict[str, Any] = {"by": door.manager, "session": door.session}
    late = door.session.ends_at + 5 * MINUTE
    desk.reopen_desk(reason="漏人", now=closed.closed_at, **at_door)
    mark(door.students[0], EventKind.OUT, now=late, **at_door)
    let_in(door.students[0], now=late + MINUTE, **at_door)

    again = close(door, now=late + 5 * MINUTE, everybody_left=True)

    assert heads(again) == (3, 3, "")
    last = CheckIn.objects.filter(student=door.students[0], kind=EventKind.OUT).latest(
        "happened_at"
    )
    assert last.happened_at == late + MINUTE


def test_everybody_left_stands_against_an_older_count(door: Door) -> None:
    arrive(door, 3)

    closed = close(door, heads_out=2, everybody_left=True)

    assert heads(closed) == (3, 3, "")


@pytest.mark.parametrize(
    "values",
    [
        {"heads_in": 3, "heads_out": 2},
        {"heads_in": None, "heads_out": None},
        {"heads_in": 3, "heads_out": None},
    ],
)
def test_the_database_keeps_heads_equal_or_explained(door: Door, values: dict[str, Any]) -> None:
    close(door)
    kept = Desk.objects.filter(session=door.session)

    with pytest.raises(IntegrityError), transaction.atomic():
        kept.update(**values)

    assert kept.update(**values, heads_note="说明") == 1


def test_who_left_and_comes_back_is_in_again(door: Door) -> None:
    arrive(door, 1)
    student = door.students[0]
    at_door: dict[str, Any] = {"by": door.manager, "session": door.session}
    mark(student, EventKind.OUT, now=door.session.starts_at + MINUTE, **at_door)

    back = let_in(student, now=door.session.starts_at + 5 * MINUTE, **at_door)

    assert back.is_new
    state = attendance_of_session(door.session)[student.pk]
    assert (state.came_at, state.is_inside) == (door.now, True)


def test_closing_says_who_earns_what_and_who_is_inside(door: Door) -> None:
    arrive(door, 3)
    at_door: dict[str, Any] = {"by": door.manager, "session": door.session}
    mark(door.students[0], EventKind.OUT, now=door.session.starts_at + MINUTE, **at_door)
    mark(door.students[3], EventKind.EXCUSED, now=door.now, **at_door)

    found = closing_of(door.session, door.session.ends_at - 20 * MINUTE)
    at_the_end = closing_of(door.session, door.session.ends_at)

    assert (found.heads_in, found.heads_out) == (3, 1)
    assert [(group.class_label, group.seats) for group in found.inside] == [("七(3)班", "2、3")]
    # What the button gives: whoever leaves now leaves early, and at the end nobody does.
    assert found.earning == Earning((), 3)
    assert at_the_end.earning == Earning(((4, 2),), 1)
    assert (found.counts.expected, found.counts.excused) == (1, 1)
    assert (found.leaving_earns, at_the_end.leaving_earns) == (Earns.NONE, None)


def test_a_correction_shows_the_credit_its_reversal_and_the_reason(door: Door) -> None:
    arrive(door, 1)
    close(door, everybody_left=True)
    student = door.students[0]
    later = door.session.ends_at + 10 * MINUTE

    for kind, reason in ((EventKind.ABSENT, "认错了人"), (EventKind.VOID, "又核对过")):
        desk.reopen_desk(by=door.manager, session=door.session, reason=reason, now=later)
        if kind == EventKind.VOID:
            check_in.undo_last(
                by=door.manager,
                session=door.session,
                student_id=student.pk,
                event_id=uuid4(),
                now=later,
            )
        else:
            mark(student, kind, by=door.manager, session=door.session, now=later)
        close(door, now=later, everybody_left=True)

    entries = HourCredit.objects.filter(student=student).order_by("pk")
    assert [(entry.kind, entry.class_hours, entry.reason) for entry in entries] == [
        (CreditKind.ATTENDANCE, 4, ""),
        (CreditKind.REVERSAL, -4, "认错了人"),
        (CreditKind.ATTENDANCE, 4, "又核对过"),
    ]


def decided(door: Door, proposal: HourProposal) -> HourProposal:
    """By a second person, before the door was closed."""
    return proposals.confirm(
        by=actor_of(MembershipFactory(secretariat=True)),
        proposal=proposal,
        now=door.session.ends_at + 5 * MINUTE,
    )


@pytest.mark.parametrize("class_hours", [0, 2])
def test_what_two_people_corrected_before_the_first_closing_stands(
    door: Door, class_hours: int
) -> None:
    """The hours were put down by hand while the door stood open, and put right by hand."""
    arrive(door, 2)
    over = door.session.ends_at + MINUTE
    by_hand = proposals.propose(
        by=door.world.coordinator,
        student=door.students[0],
        kind=ProposalKind.MANUAL,
        session=door.session,
        class_hours=4,
        reason="平板没电，另记",
        now=over,
    )
    credit = decided(door, by_hand).credit
    assert credit is not None
    correction = proposals.propose_correction(
        by=door.world.coordinator,
        credit=credit,
        class_hours=class_hours,
        reason="只到了一半",
        now=over,
    )
    decided(door, correction)

    for closing in range(2):
        if closing:
            desk.reopen_desk(by=door.manager, session=door.session, reason="再核对", now=over)
        close(door, now=over + 10 * MINUTE, everybody_left=True)

    entries = HourCredit.objects.filter(student=door.students[0]).order_by("pk")
    assert [(entry.kind, entry.class_hours) for entry in entries] == [
        (CreditKind.MANUAL, 4),
        (CreditKind.REVERSAL, -4),
        *([(CreditKind.MANUAL, class_hours)] if class_hours else []),
    ]
    assert [
        (entry.kind, entry.class_hours)
        for entry in HourCredit.objects.filter(student=door.students[1])
    ] == [(CreditKind.ATTENDANCE, 4)]


def doubtful(door: Door, count: int) -> list[Conflict]:
    """So many students on no list, whose badges a tablet has read."""
    badges = make_badges(door.world.new_group(4, count), now=door.now)
    tablet = make_tablet(door)
    tablet.send([tablet.stranger(badges[seat_no].code) for seat_no in badges])
    return list(Conflict.objects.order_by("pk"))


def test_door_is_not_closed_over_doubtful_events_unless_they_are_to_wait(door: Door) -> None:
    first, second = doubtful(door, 2)

    with pytest.raises(EventsUndecided) as refused:
        close(door)
    conflicts.drop(by=door.manager, conflict=first, reason="不是本场的", now=door.now)
    with pytest.raises(EventsUndecided):
        close(door)
    assert not HourCredit.objects.exists()
    closed = close(door, leave_undecided=True)

    assert str(refused.value) == "还有 2 条签到待定。请先决定记不记，或选择先结束。"
    assert closed.closed_at == door.session.ends_at
    assert AuditEntry.objects.get(verb="desk.closed").facts["undecided"] == 1
    # It waits as before, and counts once the door is open again.
    assert list(Conflict.objects.open()) == [second]
    desk.reopen_desk(by=door.manager, session=door.session, reason="补记", now=door.now)
    conflicts.accept(by=door.manager, conflict=second, now=door.session.ends_at)
    close(door, everybody_left=True)
    assert [credit.student_id for credit in HourCredit.objects.all()] == [second.student_id]


def test_doubtful_events_of_another_door_keep_none_open(door: Door) -> None:
    doubtful(door, 1)
    session = door.world.session(day=local_day(door.session.starts_at))

    closed = close(door, session=session, now=session.ends_at)

    assert closed.closed_at == session.ends_at
    assert (
        closing_of(session, door.now).undecided,
        closing_of(door.session, door.now).undecided,
    ) == (0, 1)


@pytest.mark.parametrize("before_end", [40, 20, 0, -10])
@pytest.mark.parametrize("way", ["everybody left", "counted", "explained"])
def test_the_page_says_what_will_be_credited_whichever_button_closes(
    door: Door, before_end: int, way: str, client: Client
) -> None:
    """One in time, one late, one who left in time and one early; mid-session and at the end."""
    at = {"by": door.manager, "session": door.session}
    ends = door.session.ends_at
    for student in door.students[:4]:
        is_late = student == door.students[1]
        let_in(student, now=door.now + 40 * MINUTE if is_late else door.now, **at)  # type: ignore[arg-type]
    mark(door.students[2], EventKind.OUT, now=ends - 45 * MINUTE, **at)  # type: ignore[arg-type]
    now = ends - before_end * MINUTE
    client.force_login(User.objects.get(pk=door.manager.user_id))

    said = closing_of(door.session, now)
    with time_machine.travel(now, tick=False):
        page = client.get(f"/desk/{door.session.pk}/close/").content.decode()
    more = {
        "everybody left": {"everybody_left": True},
        "counted": {"heads_out": 4},
        "explained": {"heads_note": "1 名学生由家长接走"},
    }[way]
    close(door, now=now, **more)

    told = said.earning if way == "everybody left" else said.counted
    credited = HourCredit.objects.values_list("class_hours").annotate(number=Count("pk"))
    assert told == Earning(tuple(credited.order_by("-class_hours")), 4 - HourCredit.objects.count())
    # The other way is told as well where it is another.
    assert ("这样结束，没签退的学生算上到结束" in page) == (said.earning != said.counted)
    assert (said.earning != said.counted) == (before_end > 15)


def test_repeats_are_one_thing_to_decide_wherever_they_are_counted(
    door: Door, client: Client
) -> None:
    """One badge read three times, another once: two lines of the list, two on the other pages."""
    badges = make_badges(door.world.new_group(4, 2), now=door.now)
    tablet = make_tablet(door)
    tablet.send(
        [tablet.stranger(badges[1].code) for _ in range(3)] + [tablet.stranger(badges[2].code)]
    )
    client.force_login(User.objects.get(pk=door.manager.user_id))

    with pytest.raises(EventsUndecided) as refused:
        close(door)
    with time_machine.travel(door.session.starts_at + MINUTE, tick=False):
        listed = client.get("/desk/conflicts/").content.decode()
        desks = client.get("/desk/").content.decode()
        closing = client.get(f"/desk/{door.session.pk}/close/").content.decode()

    assert Conflict.objects.count() == 4
    assert "2 条，可一起决定" in listed
    assert "2 条断网时的签到要您决定" in desks
    assert "还有 2 条签到待定" in closing
    assert "还有 2 条签到待定" in str(refused.value)


@pytest.mark.parametrize("count", [1, 3, 40])
def test_closing_costs_twelve_queries_however_many_come(
    door: Door, now: datetime, count: int
) -> None:
    """All of it: who is there, who leaves and who is absent, the credits, the audit, and what
    the school's people are told."""
    group = door.world.new_group(9, count)
    session = door.world.session(day=local_day(door.session.starts_at))
    make_booking(by=door.world.coordinator, session=session, class_group=group, now=now)
    session = CourseSession.objects.select_related("version").get(pk=session.pk)
    with time_machine.travel(session.ends_at):
        for student in group.students.order_by("seat_no")[: max(1, count - 2)]:
            let_in(student, by=door.manager, session=session, now=session.starts_at)

        with CaptureQueriesContext(connection) as run:
            close(door, session=session, now=session.ends_at, everybody_left=True)

    statements = [query["sql"] for query in run if "SAVEPOINT" not in query["sql"]]
    assert len(statements) == 12
    came = max(1, count - 2)
    assert HourCredit.objects.filter(session=session).count() == came
    assert list(
        CheckIn.objects.filter(session=session)
        .values_list("kind")
        .annotate(number=Count("pk"))
        .order_by("kind")
    ) == [
        (kind, number)
        for kind, number in (("absent", count - came), ("in", came), ("out", came))
        if number
    ]
    assert Message.objects.filter(kind="hours_credited").count() == 1


def test_silent_device_with_the_list_is_said_before_the_door_is_closed(
    door: Door, client: Client
) -> None:
    """Not one that called a moment ago, was revoked, or holds no list of this door."""
    client.force_login(User.objects.get(pk=door.manager.user_id))
    over = door.session.ends_at
    silent, heard, stopped = (make_tablet(door).device for _ in range(3))
    other, _secret = devices.register(by=door.manager, name="别的平板", now=door.now)
    for device, name in ((silent, "门口甲"), (heard, "门口乙"), (stopped, "门口丙")):
        Device.objects.filter(pk=device.pk).update(name=name, last_seen_at=door.now + MINUTE)
    Device.objects.filter(pk=other.pk).update(last_seen_at=door.now)
    Device.objects.filter(pk=heard.pk).update(last_seen_at=over - 4 * MINUTE)
    devices.revoke(by=door.manager, device=stopped, now=over)

    with time_machine.travel(over, tick=False):
        page = client.get(f"/desk/{door.session.pk}/close/").content.decode()

    said = "设备“门口甲”带着本场名单，最后联系 8:51，可能还有没送出的签到。"
    assert said in page
    assert page.count("带着本场名单") == 1

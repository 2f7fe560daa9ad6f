"""What devices send afterwards: whatever the order, however often, by whatever clock."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from accounts.models import AuditEntry
from attendance.choices import (
    AttendanceState,
    Decision,
    Doubt,
    EventKind,
    NoBadge,
    SyncOutcome,
    Trust,
    WayIn,
)
from attendance.errors.desk import DeskClosed
from attendance.errors.devices import ConflictDecided, DropReasonMissing
from attendance.models import CheckIn, Conflict, ConflictDecision, Desk, Device, RosterPack
from attendance.selectors.desk import marks_for
from attendance.selectors.states import attendance_of_session
from attendance.selectors.student_data import sheets_of
from attendance.services import badges, conflicts, desk, devices, merging, sync
from attendance.services.device_events import Answer
from bookings.models import Place
from bookings.services import host_changes
from hours.models import HourCredit
from rosters.errors import TextNamesStudent
from tests.attendance.conftest import MINUTE, Door, actor_of
from tests.attendance.devices import Tablet, make_tablet
from tests.factories.attendance import close_desk, let_in, make_badges
from tests.factories.bookings import make_booking


@pytest.fixture
def tablet(door: Door) -> Tablet:
    return make_tablet(door)


def states(door: Door) -> list[str]:
    """The states of the five seats."""
    found = attendance_of_session(door.session)
    return [
        found[student.pk].state.value if student.pk in found else "expected"
        for student in door.students
    ]


def told(answers: list[Answer]) -> list[tuple[str, str]]:
    return [(answer.outcome.value, answer.why) for answer in answers]


def test_arrival_is_recorded_with_device_clock_and_trust(door: Door, tablet: Tablet) -> None:
    event = tablet.arrival(2, after=3 * MINUTE)

    answers = tablet.send([event], after=20 * MINUTE)

    made = CheckIn.objects.get()
    assert told(answers) == [("accepted", "")]
    assert (made.pk, made.session_id, made.student, made.place) == (
        event.id,
        door.session.pk,
        door.students[1],
        door.place(2),
    )
    assert (made.kind, made.way_in, made.trust) == (EventKind.IN, WayIn.SCANNER, Trust.READ)
    assert (made.device, made.recorded_by_id) == (tablet.device, door.manager.membership_id)
    assert made.happened_at == door.now + 3 * MINUTE
    assert made.said_at == door.now + 3 * MINUTE
    assert made.recorded_at == door.now + 20 * MINUTE
    entry = AuditEntry.objects.get(verb="attendance.synced")
    assert entry.facts == {
        "device": tablet.device.pk,
        "events": 1,
        "doubtful": 0,
        "withdrawn": 0,
    }
    tablet.device.refresh_from_db()
    assert tablet.device.last_seen_at == door.now + 20 * MINUTE
    assert tablet.device.clock_ahead == timedelta()


@pytest.mark.parametrize(
    ("way", "trust"),
    [
        (WayIn.CAMERA, Trust.READ),
        (WayIn.SCANNER, Trust.READ),
        (WayIn.TYPED, Trust.TYPED),
        (WayIn.TICK, Trust.TAPPED),
        (WayIn.API, Trust.TOLD),
    ],
)
def test_trust_follows_from_the_way_in(
    door: Door, tablet: Tablet, way: WayIn, trust: Trust
) -> None:
    tablet.send([tablet.arrival(1, way_in=way)])

    assert CheckIn.objects.get().trust == trust


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=-1), timedelta(minutes=7)])
def test_clock_that_is_wrong_by_an_hour_is_corrected(
    door: Door, tablet: Tablet, ahead: timedelta
) -> None:
    tablet.ahead = ahead

    tablet.send([tablet.arrival(1, after=5 * MINUTE)], after=90 * MINUTE)

    made = CheckIn.objects.get()
    assert made.happened_at == door.now + 5 * MINUTE
    assert made.said_at == door.now + 5 * MINUTE + ahead
    tablet.device.refresh_from_db()
    assert tablet.device.clock_ahead == ahead


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=-1), timedelta(minutes=40)])
def test_clock_set_right_before_sending_makes_nobody_late(door: Door, ahead: timedelta) -> None:
    tablet = make_tablet(door, ahead=ahead, tells_ahead=True)
    in_time, late = tablet.arrival(1, after=20 * MINUTE), tablet.arrival(2, after=40 * MINUTE)
    tablet.ahead = timedelta()

    answers = tablet.send([in_time, late], after=90 * MINUTE)

    assert told(answers) == [("accepted", "")] * 2
    assert CheckIn.objects.get(pk=in_time.id).happened_at == door.now + 20 * MINUTE
    assert CheckIn.objects.get(pk=late.id).happened_at == door.now + 40 * MINUTE
    assert states(door)[:2] == ["present", "late"]


def test_clock_put_wrong_before_sending_makes_nobody_late(door: Door) -> None:
    tablet = make_tablet(door, tells_ahead=True)
    arrival = tablet.arrival(1, after=20 * MINUTE)
    tablet.ahead = timedelta(hours=-1)

    tablet.send([arrival], after=90 * MINUTE)

    assert CheckIn.objects.get().happened_at == door.now + 20 * MINUTE
    assert states(door)[0] == "present"


def test_no_clock_is_believed_to_be_wrong_by_more_than_a_day(door: Door, tablet: Tablet) -> None:
    arrival = replace(tablet.arrival(1, after=20 * MINUTE), ahead=timedelta(days=-9))

    tablet.send([arrival], after=90 * MINUTE)

    assert CheckIn.objects.get().happened_at == door.now + 90 * MINUTE


def test_nothing_happened_before_the_list_was_taken_nor_later_than_now(
    door: Door, tablet: Tablet
) -> None:
    early, late = tablet.arrival(1, after=-200 * MINUTE), tablet.arrival(2, after=900 * MINUTE)

    tablet.send([early, late], after=10 * MINUTE)

    assert CheckIn.objects.get(pk=early.id).happened_at == door.now
    assert CheckIn.objects.get(pk=late.id).happened_at == door.now + 10 * MINUTE


def test_batch_sent_again_is_answered_and_changes_nothing(door: Door, tablet: Tablet) -> None:
    events = [tablet.arrival(1), tablet.arrival(2)]
    tablet.send(events)
    rows = list(CheckIn.objects.order_by("pk").values())

    again = tablet.send([*reversed(events), events[0]], after=30 * MINUTE)

    assert told(again) == [("already", "")] * 3
    assert list(CheckIn.objects.order_by("pk").values()) == rows


def test_one_badge_sent_64_times_counts_once(door: Door, tablet: Tablet) -> None:
    code = door.badges[2].code
    events = [tablet.stranger(code, after=MINUTE * (count % 7)) for count in range(64)]

    answers = tablet.send(events) + tablet.send(events)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)

    assert sum(answer.outcome == SyncOutcome.ACCEPTED for answer in answers) == 1
    assert sum(answer.outcome == SyncOutcome.ALREADY for answer in answers) == 127
    assert states(door) == ["absent", "present", "absent", "absent", "absent"]
    assert [credit.student for credit in HourCredit.objects.all()] == [door.students[1]]


def test_first_arrival_counts_whichever_device_is_heard_first(door: Door) -> None:
    first, second = make_tablet(door), make_tablet(door)
    early = first.arrival(1, after=2 * MINUTE)
    late = second.arrival(1, after=45 * MINUTE)

    second.send([late], after=50 * MINUTE)
    assert states(door)[0] == "late"
    first.send([early], after=60 * MINUTE)

    found = attendance_of_session(door.session)[door.students[0].pk]
    assert (found.state, found.came_at) == (AttendanceState.PRESENT, door.now + 2 * MINUTE)
    assert CheckIn.objects.count() == 2


def test_undo_takes_back_and_waits_for_what_it_takes_back(door: Door, tablet: Tablet) -> None:
    arrival = tablet.arrival(1)
    undo = tablet.undo(arrival, after=MINUTE)

    assert told(tablet.send([undo])) == [("wait", "")]
    assert told(tablet.send([arrival])) == [("accepted", "")]
    assert told(tablet.send([undo])) == [("accepted", "")]
    assert told(tablet.send([undo, tablet.undo(arrival)])) == [("already", "")] * 2

    assert states(door)[0] == "expected"
    assert CheckIn.objects.filter(kind=EventKind.VOID).count() == 1


def test_undo_before_its_arrival_in_one_batch(door: Door, tablet: Tablet) -> None:
    arrival = tablet.arrival(1)

    answers = tablet.send([tablet.undo(arrival), arrival])

    assert told(answers) == [("accepted", "")] * 2
    assert states(door)[0] == "expected"


def test_undo_of_what_was_refused_waits_no_longer_than_for_the_last_batch(
    door: Door, tablet: Tablet
) -> None:
    refused, other = tablet.stranger("A" * 16), tablet.arrival(1)
    undo, undo_other = tablet.undo(refused), tablet.undo(other)

    assert told(tablet.send([refused])) == [("refused", "unknown_badge")]
    assert told(tablet.send([undo])) == [("wait", "")]
    # Its arrival is in the batch, or on record, whatever else is.
    assert told(tablet.send([undo, undo_other, other], is_all=True)) == [
        ("already", ""),
        ("accepted", ""),
        ("accepted", ""),
    ]

    assert set(CheckIn.objects.values_list("pk", flat=True)) == {other.id, undo_other.id}
    assert states(door)[0] == "expected"


def test_undo_is_of_an_event_of_the_session(door: Door, tablet: Tablet) -> None:
    arrival = tablet.arrival(1)
    undo = tablet.undo(arrival)
    tablet.send([arrival, undo])
    foreign = CheckIn.objects.create(
        session=door.world.session(),
        student=door.students[3],
        kind=EventKind.IN,
        way_in=WayIn.TICK,
        happened_at=door.now,
        recorded_at=door.now,
    )

    answers = tablet.send([tablet.undo(undo), replace(tablet.undo(arrival), voids=foreign.pk)])

    assert told(answers) == [("refused", "event_of_another")] * 2


def test_id_of_something_else_is_refused(door: Door, tablet: Tablet) -> None:
    arrival = tablet.arrival(1)
    tablet.send([arrival])

    answers = tablet.send([replace(tablet.arrival(2), id=arrival.id)])

    assert told(answers) == [("refused", "event_of_another")]
    assert sync.sentence_of("event_of_another").startswith("这个记录编号已用于")


def test_list_of_another_device_and_code_of_no_badge_are_refused(
    door: Door, tablet: Tablet
) -> None:
    other = make_tablet(door)

    answers = tablet.send([other.arrival(1), tablet.stranger("A" * 16), tablet.stranger("??")])

    assert told(answers) == [
        ("refused", "pack_unknown"),
        ("refused", "unknown_badge"),
        ("refused", "unknown_badge"),
    ]
    assert not Conflict.objects.exists()


def test_nothing_is_told_of_a_student_who_is_on_no_list_of_the_device(
    door: Door, tablet: Tablet
) -> None:
    """A key that somebody guessed makes nobody a walk-in."""
    other = door.world.new_group(9, 1).students.get()

    answers = tablet.send([replace(tablet.arrival(1), student_id=other.pk)])

    assert told(answers) == [("refused", "not_booked_here")]
    assert not Conflict.objects.exists()


def test_events_are_taken_for_a_week_after_the_list_expired(door: Door, tablet: Tablet) -> None:
    first, second = tablet.arrival(1), tablet.arrival(2)
    last = RosterPack.objects.get().expires_at + timedelta(days=7)

    assert told(tablet.send([first], after=last - door.now)) == [("accepted", "")]
    gone = tablet.send([first, second], after=last - door.now + timedelta(seconds=1))

    assert told(gone) == [("already", ""), ("refused", "pack_expired")]


def test_student_ticked_and_marks(door: Door, tablet: Tablet) -> None:
    tick = replace(tablet.arrival(1, way_in=WayIn.TICK), badge="", no_badge=NoBadge.FORGOTTEN)
    leave = replace(tablet.arrival(1, after=60 * MINUTE), kind=EventKind.OUT)
    excused = replace(tablet.arrival(2), kind=EventKind.EXCUSED)

    tablet.send([leave, excused, tick], after=70 * MINUTE)

    assert states(door)[:2] == ["left_early", "excused"]
    assert CheckIn.objects.get(pk=tick.id).reason == NoBadge.FORGOTTEN


def test_whole_class_comes_and_leaves_by_a_device(door: Door, tablet: Tablet) -> None:
    came = [
        replace(tablet.arrival(seat_no, way_in=WayIn.CLASS), badge="") for seat_no in (1, 2, 3, 4)
    ]
    left = [
        replace(
            tablet.arrival(seat_no, way_in=WayIn.CLASS, after=160 * MINUTE),
            badge="",
            kind=EventKind.OUT,
        )
        for seat_no in (1, 2, 3)
    ]

    assert told(tablet.send([*left, *came], after=170 * MINUTE)) == [("accepted", "")] * 7

    assert states(door) == ["present", "present", "present", "present", "expected"]
    marks = marks_for(tablet.device, [door.session.pk])
    assert marks.left == {str(door.session.pk): [student.pk for student in door.students[:3]]}
    assert set(CheckIn.objects.values_list("trust", flat=True)) == {Trust.TAPPED}


def test_closed_desk_makes_a_conflict_unless_nothing_would_change(
    door: Door, tablet: Tablet
) -> None:
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    known, unknown = tablet.arrival(1), tablet.arrival(2)

    answers = tablet.send([known, unknown], after=200 * MINUTE)
    again = tablet.send([known, unknown], after=210 * MINUTE)

    assert told(answers) == [("already", ""), ("conflict", "desk_closed")]
    assert told(again) == told(answers)
    conflict = Conflict.objects.get()
    assert (conflict.pk, conflict.student, conflict.session, conflict.device) == (
        unknown.id,
        door.students[1],
        door.session,
        tablet.device,
    )
    assert (conflict.said_at, conflict.happened_at, conflict.received_at) == (
        door.now,
        door.now,
        door.now + 200 * MINUTE,
    )
    assert states(door)[:2] == ["present", "absent"]


def test_accepted_conflict_counts_once_the_desk_is_reopened_and_closed(
    door: Door, tablet: Tablet
) -> None:
    over = door.session.ends_at
    close_desk(by=door.manager, session=door.session, now=over)
    event = tablet.arrival(2)
    tablet.send([event], after=200 * MINUTE)
    conflict = Conflict.objects.get()

    with pytest.raises(DeskClosed):
        conflicts.check_can_accept(door.manager, conflict, over)
    with pytest.raises(DeskClosed):
        conflicts.accept(by=door.manager, conflict=conflict, now=over)
    desk.reopen_desk(by=door.manager, session=door.session, reason="断网补传", now=over)
    conflicts.check_can_accept(door.manager, conflict, over)
    conflicts.accept(by=door.manager, conflict=conflict, now=over + MINUTE)
    close_desk(by=door.manager, session=door.session, now=over + 2 * MINUTE)

    made = CheckIn.objects.get(pk=event.id)
    assert (made.happened_at, made.device, made.way_in) == (
        door.now,
        tablet.device,
        WayIn.SCANNER,
    )
    assert states(door)[1] == "present"
    assert [credit.student for credit in HourCredit.objects.all()] == [door.students[1]]
    assert AuditEntry.objects.filter(verb="conflict.accepted").count() == 1
    with pytest.raises(ConflictDecided):
        conflicts.accept(by=door.manager, conflict=conflict, now=over)
    with pytest.raises(ConflictDecided):
        conflicts.drop(by=door.manager, conflict=conflict, reason="不", now=over)
    assert told(tablet.send([event], after=300 * MINUTE)) == [("already", "")]


def test_dropped_conflict_says_why_and_stays_dropped(door: Door, tablet: Tablet) -> None:
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    event = tablet.arrival(2)
    tablet.send([event], after=200 * MINUTE)
    conflict = Conflict.objects.get()

    with pytest.raises(DropReasonMissing):
        conflicts.drop(by=door.manager, conflict=conflict, reason="  ", now=door.now)
    with pytest.raises(TextNamesStudent):
        conflicts.drop(
            by=door.manager,
            conflict=conflict,
            reason=f"{door.students[1].name}不在",
            now=door.now,
        )
    conflicts.drop(by=door.manager, conflict=conflict, reason="人不在场", now=door.now)

    decision = ConflictDecision.objects.get()
    assert (decision.decision, decision.reason, decision.decided_by_id) == (
        Decision.DROPPED,
        "人不在场",
        door.manager.membership_id,
    )
    assert not Conflict.objects.open().exists()
    assert told(tablet.send([event], after=300 * MINUTE)) == [("already", "dropped")]
    assert not CheckIn.objects.filter(pk=event.id).exists()
    assert AuditEntry.objects.filter(verb="conflict.dropped").count() == 1


def test_device_takes_its_own_doubtful_event_back(door: Door, tablet: Tablet) -> None:
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    event = tablet.arrival(2)
    tablet.send([event], after=200 * MINUTE)
    undo = tablet.undo(event)

    answers = tablet.send([undo], after=201 * MINUTE) + tablet.send([undo], after=202 * MINUTE)
    other = make_tablet(door).send([replace(undo, id=uuid4())], after=203 * MINUTE)

    assert told(answers) == [("accepted", ""), ("already", "")]
    assert told(other) == [("refused", "pack_unknown")]
    assert ConflictDecision.objects.get().decision == Decision.WITHDRAWN


def test_undo_after_the_closing_is_decided_by_somebody(door: Door, tablet: Tablet) -> None:
    event = tablet.arrival(2)
    tablet.send([event])
    over = door.session.ends_at
    close_desk(by=door.manager, session=door.session, now=over)

    answers = tablet.send([tablet.undo(event)], after=200 * MINUTE)
    desk.reopen_desk(by=door.manager, session=door.session, reason="点错", now=over)
    conflicts.accept(by=door.manager, conflict=Conflict.objects.get(), now=over)

    assert told(answers) == [("conflict", "desk_closed")]
    assert states(door)[1] == "expected"


def test_badge_revoked_before_is_doubtful_and_after_is_not(door: Door, tablet: Tablet) -> None:
    before, after = tablet.arrival(2, after=5 * MINUTE), tablet.arrival(2, after=15 * MINUTE)
    other = tablet.stranger(door.badges[2].code, after=16 * MINUTE)
    badges.reissue(
        by=door.world.coordinator,
        student=door.students[1],
        reason="遗失",
        now=door.now + 10 * MINUTE,
    )

    answers = tablet.send([after, other, before], after=20 * MINUTE)

    assert told(answers) == [
        ("conflict", "badge_revoked"),
        ("conflict", "badge_revoked"),
        ("accepted", ""),
    ]


def test_student_of_no_place_is_doubtful_and_a_walk_in_once_accepted(
    door: Door, tablet: Tablet
) -> None:
    group = door.world.new_group(9, 1)
    code = make_badges(group, now=door.now)[1].code

    answers = tablet.send([tablet.stranger(code)], after=MINUTE)
    conflicts.accept(by=door.manager, conflict=Conflict.objects.get(), now=door.now + 2 * MINUTE)

    assert told(answers) == [("conflict", "not_booked")]
    place = Place.objects.get(session=door.session, student=group.students.get())
    assert place.is_walk_in
    assert CheckIn.objects.get().place == place


def test_student_booked_elsewhere_at_that_time_is_doubtful(door: Door, tablet: Tablet) -> None:
    moved = tablet.arrival(2)
    other = door.world.session()
    Place.objects.filter(pk=door.place(2).pk).update(is_live=False)
    group = door.world.new_group(9, 1)
    door.world.teach(group)
    make_booking(
        by=door.world.teacher,
        session=other,
        class_group=group,
        now=door.now - timedelta(days=10),
    )
    code = make_badges(group, now=door.now)[1].code

    answers = tablet.send([moved, tablet.stranger(code)])

    assert told(answers) == [("conflict", "not_booked"), ("conflict", "elsewhere")]


def test_cancelled_session_takes_nothing(door: Door, tablet: Tablet) -> None:
    host_changes.cancel_session(
        by=door.manager, session=door.session, reason="停电", now=door.now - timedelta(days=1)
    )

    assert told(tablet.send([tablet.arrival(1)])) == [("conflict", "cancelled")]
    assert not Desk.objects.exists()


def test_long_before_and_long_after_are_doubtful(door: Door) -> None:
    tablet = make_tablet(door, taken=-200 * MINUTE)

    answers = tablet.send(
        [tablet.arrival(1, after=-100 * MINUTE), tablet.arrival(2, after=400 * MINUTE)],
        after=500 * MINUTE,
    )

    assert told(answers) == [("conflict", "not_open"), ("conflict", "too_late")]


def test_revoked_device_only_makes_conflicts_and_not_many(
    door: Door, tablet: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)
    devices.revoke(by=door.manager, device=tablet.device, now=door.now)
    tablet.device.refresh_from_db()
    monkeypatch.setattr(sync, "MOST_REVOKED", 2)

    answers = tablet.send([tablet.arrival(seat) for seat in (1, 2, 3)])
    more = tablet.send([tablet.arrival(4)])

    assert sorted(told(answers)) == [
        ("already", ""),
        ("conflict", "device_revoked"),
        ("conflict", "device_revoked"),
    ]
    assert told(more) == [("refused", "device_revoked")]
    assert CheckIn.objects.filter(device=tablet.device).count() == 0


def test_device_of_who_left_is_not_trusted(door: Door) -> None:
    tablet = make_tablet(door, by=actor_of(door.instructor))
    door.instructor.ended_at = door.now
    door.instructor.save(update_fields=["ended_at"])
    tablet.device = Device.objects.select_related(
        "registered_by__user", "registered_by__organisation"
    ).get(pk=tablet.device.pk)

    assert told(tablet.send([tablet.arrival(1)])) == [("conflict", "device_revoked")]


@pytest.mark.parametrize("count", [1, 3])
def test_batch_costs_the_same_with_one_event_and_with_three(
    door: Door, tablet: Tablet, django_assert_num_queries: Any, count: int
) -> None:
    tablet.send([])
    tablet.send([tablet.arrival(5)])

    with django_assert_num_queries(15):
        tablet.send([tablet.arrival(seat) for seat in range(1, count + 1)])

    assert CheckIn.objects.count() == count + 1


def test_conflicts_and_decisions_only_grow(door: Door, tablet: Tablet) -> None:
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    tablet.send([tablet.arrival(2)], after=200 * MINUTE)
    conflicts.drop(by=door.manager, conflict=Conflict.objects.get(), reason="错", now=door.now)

    for change in (
        lambda: Conflict.objects.update(doubt=Doubt.ELSEWHERE),
        lambda: Conflict.objects.all()._raw_delete("default"),
        lambda: ConflictDecision.objects.update(reason="别的"),
        lambda: ConflictDecision.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_export_of_a_student_tells_what_was_doubtful_and_decided(
    door: Door, tablet: Tablet
) -> None:
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    ticked = replace(tablet.arrival(3, way_in=WayIn.TICK), badge="", no_badge=NoBadge.FORGOTTEN)
    tablet.send([tablet.arrival(2), ticked], after=200 * MINUTE)
    conflict = Conflict.objects.get(student=door.students[1])
    conflicts.drop(by=door.manager, conflict=conflict, reason="人不在场", now=door.now)

    def rows(seat_no: int) -> list[tuple[object, ...]]:
        sheets = sheets_of(door.students[seat_no - 1], door.now)
        return [row[2:] for sheet in sheets if sheet.name == "待定的签到" for row in sheet.rows]

    moments = ("2026-12-08 08:50", "2026-12-08 08:50", "2026-12-08 12:10")
    why = "送到时本场已结束签到"
    assert rows(2) == [
        ("签到", "扫码枪", *moments, "", why, "不记", "人不在场", "2026-12-08 08:50")
    ]
    assert rows(3) == [("签到", "点座号", *moments, "忘带胸牌", why, "", "", "")]


def test_event_of_a_student_merged_since_is_the_survivors(door: Door, tablet: Tablet) -> None:
    event = tablet.arrival(5)
    merging.merge(
        by=door.world.coordinator,
        survivor=door.students[0],
        duplicate=door.students[4],
        now=door.now + MINUTE,
    )

    answers = tablet.send([event])

    assert told(answers) == [("accepted", "")]
    assert CheckIn.objects.get().student == door.students[0]

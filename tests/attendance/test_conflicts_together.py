"""What a device sent of a whole class, or of one badge again and again, is decided at once."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import time_machine
from django.test import Client

from accounts.models import AuditEntry, User
from attendance.choices import AttendanceState, Decision, Doubt, EventKind
from attendance.models import Badge, CheckIn, Conflict, ConflictDecision
from attendance.selectors import conflicts as selectors
from attendance.selectors.states import attendance_of_session
from attendance.services import conflicts, desk
from bookings.models import Place
from courses.models import CourseSession
from tests.attendance.conftest import MINUTE, Door
from tests.attendance.devices import Tablet, make_tablet
from tests.factories.attendance import close_desk, make_badges, mark

REPEATED = "重复，已按另一条记入"


@pytest.fixture(autouse=True)
def _clock(door: Door) -> Iterator[None]:
    with time_machine.travel(door.now + 30 * MINUTE, tick=False):
        yield


@pytest.fixture
def tablet(door: Door) -> Tablet:
    return make_tablet(door)


@pytest.fixture
def strangers(door: Door) -> dict[int, Badge]:
    """Pupils of another seventh class, on no list."""
    return make_badges(door.world.new_group(4, 3), now=door.now)


@pytest.fixture
def client(door: Door) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=door.manager.user_id))
    return client


def batches(door: Door) -> list[list[list[Conflict]]]:
    return selectors.together(selectors.waiting(door.manager))


def decisions() -> dict[Conflict, tuple[str, str]]:
    return {
        row.conflict: (row.decision, row.reason)
        for row in ConflictDecision.objects.select_related("conflict")
    }


def sent_after_closing(door: Door, tablet: Tablet, seats: int = 3) -> list[Conflict]:
    """The door is open again for corrections by then."""
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    tablet.send(
        [tablet.arrival(seat_no, after=seat_no * MINUTE) for seat_no in range(1, seats + 1)]
    )
    return list(Conflict.objects.order_by("student__seat_no"))


def reopen(door: Door) -> None:
    desk.reopen_desk(
        by=door.manager, session=door.session, reason="补传", now=door.now + 30 * MINUTE
    )


def test_class_sent_after_the_closing_is_accepted_at_once(
    door: Door, tablet: Tablet, client: Client
) -> None:
    sent = sent_after_closing(door, tablet)
    first, second, third = sent
    here = f"/desk/conflicts/{second.pk}/together/"
    tick = [str(first.pk), str(third.pk)]

    closed = client.post(here, {"accept": "1", "conflict": tick})
    reopen(door)
    page = client.get(here).content.decode()
    nothing = client.post(here, {"accept": "1"})
    done = client.post(here, {"accept": "1", "conflict": tick}, follow=True)

    assert closed.status_code == 409
    assert [f'value="{one.pk}" checked>' in page for one in sent] == [True] * 3
    assert "七(3)班 2 号 学○○" in page
    assert "记入后，勾选的学生算各自的时间签到；之后记的缺席、请假一并撤销。" in page
    assert nothing.status_code == 422
    assert "一条记录也没有勾选。" in nothing.content.decode()
    assert "已记入 2 条。" in done.content.decode()
    assert decisions() == dict.fromkeys((first, third), (Decision.ACCEPTED, ""))
    states = attendance_of_session(door.session)
    assert [states[student.pk].state for student in door.students[:4]] == [
        AttendanceState.PRESENT,
        AttendanceState.ABSENT,
        AttendanceState.PRESENT,
        AttendanceState.ABSENT,
    ]
    entry = AuditEntry.objects.get(verb="conflict.accepted")
    assert entry.facts == {"count": 2, "repeats": 0, "refused": 0}
    assert list(Conflict.objects.open()) == [second]


def test_class_is_dropped_at_once_with_one_reason(
    door: Door, tablet: Tablet, client: Client
) -> None:
    sent = sent_after_closing(door, tablet)
    here = f"/desk/conflicts/{sent[0].pk}/together/"
    tick = [str(one.pk) for one in sent]

    without = client.post(here, {"drop": "1", "conflict": tick, "reason": " "})
    done = client.post(here, {"drop": "1", "conflict": tick, "reason": "没来过"}, follow=True)
    again = client.get(here, follow=True)

    assert without.status_code == 422
    assert "不记 3 条。" in done.content.decode()
    assert "这条记录已经处理过。" in again.content.decode()
    assert decisions() == dict.fromkeys(sent, (Decision.DROPPED, "没来过"))
    assert AuditEntry.objects.get(verb="conflict.dropped").facts == {
        "count": 3,
        "repeats": 0,
        "refused": 0,
    }


def test_who_finds_no_seat_leaves_the_others_done(
    door: Door, tablet: Tablet, strangers: dict[int, Badge], client: Client
) -> None:
    CourseSession.objects.filter(pk=door.session.pk).update(capacity=7)
    tablet.send([tablet.stranger(badge.code) for badge in strangers.values()])
    sent = list(Conflict.objects.order_by("student__seat_no"))

    done = client.post(
        f"/desk/conflicts/{sent[0].pk}/together/",
        {"accept": "1", "conflict": [str(one.pk) for one in sent]},
        follow=True,
    ).content.decode()

    (left,) = Conflict.objects.open()
    code = Badge.objects.get(student=left.student_id).code
    assert "已记入 2 条。" in done
    assert f"没有处理：名单外的胸牌，尾号 {code[-4:]}。" in done
    assert Place.objects.live().filter(session=door.session).count() == 7
    assert CheckIn.objects.filter(pk__in=[one.pk for one in sent]).count() == 2
    entry = AuditEntry.objects.get(verb="conflict.accepted")
    assert entry.facts == {"count": 2, "repeats": 0, "refused": 1}


def test_groups_are_of_one_device_kind_and_doubt(
    door: Door, tablet: Tablet, strangers: dict[int, Badge]
) -> None:
    other = make_tablet(door)
    left = replace(tablet.stranger(strangers[1].code, after=9 * MINUTE), kind=EventKind.OUT)
    tablet.send([tablet.stranger(strangers[n].code) for n in (1, 2)])
    tablet.send([left], after=31 * MINUTE)
    other.send([other.stranger(strangers[3].code)], after=32 * MINUTE)
    desk.close_desk(
        by=door.manager, session=door.session, now=door.session.starts_at, leave_undecided=True
    )
    tablet.send([tablet.arrival(2)], after=33 * MINUTE)

    found = [
        (
            times[0].device == tablet.device,
            times[0].kind,
            times[0].doubt,
            len(batch),
        )
        for batch in batches(door)
        for times in batch[:1]
    ]

    assert found == [
        (True, EventKind.IN, Doubt.NOT_BOOKED, 2),
        (True, EventKind.OUT, Doubt.NOT_BOOKED, 1),
        (False, EventKind.IN, Doubt.NOT_BOOKED, 1),
        (True, EventKind.IN, Doubt.DESK_CLOSED, 1),
    ]


def test_badge_read_six_times_is_one_line_and_one_decision(
    door: Door, tablet: Tablet, strangers: dict[int, Badge], client: Client
) -> None:
    code = strangers[1].code
    tablet.send([tablet.stranger(code, after=n * MINUTE) for n in range(6)])
    first, *others = Conflict.objects.order_by("happened_at")

    listed = client.get("/desk/conflicts/").content.decode()
    shown = client.get(f"/desk/conflicts/{others[2].pk}/").content.decode()
    client.post(f"/desk/conflicts/{others[2].pk}/", {"accept": "1"})

    assert f"<b>名单外的胸牌，尾号 {code[-4:]}（6 次）</b>" in listed
    assert listed.count('class="line"') == 1
    assert "同样的记录只记一条，其余不记。" in shown
    assert decisions() == {first: (Decision.ACCEPTED, "")} | dict.fromkeys(
        others, (Decision.DROPPED, REPEATED)
    )
    assert [event.pk for event in CheckIn.objects.all()] == [first.pk]
    assert AuditEntry.objects.get(verb="conflict.accepted").facts["repeats"] == 5
    assert not Conflict.objects.open().exists()


def test_badge_read_again_and_again_is_dropped_with_one_reason(
    door: Door, tablet: Tablet, strangers: dict[int, Badge], client: Client
) -> None:
    tablet.send([tablet.stranger(strangers[1].code, after=n * MINUTE) for n in range(3)])
    sent = list(Conflict.objects.all())

    client.post(f"/desk/conflicts/{sent[0].pk}/", {"drop": "1", "reason": "走错了"})

    assert decisions() == dict.fromkeys(sent, (Decision.DROPPED, "走错了"))


def test_who_left_between_two_arrivals_came_twice(
    door: Door, tablet: Tablet, strangers: dict[int, Badge]
) -> None:
    """Of leaving the last counts."""
    code = strangers[1].code
    kinds = [EventKind.IN, EventKind.IN, EventKind.OUT, EventKind.OUT, EventKind.IN]
    tablet.send(
        [
            replace(tablet.stranger(code, after=n * MINUTE), kind=kind)
            for n, kind in enumerate(kinds)
        ]
    )

    found = {
        tuple((one.happened_at - door.now) // MINUTE for one in times)
        for batch in batches(door)
        for times in batch
    }

    assert found == {(0, 1), (3, 2), (4,)}


def test_who_was_excused_after_she_came_was_there(
    door: Door, tablet: Tablet, client: Client
) -> None:
    conflict, *_others = sent_after_closing(door, tablet)
    reopen(door)
    excused = mark(
        door.students[0],
        EventKind.EXCUSED,
        by=door.manager,
        session=door.session,
        now=door.now + 30 * MINUTE,
    )
    before = attendance_of_session(door.session)[door.students[0].pk].state

    page = client.get(f"/desk/conflicts/{conflict.pk}/").content.decode()
    conflicts.accept(by=door.manager, conflict=conflict, now=door.now + 31 * MINUTE)

    assert before == AttendanceState.EXCUSED
    assert "一并撤销。" in page
    assert "请假" in page.split("之后记的")[1].split("一并撤销")[0]
    assert attendance_of_session(door.session)[door.students[0].pk].state == AttendanceState.PRESENT
    assert CheckIn.objects.filter(voids=excused).exists()


def test_what_is_taken_back_is_said(door: Door, tablet: Tablet, client: Client) -> None:
    event = tablet.arrival(2, after=2 * MINUTE)
    tablet.send([event])
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    tablet.send([tablet.undo(event, after=5 * MINUTE)], after=40 * MINUTE)
    conflict = Conflict.objects.get()
    reopen(door)

    listed = client.get("/desk/conflicts/").content.decode()
    shown = client.get(f"/desk/conflicts/{conflict.pk}/").content.decode()

    assert "撤销 8:55 （原记录：签到 8:52） · " in listed
    assert "<dt>要撤销的记录</dt><dd>签到 8:52</dd>" in shown
    assert "记入后，之前的“签到 8:52”就撤销了。" in shown

"""A school that has locked its hours holds up nobody else's closing, and knows what to do."""

from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.choices import Role
from accounts.models import AuditEntry, Membership, Organisation
from attendance.choices import EventKind, ProposalKind
from attendance.models import Desk
from attendance.selectors import held_back
from attendance.selectors.closing import Earning, closing_of
from attendance.selectors.missed import missed_sessions
from attendance.services import desk, proposals
from courses.models import CourseSession
from hours import period_locks
from hours.errors import PeriodLocked
from hours.models import HourCredit, PeriodLock, PracticumRequirement
from insights.selectors import invariants
from notifications.models import Message
from rosters.models import Student
from sites.calendar import local_day
from tests.attendance.conftest import Door
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.attendance import let_in, mark
from tests.factories.bookings import make_booking
from tests.factories.rosters import make_class, make_teacher_of


@dataclass
class Shared:
    """One session for two schools' classes: 清河中学's five have hours that are locked, 对照中学's
    three do not. Two of the one and all of the other came."""

    door: Door
    other: list[Student]
    lock: PeriodLock
    secretary: Membership

    @property
    def session(self) -> CourseSession:
        return self.door.session

    @property
    def own(self) -> list[Student]:
        return self.door.students

    @property
    def school(self) -> Organisation:
        return self.door.world.school

    def close(self) -> Desk:
        return desk.close_desk(
            by=self.door.manager,
            session=self.session,
            now=self.session.ends_at,
            everybody_left=True,
        )

    def hours(self) -> list[int]:
        """Of the five, then of the three."""
        credits = dict(
            HourCredit.objects.filter(reversed_by=None, class_hours__gt=0).values_list(
                "student_id", "class_hours"
            )
        )
        return [credits.get(student.pk, 0) for student in (*self.own, *self.other)]


def lock_school(door: Door, now: datetime) -> PeriodLock:
    return period_locks.lock_period(
        by=door.world.coordinator,
        school=door.world.school,
        requirement=PracticumRequirement.objects.get(),
        now=now,
    )


@pytest.fixture
def shared(door: Door, now: datetime) -> Any:
    group = make_class(
        students=3, number=1, school=OrganisationFactory(name="对照中学", short_name="对照中学")
    )
    make_booking(
        by=actor_of(make_teacher_of(group)), session=door.session, class_group=group, now=now
    )
    other = list(group.students.order_by("seat_no"))
    secretary = MembershipFactory(
        organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT
    )
    with time_machine.travel(door.session.ends_at, tick=False):
        for student in (*door.students[:2], *other):
            let_in(student, by=door.manager, session=door.session, now=door.session.starts_at)
        yield Shared(door, other, lock_school(door, door.now), secretary)


def client_of(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


def test_one_schools_lock_leaves_the_other_its_hours(shared: Shared) -> None:
    closed = shared.close()

    assert closed.closed_at == shared.session.ends_at
    assert shared.hours() == [0, 0, 0, 0, 0, 4, 4, 4]
    assert closed.held_back == [student.pk for student in shared.own[:2]]
    assert AuditEntry.objects.get(verb="desk.closed").facts == {
        "expected": 8,
        "credited": 3,
        "class_hours": 12,
        "heads_in": 5,
        "heads_out": 5,
        "undecided": 0,
        "held_back": {str(shared.school.pk): 2},
    }


def test_the_school_and_the_secretariat_are_told_what_to_do(shared: Shared) -> None:
    shared.close()

    told = {
        (message.recipient_id, message.kind): (message.subject, message.body, message.path)
        for message in Message.objects.filter(kind__in=["hours_credited", "hours_held_back"])
    }
    theirs = Membership.objects.get(organisation=shared.other[0].school, role=Role.TEACHER).user_id
    occupation = "面包师"
    assert told == {
        (shared.door.world.teacher.user_id, "hours_credited"): (
            f"七(3)班有学时没有记入：{occupation}",
            "座号 1、2：签到已有记录，但这段时间的学时已经公示并锁定，没有按签到记入。"
            "请核对，应补记或更正的请逐人提交申请，由联盟秘书处确认。\n\n"
            "0 人各得 4 学时，3 人缺席。有出入请联系开课单位更正。",
            f"/classes/{shared.door.world.group.pk}/",
        ),
        (theirs, "hours_credited"): (
            f"七(1)班的学时已记：{occupation}",
            "3 人各得 4 学时，0 人缺席。有出入请联系开课单位更正。",
            f"/classes/{shared.other[0].class_group_id}/",
        ),
        (shared.secretary.user_id, "hours_held_back"): (
            f"已锁定的学时待更正：{occupation}（12 月 8 日）",
            "清河中学 2 人：签到结束时，这段时间的学时已经公示并锁定，没有按签到记入。"
            "学校核对后会提交申请，由秘书处确认。",
            "/locks/",
        ),
    }


def test_the_host_reads_it_on_closing_and_whenever_the_desk_is_opened(shared: Shared) -> None:
    client = client_of(shared.door.manager_membership)

    closing = client.post(f"/desk/{shared.session.pk}/close/", {"everybody_left": "1"}, follow=True)
    later = client.get(f"/desk/{shared.session.pk}/")

    sentence = (
        "清河中学 2 人的学时没有按签到记入：学校已公示并锁定这段时间的学时。"
        "签到记录照常保留；学校和联盟秘书处已收到消息，由学校申请、秘书处确认后补记。"
    )
    assert [str(message) for message in closing.context["messages"]] == ["签到已结束。", sentence]
    assert later.content.decode().count(sentence) == 1


def test_before_closing_the_host_reads_whose_hours_will_not_change(shared: Shared) -> None:
    page = client_of(shared.door.manager_membership).get(f"/desk/{shared.session.pk}/close/")

    found = closing_of(shared.session, shared.session.ends_at)
    text = " ".join(page.content.decode().split())
    assert (found.earning, found.held_back) == (Earning(((4, 3),), 0), 2)
    assert "3 人各记 4 学时。 2 人的学时已由学校公示锁定，结束后不会变动。" in text


def test_the_secretariat_credits_it_by_the_schools_proposal(shared: Shared) -> None:
    shared.close()
    first, second = shared.own[:2]
    now = shared.session.ends_at
    client = client_of(shared.secretary)
    before = client.get("/locks/").content.decode()

    (missed,) = missed_sessions(first, now)
    proposal = proposals.propose(
        by=shared.door.world.teacher,
        student=first,
        kind=ProposalKind.MANUAL,
        session=shared.session,
        class_hours=4,
        reason="锁定后才结束签到",
        now=now,
    )
    with pytest.raises(PeriodLocked), transaction.atomic():
        proposals.confirm(by=shared.door.world.coordinator, proposal=proposal, now=now)
    proposals.confirm(by=actor_of(shared.secretary), proposal=proposal, now=now)

    assert (missed.session, missed.is_held_back) == (shared.session, True)
    assert missed_sessions(first, now) == []
    assert shared.hours() == [4, 0, 0, 0, 0, 4, 4, 4]
    # Told is who can: not the school's coordinators.
    asked = Message.objects.filter(kind="hours_proposed")
    assert [message.recipient_id for message in asked] == [shared.secretary.user_id]
    assert held_back.undecided(Desk.objects.all()) == {
        (shared.session.pk, second.pk): shared.school.pk
    }
    after = client.get("/locks/").content.decode()
    assert ["2 人" in before, "1 人" in after, "2 人" in after] == [True, True, False]


def test_the_nightly_look_knows_what_is_held_back_and_finds_what_is_not(shared: Shared) -> None:
    shared.close()
    out = StringIO()

    call_command("check_invariants", stdout=out)

    assert invariants.findings() == []
    assert out.getvalue() == "17 invariants hold.\n" + "".join(
        f"known: session {shared.session.pk} student {student.pk}: held back by a locked period\n"
        for student in shared.own[:2]
    )
    Desk.objects.update(held_back=[shared.own[0].pk])
    assert [str(found) for found in invariants.findings()] == [
        f"场次 {shared.session.pk} 学生 {shared.own[1].pk}：出席应得 4 学时，账上 0 学时。"
    ]


def test_what_stood_before_the_lock_stays_when_the_door_is_closed_again(
    door: Door, now: datetime
) -> None:
    first, second = door.students[:2]
    with time_machine.travel(door.session.ends_at, tick=False):
        let_in(first, by=door.manager, session=door.session, now=door.now)
        desk.close_desk(
            by=door.manager, session=door.session, now=door.session.ends_at, everybody_left=True
        )
        lock_school(door, door.now)
        desk.reopen_desk(
            by=door.manager, session=door.session, reason="认错了人", now=door.session.ends_at
        )
        mark(
            first,
            EventKind.ABSENT,
            by=door.manager,
            session=door.session,
            now=door.session.ends_at,
        )
        let_in(second, by=door.manager, session=door.session, now=door.now)

        closed = desk.close_desk(
            by=door.manager, session=door.session, now=door.session.ends_at, everybody_left=True
        )

    assert closed.held_back == [first.pk, second.pk]
    assert list(HourCredit.objects.values_list("student_id", "class_hours")) == [(first.pk, 4)]
    assert invariants.findings() == []


def test_reopened_the_period_takes_the_hours_when_the_door_is_closed_again(
    shared: Shared,
) -> None:
    shared.close()
    now = shared.session.ends_at
    period_locks.reopen(by=actor_of(shared.secretary), lock=shared.lock, reason="漏记一场", now=now)

    desk.reopen_desk(by=shared.door.manager, session=shared.session, reason="补记", now=now)
    closed = shared.close()

    assert closed.held_back == []
    assert shared.hours() == [4, 4, 0, 0, 0, 4, 4, 4]


def test_a_merged_student_is_held_back_as_the_one_she_is(shared: Shared) -> None:
    shared.close()
    first, second = shared.own[:2]
    Student.objects.filter(pk=second.pk).update(merged_into=first)

    assert held_back.undecided(Desk.objects.all()) == {
        (shared.session.pk, first.pk): shared.school.pk
    }
    assert invariants.findings() == []


def test_a_desk_opened_again_still_says_who_is_held_back(shared: Shared) -> None:
    shared.close()
    client = client_of(shared.secretary)

    desk.reopen_desk(
        by=shared.door.manager, session=shared.session, reason="补记", now=shared.session.ends_at
    )

    own = [student.pk for student in shared.own[:2]]
    assert Desk.objects.get().held_back == own
    assert [(one.school, one.count) for one in held_back.waiting()] == [("清河中学", 2)]
    assert "2 人" in client.get("/locks/").content.decode()
    assert invariants.held_back_now() == [(shared.session.pk, pk) for pk in own]
    (missed,) = missed_sessions(shared.own[0], shared.session.ends_at)
    assert missed.is_held_back
    assert shared.close().held_back == own


def test_closing_again_says_nothing_of_locked_hours_that_do_not_change(
    door: Door, now: datetime
) -> None:
    """Of three who came, one is credited before the lock; then nothing of hers would change."""
    first, second, third = door.students[:3]
    ends_at = door.session.ends_at
    with time_machine.travel(ends_at, tick=False):
        for student in (first, third):
            let_in(student, by=door.manager, session=door.session, now=door.now)
        desk.close_desk(by=door.manager, session=door.session, now=ends_at, everybody_left=True)
        lock_school(door, door.now)
        desk.reopen_desk(by=door.manager, session=door.session, reason="漏人", now=ends_at)
        before = closing_of(door.session, ends_at)
        let_in(second, by=door.manager, session=door.session, now=door.now)
        mark(third, EventKind.ABSENT, by=door.manager, session=door.session, now=ends_at)

        after = closing_of(door.session, ends_at)
        closed = desk.close_desk(
            by=door.manager, session=door.session, now=ends_at, everybody_left=True
        )

    assert (before.held_back, before.earning.hours) == (0, ((4, 2),))
    assert (after.held_back, after.earning.hours) == (2, ((4, 1),))
    assert closed.held_back == [second.pk, third.pk]


def test_a_desk_that_was_never_closed_holds_nothing_back(shared: Shared) -> None:
    desk.open_desk(by=shared.door.manager, session=shared.session, now=shared.door.now)

    with pytest.raises(IntegrityError, match="desk_holds_back_once_closed"), transaction.atomic():
        Desk.objects.update(held_back=[1])


@pytest.mark.parametrize("count", [1, 3, 40])
def test_a_locked_class_costs_a_closing_as_much_however_many_come(
    door: Door, now: datetime, count: int
) -> None:
    """The refused entry, whom it concerns, and the secretariat: what a lock costs more."""
    group = door.world.new_group(9, count)
    session = door.world.session(day=local_day(door.session.starts_at))
    make_booking(by=door.world.coordinator, session=session, class_group=group, now=now)
    session = CourseSession.objects.select_related("version").get(pk=session.pk)
    MembershipFactory(organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT)
    lock_school(door, now)
    with time_machine.travel(session.ends_at):
        for student in group.students.all():
            let_in(student, by=door.manager, session=session, now=session.starts_at)

        with CaptureQueriesContext(connection) as run:
            desk.close_desk(
                by=door.manager, session=session, now=session.ends_at, everybody_left=True
            )

    assert len([query for query in run if "SAVEPOINT" not in query["sql"]]) == 16
    assert len(Desk.objects.get(session=session).held_back) == count


@pytest.mark.parametrize("sessions", [1, 3])
def test_the_secretariats_list_asks_five_times_however_long(
    door: Door, now: datetime, sessions: int
) -> None:
    lock_school(door, now)
    for number in range(sessions):
        group = door.world.new_group(10 + number, 2)
        session = door.world.session(day=local_day(door.session.starts_at))
        make_booking(by=door.world.coordinator, session=session, class_group=group, now=now)
        with time_machine.travel(session.ends_at):
            for student in group.students.all():
                let_in(student, by=door.manager, session=session, now=session.starts_at)
            desk.close_desk(
                by=door.manager, session=session, now=session.ends_at, everybody_left=True
            )

    with CaptureQueriesContext(connection) as run:
        found = held_back.waiting()

    assert [(one.school, one.count) for one in found] == [("清河中学", 2)] * sessions
    assert len(run) == 5

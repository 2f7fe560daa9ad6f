"""Class hours by hand: one proposes, another agrees, and only then do they count."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.actors import Actor
from accounts.choices import Role
from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from attendance.choices import EventKind, ProposalKind, ProposalState
from attendance.errors.proposals import (
    MadeUpAlready,
    NothingMissed,
    NothingToCorrect,
    NotOnTheList,
    NotOverYet,
    ProposalDayWrong,
    ProposalDecided,
    ProposalHoursWrong,
    ProposalReasonMissing,
    ProposedAlready,
    SecondEyesNeeded,
)
from attendance.models import HourProposal
from attendance.selectors.missed import missed_sessions
from attendance.services import desk, erasure, merging, proposals
from courses.errors import SessionCancelled
from courses.models import CourseSession
from hours.choices import CreditKind
from hours.errors import SessionCreditedAlready
from hours.models import HourCredit
from hours.selectors import earned_by_student
from insights.selectors import invariants
from notifications.models import Message
from rosters.models import Student
from tests.attendance.conftest import Door, actor_of
from tests.bookings.conftest import DAY
from tests.factories.accounts import MembershipFactory
from tests.factories.attendance import close_desk, let_in, mark
from tests.factories.bookings import make_booking
from tests.factories.rosters import StudentFactory
from tests.factories.rules import make_secretary

MAKE_UP, MANUAL, CORRECTION = ProposalKind


@dataclass
class Missed:
    """Seat 1 came, seat 2 was absent, seat 3 excused; the door is closed, two days have passed."""

    door: Door
    now: datetime
    teacher: Actor
    coordinator: Actor
    manager: Actor
    secretary: Actor

    @property
    def session(self) -> CourseSession:
        return self.door.session

    def student(self, seat: int) -> Student:
        return self.door.students[seat - 1]

    def hours(self, seat: int) -> int:
        student = self.student(seat)
        return earned_by_student([student.pk], None).get(student.pk, 0)

    def propose(self, *, by: Actor | None = None, seat: int = 2, **more: Any) -> HourProposal:
        wanted = {
            "kind": MAKE_UP,
            "session": self.session,
            "class_hours": 4,
            "earned_on": DAY + timedelta(days=1),
            "reason": "周三下午补上",
        }
        return proposals.propose(
            by=by or self.teacher, student=self.student(seat), now=self.now, **wanted | more
        )

    def credit(self, seat: int = 1) -> HourCredit:
        return HourCredit.objects.get(student=self.student(seat), reversed_by=None, reverses=None)


@pytest.fixture
def missed(door: Door) -> Missed:
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)
    mark(door.students[2], EventKind.EXCUSED, by=door.manager, session=door.session, now=door.now)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    return Missed(
        door=door,
        now=door.session.ends_at + timedelta(days=2),
        teacher=door.world.teacher,
        coordinator=door.world.coordinator,
        manager=door.manager,
        secretary=actor_of(make_secretary()),
    )


def entries(student: Student) -> list[tuple[str, int, str]]:
    return [
        (entry.kind, entry.class_hours, entry.reason)
        for entry in HourCredit.objects.filter(student=student).order_by("pk")
    ]


@pytest.mark.parametrize("seat", [2, 3])
def test_a_make_up_counts_once_a_second_person_agrees(missed: Missed, seat: int) -> None:
    proposal = missed.propose(seat=seat)
    before = missed.hours(seat)

    confirmed = proposals.confirm(by=missed.coordinator, proposal=proposal, now=missed.now)

    assert (before, missed.hours(seat)) == (0, 4)
    credit = confirmed.credit
    assert credit is not None
    assert (credit.kind, credit.session, credit.earned_on, credit.rule_version) == (
        CreditKind.MAKE_UP,
        missed.session,
        DAY + timedelta(days=1),
        0,
    )
    assert (confirmed.state, confirmed.decider_id) == (
        ProposalState.CONFIRMED,
        missed.coordinator.user_id,
    )
    assert set(
        AuditEntry.objects.filter(verb__startswith="hours.pro").values_list("verb", "reason")
    ) == {
        ("hours.proposed", "周三下午补上"),
        ("hours.proposal_confirmed", ""),
    }
    assert invariants.findings() == []


def test_hours_no_door_recorded_are_of_the_sessions_day(missed: Missed) -> None:
    proposal = missed.propose(kind=MANUAL, class_hours=3, earned_on=date(2020, 1, 1))

    credit = proposals.confirm(by=missed.secretary, proposal=proposal, now=missed.now).credit

    assert credit is not None
    assert (credit.kind, credit.class_hours, credit.earned_on) == (CreditKind.MANUAL, 3, DAY)


def test_hours_of_no_session_have_a_day_of_their_own(missed: Missed) -> None:
    proposal = missed.propose(kind=MANUAL, session=None, class_hours=6, earned_on=date(2026, 9, 1))

    credit = proposals.confirm(by=missed.coordinator, proposal=proposal, now=missed.now).credit

    assert credit is not None
    assert (credit.session, credit.earned_on, missed.hours(2)) == (None, date(2026, 9, 1), 6)


def test_the_same_person_never_decides(missed: Missed) -> None:
    """Also not for another organisation that she works for."""
    person = missed.door.world.teacher_membership.user
    office = actor_of(
        MembershipFactory(
            user=person, organisation=missed.door.world.school, role=Role.SCHOOL_COORDINATOR
        )
    )
    proposal = missed.propose()

    for decide in (
        lambda: proposals.confirm(by=office, proposal=proposal, now=missed.now),
        lambda: proposals.refuse(by=office, proposal=proposal, answer="不", now=missed.now),
    ):
        with pytest.raises(SecondEyesNeeded):
            decide()

    assert missed.hours(2) == 0


def test_who_may_propose_and_decide(missed: Missed) -> None:
    world = missed.door.world
    instructor = actor_of(missed.door.instructor)
    stranger = actor_of(MembershipFactory(coordinator=True))
    other_host = actor_of(MembershipFactory(host_manager=True))
    colleague = actor_of(MembershipFactory(organisation=world.school, role=Role.TEACHER))
    reviewer = actor_of(MembershipFactory(reviewer=True))

    for actor, refusal in (
        (instructor, NotAllowed),
        (stranger, NotYours),
        (other_host, NotYours),
        (colleague, NotYours),
        (missed.secretary, NotYours),
        (reviewer, NotYours),
    ):
        with pytest.raises(refusal):
            missed.propose(by=actor)
    with pytest.raises(NotYours):
        missed.propose(by=missed.manager, kind=MANUAL, session=None)
    proposal = missed.propose(by=missed.manager)
    for actor in (missed.teacher, missed.manager, instructor, stranger, other_host, reviewer):
        with pytest.raises(NotAllowed):
            proposals.confirm(by=actor, proposal=proposal, now=missed.now)
        with pytest.raises(NotAllowed):
            proposals.refuse(by=actor, proposal=proposal, answer="不", now=missed.now)
    assert proposals.confirm(by=missed.coordinator, proposal=proposal, now=missed.now).credit


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"reason": " "}, ProposalReasonMissing),
        ({"class_hours": 0}, ProposalHoursWrong),
        ({"class_hours": 5}, ProposalHoursWrong),
        ({"session": None, "kind": MANUAL, "class_hours": 41}, ProposalHoursWrong),
        ({"earned_on": DAY - timedelta(days=1)}, ProposalDayWrong),
        ({"earned_on": DAY + timedelta(days=3)}, ProposalDayWrong),
        ({"seat": 1}, SessionCreditedAlready),
        ({"seat": 1, "kind": MANUAL}, SessionCreditedAlready),
    ],
)
def test_what_makes_no_sense_is_refused(
    missed: Missed, more: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        missed.propose(**more)

    assert not HourProposal.objects.exists()


def test_only_what_was_missed_is_made_up(missed: Missed) -> None:
    """Who was there and earned nothing, left too early, may be recorded by hand."""
    world = missed.door.world
    later = world.session(day=DAY, starts=time(14))
    make_booking(by=world.teacher, session=later, class_group=world.group, now=missed.door.now)
    outsider = world.session(day=DAY, starts=time(18))
    cancelled = world.session(day=DAY, starts=time(7), hours=1)
    cancelled.state = "cancelled"
    with pytest.raises(NotOverYet):
        proposals.propose(
            by=missed.teacher,
            student=missed.student(2),
            kind=MAKE_UP,
            session=later,
            class_hours=4,
            reason="早",
            now=later.ends_at - timedelta(minutes=1),
        )
    with pytest.raises(NotOnTheList):
        missed.propose(session=outsider)
    with pytest.raises(SessionCancelled):
        missed.propose(session=cancelled)
    # Nobody closed this door.
    with pytest.raises(NothingMissed):
        missed.propose(session=later)

    assert missed.propose(session=later, kind=MANUAL).state == ProposalState.PROPOSED


def come_again(missed: Missed, seat: int = 2) -> CourseSession:
    """The student comes to the same course a day later and has hours of it."""
    world = missed.door.world
    again = world.session(day=DAY + timedelta(days=1))
    make_booking(by=world.teacher, session=again, class_group=world.group, now=missed.door.now)
    let_in(missed.student(seat), by=missed.manager, session=again, now=again.starts_at)
    close_desk(by=missed.manager, session=again, now=again.ends_at)
    return again


@pytest.mark.parametrize("kind", [MAKE_UP, MANUAL])
@pytest.mark.parametrize("seat", [2, 3])
def test_made_up_while_a_proposal_waits_it_is_not_credited_too(
    missed: Missed, seat: int, kind: ProposalKind
) -> None:
    proposal = missed.propose(seat=seat, kind=kind)
    come_again(missed, seat)

    with pytest.raises(MadeUpAlready):
        proposals.confirm(by=missed.coordinator, proposal=proposal, now=missed.now)

    proposal.refresh_from_db()
    assert (proposal.state, proposal.credit) == (ProposalState.PROPOSED, None)
    assert missed.hours(seat) == 4


@pytest.mark.parametrize("seat", [2, 3])
def test_hours_no_door_recorded_are_not_of_a_session_made_up(missed: Missed, seat: int) -> None:
    come_again(missed, seat)

    with pytest.raises(MadeUpAlready):
        missed.propose(seat=seat, kind=MANUAL)

    assert missed.hours(seat) == 4


def test_a_make_up_of_what_the_door_says_she_did_not_miss_is_not_confirmed(missed: Missed) -> None:
    proposal = missed.propose(seat=2)
    session, now = missed.session, missed.now
    desk.reopen_desk(by=missed.manager, session=session, reason="认错了人", now=now)
    let_in(missed.student(2), by=missed.manager, session=session, now=session.starts_at)

    with pytest.raises(NothingMissed):
        proposals.confirm(by=missed.coordinator, proposal=proposal, now=now)


def test_a_session_made_up_by_another_of_the_course_is_not_made_up_again(missed: Missed) -> None:
    again = come_again(missed)

    with pytest.raises(MadeUpAlready) as refused:
        missed.propose()

    assert str(refused.value) == "这门课已在 12 月 9 日补上，学时已记。"
    (made_up,) = missed_sessions(missed.student(2), missed.now)
    assert (made_up.session, made_up.made_up_on) == (missed.session, DAY + timedelta(days=1))
    (excused, absent) = [
        (one.session, one.made_up_on)
        for one in sorted(
            missed_sessions(missed.student(3), missed.now), key=lambda one: one.session.pk
        )
    ]
    assert (excused, absent) == ((missed.session, None), (again, None))


def test_one_thing_waits_once(missed: Missed) -> None:
    first = missed.propose()

    with pytest.raises(ProposedAlready):
        missed.propose(by=missed.manager)
    proposals.withdraw(by=missed.teacher, proposal=first, answer="填错", now=missed.now)
    again = missed.propose(by=missed.manager)

    assert again.state == ProposalState.PROPOSED
    (one,) = missed_sessions(missed.student(2), missed.now)
    assert one.waiting == again


def test_a_refusal_says_why_and_credits_nothing(missed: Missed) -> None:
    proposal = missed.propose()
    with pytest.raises(ProposalReasonMissing):
        proposals.refuse(by=missed.coordinator, proposal=proposal, answer=" ", now=missed.now)

    proposals.refuse(by=missed.coordinator, proposal=proposal, answer="没有来", now=missed.now)

    assert missed.hours(2) == 0
    for decide in (
        lambda: proposals.confirm(by=missed.secretary, proposal=proposal, now=missed.now),
        lambda: proposals.refuse(
            by=missed.secretary, proposal=proposal, answer="x", now=missed.now
        ),
        lambda: proposals.withdraw(
            by=missed.teacher, proposal=proposal, answer="x", now=missed.now
        ),
    ):
        with pytest.raises(ProposalDecided):
            decide()
    told = Message.objects.get(kind="hours_decided")
    assert told.recipient.pk == missed.teacher.user_id
    assert told.subject == "没有同意：七(3)班 2 号补课 4 学时"
    assert told.body == "七(3)班 2 号补课 4 学时：没有同意。原因：没有来"


def test_only_who_proposed_withdraws_and_says_why(missed: Missed) -> None:
    proposal = missed.propose()

    with pytest.raises(NotAllowed):
        proposals.withdraw(by=missed.coordinator, proposal=proposal, answer="x", now=missed.now)
    with pytest.raises(ProposalReasonMissing):
        proposals.withdraw(by=missed.teacher, proposal=proposal, answer="", now=missed.now)
    proposals.withdraw(by=missed.teacher, proposal=proposal, answer="填错", now=missed.now)

    proposal.refresh_from_db()
    assert (proposal.state, proposal.answer) == (ProposalState.WITHDRAWN, "填错")
    assert not Message.objects.filter(kind="hours_decided").exists()


def test_the_schools_other_coordinators_are_told_else_the_secretariat(missed: Missed) -> None:
    secretaries = {missed.secretary.user_id}
    missed.propose()
    first = Message.objects.get(kind="hours_proposed")

    missed.propose(by=missed.coordinator, seat=3)

    assert first.recipient.pk == missed.coordinator.user_id
    told = Message.objects.filter(kind="hours_proposed").exclude(pk=first.pk)
    assert set(told.values_list("recipient", flat=True)) == secretaries
    message = told.get()
    assert message.subject == "请复核：七(3)班 3 号补课 4 学时"
    assert missed.student(3).name not in message.body


def test_a_correction_is_a_reversal_and_a_new_entry(missed: Missed) -> None:
    proposal = proposals.propose_correction(
        by=missed.teacher,
        credit=missed.credit(),
        class_hours=2,
        reason="半场",
        now=missed.now,
    )
    before = missed.hours(1)

    proposals.confirm(by=missed.coordinator, proposal=proposal, now=missed.now)

    assert (before, missed.hours(1)) == (4, 2)
    assert entries(missed.student(1)) == [
        (CreditKind.ATTENDANCE, 4, ""),
        (CreditKind.REVERSAL, -4, "半场"),
        (CreditKind.MANUAL, 2, "半场"),
    ]
    assert invariants.findings() == []


def test_a_correction_to_nothing_is_a_reversal_alone(missed: Missed) -> None:
    proposal = proposals.propose_correction(
        by=missed.teacher, credit=missed.credit(), class_hours=0, reason="认错人", now=missed.now
    )

    proposals.confirm(by=missed.coordinator, proposal=proposal, now=missed.now)

    proposal.refresh_from_db()
    assert (missed.hours(1), proposal.credit) == (0, None)
    assert invariants.findings() == []


@pytest.mark.parametrize("class_hours", [0, 2])
def test_a_desk_opened_again_leaves_what_two_people_decided(
    missed: Missed, class_hours: int
) -> None:
    proposal = proposals.propose_correction(
        by=missed.teacher,
        credit=missed.credit(),
        class_hours=class_hours,
        reason="核对过",
        now=missed.now,
    )
    proposals.confirm(by=missed.coordinator, proposal=proposal, now=missed.now)
    made_up = missed.propose()
    proposals.confirm(by=missed.coordinator, proposal=made_up, now=missed.now)

    desk.reopen_desk(by=missed.manager, session=missed.session, reason="再看", now=missed.now)
    let_in(missed.student(2), by=missed.manager, session=missed.session, now=missed.now)
    let_in(missed.student(4), by=missed.manager, session=missed.session, now=missed.now)
    close_desk(by=missed.manager, session=missed.session, now=missed.now)

    assert [missed.hours(seat) for seat in (1, 2, 4)] == [class_hours, 4, 4]
    assert invariants.findings() == []


def test_what_does_not_stand_is_not_corrected(missed: Missed) -> None:
    credit = missed.credit()
    with pytest.raises(NothingToCorrect):
        proposals.propose_correction(
            by=missed.teacher, credit=credit, class_hours=4, reason="一样", now=missed.now
        )
    with pytest.raises(ProposalHoursWrong):
        proposals.propose_correction(
            by=missed.teacher, credit=credit, class_hours=5, reason="多", now=missed.now
        )
    first = proposals.propose_correction(
        by=missed.teacher, credit=credit, class_hours=2, reason="半场", now=missed.now
    )
    with pytest.raises(ProposedAlready):
        proposals.propose_correction(
            by=missed.coordinator, credit=credit, class_hours=1, reason="半场", now=missed.now
        )
    proposals.confirm(by=missed.coordinator, proposal=first, now=missed.now)
    for one in HourCredit.objects.filter(student=missed.student(1)).order_by("pk")[:2]:
        with pytest.raises(NothingToCorrect):
            proposals.propose_correction(
                by=missed.teacher, credit=one, class_hours=1, reason="再改", now=missed.now
            )
    with pytest.raises(NotYours):
        proposals.propose_correction(
            by=actor_of(MembershipFactory(coordinator=True)),
            credit=missed.credit(),
            class_hours=1,
            reason="别校",
            now=missed.now,
        )


def test_a_make_up_that_is_corrected_is_a_make_up_still(missed: Missed) -> None:
    proposals.confirm(by=missed.coordinator, proposal=missed.propose(), now=missed.now)
    correction = proposals.propose_correction(
        by=missed.teacher, credit=missed.credit(2), class_hours=3, reason="少一节", now=missed.now
    )

    credit = proposals.confirm(by=missed.coordinator, proposal=correction, now=missed.now).credit

    assert credit is not None
    assert (credit.kind, credit.revision, missed.hours(2)) == (CreditKind.MAKE_UP, 2, 3)


def test_hours_that_came_meanwhile_are_not_given_twice(missed: Missed) -> None:
    proposal = missed.propose()
    desk.reopen_desk(by=missed.manager, session=missed.session, reason="漏了", now=missed.now)
    let_in(missed.student(2), by=missed.manager, session=missed.session, now=missed.now)
    close_desk(by=missed.manager, session=missed.session, now=missed.now)

    with pytest.raises(SessionCreditedAlready):
        proposals.confirm(by=missed.coordinator, proposal=proposal, now=missed.now)

    assert missed.hours(2) == 4
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.PROPOSED


@pytest.mark.parametrize(
    "values",
    [
        {"state": "maybe"},
        {"kind": "gift"},
        {"kind": "make_up", "session": None},
        {"kind": "correction"},
        {"class_hours": 0},
        {"class_hours": 41},
        {"reason": ""},
        {"state": "confirmed"},
        {"state": "refused"},
        {"state": "withdrawn"},
    ],
)
def test_the_database_refuses_a_proposal_that_cannot_be(
    missed: Missed, values: dict[str, Any]
) -> None:
    proposal = missed.propose()

    with pytest.raises(IntegrityError), transaction.atomic():
        HourProposal.objects.filter(pk=proposal.pk).update(**values)


def test_the_database_wants_a_second_pair_of_eyes(missed: Missed) -> None:
    proposal = missed.propose()
    decided = {
        "state": "refused",
        "answer": "不",
        "decided_at": missed.now,
        "decided_by": missed.coordinator.membership_id,
    }
    kept = HourProposal.objects.filter(pk=proposal.pk)

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        kept.update(**decided, decider=missed.teacher.user_id)

    assert "proposal_second_pair_of_eyes" in str(refused.value)
    assert kept.update(**decided, decider=missed.coordinator.user_id) == 1


def test_what_waits_for_a_duplicate_waits_for_the_survivor(missed: Missed) -> None:
    world = missed.door.world
    survivor = StudentFactory(class_group=world.group, seat_no=40)
    missed.propose(seat=2)

    merging.merge(
        by=missed.coordinator, survivor=survivor, duplicate=missed.student(2), now=missed.now
    )

    assert HourProposal.objects.get().student == survivor
    proposals.confirm(by=missed.coordinator, proposal=HourProposal.objects.get(), now=missed.now)
    assert earned_by_student([survivor.pk], None) == {survivor.pk: 4}


def test_two_proposals_for_one_session_become_one_when_students_merge(missed: Missed) -> None:
    kept = missed.propose(seat=3)
    missed.propose(seat=2)
    proposals.propose_correction(
        by=missed.teacher, credit=missed.credit(1), class_hours=1, reason="半场", now=missed.now
    )

    merging.merge(
        by=missed.coordinator,
        survivor=missed.student(3),
        duplicate=missed.student(2),
        now=missed.now,
    )
    merging.merge(
        by=missed.coordinator,
        survivor=missed.student(3),
        duplicate=missed.student(1),
        now=missed.now,
    )

    assert HourProposal.objects.undecided().get() == kept
    assert set(
        HourProposal.objects.exclude(pk=kept.pk).values_list("state", "answer", "student_id")
    ) == {
        ("withdrawn", "合并重复的学生", missed.student(2).pk),
        ("withdrawn", "合并重复的学生", missed.student(1).pk),
    }


def test_nothing_waits_for_who_is_erased(missed: Missed) -> None:
    missed.propose()
    student = missed.student(2)

    erasure.erase_student(
        by=missed.coordinator, student=student, typed_name=student.name, now=missed.now
    )

    assert not HourProposal.objects.exists()
    student.refresh_from_db()
    with pytest.raises(NotYours):
        proposals.check_can_propose(missed.coordinator, student, missed.session)


def test_missed_sessions_cost_the_same_with_one_and_with_three(
    missed: Missed, django_assert_num_queries: Any
) -> None:
    world = missed.door.world
    for count in (1, 2, 3):
        student = missed.student(2)
        with django_assert_num_queries(4):
            found = missed_sessions(student, missed.now)
        assert len(found) == count
        more = world.session(day=DAY - timedelta(days=count))
        make_booking(by=world.teacher, session=more, class_group=world.group, now=world_now(more))
        close_desk(by=missed.manager, session=more, now=more.ends_at)


def world_now(session: CourseSession) -> datetime:
    return session.starts_at - timedelta(days=8)

"""Settled hours take no entry but the secretariat's, and the database says so."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.actors import Actor
from accounts.choices import Role
from accounts.errors import NotAllowed
from accounts.models import AuditEntry, Organisation
from courses.models import CourseSession
from hours import period_locks
from hours.errors import NotLocked, PeriodLocked, PeriodLockedAlready, ReasonMissing
from hours.models import HourCredit, PeriodLock, PracticumRequirement
from hours.services import ledger
from rosters.models import Student
from tests.accounts.races import until_somebody_waits
from tests.bookings.conftest import World, make_world, world
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.hours import RequirementFactory, make_credit

__all__ = ["world"]
DAY = timedelta(days=1)


@pytest.fixture
def requirement(db: None) -> PracticumRequirement:
    return RequirementFactory(entry_year_from=2025, entry_year_to=2025)


@pytest.fixture
def secretary(db: None) -> Actor:
    return actor_of(
        MembershipFactory(organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT)
    )


def locked(world: World, requirement: PracticumRequirement, now: datetime) -> PeriodLock:
    return period_locks.lock_period(
        by=world.coordinator, school=world.school, requirement=requirement, now=now
    )


def manual(student: Student, earned_on: datetime, **more: object) -> HourCredit:
    return HourCredit.objects.create(
        student=student,
        school_id=student.school_id,
        kind="manual",
        class_hours=1,
        reason="补课",
        earned_on=earned_on.date(),
        credited_at=earned_on,
        **more,
    )


def test_a_locked_period_takes_no_credit_and_no_reversal(
    world: World, requirement: PracticumRequirement, now: datetime
) -> None:
    first, second = world.students[:2]
    session = world.session()
    credit = make_credit(by=world.manager, student=first, session=session, now=now)
    locked(world, requirement, now)

    with pytest.raises(PeriodLocked):
        make_credit(by=world.manager, student=second, session=session, now=now)
    with pytest.raises(PeriodLocked):
        ledger.reverse(by=world.coordinator, credit=credit, reason="误记", now=now)
    with pytest.raises(PeriodLocked), transaction.atomic():
        ledger.carry_over(
            by=world.coordinator, duplicate=first, survivor=second, reason="合并", now=now
        )

    assert list(HourCredit.objects.all()) == [credit]


def settle(
    world: World, session: CourseSession, students: list[Student], now: datetime, hours: int = 4
) -> ledger.Settled:
    return ledger.settle_session(
        by=world.manager,
        session=session,
        students=students,
        hours={student.pk: hours for student in students},
        reason="核对签到",
        rule_version=1,
        now=now,
    )


def test_settling_leaves_out_the_locked_school_and_credits_the_others(
    world: World, requirement: PracticumRequirement, now: datetime
) -> None:
    session, (own, *_rest) = world.session(), world.students
    other = world.new_group(9, 1, school=OrganisationFactory()).students.get()
    younger = world.new_group(8, 1, entry_year=2026).students.get()
    locked(world, requirement, now)

    settled = settle(world, session, [own, other, younger], now)

    assert settled == ledger.Settled(8, {own.pk: world.school.pk})
    assert list(
        HourCredit.objects.order_by("student_id").values_list("student_id", "class_hours")
    ) == sorted([(other.pk, 4), (younger.pk, 4)])


def test_settling_takes_nothing_from_a_locked_student_either(
    world: World, requirement: PracticumRequirement, now: datetime
) -> None:
    session, students = world.session(), world.students[:2]
    credits = [make_credit(by=world.manager, student=one, session=session, now=now)
               for one in students]  # fmt: skip
    locked(world, requirement, now)

    unchanged = settle(world, session, students, now)
    fewer = settle(world, session, students, now, hours=2)

    assert unchanged == ledger.Settled(0, {})
    assert fewer == ledger.Settled(0, {one.pk: world.school.pk for one in students})
    assert list(HourCredit.objects.order_by("pk")) == credits


def test_what_is_credited_already_is_not_refused(
    world: World, requirement: PracticumRequirement, now: datetime
) -> None:
    session = world.session()
    credit = make_credit(by=world.manager, student=world.students[0], session=session, now=now)
    locked(world, requirement, now)

    again = make_credit(by=world.manager, student=world.students[0], session=session, now=now)

    assert again == credit


def test_the_database_refuses_whoever_goes_past_the_service(
    world: World, requirement: PracticumRequirement, now: datetime
) -> None:
    """Also with the setting that has pgtrigger's triggers ignored."""
    locked(world, requirement, now)

    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', '{refused_when_locked}', true)")

    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        manual(world.students[0], now)


def test_another_broken_rule_stays_what_it_is(world: World, now: datetime) -> None:
    with (
        pytest.raises(IntegrityError, match="credit_by_hand_has_reason"),
        period_locks.refused_when_locked(),
    ):
        HourCredit.objects.create(
            student=world.students[0],
            school=world.school,
            kind="manual",
            class_hours=1,
            earned_on=now.date(),
            credited_at=now,
        )


@pytest.mark.parametrize("what", ["day before", "day after", "other cohort", "other school"])
def test_what_lies_outside_is_entered_as_ever(
    world: World, requirement: PracticumRequirement, now: datetime, what: str
) -> None:
    locked(world, requirement, now)
    student, day = world.students[0], now
    if what == "day before":
        day = datetime.combine(requirement.counts_from - DAY, now.timetz())
    elif what == "day after":
        day = datetime.combine(requirement.due_on + DAY, now.timetz())
    elif what == "other cohort":
        student = world.new_group(9, 1, entry_year=2026).students.get()
    else:
        student = world.new_group(9, 1, school=OrganisationFactory()).students.get()

    assert manual(student, day).pk


@pytest.mark.parametrize("end", ["counts_from", "due_on"])
def test_the_first_and_the_last_day_are_locked(
    world: World, requirement: PracticumRequirement, now: datetime, end: str
) -> None:
    locked(world, requirement, now)

    with pytest.raises(IntegrityError), transaction.atomic():
        manual(world.students[0], datetime.combine(getattr(requirement, end), now.timetz()))


def test_the_secretariat_enters_late_changes(
    world: World, requirement: PracticumRequirement, secretary: Actor, now: datetime
) -> None:
    credit = make_credit(
        by=world.manager, student=world.students[0], session=world.session(), now=now
    )
    locked(world, requirement, now)

    reversal = ledger.reverse(by=secretary, credit=credit, reason="核实后更正", now=now)

    assert reversal.class_hours == -4


def test_reopening_lets_the_school_correct_and_says_why(
    world: World, requirement: PracticumRequirement, secretary: Actor, now: datetime
) -> None:
    lock = locked(world, requirement, now)

    reopened = period_locks.reopen(by=secretary, lock=lock, reason=" 漏记一场 ", now=now + DAY)
    manual(world.students[0], now)
    again = locked(world, requirement, now + 2 * DAY)

    assert (reopened.reopen_reason, reopened.reopened_at, reopened.reopened_by_id) == (
        "漏记一场",
        now + DAY,
        secretary.membership_id,
    )
    assert list(PeriodLock.objects.live()) == [again]
    assert list(
        AuditEntry.objects.filter(verb__startswith="period.")
        .order_by("pk")
        .values_list("verb", "school_id")
    ) == [
        ("period.locked", world.school.pk),
        ("period.reopened", world.school.pk),
        ("period.locked", world.school.pk),
    ]


def test_refusals(
    world: World, requirement: PracticumRequirement, secretary: Actor, now: datetime
) -> None:
    lock = locked(world, requirement, now)

    with pytest.raises(PeriodLockedAlready):
        locked(world, requirement, now)
    with pytest.raises(NotAllowed):
        period_locks.reopen(by=world.coordinator, lock=lock, reason="漏记", now=now)
    with pytest.raises(ReasonMissing):
        period_locks.reopen(by=secretary, lock=lock, reason=" ", now=now)
    period_locks.reopen(by=secretary, lock=lock, reason="漏记", now=now)
    with pytest.raises(NotLocked):
        period_locks.reopen(by=secretary, lock=lock, reason="漏记", now=now)


def test_locks_are_seen_by_their_school_and_the_alliance(
    world: World, requirement: PracticumRequirement, secretary: Actor, now: datetime
) -> None:
    lock = locked(world, requirement, now)
    stranger = actor_of(MembershipFactory(role=Role.TEACHER))

    seen = [
        list(PeriodLock.objects.visible_to(actor))
        for actor in (world.coordinator, world.teacher, secretary, stranger, world.manager)
    ]

    assert seen == [[lock], [lock], [lock], [], []]
    assert str(lock) == f"{world.school.pk} {requirement.pk}"


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_is_being_written_is_waited_for(now: datetime) -> None:
    """Whoever locks comes after the entries before it; whoever enters meanwhile sees the lock."""
    world = make_world(now)
    requirement = RequirementFactory(entry_year_from=2025, entry_year_to=2025)
    came: list[str] = []

    def lock_it() -> None:
        locked(world, requirement, now)
        came.append("locked")
        connection.close()

    with transaction.atomic():
        manual(world.students[0], now)
        thread = threading.Thread(target=lock_it)
        thread.start()
        until_somebody_waits()
        came.append("entered")
    thread.join(timeout=60)

    assert came == ["entered", "locked"]


@pytest.mark.django_db(transaction=True)
def test_who_waited_for_the_lock_is_refused(now: datetime) -> None:
    world = make_world(now)
    requirement = RequirementFactory(entry_year_from=2025, entry_year_to=2025)
    refused: list[bool] = []

    def enter() -> None:
        try:
            with period_locks.refused_when_locked(), transaction.atomic():
                manual(world.students[0], now)
        except PeriodLocked:
            refused.append(True)
        connection.close()

    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=world.school.pk)
        thread = threading.Thread(target=enter)
        thread.start()
        until_somebody_waits()
        waited = thread.is_alive()
        locked(world, requirement, now)
    thread.join(timeout=60)

    assert (waited, refused, HourCredit.objects.count()) == (True, [True], 0)

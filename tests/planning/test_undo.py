"""Undoing a published plan: what is still as it was published goes, the rest stays and says why."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from accounts.actors import Actor
from accounts.errors import NotYours
from accounts.models import AuditEntry
from attendance.services import merging
from bookings.choices import BookingState, CancelledSide
from bookings.models import Booking, Reservation
from bookings.services import changes, host_moves, lists, planned, roll, swapping
from courses.models import CourseSession
from courses.services.sessions import Place as Where
from insights.selectors import invariants
from notifications.models import Delivery, Message
from planning import refusals
from planning.choices import PlanClassState, PlanState
from planning.errors.publishing import NothingToUndo, PlanNotPublished
from planning.models import CohortPlan
from planning.services import carrying_out, publishing
from rosters.models import ClassGroup, Student
from tests.bookings.conftest import DAY, World, make_world
from tests.bookings.races import at_once
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking
from tests.factories.planning import make_plan

DAYS = timedelta(days=1)


@pytest.fixture
def days(world: World) -> list[CourseSession]:
    return [world.session(day=DAY + number * DAYS) for number in range(2)]


@pytest.fixture
def plan(world: World, secretary: Actor, days: list[CourseSession], now: datetime) -> CohortPlan:
    """Published: a class of five, without the last of them, in two sessions."""
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: dict.fromkeys(days, world.students[:4])},
        now=now,
    )
    publishing.publish(by=secretary, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    Delivery.objects.all().delete()
    Message.objects.all().delete()
    return CohortPlan.objects.select_related("season").get(pk=plan.pk)


def undo(plan: CohortPlan, by: Actor, now: datetime) -> dict[str, int]:
    publishing.undo(by=by, plan=plan, now=now)
    return publishing.undo_classes(plan.pk, clock=lambda: now)


def booking_of(session: CourseSession) -> Booking:
    return Booking.objects.select_related("session__season", "session__version", "class_group").get(
        session=session, reservation__made_at__isnull=False
    )


def test_what_is_as_it_was_published_is_cancelled_and_everybody_told_once(
    world: World, secretary: Actor, plan: CohortPlan, now: datetime
) -> None:
    assert undo(plan, secretary, now) == {"undone": 1}
    assert publishing.undo_classes(plan.pk, clock=lambda: now) == {}

    plan.refresh_from_db()
    assert (plan.state, plan.undone_at, plan.undone_by_id, plan.lease_until) == (
        PlanState.UNDONE,
        now,
        secretary.membership_id,
        None,
    )
    assert {
        (one.state, one.cancelled_side, one.why_cancelled, one.is_late)
        for one in Booking.objects.all()
    } == {(BookingState.CANCELLED, CancelledSide.ALLIANCE, "计划调整", False)}
    assert list(CourseSession.objects.values_list("seats_taken", "adults_coming")) == [(0, 0)] * 2
    told = [(one.kind, one.recipient.name) for one in Message.objects.select_related("recipient")]
    assert sorted(told) == [
        ("booking_cancelled", "周老师"),
        ("booking_cancelled", "周老师"),
        ("booking_cancelled", "李师傅"),
        ("booking_cancelled", "李师傅"),
        ("plan_undone", "沈主任"),
    ]
    assert Message.objects.get(kind="plan_undone").body == (
        "区职业教育联盟撤回了统筹方案，贵校 1 个班的预约已取消。"
    )
    assert list(
        AuditEntry.objects.filter(verb__in=["plan.undoing", "plan.undone"])
        .order_by("pk")
        .values_list("verb", "facts")
    ) == [("plan.undoing", {}), ("plan.undone", {"classes": {"undone": 1}})]
    assert AuditEntry.objects.filter(verb="reservation.taken_back").count() == 1
    assert invariants.findings() == []


def _name_another(world: World, session: CourseSession, now: datetime) -> None:
    changes.swap_student(
        by=world.teacher,
        booking=booking_of(session),
        out_student_id=world.students[0].pk,
        in_student_id=world.students[4].pk,
        now=now,
    )


def _shrink(world: World, session: CourseSession, now: datetime) -> None:
    booking = booking_of(session)
    lists.change_booking(
        by=world.teacher,
        booking=booking,
        edition=booking.edition,
        student_ids=[one.pk for one in world.students[:3]],
        now=now,
    )


def _swap(world: World, session: CourseSession, now: datetime) -> None:
    elsewhere = world.session(day=DAY + 5 * DAYS)
    swapping.swap(
        by=world.teacher,
        booking=booking_of(session),
        session_ids=[elsewhere.pk],
        reason="",
        now=now,
    )


@pytest.mark.parametrize("change", [_name_another, _shrink, _swap])
def test_what_the_school_changed_since_is_kept(
    world: World,
    secretary: Actor,
    plan: CohortPlan,
    days: list[CourseSession],
    now: datetime,
    change: Callable[[World, CourseSession, datetime], None],
) -> None:
    change(world, days[0], now)
    before = set(Booking.objects.live().exclude(session=days[1]).values_list("pk", flat=True))

    assert undo(plan, secretary, now) == {"kept": 1}

    row = plan.classes.get()
    assert set(Booking.objects.live().values_list("pk", flat=True)) == before
    assert len(before) == 1
    assert row.refusal["code"] == "changed_since_planned"
    assert (row.refusal["kept"], row.refusal["cancelled"]) == (1, 1)
    assert refusals.sentence(row.refusal) == "学校已改过这个预约，撤回方案时保留。"
    assert Message.objects.get(kind="plan_undone").body.splitlines() == [
        # The class keeps one and has lost the other.
        "区职业教育联盟撤回了统筹方案，贵校 1 个班的预约已取消。",
        "下列班级有预约保留：",
        "七(3)班保留 1 场：学校已改过这个预约，撤回方案时保留。",
    ]
    assert invariants.findings() == []


def test_where_all_is_kept_nothing_is_said_to_be_cancelled(
    world: World, secretary: Actor, plan: CohortPlan, days: list[CourseSession], now: datetime
) -> None:
    for day in days:
        _name_another(world, day, now)

    assert undo(plan, secretary, now) == {"kept": 1}

    assert Message.objects.get(kind="plan_undone").body.splitlines() == [
        "区职业教育联盟撤回了统筹方案。",
        "下列班级有预约保留：",
        "七(3)班保留 2 场：学校已改过这个预约，撤回方案时保留。",
    ]


def _leave(world: World, session: CourseSession, now: datetime) -> None:
    student = world.students[0]
    Student.objects.filter(pk=student.pk).update(left_at=now)
    roll.release_leaver(by=world.coordinator, class_group=world.group, student=student, now=now)


def _move(world: World, session: CourseSession, now: datetime) -> None:
    host_moves.change_session(
        by=world.manager,
        session=session,
        sequence=session.sequence,
        change=host_moves.Change(
            starts_at=session.starts_at + timedelta(hours=1),
            ends_at=session.ends_at + timedelta(hours=1),
            place=Where(session.room, None, ""),
            capacity=session.capacity,
        ),
        reason="师傅有事",
        now=now,
    )


def _school_cancels(world: World, session: CourseSession, now: datetime) -> None:
    changes.cancel_booking(by=world.teacher, booking=booking_of(session), reason="考试", now=now)


def _merge(world: World, session: CourseSession, now: datetime) -> None:
    merging.merge(
        by=world.coordinator, survivor=world.students[4], duplicate=world.students[0], now=now
    )


def _archive(world: World, session: CourseSession, now: datetime) -> None:
    ClassGroup.objects.filter(pk=world.group.pk).update(archived_at=now)


@pytest.mark.parametrize("change", [_archive, _leave, _merge, _move, _school_cancels])
def test_what_others_did_since_does_not_hold_it_back(
    world: World,
    secretary: Actor,
    plan: CohortPlan,
    days: list[CourseSession],
    now: datetime,
    change: Callable[[World, CourseSession, datetime], None],
) -> None:
    change(world, days[0], now)

    assert undo(plan, secretary, now) == {"undone": 1}

    assert not Booking.objects.live().exists()
    assert invariants.findings() == []


def test_what_is_settled_is_kept_and_what_is_not_goes(
    world: World, secretary: Actor, plan: CohortPlan, days: list[CourseSession], now: datetime
) -> None:
    world.season.freeze_days = 3
    world.season.save()
    # The list of the first day is settled, that of the second is not yet.
    late = days[0].starts_at - timedelta(days=2, hours=1)

    assert undo(plan, secretary, late) == {"kept": 1}

    assert [one.session_id for one in Booking.objects.live()] == [days[0].pk]
    assert plan.classes.get().refusal["code"] == "list_settled"


def test_a_set_is_kept_whole_for_one_of_its_days(
    world: World, secretary: Actor, now: datetime
) -> None:
    _camp, days = world.camp()
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: dict.fromkeys(days, world.students)},
        now=now,
    )
    publishing.publish(by=secretary, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    plan.refresh_from_db()
    world.season.freeze_days = 1
    world.season.save()

    assert undo(plan, secretary, days[1].starts_at - timedelta(hours=25)) == {"kept": 1}

    assert Booking.objects.live().count() == 2
    assert plan.classes.get().refusal["kept"] == 2


def test_bookings_that_the_school_made_itself_are_left_alone(
    world: World, secretary: Actor, plan: CohortPlan, now: datetime
) -> None:
    own = make_booking(
        by=world.coordinator,
        session=world.session(day=DAY + 7 * DAYS),
        class_group=world.group,
        now=now,
    )

    undo(plan, secretary, now)

    assert [one.pk for one in Booking.objects.live()] == [own.pk]


def test_who_may_and_when(
    world: World, secretary: Actor, plan: CohortPlan, days: list[CourseSession], now: datetime
) -> None:
    with pytest.raises(NotYours):
        publishing.undo(by=world.coordinator, plan=plan, now=now)
    with CaptureQueriesContext(connection) as queries:
        publishing.check_can_undo(secretary, plan, now)
    assert len(queries) == 1
    with pytest.raises(NothingToUndo):
        publishing.undo(by=secretary, plan=plan, now=days[1].starts_at)
    CohortPlan.objects.filter(pk=plan.pk).update(state=PlanState.FOUND)
    plan.refresh_from_db()
    with pytest.raises(PlanNotPublished):
        publishing.undo(by=secretary, plan=plan, now=now)


def test_another_school_takes_nothing_back(world: World, plan: CohortPlan, now: datetime) -> None:
    other = actor_of(MembershipFactory(coordinator=True))

    with pytest.raises(NotYours):
        planned.take_back(by=other, reservation=Reservation.objects.get(), planned={}, now=now)


def test_undoing_that_fell_silent_goes_on(
    world: World, secretary: Actor, plan: CohortPlan, now: datetime
) -> None:
    publishing.undo(by=secretary, plan=plan, now=now)
    OrmQ.objects.all().delete()

    assert carrying_out.take_up_again(now=now + 2 * carrying_out.LEASE) == 1

    assert [one.func() for one in OrmQ.objects.all()] == ["planning.tasks.undo"]


@pytest.mark.django_db(transaction=True)
def test_interrupted_and_twice_at_once_it_tells_everybody_once(now: datetime) -> None:
    """The first run dies after two classes; two more then do the rest together."""
    world = make_world(now)
    secretary = actor_of(MembershipFactory(secretariat=True))
    groups: list[ClassGroup] = [world.group, *(world.new_group(10 + n, 3) for n in range(4))]
    session = world.session()
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={one: {session: list(one.students.all())} for one in groups},
        now=now,
    )
    publishing.publish(by=secretary, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    plan = CohortPlan.objects.get(pk=plan.pk)
    publishing.undo(by=secretary, plan=plan, now=now)
    ticks = iter([now] * 5)

    # The clock is read twice for each class: the run ends with the third begun.
    with pytest.raises(StopIteration):
        publishing.undo_classes(plan.pk, clock=ticks.__next__)
    half = plan.classes.filter(state=PlanClassState.UNDONE).count()
    answers = at_once(
        *[lambda: publishing.undo_classes(plan.pk, clock=lambda: now) for _task in range(2)]
    )

    assert half == 2
    assert {"undone": 5} in answers
    assert not Booking.objects.live().exists()
    assert Message.objects.filter(kind="booking_cancelled", recipient__name="李师傅").count() == 5
    assert Message.objects.filter(kind="plan_undone").count() == 1
    assert CohortPlan.objects.get(pk=plan.pk).state == PlanState.UNDONE
    assert invariants.findings() == []

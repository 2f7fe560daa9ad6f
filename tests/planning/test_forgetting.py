"""What a plan says of students ends with its sessions, and with them."""

from datetime import datetime, time, timedelta

import time_machine

from accounts.actors import Actor
from accounts.models import AuditEntry
from attendance.services import erasure, merging
from bookings.models import Place
from planning import refusals, tasks
from planning.choices import PlanState
from planning.models import CohortPlan, PlanClass, PlannedPlace
from planning.services import publishing, retention
from sites.calendar import at
from tests.bookings.conftest import DAY, World
from tests.factories.planning import make_plan

DAYS = timedelta(days=1)


def test_planned_places_are_gone_a_month_after_their_session(
    world: World, secretary: Actor, now: datetime
) -> None:
    session, later = world.session(), world.session(day=DAY + DAYS)
    make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {session: world.students[:2], later: world.students[:3]}},
        now=now,
    )
    due = session.ends_at + 30 * DAYS

    assert retention.places_over(due).count() == 0
    with time_machine.travel(due + timedelta(seconds=1), tick=False):
        removed = tasks.retain()
        again = tasks.retain()

    assert (removed["planned_places"], again["planned_places"]) == (2, 0)
    assert set(PlannedPlace.objects.values_list("session_id", flat=True)) == {later.pk}
    assert [one.facts["removed"]["planned_places"] for one in _runs()] == [2, 0]


def test_why_a_class_was_refused_is_gone_a_month_after_the_season(
    world: World, secretary: Actor, now: datetime
) -> None:
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {world.session(): world.students}},
        now=now,
    )
    why = {"code": "consent_missing", "facts": {"class_group": "七(3)班", "seats": "2"}}
    plan.classes.update(state="refused", refusal=why)
    over = at(world.season.runs_until + 31 * DAYS, time(0))

    assert retention.refusals_over(over - timedelta(seconds=1)).count() == 0
    with time_machine.travel(over, tick=False):
        removed = tasks.retain()

    assert removed["plan_refusals"] == 1
    row = plan.classes.get()
    assert (row.refusal, refusals.sentence(row.refusal)) == ({}, "")


def _runs() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(verb="retention.ran").order_by("pk"))


def test_a_plan_found_before_she_was_erased_or_merged_books_nothing_for_her(
    world: World, secretary: Actor, now: datetime
) -> None:
    session = world.session()
    erased, twin, double = world.students[:3]
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {session: [erased, double]}},
        now=now,
    )
    erasure.erase_student(by=world.coordinator, student=erased, typed_name=erased.name, now=now)
    merging.merge(by=world.coordinator, survivor=twin, duplicate=double, now=now)

    publishing.publish(by=secretary, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)

    assert list(Place.objects.values_list("student_id", flat=True)) == [twin.pk]
    assert list(PlannedPlace.objects.values_list("student_id", flat=True)) == [twin.pk]


def test_a_class_or_student_that_an_import_takes_back_leaves_the_plan(
    world: World, secretary: Actor, now: datetime
) -> None:
    session = world.session()
    gone = world.new_group(4, 2)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {session: world.students}, gone: {session: list(gone.students.all())}},
        now=now,
    )

    gone.students.all().delete()
    gone.delete()

    assert PlannedPlace.objects.count() == 5
    assert [one.class_group for one in PlanClass.objects.all()] == [world.group]
    publishing.publish(by=secretary, plan=plan, now=now)
    assert publishing.publish_classes(plan.pk, clock=lambda: now) == {"booked": 1}
    assert CohortPlan.objects.get().state == PlanState.PUBLISHED

"""A calculation: its rows, its lease, and what becomes of it when it is stopped or dies."""

import os
import signal
import subprocess
import sys
import time as clocks
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from accounts.actors import Actor
from accounts.models import AuditEntry
from bookings.services import host_changes, reservations
from bookings.services.parts import Part
from courses.models import CourseSession
from hours.choices import CreditKind
from hours.models import HourCredit, PracticumRequirement
from planning import tasks, wording
from planning.choices import PlanGoal, PlanState
from planning.models import ClassWish, CohortPlan, PlanClass, PlannedPlace, WishList
from planning.selectors import plans as plan_selectors
from planning.services import plans, running, warming
from planning.solving import planner, seating
from planning.solving.verifying import Rule
from rosters.choices import ConsentRule
from rosters.models import SchoolSettings
from rosters.services import consents
from sites.calendar import local_day
from tests.bookings.conftest import DAY, World, make_world
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of

from .conftest import offer

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60


def sessions(world: World, first: date = DAY, capacity: int = 40) -> list[CourseSession]:
    """Four mornings from a Tuesday, four class hours each, of four occupations."""
    return [
        world.session(
            version=offer(world, name), day=first + timedelta(days=offset), capacity=capacity
        )
        for offset, name in enumerate(("木工", "花艺师", "面点师", "电工"))
    ]


def ask(by: Actor, world: World, now: datetime, **values: Any) -> CohortPlan:
    return plans.start_plan(
        **{
            "by": by,
            "season": world.season,
            "requirement": PracticumRequirement.objects.get(),
            "schools": [world.school],
            "sites_at_once": 2,
            "goal": PlanGoal.WISHES,
            "is_draft": False,
            "now": now,
        }
        | values
    )


def run(plan: CohortPlan, now: datetime) -> CohortPlan:
    running.run_plan(plan.pk, clock=lambda: now)
    return CohortPlan.objects.get(pk=plan.pk)


def test_a_plan_is_found_and_stored_whole(world: World, secretary: Actor, now: datetime) -> None:
    first, *_others = offered = sessions(world)
    world.new_group(4, 3)
    said = WishList.objects.create(
        season=world.season, school=world.school, class_group=world.group, said_at=now,
        said_by_id=world.coordinator.membership_id,
    )  # fmt: skip
    ClassWish.objects.create(wish_list=said, rank=1, occupation="花艺师")
    reservations.reserve(
        by=world.coordinator,
        parts=[Part(class_group=world.group, session_ids=[first.pk])],
        idempotency_key="k",
        now=now,
    )

    plan = run(ask(secretary, world, now), now)

    rows = list(PlanClass.objects.filter(plan=plan).order_by("class_group__number"))
    school = plan.schools.get()
    places = set(PlannedPlace.objects.values_list("session_id", "student__class_group__number"))
    assert (plan.state, plan.is_whole, plan.found_at, plan.lease_until) == (
        "found",
        True,
        now,
        None,
    )
    assert (plan.students, plan.reached_before, plan.reached, plan.bound) == (8, 0, 8, 8)
    assert (plan.worst_school, plan.shortage, plan.trips) == (1.0, {}, 8)
    assert plan.worst_school_bound == 1.0
    # 160 seats, of which 8 students take four each, booked or planned.
    assert plan.seats_left == 160 - 32
    assert [(one.students, one.reached, one.state) for one in rows] == [
        (5, 5, "planned"),
        (3, 3, "planned"),
    ]
    # The first is booked already; four of fourteen hours are what was wished for.
    assert places == {(one.pk, 3) for one in offered[1:]} | {(one.pk, 4) for one in offered}
    assert PlannedPlace.objects.count() == 5 * 3 + 3 * 4
    assert rows[0].wishes == pytest.approx(4 / 14)
    assert [one.reason["code"] for one in rows] == ["met", "no wish"]
    assert (school.students, school.reached, school.seats, school.trips) == (8, 8, 27, 8)
    assert (school.wishes, plan.wishes) == (pytest.approx(5 / 28), pytest.approx(5 / 28))
    entry = AuditEntry.objects.get(verb="plan.found")
    assert entry.facts == {"reached": 8, "students": 8}


def test_what_is_missing_is_told_by_keys_and_figures(
    world: World, secretary: Actor, now: datetime
) -> None:
    offered = sessions(world, capacity=3)

    plan = run(ask(secretary, world, now), now)

    row = PlanClass.objects.get(plan=plan)
    openings = plan.shortage.pop("openings")
    assert (plan.reached, plan.students, row.reached) == (3, 5, 3)
    assert plan.shortage == {
        "short": 2,
        "unsigned": 0,
        "is_nothing_on_offer": False,
        "by_days": 0,
        "by_sites": 0,
    }
    assert {one["session"] for one in openings} <= {one.pk for one in offered}
    assert [one["reached"] for one in openings][-1] == 2
    assert {key for one in openings for key in one} == {"session", "seats", "students", "reached"}


def test_without_anything_on_offer_nothing_is_found_but_the_shortage(
    world: World, secretary: Actor, now: datetime
) -> None:
    """What there was when it was asked for is gone before it is calculated."""
    session = world.session()
    plan = ask(secretary, world, now)
    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)

    plan = run(plan, now)

    row = PlanClass.objects.get(plan=plan)
    assert (plan.state, plan.reached, plan.shortage["short"]) == ("found", 0, 5)
    assert plan.shortage["is_nothing_on_offer"]
    assert (row.state, row.reached, row.students) == ("nothing", 0, 5)


@pytest.mark.parametrize("signed", [0, 2])
def test_who_lacks_a_signature_is_counted_and_not_placed(
    world: World, secretary: Actor, now: datetime, signed: int
) -> None:
    sessions(world)
    SchoolSettings.objects.create(
        school=world.school, consent_rule=ConsentRule.YEAR, consent_blocks=True
    )
    consents.record_consents(
        by=world.teacher,
        class_group=world.group,
        student_ids=[one.pk for one in world.students[:signed]],
        school_year=world.season.school_year,
        now=now,
    )

    plan = run(ask(secretary, world, now), now)

    shortage = {name: plan.shortage[name] for name in ("short", "unsigned", "by_days")}
    assert (plan.state, plan.reached) == ("found", signed)
    assert shortage == {"short": 5 - signed, "unsigned": 5 - signed, "by_days": 0}
    placed = PlannedPlace.objects.order_by("student_id").values_list("student_id", flat=True)
    assert set(placed) == {one.pk for one in world.students[:signed]}


def test_a_school_of_a_plan_without_a_class_in_need_has_no_figures(
    world: World, secretary: Actor, now: datetime
) -> None:
    sessions(world)
    empty = OrganisationFactory()

    plan = run(ask(secretary, world, now, schools=[world.school, empty]), now)

    assert [one.school_id for one in plan.schools.all()] == [world.school.pk]


def test_nobody_short_any_more_is_said(world: World, secretary: Actor, now: datetime) -> None:
    world.session()
    plan = ask(secretary, world, now)
    world.group.students.update(left_at=now)

    found = run(plan, now)

    assert (found.state, found.failure, found.lease_until) == ("failed", "plan_nobody_short", None)
    assert AuditEntry.objects.get(verb="plan.failed").facts["code"] == "plan_nobody_short"


def test_a_plan_that_breaks_a_rule_is_not_shown(
    world: World, secretary: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions(world)
    warming.warm(lambda _now: None)
    places_of = seating.places_of
    monkeypatch.setattr(seating, "places_of", lambda *given: places_of(*given)[[0, 0, *range(19)]])

    found = run(ask(secretary, world, now), now)

    entry = AuditEntry.objects.get(verb="plan.failed")
    assert (found.state, found.failure) == ("failed", "plan_unsound")
    assert entry.facts["code"] == "plan_unsound"
    assert entry.facts["rules"] == [Rule.CLASH, Rule.COURSE_AGAIN, Rule.TWICE]
    assert not PlanClass.objects.exists()


def test_a_plan_is_calculated_once(world: World, secretary: Actor, now: datetime) -> None:
    sessions(world)
    plan = ask(secretary, world, now)
    CohortPlan.objects.filter(pk=plan.pk).update(
        state=PlanState.RUNNING, lease_until=now + timedelta(seconds=1)
    )

    busy = running.run_plan(plan.pk, clock=lambda: now)
    places = PlannedPlace.objects.count()
    found = running.run_plan(plan.pk, clock=lambda: now + timedelta(seconds=2))
    again = running.run_plan(plan.pk, clock=lambda: now)

    assert (busy, places) == ("running", 0)
    assert (found, again) == ("found", "found")
    assert PlannedPlace.objects.count() == 5 * 4


def test_who_was_taken_for_dead_stores_nothing(
    world: World, secretary: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions(world)
    plan = ask(secretary, world, now)
    search = planner.plan

    def slow(*given: Any, **more: Any) -> Any:
        # Meanwhile another process has begun anew.
        CohortPlan.objects.filter(pk=plan.pk).update(lease_until=now + timedelta(hours=1))
        return search(*given, **more)

    warming.warm(lambda _now: None)
    monkeypatch.setattr(planner, "plan", slow)

    found = run(plan, now)

    assert (found.state, found.lease_until) == ("running", now + timedelta(hours=1))
    assert not PlanClass.objects.exists()


def test_cancelled_before_anything_is_found_it_is_dropped(
    world: World, secretary: Actor, now: datetime
) -> None:
    sessions(world)
    plan = ask(secretary, world, now)
    CohortPlan.objects.filter(pk=plan.pk).update(cancel_asked_at=now)

    assert run(plan, now).state == PlanState.DROPPED
    assert not PlanClass.objects.exists()


def test_cancelled_while_it_runs_the_best_so_far_is_kept(
    world: World, secretary: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions(world)
    plan = ask(secretary, world, now)
    monkeypatch.setattr(running, "ASK_EVERY", 0.0)
    warming.warm(lambda _now: None)
    search = planner.plan

    def told(*given: Any, progress: Any, **more: Any) -> Any:
        def asks(say: Any) -> None:
            progress(say)
            plans.cancel_plan(by=secretary, plan=plan, now=now)

        return search(*given, progress=asks, **more)

    monkeypatch.setattr(planner, "plan", told)

    found = run(plan, now)

    assert (found.state, found.is_whole, found.reached) == ("found", False, 5)
    assert PlannedPlace.objects.count() == 5 * 4


def test_the_page_is_told_how_far_it_is(world: World, secretary: Actor, now: datetime) -> None:
    sessions(world)
    plan = ask(secretary, world, now)
    work = running._claim(plan.pk, lambda: now + timedelta(minutes=1))
    assert work is not None
    said = planner.Progress(planner.Stage.SITES, 3.5, 4, 5)
    work.students = 5

    work.tell(said)
    work.tell(replace(said, best=5))

    plan.refresh_from_db()
    # The second comes too soon after the first.
    assert (plan.stage, plan.seconds, plan.best, plan.bound, plan.students) == (
        "sites",
        3.5,
        4,
        5,
        5,
    )
    assert plan.lease_until == now + timedelta(minutes=1) + running.LEASE


def test_what_died_is_taken_up_until_it_has_died_too_often(
    world: World, secretary: Actor, now: datetime
) -> None:
    sessions(world)
    plan = ask(secretary, world, now)
    later = now
    for _each in range(running.TRIES):
        assert running._claim(plan.pk, lambda at=later: at) is not None
        assert running.take_up_again(now=later + timedelta(minutes=4)) == 0
        later += timedelta(minutes=6)
        running.take_up_again(now=later)

    plan.refresh_from_db()
    assert (plan.state, plan.failure, plan.tries) == ("failed", "plan_died", 3)
    # Asked for, and taken up twice.
    assert [one.task["args"] for one in OrmQ.objects.all()] == [(plan.pk,)] * 3
    assert run(plan, later).state == "failed"


def test_a_plan_whose_task_was_lost_is_handed_over_anew(
    world: World, secretary: Actor, now: datetime
) -> None:
    world.session()
    ask(secretary, world, now)
    OrmQ.objects.all().delete()

    assert running.take_up_again(now=now + timedelta(minutes=9)) == 0
    assert running.take_up_again(now=now + timedelta(minutes=11)) == 1
    assert running.take_up_again(now=now + timedelta(minutes=12)) == 0
    assert OrmQ.objects.count() == 1


@contextmanager
def cluster(folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """The cluster of plans on the test's database, with the routines compiled before."""
    parts = connection.settings_dict
    environment = {
        **os.environ,
        "DATABASE_URL": (
            f"postgresql://{parts['USER']}:{parts['PASSWORD']}@/{parts['NAME']}"
            f"?host={parts['HOST']}&port={parts['PORT'] or 5432}"
        ),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "VAR_DIR": str(folder),
        "Q_CLUSTER_NAME": "planning",
        "DEBUG": "1",
    }
    with (folder / "cluster.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"], cwd=ROOT, env=environment,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=PATIENCE)


def wait_for(plan: CohortPlan, state: PlanState, log: Path) -> None:
    deadline = clocks.monotonic() + PATIENCE
    while CohortPlan.objects.get(pk=plan.pk).state != state:
        assert clocks.monotonic() < deadline, log.read_text()
        clocks.sleep(0.1)


@pytest.mark.django_db(transaction=True)
def test_a_killed_cluster_leaves_a_plan_that_the_next_one_finds(tmp_path: Path) -> None:
    now = timezone.now()
    warming.warm(lambda _now: None)
    world = make_world(now)
    PracticumRequirement.objects.update(
        counts_from=local_day(now) - timedelta(days=60), due_on=local_day(now) + timedelta(days=60)
    )
    tuesday = local_day(now) + timedelta(days=14 - local_day(now).weekday() + 1)
    sessions(world, first=tuesday)
    plan = ask(actor_of(MembershipFactory(secretariat=True)), world, now)
    log = tmp_path / "cluster.log"

    with connection.cursor() as cursor:
        # Whoever stores a class waits: the cluster is killed in the middle of it.
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE planning_planclass IN EXCLUSIVE MODE")
        with cluster(tmp_path) as process:
            wait_for(plan, PlanState.RUNNING, log)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=PATIENCE)
        cursor.execute("ROLLBACK")
    left = (CohortPlan.objects.get(pk=plan.pk).state, PlanClass.objects.count())
    CohortPlan.objects.filter(pk=plan.pk).update(lease_until=now - timedelta(seconds=1))
    taken_up = tasks.take_up_again()
    with cluster(tmp_path):
        wait_for(plan, PlanState.FOUND, log)

    assert (left, taken_up) == (("running", 0), 1)
    assert PlannedPlace.objects.count() == 5 * 4
    assert CohortPlan.objects.get(pk=plan.pk).tries == 2


def test_a_class_whose_hours_are_full_lacks_none_though_it_lacks_an_occupation(
    world: World, secretary: Actor, now: datetime
) -> None:
    """Two of five attend what all wish for: of the hours that count, nobody lacks any."""
    world.session(version=offer(world, "花艺师"), capacity=2)
    world.session(version=offer(world, "木工"))
    said = WishList.objects.create(
        season=world.season, school=world.school, class_group=world.group, said_at=now,
        said_by_id=world.coordinator.membership_id,
    )  # fmt: skip
    ClassWish.objects.create(wish_list=said, rank=1, occupation="花艺师")
    newcomers = world.new_group(4, 2)
    HourCredit.objects.bulk_create(
        HourCredit(
            student=one, school=world.school, kind=CreditKind.MANUAL, class_hours=14,
            reason="转入", earned_on=now.date(), credited_at=now,
        )
        for one in world.students
    )  # fmt: skip

    plan = run(ask(secretary, world, now), now)

    rows = {row.class_group_id: row for row in plan.classes.all()}
    full, lacking = rows[world.group.pk], rows[newcomers.pk]
    assert (full.reached, full.reason["wishing"], full.wishes) == (5, 5, 0.0)
    assert (full.reason["lacking_hours"], lacking.reason["lacking_hours"]) == (0, 2)
    assert wording.class_wishes(full) == "—"
    assert plan_selectors.schools_with_wishes(plan) == set()

"""Publishing: one class, one reservation; what cannot be had is said; a crash halves nothing."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django_q.models import OrmQ

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours, Refusal
from accounts.models import AuditEntry
from bookings.choices import BookingState
from bookings.models import Booking, Companion, Place, Reservation
from bookings.services import host_changes, planned
from courses.errors import OutsideSeason
from courses.models import CourseSession, Season
from insights.selectors import invariants
from notifications.models import Message
from planning import refusals, tasks
from planning.choices import PlanClassState, PlanState
from planning.errors.publishing import NothingToPublish, PlanNotFound, PlanOutdated
from planning.models import CohortPlan, PlanClass, PlannedPlace
from planning.services import carrying_out, publishing
from rosters.choices import ConsentRule
from rosters.models import ClassGroup, SchoolSettings, Student
from tests.bookings.conftest import DAY, World, make_world
from tests.bookings.races import at_once
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.bookings import make_booking
from tests.factories.planning import make_plan

DAYS = timedelta(days=1)


def students_of(group: ClassGroup) -> list[Student]:
    return list(group.students.order_by("seat_no"))


def publish(plan: CohortPlan, by: Actor, now: datetime) -> dict[str, int]:
    publishing.publish(by=by, plan=plan, now=now)
    return publishing.publish_classes(plan.pk, clock=lambda: now)


def states(plan: CohortPlan) -> list[str]:
    return list(plan.classes.order_by("pk").values_list("state", flat=True))


def placed(session: CourseSession) -> list[int]:
    return sorted(Place.objects.live().filter(session=session).values_list("student_id", flat=True))


def wanted_of(world: World) -> dict[ClassGroup, dict[CourseSession, list[Student]]]:
    """One session for the whole class."""
    return {world.group: {world.session(): world.students}}


def test_every_class_has_one_reservation_with_all_its_bookings(
    world: World, secretary: Actor, now: datetime
) -> None:
    first, second, shared = world.session(), world.session(), world.session(day=DAY + DAYS)
    other = world.new_group(4, 3)
    ours, theirs = world.students, students_of(other)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={
            world.group: {first: ours[:3], second: ours[3:], shared: ours},
            other: {shared: theirs},
            world.new_group(5, 2): {},
        },
        now=now,
    )

    counts = publish(plan, secretary, now)

    plan.refresh_from_db()
    assert counts == {"booked": 2, "nothing": 1}
    assert (plan.state, plan.published_at, plan.lease_until) == (PlanState.PUBLISHED, now, None)
    assert plan.published_by_id == secretary.membership_id
    made = {row.class_group_id: row.reservation for row in plan.classes.exclude(reservation=None)}
    assert Reservation.objects.count() == 2
    assert {
        (booking.session_id, booking.reservation_id, booking.seats, booking.state)
        for booking in Booking.objects.all()
    } == {
        (first.pk, made[world.group.pk].pk, 3, BookingState.CONFIRMED),
        (second.pk, made[world.group.pk].pk, 2, BookingState.CONFIRMED),
        (shared.pk, made[world.group.pk].pk, 5, BookingState.CONFIRMED),
        (shared.pk, made[other.pk].pk, 3, BookingState.CONFIRMED),
    }
    assert placed(first) == [one.pk for one in ours[:3]]
    assert placed(shared) == sorted(one.pk for one in [*ours, *theirs])
    assert {one.made_by_id for one in Reservation.objects.all()} == {secretary.membership_id}
    assert {one.contact_name for one in Reservation.objects.all()} == {"办公室"}
    assert invariants.findings() == []


def test_a_set_is_booked_whole(world: World, secretary: Actor, now: datetime) -> None:
    _camp, days = world.camp()
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: dict.fromkeys(days, world.students)},
        now=now,
    )

    assert publish(plan, secretary, now) == {"booked": 1}

    assert [one.seats for one in Booking.objects.all()] == [5, 5]


def test_a_set_without_one_of_its_days_is_refused(
    world: World, secretary: Actor, now: datetime
) -> None:
    _camp, days = world.camp()
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {days[0]: world.students}},
        now=now,
    )

    assert publish(plan, secretary, now) == {"refused": 1}

    assert plan.classes.get().refusal == {
        "code": "set_booked_whole",
        "facts": {"set": "两日营", "sessions": 2},
    }


def test_those_who_teach_the_class_come_along_and_nobody_twice_at_once(
    world: World, secretary: Actor, now: datetime
) -> None:
    world.version.min_adults = 2
    world.version.save()
    helper = MembershipFactory(organisation=world.school, user__name="吴老师")
    world.group.teachers.create(membership=helper)
    first, second, later = world.session(), world.session(), world.session(day=DAY + DAYS)
    elsewhere = world.new_group(4, 3)
    world.teach(elsewhere)
    ours = world.students
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={
            world.group: {first: ours[:3], second: ours[3:], later: ours},
            elsewhere: {second: students_of(elsewhere)},
        },
        now=now,
    )

    publish(plan, secretary, now)

    assert sorted(
        (one.booking.class_group_id, one.booking.session_id, one.name)
        for one in Companion.objects.select_related("booking")
    ) == [
        (world.group.pk, first.pk, "吴老师"),
        (world.group.pk, first.pk, "周老师"),
        (world.group.pk, later.pk, "吴老师"),
        (world.group.pk, later.pk, "周老师"),
    ]
    assert {one.adults for one in Booking.objects.all()} == {2}


def test_school_and_host_read_that_the_alliances_plan_did_it(
    world: World, secretary: Actor, now: datetime
) -> None:
    refused = world.new_group(4, 3)
    begun = world.session(day=now.date() - DAYS)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={
            world.group: {world.session(): world.students},
            refused: {begun: students_of(refused)},
        },
        now=now,
    )

    publish(plan, secretary, now)
    publishing.publish_classes(plan.pk, clock=lambda: now)

    told = {
        (one.kind, one.recipient.name): one.body.splitlines()
        for one in Message.objects.select_related("recipient")
    }
    assert Message.objects.count() == len(told) == 3
    assert told["booking_confirmed", "周老师"][0] == (
        "区职业教育联盟按统筹方案为班级约了这一场，名额已定。请核对名单和带队教师。"
    )
    assert told["booking_made", "李师傅"][0] == ("区职业教育联盟按统筹方案为清河中学约了下列场次。")
    assert told["plan_published", "沈主任"] == [
        "区职业教育联盟按统筹方案为贵校 1 个班约好了场次。",
        "下列班级没有约成，请另行预约：",
        "七(4)班：这一场 11 月 23 日（周一）9:00 已经开始，不能再改预约。",
    ]


def test_a_school_for_which_nothing_was_booked_is_not_told_of_no_classes(
    world: World, secretary: Actor, now: datetime
) -> None:
    begun = world.session(day=now.date() - DAYS)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {begun: world.students}},
        now=now,
    )

    publish(plan, secretary, now)

    assert Message.objects.get().body.splitlines()[:2] == [
        "区职业教育联盟发布了统筹方案。",
        "下列班级没有约成，请另行预约：",
    ]


def test_a_schools_own_plan_is_published_as_its_own_bookings(world: World, now: datetime) -> None:
    plan = make_plan(
        by=world.coordinator,
        season=world.season,
        school=world.school,
        wanted={world.group: {world.session(): world.students}},
        now=now,
    )

    assert publish(plan, world.coordinator, now) == {"booked": 1}

    bodies = list(Message.objects.filter(kind="booking_made").values_list("body", flat=True))
    assert [body.splitlines()[0] for body in bodies] == ["清河中学的沈主任约了下列场次。"]
    assert not Message.objects.filter(kind="plan_published").exists()


def _fill(world: World, session: CourseSession, now: datetime) -> None:
    other = world.new_group(9, 38)
    make_booking(by=world.coordinator, session=session, class_group=other, now=now)


def _be_busy(world: World, session: CourseSession, now: datetime) -> None:
    make_booking(
        by=world.coordinator,
        session=world.session(),
        class_group=world.group,
        student_ids=[world.students[1].pk],
        now=now,
    )


def _ask_consent(world: World, session: CourseSession, now: datetime) -> None:
    SchoolSettings.objects.create(
        school=world.school, consent_rule=ConsentRule.YEAR, consent_blocks=True
    )


def _archive(world: World, session: CourseSession, now: datetime) -> None:
    ClassGroup.objects.filter(pk=world.group.pk).update(archived_at=now)


def _leave(world: World, session: CourseSession, now: datetime) -> None:
    Student.objects.filter(class_group=world.group).update(left_at=now)


def _cancel(world: World, session: CourseSession, now: datetime) -> None:
    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)


def _grow_old(world: World, session: CourseSession, now: datetime) -> None:
    ClassGroup.objects.filter(pk=world.group.pk).update(entry_year=2023)


@pytest.mark.parametrize(
    ("change", "code", "facts"),
    [
        (_fill, "session_full", {"seats": 5, "seats_left": 2}),
        (
            _be_busy,
            "student_busy",
            {
                "class_group": "七(3)班",
                "seats": "2",
                "when": "12 月 8 日（周二）9:00–11:30",
                "elsewhere": "面包师：吐司与软欧",
            },
        ),
        (_ask_consent, "consent_missing", {"class_group": "七(3)班", "seats": "1、2、3、4、5"}),
        (_archive, "class_archived", {"class_group": "七(3)班"}),
        (_leave, "no_students", {}),
        (_cancel, "session_cancelled", {"reason": "停电"}),
        (
            _grow_old,
            "wrong_stage",
            {"suits": "七年级至八年级", "class_group": "九(3)班", "grade": "九年级"},
        ),
    ],
)
def test_what_cannot_be_had_any_more_is_refused_and_the_others_go_on(
    world: World,
    secretary: Actor,
    now: datetime,
    change: Callable[[World, CourseSession, datetime], None],
    code: str,
    facts: dict[str, object],
) -> None:
    session = world.session()
    other = world.new_group(4, 3, school=OrganisationFactory())
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={
            world.group: {session: world.students},
            other: {world.session(day=DAY + DAYS): students_of(other)},
        },
        now=now,
    )
    change(world, session, now)

    assert publish(plan, secretary, now) == {"booked": 1, "refused": 1}

    row = plan.classes.get(class_group=world.group)
    assert (row.state, row.reservation_id) == (PlanClassState.REFUSED, None)
    assert (row.refusal["code"], row.refusal["facts"]) == (code, facts)
    assert len(refusals.sentence(row.refusal)) > 5
    assert not Reservation.objects.filter(
        made_by_id=secretary.membership_id, bookings__class_group=world.group
    ).exists()
    assert list(
        AuditEntry.objects.filter(verb="plan.class_refused").values_list("facts", flat=True)
    ) == [{"code": code}]
    assert invariants.findings() == []


def test_a_class_with_one_session_gone_has_none_of_the_others(
    world: World, secretary: Actor, now: datetime
) -> None:
    there, full = world.session(day=DAY + DAYS), world.session(capacity=4)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {there: world.students, full: world.students}},
        now=now,
    )

    assert publish(plan, secretary, now) == {"refused": 1}

    assert (Booking.objects.count(), Reservation.objects.count()) == (0, 0)
    assert plan.classes.get().refusal["session"] == full.pk
    assert list(CourseSession.objects.values_list("seats_taken", flat=True)) == [0, 0]


def test_who_left_or_was_erased_is_left_out_and_who_was_merged_comes_as_the_survivor(
    world: World, secretary: Actor, now: datetime
) -> None:
    session, later = world.session(), world.session(day=DAY + DAYS)
    stays, left, moved, twin, double = world.students
    Student.objects.filter(pk=left.pk).update(left_at=now)
    Student.objects.filter(pk=moved.pk).update(class_group=world.new_group(4, 0))
    Student.objects.filter(pk=double.pk).update(merged_into=twin)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={
            world.group: {
                session: [stays, left, moved, double],
                # Both of the one child: she has one seat.
                later: [stays, twin, double],
            }
        },
        now=now,
    )

    assert publish(plan, secretary, now) == {"booked": 1}

    assert placed(session) == [stays.pk, twin.pk]
    assert placed(later) == [stays.pk, twin.pk]
    assert sorted(PlannedPlace.objects.values_list("session_id", "student_id")) == [
        (session.pk, stays.pk),
        (session.pk, twin.pk),
        (later.pk, stays.pk),
        (later.pk, twin.pk),
    ]


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("teacher", NotAllowed),
        ("coordinator", NotYours),
        ("manager", NotAllowed),
        ("reviewer", NotAllowed),
        ("secretary", None),
    ],
)
def test_the_alliances_plan_is_published_by_its_secretariat(
    world: World, secretary: Actor, now: datetime, who: str, refusal: type[Refusal] | None
) -> None:
    actors = {
        "teacher": world.teacher,
        "coordinator": world.coordinator,
        "manager": world.manager,
        "reviewer": actor_of(MembershipFactory(reviewer=True)),
        "secretary": secretary,
    }
    plan = make_plan(by=secretary, season=world.season, wanted=wanted_of(world), now=now)

    if refusal is None:
        publishing.check_can_publish(actors[who], plan, now)
        return
    with pytest.raises(refusal):
        publishing.publish(by=actors[who], plan=plan, now=now)


def test_a_schools_plan_is_another_coordinators_no_more_than_the_secretariats(
    world: World, secretary: Actor, now: datetime
) -> None:
    plan = make_plan(
        by=world.coordinator,
        season=world.season,
        school=world.school,
        wanted=wanted_of(world),
        now=now,
    )
    other = actor_of(MembershipFactory(coordinator=True, organisation=OrganisationFactory()))

    for actor in (other, secretary):
        with pytest.raises(NotYours):
            publishing.check_can_publish(actor, plan, now)
    publishing.check_can_publish(world.coordinator, plan, now)


@pytest.mark.parametrize("state", [one for one in PlanState if one != PlanState.FOUND])
def test_only_a_found_plan_is_published(
    world: World, secretary: Actor, now: datetime, state: PlanState
) -> None:
    plan = make_plan(
        by=secretary, season=world.season, wanted={world.group: {}}, now=now, state=state
    )

    with pytest.raises(PlanNotFound) as refused:
        publishing.publish(by=secretary, plan=plan, now=now)

    assert refused.value.facts == {"state": state.label}


def test_what_brings_nothing_new_is_not_published(
    world: World, secretary: Actor, now: datetime
) -> None:
    plan = make_plan(by=secretary, season=world.season, wanted={world.group: {}}, now=now)

    with pytest.raises(NothingToPublish, match="没有新的场次，不用发布。"):
        publishing.publish(by=secretary, plan=plan, now=now)

    plan.refresh_from_db()
    assert (plan.state, plan.published_at) == ("found", None)


def test_pressed_twice_it_is_handed_over_once(
    world: World, secretary: Actor, now: datetime
) -> None:
    plan = make_plan(by=secretary, season=world.season, wanted=wanted_of(world), now=now)

    publishing.publish(by=secretary, plan=plan, now=now)
    with pytest.raises(PlanNotFound):
        publishing.publish(by=secretary, plan=plan, now=now)

    assert [(one.key, one.func(), one.task["args"]) for one in OrmQ.objects.all()] == [
        ("planning", "planning.tasks.publish", (plan.pk,))
    ]
    assert tasks.publish(plan.pk) == {"booked": 1}
    assert list(
        AuditEntry.objects.filter(verb__startswith="plan.")
        .order_by("pk")
        .values_list("verb", "membership_id", "facts")
    ) == [
        ("plan.publishing", secretary.membership_id, {}),
        ("plan.published", secretary.membership_id, {"classes": {"booked": 1}}),
    ]


def test_before_booking_opens_the_alliance_may_and_a_school_may_not(
    world: World, secretary: Actor, now: datetime
) -> None:
    """Between the wishes and the opening lies the alliance's time."""
    Season.objects.filter(pk=world.season.pk).update(
        publishes_at=now - 30 * DAYS,
        wishes_from=now - 20 * DAYS,
        wishes_until=now - DAYS,
        opens_at=now + DAYS,
    )
    session = world.session()
    season = Season.objects.get(pk=world.season.pk)
    plan = make_plan(
        by=secretary, season=season, wanted={world.group: {session: world.students}}, now=now
    )
    own = make_plan(
        by=world.coordinator,
        season=season,
        school=world.school,
        wanted={world.group: {session: world.students}},
        now=now,
    )

    with pytest.raises(OutsideSeason):
        publishing.publish(by=world.coordinator, plan=own, now=now)
    assert publish(plan, secretary, now) == {"booked": 1}


def test_a_plan_older_than_another_that_booked_for_its_classes_is_not_published(
    world: World, secretary: Actor, now: datetime
) -> None:
    session, later = world.session(), world.session(day=DAY + DAYS)
    first, second = (
        make_plan(
            by=secretary,
            season=world.season,
            wanted={world.group: {one: world.students}},
            now=now,
        )
        for one in (session, later)
    )
    publish(first, secretary, now + timedelta(minutes=5))

    with pytest.raises(PlanOutdated) as refused:
        publishing.publish(by=secretary, plan=second, now=now + timedelta(minutes=6))

    assert refused.value.facts == {"when": "11 月 24 日（周二）8:05", "classes": 1}
    CohortPlan.objects.filter(pk=first.pk).update(state=PlanState.UNDONE)
    publishing.check_can_publish(secretary, second, now)


def test_what_another_plan_booked_for_some_classes_since_leaves_the_others_to_it(
    world: World, secretary: Actor, now: datetime
) -> None:
    """A school's own plan for one class does not hold up the alliance's for all."""
    far = world.new_group(4, 2)
    session, later = world.session(), world.session(day=DAY + DAYS)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={
            world.group: {session: world.students},
            far: {session: students_of(far)},
        },
        now=now,
    )
    own = make_plan(
        by=world.coordinator,
        season=world.season,
        school=world.school,
        wanted={world.group: {later: world.students}},
        now=now,
    )
    publish(own, world.coordinator, now + timedelta(minutes=5))

    counts = publish(plan, secretary, now + timedelta(minutes=6))

    assert counts == {"booked": 1, "refused": 1}
    refused = plan.classes.get(class_group=world.group)
    assert (refused.state, refused.reservation_id) == ("refused", None)
    assert refusals.sentence(refused.refusal) == (
        "11 月 24 日（周二）8:05 已发布的另一个方案为这个班约了场次，本方案没有算进去。"
    )
    assert placed(session) == sorted(one.pk for one in students_of(far))
    assert placed(later) == sorted(one.pk for one in world.students)
    assert invariants.findings() == []


@pytest.mark.parametrize("is_over", [False, True])
def test_a_plan_made_while_another_was_being_published_is_not_published_beside_it(
    world: World, secretary: Actor, now: datetime, *, is_over: bool
) -> None:
    sessions = [world.session(day=DAY + number * DAYS) for number in range(2)]
    first = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {sessions[0]: world.students}},
        now=now,
    )
    publishing.publish(by=secretary, plan=first, now=now + timedelta(minutes=1))
    # Asked for before the class was booked, it does not know of that.
    second = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {sessions[1]: world.students}},
        now=now + timedelta(minutes=2),
    )
    late = now + timedelta(minutes=3)
    if is_over:
        assert publishing.publish_classes(first.pk, clock=lambda: late) == {"booked": 1}

    with pytest.raises(PlanOutdated) as refused:
        publishing.publish(by=secretary, plan=second, now=late)

    assert refused.value.facts == {"when": "11 月 24 日（周二）8:01", "classes": 1}


def test_what_fell_silent_is_taken_up_again_once(
    world: World, secretary: Actor, now: datetime
) -> None:
    plan = make_plan(by=secretary, season=world.season, wanted=wanted_of(world), now=now)
    publishing.publish(by=secretary, plan=plan, now=now)
    OrmQ.objects.all().delete()

    late = now + carrying_out.LEASE + timedelta(seconds=1)
    assert carrying_out.take_up_again(now=now + carrying_out.LEASE) == 0
    assert carrying_out.take_up_again(now=late) == 1
    assert carrying_out.take_up_again(now=late) == 0

    assert [one.func() for one in OrmQ.objects.all()] == ["planning.tasks.publish"]


def test_the_key_of_plan_and_class_books_once(
    world: World, secretary: Actor, now: datetime
) -> None:
    session = world.session()
    wanted = {session.pk: {one.pk for one in world.students}}

    made = [
        planned.reserve_planned(
            by=secretary,
            class_group=world.group,
            wanted=wanted,
            idempotency_key="plan:1:2",
            now=now,
        ).pk
        for _time in range(2)
    ]

    assert made[0] == made[1]
    assert Booking.objects.count() == 1


WORKER = """
import django, os
django.setup()
from django.conf import settings
from django.db import connection, transaction
connection.close()
connection.settings_dict["NAME"] = os.environ["TEST_DATABASE"]
from datetime import datetime
from planning.services import publishing
now = datetime.fromisoformat(os.environ["NOW"])
publishing.publish_classes(int(os.environ["PLAN"]), clock=lambda: now)
"""


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_it_goes_on_and_nothing_is_twice_or_half(now: datetime) -> None:
    """A process of its own is killed while it books a class; the next one does the rest."""
    world = make_world(now)
    secretary = actor_of(MembershipFactory(secretariat=True))
    groups = [world.group, *(world.new_group(10 + number, 4) for number in range(5))]
    sessions = [world.session(day=DAY + number * DAYS) for number in range(3)]
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={group: dict.fromkeys(sessions, students_of(group)) for group in groups},
        now=now,
    )
    publishing.publish(by=secretary, plan=plan, now=now)
    stuck = plan.classes.order_by("pk")[3]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_DATABASE": str(connection.settings_dict["NAME"]),
        "NOW": now.isoformat(),
        "PLAN": str(plan.pk),
    }

    # The fourth class's students are held, so the process stands in the middle of its
    # transaction when it is killed.
    with transaction.atomic():
        list(Student.objects.select_for_update().filter(class_group=stuck.class_group_id))
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WORKER)],
            cwd=Path(settings.BASE_DIR),
            env=environment,
        )
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until and not _somebody_waits():
            time.sleep(0.02)
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    in_the_middle = states(plan)

    counts = publishing.publish_classes(plan.pk, clock=lambda: now)

    assert in_the_middle == ["booked"] * 3 + ["planned"] * 3
    assert counts == {"booked": 6}
    assert Reservation.objects.count() == 6
    assert sorted(
        Booking.objects.values_list("class_group_id", "session_id").order_by("class_group_id")
    ) == sorted((group.pk, session.pk) for group in groups for session in sessions)
    assert Message.objects.filter(kind="plan_published").count() == 1
    assert Message.objects.filter(kind="booking_made").count() == 6
    assert CohortPlan.objects.get(pk=plan.pk).state == PlanState.PUBLISHED
    assert invariants.findings() == []


@pytest.mark.django_db(transaction=True)
def test_two_tasks_at_once_and_a_school_that_books_sell_no_seat_twice(now: datetime) -> None:
    world = make_world(now)
    secretary = actor_of(MembershipFactory(secretariat=True))
    groups = [world.group, *(world.new_group(10 + number, 5) for number in range(5))]
    # Room for five of the six, and one class books for itself meanwhile.
    tight = world.session(capacity=25)
    rival = world.new_group(30, 5)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={
            group: {tight: students_of(group), world.session(day=DAY + DAYS): students_of(group)}
            for group in groups
        },
        now=now,
    )
    publishing.publish(by=secretary, plan=plan, now=now)

    answers = at_once(
        lambda: publishing.publish_classes(plan.pk, clock=lambda: now),
        lambda: publishing.publish_classes(plan.pk, clock=lambda: now),
        lambda: make_booking(by=world.coordinator, session=tight, class_group=rival, now=now),
    )

    won = isinstance(answers[2], Booking)
    booked, refused = (4, 2) if won else (5, 1)
    assert sorted(states(plan)) == ["booked"] * booked + ["refused"] * refused
    assert {
        row.refusal["code"] for row in PlanClass.objects.filter(state=PlanClassState.REFUSED)
    } == {"session_full"}
    tight.refresh_from_db()
    assert tight.seats_taken == 25
    assert Reservation.objects.count() == booked + won
    assert CohortPlan.objects.get(pk=plan.pk).state == PlanState.PUBLISHED
    assert Message.objects.filter(kind="plan_published").count() == 1
    assert invariants.findings() == []

"""What the demonstration district, built once for all of these tests, shows."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from django.db.models import Sum
from django_q.models import OrmQ

from accounts.choices import Role
from accounts.models import Membership, User
from accounts.selectors import actor_of, demo_people
from attendance.choices import AttendanceState, Doubt, ObjectionState, ProposalState
from attendance.models import (
    Certificate,
    Desk,
    Device,
    HourProposal,
    Objection,
    PublicNotice,
)
from attendance.selectors import conflicts, rule_sets
from attendance.selectors.states import attendance_of_session
from bookings.choices import BookingState, CancelledSide
from bookings.models import Booking, Place
from bookings.selectors.roll import newcomers
from bookings.services import proposals
from courses.choices import SessionState, VersionState
from courses.models import CourseSession, CourseVersion, Season, SessionSet
from courses.selectors.seasons import current_season
from hours.choices import CreditKind
from hours.models import HourCredit, PeriodLock, PracticumRequirement
from notifications.choices import DeliveryState
from notifications.models import Delivery
from planning.choices import PlanGoal
from planning.selectors.plans import demand
from planning.services import plans, running
from rosters.models import ClassGroup, ConsentText, GuardianPhone, Student, StudentNeed
from rosters.selectors import consent_of_class
from sites.calendar import SHANGHAI, local_day

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=SHANGHAI)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_district")]


@pytest.fixture(scope="module")
def _district(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Each test's changes end with it; the district itself ends with the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        with time_machine.travel(NOW, tick=False):
            call_command("seed_demo", scale="small")
        yield
        transaction.set_rollback(True)


def test_every_page_has_something_to_show() -> None:
    assert {person.role for person in demo_people()} == set(Role)
    assert {state for (state,) in CourseVersion.objects.values_list("state").distinct()} == {
        VersionState.PUBLISHED
    }
    assert SessionSet.objects.exists()
    assert Desk.objects.filter(closed_at=None).count() == 1
    assert Desk.objects.exclude(closed_at=None).exclude(reopen_reason="").count() == 1
    assert {
        side
        for (side,) in Booking.objects.filter(state=BookingState.CANCELLED)
        .values_list("cancelled_side")
        .distinct()
    } >= {CancelledSide.SCHOOL}
    assert CourseSession.objects.filter(state=SessionState.SCHEDULED, seats_taken__gt=0).exists()
    assert not Delivery.objects.exclude(state=DeliveryState.SENT).exists()
    assert not OrmQ.objects.exists()


def test_the_teacher_of_the_demonstration_can_bring_a_class_to_fourteen() -> None:
    teacher = User.objects.get(email="teacher@demo.example")
    groups = ClassGroup.objects.filter(teachers__membership__user=teacher).order_by("number")
    earned = Counter(
        dict(
            HourCredit.objects.filter(student__class_group=groups[0])
            .values_list("student_id")
            .annotate(total=Sum("class_hours"))
        ).values()
    )
    names = Counter(Student.objects.filter(class_group=groups[0]).values_list("name", flat=True))
    assert [group.number for group in groups] == [3, 4]
    assert max(earned) == 10
    assert names["李子涵"] == 2
    assert (
        Place.objects.live()
        .filter(student__class_group=groups[1], starts_at__lte=NOW, ends_at__gt=NOW)
        .exists()
    )


def test_rosters_show_what_schools_live_with() -> None:
    star = ClassGroup.objects.filter(
        teachers__membership__user__email="teacher@demo.example"
    ).order_by("number")[0]
    status = consent_of_class(star, 2026)
    groups = list(ClassGroup.objects.values_list("pk", flat=True))
    came = [one for rows in newcomers(groups, NOW).values() for one in rows]
    assert status is not None
    assert len(status.missing) == 2
    assert [one.student.name for one in came] == ["陆一鸣"]
    assert StudentNeed.objects.filter(student__class_group=star).count() == 3
    assert GuardianPhone.objects.exists()
    assert not Student.objects.filter(initials="").exists()
    assert set(ConsentText.objects.values_list("kind", "version")) == {("trip", 1), ("year", 1)}


def test_nobody_knows_a_password_of_the_demonstration() -> None:
    users = list(User.objects.all())

    assert len({user.password for user in users}) == 1
    assert users[0].has_usable_password()
    assert not any(users[0].check_password(word) for word in ("", "demo", users[0].email))
    assert not any(user.is_staff or user.is_superuser for user in users)


def test_a_person_belongs_to_two_organisations() -> None:
    hats = Counter(Membership.objects.live().values_list("user_id", flat=True))
    assert Counter(hats.values())[2] == 1


def test_a_class_is_proposed_its_hours() -> None:
    """Of the classes that still miss hours, the first whose school has proposals to choose."""
    teacher = Membership.objects.filter(
        role=Role.TEACHER, classes_taught__class_group__archived_at=None
    ).order_by("pk")
    found = []
    for membership in teacher[:6]:
        taught = membership.classes_taught.select_related("class_group__school").first()
        assert taught is not None
        found.append(proposals.proposals_for(actor_of(membership), taught.class_group, NOW))

    assert any(proposal.reaches for one in found for proposal in one.proposals)


def _star() -> ClassGroup:
    return ClassGroup.objects.get(
        teachers__membership__user__email="teacher@demo.example", number=3
    )


def _states(session: CourseSession) -> dict[str, AttendanceState]:
    """Of the class of the demonstration's teacher, those unlike the others, by their seats."""
    seats = dict(Student.objects.filter(class_group=_star()).values_list("pk", "seat_no"))
    return {
        str(seats[pk]): one.state
        for pk, one in attendance_of_session(session).items()
        if pk in seats and one.state != AttendanceState.PRESENT
    }


def test_two_editions_of_the_rules_say_something_different() -> None:
    """The same two students were late, and left early, at both sessions of the class."""
    (edition,) = rule_sets.editions()
    first, last = CourseSession.objects.filter(bookings__class_group=_star()).order_by("starts_at")

    earned = {
        session: {
            seat: HourCredit.objects.filter(
                student__class_group=_star(),
                student__seat_no=seat,
                session=session,
                kind=CreditKind.ATTENDANCE,
            )
            .values_list("class_hours", "rule_version")
            .first()
            for seat in (1, 5, 6)
        }
        for session in (first, last)
    }

    assert edition.valid_from == local_day(last.starts_at)
    assert edition.added_on < edition.valid_from
    assert _states(first) == {
        "5": AttendanceState.LATE,
        "6": AttendanceState.LEFT_EARLY,
        "8": AttendanceState.EXCUSED,
    }
    assert _states(last) == {
        "5": AttendanceState.LATE,
        "6": AttendanceState.LEFT_EARLY,
        "7": AttendanceState.ABSENT,
    }
    assert (first.class_hours, last.class_hours) == (3, 7)
    assert earned == {
        first: {1: (3, 1), 5: (3, 1), 6: None},
        last: {1: (7, 2), 5: (3, 2), 6: (3, 2)},
    }


def test_hours_by_hand_wait_were_agreed_to_and_refused() -> None:
    shown = [
        (one.student.seat_no, one.kind, one.state, one.class_hours)
        for one in HourProposal.objects.select_related("student").order_by("pk")
    ]

    assert shown == [
        (8, "make_up", ProposalState.CONFIRMED, 3),
        (9, "manual", ProposalState.REFUSED, 4),
        (6, "manual", ProposalState.CONFIRMED, 2),
        (5, "correction", ProposalState.CONFIRMED, 7),
        (7, "manual", ProposalState.PROPOSED, 7),
    ]
    assert list(
        HourCredit.objects.filter(student__class_group=_star(), student__seat_no=5)
        .order_by("pk")
        .values_list("kind", "class_hours")
    ) == [
        (CreditKind.ATTENDANCE, 3),
        (CreditKind.ATTENDANCE, 3),
        (CreditKind.REVERSAL, -3),
        (CreditKind.MANUAL, 7),
    ]


def test_somebody_has_to_decide_what_a_tablet_sent() -> None:
    manager = actor_of(Membership.objects.filter(role=Role.HOST_MANAGER).order_by("pk")[0])
    running = CourseSession.objects.get(starts_at__lte=NOW, ends_at__gt=NOW, seats_taken__gt=0)
    waiting = conflicts.waiting(manager)

    assert {one.doubt: one.session == running for one in waiting} == {
        Doubt.DESK_CLOSED: False,
        Doubt.NOT_BOOKED: True,
        Doubt.BADGE_REVOKED: True,
        Doubt.ELSEWHERE: True,
    }
    assert len(waiting) == 4
    assert [(one.name, one.revoked_at is None) for one in Device.objects.order_by("pk")] == [
        ("门口平板 1 号", True),
        ("借来的手机", False),
    ]


def test_a_door_is_left_to_be_closed_with_a_count_of_heads() -> None:
    desk = Desk.objects.get(closed_at=None)
    states = attendance_of_session(desk.session)

    assert desk.session.starts_at <= NOW < desk.session.ends_at
    assert sum(one.is_inside for one in states.values()) > 10


def test_hours_are_on_notice_and_a_season_before_is_settled() -> None:
    settled, running = PublicNotice.objects.order_by("started_at")
    lock = PeriodLock.objects.get()
    through, locked = ClassGroup.objects.filter(entry_year=2023).order_by("school")
    earned = Counter(
        HourCredit.objects.filter(student__class_group__in=[through, locked])
        .values_list("student_id")
        .annotate(total=Sum("class_hours"))
        .values_list("student__class_group", "total")
    )

    assert running.is_running(local_day(NOW))
    assert (running.school, settled.school) == (through.school, locked.school)
    assert running.school.name == "清河中学"
    assert list(
        Objection.objects.order_by("pk").values_list("notice", "student__seat_no", "state")
    ) == [
        (settled.pk, 5, ObjectionState.DISMISSED),
        (running.pk, 5, ObjectionState.DISMISSED),
        (running.pk, 6, ObjectionState.OPEN),
    ]
    assert (lock.notice, lock.reopened_at, lock.requirement.due_on.year) == (settled, None, 2026)
    assert earned == {(through.pk, 14): 18, (locked.pk, 14): 18}
    assert Certificate.objects.live().filter(student__class_group=through).count() == 17
    assert Certificate.objects.exclude(revoke_reason="").count() == 1


def season_of_the_district() -> Season:
    season = current_season(NOW)
    assert season is not None
    return season


def test_the_district_and_a_school_of_it_can_be_planned() -> None:
    requirement = PracticumRequirement.objects.get(name__startswith="初中职业体验")
    secretary = actor_of(Membership.objects.filter(role=Role.SECRETARIAT)[0])
    found = {}
    for plans_for in (demand(secretary, requirement, NOW), demand(secretary, requirement, NOW)[:1]):
        schools = [one.school for one in plans_for]
        by = secretary
        if len(schools) == 1:
            by = actor_of(
                Membership.objects.filter(
                    role=Role.SCHOOL_COORDINATOR, organisation=schools[0], ended_at=None
                )[0]
            )
        plan = plans.start_plan(
            by=by,
            season=season_of_the_district(),
            requirement=requirement,
            schools=schools,
            sites_at_once=2,
            goal=PlanGoal.WISHES,
            is_draft=False,
            now=NOW,
        )
        running.run_plan(plan.pk, clock=lambda: NOW)
        plan.refresh_from_db()
        found[len(schools)] = plan

    whole, own = found[2], found[1]
    # Each passed the verifier; nobody who had all she needs has anything more.
    assert [one.state for one in (whole, own)] == ["found", "found"]
    assert whole.reached_before < whole.reached <= (whole.bound or whole.students)
    assert own.reached_before < own.reached <= own.students < whole.students
    assert own.school_id is not None

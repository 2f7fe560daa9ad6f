"""What the demonstration district, built once for all of these tests, shows."""

import time
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
from attendance.models import Desk
from bookings.choices import BookingState, CancelledSide
from bookings.models import Booking, Place
from bookings.services import proposals
from courses.choices import SessionState, VersionState
from courses.models import CourseSession, CourseVersion, SessionSet
from hours.models import HourCredit
from insights.demo import truth
from notifications.choices import DeliveryState
from notifications.models import Delivery
from rosters.models import ClassGroup, Student
from sites.calendar import SHANGHAI

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


def test_nobody_knows_a_password_of_the_demonstration() -> None:
    users = list(User.objects.all())

    assert len({user.password for user in users}) == 1
    assert users[0].has_usable_password()
    assert not any(users[0].check_password(word) for word in ("", "demo", users[0].email))
    assert not any(user.is_staff or user.is_superuser for user in users)


def test_a_person_belongs_to_two_organisations() -> None:
    hats = Counter(Membership.objects.live().values_list("user_id", flat=True))
    assert Counter(hats.values())[2] == 1


def test_the_check_sees_what_does_not_agree() -> None:
    session = CourseSession.objects.filter(seats_taken__gt=0).order_by("pk")[0]
    CourseSession.objects.filter(pk=session.pk).update(seats_taken=session.seats_taken - 1)
    desk = Desk.objects.filter(closed_at=None).get()
    Desk.objects.filter(pk=desk.pk).update(
        closed_at=NOW, closed_by_id=desk.opened_by_id, closings=1
    )

    findings = truth.findings()

    assert findings[0] == (
        f"session {session.pk}: {session.seats_taken - 1} seats taken, not its places"
    )
    assert findings[1].endswith("attendances and credits do not agree")


def test_a_class_is_proposed_its_hours_in_under_a_second() -> None:
    """Of the classes that still miss hours, the first whose school has proposals to choose."""
    teacher = Membership.objects.filter(
        role=Role.TEACHER, classes_taught__class_group__archived_at=None
    ).order_by("pk")
    found = []
    for membership in teacher[:6]:
        taught = membership.classes_taught.select_related("class_group__school").first()
        assert taught is not None
        begun = time.process_time()
        found.append(proposals.proposals_for(actor_of(membership), taught.class_group, NOW))
        assert time.process_time() - begun < 1

    assert any(proposal.reaches for one in found for proposal in one.proposals)

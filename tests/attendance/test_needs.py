"""What an instructor must know of her students: on the day, by her alone, and then forgotten."""

from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from accounts.choices import Role
from accounts.models import AuditEntry, Membership
from attendance.selectors.desk import seats_of
from attendance.services import needs
from bookings.models import Place
from bookings.selectors import names
from courses.models import CourseSession
from planning import tasks
from rosters.models import Student, StudentNeed
from rosters.services import care, students
from sites.calendar import at
from tests.attendance.conftest import DAY, Door
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking
from tests.factories.rosters import StudentFactory

TEXT = "花生过敏，带了药"


@pytest.fixture(autouse=True)
def _clock(door: Door):  # type: ignore[no-untyped-def]
    with time_machine.travel(door.now, tick=False):
        yield


def note(door: Door, seat: int, now: datetime, **kinds: str) -> Student:
    student = Student.objects.get(class_group=door.world.group, seat_no=seat)
    care.set_needs(by=door.world.teacher, student=student, needs=kinds, now=now)
    return student


def read(door: Door, by: Actor, now: datetime) -> list[str]:
    session = CourseSession.objects.get(pk=door.session.pk)
    places = list(names.places_with_names(by, session))
    return [
        one.text
        for one in needs.read_needs(
            by=by, session=session, seats=seats_of(session, places), now=now, context="desk"
        )
    ]


@pytest.mark.parametrize(
    ("who", "has_instructor", "sees"),
    [
        ("instructor", True, True),
        ("manager", True, False),
        ("colleague", True, False),
        ("manager", False, True),
        ("colleague", False, True),
        ("other host", False, False),
        ("teacher", False, False),
        ("coordinator", False, False),
        ("secretariat", False, False),
    ],
)
def test_only_who_teaches_the_session_sees_them(
    door: Door, now: datetime, who: str, has_instructor: bool, sees: bool
) -> None:
    note(door, 2, now, diet=TEXT)
    if not has_instructor:
        CourseSession.objects.filter(pk=door.session.pk).update(instructor=None)
    actor = {
        "instructor": actor_of(door.instructor),
        "manager": door.manager,
        "colleague": actor_of(
            MembershipFactory(organisation=door.world.host, role=Role.INSTRUCTOR)
        ),
        "other host": actor_of(MembershipFactory(host_manager=True)),
        "teacher": door.world.teacher,
        "coordinator": door.world.coordinator,
        "secretariat": actor_of(MembershipFactory(secretariat=True)),
    }[who]

    assert read(door, actor, door.now) == ([TEXT] if sees else [])
    assert AuditEntry.objects.filter(verb="needs.read").exists() == sees


@pytest.mark.parametrize(
    ("moment", "sees"),
    [
        (at(DAY - timedelta(days=1), time(23, 59)), False),
        (at(DAY, time(0, 0)), True),
        (at(DAY, time(23, 59)), True),
        (at(DAY + timedelta(days=1), time(0, 0)), False),
    ],
)
def test_they_are_seen_on_the_day_alone(
    door: Door, now: datetime, moment: datetime, sees: bool
) -> None:
    note(door, 2, now, diet=TEXT)

    assert read(door, actor_of(door.instructor), moment) == ([TEXT] if sees else [])


def test_they_come_in_seat_order_and_are_logged_once(door: Door, now: datetime) -> None:
    note(door, 3, now, diet="三饮食")
    note(door, 1, now, diet="一饮食", mobility="一行动")
    gone = note(door, 5, now, diet="五饮食")
    students.remove_student(by=door.world.coordinator, student=gone, now=now)

    texts = read(door, actor_of(door.instructor), door.now)

    assert texts == ["一行动", "一饮食", "三饮食"]
    entry = AuditEntry.objects.get(verb="needs.read")
    assert entry.facts == {
        "context": "desk",
        "students": sorted(door.students[number].pk for number in (0, 2)),
        "count": 3,
    }
    assert entry.school_id == door.world.school.pk
    assert entry.target == f"courses.coursesession:{door.session.pk}"


def page(door: Door, membership: Membership, path: str = "") -> str:
    client = Client()
    client.force_login(membership.user)
    return client.get(f"/desk/{door.session.pk}/{path}").content.decode()


def test_the_desk_shows_them_to_the_instructor(door: Door, now: datetime) -> None:
    note(door, 2, now, diet=TEXT, mobility="用轮椅")
    place = door.place(2)

    shown = page(door, door.instructor)
    of_one = page(door, door.instructor, f"places/{place.pk}/")
    of_another = page(door, door.instructor, f"places/{door.place(1).pk}/")
    to_manager = page(door, door.manager_membership)

    for text in (shown, of_one):
        assert f"饮食：{TEXT}" in text
        assert "行动：用轮椅" in text
    assert TEXT not in of_another
    assert TEXT not in to_manager
    assert "需要照顾" not in to_manager


@pytest.mark.parametrize("number", [1, 3])
def test_needs_take_the_same_queries_however_many(
    door: Door, now: datetime, number: int, django_assert_num_queries
) -> None:  # type: ignore[no-untyped-def]
    for seat in range(1, number + 1):
        note(door, seat, now, diet=TEXT)
    session = CourseSession.objects.get(pk=door.session.pk)
    seats = seats_of(session, list(names.places_with_names(door.manager, session)))

    with django_assert_num_queries(2):
        found = needs.read_needs(
            by=actor_of(door.instructor),
            session=session,
            seats=seats,
            now=door.now,
            context="desk",
        )

    assert len(found) == number


# ── forgetting ──


@pytest.mark.parametrize(
    ("days", "minutes", "forgotten"),
    [(0, 0, 0), (6, 0, 0), (7, -1, 0), (7, 0, 1), (60, 0, 1)],
)
def test_they_are_forgotten_seven_days_after_the_last_session(
    door: Door, now: datetime, days: int, minutes: int, forgotten: int
) -> None:
    note(door, 2, now, diet=TEXT)
    moment = door.session.ends_at + timedelta(days=days, minutes=minutes)

    assert needs.over(moment).count() == forgotten
    assert StudentNeed.objects.count() == 1
    assert needs.forget_needs(now=moment) == forgotten
    assert needs.forget_needs(now=moment) == 0
    assert StudentNeed.objects.count() == 1 - forgotten
    assert AuditEntry.objects.filter(verb="needs.forgotten").count() == forgotten


def test_a_coming_session_keeps_them(door: Door, now: datetime) -> None:
    note(door, 2, now, diet=TEXT)
    make_booking(
        by=door.world.teacher,
        session=door.world.session(day=DAY + timedelta(days=20)),
        class_group=door.world.group,
        now=now,
    )

    assert needs.forget_needs(now=door.session.ends_at + timedelta(days=10)) == 0
    assert needs.forget_needs(now=door.session.ends_at + timedelta(days=27)) == 1


def test_a_released_seat_is_no_session(door: Door, now: datetime) -> None:
    note(door, 2, now, diet=TEXT)
    make_booking(
        by=door.world.teacher,
        session=door.world.session(day=DAY + timedelta(days=20)),
        class_group=door.world.group,
        now=now,
    )
    Place.objects.filter(starts_at__gt=door.session.ends_at).update(is_live=False)

    assert needs.forget_needs(now=door.session.ends_at + timedelta(days=7)) == 1


def test_what_is_noted_since_waits_for_the_next_session_a_year_at_most(
    door: Door, now: datetime
) -> None:
    since = door.session.ends_at + timedelta(minutes=1)
    note(door, 2, since, diet=TEXT)
    newcomer = StudentFactory(class_group=door.world.group, seat_no=30)
    care.set_needs(by=door.world.teacher, student=newcomer, needs={"diet": TEXT}, now=since)

    assert needs.forget_needs(now=since + timedelta(days=364)) == 0
    assert needs.forget_needs(now=since + timedelta(days=365)) == 2


def test_who_left_is_forgotten_seven_days_later(door: Door, now: datetime) -> None:
    student = note(door, 2, now, diet=TEXT)
    students.remove_student(by=door.world.coordinator, student=student, now=now)

    assert needs.forget_needs(now=now + timedelta(days=6, hours=23)) == 0
    assert needs.forget_needs(now=now + timedelta(days=7)) == 1


def test_the_nightly_task_forgets(door: Door, now: datetime) -> None:
    note(door, 2, now, diet=TEXT)

    with time_machine.travel(door.session.ends_at + timedelta(days=7), tick=False):
        assert tasks.retain()["needs"] == 1

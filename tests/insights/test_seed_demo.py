"""The demonstration district: built through the services, true, and built once."""

from collections import Counter
from datetime import datetime

import pytest
import time_machine
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Model, Sum
from django.utils import timezone

from accounts.actors import SYSTEM
from accounts.choices import OrganisationKind
from accounts.models import AuditEntry, Organisation
from accounts.selectors import actor_of
from attendance.models import CheckIn
from attendance.selectors import desk as selectors
from attendance.services import desk
from bookings.models import Place
from courses.models import Course, CourseSession, Season
from hours.models import HourCredit, PracticumRequirement
from hours.selectors import earned_by_student
from insights.demo import catalogue
from insights.selectors import invariants
from planning.selectors.wishes import classes_asked
from rosters.models import ClassGroup, Student
from sites.calendar import SHANGHAI, local_day, school_year
from tests.factories.accounts import OrganisationFactory

pytestmark = pytest.mark.django_db

BUILT = "The district is built"
THERE = "The district is there already; nothing was changed.\n"


def _seed(capsys: pytest.CaptureFixture[str]) -> str:
    call_command("seed_demo", scale="small")
    return capsys.readouterr().out


def _rows() -> dict[type[Model], int]:
    return {model: model._default_manager.count() for model in apps.get_models()}


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(datetime(2026, 11, 24, 10, 10, tzinfo=SHANGHAI), id="a morning of lessons"),
        pytest.param(None, id="the present"),
        pytest.param(datetime(2026, 11, 29, 23, 50, tzinfo=SHANGHAI), id="a Sunday night"),
        pytest.param(datetime(2026, 10, 3, 3, 0, tzinfo=SHANGHAI), id="the night of a holiday"),
        pytest.param(
            datetime(2026, 9, 10, 20, 0, tzinfo=SHANGHAI), id="an evening of a new school year"
        ),
        pytest.param(datetime(2027, 7, 20, 0, 5, tzinfo=SHANGHAI), id="summer"),
    ],
)
def test_the_district_agrees_with_itself_at_any_time(
    moment: datetime | None, capsys: pytest.CaptureFixture[str]
) -> None:
    moment = (moment or timezone.now()).astimezone(SHANGHAI)
    with time_machine.travel(moment, tick=False):
        said = _seed(capsys)

    assert said.startswith(BUILT)
    assert invariants.findings() == []
    # Where it is tried: a session is under way, at a site that is open, and its door opens.
    running = CourseSession.objects.get(
        starts_at__lte=moment,
        ends_at__gt=moment,
        room__site__name=catalogue.NEVER_SHUT,
        desk__closed_at=None,
        desk__isnull=False,
    )
    assert running.room is not None
    assert running.room.site.opening_hours == catalogue.OPEN_ALWAYS
    assert running.seats_taken == Place.objects.live().filter(session=running).count() > 10
    assert running.capacity - running.seats_taken >= 2
    assert running.instructor is not None
    keeper = actor_of(running.instructor)
    assert running in selectors.sessions_to_keep(keeper, local_day(running.starts_at))
    assert desk.open_desk(by=keeper, session=running, now=moment).closed_at is None
    assert CourseSession.objects.filter(starts_at__gt=moment).exists()
    before, requirement, city = PracticumRequirement.objects.order_by("class_hours", "due_on")
    star = ClassGroup.objects.get(
        school__name="清河中学", number=3, entry_year=school_year(moment.date()) - 1
    )
    earned = earned_by_student(star.students.values_list("pk", flat=True), requirement)
    assert max(earned.values()) == 10
    assert before.due_on < moment.date() < requirement.due_on
    assert (before.class_hours, requirement.class_hours, city.class_hours) == (14, 14, 32)
    assert list(city.minimums.values_list("host_kind", "class_hours")) == [
        ("vocational_school", 16)
    ]
    assert AuditEntry.objects.filter(verb="requirement.set").count() == 3
    season = Season.objects.get(school_year=school_year(moment.date()))
    asked = classes_asked(SYSTEM, season)
    assert sum(bool(one.occupations) for one in asked) > len(asked) / 2
    assert {one.said.said_at < season.wishes_until for one in asked if one.said} == {True}


def test_a_second_run_changes_nothing(now: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    with time_machine.travel(now, tick=False):
        _seed(capsys)
        before = _rows()

        said = _seed(capsys)

    assert said == THERE
    assert _rows() == before


def test_a_database_in_use_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    OrganisationFactory()

    with pytest.raises(CommandError, match=r"needs an empty one \(make reset\)"):
        call_command("seed_demo", scale="small")

    assert Organisation.objects.count() == 1


def test_the_same_day_gives_the_same_district(
    now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    def picture() -> list[object]:
        return [
            list(Student.objects.order_by("pk").values_list("name", "student_no")),
            list(
                CourseSession.objects.order_by("pk").values_list(
                    "version__course__code", "starts_at", "seats_taken", "state"
                )
            ),
            Counter(CheckIn.objects.values_list("kind", flat=True)),
            HourCredit.objects.aggregate(total=Sum("class_hours")),
        ]

    pictures = []
    for _time in range(2):
        with time_machine.travel(now, tick=False), transaction.atomic():
            _seed(capsys)
            pictures.append(picture())
            transaction.set_rollback(True)

    assert pictures[0] == pictures[1]


def test_the_catalogue_file_has_the_districts_seventy_courses() -> None:
    entries = catalogue.rows()

    kinds = {row["provider_kind"] for row in entries}
    assert (len(entries), len({row["course_code"] for row in entries})) == (70, 70)
    assert {row["provider"] for row in entries} == set(catalogue.HOSTS)
    assert kinds == {
        OrganisationKind.VOCATIONAL_SCHOOL,
        OrganisationKind.ENTERPRISE,
        OrganisationKind.EDUCATION_UNIT,
    }
    assert not Course.objects.exists()

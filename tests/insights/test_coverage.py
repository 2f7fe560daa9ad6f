"""Coverage counted in SQL is what the students' own hours say."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM
from accounts.choices import Stage
from accounts.selectors import actor_of
from bookings.selectors.progress import progress_of_classes
from hours.models import PracticumRequirement
from hours.services import requirements
from insights.selectors.coverage import Coverage, coverage_of_classes
from insights.views.school import band_of
from rosters.models import ClassGroup
from tests.factories.bookings import make_booking
from tests.factories.courses import make_session, make_version
from tests.factories.hours import make_credits
from tests.factories.rosters import make_class, make_teacher_of


@pytest.fixture
def requirement(db: None, now: datetime) -> PracticumRequirement:
    return requirements.set_requirement(
        by=SYSTEM,
        requirement=None,
        now=now,
        name="14 学时",
        stage=Stage.JUNIOR,
        entry_year_from=2023,
        entry_year_to=2026,
        class_hours=14,
        min_occupations=1,
        counts_from=date(2026, 9, 1),
        due_on=date(2027, 6, 30),
    )


def class_with_hours(now: datetime) -> ClassGroup:
    """Four students with 0, 4, 8 and 16 hours earned, all booked for 4 more."""
    group = make_class(students=4)
    version = make_version(class_hours=4)
    students = list(group.students.order_by("seat_no"))
    for index in range(4):
        past = make_session(
            version,
            starts_at=now - timedelta(days=30 - index),
            now=now - timedelta(days=60),
        )
        earning = [students[3], *(students[2:3] if index < 2 else []),
                   *(students[1:2] if index < 1 else [])]  # fmt: skip
        make_credits(by=SYSTEM, students=earning, session=past, now=now)
    make_booking(
        by=actor_of(make_teacher_of(group)),
        session=make_session(version, starts_at=now + timedelta(days=7), now=now),
        class_group=group,
        now=now,
    )
    return group


def test_coverage_counts_what_each_student_has(
    requirement: PracticumRequirement, now: datetime
) -> None:
    group = class_with_hours(now)

    found = coverage_of_classes(ClassGroup.objects.all(), now)

    assert found == {
        group.pk: Coverage(
            students=4,
            none=1,
            under_half=1,
            half=1,
            done=1,
            short=3,
            hours_required=56,
            hours_earned=4 + 8 + 14,
            hours_booked=4 + 4 + 4,
            hours_missing=10 + 6 + 2,
        )
    }


def test_coverage_and_progress_are_one_rule(
    requirement: PracticumRequirement, now: datetime
) -> None:
    group = class_with_hours(now)

    progress = progress_of_classes([group], now)[group.pk]
    coverage = coverage_of_classes(ClassGroup.objects.all(), now)[group.pk]

    bands = [band_of(row.earned, 14, row.is_done) for row in progress.rows]
    assert [bands.count(band) for band in ("none", "under_half", "half", "done")] == [
        coverage.none,
        coverage.under_half,
        coverage.half,
        coverage.done,
    ]
    assert coverage.short == progress.short
    assert coverage.done == progress.done


def test_class_without_requirement_is_not_counted(db: None, now: datetime) -> None:
    make_class(students=2)

    assert coverage_of_classes(ClassGroup.objects.all(), now) == {}


@pytest.mark.parametrize("classes", [1, 3])
def test_coverage_is_one_query_however_many_classes(
    requirement: PracticumRequirement, now: datetime, classes: int
) -> None:
    for _number in range(classes):
        make_class(students=2)

    with CaptureQueriesContext(connection) as queries:
        found = coverage_of_classes(ClassGroup.objects.all(), now)

    assert (len(found), len(queries)) == (classes, 1)


@pytest.mark.parametrize(
    ("hours", "percent"),
    [((0, 0, 0), 0), ((14, 14, 0), 0), ((14, 4, 7), 22), ((1400, 1399, 0), 1)],
)
def test_missing_share_is_rounded_up(hours: tuple[int, int, int], percent: int) -> None:
    coverage = Coverage(hours_required=hours[0], hours_earned=hours[1], hours_booked=hours[2])

    assert coverage.percent_missing == percent

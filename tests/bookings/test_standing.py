"""What each student still lacks: the database's sums are what a recount of the rows gives."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.choices import HOST_KINDS, OrganisationKind, SchoolKind, Stage
from accounts.models import Organisation
from bookings import wording
from bookings.choices import BookingState
from bookings.models import Booking, Place, Reservation
from bookings.selectors import standing
from bookings.selectors.progress import progress_of_classes
from bookings.selectors.standing import Coverage, Lacking, Outside, Standing
from courses.choices import SessionState, Venue
from courses.models import Course, CourseSession, CourseVersion
from hours.choices import CreditKind
from hours.models import HourCredit, PracticumRequirement, RequirementMinimum
from hours.selectors import requirements_of
from hours.services.ledger import reverse
from rosters.models import ClassGroup, Student
from sites.calendar import SHANGHAI, at, local_day
from tests.bookings.conftest import World
from tests.factories.accounts import OrganisationFactory
from tests.factories.hours import make_credit

OCCUPATIONS = ("面包师", "汽车维修工", "网络管理员")


@dataclass(frozen=True)
class Meeting:
    """A session as hypothesis draws it: on which day from today, where, for what."""

    days: int
    clock: time
    kind: OrganisationKind
    occupation: str
    class_hours: int
    is_cancelled: bool


@dataclass(frozen=True)
class Had:
    """What one student has of one session."""

    is_placed: bool
    is_credited: bool
    is_reversed: bool


meetings = st.lists(
    st.builds(
        Meeting,
        days=st.integers(-40, 40),
        # At seven in Shanghai it is still yesterday in Greenwich.
        clock=st.sampled_from((time(7), time(9), time(19))),
        kind=st.sampled_from(HOST_KINDS),
        occupation=st.sampled_from(OCCUPATIONS),
        class_hours=st.integers(1, 16),
        is_cancelled=st.booleans(),
    ),
    max_size=5,
    unique_by=lambda one: one.days,
)
histories = st.lists(
    st.lists(
        st.builds(
            Had, is_placed=st.booleans(), is_credited=st.booleans(), is_reversed=st.booleans()
        ),
        min_size=5,
        max_size=5,
    ),
    min_size=1,
    max_size=4,
)
minimums = st.dictionaries(st.sampled_from(HOST_KINDS), st.integers(1, 20), max_size=3)


def make_session(world: World, meeting: Meeting, number: int, now: datetime) -> CourseSession:
    host = OrganisationFactory(kind=meeting.kind, stages=[])
    code = f"{host.pk}-{number}"
    version = CourseVersion.objects.create(
        course=Course.objects.create(host=host, code=code),
        host=host,
        number=1,
        title_zh=code,
        occupation_zh=meeting.occupation,
        occupation_family="f1",
        stages=[Stage.JUNIOR],
        grade_from=6,
        grade_to=9,
        class_hours=meeting.class_hours,
        group_size_max=40,
        summary_zh="—",
    )
    starts_at = at(now.date() + timedelta(days=meeting.days), meeting.clock)
    over: dict[str, Any] = {"cancelled_at": now, "cancel_reason": "天气"}
    return CourseSession.objects.create(
        version=version,
        host=host,
        season=world.season,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        class_hours=meeting.class_hours,
        venue=Venue.ONLINE,
        online_url="https://example.org/",
        capacity=40,
        state=SessionState.CANCELLED if meeting.is_cancelled else SessionState.SCHEDULED,
        **(over if meeting.is_cancelled else {}),
    )


def give(world: World, student: Student, session: CourseSession, had: Had, now: datetime) -> None:
    """The rows of one student in one session, as they may lie in the tables."""
    if had.is_placed:
        reservation = Reservation.objects.create(
            reference=f"{student.pk}-{session.pk}"[-12:],
            school=student.school,
            made_by=world.teacher_membership,
            made_at=now,
            contact_name="—",
            idempotency_key=f"{student.pk}-{session.pk}",
            request_digest="",
        )
        booking, _made = Booking.objects.get_or_create(
            session=session,
            class_group=student.class_group,
            defaults={
                "reservation": reservation,
                "school": student.school,
                "host": session.host,
                "state": BookingState.CONFIRMED,
                "seats": 1,
                "created_at": now,
            },
        )
        Place.objects.create(
            booking=booking,
            session=session,
            school=student.school,
            host=session.host,
            student=student,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
        )
    if had.is_credited:
        values: dict[str, Any] = {
            "student": student,
            "school": student.school,
            "session": session,
            "earned_on": local_day(session.starts_at),
            "credited_at": now,
        }
        credit = HourCredit.objects.create(
            kind=CreditKind.ATTENDANCE, class_hours=session.class_hours, **values
        )
        if had.is_reversed:
            HourCredit.objects.create(
                kind=CreditKind.REVERSAL,
                class_hours=-session.class_hours,
                reverses=credit,
                reason="认错人",
                **values,
            )


@dataclass(frozen=True)
class Hours:
    """Class hours of one student: on which day, at what kind of host, for which occupation."""

    day: date
    kind: str
    occupation: str
    class_hours: int

    @classmethod
    def of(cls, session: CourseSession, class_hours: int) -> "Hours":
        """The hours of a session belong to the day in Shanghai on which it begins."""
        return cls(
            day=session.starts_at.astimezone(SHANGHAI).date(),
            kind=session.host.kind,
            occupation=session.version.occupation_zh,
            class_hours=class_hours,
        )


def total(found: Iterable[Hours], kind: str = "") -> int:
    return sum(one.class_hours for one in found if kind in ("", one.kind))


def occupations(found: Iterable[Hours]) -> set[str]:
    """Those with hours to them; what was credited and taken back again leaves none."""
    sums: Counter[str] = Counter()
    for one in found:
        sums[one.occupation] += one.class_hours
    return {occupation for occupation, hours in sums.items() if hours > 0}


def recount(student: Student, requirement: PracticumRequirement, now: datetime) -> Standing:
    """The rule as the requirement states it, on the rows one by one: hours count on the days from
    ``counts_from`` to ``due_on``, both included, be they earned or still to come."""
    credits = HourCredit.objects.filter(student=student).select_related(
        "session__version", "session__host"
    )
    all_earned = [Hours.of(one.session, one.class_hours) for one in credits if one.session]
    taken_back = {one.reverses_id for one in credits if one.reverses_id}
    done_with = {
        one.session_id
        for one in credits
        if one.kind == CreditKind.ATTENDANCE and one.pk not in taken_back
    }
    all_booked = [
        Hours.of(place.session, place.session.class_hours)
        for place in Place.objects.filter(student=student, is_live=True).select_related(
            "session__version", "session__host"
        )
        if place.session.ends_at > now
        and place.session.state == SessionState.SCHEDULED
        and place.session_id not in done_with
    ]
    first, last = requirement.counts_from, requirement.due_on
    earned = [one for one in all_earned if first <= one.day <= last]
    booked = [one for one in all_booked if first <= one.day <= last]
    asked = {one.host_kind: one.class_hours for one in requirement.minimums.all()}
    short = {kind: hours - total([*earned, *booked], kind) for kind, hours in asked.items()}
    short = {kind: hours for kind, hours in short.items() if hours > 0}
    return Standing(
        requirement_id=requirement.pk,
        earned=total(earned),
        booked=total(booked),
        lacking=Lacking(
            max(
                0,
                requirement.class_hours - total(earned) - total(booked),
                sum(short.values()),
            ),
            tuple(sorted(short.items())),
            max(0, requirement.min_occupations - len(occupations(earned) | occupations(booked))),
        ),
        is_done=total(earned) >= requirement.class_hours
        and len(occupations(earned)) >= requirement.min_occupations
        and all(total(earned, kind) >= hours for kind, hours in asked.items()),
        outside=Outside(
            before=total(one for one in [*all_earned, *all_booked] if one.day < first),
            after=total(one for one in [*all_earned, *all_booked] if one.day > last),
        ),
    )


FIRST, LAST = date(2026, 11, 10), date(2026, 12, 20)


@pytest.mark.parametrize(
    ("day", "clock", "side"),
    [
        (date(2026, 11, 9), time(19), "before"),
        (date(2026, 11, 10), time(7), "counts"),
        (date(2026, 11, 23), time(9), "counts"),
        (date(2026, 12, 8), time(9), "counts"),
        (date(2026, 12, 20), time(19), "counts"),
        (date(2026, 12, 21), time(7), "after"),
    ],
)
@pytest.mark.parametrize("is_credited", [True, False])
def test_hours_count_from_the_first_day_to_the_last(
    world: World, now: datetime, day: date, clock: time, side: str, is_credited: bool
) -> None:
    """The day in Shanghai rules, for what is earned and for what is booked; seven in the morning
    there is the evening before in Greenwich, where the database counts."""
    PracticumRequirement.objects.update(counts_from=FIRST, due_on=LAST)
    if not is_credited:
        now = at(date(2026, 11, 1), time(8))
    meeting = Meeting(
        (day - now.date()).days, clock, OrganisationKind.ENTERPRISE, "面包师", 4, False
    )
    session = make_session(world, meeting, 1, now)
    student = world.students[0]
    give(world, student, session, Had(not is_credited, is_credited, False), now)

    found = standing.of_students(Student.objects.filter(pk=student.pk), now)[student.pk]

    counted = 4 if side == "counts" else 0
    assert (found.earned, found.booked) == ((counted, 0) if is_credited else (0, counted))
    assert found.lacking == Lacking(14 - counted, (), 0 if counted else 1)
    assert found.outside == Outside(
        before=4 if side == "before" else 0, after=4 if side == "after" else 0
    )
    assert standing.occupations_of(Student.objects.filter(pk=student.pk), now) == (
        {"面包师"} if counted else frozenset()
    )


def test_the_sessions_day_rules_and_not_the_day_of_the_entry(world: World, now: datetime) -> None:
    """A desk closed weeks late credits the day of the session; so does what takes it back."""
    PracticumRequirement.objects.update(counts_from=FIRST, due_on=LAST)
    session = world.session(day=LAST)
    late = at(date(2027, 2, 1), time(9))
    student, other = world.students[:2]
    for one in (student, other):
        make_credit(by=world.manager, student=one, session=session, now=late)
    reverse(
        by=world.manager,
        credit=HourCredit.objects.get(student=other),
        reason="认错人",
        now=late,
    )

    found = standing.of_students(Student.objects.filter(class_group=world.group), late)

    assert (found[student.pk].earned, found[student.pk].outside) == (4, Outside())
    assert (found[other.pk].earned, found[other.pk].outside) == (0, Outside())


def test_without_a_requirement_no_hours_lie_outside(world: World, now: datetime) -> None:
    PracticumRequirement.objects.all().delete()
    meeting = Meeting(-700, time(9), OrganisationKind.ENTERPRISE, "面包师", 4, False)
    give(
        world, world.students[0], make_session(world, meeting, 1, now), Had(False, True, False), now
    )

    found = standing.of_students(Student.objects.filter(class_group=world.group), now)

    assert [one.earned for one in found.values()] == [4, 0, 0, 0, 0]
    assert {one.outside for one in found.values()} == {Outside()}


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    held=meetings,
    history=histories,
    least=minimums,
    hours=st.integers(1, 32),
    least_occupations=st.integers(1, 3),
    first=st.integers(-40, 40),
    length=st.integers(1, 60),
)
def test_the_databases_sums_are_a_recount_of_the_rows(
    world: World,
    now: datetime,
    held: list[Meeting],
    history: list[list[Had]],
    least: dict[OrganisationKind, int],
    hours: int,
    least_occupations: int,
    first: int,
    length: int,
) -> None:
    group = world.new_group(ClassGroup.objects.count() + 5, len(history), entry_year=2024)
    requirement = PracticumRequirement.objects.create(
        name=f"{group.pk}",
        stage=Stage.JUNIOR,
        entry_year_from=2024,
        entry_year_to=2024,
        class_hours=hours,
        min_occupations=least_occupations,
        counts_from=now.date() + timedelta(days=first),
        due_on=now.date() + timedelta(days=first + length),
    )
    for kind, number in least.items():
        RequirementMinimum.objects.create(
            requirement=requirement, host_kind=kind, class_hours=number
        )
    sessions = [make_session(world, one, number, now) for number, one in enumerate(held)]
    students = list(group.students.order_by("seat_no"))
    for student, had in zip(students, history, strict=True):
        for session, one in zip(sessions, had, strict=False):
            give(world, student, session, one, now)

    found = standing.of_students(Student.objects.filter(class_group=group), now)
    of_class = standing.of_classes(Student.objects.filter(class_group=group), now)[group.pk]
    of_everybody = standing.of_classes(Student.objects.all(), now, everybody=True)[group.pk]

    counted = {student.pk: recount(student, requirement, now) for student in students}
    # The next example's requirement stands alone.
    RequirementMinimum.objects.filter(requirement=requirement).delete()
    requirement.delete()
    assert found == counted
    rows = counted.values()
    capped = [min(row.earned, hours) for row in rows]
    done = sum(row.is_done for row in rows)
    assert of_class == Coverage(
        students=len(rows),
        none=sum(row.earned <= 0 for row in rows),
        under_half=sum(0 < 2 * row.earned < hours for row in rows),
        half=sum(2 * row.earned >= hours and not row.is_done for row in rows),
        done=done,
        short=sum(bool(row.lacking) for row in rows),
        hours_required=hours * len(rows),
        hours_earned=sum(capped),
        hours_booked=sum(
            min(row.booked, hours - part) for row, part in zip(rows, capped, strict=True)
        ),
        hours_missing=sum(row.lacking.hours for row in rows),
        short_of_occupations=sum(row.lacking.occupations > 0 for row in rows),
        with_outside=sum(bool(row.outside) for row in rows),
        hours_before=sum(row.outside.before for row in rows),
        hours_after=sum(row.outside.after for row in rows),
        **{
            f"missing_{kind.value}": sum(dict(row.lacking.kinds).get(kind, 0) for row in rows)
            for kind in HOST_KINDS
        },
    )
    # Read from end to end the tables say the same; what lies outside is not asked of them.
    assert of_everybody == replace(of_class, with_outside=0, hours_before=0, hours_after=0)


@pytest.mark.parametrize(
    ("own_kind", "school_kind", "entry_years", "counts"),
    [
        ("", SchoolKind.PRIVATE, (2025, 2025), False),
        (SchoolKind.PRIVATE, SchoolKind.PRIVATE, (2025, 2025), True),
        (SchoolKind.PUBLIC, SchoolKind.PRIVATE, (2025, 2025), False),
        (SchoolKind.PRIVATE, SchoolKind.PRIVATE, (2026, 2026), False),
        (SchoolKind.PRIVATE, "", (2025, 2025), False),
    ],
)
def test_the_requirement_is_the_same_in_sql_and_in_python(
    world: World,
    now: datetime,
    own_kind: str,
    school_kind: str,
    entry_years: tuple[int, int],
    counts: bool,
) -> None:
    """For the school's own kind before one for every kind, then the one due first."""
    Organisation.objects.filter(pk=world.school.pk).update(school_kind=own_kind)
    general = PracticumRequirement.objects.get()
    other = PracticumRequirement.objects.create(
        name="民办",
        stage=Stage.JUNIOR,
        entry_year_from=entry_years[0],
        entry_year_to=entry_years[1],
        school_kind=school_kind,
        class_hours=32,
        counts_from=date(2026, 9, 1),
        due_on=date(2028, 6, 30),
    )

    of_class = requirements_of([world.group])[world.group.pk]
    found = standing.of_students(Student.objects.filter(class_group=world.group), now)

    assert of_class == (other if counts else general)
    assert {one.requirement_id for one in found.values()} == {of_class.pk if of_class else None}


def test_nothing_is_asked_of_nobody(db: None, now: datetime) -> None:
    assert standing.of_students(Student.objects.none(), now) == {}
    assert standing.of_classes(Student.objects.none(), now) == {}


@pytest.mark.parametrize("count", [1, 3])
def test_a_school_is_one_query_however_many_classes(
    world: World, now: datetime, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(10, 9 + count):
        world.new_group(number, 2)
    students = Student.objects.filter(school=world.school)

    with django_assert_num_queries(1):
        found = standing.of_classes(students, now)
    with django_assert_num_queries(1):
        of_everybody = standing.of_classes(Student.objects.all(), now, everybody=True)
    with django_assert_num_queries(1):
        standing.of_students(students, now)

    assert len(found) == count
    assert of_everybody == found


def test_the_class_lacks_what_most_of_it_lacks(world: World, now: datetime) -> None:
    PracticumRequirement.objects.update(min_occupations=2)
    RequirementMinimum.objects.create(
        requirement=PracticumRequirement.objects.get(),
        host_kind=OrganisationKind.VOCATIONAL_SCHOOL,
        class_hours=6,
    )
    meeting = Meeting(-3, time(9), OrganisationKind.ENTERPRISE, "面包师", 10, is_cancelled=False)
    session = make_session(world, meeting, 1, now)
    for student in world.students[:4]:
        give(world, student, session, Had(False, True, False), now)

    progress = progress_of_classes([world.group], now)[world.group.pk]

    assert progress.lacking == Lacking(6, (("vocational_school", 6),), 1)
    assert (progress.missing, progress.differing, progress.done) == (6, 1, 0)


@pytest.mark.parametrize(
    ("lacking", "sentence"),
    [
        (Lacking(), ""),
        (Lacking(4), "还差 4 学时。"),
        (Lacking(4, (("vocational_school", 2),)), "还差 4 学时，其中 2 学时须在中等职业学校。"),
        (Lacking(4, (("vocational_school", 4),), 1),
         "还差 4 学时，其中 4 学时须在中等职业学校；还差 1 种职业。"),
        (Lacking(6, (("enterprise", 2), ("vocational_school", 3))),
         "还差 6 学时，其中 2 学时须在企业、3 学时须在中等职业学校。"),
        (Lacking(0, (), 2), "还差 2 种职业。"),
    ],
)  # fmt: skip
def test_what_is_lacking_is_said_exactly(lacking: Lacking, sentence: str) -> None:
    assert wording.lacking(lacking.hours, lacking.kinds, lacking.occupations) == sentence

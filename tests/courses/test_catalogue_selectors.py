"""Which courses are found, counted and summed up by half-days."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor
from accounts.choices import OrganisationKind, Stage
from accounts.models import Organisation
from courses.choices import HalfDay, OccupationFamily
from courses.models import Course, CourseSession, CourseVersion
from courses.selectors import catalogue
from courses.selectors.catalogue import Wanted
from courses.services import versions
from courses.services.seats import void_session
from sites.calendar import SHANGHAI
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.courses import (
    make_draft,
    make_room,
    make_season,
    make_session,
    make_version,
    manager_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def teacher() -> Actor:
    return actor_of(MembershipFactory())


def titles(actor: Actor, now: datetime, *, sort: str = "soon", **wanted: Any) -> list[str]:
    found = catalogue.search(actor, Wanted(**wanted), now, sort=sort)
    return [course.published_version.title_zh for course in found]


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A moment of December 2026 in Shanghai."""
    return datetime(2026, 12, day, hour, minute, tzinfo=SHANGHAI)


def take(session: CourseSession, seats: int) -> None:
    CourseSession.objects.filter(pk=session.pk).update(seats_taken=seats)


def make_set(host: Organisation, version: CourseVersion, days: list[int]) -> list[CourseSession]:
    """Sessions of one set, a whole day each."""
    session_set = version.sets.create(host=host, name="两日营")
    room = make_room(host)
    opened = [make_session(version, starts_at=at(day), hours=6.5, room=room) for day in days]
    CourseSession.objects.filter(pk__in=[one.pk for one in opened]).update(session_set=session_set)
    return opened


# ── words ──


@pytest.mark.parametrize(
    "words",
    [
        ("茶艺",),
        ("一席", "春晖"),
        ("TEA",),
        ("chunhui",),
        ("分享",),
        ("春晖职校",),
    ],
)
def test_every_word_is_found_in_title_occupation_host_or_summary(
    teacher: Actor, now: datetime, words: tuple[str, ...]
) -> None:
    host = OrganisationFactory(
        vocational_school=True, name="春晖职业技术学校", short_name="春晖职校", name_en="Chunhui"
    )
    make_version(
        host,
        title_zh="茶艺师：一席茶",
        title_en="Tea master: one table",
        occupation_zh="茶艺师",
        summary_zh="泡一壶茶与人分享。",
    )
    make_version()

    found = titles(teacher, now, words=words)

    assert found == ["茶艺师：一席茶"]


def test_one_word_that_is_nowhere_leaves_nothing(teacher: Actor, now: datetime) -> None:
    make_version()

    assert titles(teacher, now, words=("面包", "汽车")) == []


def test_full_width_letters_in_the_course_are_found_by_ordinary_ones(
    teacher: Actor, now: datetime
) -> None:
    make_version(title_zh="ＡＩ训练师：教机器认字")

    assert titles(teacher, now, words=("ai",)) == ["ＡＩ训练师：教机器认字"]


def test_a_percent_sign_is_a_character_and_no_wildcard(teacher: Actor, now: datetime) -> None:
    make_version()

    assert titles(teacher, now, words=("%",)) == []


# ── what the course is ──


def test_conditions_on_the_course_are_all_met_and_values_of_one_are_alternatives(
    teacher: Actor, now: datetime
) -> None:
    firm = OrganisationFactory(enterprise=True)
    make_version(title_zh="甲", class_hours=3)
    make_version(firm, title_zh="乙", class_hours=3, occupation_family=OccupationFamily.LOGISTICS)
    make_version(firm, title_zh="丙", class_hours=4, occupation_family=OccupationFamily.LOGISTICS)
    make_version(title_zh="丁", class_hours=7, stages=[Stage.SENIOR], grade_from=10, grade_to=12)

    assert sorted(titles(teacher, now, hours=(3,))) == ["乙", "甲"]
    assert sorted(titles(teacher, now, hours=(3, 4))) == ["丙", "乙", "甲"]
    assert titles(teacher, now, hours=(3,), families=("f10",)) == ["乙"]
    assert sorted(titles(teacher, now, kinds=(OrganisationKind.ENTERPRISE,))) == ["丙", "乙"]
    assert titles(teacher, now, hosts=(firm.pk,), hours=(4,)) == ["丙"]
    assert titles(teacher, now, stage=Stage.SENIOR) == ["丁"]
    assert titles(teacher, now, grade=11) == ["丁"]
    assert titles(teacher, now, grade=5) == []


def test_only_published_courses_are_found_even_by_their_host(now: datetime, teacher: Actor) -> None:
    draft = make_draft(title_zh="草稿")
    withdrawn = make_version(draft.host, title_zh="停开")
    versions.withdraw_course(by=manager_of(draft.host), course=withdrawn.course, now=now)
    make_version(draft.host, title_zh="公开")

    assert titles(manager_of(draft.host), now) == ["公开"]
    assert titles(teacher, now) == ["公开"]


# ── what is on offer ──


def test_a_course_without_offers_is_found_last_unless_days_are_asked_for(
    teacher: Actor, now: datetime
) -> None:
    make_version(title_zh="无场次")
    make_session(make_version(title_zh="有场次"))

    assert titles(teacher, now) == ["有场次", "无场次"]
    assert titles(teacher, now, since=date(2026, 11, 24)) == ["有场次"]


def test_days_are_those_of_shanghai_and_both_included(teacher: Actor, now: datetime) -> None:
    make_session(make_version(title_zh="甲"), starts_at=at(8, 7, 30), hours=2)
    make_session(make_version(title_zh="乙"), starts_at=at(9))

    assert titles(teacher, now, since=date(2026, 12, 8), until=date(2026, 12, 8)) == ["甲"]
    assert titles(teacher, now, since=date(2026, 12, 9)) == ["乙"]
    assert titles(teacher, now, until=date(2026, 12, 7)) == []


@pytest.mark.parametrize(
    ("starts", "hours", "half"),
    [
        ((9, 0), 2.5, HalfDay.MORNING),
        ((10, 30), 2.5, HalfDay.MORNING),
        ((12, 0), 2, HalfDay.AFTERNOON),
        ((13, 30), 2, HalfDay.AFTERNOON),
        ((9, 0), 6.5, HalfDay.WHOLE_DAY),
    ],
)
def test_a_session_is_of_exactly_one_part_of_the_day(
    teacher: Actor, now: datetime, starts: tuple[int, int], hours: float, half: HalfDay
) -> None:
    make_session(make_version(), starts_at=at(8, *starts), hours=hours)

    found = [one for one in HalfDay if titles(teacher, now, half_days=(one,))]

    assert found == [half]


def test_free_seats_are_asked_of_one_session_not_of_all_together(
    teacher: Actor, now: datetime
) -> None:
    version = make_version(group_size_max=24)
    make_session(version)
    take(make_session(version, starts_at=at(9)), 20)

    assert len(titles(teacher, now, seats=24)) == 1
    assert titles(teacher, now, seats=25) == []
    assert titles(teacher, now, seats=5, since=date(2026, 12, 9)) == []


def test_cancelled_and_begun_sessions_are_no_offers(teacher: Actor, now: datetime) -> None:
    version = make_version()
    make_session(version, starts_at=at(8))
    cancelled = make_session(version, starts_at=at(9))
    void_session(by=manager_of(version.host), session=cancelled, reason="停电", now=now)

    course = catalogue.search(teacher, Wanted(), at(1)).get()
    later = catalogue.search(teacher, Wanted(), at(8)).get()

    assert (course.offer_count, course.next_at, course.seats_free) == (1, at(8), 24)
    assert (later.offer_count, later.next_at, later.seats_free) == (None, None, None)


def test_sessions_of_the_older_version_stay_on_offer(teacher: Actor, now: datetime) -> None:
    session = make_session()
    host = session.host
    newer = versions.start_new_version(by=manager_of(host), course=session.version.course, now=now)
    CourseVersion.objects.filter(pk=session.version_id).update(state="superseded")
    CourseVersion.objects.filter(pk=newer.pk).update(state="published", title_zh="新版")
    Course.objects.update(published_version=newer)

    course = catalogue.search(teacher, Wanted(), now).get()

    assert course.published_version.title_zh == "新版"
    assert course.offer_count == 1


def test_a_set_is_one_offer_on_its_first_day_until_that_has_begun(
    teacher: Actor, now: datetime
) -> None:
    version = make_version()
    first, second = make_set(version.host, version, [8, 9])

    course = catalogue.search(teacher, Wanted(), now).get()

    assert (course.offer_count, course.next_at, course.seats_free) == (1, at(8), 24)
    assert titles(teacher, now, since=date(2026, 12, 9)) == []
    assert list(catalogue.offered_sessions(teacher, version.course, now)) == [first, second]
    assert list(catalogue.offered_sessions(teacher, version.course, at(8, 9, 1))) == []


def test_a_visit_to_one_school_is_no_offer_to_another(now: datetime) -> None:
    school, other = OrganisationFactory(), OrganisationFactory()
    make_session(make_version(), school=school)

    found = {
        organisation.pk: catalogue.offers(
            actor_of(MembershipFactory(organisation=organisation)), now
        ).count()
        for organisation in (school, other)
    }

    assert found == {school.pk: 1, other.pk: 0}


def test_stranger_without_organisation_finds_nothing(now: datetime) -> None:
    make_session()
    nobody = Actor(kind="membership")

    assert titles(nobody, now) == []
    assert catalogue.offers(nobody, now).count() == 0


# ── order ──


def test_order_is_by_next_day_or_by_free_seats(teacher: Actor, now: datetime) -> None:
    early = make_version(title_zh="早", group_size_max=10)
    make_session(early, starts_at=at(1))
    make_session(make_version(title_zh="大"), starts_at=at(9))

    assert titles(teacher, now) == ["早", "大"]
    assert titles(teacher, now, sort="seats") == ["大", "早"]


def test_the_roomiest_offer_is_known(teacher: Actor, now: datetime) -> None:
    version = make_version()
    for day, seats in ((1, 20), (2, 4), (3, 10)):
        take(make_session(version, starts_at=at(day)), seats)

    course = catalogue.search(teacher, Wanted(), now).get()

    assert (course.most_free, course.seats_free) == (20, 38)


@pytest.mark.parametrize("count", [1, 3])
def test_seats_side_by_side_are_those_of_two_sessions_of_a_day(
    teacher: Actor, now: datetime, count: int, django_assert_num_queries: Any
) -> None:
    courses = []
    for _course in range(count):
        version = make_version()
        for day, seats in ((1, 20), (2, 4), (2, 10), (2, 3), (3, 1), (3, 2)):
            take(make_session(version, starts_at=at(day)), seats)
        courses.append(version.course)
    alone = make_version()
    make_session(alone, starts_at=at(5))
    every = [*courses, alone.course]

    with django_assert_num_queries(1):
        found = catalogue.seats_side_by_side(teacher, Wanted(), now, every)

    # Of 24 seats each: the second day leaves 20, 14 and 21, the third 23 and 22.
    assert found == {course.pk: 45 for course in courses}


# ── counts ──


def test_counts_honour_the_other_conditions_and_not_their_own(
    teacher: Actor, now: datetime
) -> None:
    firm = OrganisationFactory(enterprise=True)
    make_session(make_version(title_zh="甲", class_hours=3))
    whole = make_version(title_zh="乙", class_hours=4, group_size_max=12)
    make_session(whole, starts_at=at(9), hours=6.5)
    make_version(firm, title_zh="丙", class_hours=3, occupation_family=OccupationFamily.LOGISTICS)
    wanted = Wanted(hours=(3,))

    counts = catalogue.facets(teacher, wanted, now, grade=7, seats=20)

    assert counts.hours == {3: 2, 4: 1}
    assert counts.families == {"f1": 1, "f10": 1}
    assert counts.kinds == {"vocational_school": 1, "enterprise": 1}
    assert set(counts.hosts.values()) == {1}
    assert firm.pk in counts.hosts
    assert counts.stages == {"primary": 0, "junior": 2, "senior": 0}
    assert (counts.any_stage, counts.own_grade) == (2, 2)
    assert counts.half_days == {"am": 1, "pm": 0, "day": 0}
    assert counts.seats == 1


def test_half_day_counts_respect_days_and_seats(teacher: Actor, now: datetime) -> None:
    version = make_version()
    make_session(version, starts_at=at(8))
    take(make_session(version, starts_at=at(8, 13)), 20)

    counts = catalogue.facets(
        teacher,
        Wanted(since=date(2026, 12, 8), until=date(2026, 12, 8), seats=10),
        now,
        grade=None,
        seats=1,
    )

    assert counts.half_days == {"am": 1, "pm": 0, "day": 0}


@pytest.mark.parametrize("courses", [1, 3])
def test_counting_takes_two_queries_however_many_courses(
    teacher: Actor, now: datetime, courses: int
) -> None:
    for _number in range(courses):
        make_session(make_version())

    with CaptureQueriesContext(
        connection,
    ) as queries:
        catalogue.facets(teacher, Wanted(words=("面包",), seats=2), now, grade=7, seats=3)

    assert len(queries) == 2


@pytest.mark.parametrize("courses", [1, 3])
def test_searching_takes_one_query_however_many_courses(
    teacher: Actor, now: datetime, courses: int, django_assert_num_queries: Any
) -> None:
    for _number in range(courses):
        make_session(make_version())

    with django_assert_num_queries(1):
        found = list(catalogue.search(teacher, Wanted(seats=2), now))
        names = [(course.host.name, course.published_version.title_zh) for course in found]

    assert len(names) == courses


# ── the week ──


def test_week_sums_free_seats_by_half_day(
    teacher: Actor, now: datetime, django_assert_num_queries: Any
) -> None:
    version = make_version()
    make_session(version, starts_at=at(8))
    take(make_session(version, starts_at=at(8, 9, 30)), 4)
    take(make_session(version, starts_at=at(8, 13)), 24)
    make_session(version, starts_at=at(9), hours=6.5)
    make_session(version, starts_at=at(15))

    with django_assert_num_queries(1):
        free = catalogue.free_by_half_day(
            teacher, Wanted(), date(2026, 12, 7), date(2026, 12, 13), now
        )

    assert free == {
        (date(2026, 12, 8), "am"): 44,
        (date(2026, 12, 8), "pm"): 0,
        (date(2026, 12, 9), "day"): 24,
    }


def test_week_respects_everything_chosen_but_days(teacher: Actor, now: datetime) -> None:
    make_session(make_version(class_hours=3), starts_at=at(8))
    make_session(make_version(class_hours=4), starts_at=at(8))
    wanted = Wanted(hours=(3,), half_days=("pm",), since=date(2026, 12, 20))

    free = catalogue.free_by_half_day(teacher, wanted, date(2026, 12, 7), date(2026, 12, 13), now)

    assert free == {(date(2026, 12, 8), "am"): 24}


def test_first_offer_day_is_that_of_the_courses_wanted(teacher: Actor, now: datetime) -> None:
    make_session(make_version(class_hours=3), starts_at=at(8))
    make_session(make_version(class_hours=4), starts_at=at(2))

    assert catalogue.first_offer_day(teacher, Wanted(), now) == date(2026, 12, 2)
    assert catalogue.first_offer_day(teacher, Wanted(hours=(3,)), now) == date(2026, 12, 8)
    assert catalogue.first_offer_day(teacher, Wanted(hours=(9,)), now) is None


def test_season_and_clock_do_not_matter_to_what_is_shown(teacher: Actor, now: datetime) -> None:
    """A season not yet open is shown, so that schools can look ahead; booking says when."""
    later = make_season(
        name="明年",
        opens_at=now + timedelta(days=1),
        closes_at=now + timedelta(days=40),
        runs_from=date(2026, 12, 1),
        runs_until=date(2027, 1, 29),
    )
    make_session(season=later)

    assert len(titles(teacher, now, seats=1)) == 1

"""What classes say they wish for, and until when."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from accounts.actors import SYSTEM, Actor
from accounts.choices import Role, Stage
from accounts.errors import NotAllowed, NotYours, Refusal
from accounts.models import AuditEntry
from accounts.selectors import actor_of
from courses.choices import OccupationFamily, SessionState, Venue, VersionState
from courses.errors import NoLongerInSeason, NotYetInSeason
from courses.models import CourseSession, CourseVersion, Season
from hours.models import PracticumRequirement
from planning.errors.wishes import NoHoursRequired, NotOnOffer, TooManyWishes, WishedTwice
from planning.models import ClassWish, WishList
from planning.selectors import wishes as selectors
from planning.services.wishes import say_wishes
from rosters.models import ClassGroup, Student
from tests.bookings.conftest import World
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.planning.conftest import offer

pytestmark = pytest.mark.django_db


def said(group: ClassGroup) -> list[tuple[int, str]]:
    return list(
        ClassWish.objects.filter(wish_list__class_group=group).values_list("rank", "occupation")
    )


def test_a_teacher_ranks_occupations_and_the_last_word_counts(
    wishing: World, now: datetime
) -> None:
    offer(wishing, "花艺师")
    for occupations in (["面包师", "花艺师"], ["花艺师"]):
        say_wishes(
            by=wishing.teacher,
            season=wishing.season,
            class_group=wishing.group,
            occupations=occupations,
            now=now,
        )

    later = now + timedelta(hours=1)
    say_wishes(
        by=wishing.coordinator,
        season=wishing.season,
        class_group=wishing.group,
        occupations=["花艺师", "面包师"],
        now=later,
    )

    assert said(wishing.group) == [(1, "花艺师"), (2, "面包师")]
    row = WishList.objects.get()
    assert (row.school_id, row.said_at, row.said_by_id) == (
        wishing.school.pk, later, wishing.coordinator.membership_id,
    )  # fmt: skip
    assert selectors.wishes_of(wishing.season, [wishing.group.pk]) == {
        wishing.group.pk: ["花艺师", "面包师"]
    }
    trail = AuditEntry.objects.filter(verb="wishes.said").order_by("at", "pk")
    assert list(trail.values_list("membership_id", "target", "facts")) == [
        (who, f"rosters.classgroup:{wishing.group.pk}", {"season": wishing.season.pk, "wishes": n})
        for who, n in (
            (wishing.teacher.membership_id, 2),
            (wishing.teacher.membership_id, 1),
            (wishing.coordinator.membership_id, 2),
        )
    ]


def test_that_anything_will_do_is_said_without_rows(wishing: World, now: datetime) -> None:
    for occupations in (["面包师"], []):
        say_wishes(
            by=wishing.teacher,
            season=wishing.season,
            class_group=wishing.group,
            occupations=occupations,
            now=now,
        )

    assert said(wishing.group) == []
    assert WishList.objects.get().class_group == wishing.group
    assert selectors.wishes_of(wishing.season, [wishing.group.pk]) == {}


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("teacher", None),
        ("coordinator", None),
        ("colleague", NotYours),
        ("other coordinator", NotYours),
        ("manager", NotAllowed),
        ("secretariat", NotAllowed),
        ("system", NotAllowed),
    ],
)
def test_only_the_class_s_own_people_say_it(
    wishing: World, now: datetime, who: str, refusal: type[Refusal] | None
) -> None:
    def member(**values: Any) -> Actor:
        return actor_of(MembershipFactory(**values))

    actors: dict[str, Callable[[], Actor]] = {
        "teacher": lambda: wishing.teacher,
        "coordinator": lambda: wishing.coordinator,
        "colleague": lambda: member(organisation=wishing.school, role=Role.TEACHER),
        "other coordinator": lambda: member(
            organisation=OrganisationFactory(), role=Role.SCHOOL_COORDINATOR
        ),
        "manager": lambda: wishing.manager,
        "secretariat": lambda: member(
            organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT
        ),
        "system": lambda: SYSTEM,
    }

    def say() -> WishList:
        return say_wishes(
            by=actors[who](),
            season=wishing.season,
            class_group=wishing.group,
            occupations=["面包师"],
            now=now,
        )

    if refusal is None:
        say()
        assert said(wishing.group) == [(1, "面包师")]
    else:
        with pytest.raises(refusal):
            say()
        assert not WishList.objects.exists()


def test_outside_the_phase_the_date_is_named(wishing: World, now: datetime) -> None:
    season = wishing.season
    assert season.wishes_from is not None
    assert season.wishes_until is not None
    sentences = []

    for moment, refusal in (
        (season.wishes_from - timedelta(seconds=1), NotYetInSeason),
        (season.wishes_until, NoLongerInSeason),
    ):
        with pytest.raises(refusal) as caught:
            say_wishes(
                by=wishing.teacher,
                season=season,
                class_group=wishing.group,
                occupations=["面包师"],
                now=moment,
            )
        sentences.append(str(caught.value))

    assert sentences == [
        "“2026 学年秋季”现在是“开课单位排场次”，11 月 20 日（周五）8:00 起可以填志愿。",
        "“2026 学年秋季”现在是“分配志愿”，11 月 29 日（周日）0:00 起不能再填志愿。",
    ]
    assert not WishList.objects.exists()
    for moment in (season.wishes_from, season.wishes_until - timedelta(seconds=1)):
        say_wishes(
            by=wishing.teacher,
            season=season,
            class_group=wishing.group,
            occupations=["面包师"],
            now=moment,
        )
    assert said(wishing.group) == [(1, "面包师")]


@pytest.mark.parametrize(
    ("occupations", "refusal", "sentence"),
    [
        (["面包师", "宇航员"], NotOnOffer, "没有适合这个年级的“宇航员”课程，请另选一个职业。"),
        (["面包师", "面包师"], WishedTwice, "“面包师”填了两次，请换一个职业，或留空。"),
        ([f"职业{n}" for n in range(6)], TooManyWishes, "最多填 5 个志愿。"),
    ],
)
def test_wishes_that_cannot_be_meant_leave_what_was_said(
    wishing: World,
    now: datetime,
    occupations: list[str],
    refusal: type[Refusal],
    sentence: str,
) -> None:
    for number in range(6):
        offer(wishing, f"职业{number}")
    say_wishes(
        by=wishing.teacher,
        season=wishing.season,
        class_group=wishing.group,
        occupations=["职业1", "职业2", "职业3", "职业4", "职业5"],
        now=now,
    )

    with pytest.raises(refusal) as caught:
        say_wishes(
            by=wishing.teacher,
            season=wishing.season,
            class_group=wishing.group,
            occupations=occupations,
            now=now,
        )

    assert str(caught.value) == sentence
    assert said(wishing.group) == [(n, f"职业{n}") for n in range(1, 6)]


def test_a_class_without_hours_to_reach_is_not_asked(wishing: World, now: datetime) -> None:
    PracticumRequirement.objects.all().delete()

    with pytest.raises(NoHoursRequired):
        say_wishes(
            by=wishing.teacher,
            season=wishing.season,
            class_group=wishing.group,
            occupations=[],
            now=now,
        )

    assert selectors.classes_asked(wishing.coordinator, wishing.season) == []


def test_what_is_on_offer_is_counted_in_sessions_and_seats(wishing: World, now: datetime) -> None:
    wishing.session(capacity=40)
    wishing.session(capacity=24)
    cancelled = wishing.session()
    CourseSession.objects.filter(pk=cancelled.pk).update(
        state=SessionState.CANCELLED, cancelled_at=now, cancel_reason="停电", room_hold=None
    )
    at_another_school = wishing.session(capacity=30)
    CourseSession.objects.filter(pk=at_another_school.pk).update(
        venue=Venue.SCHOOL, room=None, room_hold=None, school=OrganisationFactory()
    )
    other_season = Season.objects.create(
        name="明年", school_year=2027, opens_at=now + timedelta(days=300),
        closes_at=now + timedelta(days=400), runs_from=now.date() + timedelta(days=310),
        runs_until=now.date() + timedelta(days=400),
    )  # fmt: skip
    wishing.session(season=other_season)
    offer(wishing, "花艺师", occupation_en="Florist", occupation_family=OccupationFamily.CRAFT)
    offer(wishing, "护理员", stages=[Stage.SENIOR])
    offer(wishing, "高年级", grade_from=9, grade_to=9)
    offer(wishing, "草稿", state=VersionState.DRAFT)
    # Taught in an earlier version that still has a session.
    offer(wishing, "点心师", state=VersionState.SUPERSEDED)
    former = CourseVersion.objects.get(occupation_zh="点心师")
    wishing.session(version=former, capacity=10)
    offer(wishing, "无人教", state=VersionState.SUPERSEDED)

    def shown(group: ClassGroup | None = None) -> list[tuple[str, int, int]]:
        return [
            (one.name, one.sessions, one.seats)
            for one in selectors.occupations_on_offer(wishing.season, group)
        ]

    # The class is in grade 7.
    assert shown(wishing.group) == [("点心师", 1, 10), ("面包师", 2, 64), ("花艺师", 0, 0)]
    everything = {name: (number, seats) for name, number, seats in shown()}
    assert everything == {
        "点心师": (1, 10), "面包师": (3, 94), "护理员": (0, 0), "高年级": (0, 0), "花艺师": (0, 0),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("days", "name"),
    [
        pytest.param(-30, "甲", id="before all, the next"),
        pytest.param(1, "甲", id="in the first"),
        pytest.param(8, "乙", id="between, the next"),
        pytest.param(40, "乙", id="after all, the last"),
    ],
)
def test_the_season_is_the_one_that_asks_now(now: datetime, days: int, name: str) -> None:
    for offset, one in ((0, "甲"), (20, "乙"), (None, "无志愿")):
        Season.objects.create(
            name=one,
            school_year=2026,
            opens_at=now + timedelta(days=(offset or 60) + 5),
            closes_at=now + timedelta(days=90),
            runs_from=now.date() + timedelta(days=80),
            runs_until=now.date() + timedelta(days=90),
            **(
                {}
                if offset is None
                else {
                    "wishes_from": now + timedelta(days=offset),
                    "wishes_until": now + timedelta(days=offset + 4),
                }
            ),
        )

    found = selectors.season_of_wishes(now + timedelta(days=days))
    is_open = selectors.open_season(now + timedelta(days=days))

    assert found is not None
    assert found.name == name
    assert (is_open is not None) == (days == 1)


def test_without_a_season_that_asks_there_is_none(wishing: World, now: datetime) -> None:
    Season.objects.update(wishes_from=None, wishes_until=None)

    assert selectors.season_of_wishes(now) is None


@pytest.fixture
def three(wishing: World, now: datetime) -> World:
    """Class 3 (5 students) wishes for bread, then flowers; class 4 (8) for flowers; class 5 takes
    anything; class 6 says nothing; class 7 is empty; another school's class says nothing."""
    offer(wishing, "花艺师", occupation_en="Florist")
    groups = {number: wishing.new_group(number, number * 2) for number in (4, 5, 6)}
    wishing.new_group(7, 0)
    wishing.new_group(1, 3, school=OrganisationFactory(name="平江中学"))
    for group, occupations in (
        (wishing.group, ["面包师", "花艺师"]),
        (groups[4], ["花艺师"]),
        (groups[5], []),
    ):
        say_wishes(
            by=wishing.coordinator,
            season=wishing.season,
            class_group=group,
            occupations=occupations,
            now=now,
        )
    wishing.session(capacity=40)
    return wishing


def test_progress_and_demand_are_counted_by_school_and_occupation(three: World) -> None:
    asked = selectors.classes_asked(SYSTEM, three.season)

    schools = [
        (one.school.name, one.classes, one.said, one.wishing, one.anything, one.silent)
        for one in selectors.progress_of_schools(asked)
    ]
    wanted = [
        (one.occupation.name_zh, one.first_classes, one.first_students, one.classes, one.students,
         one.seats, one.is_short)
        for one in selectors.demand(three.season, asked)
    ]  # fmt: skip

    assert schools == [("平江中学", 1, 0, 0, 0, 1), ("清河中学", 4, 3, 2, 1, 1)]
    assert wanted == [
        ("花艺师", 1, 8, 2, 13, 0, True),
        ("面包师", 1, 5, 1, 5, 40, False),
    ]


def test_a_wish_for_what_is_offered_no_more_is_still_counted(three: World) -> None:
    CourseVersion.objects.filter(occupation_zh="花艺师").update(state=VersionState.WITHDRAWN)

    wanted = selectors.demand(three.season, selectors.classes_asked(SYSTEM, three.season))

    assert [(one.occupation.name, one.first_students, one.seats) for one in wanted] == [
        ("花艺师", 8, 0),
        ("面包师", 5, 40),
    ]


def test_each_sees_the_classes_that_are_theirs(three: World) -> None:
    secretary = actor_of(
        MembershipFactory(organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT)
    )

    def numbers(actor: Actor) -> list[tuple[int, tuple[str, ...] | None]]:
        return [
            (one.class_group.number, None if one.is_silent else one.occupations)
            for one in selectors.classes_asked(actor, three.season)
        ]

    own: list[tuple[int, tuple[str, ...] | None]] = [
        (3, ("面包师", "花艺师")), (4, ("花艺师",)), (5, ()), (6, None),
    ]  # fmt: skip
    assert numbers(three.teacher) == own[:1]
    assert numbers(three.coordinator) == own
    assert numbers(secretary) == [(1, None), *own]
    assert numbers(three.manager) == []
    assert [one.number for one in selectors.silent_classes(three.coordinator, three.season)] == [6]
    found = selectors.wishes_of_class(three.teacher, three.season, three.group)
    assert found is not None
    assert (found.students, found.occupations) == (5, ("面包师", "花艺师"))
    Student.objects.filter(class_group=three.group).update(left_at=three.season.wishes_from)
    assert selectors.wishes_of_class(three.teacher, three.season, three.group) is None


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_takes_as_many_queries_for_one_class_as_for_three(
    wishing: World, now: datetime, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(10, 10 + count - 1):
        wishing.new_group(number, 2)
    for group in ClassGroup.objects.all():
        say_wishes(
            by=wishing.coordinator,
            season=wishing.season,
            class_group=group,
            occupations=["面包师"],
            now=now,
        )

    with django_assert_num_queries(4):
        asked = selectors.classes_asked(wishing.coordinator, wishing.season)
        assert [one.occupations for one in asked] == [("面包师",)] * count
    with django_assert_num_queries(2):
        assert [one.classes for one in selectors.demand(wishing.season, asked)] == [count]
    with django_assert_num_queries(1):
        assert len(selectors.wishes_of(wishing.season, [one.class_group.pk for one in asked])) == (
            count
        )


def test_occupations_have_their_english_names_on_english_pages(
    wishing: World, django_assert_num_queries: Any
) -> None:
    offer(wishing, "花艺师", occupation_en="Florist")

    with django_assert_num_queries(0):
        in_chinese = selectors.shown_names(["面包师", "花艺师"])
    with translation.override("en"), django_assert_num_queries(1):
        in_english = selectors.shown_names(["面包师", "花艺师"])
    with translation.override("en"):
        offered = [one.name for one in selectors.occupations_on_offer(wishing.season)]

    assert in_chinese == {"面包师": "面包师", "花艺师": "花艺师"}
    assert in_english == {"面包师": "面包师", "花艺师": "Florist"}
    assert sorted(offered) == ["Florist", "面包师"]

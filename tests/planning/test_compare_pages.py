"""Plans side by side: schools, the classes that differ, publishing, and paper."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from accounts.models import User
from courses.models import CourseSession
from planning.choices import PlanState
from planning.models import CohortPlan, PlanClass, PlanSchool
from planning.selectors import comparing
from planning.services import publishing
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import OrganisationFactory
from tests.factories.hours import RequirementFactory
from tests.factories.planning import make_plan

from .test_plan_pages import plan_of, queries, rows_of, text_of

Login = Callable[[Actor], Client]


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def sessions(world: World) -> list[CourseSession]:
    return [world.session(day=DAY + timedelta(days=day)) for day in range(3)]


@pytest.fixture
def two(
    world: World, secretary: Actor, now: datetime, sessions: list[CourseSession]
) -> list[CohortPlan]:
    """Of three classes of two schools the first has the same in both plans, the second another
    session, the third the same session for fewer students; the fourth is in one of them alone."""
    same, other = world.group, world.new_group(4, 5)
    far = world.new_group(1, 5, school=OrganisationFactory(name="安远中学"))
    lonely = world.new_group(2, 5, school=far.school)
    first, second, third = sessions

    def plan(at: int, given: CourseSession, of_far: int) -> CohortPlan:
        wanted = {
            same: {first: world.students},
            other: {first: list(other.students.all()), given: list(other.students.all()[:2])},
            far: {first: list(far.students.order_by("seat_no")[:of_far])},
        } | ({lonely: {first: list(lonely.students.all())}} if at else {})
        return make_plan(
            by=secretary,
            season=world.season,
            wanted=wanted,
            now=now + timedelta(minutes=at),
        )

    return [plan(0, second, 5), plan(1, third, 3)]


def test_schools_are_compared_by_wishes_and_trips_too(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    far = world.new_group(1, 5, school=OrganisationFactory(name="安远中学"))
    one = plan_of(secretary, world, now, world.group, far)
    two = plan_of(secretary, world, now + timedelta(minutes=1), world.group, far)
    PlanSchool.objects.filter(plan=two, school=world.school).update(wishes=0.9, trips=7)
    PlanClass.objects.filter(plan=two, class_group=far).update(reason={"code": "no wish"})
    client = login(secretary)

    def schools(by: str) -> list[str]:
        return rows_of(client.get(f"/plans/compare/?with={one.pk},{two.pk}&by={by}"), 1)

    assert schools("") == ["安远中学（共 5 人） 3 3", "清河中学（共 5 人） 3 3"]
    assert schools("anything") == schools("reach") == schools("")
    assert schools("wishes") == ["安远中学 — 80.0%", "清河中学 最好 90.0% 80.0%"]
    assert schools("trips") == ["安远中学 1 1", "清河中学 7 最好 1"]


def test_only_what_can_be_published_has_its_link(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    outdated = plan_of(secretary, world, now)
    published = plan_of(secretary, world, now)
    publishing.publish(by=secretary, plan=published, now=now + timedelta(minutes=3))
    publishing.publish_classes(published.pk, clock=lambda: now)
    free = plan_of(secretary, world, now + timedelta(minutes=9), world.new_group(4, 5))
    keys = ",".join(str(one.pk) for one in (outdated, published, free))

    answer = login(secretary).get(f"/plans/compare/?with={keys}")

    assert [(one.line.pk, one.can_publish) for one in answer.context["columns"]] == [
        (free.pk, True),
        (published.pk, False),
        (outdated.pk, False),
    ]
    page = answer.content.decode()
    assert [f'href="/plans/{key}/publish/"' in page for key in (free.pk, outdated.pk)] == [
        True,
        False,
    ]


def test_the_classes_that_differ_are_those_of_all_the_plans(
    world: World, two: list[CohortPlan]
) -> None:
    found = comparing.classes_that_differ(two)

    groups = [PlanClass.objects.filter(class_group=key)[0].class_group for key in found]
    assert [(one.school.name, one.number) for one in groups] == [("安远中学", 1), ("清河中学", 4)]


def test_the_comparison_leads_to_what_each_plan_gives_a_class(
    world: World, secretary: Actor, login: Login, two: list[CohortPlan]
) -> None:
    client = login(secretary)
    older, newer = two
    query = f"with={newer.pk},{older.pk}"

    compared = client.get(f"/plans/compare/?{query}")
    page = client.get(f"/plans/compare/classes/?{query}")

    assert "2 个班的场次或人数不同。 看是哪些班" in text_of(compared)
    assert f'href="/plans/compare/classes/?{query}"' in compared.content.decode()
    shown = [
        (row.school, row.label, [[one.seats for one in cell.sessions] for cell in row.cells],
         [one.seats for one in row.same])
        for row in page.context["rows"]
    ]  # fmt: skip
    assert shown == [
        ("安远中学", "七(1)班", [[3], [5]], []),
        ("清河中学", "七(4)班", [[2], [2]], [5]),
    ]
    text = text_of(page)
    assert (
        f"清河中学 七(4)班 方案 {newer.pk} 能修满 0 / 5 · 志愿满足 0% "
        "12 月 10 日（周四） 面包师：吐司与软欧 9:00–11:30 · 焙烤实训中心 3号实训室 · 2 个名额 "
        f"方案 {older.pk} 能修满 0 / 5 · 志愿满足 0% "
        "12 月 9 日（周三） 面包师：吐司与软欧 9:00–11:30 · 焙烤实训中心 2号实训室 · 2 个名额 "
        "1 场相同" in text
    )
    narrowed = client.get(f"/plans/compare/classes/?{query}&school={world.school.pk}")
    assert [row.label for row in narrowed.context["rows"]] == ["七(4)班"]
    assert "安远中学 七(1)班" not in text_of(narrowed)


def test_plans_that_give_all_classes_the_same_say_so(
    world: World, secretary: Actor, login: Login, now: datetime, sessions: list[CourseSession]
) -> None:
    plans = [
        make_plan(
            by=secretary,
            season=world.season,
            wanted={world.group: {sessions[0]: world.students}},
            now=now,
        )
        for _number in range(2)
    ]
    query = f"with={plans[0].pk},{plans[1].pk}"
    client = login(secretary)

    for address in (f"/plans/compare/?{query}", f"/plans/compare/classes/?{query}"):
        assert "这些方案给各班排的场次和人数都一样。" in text_of(client.get(address))


def test_what_is_not_alike_is_not_compared_class_by_class(
    world: World, secretary: Actor, login: Login, two: list[CohortPlan]
) -> None:
    other = RequirementFactory(name="高中职业体验", stage="senior", due_on=DAY)
    CohortPlan.objects.filter(pk=two[0].pk).update(requirement=other)
    client = login(secretary)
    query = f"with={two[0].pk},{two[1].pk}"

    assert "逐班差别" not in text_of(client.get(f"/plans/compare/?{query}"))
    answer = client.get(f"/plans/compare/classes/?{query}")
    assert (answer.status_code, answer["Location"]) == (302, "/plans/")


def test_the_printed_comparison_has_all_figures_of_the_schools(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    one = plan_of(secretary, world, now)
    two = plan_of(secretary, world, now + timedelta(minutes=1))
    two.schools.update(reached=5, trips=4)
    client = login(secretary)

    answer = client.get(f"/plans/compare/print/?with={one.pk},{two.pk}")

    assert rows_of(answer, 1) == ["能修满的学生", "清河中学（共 5 人） 最好 5 3"]
    assert rows_of(answer, 2) == ["志愿满足", "清河中学 80.0% 80.0%"]
    assert rows_of(answer, 3) == ["出行趟次", "清河中学 4 最好 1"]
    assert "11 月 24 日（周二）8:00 打印" in text_of(answer)
    assert "<nav" not in answer.content.decode()
    for address in ("print", "classes"):
        nothing = client.get(f"/plans/compare/{address}/?with={one.pk}")
        assert (nothing.status_code, nothing["Location"]) == (302, "/plans/")


def test_differences_cost_as_much_for_three_classes_as_for_one(
    world: World, secretary: Actor, login: Login, now: datetime, sessions: list[CourseSession]
) -> None:
    groups = [world.group, *(world.new_group(number, 5) for number in (4, 5))]
    client = login(secretary)

    def pages(some: int) -> int:
        plans = [
            make_plan(
                by=secretary,
                season=world.season,
                wanted={group: {given: list(group.students.all())} for group in groups[:some]},
                now=now,
            )
            for given in sessions[:2]
        ]
        return queries(client, f"/plans/compare/classes/?with={plans[0].pk},{plans[1].pk}")

    assert pages(1) == pages(3) == 12


def test_where_every_school_is_full_no_school_is_the_lowest(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now, worst_school=1.0)
    plan.schools.update(reached=5)
    client = login(secretary)

    for address in (f"/plans/{plan.pk}/", f"/plans/{plan.pk}/print/"):
        page = text_of(client.get(address))
        assert "最低的学校 各校都是 100%" in page
        assert "清河中学 · 5 / 5" not in page
    CohortPlan.objects.filter(pk=plan.pk).update(worst_school=0.6)
    plan.schools.update(reached=3)
    assert "最低的学校 清河中学 · 3 / 5 · 上限未算出" in text_of(client.get(f"/plans/{plan.pk}/"))


def test_a_class_that_lacks_no_hours_says_why_it_has_no_share_of_wishes(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now)
    reason = plan.classes.get().reason
    plan.classes.update(reason=reason | {"lacking_hours": 0})
    plan.schools.update(wishes=0)
    client = login(secretary)
    words = "学时已够，只补职业或开课单位类别，不计志愿满足。"

    page = client.get(f"/plans/{plan.pk}/")
    of_class = client.get(f"/plans/{plan.pk}/classes/{plan.classes.get().pk}/")

    assert rows_of(page) == ["清河中学 3 / 5 60.0% — 1 3"]
    assert rows_of(page, 1)[0].endswith(f"能去的 1 场共 3 个名额都用完了。 {words}")
    assert f"志愿满足 — · {words}" in text_of(of_class)
    assert words in text_of(client.get(f"/plans/{plan.pk}/print/"))


def test_a_class_is_printed_with_the_names_for_its_own_school_alone(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    alliance, own = plan_of(secretary, world, now), plan_of(world.coordinator, world, now)
    names = "、".join(one.name for one in world.students[:3])

    def row(who: Actor, plan: CohortPlan) -> list[str]:
        return rows_of(login(who).get(f"/plans/{plan.pk}/classes/{plan.classes.get().pk}/print/"))

    session = "12 月 8 日（周二） 9:00–11:30 面包师：吐司与软欧 焙烤实训中心 "
    assert row(secretary, alliance) == [f"{session}1号实训室 3"]
    assert row(world.coordinator, own) == [f"{session}2号实训室 3 {names}"]


def test_a_plan_at_work_says_what_is_true_with_and_without_scripts(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now, state=PlanState.QUEUED)

    page = login(secretary).get(f"/plans/{plan.pk}/").content.decode()

    assert "<span data-with-script hidden>算好会自动显示方案。</span>" in page
    assert "<noscript><span>算好以后点“刷新”看方案。</span></noscript>" in page


def test_a_season_without_sessions_is_refused_on_the_form(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    client = login(secretary)
    form = client.get("/plans/new/")
    values = {
        "seen": form.context["seen"], "season": world.season.pk, "schools": [world.school.pk],
        "requirement": form.context["requirement"].pk, "sites_at_once": 2, "goal": "wishes",
        "is_draft": "full",
    }  # fmt: skip

    answer = client.post("/plans/new/", values)

    assert answer.status_code == 409
    assert "还没有可约的场次：“2026 学年秋季”到 1 月 23 日为止没有空位。" in text_of(answer)
    assert not CohortPlan.objects.exists()


def test_english_pages_undo_a_plan_with_one_word(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_of(secretary, world, now)
    publishing.publish(by=secretary, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    User.objects.update(language="en")
    client = login(secretary)

    page = client.get(f"/plans/{plan.pk}/")
    question = text_of(client.get(f"/plans/{plan.pk}/undo/"))

    link = re.search(rf'href="/plans/{plan.pk}/undo/">([^<]+)<', page.content.decode())
    assert link is not None
    assert link[1] == "Undo"
    assert f"Undo Plan {plan.pk}?" in question
    client.post(f"/plans/{plan.pk}/undo/")
    publishing.undo_classes(plan.pk, clock=lambda: now)
    over = text_of(client.get(f"/plans/{plan.pk}/"))
    assert "The plan has been undone and cannot be published again." in over
    assert "ithdr" not in text_of(page) + question + over

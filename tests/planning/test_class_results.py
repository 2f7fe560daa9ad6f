"""What a class reads once a plan is published: what it has of its wishes, and why not more."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor
from accounts.models import User
from courses.models import Season
from hours.models import PracticumRequirement
from planning.models import CohortPlan
from planning.selectors import results
from planning.selectors.results import WishPage
from planning.services import publishing
from planning.services.wishes import say_wishes
from rosters.models import ClassGroup
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.bookings import make_booking
from tests.factories.planning import make_plan
from tests.planning.conftest import make_wishing, offer

Login = Callable[[Actor], Client]

DAYS = timedelta(days=1)
FULL = {
    "code": "full",
    "occupation": "花艺师",
    "wishing": 5,
    "attending": 2,
    "sessions": 1,
    "seats": 2,
}
WHY = "想去“花艺师”的 5 人排上 2 人：能去的 1 场共 2 个名额都用完了。"


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    """After the deadline of the wishes."""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def world(db: None, now: datetime) -> World:
    """The class has wished for the florist and the baker; then the deadline passed."""
    world = make_wishing(now)
    offer(world, "花艺师", title_en="Florist", occupation_en="Florist")
    say_wishes(
        by=world.teacher,
        season=world.season,
        class_group=world.group,
        occupations=["花艺师", "面包师"],
        now=now,
    )
    Season.objects.update(wishes_until=now, opens_at=now, runs_from=now.date())
    PracticumRequirement.objects.update(class_hours=4, min_occupations=1)
    world.season.refresh_from_db()
    return world


def plan_for(
    world: World,
    by: Actor,
    now: datetime,
    groups: list[ClassGroup] | None = None,
    **figures: Any,
) -> CohortPlan:
    """Two of each class go to the florist, for all the hours, the others to the baker, for half of
    them."""
    florist = world.version.__class__.objects.get(occupation_zh="花艺师")
    flowers, bread = world.session(version=florist), world.session(day=DAY + DAYS, class_hours=2)
    plan = make_plan(
        by=by,
        season=world.season,
        school=world.school if by.is_school else None,
        wanted={
            group: {
                flowers: list(group.students.all())[:2],
                bread: list(group.students.all())[2:],
            }
            for group in groups or [world.group]
        },
        now=now,
    )
    plan.classes.update(**{"reason": FULL, "reached_before": 1, "reached": 4} | figures)
    return plan


def publish(plan: CohortPlan, by: Actor, now: datetime) -> None:
    publishing.publish(by=by, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    html = response.content.decode()
    main = html[html.index("<main") : html.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def test_the_class_reads_what_it_has_of_its_wishes_and_one_sentence_why(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    publish(plan_for(world, secretary, now), secretary, now)
    address = f"/classes/{world.group.pk}/wishes/"

    for reader in (world.teacher, world.coordinator):
        client = login(reader)
        assert (
            "统筹结果 2026 学年秋季 能修满 2 / 5 人 志愿 花艺师 2 人排上 面包师 3 人排上 "
            f"{WHY} 看这个班的行程 另行预约"
        ) in page(client, address)
        assert f'href="/trips/?class={world.group.pk}"' in client.get(address).content.decode()
        assert f"统筹结果：能修满 2 / 5 人。{WHY}" in page(client, "/wishes/")


def test_it_is_read_in_english_too(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    publish(plan_for(world, secretary, now), secretary, now)
    User.objects.update(language="en")

    shown = page(login(world.teacher), f"/classes/{world.group.pk}/wishes/")

    assert (
        "Result of the alliance's plan 2026 学年秋季 Reach the hours 2 / 5 students Wishes Florist "
        "2 students placed"
    ) in shown
    assert "2 of the 5 who wish for “Florist” attend it:" in shown


def test_a_wish_that_nobody_attends_says_so_and_what_was_cancelled_does_not_count(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_for(world, secretary, now, reached=5, reason={"code": "met"})
    publish(plan, secretary, now)
    row = plan.classes.get()
    assert row.reservation is not None
    flowers = row.reservation.bookings.get(session__version__occupation_zh="花艺师")
    flowers.places.update(is_live=False)

    shown = page(login(world.teacher), f"/classes/{world.group.pk}/wishes/")

    # The plan's own figures are of when it was found.
    assert "能修满 0 / 5 人 志愿 花艺师 没有排上 面包师 3 人排上 志愿都排上了。" in shown
    assert "另行预约" in shown


def test_a_class_that_could_not_be_booked_reads_why(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    plan = plan_for(world, secretary, now)
    make_booking(
        by=world.coordinator,
        session=world.session(),
        class_group=world.group,
        student_ids=[world.students[0].pk],
        now=now,
    )

    publish(plan, secretary, now)

    shown = page(login(world.teacher), f"/classes/{world.group.pk}/wishes/")
    assert "统筹结果 2026 学年秋季 没有约成 能修满 1 / 5 人" in shown
    assert "七(3)班 1号在 12 月 8 日（周二）9:00–11:30 已约面包师：吐司与软欧，时间冲突。" in shown
    assert WHY not in shown


def test_before_it_is_published_and_after_it_is_undone_there_is_no_result(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    client, address = login(world.teacher), f"/classes/{world.group.pk}/wishes/"
    plan = plan_for(world, secretary, now)
    found = page(client, address)
    publishing.publish(by=secretary, plan=plan, now=now)
    at_work = page(client, address)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    published = page(client, address)
    publishing.undo(by=secretary, plan=CohortPlan.objects.get(pk=plan.pk), now=now)
    publishing.undo_classes(plan.pk, clock=lambda: now)

    assert [
        "统筹结果" in shown for shown in (found, at_work, published, page(client, address))
    ] == [False, False, True, False]


def test_of_several_plans_the_last_for_the_class_counts(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    publish(plan_for(world, secretary, now), secretary, now)
    later = now + timedelta(hours=1)
    other = world.new_group(4, 3)
    with time_machine.travel(later, tick=False):
        own = make_plan(
            by=world.coordinator,
            season=world.season,
            school=world.school,
            wanted={world.group: {world.session(day=DAY + 3 * DAYS): world.students}},
            now=later,
        )
        own.classes.update(reached=5, reason={"code": "met"})
        publish(own, world.coordinator, later)
        # A later plan for others says nothing of this class.
        last = make_plan(
            by=secretary,
            season=world.season,
            wanted={other: {world.session(day=DAY + 4 * DAYS): list(other.students.all())}},
            now=later,
        )
        publish(last, secretary, later)

        shown = page(login(world.teacher), f"/classes/{world.group.pk}/wishes/")

    assert "本校方案的结果 2026 学年秋季 能修满 5 / 5 人" in shown
    assert "另行预约" not in shown
    assert "志愿都排上了。" in shown
    assert WHY not in shown


def test_nobody_reads_what_another_school_has(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    publish(plan_for(world, secretary, now), secretary, now)
    school = OrganisationFactory()
    strangers = [
        actor_of(MembershipFactory(coordinator=True, organisation=school)),
        actor_of(MembershipFactory(organisation=world.school)),
        secretary,
        world.manager,
    ]

    address = f"/classes/{world.group.pk}/wishes/"
    assert [login(one).get(address).status_code for one in strangers] == [404, 404, 403, 403]
    assert [
        results.results_of(one, [world.group.pk], now)
        for one in (strangers[0], secretary, world.manager)
    ] == [{}, {}, {}]
    assert set(results.results_of(world.teacher, [world.group.pk], now)) == {world.group.pk}


def test_once_the_season_is_over_there_is_no_result(
    world: World, secretary: Actor, now: datetime
) -> None:
    publish(plan_for(world, secretary, now), secretary, now)
    last = datetime.combine(world.season.runs_until, now.timetz())

    assert set(results.results_of(world.teacher, [world.group.pk], last)) == {world.group.pk}
    assert results.results_of(world.teacher, [world.group.pk], last + DAYS) == {}


def test_without_any_phase_of_wishes_the_result_stands_alone(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    publish(plan_for(world, secretary, now), secretary, now)
    Season.objects.update(wishes_from=None, wishes_until=None)

    shown = page(login(world.teacher), f"/classes/{world.group.pk}/wishes/")

    assert "统筹结果 2026 学年秋季" in shown
    assert "还没有填志愿的安排" not in shown


def test_the_class_s_page_leads_there_as_long_as_there_is_something_to_read(
    world: World, secretary: Actor, login: Login, now: datetime
) -> None:
    client = login(world.teacher)
    silent = world.new_group(4, 2)
    world.teach(silent)

    def link(group: ClassGroup) -> str:
        html = client.get(f"/classes/{group.pk}/").content.decode()
        found = re.findall(rf'href="/classes/{group.pk}/wishes/">(.*?)</a>', html)
        return re.sub(r"<[^>]+>", "", found[0]) if found else ""

    before = [link(world.group), link(silent)]
    publish(plan_for(world, secretary, now), secretary, now)
    after = [link(world.group), link(silent)]

    assert before == ["看志愿", ""]
    assert after == ["志愿和统筹结果", ""]
    assert 'href="/wishes/"' in client.get("/classes/").content.decode()
    assert results.wish_page(world.teacher, world.group, now - DAYS) is WishPage.SAY
    Season.objects.update(wishes_from=None, wishes_until=None)
    assert 'href="/wishes/"' not in client.get("/classes/").content.decode()


@pytest.mark.parametrize("path", ["/wishes/", "/classes/{group}/wishes/", "/classes/{group}/"])
def test_pages_with_results_take_as_many_queries_for_one_class_as_for_three(
    world: World, secretary: Actor, login: Login, now: datetime, path: str
) -> None:
    client = login(world.coordinator)
    address = path.format(group=world.group.pk)
    counts = []
    for number in (0, 2):
        groups = [world.new_group(10 + one, 4) for one in range(number)] or [world.group]
        publish(plan_for(world, secretary, now, groups), secretary, now)
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert (
        len(
            results.results_of(
                world.coordinator, list(ClassGroup.objects.values_list("pk", flat=True)), now
            )
        )
        == 3
    )

"""What schools and hosts meet once a plan is published: a class reads why it has this and not its
wish, whoever is missing to accompany it is named, and a host reads one message."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.actors import Actor
from accounts.models import Membership
from bookings.models import Companion
from courses.models import CourseVersion, Season
from hours.models import PracticumRequirement
from notifications.models import Message
from planning.services import publishing
from planning.services.wishes import say_wishes
from sites.calendar import local_day
from tests.bookings.conftest import World
from tests.browser.conftest import axe_violations, fits, follow
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.planning import make_plan
from tests.planning.conftest import make_wishing, offer

NewContext = Callable[..., BrowserContext]

WHY = "想去“花艺师”的 5 人排上 2 人：能去的 1 场共 2 个名额都用完了。"


@pytest.fixture
def world(transactional_db: None) -> World:
    """The wishes are said, their deadline is over, and the alliance's plan is published: two of the
    class go to the florist, for all the hours, the others to the baker, for half of them. Each
    time two adults are to come."""
    now = timezone.now()
    world = make_wishing(now)
    florist: CourseVersion = offer(world, "花艺师", occupation_en="Florist")
    say_wishes(
        by=world.teacher,
        season=world.season,
        class_group=world.group,
        occupations=["花艺师", "面包师"],
        now=now,
    )
    Season.objects.update(wishes_until=now, opens_at=now, runs_from=local_day(now))
    PracticumRequirement.objects.update(class_hours=4, min_occupations=1)
    world.season.refresh_from_db()
    secretary: Actor = actor_of(MembershipFactory(secretariat=True))
    day = local_day(now) + timedelta(days=14)
    flowers = world.session(version=florist, day=day, capacity=2)
    bread = world.session(day=day + timedelta(days=1), class_hours=2)
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {flowers: world.students[:2], bread: world.students[2:]}},
        now=now,
    )
    plan.classes.update(
        reached=2,
        reason={
            "code": "full",
            "occupation": "花艺师",
            "wishing": 5,
            "attending": 2,
            "sessions": 1,
            "seats": 2,
        },
    )
    publishing.publish(by=secretary, plan=plan, now=now)
    publishing.publish_classes(plan.pk)
    return world


def checked(page: Page, *, scripts: bool) -> None:
    # Axe is a script.
    assert not scripts or axe_violations(page) == [], page.url
    assert fits(page), page.url


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_teacher_reads_the_result_and_names_who_is_missing(
    world: World, new_context: NewContext, width: int, scripts: bool
) -> None:
    page = new_context(
        world.teacher_membership, width=width, java_script_enabled=scripts
    ).new_page()
    page.goto("/inbox/")
    follow(page.get_by_role("link", name="统筹方案已约好：七(3)班，2 场"))
    checked(page, scripts=scripts)
    follow(page.get_by_role("link", name="查看"))

    expect(page.get_by_text(WHY)).to_be_visible()
    assert page.locator(".ranked li").all_inner_texts() == ["花艺师 2 人排上", "面包师 3 人排上"]
    checked(page, scripts=scripts)
    page.goto(f"/classes/{world.group.pk}/")
    checked(page, scripts=scripts)
    follow(page.get_by_role("link", name="志愿和统筹结果"))
    follow(page.get_by_role("link", name="看这个班的行程"))
    checked(page, scripts=scripts)

    page.goto("/")
    checked(page, scripts=scripts)
    follow(page.get_by_role("link", name="2 个行程还缺带队教师"))
    checked(page, scripts=scripts)
    follow(page.locator("main .list li > a").first)
    checked(page, scripts=scripts)
    follow(page.get_by_role("link", name="补带队教师"))
    expect(page.get_by_label("第 2 位带队教师")).to_be_visible()
    checked(page, scripts=scripts)
    page.get_by_label("第 2 位带队教师").fill("吴老师")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("已保存，现在是 2 人。")).to_be_visible()

    assert sorted(Companion.objects.values_list("name", flat=True)) == [
        "吴老师",
        "周老师",
        "周老师",
    ]
    page.goto("/")
    expect(page.get_by_role("link", name="1 个行程还缺带队教师")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_coordinator_and_the_host_read_one_message_each(
    world: World, new_context: NewContext, width: int
) -> None:
    office = Membership.objects.get(user__name="沈主任")
    manager = Membership.objects.get(user__name="李师傅")
    assert Message.objects.filter(recipient__in=(office.user_id, manager.user_id)).count() == 2

    page = new_context(office, width=width).new_page()
    page.goto("/inbox/")
    follow(page.get_by_role("link", name="统筹方案已发布"))
    expect(page.get_by_text("其中 2 场还缺带队教师，请在名单定下前补上。")).to_be_visible()
    checked(page, scripts=True)
    follow(page.get_by_role("link", name="查看"))
    expect(page.get_by_text(f"统筹结果：能修满 2 / 5 人。{WHY}")).to_be_visible()
    checked(page, scripts=True)
    page.goto("/classes/")
    checked(page, scripts=True)

    host = new_context(manager, width=width).new_page()
    host.goto("/inbox/")
    follow(host.get_by_role("link", name="统筹方案为贵处约了 1 个班、5 个名额"))
    checked(host, scripts=True)
    follow(host.get_by_role("link", name="查看"))
    expect(host.get_by_role("link", name="2/2 花艺师").first).to_be_visible()
    checked(host, scripts=True)

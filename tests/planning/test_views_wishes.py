"""The pages on which wishes are said, and the one on which they are counted."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor
from accounts.choices import Role
from accounts.models import User
from accounts.selectors import actor_of
from courses.models import CourseVersion, Season
from hours.models import PracticumRequirement
from planning.models import WishList
from planning.selectors.wishes import wishes_of
from planning.services.wishes import say_wishes
from rosters.models import ClassGroup, Student
from tests.bookings.conftest import World
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.planning.conftest import offer

pytestmark = pytest.mark.django_db

Login = Callable[[Actor], Client]


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def login() -> Login:
    def sign_in(actor: Actor) -> Client:
        client = Client()
        client.force_login(User.objects.get(pk=actor.user_id))
        return client

    return sign_in


@pytest.fixture
def secretary(db: None) -> Actor:
    alliance = OrganisationFactory(alliance=True)
    return actor_of(
        MembershipFactory(organisation=alliance, role=Role.SECRETARIAT, user__name="钱秘书")
    )


def page(client: Client, address: str) -> str:
    """The words of the page's body, without marks and with single spaces."""
    response = client.get(address)
    assert response.status_code == 200, address
    return words(response.content.decode())


def words(html: str) -> str:
    main = html[html.index("<main") : html.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def said(world: World) -> list[str]:
    return wishes_of(world.season, [world.group.pk]).get(world.group.pk, [])


def test_wishes_are_saved_and_changed_on_the_class_s_page(wishing: World, login: Login) -> None:
    offer(wishing, "花艺师")
    wishing.session(capacity=40)
    address = f"/classes/{wishing.group.pk}/wishes/"
    client = login(wishing.teacher)

    before = page(client, address)
    answer = client.post(
        address, {"wish_1": "", "wish_2": "花艺师", "wish_3": "", "wish_4": "面包师"}
    )
    after = page(client, address)
    client.post(address, {"wish_1": "面包师", "anything": "1"})
    at_last = page(client, address)

    assert "面包师（1 场，共 40 位）" in before
    assert "花艺师（还没有场次）" in before
    assert "11 月 29 日（周日）0:00 截止，截止前可以随时改，以最后一次为准。" in before
    assert "也可以不填：排课时一样对待，没有影响。" in before
    assert "现在的志愿" not in before
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert "七(3)班的志愿已保存。" in after
    assert "现在的志愿 花艺师 面包师 周老师 · 11 月 24 日（周二）8:00" in after
    assert "已记下：七(3)班都可以。" in at_last
    assert "现在的志愿 都可以 周老师" in at_last
    assert said(wishing) == []
    assert WishList.objects.count() == 1


def test_what_was_said_is_chosen_in_the_form(wishing: World, login: Login, now: datetime) -> None:
    offer(wishing, "花艺师")
    say_wishes(
        by=wishing.teacher,
        season=wishing.season,
        class_group=wishing.group,
        occupations=["花艺师", "面包师"],
        now=now,
    )

    html = login(wishing.coordinator).get(f"/classes/{wishing.group.pk}/wishes/").content.decode()

    chosen = re.findall(r'<option value="([^"]*)" selected>', html)
    assert chosen == ["花艺师", "面包师", "", "", ""]


@pytest.mark.parametrize(
    ("sent", "status", "sentence", "field"),
    [
        ({}, 200, "请至少选一个职业；没有偏好，请点“都可以”。", None),
        (
            {"wish_1": "面包师", "wish_3": "面包师"},
            422,
            "“面包师”填了两次，请换一个职业，或留空。",
            "wish_3",
        ),
        ({"wish_1": "宇航员"}, 200, "“第 1 志愿”里没有这个选项，请重新选择。", "wish_1"),
    ],
)
def test_a_mistake_stands_at_its_field_and_nothing_is_saved(
    wishing: World,
    login: Login,
    sent: dict[str, str],
    status: int,
    sentence: str,
    field: str | None,
) -> None:
    answer = login(wishing.teacher).post(f"/classes/{wishing.group.pk}/wishes/", sent)

    html = answer.content.decode()
    assert answer.status_code == status
    assert sentence in html
    invalid = re.findall(r'<select name="(wish_\d)"[^>]*aria-invalid="true"', html)
    assert invalid == ([field] if field else [])
    assert not WishList.objects.exists()


def test_after_the_deadline_the_page_is_read(wishing: World, login: Login, now: datetime) -> None:
    address = f"/classes/{wishing.group.pk}/wishes/"
    client = login(wishing.teacher)
    say_wishes(
        by=wishing.teacher,
        season=wishing.season,
        class_group=wishing.group,
        occupations=["面包师"],
        now=now,
    )

    with time_machine.travel(now + timedelta(days=6), tick=False):
        client.force_login(wishing.teacher_membership.user)
        shown = page(client, address)
        answer = client.post(address, {"anything": "1"})

    assert "志愿已于 11 月 29 日（周日）0:00 截止，不能再改。" in shown
    assert "现在的志愿 面包师" in shown
    assert "保存志愿" not in shown
    assert answer.status_code == 409
    assert "截止，不能再改。" in words(answer.content.decode())
    assert said(wishing) == ["面包师"]


def test_before_it_begins_the_page_says_when(wishing: World, login: Login, now: datetime) -> None:
    Season.objects.update(wishes_from=now + timedelta(days=1))

    shown = page(login(wishing.teacher), f"/classes/{wishing.group.pk}/wishes/")

    assert "11 月 25 日（周三）8:00 起可以填。" in shown
    assert "现在的志愿 没有填" in shown
    assert "保存志愿" not in shown


@pytest.mark.parametrize(
    ("lacking", "sentence"),
    [
        ("season", "还没有填志愿的安排 秘书处定好时间后，各班的志愿在这里填。"),
        ("requirement", "不用填志愿 这个班级没有学时要求，不参加统筹，不用填志愿。"),
        ("students", "班里还没有学生 请学校管理员先录入学生名单。"),
        ("courses", "还没有适合这个年级的课程 有课程发布后，就可以填志愿。"),
    ],
)
def test_where_nothing_can_be_said_the_page_says_why(
    wishing: World, login: Login, now: datetime, lacking: str, sentence: str
) -> None:
    if lacking == "season":
        Season.objects.update(wishes_from=None, wishes_until=None)
    elif lacking == "requirement":
        PracticumRequirement.objects.all().delete()
    elif lacking == "students":
        Student.objects.update(left_at=now)
    else:
        CourseVersion.objects.update(grade_to=8, grade_from=8)

    shown = page(login(wishing.teacher), f"/classes/{wishing.group.pk}/wishes/")

    assert sentence in shown
    assert "保存志愿" not in shown


@pytest.mark.parametrize("who", ["colleague", "other coordinator", "manager", "secretariat"])
def test_others_do_not_find_the_page(
    wishing: World, login: Login, secretary: Actor, who: str
) -> None:
    actors = {
        "colleague": MembershipFactory(organisation=wishing.school, role=Role.TEACHER),
        "other coordinator": MembershipFactory(coordinator=True),
    }
    actor = {"manager": wishing.manager, "secretariat": secretary}.get(who) or actor_of(actors[who])
    client = login(actor)
    address = f"/classes/{wishing.group.pk}/wishes/"

    statuses = (client.get(address).status_code, client.post(address, {"anything": 1}).status_code)

    assert set(statuses) <= {403, 404}
    assert not WishList.objects.exists()


def test_the_list_shows_what_each_class_said(wishing: World, login: Login, now: datetime) -> None:
    fourth, fifth = wishing.new_group(4, 2), wishing.new_group(5, 2)
    for group, occupations in ((wishing.group, ["面包师"]), (fourth, [])):
        say_wishes(
            by=wishing.coordinator,
            season=wishing.season,
            class_group=group,
            occupations=occupations,
            now=now,
        )

    own = page(login(wishing.teacher), "/wishes/")
    all_of_school = page(login(wishing.coordinator), "/wishes/")

    assert "1/1 个班已填" in own
    assert "七(4)班" not in own
    assert (
        "2/3 个班已填 七(3)班 5 人 面包师 沈主任 · 11 月 24 日（周二）8:00 已填 "
        "七(4)班 2 人 沈主任 · 11 月 24 日（周二）8:00 都可以 七(5)班 2 人 还没有填"
    ) in all_of_school
    assert f'href="/classes/{fifth.pk}/wishes/"' in (
        login(wishing.coordinator).get("/wishes/").content.decode()
    )


@pytest.mark.parametrize(
    ("lacking", "who", "sentence"),
    [
        ("season", "teacher", "还没有填志愿的安排"),
        ("requirement", "teacher", "您任课的班级里，有学时要求的会显示在这里。"),
        ("requirement", "coordinator", "有学生、有学时要求的班级，会显示在这里。"),
    ],
)
def test_an_empty_list_says_why(
    wishing: World, login: Login, lacking: str, who: str, sentence: str
) -> None:
    if lacking == "season":
        Season.objects.update(wishes_from=None, wishes_until=None)
    else:
        PracticumRequirement.objects.all().delete()

    assert sentence in page(login(getattr(wishing, who)), "/wishes/")


@pytest.mark.parametrize("count", [1, 3])
def test_pages_take_as_many_queries_for_one_class_as_for_three(
    wishing: World,
    login: Login,
    secretary: Actor,
    now: datetime,
    count: int,
) -> None:
    for number in range(10, 10 + count - 1):
        offer(wishing, f"职业{number}")
        wishing.new_group(number, 2)
        wishing.new_group(1, 2, school=OrganisationFactory())
    for group in ClassGroup.objects.filter(school=wishing.school):
        say_wishes(
            by=wishing.coordinator,
            season=wishing.season,
            class_group=group,
            occupations=["面包师"],
            now=now,
        )
    school, alliance = login(wishing.coordinator), login(secretary)
    for client in (school, alliance):
        client.get("/inbox/")

    numbers = []
    for client, address in (
        (school, "/wishes/"),
        (school, f"/classes/{wishing.group.pk}/wishes/"),
        (alliance, f"/seasons/{wishing.season.pk}/wishes/"),
        (alliance, f"/seasons/{wishing.season.pk}/wishes/print/"),
        (alliance, f"/seasons/{wishing.season.pk}/wishes.csv"),
        (alliance, f"/seasons/{wishing.season.pk}/demand.csv"),
    ):
        with CaptureQueriesContext(connection) as counted:
            assert client.get(address).status_code == 200
        numbers.append(len(counted))

    assert numbers == [11, 16, 11, 10, 8, 10]


def test_the_secretariat_sees_demand_beside_seats_and_progress_by_school(
    wishing: World, login: Login, secretary: Actor, now: datetime
) -> None:
    offer(wishing, "花艺师")
    wishing.session(capacity=40)
    fourth = wishing.new_group(4, 8)
    wishing.new_group(1, 3, school=OrganisationFactory(name="平江中学"))
    for group, occupations in ((wishing.group, ["面包师", "花艺师"]), (fourth, ["花艺师"])):
        say_wishes(
            by=wishing.coordinator,
            season=wishing.season,
            class_group=group,
            occupations=occupations,
            now=now,
        )
    client = login(secretary)
    address = f"/seasons/{wishing.season.pk}"

    shown = page(client, f"{address}/wishes/")
    paper = page(client, f"{address}/wishes/print/")
    classes = client.get(f"{address}/wishes.csv")
    wanted = client.get(f"{address}/demand.csv")

    assert "已填 2 / 3 个班 有志愿 2 / 3 个班 都可以 0 / 3 个班 还没有填 1 / 3 个班" in shown
    assert "花艺师 1 个班 8 人 2 个班 13 人 0 0 名额不够第 1 志愿" in shown
    assert "面包师 1 个班 5 人 1 个班 5 人 1 40 名额" in shown
    assert "平江中学 1 0 0 1 清河中学 2 2 0 0" in shown
    assert f'href="{address}/wishes/print/"' in client.get(f"{address}/wishes/").content.decode()
    assert "3 个班，已填 2 个，还没有填 1 个。" in paper
    assert "花艺师 1 个班 8 人 2 个班 13 人 0 0 名额不够第 1 志愿" in paper
    assert "平江中学 1 0 0 1 清河中学 2 2 0 0" in paper
    assert classes["Content-Disposition"] == (
        f'attachment; filename="season-{wishing.season.pk}-wishes.csv"'
    )
    assert classes.content.decode("utf-8-sig").splitlines() == [
        "学校,班级,人数,志愿,第 1 志愿,第 2 志愿,第 3 志愿,第 4 志愿,第 5 志愿",
        "平江中学,七(1)班,3,还没有填,,,,,",
        "清河中学,七(3)班,5,已填,面包师,花艺师,,,",
        "清河中学,七(4)班,8,已填,花艺师,,,,",
    ]
    assert wanted.content.decode("utf-8-sig").splitlines() == [
        "职业,第 1 志愿的班级,第 1 志愿的学生,填了的班级,填了的学生,场次,名额",
        "花艺师,1,8,2,13,0,0",
        "面包师,1,5,1,5,1,40",
    ]


@pytest.mark.parametrize(
    ("lacking", "sentence"),
    [
        ("phase", "这个预约季不填志愿 要填志愿，请先定开始和结束的时间。"),
        ("classes", "没有要填志愿的班级"),
    ],
)
def test_the_secretariat_s_page_without_wishes(
    wishing: World, login: Login, secretary: Actor, lacking: str, sentence: str
) -> None:
    if lacking == "phase":
        Season.objects.update(wishes_from=None, wishes_until=None)
    else:
        PracticumRequirement.objects.all().delete()

    shown = page(login(secretary), f"/seasons/{wishing.season.pk}/wishes/")

    assert sentence in shown
    assert "导出" not in shown


@pytest.mark.parametrize("is_open", [True, False])
def test_the_pages_that_lead_there_do_so_in_the_phase(
    wishing: World, login: Login, secretary: Actor, is_open: bool
) -> None:
    wishing.teach(wishing.new_group(4, 2))
    if not is_open:
        Season.objects.update(wishes_from=None, wishes_until=None)
    teacher, alliance = login(wishing.teacher), login(secretary)
    own, season = f"/classes/{wishing.group.pk}/wishes/", f"/seasons/{wishing.season.pk}/wishes/"

    home = page(teacher, "/")
    links = [
        f'href="{url}"' in client.get(address).content.decode()
        for client, address, url in (
            (teacher, "/", "/wishes/"),
            (teacher, f"/classes/{wishing.group.pk}/", own),
            (alliance, f"/seasons/{wishing.season.pk}/", season),
            (alliance, "/overview/", season),
        )
    ]

    todo = "2 个班还没有填志愿 11 月 29 日（周日）0:00 截止，不填也没有影响"
    assert (todo in home) is is_open
    assert links == [is_open] * 4


def test_the_home_page_leads_to_the_one_class_and_asks_no_more_once_it_has_spoken(
    wishing: World, login: Login, now: datetime
) -> None:
    client = login(wishing.teacher)
    link = f'href="/classes/{wishing.group.pk}/wishes/"'
    before = client.get("/").content.decode()
    say_wishes(
        by=wishing.teacher,
        season=wishing.season,
        class_group=wishing.group,
        occupations=[],
        now=now,
    )

    after = client.get("/").content.decode()

    assert "1 个班还没有填志愿" in before
    assert link in before
    assert "没有填志愿" not in after
    assert link not in after

"""The secretariat's seasons: dates in order, one at a time, and what a change would affect."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.actors import SYSTEM
from accounts.choices import Role
from accounts.models import Membership
from courses.choices import SeasonAction, SeasonPhase
from courses.errors import (
    NotAsLookedAt,
    OutsideRunningDays,
    OutsideSeason,
    SeasonNameTaken,
    SeasonsOverlap,
    WishesOver,
)
from courses.models import CourseSession, Season
from courses.selectors.seasons import Affected, effects_of, season_of_day
from courses.services import seasons, sessions
from sites.calendar import SHANGHAI
from tests.bookings.races import before_commit
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.courses import make_room, make_season, make_session, make_version, manager_of

SPRING: dict[str, Any] = {
    "name": "2026 学年第二学期",
    "opens_at": datetime(2027, 2, 1, tzinfo=SHANGHAI),
    "closes_at": datetime(2027, 6, 1, tzinfo=SHANGHAI),
    "runs_from": date(2027, 3, 1),
    "runs_until": date(2027, 6, 30),
}
FORM = {
    "name": "2026 学年第一学期",
    "school_year": "2026",
    "publishes_at": "",
    "wishes_from": "",
    "wishes_until": "",
    "opens_at": "2026-09-01T00:00",
    "closes_at": "2027-01-20T00:00",
    "runs_from": "2026-09-01",
    "runs_until": "2027-01-29",
    "freeze_days": "3",
}


@pytest.fixture
def secretary(db: None) -> Client:
    membership: Membership = MembershipFactory(
        organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT
    )
    client = Client()
    client.force_login(membership.user)
    return client


def taken(session: CourseSession, seats: int) -> CourseSession:
    CourseSession.objects.filter(pk=session.pk).update(seats_taken=seats)
    return session


def values_of(season: Season, **changes: Any) -> dict[str, Any]:
    return {
        field.name: getattr(season, field.name)
        for field in Season._meta.concrete_fields
        if not field.primary_key
    } | changes


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("closes_at", {"closes_at": "2026-09-01T00:00"}, "要晚于开始预约的时间。"),
        ("runs_until", {"runs_until": "2026-08-31"}, "不能早于第一天开课。"),
        ("publishes_at", {"publishes_at": "2026-09-01T00:01"}, "不能晚于开始预约。"),
        ("wishes_until", {"wishes_from": "2026-08-01T00:00"},
         "请填结束的时间；不设志愿阶段就两项都不填。"),
        ("wishes_from", {"wishes_until": "2026-08-01T00:00"},
         "请填开始的时间；不设志愿阶段就两项都不填。"),
        ("wishes_until", {"wishes_from": "2026-08-02T00:00", "wishes_until": "2026-08-01T00:00"},
         "要晚于开始填志愿。"),
        ("wishes_until", {"wishes_from": "2026-08-02T00:00", "wishes_until": "2026-09-02T00:00"},
         "不能晚于开始预约。"),
        ("publishes_at", {"publishes_at": "2026-08-03T00:00", "wishes_from": "2026-08-02T00:00",
                          "wishes_until": "2026-08-05T00:00"}, "不能晚于开始填志愿。"),
        ("school_year", {"school_year": "26"}, "请填四位年份，例如 2026。"),
        ("runs_until", {"runs_until": "2027-03-01"},
         "开课日期与“2026 学年第二学期”（2027 年 3 月 1 日（周一）至 2027 年 6 月 30 日（周三））"
         "重叠，请错开。"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_at_its_date_and_once(
    secretary: Client, field: str, typed: dict[str, str], sentence: str
) -> None:
    make_season(**SPRING)

    with time_machine.travel(datetime(2026, 7, 1, tzinfo=SHANGHAI), tick=False):
        answer = secretary.post("/seasons/new/", FORM | typed)

    form = answer.context["form"]
    assert form.errors == {field: [sentence]}
    assert re.sub(r"\s+", "", answer.content.decode()).count(re.sub(r"\s+", "", sentence)) == 1
    assert Season.objects.count() == 1


def test_lists_settle_at_most_two_months_before(secretary: Client, db: None) -> None:
    answer = secretary.post("/seasons/new/", FORM | {"freeze_days": "61"})

    assert list(answer.context["form"].errors) == ["freeze_days"]
    assert "不能大于 60。" in answer.content.decode()
    assert not Season.objects.exists()


def test_seasons_do_not_overlap(db: None, now: datetime) -> None:
    season = make_season()

    with pytest.raises(SeasonsOverlap):
        make_season(**SPRING | {"opens_at": now, "runs_from": season.runs_until})

    assert Season.objects.get() == season


def test_a_session_belongs_to_the_season_of_its_day(db: None, now: datetime) -> None:
    autumn, spring = make_season(), make_season(**SPRING)
    version = make_version()
    made = [
        sessions.open_session(
            by=manager_of(version.host),
            version=version,
            starts_at=datetime(2027, month, 12, 9, tzinfo=SHANGHAI),
            ends_at=datetime(2027, month, 12, 11, tzinfo=SHANGHAI),
            room=make_room(version.host),
            now=now,
        )
        for month in (1, 4)
    ]
    assert [one.season for one in made] == [autumn, spring]

    moved = sessions.change_session(
        by=manager_of(version.host),
        session=made[0],
        sequence=0,
        starts_at=datetime(2027, 5, 12, 9, tzinfo=SHANGHAI),
        ends_at=datetime(2027, 5, 12, 11, tzinfo=SHANGHAI),
        capacity=20,
        room=made[0].room,
        now=now,
    )

    assert moved.season == spring
    assert season_of_day(date(2027, 2, 10)) == spring
    assert season_of_day(date(2027, 7, 1)) == spring


def test_between_seasons_and_before_hosts_publish_nothing_is_opened(
    db: None, now: datetime
) -> None:
    make_season()
    make_season(**SPRING, publishes_at=datetime(2026, 12, 1, tzinfo=SHANGHAI))

    with pytest.raises(OutsideRunningDays):
        make_session(starts_at=datetime(2027, 2, 10, 9, tzinfo=SHANGHAI), season=make_season())
    with pytest.raises(OutsideSeason) as early:
        sessions.check_times(
            Season.objects.get(name=SPRING["name"]),
            datetime(2027, 3, 10, 9, tzinfo=SHANGHAI),
            datetime(2027, 3, 10, 11, tzinfo=SHANGHAI),
            now,
        )

    assert str(early.value) == (
        "“2026 学年第二学期”现在是“筹备中”，12 月 1 日（周二）0:00 起可以排场次。"
    )


def test_effects_are_what_lies_outside_what_freezes_and_what_opens(db: None, now: datetime) -> None:
    version, season = make_version(), make_season()
    late = datetime(2027, 1, 28, 9, tzinfo=SHANGHAI)
    make_session(version, starts_at=late)
    taken(make_session(version, starts_at=late), 12)
    taken(make_session(version, starts_at=now + timedelta(days=5)), 7)
    taken(make_session(version, starts_at=now + timedelta(days=2)), 9)

    found = effects_of(
        season,
        values_of(
            season,
            runs_until=date(2027, 1, 20),
            closes_at=now - timedelta(hours=1),
            freeze_days=7,
        ),
        now,
    )

    assert found.outside == Affected(2, 1, 12, ((date(2027, 1, 28), 2),))
    assert found.unbookable.sessions == 4
    assert found.freezing == Affected(1, 1, 7, ((date(2026, 11, 29), 1),))
    assert found.thawing == Affected()
    assert (found.phase, found.new_phase) == (SeasonPhase.BOOKING, SeasonPhase.RUNNING)
    assert (found.opening, found.closing) == ((), (SeasonAction.BOOK,))
    assert not effects_of(season, values_of(season, name="秋季"), now)


@pytest.mark.parametrize("count", [1, 3])
def test_effects_take_the_same_queries_however_many_sessions(
    db: None, now: datetime, count: int, django_assert_num_queries: Any
) -> None:
    version, season = make_version(), make_season()
    for number in range(count):
        taken(make_session(version, starts_at=now + timedelta(days=60 + number)), 3)
    values = values_of(season, runs_until=date(2027, 1, 20))

    with django_assert_num_queries(4):
        found = effects_of(season, values, now)

    assert found.outside.sessions == count


def test_a_change_is_looked_at_before_it_is_saved(secretary: Client, now: datetime) -> None:
    season = make_season()
    session = taken(make_session(starts_at=datetime(2027, 1, 28, 9, tzinfo=SHANGHAI)), 12)
    address, shorter = f"/seasons/{season.pk}/", FORM | {"runs_until": "2027-01-20"}

    with time_machine.travel(now, tick=False):
        shown = secretary.post(address, shorter)
        text = shown.content.decode()
        season.refresh_from_db()
        kept = season.runs_until
        seal = {"seal": shown.context["seal"]}
        taken(session, 13)
        stale = secretary.post(address, shorter | seal)
        saved = secretary.post(address, shorter | {"seal": stale.context["seal"]})

    season.refresh_from_db()
    assert shown.status_code == 200
    assert "1 场会在开课日期以外，照常进行，不会自动取消。" in text
    assert "其中已有预约的场次：1；已约名额：12。" in text
    assert f"{reverse('insights:alliance_sessions')}?day=2027-01-28" in text
    assert "确认保存" in text
    assert kept == date(2027, 1, 29)
    assert stale.status_code == 409
    assert "影响的内容和刚才看到的不一样了" in stale.content.decode()
    assert saved.status_code == 302
    assert season.runs_until == date(2027, 1, 20)


def test_closing_booking_earlier_names_the_sessions_it_leaves_out(
    secretary: Client, now: datetime
) -> None:
    """Nothing opens or closes today: the sessions after the new closing, booked or not."""
    season = make_season()
    version = make_version()
    make_session(version, starts_at=datetime(2026, 12, 20, 9, tzinfo=SHANGHAI))
    make_session(version, starts_at=datetime(2026, 12, 21, 9, tzinfo=SHANGHAI))
    taken(make_session(version, starts_at=datetime(2027, 1, 6, 9, tzinfo=SHANGHAI)), 12)
    address, sooner = f"/seasons/{season.pk}/", FORM | {"closes_at": "2026-12-21T00:00"}

    with time_machine.travel(now, tick=False):
        shown = secretary.post(address, sooner)
        season.refresh_from_db()
        kept = season.closes_at
        saved = secretary.post(address, sooner | {"seal": shown.context["seal"]})
        later = secretary.post(address, FORM)

    text = shown.content.decode()
    season.refresh_from_db()
    assert shown.context["effects"].unbookable == Affected(
        2, 1, 12, ((date(2026, 12, 21), 1), (date(2027, 1, 6), 1))
    )
    assert "预约提早结束，结束以后开课的 2 场到时不能再约，已约的照常进行。" in text
    assert "其中已有预约的场次：1；已约名额：12。" in text
    assert f"{reverse('insights:alliance_sessions')}?day=2026-12-21" in text
    assert kept == datetime(2027, 1, 20, tzinfo=SHANGHAI)
    assert (saved.status_code, later.status_code) == (302, 302)
    assert season.closes_at == kept


PAST_WISHES = {"wishes_from": "2026-08-01T00:00", "wishes_until": "2026-08-20T00:00"}


def test_wishes_that_are_over_are_refused_at_their_end(secretary: Client, now: datetime) -> None:
    season = make_season()

    with time_machine.travel(now, tick=False):
        answer = secretary.post(f"/seasons/{season.pk}/", FORM | PAST_WISHES)
        new = secretary.post("/seasons/new/", FORM | PAST_WISHES | {"name": "新"})
    with pytest.raises(WishesOver):
        seasons.set_season(
            by=SYSTEM,
            season=season,
            now=now,
            **values_of(
                season,
                wishes_from=datetime(2026, 8, 1, tzinfo=SHANGHAI),
                wishes_until=datetime(2026, 8, 20, tzinfo=SHANGHAI),
            ),
        )

    season.refresh_from_db()
    for form in (answer.context["form"], new.context["form"]):
        assert form.errors["wishes_until"] == [
            "填志愿的时间已经过去，请改到以后；不设志愿阶段就两项都不填。"
        ]
    assert season.wishes_until is None
    assert Season.objects.count() == 1


def test_wishes_that_were_set_in_time_stand_when_they_are_over(
    secretary: Client, now: datetime
) -> None:
    """The season's other dates are changed long after the wishes; seconds that a form does not
    show are no change. Moving a passed end to another passed day is one."""
    season = make_season()
    Season.objects.update(
        wishes_from=datetime(2026, 8, 1, 0, 0, 30, tzinfo=SHANGHAI),
        wishes_until=datetime(2026, 8, 20, 0, 0, 30, tzinfo=SHANGHAI),
    )
    address = f"/seasons/{season.pk}/"

    with time_machine.travel(now, tick=False):
        saved = secretary.post(address, FORM | PAST_WISHES | {"name": "秋季"})
        moved = secretary.post(
            address, FORM | PAST_WISHES | {"wishes_until": "2026-08-21T00:00", "name": "冬季"}
        )

    season.refresh_from_db()
    assert (saved.status_code, season.name) == (302, "秋季")
    assert list(moved.context["form"].errors) == ["wishes_until"]


def test_a_name_is_saved_at_once(secretary: Client, now: datetime) -> None:
    season = make_season()
    make_session()

    with time_machine.travel(now, tick=False):
        answer = secretary.post(f"/seasons/{season.pk}/", FORM | {"name": "秋季"})

    season.refresh_from_db()
    assert (answer.status_code, season.name) == (302, "秋季")


def test_what_was_not_looked_at_is_not_saved(db: None, now: datetime) -> None:
    season = make_season()
    make_session(starts_at=datetime(2027, 1, 28, 9, tzinfo=SHANGHAI))

    with pytest.raises(NotAsLookedAt):
        seasons.set_season(
            by=SYSTEM,
            season=season,
            now=now,
            seal="",
            **values_of(season, runs_until=date(2027, 1, 20)),
        )

    season.refresh_from_db()
    assert season.runs_until == date(2027, 1, 29)


def test_the_list_names_years_and_phases(secretary: Client, now: datetime) -> None:
    make_season()
    make_season(**SPRING)

    with time_machine.travel(now, tick=False):
        text = secretary.get("/seasons/").content.decode()

    assert "2027 年 3 月 1 日（周一）" in text
    assert "2026 年 9 月 1 日（周二）0:00" in text
    assert text.index("开课单位排场次") < text.index("预约中")


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_one_and_three(
    secretary: Client, now: datetime, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        make_season(
            name=f"{number}",
            runs_from=date(2026 + number, 9, 1),
            runs_until=date(2027 + number, 1, 29),
        )

    with time_machine.travel(now, tick=False):
        secretary.get("/seasons/")
        with django_assert_num_queries(6):
            page = secretary.get("/seasons/")

    assert len(page.context["seasons"]) == count


@pytest.mark.django_db(transaction=True)
def test_a_season_saved_twice_by_a_doubled_click_is_one(now: datetime) -> None:
    def save() -> Season:
        return seasons.set_season(
            by=SYSTEM,
            season=None,
            name="2026 学年第二学期",
            school_year=2026,
            opens_at=now,
            closes_at=now + timedelta(days=90),
            runs_from=date(2027, 3, 1),
            runs_until=date(2027, 6, 30),
            now=now,
        )

    answer = before_commit(save, save)

    assert isinstance(answer, SeasonNameTaken)
    assert str(answer) == "已有名为“2026 学年第二学期”的预约季。"
    assert Season.objects.count() == 1
    with pytest.raises(SeasonNameTaken):
        save()

"""Sites, rooms, what holds them, and the calendar."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError

from accounts.actors import SYSTEM, Actor
from accounts.choices import Role
from accounts.errors import NotAllowed, NotYours
from accounts.models import Membership
from accounts.selectors import actor_of
from sites import selectors, services, tasks
from sites.choices import DayKind
from sites.errors import NameTaken, RoomClosed, RoomTaken
from sites.models import CalendarDay, Room, RoomHold, SchoolTerm
from tests.bookings.races import at_once, before_commit
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.sites import RoomFactory

LATER = timedelta(days=14)


@pytest.fixture
def room(db: None) -> Room:
    made: Room = RoomFactory()
    return made


def keeper_of(room: Room) -> Actor:
    return actor_of(MembershipFactory(organisation=room.host, role=Role.HOST_MANAGER))


@pytest.mark.parametrize(
    ("area", "stations", "licence", "safe"),
    [(90, 40, 40, 30), (90, 24, 40, 24), (90, 40, 20, 20), (2, 40, 40, 1)],
)
def test_room_is_as_safe_as_its_tightest_measure(
    area: int, stations: int, licence: int, safe: int
) -> None:
    room = Room(floor_area_m2=area, stations=stations, licensed_capacity=licence)

    assert room.safe_capacity == safe


def test_hold_names_what_stands_there(room: Room, now: datetime) -> None:
    start = now + LATER
    services.hold_room(
        room=room, starts_at=start, ends_at=start + timedelta(hours=2), what="《面包师》"
    )

    with pytest.raises(RoomTaken) as taken:
        services.hold_room(
            room=room,
            starts_at=start + timedelta(hours=1),
            ends_at=start + timedelta(hours=3),
            what="《茶艺》",
        )
    after = services.hold_room(
        room=room,
        starts_at=start + timedelta(hours=2),
        ends_at=start + timedelta(hours=3),
        what="《茶艺》",
    )

    assert "《面包师》" in str(taken.value)
    assert after.pk


def test_hold_moves_within_its_own_time_but_not_over_another(room: Room, now: datetime) -> None:
    start = now + LATER
    hour = timedelta(hours=1)
    first = services.hold_room(room=room, starts_at=start, ends_at=start + 2 * hour, what="甲")
    services.hold_room(room=room, starts_at=start + 3 * hour, ends_at=start + 4 * hour, what="乙")

    services.move_hold(hold=first, room=room, starts_at=start + hour, ends_at=start + 3 * hour)
    with pytest.raises(RoomTaken):
        services.move_hold(hold=first, room=room, starts_at=start, ends_at=start + 4 * hour)
    services.release_hold(hold=first)

    assert list(RoomHold.objects.values_list("reason", flat=True)) == ["乙"]


def test_closure_stands_against_sessions_and_sessions_against_closures(
    room: Room, now: datetime
) -> None:
    by, start = keeper_of(room), now + LATER
    closure = services.close_room(
        by=by,
        room=room,
        starts_at=start,
        ends_at=start + timedelta(hours=8),
        reason="检修",
        now=now,
    )
    services.close_room(
        by=by,
        room=room,
        starts_at=start,
        ends_at=start + timedelta(hours=9),
        reason="盘点",
        now=now,
    )

    with pytest.raises(RoomClosed) as closed:
        services.hold_room(
            room=room, starts_at=start, ends_at=start + timedelta(hours=1), what="甲"
        )
    for hold in RoomHold.objects.all():
        services.reopen_room(by=by, hold=hold, now=now)
    services.hold_room(room=room, starts_at=start, ends_at=start + timedelta(hours=1), what="甲")
    with pytest.raises(RoomTaken):
        services.close_room(
            by=by,
            room=room,
            starts_at=start,
            ends_at=start + timedelta(hours=8),
            reason="检修",
            now=now,
        )

    assert closure.reason in str(closed.value)


@pytest.mark.django_db(transaction=True)
def test_session_and_closure_at_once_do_not_both_stand(now: datetime) -> None:
    room = RoomFactory()
    by, start = keeper_of(room), now + LATER
    end = start + timedelta(hours=2)

    outcomes = at_once(
        lambda: services.hold_room(room=room, starts_at=start, ends_at=end, what="甲"),
        lambda: services.close_room(
            by=by, room=room, starts_at=start, ends_at=end, reason="检修", now=now
        ),
    )

    assert RoomHold.objects.filter(room=room).count() == 1
    refused = [outcome for outcome in outcomes if isinstance(outcome, RoomTaken | RoomClosed)]
    assert len(refused) == 1


def test_session_hold_is_no_closure_to_be_lifted(room: Room, now: datetime) -> None:
    hold = services.hold_room(
        room=room, starts_at=now + LATER, ends_at=now + LATER + timedelta(hours=1), what="甲"
    )

    with pytest.raises(NotYours):
        services.reopen_room(by=keeper_of(room), hold=hold, now=now)


def test_who_keeps_rooms(room: Room, now: datetime) -> None:
    instructor = actor_of(MembershipFactory(organisation=room.host, role=Role.INSTRUCTOR))
    stranger = actor_of(MembershipFactory(host_manager=True))

    services.check_can_keep(keeper_of(room), room.host_id)
    with pytest.raises(NotAllowed):
        services.check_can_keep(instructor, room.host_id)
    with pytest.raises(NotYours):
        services.check_can_keep(stranger, room.host_id)


def test_names_are_given_once(room: Room, now: datetime) -> None:
    by = keeper_of(room)

    with pytest.raises(NameTaken):
        services.add_site(by=by, host_id=room.host_id, name=room.site.name, now=now)
    with pytest.raises(NameTaken):
        services.add_room(
            by=by,
            site=room.site,
            name=room.name,
            floor_area_m2=1,
            stations=1,
            licensed_capacity=1,
            now=now,
        )
    site = services.add_site(by=by, host_id=room.host_id, name="新基地", now=now)
    services.edit_site(by=by, site=site, name="新基地二", now=now)
    services.edit_room(
        by=by, room=room, name="改名", floor_area_m2=30, stations=9, licensed_capacity=9, now=now
    )

    room.refresh_from_db()
    site.refresh_from_db()
    assert (room.name, room.safe_capacity, site.name) == ("改名", 9, "新基地二")


@pytest.mark.django_db(transaction=True)
def test_room_added_twice_at_once_is_there_once_and_the_second_is_told(now: datetime) -> None:
    room = RoomFactory()
    by = keeper_of(room)

    def add() -> Room:
        return services.add_room(
            by=by,
            site=room.site,
            now=now,
            name="新实训室",
            floor_area_m2=90,
            stations=20,
            licensed_capacity=40,
        )

    answer = before_commit(add, add)

    assert isinstance(answer, NameTaken)
    assert Room.objects.filter(name="新实训室").count() == 1


def test_stars_are_the_alliances_to_give(room: Room, now: datetime) -> None:
    secretary = actor_of(MembershipFactory(secretariat=True))

    with pytest.raises(NotAllowed):
        services.rate_site(
            by=keeper_of(room), site=room.site, stars=4, is_practice_base=True, now=now
        )
    rated = services.rate_site(
        by=secretary, site=room.site, stars=4, is_practice_base=True, now=now
    )

    assert (rated.stars, rated.is_practice_base) == (4, True)


@pytest.mark.django_db
def test_calendar_knows_the_year_once_and_keeps_what_was_edited() -> None:
    CalendarDay.objects.create(day=date(2026, 10, 1), kind=DayKind.NO_LESSONS, name="校庆")

    added = services.seed_calendar(years=[2026, 2099])
    again = services.seed_calendar(years=[2026])

    special = dict(selectors.special_days(date(2026, 10, 1), date(2026, 10, 10)))
    assert added > 20
    assert again == 0
    assert special[date(2026, 10, 1)] == DayKind.NO_LESSONS
    assert special[date(2026, 10, 10)] == DayKind.MAKEUP_WORKDAY
    assert selectors.day_names(date(2026, 10, 2), date(2026, 10, 2)) == {
        date(2026, 10, 2): "国庆节"
    }


BY_LAW = [
    (date(2031, 1, 1), "元旦"),
    (date(2031, 4, 5), "清明"),
    (date(2031, 5, 1), "劳动节"),
    (date(2031, 5, 2), "劳动节"),
    (date(2031, 10, 1), "国庆节"),
    (date(2031, 10, 2), "国庆节"),
    (date(2031, 10, 3), "国庆节"),
]


@pytest.mark.django_db
def test_a_year_without_a_notice_has_the_holidays_of_the_suns_year() -> None:
    added = services.seed_calendar(years=[2031])
    again = services.seed_calendar(years=[2031])

    assert (added, again) == (7, 0)
    assert list(CalendarDay.objects.order_by("day").values_list("day", "name")) == BY_LAW
    assert set(CalendarDay.objects.values_list("kind", "is_provisional")) == {
        (DayKind.HOLIDAY, True)
    }


@pytest.mark.django_db
def test_the_notice_takes_the_place_of_what_was_provisional() -> None:
    """What stood for 2026 before its notice was out is gone; what somebody entered stays."""
    CalendarDay.objects.create(
        day=date(2026, 7, 7), kind=DayKind.HOLIDAY, name="待定", is_provisional=True
    )
    CalendarDay.objects.create(day=date(2026, 7, 8), kind=DayKind.NO_LESSONS, name="校庆")

    services.seed_calendar(years=[2026])

    days = range(7, 9)
    assert [selectors.day_names(date(2026, 7, day), date(2026, 7, day)) for day in days] == [
        {},
        {date(2026, 7, 8): "校庆"},
    ]
    assert not CalendarDay.objects.filter(is_provisional=True).exists()


@pytest.mark.django_db
def test_the_cluster_keeps_the_calendar_of_three_years(now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        tasks.seed_calendar()

    years = {day.year for day in CalendarDay.objects.values_list("day", flat=True)}
    assert years == {2026, 2027, 2028}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 8, 31), None),
        (date(2026, 9, 1), 1),
        (date(2026, 9, 7), 2),
        (date(2026, 11, 24), 13),
        (date(2027, 1, 30), None),
    ],
)
def test_weeks_of_the_term(day: date, week: int | None) -> None:
    SchoolTerm.objects.create(
        school_year=2026, term=1, starts_on=date(2026, 9, 1), ends_on=date(2027, 1, 29)
    )

    assert selectors.term_week(day) == week


def test_who_sees_rooms(room: Room, now: datetime) -> None:
    answers: dict[Membership, int] = {
        MembershipFactory(organisation=room.host, role=Role.INSTRUCTOR): 1,
        MembershipFactory(secretariat=True): 1,
        MembershipFactory(
            organisation=OrganisationFactory(enterprise=True), role=Role.HOST_MANAGER
        ): 0,
        MembershipFactory(teacher=True): 0,
    }

    seen = {member: Room.objects.visible_to(actor_of(member)).count() for member in answers}

    assert seen == answers


def test_what_the_database_refuses_besides_names_is_not_taken_for_one(
    room: Room, now: datetime
) -> None:
    with pytest.raises(IntegrityError):
        services.edit_room(by=SYSTEM, room=room, now=now, name=room.name, stations=0)


def test_another_hosts_room_is_not_closed(room: Room, now: datetime) -> None:
    stranger = actor_of(MembershipFactory(host_manager=True))

    with pytest.raises(NotYours):
        services.close_room(
            by=stranger, room=room, starts_at=now, ends_at=now + LATER, reason="检修", now=now
        )

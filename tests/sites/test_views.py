"""A host's pages of sites, rooms and closures; the secretariat's rating."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.choices import Role
from accounts.models import Organisation
from sites.models import Room, RoomHold, Site
from sites.services import hold_room
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.sites import RoomFactory, SiteFactory

ROOM = {"name": "焙烤一室", "floor_area_m2": "90", "stations": "24", "licensed_capacity": "40"}
CLOSURE = {
    "first": "2026-12-08",
    "starts": "08:00",
    "last": "2026-12-08",
    "ends": "17:00",
    "reason": "设备检修",
}


@pytest.fixture(autouse=True)
def _today(now: datetime) -> Any:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def host(db: None) -> Organisation:
    organisation: Organisation = OrganisationFactory(vocational_school=True)
    return organisation


@pytest.fixture
def manager(client: Client, host: Organisation) -> Client:
    client.force_login(MembershipFactory(organisation=host, role=Role.HOST_MANAGER).user)
    return client


def test_site_and_room_are_made_and_changed(manager: Client, host: Organisation) -> None:
    empty = manager.get("/sites/").content.decode()
    made = manager.post("/sites/new/", {"name": "焙烤中心"})
    site = Site.objects.get()
    manager.post(f"/sites/{site.pk}/rooms/new/", ROOM)
    room = Room.objects.get()
    manager.post(f"/rooms/{room.pk}/edit/", ROOM | {"stations": "12", "heads_capacity": "30"})
    manager.post(f"/sites/{site.pk}/edit/", {"name": "焙烤开放实训中心"})
    page = manager.get(f"/sites/{site.pk}/").content.decode()

    room.refresh_from_db()
    assert "还没有基地和实训室" in empty
    assert made["Location"] == f"/sites/{site.pk}/"
    assert (room.host, room.safe_capacity, room.heads_capacity) == (host, 12, 30)
    assert ">30</td>" in page
    assert "焙烤开放实训中心" in page
    assert "焙烤一室" in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"stations": "0"}, "1"),
        ({"heads_capacity": "0"}, "“最多容纳（含成人）”不能小于 1。"),
        ({"floor_area_m2": "很大"}, "整数"),
        ({"name": ""}, "请填写“名称”。"),
    ],
)
def test_bad_room_keeps_what_was_typed(
    manager: Client, host: Organisation, changes: dict[str, str], sentence: str
) -> None:
    site = SiteFactory(host=host)

    answer = manager.post(
        f"/sites/{site.pk}/rooms/new/", ROOM | {"licensed_capacity": "37"} | changes
    )

    assert sentence in answer.content.decode()
    assert 'value="37"' in answer.content.decode()
    assert not Room.objects.exists()


def test_name_that_is_taken_is_said(manager: Client, host: Organisation) -> None:
    site = SiteFactory(host=host, name="焙烤中心")
    RoomFactory(site=site, name="焙烤一室")

    twice = manager.post("/sites/new/", {"name": "焙烤中心"})
    room = manager.post(f"/sites/{site.pk}/rooms/new/", ROOM)

    assert (twice.status_code, room.status_code) == (409, 409)
    assert "已有“焙烤中心”" in twice.content.decode()
    assert "已有“焙烤一室”" in room.content.decode()


def test_room_is_closed_and_opened_again(manager: Client, host: Organisation) -> None:
    room = RoomFactory(site=SiteFactory(host=host))

    backwards = manager.post(f"/rooms/{room.pk}/close/", CLOSURE | {"last": "2026-12-07"})
    manager.post(f"/rooms/{room.pk}/close/", CLOSURE)
    hold = RoomHold.objects.get()
    listed = manager.get(f"/sites/{room.site_id}/").content.decode()
    asked = manager.get(f"/closures/{hold.pk}/remove/").content.decode()
    manager.post(f"/closures/{hold.pk}/remove/")

    assert "结束要晚于开始。" in backwards.content.decode()
    assert "设备检修" in listed
    assert "恢复使用" in asked
    assert not RoomHold.objects.exists()


def test_closure_over_a_session_names_it(
    manager: Client, host: Organisation, now: datetime
) -> None:
    room = RoomFactory(site=SiteFactory(host=host))
    start = now.replace(month=12, day=8, hour=9)
    hold_room(room=room, starts_at=start, ends_at=start + timedelta(hours=2), what="《面包师》")

    answer = manager.post(f"/rooms/{room.pk}/close/", CLOSURE)

    assert answer.status_code == 409
    assert "《面包师》" in answer.content.decode()
    assert 'value="设备检修"' in answer.content.decode()


def test_secretariat_rates_a_site(host: Organisation) -> None:
    site = SiteFactory(host=host)
    secretary = Client()
    secretary.force_login(MembershipFactory(secretariat=True).user)

    secretary.post(f"/sites/{site.pk}/rating/", {"stars": "4", "is_practice_base": "on"})
    rated = secretary.get(f"/sites/{site.pk}/").content.decode()
    secretary.post(f"/sites/{site.pk}/rating/", {"stars": ""})

    site.refresh_from_db()
    assert "4 星" in rated
    assert "社会实践基地" in rated
    assert (site.stars, site.is_practice_base) == (None, False)


def test_another_hosts_rooms_are_not_there(manager: Client) -> None:
    room = RoomFactory()

    statuses = {
        path: manager.get(path).status_code
        for path in (
            f"/sites/{room.site_id}/",
            f"/sites/{room.site_id}/edit/",
            f"/sites/{room.site_id}/rooms/new/",
            f"/rooms/{room.pk}/edit/",
            f"/rooms/{room.pk}/close/",
        )
    }

    assert set(statuses.values()) == {404}


@pytest.mark.parametrize("trait", ["teacher", "coordinator", "instructor", "reviewer"])
def test_other_roles_keep_no_sites(client: Client, db: None, trait: str) -> None:
    client.force_login(MembershipFactory(**{trait: True}).user)

    assert [client.get(path).status_code for path in ("/sites/", "/sites/new/")] == [403, 403]


def test_list_takes_the_same_queries_with_one_site_and_with_three(
    manager: Client, host: Organisation
) -> None:
    counts = []
    for further in (1, 2):
        for _number in range(further):
            RoomFactory(site=SiteFactory(host=host))
        manager.get("/sites/")
        with CaptureQueriesContext(connection) as queries:
            manager.get("/sites/")
        counts.append(len(queries))

    assert counts[0] == counts[1]

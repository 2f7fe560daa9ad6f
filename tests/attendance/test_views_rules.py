"""The rule table's pages: read by all, added to by the secretariat after a look at the effect."""

from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from attendance.choices import Earns
from attendance.models import AttendanceRuleSet
from tests.attendance.conftest import Door
from tests.factories.accounts import MembershipFactory
from tests.factories.rules import STRICT, make_edition, make_secretary

FORM = {key: "" if value is None else str(value) for key, value in STRICT.items()} | {
    "valid_from": "2026-12-09"
}


@pytest.fixture
def secretary(db: None) -> Client:
    client = Client()
    client.force_login(make_secretary().user)
    return client


def test_everybody_reads_which_rules_hold(door: Door, now: datetime) -> None:
    make_edition(valid_from=door.session.starts_at.date(), now=now)
    for user in (door.world.teacher_membership.user, door.manager_membership.user):
        client = Client()
        client.force_login(user)
        with time_machine.travel(door.now):
            page = client.get("/rules/").content.decode()

        assert "第 2 版" in page
        assert "开始后超过 40 分钟：一半学时" in page
        assert "结束前超过 60 分钟离开：不记学时" in page
        assert page.index("现在用这一版") < page.index("用于以前的场次")
        assert "/rules/new/" not in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_with_one_edition_and_with_three(
    secretary: Client, now: datetime, count: int, django_assert_num_queries: Any
) -> None:
    for day in range(1, count + 1):
        make_edition(valid_from=date(2099, 1, day), now=now)

    with django_assert_num_queries(8):
        page = secretary.get("/rules/")

    assert len(page.context["rows"]) == count + 1


def test_an_edition_is_looked_at_before_it_is_added(
    secretary: Client, door: Door, now: datetime
) -> None:
    with time_machine.travel(now):
        empty = secretary.get("/rules/new/")
        looked = secretary.post("/rules/new/", FORM)
        changed = secretary.post(
            "/rules/new/", FORM | {"seen": looked.context["seen"], "late_minutes": "12"}
        )
        assert not AttendanceRuleSet.objects.exists()
        done = secretary.post("/rules/new/", FORM | {"seen": looked.context["seen"]}, follow=True)

    assert empty.context["form"]["late_minutes"].value() == 15
    assert "会影响什么" in looked.content.decode()
    assert "保存这一版" in looked.content.decode()
    assert changed.context["preview"] is not None
    assert "第 2 版规则已保存。" in done.content.decode()
    edition = AttendanceRuleSet.objects.get()
    assert (edition.long_late_earns, edition.late_minutes) == (Earns.REDUCED, 10)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"valid_from": "2026-11-24"}, "__all__"),
        ({"valid_from": ""}, "valid_from"),
        ({"long_late_minutes": ""}, "__all__"),
        ({"late_minutes": "9999"}, "late_minutes"),
        ({"late_earns": "much"}, "late_earns"),
        ({"note": ""}, "note"),
    ],
)
def test_what_is_wrong_with_an_edition_stands_on_the_form(
    secretary: Client, now: datetime, typed: dict[str, str], field: str
) -> None:
    with time_machine.travel(now):
        page = secretary.post("/rules/new/", FORM | typed)

    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert not AttendanceRuleSet.objects.exists()


def test_an_edition_to_come_is_withdrawn(secretary: Client, now: datetime) -> None:
    edition = make_edition(valid_from=date(2099, 1, 1), now=now)
    address = f"/rules/{edition.pk}/withdraw/"

    listed = secretary.get("/rules/").content.decode()
    asked = secretary.get(address).content.decode()
    done = secretary.post(address, follow=True).content.decode()

    assert address in listed
    assert "撤回第 2 版规则？" in asked
    assert "第 2 版规则已撤回。" in done
    assert not AttendanceRuleSet.objects.exists()


def test_nobody_else_adds_or_withdraws(door: Door, now: datetime) -> None:
    edition = make_edition(valid_from=date(2099, 1, 1), now=now)
    for user in (
        door.world.teacher_membership.user,
        door.manager_membership.user,
        MembershipFactory(reviewer=True).user,
    ):
        client = Client()
        client.force_login(user)
        for address in ("/rules/new/", f"/rules/{edition.pk}/withdraw/"):
            assert client.get(address).status_code == 403
            assert client.post(address, FORM).status_code == 403
    assert AttendanceRuleSet.objects.get() == edition

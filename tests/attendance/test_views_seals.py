"""The page of the daily seals: the secretariat's alone, newest first."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from attendance.models import DaySeal
from attendance.views import seals as views
from tests.factories.accounts import MembershipFactory
from tests.factories.rules import make_secretary

FIRST = date(2026, 11, 1)


@pytest.fixture
def secretary(db: None) -> Client:
    client = Client()
    client.force_login(make_secretary().user)
    return client


def seal(days: int, now: datetime) -> None:
    for number in range(days):
        DaySeal.objects.create(
            day=FIRST + timedelta(days=number),
            format=1,
            entries=number,
            previous=f"{number:064x}" if number else "",
            head=f"{number + 1:064x}",
            sealed_at=now,
        )


def test_each_day_shows_its_entries_its_head_and_when_it_was_sent(
    secretary: Client, now: datetime
) -> None:
    seal(2, now)

    page = secretary.get("/seals/")

    assert [one.day.day for one in page.context["seals"]] == [2, 1]
    text = page.content.decode()
    assert text.index(f"{2:064x}") < text.index(f"{1:064x}")
    assert text.count("11 月 24 日（周二）8:00") == 2
    assert "manage.py verify_ledger --head 2026-11-02=…" in text


def test_days_before_are_on_the_next_page(
    secretary: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE", 2)
    seal(5, now)
    seen, url = [], "/seals/"
    while url:
        page = secretary.get(url)
        seen.append([one.day.day for one in page.context["seals"]])
        before = page.context["next_day"]
        url = f"/seals/?before={before}" if before else ""

    assert seen == [[5, 4], [3, 2], [1]]
    for nonsense in ("x", "2026-13-40"):
        assert len(secretary.get(f"/seals/?before={nonsense}").context["seals"]) == 2


@pytest.mark.parametrize("days", [1, 3])
def test_it_asks_as_often_for_three_days_as_for_one(
    secretary: Client, now: datetime, days: int, django_assert_num_queries: Any
) -> None:
    seal(days, now)
    secretary.get("/seals/")

    with django_assert_num_queries(5):
        secretary.get("/seals/")


def test_only_the_secretariat_sees_it(db: None) -> None:
    client = Client()
    client.force_login(MembershipFactory(coordinator=True).user)

    assert client.get("/seals/").status_code == 403


@pytest.mark.parametrize("path", ["/rules/", "/rules/new/", "/locks/", "/seals/", "/requirements/"])
def test_the_menu_shows_the_room_of_hours(secretary: Client, path: str) -> None:
    text = secretary.get(path).content.decode()

    assert text.count('<a href="/overview/classes/" aria-current="page">') == 2


def test_the_secretariats_hours_lead_to_locks_seals_and_rules(secretary: Client) -> None:
    text = secretary.get("/overview/classes/").content.decode()

    assert [text.count(f'href="{path}"') for path in ("/locks/", "/seals/", "/rules/")] == [1] * 3

"""The page that a badge opens is light: three questions to the database, thirty kilobytes."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.test import Client

from tests.attendance.conftest import Door
from tests.attendance.test_views_badges import look, signed_in


@pytest.fixture(autouse=True)
def _clock(door: Door) -> Iterator[None]:
    with time_machine.travel(door.now, tick=False):
        yield


# A wrong number is written down, so that nobody guesses on.
@pytest.mark.parametrize("number", ["", "own"])
def test_badge_page_asks_three_times(
    door: Door, django_assert_num_queries: Any, number: str
) -> None:
    own = door.students[0].student_no if number == "own" else number

    with django_assert_num_queries(3):
        page = look(door.badges[1].code, own)

    assert page.context["found"].is_known == (number == "own")


# The head of an answer, its security policy included; bench/checkin/page.py weighs the real ones.
HEAD = 850


def test_badge_page_weighs_thirty_kilobytes(door: Door) -> None:
    browser = Client(headers={"Accept-Encoding": "gzip, deflate, br"})
    page = browser.post(
        "/badge/", {"code": door.badges[1].code, "student_no": door.students[0].student_no}
    )
    assert page["Content-Encoding"] == "gzip"
    text = gzip.decompress(page.content).decode()
    needed = re.findall(
        r'(?:link rel="(?:stylesheet|icon)" href|script src)="/static/([^"]+)"', text
    )

    files = []
    for name in needed:
        if name != "img/favicon.ico":  # A browser that draws the one icon asks for no other.
            found = finders.find(name)
            assert found
            files.append(gzip.compress(Path(found).read_bytes()))

    assert "焙烤实训中心" in text
    assert [name.rsplit("/", 1)[-1] for name in needed] == [
        "mark.svg",
        "favicon.ico",
        "bootstrap-reboot.min.css",
        "light.css",
        "tokens.css",
        "bridge-bootstrap.css",
        "site.css",
        "site.js",
    ]
    assert len(page.content) + sum(map(len, files)) + HEAD * (1 + len(files)) <= 30_000


@pytest.mark.parametrize("code", ["", "A" * 16, "own"])
def test_badge_page_holds_every_drawing_that_it_uses(door: Door, code: str) -> None:
    text = look(door.badges[1].code if code == "own" else code, "999").content.decode()

    used = set(re.findall(r'<use href="#([^"]+)"', text))
    assert used <= set(re.findall(r'<symbol id="([^"]+)"', text))
    assert {"own": "s-conf", "A" * 16: "i-warn", "": "i-warn"}[code] in used
    assert '<pattern id="hatch"' in text


def test_badge_page_of_somebody_signed_in_has_the_frames_drawings(door: Door) -> None:
    text = signed_in(door.world.teacher_membership).get("/badge/").content.decode()

    used = set(re.findall(r'<use href="#([^"]+)"', text))
    assert "i-home" in used
    assert used <= set(re.findall(r'<symbol id="([^"]+)"', text))

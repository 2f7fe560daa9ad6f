"""The English of the interface is complete, fits its Chinese, and is what pages show."""

import re

import pytest
from babel.messages.catalog import Message
from django.test import Client

from config import messages
from tests.factories.accounts import MembershipFactory

CHINESE = re.compile(r"[\u4e00-\u9fff，。：；！？（）《》]")
PLACE = re.compile(r"%\((\w+)\)")


def english() -> dict[tuple[str | None, str], Message]:
    _path, catalog = messages.catalogue("en")
    return {(entry.context, first(entry.id)): entry for entry in catalog if entry.id}


def first(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


def all_of(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def test_every_string_of_the_sources_has_its_english() -> None:
    wanted = {(entry.context, first(entry.id)) for entry in messages.template() if entry.id}

    known = english()
    missing = sorted(
        key[1] for key in wanted if key not in known or not all(all_of(known[key].string))
    )

    assert missing == []


def test_catalogue_holds_nothing_that_is_gone() -> None:
    wanted = {(entry.context, first(entry.id)) for entry in messages.template() if entry.id}

    assert sorted(key[1] for key in english() if key not in wanted) == []


def test_english_has_the_same_places_and_no_chinese() -> None:
    wrong = []
    for (_context, chinese), entry in english().items():
        for text in all_of(entry.string):
            if set(PLACE.findall(text)) - set(PLACE.findall(chinese)):
                wrong.append(f"places: {text}")
            if set(PLACE.findall(chinese)) - set(PLACE.findall(text)) - {"seats", "count"}:
                wrong.append(f"places: {text}")
            if CHINESE.search(text):
                wrong.append(f"Chinese: {text}")

    assert wrong == []


@pytest.mark.parametrize(
    ("trait", "path", "words"),
    [
        ("teacher", "/", ["My classes", "Coming trips", "Find courses"]),
        ("teacher", "/find/", ["Find courses", "Home"]),
        ("host_manager", "/host/courses/", ["New course", "Courses"]),
        ("host_manager", "/sites/", ["New site"]),
        ("secretariat", "/overview/", ["Overview", "Class hours by school", "Review"]),
        ("coordinator", "/school/", ["The school's class hours", "Done"]),
    ],
)
def test_pages_speak_english_when_asked(db: None, trait: str, path: str, words: list[str]) -> None:
    member = MembershipFactory(**{trait: True})
    type(member.user).objects.filter(pk=member.user_id).update(name="Name", language="en")
    type(member.organisation).objects.filter(pk=member.organisation_id).update(
        name="Organisation", short_name="Organisation", name_en="Organisation"
    )
    client = Client(headers={"accept-language": "en"})
    client.cookies["django_language"] = "en"
    client.force_login(member.user)

    page = client.get(path).content.decode()

    text = re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|title).*?</\1>", " ", page))
    assert [word for word in words if word not in text] == []
    # The product's Chinese name and the switch to Chinese stay as they are.
    assert set(re.findall(r"[\u4e00-\u9fff]+", text)) <= {"职业学堂", "简体中文", "中文"}


# By what it is called, what of a sentence is a day or a moment: it begins with a digit; a moment
# ends with one, too.
MOMENTS = "when|moment|starts|closed|was"
DAYS = f"{MOMENTS}|day|first|last|second|opens|closes|until"
UNSPACED = re.compile(rf"[\u4e00-\u9fff]%\(({DAYS})\)s|%\(({MOMENTS})\)s[\u4e00-\u9fff]")
# 七年级至九年级: no days.
GRADES = "%(first)s至%(last)s"


def test_a_date_stands_apart_from_the_characters_beside_it() -> None:
    """取消 12 月 8 日, 12 月 6 日 0:00 前: as between characters and digits everywhere."""
    sentences = [text for entry in messages.template() if entry.id for text in all_of(entry.id)]

    assert UNSPACED.search("取消%(day)s的场次？")
    assert UNSPACED.search("%(moment)s前可以改")
    assert [text for text in sentences if UNSPACED.search(text) and text != GRADES] == []

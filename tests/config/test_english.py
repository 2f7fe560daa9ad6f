"""Every page of the demonstration, in English: no word of the interface is Chinese.

The district's own words are Chinese and may be; so that they are told from the interface, each of
their characters is first moved into a private area of Unicode. What is Chinese then is ours.
"""

import re
from collections import deque
from html import unescape

import pgtrigger
import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.management import call_command
from django.db import connection, models
from django.test import Client
from django.urls import Resolver404, resolve

from accounts.choices import Role
from accounts.models import Membership, User
from rosters import sealing
from rosters.models import StudentNeed
from tests.config.test_chinese import CHINESE

PRIVATE = 0xF0000
# The product's Chinese name, languages, which are named in themselves, and the seal, a drawing.
OURS = re.compile('职业学堂|简体中文|中文|<svg class="stamp".*?</svg>')
# Files, and what shows the mails and examples of the demonstration.
NOT_PAGES = re.compile(r"\.(pdf|ics|csv|xlsx)$|^/(static|admin|api|demo|pieces|accounts/demo)\b")
LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
OF_EACH_ROUTE = 3


def _text_columns(model: type[models.Model]) -> list[str]:
    return [
        field.column
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and not isinstance(field, ArrayField)
        and not field.choices
    ]


def hide_the_districts_own_words() -> None:
    """No text in the database is Chinese; each stays as long, and as different, as it was."""
    every = [
        (model._meta.db_table, columns)
        for model in apps.get_models()
        if not model._meta.proxy
        and model._meta.app_label not in ("contenttypes", "sessions", "django_q", "admin")
        and (columns := _text_columns(model))
    ]
    for need in StudentNeed.objects.all():
        need.sealed = sealing.seal("\U000f0001", owner=need.seal_owner)
        need.save()
    with pgtrigger.ignore(), connection.cursor() as cursor:
        for table, columns in every:
            joined = ", ".join(f'"{column}"' for column in columns)
            cursor.execute(f'SELECT {joined} FROM "{table}"')  # noqa: S608 (our own tables)
            used = sorted({char for row in cursor for text in row if text
                           for char in CHINESE.findall(text)})  # fmt: skip
            if not used:
                continue
            hidden = "".join(chr(PRIVATE + ord(char)) for char in used)
            changes = ", ".join(f'"{column}" = translate("{column}", %s, %s)' for column in columns)
            cursor.execute(
                f'UPDATE "{table}" SET {changes}',  # noqa: S608
                ["".join(used), hidden] * len(columns),
            )


def route_of(address: str) -> str:
    try:
        return resolve(address.split("?", maxsplit=1)[0]).route
    except Resolver404:
        return ""


def walk(client: Client) -> tuple[set[str], dict[str, list[str]]]:
    """The routes of all pages that links lead to from the first, and what is Chinese on them."""
    seen: dict[str, int] = {}
    known, waiting = {"/"}, deque(["/"])
    chinese: dict[str, list[str]] = {}
    while waiting:
        address = waiting.popleft()
        route = route_of(address)
        if seen.get(route, 0) >= OF_EACH_ROUTE:
            continue
        seen[route] = seen.get(route, 0) + 1
        response = client.get(address, follow=True)
        assert response.status_code in (200, 403, 404, 409), (address, response.status_code)
        if not response["Content-Type"].startswith("text/html"):
            continue
        page = response.content.decode()
        if found := CHINESE.findall(OURS.sub("", page)):
            lines = [line.strip()[:160] for line in OURS.sub("", page).splitlines()
                     if CHINESE.search(line)]  # fmt: skip
            chinese.setdefault(route, []).extend([*lines[:3], str(len(found))])
        for link in map(unescape, LINK.findall(page)):
            if link not in known and not NOT_PAGES.search(link.split("?", maxsplit=1)[0]):
                known.add(link)
                waiting.append(link)
    return set(seen), chinese


def test_no_page_of_the_demonstration_shows_chinese_of_ours(db: None) -> None:
    call_command("seed_demo", "--scale", "small", verbosity=0)
    hide_the_districts_own_words()
    User.objects.update(language="en")
    routes: set[str] = set()
    chinese: dict[str, list[str]] = {}

    for role in Role:
        client = Client(headers={"accept-language": "en"})
        member = Membership.objects.filter(role=role).order_by("pk")[0]
        client.force_login(member.user)
        opened, found = walk(client)
        routes |= opened
        chinese |= {f"{role}: {route}": lines for route, lines in found.items()}

    assert chinese == {}
    assert len(routes) > 65


@pytest.mark.django_db
def test_hidden_words_stay_apart_and_are_no_longer_chinese() -> None:
    one, other = (User.objects.create_user(f"{n}@example.org", name=n) for n in ("周敏", "周娜"))

    hide_the_districts_own_words()

    one.refresh_from_db()
    other.refresh_from_db()
    assert not CHINESE.search(one.name + other.name)
    assert one.name[0] == other.name[0]
    assert one.name[1] != other.name[1]

"""Whatever a page does about a booking is done once, however often its form is sent."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, reverse

from accounts.actors import Actor
from bookings import urls
from bookings.models import Booking, IdempotentAnswer
from tests.bookings.conftest import DAY, World
from tests.factories.bookings import make_booking

Login = Callable[[Actor], Client]
FORM = re.compile(r'<form\b[^>]*\bmethod="post"[^>]*>.*?</form>', re.DOTALL)
KEYS = ("{% form_key %}", "form.key }}", 'name="key"')

# What may be sent twice without harm: the second time finds it done, and changes nothing.
REPEATABLE = {
    "basket_add": "what is in the basket already stays there once",
    "basket_remove": "what is gone stays gone",
    "basket_clear": "an empty basket stays empty",
    "consents": "a signature that is recorded stays recorded once",
    "own_feed": "each press makes an address of its own, and the last one lives",
    "site_feed": "each press makes an address of its own, and the last one lives",
}
# Its reservation has a key of its own, which the service asks for.
RESERVING = {"reserve"}
# Templates of forms that REPEATABLE lets go without a key, by what tells the form.
KEYLESS = {"feed.html": 'name="do"', "_offer.html": "basket_add", "basket.html": "basket_"}


def pages() -> Iterator[tuple[str, str]]:
    """Name and address of each page of the app, not the web API's nor the open feed."""
    arguments = {"pk": 1, "student_pk": 1, "day": DAY}
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        name = str(pattern.name)
        if name.startswith("api-") or name == "feed":
            continue
        wanted = pattern.pattern.converters
        yield name, reverse(f"bookings:{name}", kwargs={key: arguments[key] for key in wanted})


@pytest.mark.django_db
def test_every_page_that_changes_something_does_it_once() -> None:
    is_once = {
        pattern.name: getattr(pattern.callback, "is_once", False)
        for pattern in urls.urlpatterns
        if isinstance(pattern, URLPattern)
    }

    # Whoever only shows refuses a form before it asks who sends it.
    changing = {name for name, path in pages() if Client().post(path).status_code != 405}
    once = {name for name in changing if is_once[name]}

    assert {"cancel", "change", "change_withdraw", "newcomer_add", "session_cancel"} <= once
    assert changing - once == REPEATABLE.keys() | RESERVING


def test_every_form_about_a_booking_carries_a_key() -> None:
    keyed, without = 0, []
    for template in sorted(Path(settings.BASE_DIR).glob("*/templates/**/*.html")):
        for form in FORM.findall(template.read_text()):
            if template.parts[-2] != "bookings" and '"bookings:' not in form.replace("'", '"'):
                continue
            if any(key in form for key in KEYS):
                keyed += 1
            elif KEYLESS.get(template.name, "no such form") not in form:
                without.append((template.name, form[:120]))

    assert without == []
    assert keyed >= 15
    # The frame that the pages which only confirm are made of.
    (confirming,) = FORM.findall((settings.BASE_DIR / "templates/pieces/confirm.html").read_text())
    assert "{% form_key %}" in confirming


@pytest.fixture
def booking(world: World, now: datetime) -> Iterator[Booking]:
    with time_machine.travel(now, tick=False):
        yield make_booking(
            by=world.teacher, session=world.session(), class_group=world.group, now=now
        )


def cancel(client: Client, booking: Booking, **filled: str) -> Any:
    return client.post(f"/trips/{booking.pk}/cancel/", {"code": "exam", "reason": ""} | filled)


def test_a_form_without_a_key_is_known_by_the_token_of_its_page(
    world: World, booking: Booking, login: Login
) -> None:
    client = login(world.teacher)

    first, again = (cancel(client, booking, csrfmiddlewaretoken="page") for _twice in range(2))
    other = cancel(client, booking, csrfmiddlewaretoken="another page")
    more = cancel(client, booking, csrfmiddlewaretoken="page", reason="期中考试")

    assert [(one.status_code, one["Location"]) for one in (first, again)] == [
        (302, f"/trips/{booking.pk}/")
    ] * 2
    # Asked anew, and refused, since it is cancelled already.
    assert (other.status_code, more.status_code) == (409, 409)
    booking.refresh_from_db()
    assert (booking.edition, booking.cancel_code) == (2, "exam")


def test_a_program_that_sends_neither_is_answered_each_time(
    world: World, booking: Booking, login: Login
) -> None:
    client = login(world.teacher)

    statuses = [cancel(client, booking).status_code for _twice in range(2)]

    assert statuses == [302, 409]
    assert not IdempotentAnswer.objects.exists()


def test_back_filled_in_otherwise_and_sent_again_is_judged_anew_and_loses_nothing(
    world: World, booking: Booking, login: Login
) -> None:
    """The form's key is the same, since the browser shows the page as it was."""
    client = login(world.teacher)
    keys = [student.pk for student in world.students]
    filled = {"form_key": "k", "edition": "1", "adults": "2"}
    path = f"/trips/{booking.pk}/change/"

    first = client.post(path, filled | {"students": keys[:4]})
    other = client.post(path, filled | {"students": keys[:3]})

    assert (first.status_code, other.status_code) == (302, 409)
    assert "刚才已被修改" in other.content.decode()
    assert other.context["form"]["students"].value() == [str(key) for key in keys[:3]]
    booking.refresh_from_db()
    assert booking.seats == 4


def test_fewer_seats_than_names_are_refused_and_nothing_is_released(
    world: World, booking: Booking, login: Login
) -> None:
    keys = [student.pk for student in world.students]

    answer = login(world.teacher).post(
        f"/trips/{booking.pk}/change/",
        {"form_key": "k", "edition": "1", "adults": "2", "students": keys[:4], "seats": "3"},
    )

    assert "名单上有 4 名学生，名额却只要 3 个，请改成一致。" in answer.content.decode()
    booking.refresh_from_db()
    assert booking.seats == 5

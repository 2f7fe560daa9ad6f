"""A coded reason is stored as its code and read in each reader's language."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import translation

from accounts.actors import Actor
from accounts.models import User
from bookings.models import Booking
from bookings.services import changes, host_changes, host_moves, move_checks
from courses.choices import ReasonCode
from courses.errors import SessionCancelled
from courses.models import CourseSession
from courses.services import sessions
from courses.services.sessions import Place
from notifications.models import Message
from tests.bookings.conftest import World
from tests.bookings.test_api import send
from tests.factories.bookings import make_booking

Login = Callable[[Actor], Client]


def booked(world: World, session: CourseSession, now: datetime) -> Booking:
    return make_booking(by=world.coordinator, session=session, class_group=world.group, now=now)


def speaks_english(*actors: Actor) -> None:
    User.objects.filter(pk__in=[actor.user_id for actor in actors]).update(language="en")


def reasons_told(kind: str) -> dict[int, str]:
    """By recipient, what the first line of her message says after the colon."""
    return {
        one.recipient_id: re.split("原因：|Reason: ", one.body.splitlines()[0])[1]
        for one in Message.objects.filter(kind=kind)
    }


def text_of(client: Client, path: str, now: datetime) -> str:
    with time_machine.travel(now, tick=False):
        answer = client.get(path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_code_without_words_is_stored_alone(world: World, now: datetime) -> None:
    session = world.session()
    booking = booked(world, session, now)

    host_changes.cancel_session(
        by=world.manager, session=session, code=ReasonCode.EQUIPMENT, reason=" ", now=now
    )

    for row in (booking, session):
        row.refresh_from_db()
        assert (row.cancel_code, row.cancel_reason, row.why_cancelled) == (
            "equipment",
            "",
            "设备或场地",
        )
        with translation.override("en"):
            assert row.why_cancelled == "Equipment or room"


def test_words_are_kept_as_they_were_written(world: World, now: datetime) -> None:
    session = world.session()
    booking = booked(world, session, now)

    host_changes.cancel_session(
        by=world.manager, session=session, code=ReasonCode.EQUIPMENT, reason=" 烤箱坏了 ", now=now
    )

    booking.refresh_from_db()
    with translation.override("en"):
        assert (booking.cancel_reason, booking.why_cancelled) == ("烤箱坏了", "烤箱坏了")


def test_each_is_told_the_reason_in_her_language(world: World, now: datetime) -> None:
    speaks_english(world.teacher)
    cancelled, moved = world.session(), world.session(day=(now + timedelta(days=20)).date())
    booked(world, cancelled, now)
    booked(world, moved, now)

    host_changes.cancel_session(
        by=world.manager, session=cancelled, code=ReasonCode.WEATHER, reason="", now=now
    )
    host_moves.change_session(
        by=world.manager,
        session=moved,
        sequence=0,
        change=move_checks.Change(
            starts_at=moved.starts_at + timedelta(hours=1),
            ends_at=moved.ends_at + timedelta(hours=1),
            place=Place(room=moved.room),
            capacity=40,
        ),
        code=ReasonCode.EQUIPMENT,
        reason="",
        now=now,
    )

    teacher, coordinator = world.teacher.user_id, world.coordinator.user_id
    assert reasons_told("booking_cancelled") == {teacher: "Weather", coordinator: "天气"}
    assert reasons_told("session_moved") == {
        teacher: "Equipment or room",
        coordinator: "设备或场地",
    }


def test_the_host_is_told_in_its_language_too(world: World, now: datetime) -> None:
    speaks_english(world.manager)
    booking = booked(world, world.session(), now)

    changes.cancel_booking(
        by=world.coordinator, booking=booking, code=ReasonCode.EXAM, reason="", now=now
    )

    assert reasons_told("booking_cancelled")[world.manager.user_id or 0] == "Exam or school event"


def test_english_pages_say_the_reason_in_english(world: World, login: Login, now: datetime) -> None:
    session = world.session()
    booking = booked(world, session, now)
    host_changes.cancel_session(
        by=world.manager, session=session, code=ReasonCode.EQUIPMENT, reason="", now=now
    )
    speaks_english(world.teacher, world.manager)
    teacher, manager = login(world.teacher), login(world.manager)

    said = {
        path: "Equipment or room" in text_of(client, path, now)
        and "设备或场地" not in text_of(client, path, now)
        for client, path in (
            (teacher, f"/trips/{booking.pk}/"),
            (teacher, "/trips/?show=cancelled"),
            (manager, f"/host/sessions/{session.pk}/"),
            (manager, "/today/2026-12-08/"),
        )
    }

    assert set(said.values()) == {True}, said


def test_a_refusal_names_the_reason_in_the_readers_language(world: World, now: datetime) -> None:
    session = world.session()
    host_changes.cancel_session(
        by=world.manager, session=session, code=ReasonCode.WEATHER, reason="", now=now
    )
    session.refresh_from_db()

    with translation.override("en"), pytest.raises(SessionCancelled) as refusal:
        sessions.check_can_change_session(world.manager, session, now)
    assert refusal.value.facts == {"reason": "Weather"}


def test_programs_read_the_reason_in_words(world: World, now: datetime) -> None:
    booking = booked(world, world.session(), now)

    answer = send(
        "POST", f"/api/v1/bookings/{booking.pk}/cancel/", world.teacher, now, {"code": "exam"}
    ).json()

    assert (answer["cancel_code"], answer["cancel_reason"]) == ("exam", "考试或学校活动")


def test_other_without_words_is_no_reason(world: World, now: datetime) -> None:
    session = world.session()
    booking = booked(world, session, now)
    host_changes.cancel_session(
        by=world.manager, session=session, code=ReasonCode.WEATHER, reason="", now=now
    )

    for rows in (
        Booking.objects.filter(pk=booking.pk),
        CourseSession.objects.filter(pk=session.pk),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(cancel_code="other", cancel_reason="")


def test_stored_labels_become_codes_and_all_other_words_stay(world: World, now: datetime) -> None:
    kinds = (("weather", "天气"), ("weather", "台风"), ("other", "天气"))
    bookings, sessions_of = [], []
    for number, (code, words) in enumerate(kinds):
        session = world.session(day=(now + timedelta(days=20 + number)).date())
        booking = booked(world, session, now)
        host_changes.cancel_session(by=world.manager, session=session, reason="x", now=now)
        Booking.objects.filter(pk=booking.pk).update(cancel_code=code, cancel_reason=words)
        CourseSession.objects.filter(pk=session.pk).update(cancel_code="", cancel_reason=words)
        bookings.append(booking)
        sessions_of.append(session)

    for name in (
        "bookings.migrations.0008_reasons_by_code",
        "courses.migrations.0006_reasons_by_code",
    ):
        import_module(name).codes_for_labels(apps, None)

    for row in (*bookings, *sessions_of):
        row.refresh_from_db()
    assert [(one.cancel_code, one.cancel_reason) for one in bookings] == [
        ("weather", ""),
        ("weather", "台风"),
        ("other", "天气"),
    ]
    assert [(one.cancel_code, one.cancel_reason) for one in sessions_of] == [
        ("weather", ""),
        ("", "台风"),
        ("weather", ""),
    ]

"""Every action on a booking asks the season's table, through whatever door it comes."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.services import tokens
from bookings.models import Booking, ChangeRequest, Reservation, SeatHold
from bookings.services import (
    basket,
    change_requests,
    changes,
    lists,
    planned,
    proposals,
    reservations,
    standing_requests,
    swapping,
)
from bookings.services.parts import Part
from courses.choices import SEASON_ACTIONS, SeasonAction, SeasonPhase
from courses.errors import OutsideSeason
from courses.models import CourseSession, Season
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking

DAYS = timedelta(days=1)


def move_to(phase: SeasonPhase, season: Season, now: datetime) -> None:
    """The season gets dates that put it in that phase now."""
    early, late = now - 9 * DAYS, now + 13 * DAYS
    dates: dict[str, Any] = {
        "publishes_at": now - 90 * DAYS,
        "wishes_from": None,
        "wishes_until": None,
        "opens_at": now - 80 * DAYS,
        "closes_at": now + 40 * DAYS,
        "runs_until": now.date() + 60 * DAYS,
    }
    dates |= {
        SeasonPhase.PLANNED: {"publishes_at": late, "opens_at": late},
        SeasonPhase.PUBLISHING: {"opens_at": late},
        SeasonPhase.WISHING: {"wishes_from": early, "wishes_until": late, "opens_at": late},
        SeasonPhase.ALLOTTING: {"wishes_from": early - DAYS, "wishes_until": early,
                                "opens_at": late},
        SeasonPhase.BOOKING: {},
        SeasonPhase.RUNNING: {"closes_at": early},
        SeasonPhase.CLOSED: {"closes_at": early, "runs_until": early.date()},
    }[phase]  # fmt: skip
    Season.objects.filter(pk=season.pk).update(**dates)


@dataclass
class Scene:
    """A booking of three of five students, another session, and a moment; ``settled`` is past
    the freeze."""

    world: World
    booking: Booking
    other: CourseSession
    now: datetime
    settled: datetime

    def edition(self) -> int:
        return Booking.objects.get(pk=self.booking.pk).edition

    def fresh(self) -> Booking:
        return Booking.objects.select_related("class_group").get(pk=self.booking.pk)

    def wanted(self) -> lists.Wanted:
        return lists.look_up(
            self.fresh(), self.settled, student_ids=[self.world.students[0].pk], seats=None,
            adults=None, companions=None,
        )  # fmt: skip

    def send(self, method: str, path: str, data: dict[str, Any], at: datetime) -> None:
        """Over the API; its refusal is raised here as the service raises it."""
        with time_machine.travel(at, tick=False):
            _token, secret = tokens.issue(by=self.world.teacher, label="t", now=at)
            answer = Client().generic(
                method,
                path,
                data=json.dumps(data),
                content_type="application/json",
                headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "k"},
            )
        if answer.status_code == 409:
            assert answer.json()["code"] == OutsideSeason.code
            raise OutsideSeason(**answer.json()["facts"])
        assert answer.status_code in (200, 201), answer.content


def _book(scene: Scene) -> None:
    reservations.reserve(
        by=scene.world.teacher,
        parts=[Part(class_group=scene.world.group, session_ids=[scene.other.pk])],
        idempotency_key="k",
        now=scene.now,
    )


def _book_basket(scene: Scene) -> None:
    basket.add(
        by=scene.world.teacher,
        class_group=scene.world.group,
        session_id=scene.other.pk,
        now=scene.now,
    )
    basket.reserve_all(
        by=scene.world.teacher, companions=[], contact_phone="", idempotency_key="k", now=scene.now
    )


def _book_proposal(scene: Scene) -> None:
    """In groups or whole; the page of halves comes here too."""
    proposals.reserve_proposal(
        by=scene.world.teacher,
        class_group=scene.world.group,
        picks=[(scene.other.pk, None, 5)],
        companions=[],
        contact_phone="",
        idempotency_key="k",
        now=scene.now,
    )


def _book_api(scene: Scene) -> None:
    scene.send(
        "POST",
        "/api/v1/reservations/",
        {"class_group": scene.world.group.pk, "sessions": [scene.other.pk]},
        scene.now,
    )


def _change(scene: Scene) -> None:
    lists.change_booking(
        by=scene.world.teacher,
        booking=scene.fresh(),
        edition=1,
        student_ids=[one.pk for one in scene.world.students],
        now=scene.now,
    )


def _change_api(scene: Scene) -> None:
    scene.send(
        "PATCH",
        f"/api/v1/bookings/{scene.booking.pk}/",
        {"edition": 1, "students": [scene.world.students[0].pk]},
        scene.now,
    )


def _change_one(scene: Scene) -> None:
    changes.swap_student(
        by=scene.world.teacher,
        booking=scene.fresh(),
        out_student_id=scene.world.students[0].pk,
        in_student_id=scene.world.students[4].pk,
        now=scene.now,
    )


def _request(scene: Scene) -> None:
    change_requests.ask_change(
        by=scene.world.teacher,
        booking=scene.fresh(),
        edition=1,
        wanted=scene.wanted(),
        reason="两人请假。",
        now=scene.settled,
    )


def _allot(scene: Scene) -> None:
    """The alliance books for the class by its plan."""
    planned.reserve_planned(
        by=actor_of(MembershipFactory(secretariat=True)),
        class_group=scene.world.group,
        wanted={scene.other.pk: {scene.world.students[0].pk}},
        idempotency_key="plan",
        now=scene.now,
    )


def _accept(scene: Scene) -> None:
    asked = ChangeRequest.objects.create(
        booking=scene.booking,
        wanted={"students": [scene.world.students[0].pk], "seats": 1, "adults": 2},
        before=standing_requests.contents_of([scene.booking]),
        reason="两人请假。",
        asked_at=scene.settled,
        asked_by_id=scene.world.teacher.membership_id,
    )
    change_requests.accept_change(by=scene.world.manager, request=asked, now=scene.settled)


def _keep(scene: Scene) -> None:
    swapping.keep_seats(
        by=scene.world.teacher, booking=scene.fresh(), session_ids=[scene.other.pk], now=scene.now
    )


def _confirm(scene: Scene) -> None:
    """The seats were kept in time; the season changed while they were."""
    CourseSession.objects.filter(pk=scene.other.pk).update(seats_held=3, adults_held=2)
    SeatHold.objects.create(
        session=scene.other,
        booking=scene.booking,
        seats=3,
        adults=2,
        held_for="swap",
        made_at=scene.now,
        expires_at=scene.now + timedelta(minutes=15),
    )
    swapping.confirm(by=scene.world.teacher, booking=scene.fresh(), reason="", now=scene.now)


def _swap_api(scene: Scene) -> None:
    scene.send(
        "POST",
        f"/api/v1/bookings/{scene.booking.pk}/swap/",
        {"sessions": [scene.other.pk]},
        scene.now,
    )


def _cancel(scene: Scene) -> None:
    changes.cancel_booking(
        by=scene.world.teacher, booking=scene.fresh(), reason="停课", now=scene.now
    )


def _cancel_api(scene: Scene) -> None:
    scene.send(
        "POST", f"/api/v1/bookings/{scene.booking.pk}/cancel/", {"reason": "停课"}, scene.now
    )


DOORS: dict[SeasonAction, tuple[Callable[[Scene], None], ...]] = {
    SeasonAction.ALLOT: (_allot,),
    SeasonAction.BOOK: (_book, _book_basket, _book_proposal, _book_api),
    SeasonAction.CHANGE: (_change, _change_one, _change_api),
    SeasonAction.REQUEST: (_request, _accept),
    SeasonAction.SWAP: (_keep, _confirm, _swap_api),
    SeasonAction.CANCEL: (_cancel, _cancel_api),
}


@pytest.fixture
def scene(world: World, now: datetime) -> Scene:
    booking = make_booking(
        by=world.teacher,
        session=world.session(),
        class_group=world.group,
        student_ids=[student.pk for student in world.students[:3]],
        now=now,
    )
    return Scene(
        world=world,
        booking=booking,
        other=world.session(day=DAY + DAYS),
        now=now,
        settled=booking.session.starts_at - 2 * DAYS,
    )


def test_every_action_of_the_table_is_asked_here() -> None:
    """Sessions are opened by the host (tests/courses); wishes come with a later issue."""
    assert set(DOORS) | {SeasonAction.OPEN_SESSIONS, SeasonAction.WISH} == set(SEASON_ACTIONS)


@pytest.mark.parametrize("phase", SeasonPhase)
@pytest.mark.parametrize(
    ("action", "door"), [(action, door) for action, doors in DOORS.items() for door in doors]
)
def test_what_the_phase_opens_can_be_done_and_nothing_else(
    scene: Scene, phase: SeasonPhase, action: SeasonAction, door: Callable[[Scene], None]
) -> None:
    move_to(phase, scene.world.season, scene.now)
    before = (Reservation.objects.count(), Booking.objects.get(pk=scene.booking.pk).state)

    if phase in SEASON_ACTIONS[action]:
        door(scene)
        return
    with pytest.raises(OutsideSeason) as refused:
        door(scene)

    assert (refused.value.facts["phase"], refused.value.facts["action"]) == (
        phase.label,
        action.label,
    )
    assert before == (
        Reservation.objects.count(),
        Booking.objects.get(pk=scene.booking.pk).state,
    )
    assert scene.edition() == 1

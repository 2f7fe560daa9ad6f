"""The web API under made-up requests: it never breaks, and answers as its schema says.

Each operation of docs/openapi.yaml is called through the real WSGI application with a key of
each kind of member, with row keys as made up and again with those of rows that exist.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import time_machine
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.generation.modes import GenerationMode

from accounts.choices import Role
from accounts.selectors import actor_of
from accounts.services import tokens
from bookings.services import change_requests, lists
from config.wsgi import application
from rosters.services.imports import reading, starting
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.bookings import make_booking
from tests.factories.courses import make_session, make_version, manager_of
from tests.factories.rosters import make_class, make_teacher_of

schema = schemathesis.openapi.from_path(
    Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
)
schema.app = application
schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
# A method that an address does not know is the same few lines everywhere.
schema.config.phases.coverage.unexpected_methods = set()
checks.load_all_checks()
CONFORMS = checks.CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "response_headers_conformance",
    ]
)


@dataclass
class World:
    """Keys of each kind of member, in turn for ever, and the row keys of what exists."""

    secrets: Iterator[str]
    ids: dict[str, int]
    body: dict[str, Any]


@pytest.fixture
def world(db: None, now: datetime) -> Iterator[World]:
    # As Django's own test client: a request's end does not close the test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    with time_machine.travel(now, tick=False):
        yield _make_world(now)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _make_world(now: datetime) -> World:
    version = make_version()
    host = version.host
    manager = manager_of(host)
    instructor = MembershipFactory(organisation=host, role=Role.INSTRUCTOR)
    soon, later = (
        make_session(
            version,
            starts_at=now + wait,
            now=now - timedelta(days=20),
            instructor=instructor,
        )
        for wait in (timedelta(minutes=30), timedelta(days=8))
    )
    group = make_class(students=3)
    teacher = make_teacher_of(group)
    coordinator = actor_of(
        MembershipFactory(organisation=group.school, role=Role.SCHOOL_COORDINATOR)
    )
    booking = make_booking(
        by=actor_of(teacher), session=soon, class_group=group, now=now - timedelta(days=10)
    )
    request = change_requests.ask_change(
        by=actor_of(teacher),
        booking=booking,
        edition=booking.edition,
        wanted=lists.look_up(
            booking,
            now,
            student_ids=list(group.students.order_by("pk").values_list("pk", flat=True))[:2],
            seats=None,
            adults=None,
            companions=None,
        ),
        reason="一人请假",
        now=now,
    )
    waiting = starting.start(
        by=coordinator,
        school=group.school,
        content="姓名,班级\n王雨,7(3)\n".encode(),
        suffix=".csv",
        now=now,
    )
    reading.read(import_id=waiting.pk, now=now)
    alliance = OrganisationFactory(alliance=True)
    actors = [
        actor_of(teacher),
        coordinator,
        manager,
        actor_of(instructor),
        actor_of(MembershipFactory(organisation=alliance, role=Role.SECRETARIAT)),
        actor_of(MembershipFactory(organisation=alliance, role=Role.REVIEWER)),
    ]
    return World(
        secrets=cycle([tokens.issue(by=actor, label="test", now=now)[1] for actor in actors]),
        ids={
            "bookings": booking.pk,
            "change-requests": request.pk,
            "classes": group.pk,
            "courses": version.course_id,
            "reservations": booking.reservation_id,
            "rosters": waiting.pk,
            "sessions": soon.pk,
        },
        body={
            "class_group": group.pk,
            "sessions": [later.pk],
            "students": list(group.students.values_list("pk", flat=True)),
            "seat_no": 1,
            "edition": booking.edition,
        },
    )


def _conforms(case: schemathesis.Case, world: World) -> None:
    _call(case, world)
    kind = case.path.split("/")[3]
    if "id" in case.path_parameters:
        case.path_parameters["id"] = world.ids[kind]
    if isinstance(case.body, dict):
        case.body |= {name: value for name, value in world.body.items() if name in case.body}
    _call(case, world)


def _test_of(operation: str) -> Callable[..., None]:
    """The test of one operation, which answers as its schema says."""

    @schema.include(operation_id=operation).parametrize()
    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def test(case: schemathesis.Case, world: World) -> None:
        _conforms(case, world)

    return test


# A function for each: pytest would give the tests of one function one name.
OPERATIONS = [
    operation["operationId"]
    for methods in schema.raw_schema["paths"].values()
    for operation in methods.values()
]
globals().update({f"test_{name}": _test_of(name) for name in OPERATIONS})


def _call(case: schemathesis.Case, world: World) -> None:
    headers = {"Authorization": f"Bearer {next(world.secrets)}", "Host": "testserver"}
    response = case.call(headers=headers)
    case.validate_response(response, checks=CONFORMS)

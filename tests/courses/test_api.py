"""The catalogue and its sessions over the web API."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor
from accounts.services import tokens
from courses.models import CourseSession, CourseVersion
from courses.services.seats import void_session
from sites.calendar import SHANGHAI
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.courses import make_draft, make_session, make_version, manager_of

pytestmark = pytest.mark.django_db

AT = datetime(2026, 12, 8, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def client(now: datetime) -> Client:
    return client_of(actor_of(MembershipFactory()), now)


def client_of(actor: Actor, now: datetime) -> Client:
    _token, secret = tokens.issue(by=actor, label="test", now=now)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def ids(response: Any) -> list[int]:
    assert response.status_code == 200
    return [one["id"] for one in response.json()["results"]]


# ── courses ──


def test_course_is_listed_with_what_is_on_offer(client: Client) -> None:
    host = OrganisationFactory(vocational_school=True, name="春晖职校", name_en="Chunhui")
    session = make_session(make_version(host))

    [course] = client.get("/api/v1/courses/").json()["results"]

    assert course == {
        "id": session.version.course_id,
        "code": session.version.course.code,
        "host": {
            "id": host.pk,
            "kind": "vocational_school",
            "name": "春晖职校",
            "short_name": "",
            "name_en": "Chunhui",
        },
        "version": session.version_id,
        "title_zh": "面包师：一只吐司的诞生",
        "title_en": "Baker: the making of a loaf",
        "occupation_zh": "面包师",
        "occupation_en": "Baker",
        "occupation_family": "f1",
        "stages": ["junior"],
        "grade_from": 6,
        "grade_to": 9,
        "class_hours": 4,
        "group_size_max": 24,
        "mode": "on_site",
        "summary_zh": "从和面到出炉，做一只吐司。",
        "summary_en": "",
        "next_at": "2026-12-08T09:00:00+08:00",
        "offer_count": 1,
        "seats_free": 24,
    }


def test_one_course_has_everything_a_teacher_reads(client: Client) -> None:
    version = make_version()

    course = client.get(f"/api/v1/courses/{version.course_id}/").json()

    assert (course["next_at"], course["offer_count"], course["seats_free"]) == (None, 0, 0)
    assert {name: course[name] for name in ("plan", "materials", "hazards", "assessment")} == {
        "plan": "讲解、和面、整形、烘烤、互评。",
        "materials": "围裙、发帽。",
        "hazards": "烤箱由教师操作。",
        "assessment": "成品与过程各占一半。",
    }
    assert course["handbook"] == "一、洗手。二、称量。三、和面。"
    assert course["needs_assistant"] is False


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=吐司", True),
        ("q=吐司 汽车", False),
        ("family=f1&family=f2", True),
        ("family=f2", False),
        ("hours=4&hours=3", True),
        ("hours=3", False),
        ("kind=vocational_school", True),
        ("kind=enterprise", False),
        ("stage=junior", True),
        ("stage=senior", False),
        ("grade=7", True),
        ("grade=5", False),
        ("since=2026-12-08&until=2026-12-08", True),
        ("since=2026-12-09", False),
        ("until=2026-12-07", False),
        ("half=am", True),
        ("half=pm&half=day", False),
        ("seats=24", True),
        ("seats=25", False),
        ("q=吐司&family=f1&hours=4&half=am&seats=24&stage=junior&grade=7", True),
    ],
)
def test_courses_are_narrowed_like_the_page(client: Client, query: str, found: bool) -> None:
    session = make_session()

    response = client.get(f"/api/v1/courses/?{query}")

    assert ids(response) == ([session.version.course_id] if found else [])


def test_host_is_a_condition(client: Client) -> None:
    version = make_version()
    make_version()

    assert ids(client.get(f"/api/v1/courses/?host={version.host_id}")) == [version.course_id]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("family=f99", "family"),
        ("hours=x", "hours"),
        ("grade=13", "grade"),
        ("grade=7.5", "grade"),
        ("since=tomorrow", "since"),
        ("half=night", "half"),
        ("seats=0", "seats"),
        ("host=999999", "host"),
        (f"q={'x' * 101}", "q"),
        ("q=%00", "q"),
    ],
)
def test_condition_that_cannot_be_right_is_a_problem(
    client: Client, query: str, field: str
) -> None:
    response = client.get(f"/api/v1/courses/?{query}")

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert list(response.json()["errors"]) == [field]


def test_unpublished_course_is_not_there_even_for_its_host(now: datetime) -> None:
    draft = make_draft()
    client = client_of(manager_of(draft.host), now)

    assert ids(client.get("/api/v1/courses/")) == []
    response = client.get(f"/api/v1/courses/{draft.course_id}/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["/api/v1/courses/", "/api/v1/sessions/", "/api/v1/courses/1/", "/api/v1/sessions/1/"]
)
def test_stranger_is_told_to_sign_in(path: str) -> None:
    response = Client().get(path)

    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"


def test_courses_come_in_pages(client: Client) -> None:
    version = make_version()
    values = {
        field.name: getattr(version, field.name)
        for field in CourseVersion._meta.concrete_fields
        if field.name not in ("id", "course")
    }
    for number in range(50):
        course = version.host.courses.create(code=f"X-{number}")
        course.published_version = CourseVersion.objects.create(course=course, **values)
        course.save()

    first = client.get("/api/v1/courses/").json()
    second = client.get(first["next"]).json()

    assert (len(first["results"]), len(second["results"])) == (50, 1)
    assert "cursor" in parse_qs(urlsplit(first["next"]).query)
    assert second["next"] is None


@pytest.mark.parametrize("courses", [1, 3])
def test_courses_take_the_same_queries(client: Client, courses: int) -> None:
    for _number in range(courses):
        make_session(make_version())
    client.get("/api/v1/courses/")

    with CaptureQueriesContext(connection) as queries:
        response = client.get("/api/v1/courses/?seats=2")

    assert len(ids(response)) == courses
    assert len(queries) == 2


# ── sessions ──


def test_session_is_listed_with_its_free_seats(client: Client) -> None:
    session = make_session()
    CourseSession.objects.update(seats_taken=20, seats_held=1)

    [found] = client.get("/api/v1/sessions/").json()["results"]

    assert found == {
        "id": session.pk,
        "course": session.version.course_id,
        "version": session.version_id,
        "title_zh": "面包师：一只吐司的诞生",
        "title_en": "Baker: the making of a loaf",
        "host": session.host_id,
        "season": session.season_id,
        "session_set": None,
        "state": "scheduled",
        "sequence": 0,
        "starts_at": "2026-12-08T09:00:00+08:00",
        "ends_at": "2026-12-08T11:30:00+08:00",
        "class_hours": 4,
        "venue": "room",
        "room": {
            "id": session.room_id,
            "name": session.room.name,
            "site": {
                "id": session.room.site_id,
                "name": session.room.site.name,
                "name_en": "",
                "address": "普陀区示例路 1 号",
            },
        },
        "school": None,
        "capacity": 24,
        "seats_left": 3,
        "cancel_reason": "",
    }
    assert client.get(f"/api/v1/sessions/{session.pk}/").json() == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("free=24", True),
        ("free=25", False),
        ("since=2026-12-08&until=2026-12-08", True),
        ("since=2026-12-09", False),
        ("until=2026-12-07", False),
        ("half=am", True),
        ("half=pm", False),
        ("stage=junior", True),
        ("stage=primary", False),
        ("state=scheduled", True),
        ("state=cancelled", False),
        ("course=999999", False),
        ("host=99999999999999999999", False),
        ("session_set=1", False),
    ],
)
def test_sessions_are_narrowed(client: Client, query: str, found: bool) -> None:
    session = make_session()

    assert ids(client.get(f"/api/v1/sessions/?{query}")) == ([session.pk] if found else [])


def test_sessions_of_one_course_by_time(client: Client) -> None:
    version = make_version()
    later = make_session(version, starts_at=AT + timedelta(days=7))
    earlier = make_session(version)
    make_session()

    response = client.get(f"/api/v1/sessions/?course={version.course_id}")

    assert ids(response) == [earlier.pk, later.pk]


def test_cancelled_session_stays_known_with_its_reason(client: Client, now: datetime) -> None:
    session = make_session()
    void_session(by=manager_of(session.host), session=session, reason="停电", now=now)

    found = client.get(f"/api/v1/sessions/{session.pk}/").json()

    assert (found["state"], found["cancel_reason"]) == ("cancelled", "停电")


@pytest.mark.parametrize("query", ["half=night", "since=32", "free=-1", "state=lost", "course=x"])
def test_nonsense_about_sessions_is_a_problem(client: Client, query: str) -> None:
    response = client.get(f"/api/v1/sessions/?{query}")

    assert response.status_code == 400
    assert list(response.json()["errors"]) == [query.split("=")[0]]


@pytest.mark.parametrize("sessions", [1, 3])
def test_sessions_take_the_same_queries(client: Client, sessions: int) -> None:
    version = make_version()
    for number in range(sessions):
        make_session(version, starts_at=AT + timedelta(days=number))
    client.get("/api/v1/sessions/")

    with CaptureQueriesContext(connection) as queries:
        response = client.get("/api/v1/sessions/")

    assert len(ids(response)) == sessions
    assert len(queries) == 2

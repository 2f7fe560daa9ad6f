"""How the web API knows who calls, and its problem details."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from accounts.access import SESSION_KEY
from accounts.api import problems
from accounts.errors import NotYours, Refusal, WrongRole
from accounts.services import memberships, tokens
from tests.factories.accounts import MembershipFactory, UserFactory, actor_of

pytestmark = pytest.mark.django_db


class _Input(serializers.Serializer):
    seats = serializers.IntegerField(min_value=1)


class Echo(APIView):
    """Says who calls; stands for every endpoint."""

    def get(self, request: Request) -> Response:
        return Response({"organisation": request.actor.organisation_id})

    def post(self, request: Request) -> Response:
        data = _Input(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(data.validated_data)


urlpatterns = [path("api/v1/echo/", Echo.as_view())]
with_echo = override_settings(ROOT_URLCONF=__name__)


def _bearer(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@with_echo
def test_a_key_acts_as_its_membership() -> None:
    teacher = MembershipFactory()
    MembershipFactory(user=teacher.user)
    _token, secret = tokens.issue(by=actor_of(teacher), label="校务", now=timezone.now())

    response = _bearer(secret).get("/api/v1/echo/")

    assert (response.status_code, response.json()) == (
        200,
        {"organisation": teacher.organisation_id},
    )


@with_echo
def test_a_leavers_key_stops_at_once() -> None:
    now = timezone.now()
    coordinator = MembershipFactory(coordinator=True)
    teacher = MembershipFactory(organisation=coordinator.organisation)
    _token, secret = tokens.issue(by=actor_of(teacher), label="校务", now=now)
    client = _bearer(secret)
    before = client.get("/api/v1/echo/").status_code

    memberships.end_membership(by=actor_of(coordinator), membership=teacher, now=now)
    after = client.get("/api/v1/echo/")

    assert before == 200
    assert after.status_code == 401
    assert after["WWW-Authenticate"] == "Bearer"
    assert after["Content-Type"] == "application/problem+json"
    assert after.json() == {
        "type": "urn:career-classroom:problem:authentication_failed",
        "title": "Unauthorized",
        "status": 401,
        "detail": "密钥无效或已停用。",
        "code": "authentication_failed",
    }


@with_echo
def test_nobody_calls_without_a_key() -> None:
    response = APIClient().get("/api/v1/echo/")

    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"


@with_echo
@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer \xff"])
def test_a_malformed_header_is_refused(header: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)

    assert client.get("/api/v1/echo/").status_code == 401


@with_echo
def test_another_scheme_is_not_ours() -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Basic abc")

    assert client.get("/api/v1/echo/").json()["code"] == "not_authenticated"


@with_echo
def test_a_signed_in_browser_calls_with_its_csrf_token_only() -> None:
    teacher = MembershipFactory()
    client = Client(enforce_csrf_checks=True)
    client.force_login(teacher.user)

    read = client.get("/api/v1/echo/")
    written = client.post("/api/v1/echo/", {"seats": 3}, content_type="application/json")

    assert read.json() == {"organisation": teacher.organisation_id}
    assert (written.status_code, written.json()["code"]) == (403, "permission_denied")


@with_echo
def test_a_key_wins_over_the_session() -> None:
    teacher, other = MembershipFactory(), MembershipFactory()
    _token, secret = tokens.issue(by=actor_of(other), label="校务", now=timezone.now())
    client = _bearer(secret)
    client.force_login(teacher.user)
    session = client.session
    session[SESSION_KEY] = teacher.pk
    session.save()

    assert client.get("/api/v1/echo/").json() == {"organisation": other.organisation_id}


@with_echo
def test_somebody_without_a_membership_is_refused() -> None:
    client = Client()
    client.force_login(UserFactory())

    response = client.get("/api/v1/echo/")

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")


@with_echo
@pytest.mark.parametrize(
    ("body", "status", "code", "errors"),
    [
        ('{"seats": 0}', 400, "invalid", {"seats"}),
        ("{}", 400, "invalid", {"seats"}),
        ("[1]", 400, "invalid", {"non_field_errors"}),
        ("{", 400, "parse_error", set()),
    ],
)
def test_wrong_input_names_its_fields(body: str, status: int, code: str, errors: set[str]) -> None:
    teacher = MembershipFactory()
    _token, secret = tokens.issue(by=actor_of(teacher), label="校务", now=timezone.now())

    response = _bearer(secret).post("/api/v1/echo/", body, content_type="application/json")

    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert set(problem.get("errors", {})) == errors


@with_echo
def test_methods_and_types_are_problems_too() -> None:
    teacher = MembershipFactory()
    _token, secret = tokens.issue(by=actor_of(teacher), label="校务", now=timezone.now())
    client = _bearer(secret)

    assert client.delete("/api/v1/echo/").json()["code"] == "method_not_allowed"
    assert client.post("/api/v1/echo/", "a", content_type="text/plain").status_code == 415


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Refusal(), 409, "refused"),
        (WrongRole(organisation="清河中学", role="教师"), 403, "wrong_role"),
        (NotYours(), 404, "not_found"),
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "not_allowed"),
        (exceptions.ValidationError("错"), 400, "invalid"),
        (exceptions.Throttled(wait=12.5), 429, "throttled"),
    ],
)
def test_each_error_has_its_status_and_code(error: Exception, status: int, code: str) -> None:
    response = problems.handler(error, {})

    assert response is not None
    assert response.status_code == status
    assert response.data["code"] == code
    assert response.data["status"] == status
    assert response.data["type"] == f"urn:career-classroom:problem:{code}"


def test_throttled_says_when_to_come_again() -> None:
    response = problems.handler(exceptions.Throttled(wait=12.5), {})

    assert response is not None
    assert response["Retry-After"] == "13"


def test_other_errors_crash_loudly() -> None:
    assert problems.handler(ValueError(), {}) is None


def test_facts_are_written_as_json_can_carry_them() -> None:
    teacher = MembershipFactory()
    at = datetime(2026, 11, 24, tzinfo=UTC)
    facts: dict[str, Any] = {"seats": 3, "at": at, "who": teacher, "days": {1: [at]}}

    response = problems.handler(Refusal(**facts), {})

    assert response is not None
    assert response.data["facts"] == {
        "seats": 3,
        "at": at,
        "who": str(teacher),
        "days": {"1": [at]},
    }


def test_an_unknown_address_of_the_api_is_a_problem_and_of_the_site_a_page() -> None:
    api = Client().get("/api/v1/nowhere/")
    page = Client().get("/nowhere/")

    assert (api.status_code, api["Content-Type"], api.json()["code"]) == (
        404,
        "application/problem+json",
        "not_found",
    )
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")

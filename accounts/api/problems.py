"""Every refusal and error of the web API as problem details (RFC 9457)."""

import math
import sys
from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.access import STATUS_OF_KIND
from accounts.errors import Refusal

CONTENT_TYPE = "application/problem+json"
# PostgreSQL shuts down, crashed, starts up, has no connection left; and all of class 08.
AWAY = frozenset({"57P01", "57P02", "57P03", "53300"})
RETRY_AFTER_SECONDS = 5
PLAIN = (str, int, float, bool, type(None), date, time, Decimal, UUID, Promise)

# Every refusal, as the schema shows it.
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "code": {"type": "string", "description": "Stable, for programs."},
        "facts": {"type": "object", "description": "The values that the sentence names."},
        "errors": {"type": "object", "description": "Which fields are wrong, and how."},
    },
}


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """A problem for every refusal of ours and every error REST framework knows; None, which
    crashes loudly, for all others.
    """
    if isinstance(error, Refusal):
        status = STATUS_OF_KIND[error.kind]
        return _problem(status, error.code, str(error), facts=_plain(error.facts))
    if isinstance(error, Http404):
        return _problem(404, "not_found", _("没有找到，或不属于您的单位。"))
    if isinstance(error, PermissionDenied):
        return _problem(403, "not_allowed", _("您的身份不能做这件事。"))
    if isinstance(error, exceptions.ValidationError):
        detail = error.detail if isinstance(error.detail, dict) else {"": error.detail}
        return _problem(400, "invalid", _("有的项目填得不对。"), errors=detail)
    if isinstance(error, exceptions.APIException):
        code = error.get_codes()
        response = _problem(
            error.status_code, code if isinstance(code, str) else "error", str(error.detail)
        )
        wait = getattr(error, "wait", None)
        if wait is not None:
            response["Retry-After"] = str(math.ceil(wait))
        authenticate = getattr(error, "auth_header", None)
        if authenticate:
            response["WWW-Authenticate"] = authenticate
        return response
    return None


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For an address that nobody has: a problem under the web API, our page elsewhere."""
    if not request.path.startswith("/api/"):
        return defaults.page_not_found(request, exception)
    data = _facts(404, "not_found", _("没有找到，或不属于您的单位。"))
    return JsonResponse(data, status=404, content_type=CONTENT_TYPE)


def server_error(request: HttpRequest) -> HttpResponse:
    """For what nobody foresaw, and 503 with Retry-After while the database is away: a problem
    under the web API, our page elsewhere."""
    is_away = database_is_away(sys.exc_info()[1])
    status = 503 if is_away else 500
    response: HttpResponse
    if request.path.startswith("/api/"):
        detail = _("系统连不上数据库，正在恢复，请过几秒再试。") if is_away else _("系统出错了。")
        data = _facts(status, "unavailable" if is_away else "server_error", detail)
        response = JsonResponse(data, status=status, content_type=CONTENT_TYPE)
    else:
        response = HttpResponse(loader.get_template(f"{status}.html").render(), status=status)
    if is_away:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def database_is_away(error: BaseException | None) -> bool:
    """Whether the error says that there is no connection to the database, whatever was asked."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    # Where the server said nothing, nobody was there to say it.
    return state is None or state in AWAY or state.startswith("08")


def in_schema(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """The schema with a problem as the answer to whatever an operation refuses."""
    shape = {"schema": {"$ref": "#/components/schemas/Problem"}}
    result["components"]["schemas"]["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            answers["default"] = {"description": "A problem (RFC 9457): `code` says which."}
            for status, answer in answers.items():
                if not status.startswith("2"):
                    answer["content"] = {CONTENT_TYPE: shape}
    return result


def _problem(status: int, code: str, detail: str, **more: Any) -> Response:
    return Response(_facts(status, code, detail) | more, status=status, content_type=CONTENT_TYPE)


def _facts(status: int, code: str, detail: str) -> dict[str, Any]:
    return {
        "type": f"urn:career-classroom:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }


def _plain(value: Any) -> Any:
    """Facts as JSON can carry them: rows and other objects become their text."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    return str(value)

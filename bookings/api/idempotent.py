"""Idempotency-Key on the requests that change something."""

import functools
from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from bookings.errors.requests import RequestStale
from bookings.services import idempotency
from bookings.services.idempotency import Answer

HEADER = "Idempotency-Key"

KEY_PARAMETER = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    required=False,
    description="Your own key of this request, at most 80 characters, kept 24 hours: sent again "
    "with the same content it changes nothing and returns the first answer, marked "
    "`Idempotent-Replayed: true`; with other content it is refused (422).",
)


def idempotent(handler: Callable[..., Response]) -> Callable[..., Response]:
    """With the header, the handler's change happens once; see ``services.idempotency.once``."""

    @functools.wraps(handler)
    def answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        responses: list[Response] = []
        refusals: list[RequestStale] = []

        def work() -> Answer:
            refusals.clear()
            try:
                response = handler(view, request, *args, **kwargs)
            except RequestStale as refusal:
                # It says that the request is over. Raised from here it would take that back.
                refusals.append(refusal)
                return Answer(409, None)
            responses[:] = [response]
            return Answer(response.status_code, response.data)

        given = idempotency.once(
            by=request.actor,  # type: ignore[attr-defined]
            key=key,
            digest=idempotency.digest_of(request.method, request.path, request.data),
            now=timezone.now(),
            work=work,
        )
        if refusals:
            raise refusals[0]
        if not given.is_replay:
            return responses[0]
        return Response(given.body, status=given.status, headers={"Idempotent-Replayed": "true"})

    return answer

"""A form sent twice, by a double click or a reload, is carried out once."""

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone

from accounts.access import MemberRequest
from bookings.services import idempotency
from bookings.services.idempotency import Answer

# The form's own key, or that of the reservation it makes.
FIELDS = ("form_key", "key")
# What the browser adds to the form by itself.
NOT_CONTENT = (*FIELDS, "csrfmiddlewaretoken")

# Nothing was carried out: the form came back, with a preview or a refusal.
NOT_DONE = Answer(422, None)


def once_per_form(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The page with ``{% form_key %}`` or a reservation's ``key`` in its form: sent again within
    24 hours it leads where it led the first time. Only what ended in a redirect is done; all else
    may be sent again."""

    @functools.wraps(view)
    def answer(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form_key = next((request.POST[name] for name in FIELDS if request.POST.get(name)), "")
        if request.method != "POST" or not form_key:
            return view(request, *args, **kwargs)
        responses: list[HttpResponse] = []

        def work() -> Answer:
            response = view(request, *args, **kwargs)
            responses[:] = [response]
            if isinstance(response, HttpResponseRedirect):
                return Answer(response.status_code, {"url": response.url})
            return NOT_DONE

        given = idempotency.once(
            by=request.actor,
            key=form_key,
            digest=idempotency.digest_of(
                request.path,
                {key: values for key, values in request.POST.lists() if key not in NOT_CONTENT},
            ),
            now=timezone.now(),
            work=work,
        )
        return redirect(given.body["url"]) if given.is_replay else responses[0]

    return answer

"""A form sent twice, by a double click or a reload, is carried out once.

Every form of a booking's action carries a key, as a test sees to. Should one come without, as from
a page that was open over a change of ours, the token against forgery that its page was given takes
the key's place, together with what was filled in. Only a program that sends neither, and says who
it is in a header, has its request carried out each time it sends it; whatever is done already, the
services refuse or leave as it is.
"""

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
# What the page adds to the form by itself: another one for each page that is shown.
PAGE = "csrfmiddlewaretoken"
NOT_CONTENT = (*FIELDS, PAGE)

# Nothing was carried out: the form came back, with a preview or a refusal.
NOT_DONE = Answer(422, None)


class RefusedRedirect(HttpResponseRedirect):
    """Leads to a page that says what was refused. The form may be sent again, and is judged
    anew: what stood in the way may be gone."""


def once_per_form(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The page with ``{% form_key %}`` or a reservation's ``key`` in its form: sent again within
    24 hours it leads where it led the first time. Only what ended in a redirect is done, unless it
    is a ``RefusedRedirect``; all else may be sent again. Without a key, see above."""

    @functools.wraps(view)
    def answer(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        digest = idempotency.digest_of(
            request.get_full_path(),
            {key: values for key, values in request.POST.lists() if key not in NOT_CONTENT},
        )
        key = _key_of(request, digest)
        if not key:
            return view(request, *args, **kwargs)
        responses: list[HttpResponse] = []

        def work() -> Answer:
            response = view(request, *args, **kwargs)
            responses[:] = [response]
            is_refused = isinstance(response, RefusedRedirect)
            if isinstance(response, HttpResponseRedirect) and not is_refused:
                return Answer(response.status_code, {"url": response.url})
            return NOT_DONE

        given = idempotency.once(
            by=request.actor,
            key=key,
            digest=digest,
            now=timezone.now(),
            work=work,
        )
        return redirect(given.body["url"]) if given.is_replay else responses[0]

    answer.is_once = True  # type: ignore[attr-defined]
    return answer


def _key_of(request: MemberRequest, digest: str) -> str:
    """One for this form and what was filled in there; none where the form has neither key nor
    token.

    Whoever goes back, fills in something else and sends it again means that too: it is judged by
    the service as any other request. Several forms of a page share its token.
    """
    form = next((request.POST[name] for name in (*FIELDS, PAGE) if request.POST.get(name)), "")
    return idempotency.digest_of(form, digest) if form else ""

"""One click to be somebody, where the demo switch is on; nowhere else does this page exist."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts import selectors
from accounts.access import SESSION_KEY
from accounts.errors import PersonaUnknown

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def demo_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@demo_only
def demo(request: HttpRequest) -> HttpResponse:
    personas = selectors.demo_people()
    if request.method == "POST":
        chosen = request.POST.get("membership", "")
        persona = next((one for one in personas if str(one.pk) == chosen), None)
        if persona is None:
            raise PersonaUnknown
        login(request, persona.user, backend=BACKEND)
        # Somebody with several organisations is asked which.
        request.session.pop(SESSION_KEY, None)
        return redirect("/")
    return render(request, "accounts/demo.html", {"personas": personas})

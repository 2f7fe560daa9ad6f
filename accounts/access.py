"""Who may open a page: the decorator of every view, and the page that says no.

Edges of all apps use it. A role only opens the door of a page; what may be done with a thing
on it is asked of the services.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from .actors import Actor
from .choices import Role
from .errors import NoMembership, Refusal, WrongRole
from .models import User
from .selectors import live_memberships

STATUS_OF_KIND = {
    Refusal.NOT_NOW: 409,
    Refusal.NOT_ALLOWED: 403,
    Refusal.NOT_FOUND: 404,
    Refusal.INVALID: 422,
}

# Where the session keeps the membership it acts as.
SESSION_KEY = "membership"

View = Callable[..., HttpResponse]


class MemberRequest(HttpRequest):
    """A request inside ``members_only``: somebody acts."""

    actor: Actor
    user: User


def members_only(*roles: Any) -> Any:
    """A page for members, ``@members_only``, or some roles, ``@members_only(Role.TEACHER, …)``.

    A stranger is sent to sign in and back, somebody with several organisations to choose one;
    another role gets the 403 page with the reason.
    """
    if len(roles) == 1 and not isinstance(roles[0], Role):
        return _guarded(roles[0], ())
    return lambda view: _guarded(view, roles)


def _guarded(view: View, roles: tuple[Role, ...]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        actor = cast("Actor | None", request.actor)  # type: ignore[attr-defined]
        if actor is None:
            return _without_actor(request)
        if roles and actor.role not in roles:
            role = actor.role.label if actor.role is not None else ""
            raise WrongRole(organisation=actor.organisation_name, role=role)
        return view(request, *args, **kwargs)

    return guarded


def _without_actor(request: HttpRequest) -> HttpResponse:
    """Where somebody goes who does not act for anybody (yet)."""
    if not request.user.is_authenticated:
        response: HttpResponse = redirect_to_login(_way_back(request))
    elif live_memberships(request.user.pk).exists():
        query = urlencode({"next": _way_back(request)})
        response = redirect(f"{reverse('accounts:switch')}?{query}")
    else:
        raise NoMembership
    if request.headers.get("HX-Request"):
        # htmx would draw the other page into the part that asked; the whole page has to go.
        return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})
    return response


def _way_back(request: HttpRequest) -> str:
    """The page to return to: a part or an action is not one."""
    is_page = request.method == "GET" and not request.headers.get("HX-Request")
    return request.get_full_path() if is_page else "/"


def refusal_page(
    request: HttpRequest, refusal: Refusal, back: tuple[str, str] | None = None
) -> HttpResponse:
    """The page that gives the refusal's sentence, with the status of its kind; it leads home, or
    ``back`` to a page, the address and what the link says."""
    return render(
        request,
        "accounts/refused.html",
        {"reason": str(refusal), "kind": refusal.kind, "code": refusal.code, "back": back},
        status=STATUS_OF_KIND[refusal.kind],
    )


def put_on(form: forms.BaseForm, refusal: Refusal, field: str | None = None) -> int:
    """The refusal stands on the form, or at one field of it, and what was typed is kept; the
    status of the answer."""
    form.add_error(field, str(refusal))
    return STATUS_OF_KIND[refusal.kind]

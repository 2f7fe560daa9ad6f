"""Puts the acting membership on each request, and shows the refusals that escape a page."""

from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.utils import translation

from .access import SESSION_KEY, refusal_page
from .actors import Actor
from .addresses import address_of
from .errors import MembershipEnded, Refusal
from .selectors import actor_of, live_memberships

SAFE = ("GET", "HEAD", "OPTIONS")


class ActorMiddleware:
    """``request.actor`` is the live membership the session acts as, or None.

    Looked up on every request, so that a leaver loses access with the next click: the session
    moves on to the person's only other membership, asks which one if there are several, and is
    signed out if there is none.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.session.get(SESSION_KEY)
        actor = self._actor(request)
        request.actor = actor  # type: ignore[attr-defined]
        if chosen is not None and request.user.is_authenticated:
            acts_on = actor is not None and actor.membership_id == chosen
            if not acts_on:
                # A form opened for the organisation that was left is not taken for another.
                rotate_token(request)
                if request.method not in SAFE:
                    return refusal_page(request, MembershipEnded())
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusal):
            return refusal_page(request, exception)
        return None

    def _actor(self, request: HttpRequest) -> Actor | None:
        if not request.user.is_authenticated:
            return None
        user = request.user
        memberships = list(live_memberships(user.pk))
        chosen = request.session.get(SESSION_KEY)
        membership = next((one for one in memberships if one.pk == chosen), None)
        if membership is None and len(memberships) == 1:
            membership = memberships[0]
            request.session[SESSION_KEY] = membership.pk
        if membership is None and chosen is not None:
            if not memberships:
                logout(request)
                return None
            del request.session[SESSION_KEY]
        language = user.language
        if translation.get_language() != language:
            translation.activate(language)
            request.LANGUAGE_CODE = language
        return actor_of(membership, address=address_of(request)) if membership is not None else None

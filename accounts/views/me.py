"""A person's own pages: profile, language, keys of the web API, which organisation to act for."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as django_set_language

from accounts import selectors
from accounts.access import SESSION_KEY, MemberRequest, members_only
from accounts.actors import Actor
from accounts.choices import MANAGING_ROLES, Language
from accounts.errors import NotYours
from accounts.forms import ProfileForm, TokenForm
from accounts.models import ApiToken, User
from accounts.services import people, tokens


@login_required
def me(request: HttpRequest) -> HttpResponse:
    """The account: name, phone and language, and the way to everything of one's own."""
    user = cast("User", request.user)
    form = ProfileForm(
        request.POST or None,
        initial={"name": user.name, "phone": user.phone, "language": user.language},
    )
    if request.method == "POST" and form.is_valid():
        people.edit_profile(
            by=_actor(request),
            user=user,
            name=form.cleaned_data["name"],
            phone=form.cleaned_data["phone"],
            language=Language(form.cleaned_data["language"]),
            now=timezone.now(),
        )
        with translation.override(user.language):
            messages.success(request, _("已保存。"))
        return redirect("accounts:me")
    actor = request.actor  # type: ignore[attr-defined]
    return render(
        request,
        "accounts/me.html",
        {
            "form": form,
            "memberships": selectors.live_memberships(user.pk),
            "current_id": actor.membership_id if actor is not None else None,
            "manages": actor is not None and actor.role in MANAGING_ROLES,
            # Whoever is of a school or a host has bookings or sessions to subscribe to.
            "has_calendar": actor is not None and (actor.is_school or actor.is_host),
            "is_secretariat": actor is not None and actor.is_secretariat,
        },
    )


@login_required
def switch(request: HttpRequest) -> HttpResponse:
    """Chooses the organisation and role to act with, by POST; the session keeps it."""
    user = cast("User", request.user)
    memberships = selectors.live_memberships(user.pk)
    way_on = request.POST.get("next") or request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(
        way_on, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        way_on = "/"
    if request.method == "POST":
        chosen = request.POST.get("membership", "")
        membership = next((one for one in memberships if str(one.pk) == chosen), None)
        if membership is None:
            raise NotYours
        request.session[SESSION_KEY] = membership.pk
        # A form that another tab has open for the organisation before is not taken for this one.
        rotate_token(request)
        messages.success(
            request, _("您现在代表%(name)s。") % {"name": membership.organisation.shown_name}
        )
        return redirect(way_on)
    actor = request.actor  # type: ignore[attr-defined]
    return render(
        request,
        "accounts/switch.html",
        {
            "memberships": memberships,
            "current_id": actor.membership_id if actor is not None else None,
            "next": way_on,
        },
    )


@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    """The page's language, kept in a cookie; for somebody signed in also with the account, so
    that mails follow.
    """
    language = request.POST.get("language")
    if request.user.is_authenticated and language in Language.values:
        people.choose_language(
            by=_actor(request),
            user=request.user,
            language=Language(language),
            now=timezone.now(),
        )
    return django_set_language(request)


@never_cache
@members_only
def token_list(request: MemberRequest) -> HttpResponse:
    """The keys of this membership. A new key's secret is in the answer to its POST, and only
    there: it is nowhere kept, so there is no page to be redirected to.
    """
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        _token, secret = tokens.issue(
            by=request.actor, label=form.cleaned_data["label"], now=timezone.now()
        )
        form = TokenForm()
    return render(
        request,
        "accounts/tokens.html",
        {"form": form, "secret": secret, "tokens": selectors.api_tokens(request.actor)},
    )


@require_POST
@members_only
def token_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.visible_to(request.actor), pk=pk)
    tokens.revoke(by=request.actor, token=token, now=timezone.now())
    messages.success(request, _("密钥“%(label)s”已停用。") % {"label": token.label})
    return redirect("accounts:tokens")


def _actor(request: HttpRequest) -> Actor:
    """Who edits their own account: also somebody who belongs to no organisation."""
    return request.actor or selectors.person(cast("User", request.user))  # type: ignore[attr-defined]

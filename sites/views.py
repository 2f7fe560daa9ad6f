"""A host keeps its sites, rooms and closures; the secretariat rates sites."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import Refusal

from . import selectors, services
from .choices import HoldKind
from .forms import ClosureForm, RatingForm, RoomForm, SiteForm
from .models import Room, RoomHold, Site

KEEPING = (Role.HOST_MANAGER, Role.SECRETARIAT)


@require_safe
@members_only(*KEEPING)
def list_sites(request: MemberRequest) -> HttpResponse:
    """A host's own sites with their rooms; the secretariat sees every host's."""
    return render(
        request,
        "sites/list.html",
        {
            "sites": selectors.sites_of(request.actor),
            "is_manager": request.actor.is_host_manager,
        },
    )


@require_safe
@members_only(*KEEPING)
def show(request: MemberRequest, pk: int) -> HttpResponse:
    """One site: its rooms and when they are closed."""
    site = get_object_or_404(selectors.sites_of(request.actor), pk=pk)
    return render(
        request,
        "sites/detail.html",
        {
            "site": site,
            "rooms": selectors.rooms_of(request.actor, site),
            "closures": selectors.closures_of(request.actor, site, timezone.now()),
            "is_manager": request.actor.is_host_manager,
        },
    )


@members_only(Role.HOST_MANAGER)
def edit_site(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    """A new site of the host, or one changed."""
    site = _own_site(request, pk) if pk else None
    form = SiteForm(request.POST or None, instance=site)
    status = 200
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        assert request.actor.organisation_id is not None
        try:
            if pk:
                saved = services.edit_site(
                    by=request.actor, site=_own_site(request, pk), now=now, **form.cleaned_data
                )
            else:
                saved = services.add_site(
                    by=request.actor,
                    host_id=request.actor.organisation_id,
                    now=now,
                    **form.cleaned_data,
                )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("已保存。"))
            return redirect("sites:detail", saved.pk)
    return render(request, "sites/site_form.html", {"form": form, "site": site}, status=status)


@members_only(Role.SECRETARIAT)
def rate(request: MemberRequest, pk: int) -> HttpResponse:
    """The alliance's stars, and whether the site is a practice base."""
    site = get_object_or_404(selectors.sites_of(request.actor), pk=pk)
    form = RatingForm(
        request.POST or None,
        initial={"stars": site.stars or "", "is_practice_base": site.is_practice_base},
    )
    if request.method == "POST" and form.is_valid():
        services.rate_site(by=request.actor, site=site, now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("已保存。"))
        return redirect("sites:detail", pk)
    return render(request, "sites/rate.html", {"form": form, "site": site})


@members_only(Role.HOST_MANAGER)
def edit_room(
    request: MemberRequest, pk: int | None = None, site_pk: int | None = None
) -> HttpResponse:
    """A new room of the site, or one changed."""
    room = _own_room(request, pk) if pk else None
    site = room.site if room else _own_site(request, site_pk or 0)
    form = RoomForm(request.POST or None, instance=room)
    status = 200
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            if pk:
                services.edit_room(
                    by=request.actor, room=_own_room(request, pk), now=now, **form.cleaned_data
                )
            else:
                services.add_room(by=request.actor, site=site, now=now, **form.cleaned_data)
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("已保存。"))
            return redirect("sites:detail", site.pk)
    return render(
        request,
        "sites/room_form.html",
        {"form": form, "site": site, "is_new": pk is None},
        status=status,
    )


@members_only(Role.HOST_MANAGER)
def close(request: MemberRequest, pk: int) -> HttpResponse:
    """The room is closed for a time; refused, naming it, where a session stands in it."""
    room = _own_room(request, pk)
    form = ClosureForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        starts_at, ends_at = form.period(form.cleaned_data)
        try:
            services.close_room(
                by=request.actor,
                room=room,
                starts_at=starts_at,
                ends_at=ends_at,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("已停用，这段时间不能排场次。"))
            return redirect("sites:detail", room.site_id)
    return render(request, "sites/closure_form.html", {"form": form, "room": room}, status=status)


@members_only(Role.HOST_MANAGER)
def reopen(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks first; then the closure is gone."""
    hold = get_object_or_404(
        RoomHold.objects.visible_to(request.actor)
        .filter(kind=HoldKind.CLOSURE)
        .select_related("room__site"),
        pk=pk,
    )
    site_id = hold.room.site_id
    if request.method == "POST":
        services.reopen_room(by=request.actor, hold=hold, now=timezone.now())
        messages.success(request, _("已恢复使用。"))
        return redirect("sites:detail", site_id)
    return render(request, "sites/closure_remove.html", {"hold": hold})


def _own_site(request: MemberRequest, pk: int) -> Site:
    return get_object_or_404(Site.objects.visible_to(request.actor).owned_by(request.actor), pk=pk)


def _own_room(request: MemberRequest, pk: int) -> Room:
    return get_object_or_404(Room.objects.visible_to(request.actor).select_related("site"), pk=pk)

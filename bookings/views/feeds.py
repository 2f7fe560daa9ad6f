"""Calendar feeds: making and stopping them, and the open address that calendars read."""

import hashlib

from allauth.account.adapter import get_adapter
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only
from accounts.choices import Language, Role
from bookings import calendar
from bookings.errors.reserving import FeedReadTooOften
from bookings.models import CalendarFeed
from bookings.selectors import feeds as selectors
from bookings.services import feed_entries
from bookings.services import feeds as services
from sites.models import Site

TOO_MANY_REQUESTS = 429


@require_safe
def read(request: HttpRequest, token: str) -> HttpResponseBase:
    """The calendar of whoever holds the address; unchanged since, it is not sent again."""
    now = timezone.now()
    address = get_adapter(request).get_client_ip(request)
    try:
        feed = services.read(secret=token, address=address, now=now)
    except FeedReadTooOften as refusal:
        wait = str(int(services.WINDOW.total_seconds()))
        return HttpResponse(
            str(refusal),
            content_type="text/plain; charset=utf-8",
            status=TOO_MANY_REQUESTS,
            headers={"Retry-After": wait},
        )
    if feed is None:
        raise Http404
    language = feed.membership.user.language if feed.membership else Language.ZH
    with translation.override(language):
        name, entries = feed_entries.name_of(feed), feed_entries.entries_of(feed, now)
    # The time of writing stands in the calendar, so that two equal ones differ by it alone.
    etag = f'W/"{hashlib.sha256(repr((name, entries)).encode()).hexdigest()[:32]}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    return HttpResponse(
        calendar.feed(entries, name=name, stamp=now),
        content_type="text/calendar; charset=utf-8",
        headers={
            "ETag": etag,
            "Cache-Control": "private, no-cache",
            "Content-Disposition": 'inline; filename="calendar.ics"',
            "X-Robots-Tag": "noindex",
        },
    )


@never_cache
@members_only(*services.ROLES)
def own(request: MemberRequest) -> HttpResponse:
    """The address of one's own bookings or sessions: made, made anew, stopped."""
    return _page(request, selectors.feed_of(request.actor), site=None)


@never_cache
@members_only(Role.HOST_MANAGER)
def of_site(request: MemberRequest, pk: int) -> HttpResponse:
    """The address of what takes place at one of the host's sites."""
    site = get_object_or_404(Site.objects.owned_by(request.actor), pk=pk)
    return _page(request, selectors.feed_of_site(request.actor, site), site=site)


def _page(request: MemberRequest, feed: CalendarFeed | None, *, site: Site | None) -> HttpResponse:
    """A new address is in the answer to its POST, and only there: it is nowhere kept."""
    address, wanted = "", request.POST.get("do")
    if wanted == "make":
        feed, secret = services.make(by=request.actor, site=site, now=timezone.now())
        address = request.build_absolute_uri(reverse("bookings:feed", args=[secret]))
    elif wanted == "revoke" and feed is not None:
        services.revoke(by=request.actor, feed=feed, now=timezone.now())
        return redirect(request.path)
    return render(
        request,
        "bookings/feed.html",
        {
            "feed": feed,
            "site": site,
            "address": address,
            "webcal": "webcal://" + address.split("://", 1)[1] if address else "",
            "shows": _("这个基地的场次") if site else _SHOWS[request.actor.role or Role.TEACHER](),
        },
    )


_SHOWS = {
    Role.TEACHER: lambda: _("您任课班级的预约"),
    Role.SCHOOL_COORDINATOR: lambda: _("全校的预约"),
    Role.HOST_MANAGER: lambda: _("本单位的场次"),
    Role.INSTRUCTOR: lambda: _("您指导或协助的场次"),
}

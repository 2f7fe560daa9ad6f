"""The inbox, and the demonstration's page of mails.

This app lies below accounts: it asks whether somebody acts by ``request.actor``, which the
middleware has set, and shows each person only what was told to them.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from . import channels, selectors, services
from .models import Message

View = Callable[..., HttpResponse]


def own_inbox(view: View) -> View:
    """For somebody who acts: a leaver's messages are closed with the rest."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if getattr(request, "actor", None) is not None:
            return view(request, *args, **kwargs)
        if request.user.is_authenticated:
            return redirect("/")
        return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")

    return guarded


def demo_only(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@own_inbox
def inbox(request: HttpRequest) -> HttpResponse:
    page = selectors.inbox(_user_id(request), after=_key(request))
    return render(
        request,
        "notifications/inbox.html",
        {"rows": page.rows, "next_key": page.next_key},
    )


@own_inbox
def message(request: HttpRequest, key: UUID) -> HttpResponse:
    """One message; opening it marks it read."""
    opened = services.mark_read(recipient_id=_user_id(request), key=key, now=timezone.now())
    if opened is None:
        raise Http404
    return render(request, "notifications/message.html", {"message": opened})


@own_inbox
def calendar(request: HttpRequest, key: UUID) -> HttpResponse:
    found = selectors.message_of(_user_id(request), key)
    if found is None or not found.calendar:
        raise Http404
    return _calendar_file(found)


@require_POST
@own_inbox
def read_all(request: HttpRequest) -> HttpResponse:
    services.mark_all_read(recipient_id=_user_id(request), now=timezone.now())
    messages.success(request, _("已全部标为已读。"))
    return redirect("notifications:inbox")


@demo_only
def demo_mail(request: HttpRequest) -> HttpResponse:
    """Every mail the demonstration wrote, to whomever: nothing leaves the house there."""
    page = selectors.mails_written(after=_key(request))
    return render(
        request,
        "notifications/demo_mail.html",
        {
            "mails": [(row, channels.link_to(row.path)) for row in page.rows],
            "next_key": page.next_key,
        },
    )


@demo_only
def demo_calendar(request: HttpRequest, key: UUID) -> HttpResponse:
    found = get_object_or_404(Message.objects.exclude(calendar=""), key=key)
    return _calendar_file(found)


def _calendar_file(found: Message) -> HttpResponse:
    return HttpResponse(
        found.calendar,
        content_type=f"text/calendar; method={found.calendar_method}; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="trip.ics"'},
    )


def _user_id(request: HttpRequest) -> int:
    return cast("int", request.user.pk)


def _key(request: HttpRequest) -> UUID | None:
    """The key in the address where the list goes on; nonsense starts it at its beginning."""
    try:
        return UUID(request.GET.get("after", ""))
    except ValueError:
        return None

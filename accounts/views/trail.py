"""What happened, and which mails did not arrive."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

import notifications.selectors
from accounts import selectors
from accounts.access import MemberRequest, members_only
from accounts.choices import MANAGING_ROLES, TARGETS, VERBS, Role
from accounts.services import mails


@members_only(*MANAGING_ROLES)
def audit(request: MemberRequest) -> HttpResponse:
    """The trail of one's own organisation; of the whole alliance for the secretariat."""
    before = request.GET.get("before", "")
    page = selectors.audit_trail(
        request.actor,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
    )
    return render(
        request,
        "accounts/audit.html",
        {
            "rows": [
                (entry, VERBS.get(entry.verb, entry.verb), _thing(entry.target))
                for entry in page.rows
            ],
            "next_key": page.next_key,
        },
    )


def _thing(target: str) -> str:
    """``rosters.classgroup:4`` in words: 班级 4. The number is what an office may quote; no
    entry says a name."""
    label, _colon, key = target.partition(":")
    return f"{TARGETS.get(label, label)} {key}".strip()


@members_only(Role.SECRETARIAT)
def undelivered(request: MemberRequest) -> HttpResponse:
    """Mails that could not be handed over after all attempts."""
    return render(
        request,
        "accounts/undelivered.html",
        {"deliveries": notifications.selectors.failed_deliveries()},
    )


@require_POST
@members_only(Role.SECRETARIAT)
def redeliver(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    """Tries one failed mail again, or all."""
    number = mails.retry(by=request.actor, delivery_id=pk, now=timezone.now())
    messages.success(
        request,
        ngettext("%(number)s 封邮件已重新排队。", "%(number)s 封邮件已重新排队。", number)
        % {"number": number},
    )
    return redirect("accounts:undelivered")

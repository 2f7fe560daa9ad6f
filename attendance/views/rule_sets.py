"""The rule table: read by everybody, added to by the secretariat."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import Refusal
from attendance.choices import FIRST_EDITION, AttendanceRules, Step
from attendance.forms.rules import RuleSetForm
from attendance.models import AttendanceRuleSet
from attendance.selectors import rule_sets as selectors
from attendance.selectors.rules_preview import Preview, preview
from attendance.services import rule_sets
from sites.calendar import local_day

MINUTE = timedelta(minutes=1)


@require_safe
@members_only
def list_editions(request: MemberRequest) -> HttpResponse:
    """The edition in force, one to come, and all that were before."""
    today = local_day(timezone.now())
    editions = selectors.editions()
    current = next((one for one in editions if one.valid_from <= today), None)
    rows = [
        _shown(one.rules)
        | {
            "edition": one,
            "is_current": one is current,
            "is_to_come": one.valid_from > today,
            "can_withdraw": request.actor.is_secretariat
            and one is editions[0]
            and one.valid_from > today,
        }
        for one in editions
    ]
    rows.append(_shown(FIRST_EDITION) | {"is_current": current is None})
    return render(
        request,
        "attendance/rules.html",
        {"rows": rows, "can_add": request.actor.is_secretariat},
    )


def _shown(rules: AttendanceRules) -> dict[str, Any]:
    """Minutes, and words for what is earned."""

    def steps(own: tuple[Step, ...]) -> list[tuple[int, object]]:
        return [(step.after // MINUTE, step.earns.label) for step in own]

    return {
        "rules": rules,
        "opens": rules.opens_before // MINUTE,
        "late": steps(rules.late),
        "early": steps(rules.early),
    }


@members_only(Role.SECRETARIAT)
def add(request: MemberRequest) -> HttpResponse:
    """A new edition: filled in, looked at with what it affects, then added as looked at."""
    now = timezone.now()
    known = selectors.editions()
    form = RuleSetForm(request.POST or None, last=known[0] if known else None)
    seen: Preview | None = None
    status = 200
    if request.method == "POST" and form.is_valid():
        values = form.values()
        try:
            if request.POST.get("seen") == form.fingerprint():
                edition = rule_sets.add_edition(by=request.actor, now=now, **values)
                messages.success(
                    request, _("第 %(version)s 版规则已保存。") % {"version": edition.version}
                )
                return redirect("attendance:rules")
            seen = preview(rule_sets.drafted(by=request.actor, now=now, **values), now)
        except Refusal as refusal:
            status = put_on(form, refusal)
    elif request.method == "POST":
        status = 422
    return render(
        request,
        "attendance/rules_form.html",
        {"form": form, "preview": seen, "seen": form.fingerprint() if seen else ""},
        status=status,
    )


@members_only(Role.SECRETARIAT)
def withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks first; then the edition that has not begun is gone."""
    edition = get_object_or_404(AttendanceRuleSet, pk=pk)
    now = timezone.now()
    rule_sets.check_can_withdraw(request.actor, edition, now)
    if request.method == "POST":
        rule_sets.withdraw_edition(by=request.actor, edition=edition, now=now)
        messages.success(request, _("第 %(version)s 版规则已撤回。") % {"version": edition.version})
        return redirect("attendance:rules")
    return render(request, "attendance/rules_withdraw.html", {"edition": edition})

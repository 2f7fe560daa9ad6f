"""The secretariat sets what cohorts must reach, having seen whom it concerns."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.models import Organisation
from bookings import wording
from hours.models import PracticumRequirement
from insights.errors import RequirementNotLookedAt
from insights.forms.requirements import RequirementForm
from insights.selectors.requirement_effects import Look, Numbers
from insights.services import requirements
from sites import dates

# So many schools have a line of their own in a preview; the others are added up.
SCHOOLS_NAMED = 12


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SchoolRow:
    name: str
    numbers: Numbers


@members_only(Role.SECRETARIAT)
def edit(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    """A new requirement, or one changed. Whom it concerns is shown first, and saved on a second
    button."""
    requirement = get_object_or_404(PracticumRequirement, pk=pk) if pk else None
    form = RequirementForm(request.POST or None, instance=requirement)
    status, shown = 200, None
    if request.method == "POST" and form.is_valid():
        seal = request.POST.get("seal", "")
        try:
            requirements.set_requirement(
                by=request.actor,
                requirement=requirement,
                values=form.values(),
                seal=seal,
                now=timezone.now(),
            )
        except RequirementNotLookedAt as refusal:
            shown = _in_words(form, refusal.facts["look"])
            if seal:
                status = put_on(form, refusal)
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("已保存。"))
            return redirect("hours:requirements")
    return render(
        request,
        "insights/requirement_form.html",
        {"form": form, "is_new": pk is None, "shown": shown},
        status=status,
    )


def _in_words(form: RequirementForm, look: Look) -> dict[str, Any]:
    """What the page shows of a look; one query, for the names of schools."""
    concerned = {key: numbers for key, numbers in look.schools.items() if numbers.is_change}
    named = sorted(
        concerned, key=lambda key: (-concerned[key].losing, -concerned[key].gaining, key)
    )
    schools = Organisation.objects.in_bulk(named[:SCHOOLS_NAMED])
    return {
        "seal": look.seal,
        "changes": [
            Change(form.label_of(name), _value(form, name, before), _value(form, name, after))
            for name, (before, after) in look.changes.items()
        ],
        "total": look.total,
        "schools": [
            SchoolRow(wording.organisation_name(schools[key]), concerned[key])
            for key in named[:SCHOOLS_NAMED]
        ],
        "others": len(named[SCHOOLS_NAMED:]),
        "of_others": sum((concerned[key] for key in named[SCHOOLS_NAMED:]), Numbers()),
    }


def _value(form: RequirementForm, name: str, value: Any) -> str:
    if isinstance(value, date):
        return dates.day_full(value)
    if name in ("stage", "school_kind"):
        return str(dict(form.fields[name].choices)[value])  # type: ignore[attr-defined]
    return _("不要求") if value is None else str(value)

"""Who will not finish: by class for the school, by school for the secretariat."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only
from accounts.choices import Role
from bookings import wording
from bookings.services.unfinished import Alike, ClassShort, Unfinished, unfinished
from insights.selectors.coverage import visible_classes
from insights.views.school import SCHOOL_ROLES
from rosters.models import ClassGroup
from sites import dates


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """One school in numbers; no class and no student."""

    pk: int
    name: str
    short: int = 0
    stuck: int = 0
    missing: int = 0

    @property
    def only_short(self) -> int:
        """Those for whom what is free would do."""
        return self.short - self.stuck


@require_safe
@members_only(*SCHOOL_ROLES)
def show(request: MemberRequest) -> HttpResponse:
    """A teacher's classes, a coordinator's school: who is short by class seat number, and one
    link to what would complete exactly them. No names: those stand on the class's page."""
    now = timezone.now()
    found = unfinished(request.actor, visible_classes(request.actor), now)
    return render(
        request,
        "insights/unfinished.html",
        {
            "found": found,
            "sentence": _sentence(found),
            "parts": _parts([_class(one, now) for one in found.classes]),
            "is_coordinator": request.actor.is_coordinator,
        },
    )


@require_safe
@members_only(Role.SECRETARIAT)
def show_schools(request: MemberRequest) -> HttpResponse:
    """The same as numbers by school, most students stuck first."""
    now = timezone.now()
    found = unfinished(request.actor, visible_classes(request.actor), now, everybody=True)
    rows: dict[int, SchoolRow] = {}
    for one in found.classes:
        school = one.class_group.school
        row = rows.get(school.pk, SchoolRow(school.pk, wording.organisation_name(school)))
        rows[school.pk] = SchoolRow(
            row.pk,
            row.name,
            row.short + one.short,
            row.stuck + one.stuck,
            row.missing + one.missing,
        )
    return render(
        request,
        "insights/unfinished_schools.html",
        {
            "found": found,
            "sentence": _sentence(found),
            "schools": sorted(rows.values(), key=lambda row: (-row.stuck, -row.short, row.name)),
        },
    )


def _sentence(found: Unfinished) -> str:
    """Whether what is free could be enough for all together."""
    if not found.missing:
        return ""
    return ngettext(
        "%(people)d 人共差 %(missing)s 学时；截止日以前，适合这些年级的空位共有 %(free)s 学时。",
        "%(people)d 人共差 %(missing)s 学时；截止日以前，适合这些年级的空位共有 %(free)s 学时。",
        found.short,
    ) % {
        "people": found.short,
        "missing": f"{found.missing:,}",
        "free": f"{found.free:,}",
    }


def _parts(classes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those who cannot reach it whatever is free, then those who can and have not booked it: of
    each, the classes with somebody in it."""
    parts = []
    for key, is_stuck, title in (
        ("stuck", True, _("有空位也来不及")),
        ("short", False, _("已约的不够，空位够")),
    ):
        rows = []
        for one in classes:
            groups = [group for group in one["groups"] if group["is_stuck"] is is_stuck]
            if groups:
                people = sum(group["count"] for group in groups)
                rows.append(one | {"groups": groups, "people": people})
        people = sum(row["people"] for row in rows)
        parts.append({"key": key, "title": title, "classes": rows, "people": people})
    return parts


def _class(one: ClassShort, now: datetime) -> dict[str, Any]:
    group = one.class_group
    return {
        "pk": group.pk,
        "label": wording.class_name(group, now),
        "due": dates.day(one.requirement.due_on),
        "groups": [_group(group, alike) for alike in one.groups],
    }


def _group(group: ClassGroup, alike: Alike) -> dict[str, Any]:
    query = urlencode({"students": " ".join(map(str, alike.student_ids))})
    return {
        "count": len(alike),
        "seats": _("、").join(map(str, alike.seat_nos)),
        "lacks": wording.lacking(
            alike.lacking.hours, alike.lacking.kinds, alike.lacking.occupations
        ),
        "is_stuck": alike.is_stuck,
        "why": _why(alike) if alike.is_stuck else "",
        "url": f"{reverse('bookings:complete', args=[group.pk])}?{query}",
    }


def _why(alike: Alike) -> str:
    if alike.reach < alike.lacking.hours:
        return ngettext(
            "截止日以前的空位，每人最多还能得 %(count)d 学时。",
            "截止日以前的空位，每人最多还能得 %(count)d 学时。",
            alike.reach,
        ) % {"count": alike.reach}
    return _("截止日以前的空位里，所缺的职业或开课单位类别不够。")

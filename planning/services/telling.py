"""What a school's coordinators are told once a plan of the alliance is published, or undone.

Those who teach the classes and the hosts are told of each booking (``bookings.services``).
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import notifications.services
from accounts.actors import Actor
from accounts.choices import Role
from accounts.selectors import people_to_tell
from bookings import wording
from planning import refusals
from planning.choices import PlanClassState
from planning.models import CohortPlan, PlanClass


def published(plan: CohortPlan, *, by: Actor, now: datetime) -> None:
    """How many of the school's classes have been booked for, and why the others have not."""

    def text(rows: list[PlanClass]) -> tuple[str, list[str]]:
        booked = sum(row.state == PlanClassState.BOOKED for row in rows)
        refused = [row for row in rows if row.state == PlanClassState.REFUSED]
        lines = [
            ngettext(
                "%(alliance)s按统筹方案为贵校 %(count)d 个班约好了场次。",
                "%(alliance)s按统筹方案为贵校 %(count)d 个班约好了场次。",
                booked,
            )
            % {"alliance": by.organisation_name, "count": booked}
            if booked
            else _("%(alliance)s发布了统筹方案。") % {"alliance": by.organisation_name}
        ]
        if refused:
            lines.append(_("下列班级没有约成，请另行预约："))
        return _("统筹方案已发布：%(season)s"), [*lines, *_reasons(refused, now)]

    _tell_schools(
        plan, "plan_published", (PlanClassState.BOOKED, PlanClassState.REFUSED), text, now
    )


def undone(plan: CohortPlan, *, by: Actor, now: datetime) -> None:
    """How many of the school's classes have lost what was booked, and what stays."""

    def text(rows: list[PlanClass]) -> tuple[str, list[str]]:
        kept = [row for row in rows if row.state == PlanClassState.KEPT]
        # Of a class that keeps one booking others may be gone.
        gone = len(rows) - sum(not row.refusal.get("cancelled") for row in kept)
        lines = [
            ngettext(
                "%(alliance)s撤回了统筹方案，贵校 %(count)d 个班的预约已取消。",
                "%(alliance)s撤回了统筹方案，贵校 %(count)d 个班的预约已取消。",
                gone,
            )
            % {"alliance": by.organisation_name, "count": gone}
            if gone
            else _("%(alliance)s撤回了统筹方案。") % {"alliance": by.organisation_name}
        ]
        if kept:
            lines.append(_("下列班级有预约保留："))
        return _("统筹方案已撤回：%(season)s"), [*lines, *_kept(kept, now)]

    _tell_schools(plan, "plan_undone", (PlanClassState.UNDONE, PlanClassState.KEPT), text, now)


def _reasons(rows: Iterable[PlanClass], now: datetime) -> list[str]:
    return [
        _("%(class_group)s：%(why)s")
        % {
            "class_group": wording.class_name(row.class_group, now),
            "why": refusals.sentence(row.refusal),
        }
        for row in rows
    ]


def _kept(rows: Iterable[PlanClass], now: datetime) -> list[str]:
    return [
        ngettext(
            "%(class_group)s保留 %(count)d 场：%(why)s",
            "%(class_group)s保留 %(count)d 场：%(why)s",
            row.refusal["kept"],
        )
        % {
            "class_group": wording.class_name(row.class_group, now),
            "count": row.refusal["kept"],
            "why": refusals.sentence(row.refusal),
        }
        for row in rows
    ]


def _tell_schools(
    plan: CohortPlan,
    kind: str,
    states: tuple[PlanClassState, ...],
    text: Callable[[list[PlanClass]], tuple[str, list[str]]],
    now: datetime,
) -> None:
    """Each coordinator once. A school's own plan tells nobody: whoever made it sees it."""
    if plan.school_id is not None:
        return
    by_school: dict[int, list[PlanClass]] = {}
    for row in (
        PlanClass.objects.filter(plan=plan, state__in=states)
        .select_related("class_group")
        .order_by("school_id", "class_group__entry_year", "class_group__number", "pk")
    ):
        by_school.setdefault(row.school_id, []).append(row)
    for school_id, rows in by_school.items():
        for person in people_to_tell(school_id, [Role.SCHOOL_COORDINATOR]):
            with translation.override(person.language):
                subject, lines = text(rows)
                notifications.services.tell(
                    recipient=person,
                    kind=kind,
                    subject=subject % {"season": plan.season.name},
                    body="\n".join(lines),
                    path=reverse("bookings:trips"),
                    once_key=f"{kind}:{plan.pk}:{person.pk}",
                    now=now,
                )

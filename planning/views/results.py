"""What a published plan has brought a class, as its pages print it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actors import Actor
from planning import refusals, wording
from planning.choices import PlanClassState
from planning.selectors import results as selectors
from planning.selectors import wishes as wish_selectors


@dataclass(frozen=True, slots=True)
class Result:
    """One class: what it has of its wishes, and in one sentence why not more."""

    season: str
    # Whether the school planned it itself.
    is_own: bool
    is_refused: bool
    reach: str
    is_short: bool
    # Occupation, and how many have it.
    wishes: tuple[tuple[str, str], ...]
    # Why this and not the wish; where nothing could be booked, why that is.
    why: str


def shown(actor: Actor, class_group_ids: Collection[int], now: datetime) -> dict[int, Result]:
    """By class; classes without a result are absent. On English pages one query more."""
    found = selectors.results_of(actor, class_group_ids, now)
    names = wish_selectors.shown_names(
        {occupation for one in found.values() for occupation, _count in one.wishes}
        | {one.row.reason.get("occupation") or "" for one in found.values()} - {""}
    )
    return {key: _shown(one, names) for key, one in found.items()}


def _shown(found: selectors.ClassResult, names: Mapping[str, str]) -> Result:
    row = found.row
    is_refused = row.state == PlanClassState.REFUSED
    reached, students = found.reached
    occupation = row.reason.get("occupation") or ""
    return Result(
        season=row.plan.season.name,
        is_own=row.plan.school_id is not None,
        is_refused=is_refused,
        reach=wording.reach(reached, students),
        is_short=reached < students,
        wishes=tuple((names[one], _placed(students)) for one, students in found.wishes),
        why=refusals.sentence(row.refusal)
        if is_refused
        else wording.class_reason(
            {**row.reason, "occupation": names.get(occupation, occupation)},
            row.plan,
        ),
    )


def _placed(students: int) -> str:
    if not students:
        return _("没有排上")
    return ngettext("%(count)s 人排上", "%(count)s 人排上", students) % {
        "count": wording.number(students)
    }

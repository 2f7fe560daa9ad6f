"""What a published plan has brought a class: as its school reads it."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, F, Q, QuerySet

from accounts.actors import Actor
from bookings.models import Place
from planning.choices import PlanState
from planning.models import PlanClass, WishList
from planning.selectors import reach, wishes
from planning.selectors.reach import Reached
from rosters.models import ClassGroup
from sites.calendar import local_day


@dataclass(frozen=True, slots=True)
class ClassResult:
    """The class in the last published plan that was for it, how many of its students reach the
    requirement by now, of how many, and its wishes, the first first: each with how many have a
    place in a session of it by now."""

    row: PlanClass
    reached: Reached
    wishes: tuple[tuple[str, int], ...]


def results_of(
    actor: Actor, class_group_ids: Collection[int], now: datetime
) -> dict[int, ClassResult]:
    """By class, of the actor's school; classes without a result are absent. Four queries, and
    two for each season."""
    rows = {
        row.class_group_id: row
        for row in _rows(actor, now)
        .filter(class_group__in=class_group_ids)
        .select_related("plan__season")
        .order_by("class_group", "-plan__published_at", "-plan")
        .distinct("class_group")
    }
    of_seasons: dict[int, list[PlanClass]] = defaultdict(list)
    for row in rows.values():
        of_seasons[row.plan.season_id].append(row)
    reached = reach.of_classes(rows, now) if rows else {}
    found: dict[int, ClassResult] = {}
    for season_id, own in of_seasons.items():
        keys = [row.class_group_id for row in own]
        wished = wishes.wishes_of(own[0].plan.season, keys)
        placed = _placed(season_id, keys) if wished else {}
        for row in own:
            found[row.class_group_id] = ClassResult(
                row,
                reached[row.class_group_id],
                tuple(
                    (occupation, placed.get((row.class_group_id, occupation), 0))
                    for occupation in wished.get(row.class_group_id, ())
                ),
            )
    return found


def _rows(actor: Actor, now: datetime) -> QuerySet[PlanClass]:
    """Of published plans whose season is not over: the alliance's and the school's own alike."""
    if not actor.is_school:
        return PlanClass.objects.none()
    return PlanClass.objects.filter(
        Q(plan__school=None) | Q(plan__school=F("school")),
        plan__state=PlanState.PUBLISHED,
        plan__season__runs_until__gte=local_day(now),
        school=actor.organisation_id,
    )


def _placed(season_id: int, class_group_ids: Collection[int]) -> Mapping[tuple[int, str], int]:
    """How many students of each class have a place in a session of each occupation. One query."""
    counted = (
        Place.objects.live()
        .filter(
            booking__session__season=season_id,
            booking__class_group__in=class_group_ids,
            student__isnull=False,
        )
        .order_by()
        .values("booking__class_group", "booking__session__version__occupation_zh")
        .annotate(students=Count("student", distinct=True))
        .values_list("booking__class_group", "booking__session__version__occupation_zh", "students")
    )
    return {(group, occupation): students for group, occupation, students in counted}


class WishPage(StrEnum):
    """What a class's page of wishes is for by now."""

    SAY = "say"
    RESULT = "result"
    READ = "read"


def wish_page(actor: Actor, class_group: ClassGroup, now: datetime) -> WishPage | None:
    """None where there is neither a phase to say wishes in, nor anything said, nor a result. Four
    queries at most."""
    if wishes.open_season(now) is not None:
        return WishPage.SAY
    if _rows(actor, now).filter(class_group=class_group).exists():
        return WishPage.RESULT
    season = wishes.season_of_wishes(now)
    said = WishList.objects.visible_to(actor).filter(season=season, class_group=class_group)
    return WishPage.READ if season is not None and said.exists() else None

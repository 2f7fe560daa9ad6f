"""What the classes of the demonstration said they would like to learn about."""

import random
from collections.abc import Sequence

from courses.models import Season
from hours.selectors import requirements_of
from insights.demo.schools import School
from planning.models.wishes import WISHES_AT_MOST
from planning.selectors.wishes import occupations_on_offer
from planning.services.wishes import say_wishes

# Of ten classes one says nothing, and to one anything will do.
SILENT, ANYTHING = 0.1, 0.2


def say(schools: Sequence[School], season: Season) -> None:
    """Most classes with hours to reach have said what they wish for, in the season's wish phase;
    some occupations are dearer to everybody than others."""
    assert season.wishes_from is not None
    assert season.wishes_until is not None
    rng = random.Random(f"wishes {season.wishes_from:%Y-%m-%d}")  # noqa: S311 (an invented district)
    span = season.wishes_until - season.wishes_from
    for school in schools:
        required = requirements_of(school.classes)
        for group in school.classes:
            lot = rng.random()
            if required[group.pk] is None or lot < SILENT:
                continue
            offered = [one.name_zh for one in occupations_on_offer(season, group)]
            number = rng.randint(2, WISHES_AT_MOST) if lot >= ANYTHING else 0
            # The earlier in the list the dearer.
            weights = {name: rng.random() ** (1 + place / 8) for place, name in enumerate(offered)}
            wished = sorted(offered, key=lambda name: (-weights[name], name))[:number]
            say_wishes(
                by=school.actors[group.pk],
                season=season,
                class_group=group,
                occupations=wished,
                now=season.wishes_from + span * rng.random(),
            )

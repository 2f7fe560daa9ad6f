"""Where a season stands, and which action is open in it. Values in, answers out.

The phases follow from the season's dates, the table of actions is ``choices.SEASON_ACTIONS``;
docs/states.md is drawn from both.
"""

from datetime import datetime, time, timedelta

from sites import dates
from sites.calendar import at

from .choices import SEASON_ACTIONS, SeasonAction, SeasonPhase
from .errors import NoLongerInSeason, NotYetInSeason, OutsideSeason
from .models import Season


def beginnings(season: Season) -> list[tuple[SeasonPhase, datetime | None]]:
    """The season's phases one after the other with their beginning; the first has none.

    Without wishes there is no such phase; what would last no time is left out.
    """
    wishes_from, wishes_until = season.wishes_from, season.wishes_until
    over = at(season.runs_until + timedelta(days=1), time(0))
    found: list[tuple[SeasonPhase, datetime | None]] = []
    if season.publishes_at is None:
        found.append((SeasonPhase.PUBLISHING, None))
    else:
        found += [(SeasonPhase.PLANNED, None), (SeasonPhase.PUBLISHING, season.publishes_at)]
    if wishes_from is not None and wishes_until is not None:
        found += [(SeasonPhase.WISHING, wishes_from), (SeasonPhase.ALLOTTING, wishes_until)]
    found.append((SeasonPhase.BOOKING, season.opens_at))
    if season.closes_at < over:
        found.append((SeasonPhase.RUNNING, season.closes_at))
    found.append((SeasonPhase.CLOSED, max(over, season.closes_at)))
    return [
        (phase, begins)
        for (phase, begins), (_next, ends) in zip(found, [*found[1:], (None, None)], strict=True)
        if begins is None or begins != ends
    ]


def phase_of(season: Season, now: datetime) -> SeasonPhase:
    """The phase at that moment: of each phase the beginning belongs to it, the end does not."""
    return next(
        phase for phase, begins in reversed(beginnings(season)) if begins is None or begins <= now
    )


def is_open(action: SeasonAction, season: Season, now: datetime) -> bool:
    return phase_of(season, now) in SEASON_ACTIONS[action]


def check_is_open(action: SeasonAction, season: Season, now: datetime) -> None:
    """Refused outside the phases of the table: NotYetInSeason names when the action opens,
    NoLongerInSeason since when it is closed."""
    phase = phase_of(season, now)
    if phase in SEASON_ACTIONS[action]:
        return
    facts = {"season": season.name, "phase": phase.label, "action": action.label}
    following = [begins for one, begins in beginnings(season) if one in SEASON_ACTIONS[action]]
    opens = next((begins for begins in following if begins is not None and begins > now), None)
    if opens is not None:
        raise NotYetInSeason(opens=dates.moment(opens), **facts)
    closed = _closed_since(action, season, now)
    if closed is not None:
        raise NoLongerInSeason(closed=dates.moment(closed), **facts)
    raise OutsideSeason(**facts)


def _closed_since(action: SeasonAction, season: Season, now: datetime) -> datetime | None:
    """When the last phase with the action ended; None where it was never open."""
    closed, was_open = None, False
    for phase, begins in beginnings(season):
        if begins is not None and begins > now:
            break
        if was_open and phase not in SEASON_ACTIONS[action]:
            closed = begins
        was_open = phase in SEASON_ACTIONS[action]
    return closed

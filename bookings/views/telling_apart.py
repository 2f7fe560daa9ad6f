"""What tells a class's proposals apart: where aim or courses are the same, what differs."""

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings import wording
from bookings.proposing import Choice, Proposal
from bookings.services.proposals import Proposed
from sites import dates
from sites.calendar import local_day

# More days than these are told by the first and the last.
DAYS_NAMED = 3


def differences(proposed: Proposed) -> list[str]:
    """For each proposal the first facts by which it is another than those of the same aim or of
    the same courses: how many days and places, which, when. Nothing where aim and courses are its
    own."""
    found = []
    for one in proposed.proposals:
        rivals = [
            other
            for other in proposed.proposals
            if other is not one
            and (other.aim == one.aim or _courses(other, proposed) == _courses(one, proposed))
        ]
        found.append(_difference(one, rivals, proposed))
    return found


def _difference(one: Proposal, rivals: Sequence[Proposal], proposed: Proposed) -> str:
    said = []
    for fact in FACTS:
        own = fact(one, proposed)
        alike = [other for other in rivals if fact(other, proposed) == own]
        if len(alike) < len(rivals):
            said.append(own)
            rivals = alike
    return _("，").join(said)


def _courses(proposal: Proposal, proposed: Proposed) -> set[int]:
    return {proposed.offers[choice.key][0].first.version.course_id for choice in proposal.choices}


def _how_many_days(proposal: Proposal, _proposed: Proposed) -> str:
    count = len({local_day(start) for choice in proposal.choices for start, _end in choice.spans})
    return ngettext("去 %(count)d 天", "去 %(count)d 天", count) % {"count": count}


def _how_many_places(proposal: Proposal, _proposed: Proposed) -> str:
    count = len({choice.site for choice in proposal.choices})
    return ngettext("%(count)d 个地点", "%(count)d 个地点", count) % {"count": count}


def _days(proposal: Proposal, _proposed: Proposed) -> str:
    days = sorted({local_day(start) for choice in proposal.choices for start, _end in choice.spans})
    if len(days) > DAYS_NAMED:
        return dates.day_range(days[0], days[-1])
    return _("、").join(dates.day_plain(day) for day in days)


def _places(proposal: Proposal, proposed: Proposed) -> str:
    return _("、").join(
        dict.fromkeys(
            wording.where(proposed.offers[choice.key][0].first) for choice in proposal.choices
        )
    )


def _times(proposal: Proposal, _proposed: Proposed) -> str:
    def of(choice: Choice) -> str:
        return _("、").join(dates.period(start, end) for start, end in choice.spans)

    return _("、").join(of(choice) for choice in proposal.choices)


def _titles(proposal: Proposal, proposed: Proposed) -> str:
    return _("、").join(
        wording.title(proposed.offers[choice.key][0].first.version) for choice in proposal.choices
    )


FACTS: tuple[Callable[[Proposal, Proposed], str], ...] = (
    _how_many_days,
    _how_many_places,
    _days,
    _places,
    _times,
    _titles,
)

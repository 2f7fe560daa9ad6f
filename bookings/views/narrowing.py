"""The catalogue's filters: their values with counts, and the conditions in force as chips."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.choices import Stage
from accounts.models import Organisation
from bookings import wording
from bookings.views.finding import ANY_STAGE, OWN_GRADE, Looker, Query
from courses.choices import HalfDay, OccupationFamily
from courses.filters import KINDS
from courses.selectors import catalogue
from courses.selectors.catalogue import Facets, Wanted
from rosters.naming import grade_label
from sites import dates

# The parameters of the page, in the order they stand in its address.


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a filter, with how many courses it leaves."""

    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Loosening:
    """A condition in force, with the address without it and how many courses that leaves."""

    label: str
    url: str
    count: int | None = None


def options(
    counts: Facets, wanted: Wanted, query: Query, looker: Looker, hosts: Iterable[Organisation]
) -> dict[str, list[Option]]:
    """The values of each filter: those that leave a course, and those chosen."""
    return {
        "hours": [
            Option(
                str(hours), hours_label(hours), counts.hours.get(hours, 0), hours in wanted.hours
            )
            for hours in sorted({*counts.hours, *wanted.hours})
        ],
        "families": [
            Option(
                family.value,
                str(family.label),
                counts.families.get(family, 0),
                family.value in wanted.families,
            )
            for family in OccupationFamily
        ],
        "kinds": [
            Option(kind, str(label), counts.kinds.get(kind, 0), kind in wanted.kinds)
            for kind, label in KINDS
        ],
        "hosts": [
            Option(
                str(host.pk),
                wording.organisation_name(host),
                counts.hosts.get(host.pk, 0),
                host.pk in wanted.hosts,
            )
            for host in hosts
        ],
        "stages": _stages(counts, query.first("stage"), looker),
        "half_days": [
            Option(
                half.value, str(half.label), counts.half_days[half], half.value in wanted.half_days
            )
            for half in HalfDay
        ],
        "seats": _seats(counts, wanted, looker),
    }


def _stages(counts: Facets, asked: str, looker: Looker) -> list[Option]:
    known = [
        Option(stage.value, str(stage.label), counts.stages[stage], asked == stage.value)
        for stage in Stage
    ]
    known.append(Option(ANY_STAGE, _("全部学段"), counts.any_stage, asked == ANY_STAGE))
    if looker.group is not None and looker.grade is not None:
        own = Option(OWN_GRADE, _own_grade(looker), counts.own_grade, asked == OWN_GRADE)
        known.insert(0, own)
    return known


def _own_grade(looker: Looker) -> str:
    return _("%(grade)s（本班）") % {"grade": grade_label(cast("int", looker.grade))}


def _seats(counts: Facets, wanted: Wanted, looker: Looker) -> list[Option]:
    if not looker.seats:
        return []
    found = [Option(str(looker.seats), _("全班坐得下"), counts.seats, wanted.seats == looker.seats)]
    if wanted.seats and wanted.seats != looker.seats:
        found.append(Option(str(wanted.seats), seats_label(wanted.seats), counts.seats, True))
    return found


def hours_label(hours: int) -> str:
    return ngettext("%(count)d 学时", "%(count)d 学时", hours) % {"count": hours}


def seats_label(seats: int) -> str:
    return ngettext("至少 %(count)d 空位", "至少 %(count)d 空位", seats) % {"count": seats}


def loosenings(
    wanted: Wanted, query: Query, looker: Looker, hosts: Iterable[Organisation]
) -> list[tuple[Loosening, tuple[str, ...]]]:
    """The conditions in force as chips, each with the names of what it drops."""
    names = {host.pk: wording.organisation_name(host) for host in hosts}
    families = dict(OccupationFamily.choices)
    found: list[tuple[Loosening, tuple[str, ...]]] = []

    def add(label: str, drops: tuple[str, ...], **changes: Any) -> None:
        found.append((Loosening(label, query.url(**changes)), drops))

    if wanted.words:
        add(_("“%(words)s”") % {"words": " ".join(wanted.words)}, ("words",), q=None)
    if wanted.hours:
        add(_("、").join(hours_label(one) for one in wanted.hours), ("hours",), hours=None)
    if wanted.families:
        label = _("、").join(str(families[one]) for one in wanted.families)
        add(label, ("families",), family=None)
    if wanted.kinds:
        label = _("、").join(str(dict(KINDS)[one]) for one in wanted.kinds)
        add(label, ("kinds",), kind=None)
    if wanted.hosts:
        label = _("、").join(names.get(one, "") for one in wanted.hosts)
        add(label, ("hosts",), host=None)
    if wanted.stage or wanted.grade:
        label = _own_grade(looker) if wanted.grade else str(Stage(wanted.stage).label)
        add(label, ("stage", "grade"), stage=ANY_STAGE)
    if wanted.since or wanted.until:
        add(_days_label(wanted), ("since", "until"), since=None, until=None)
    if wanted.half_days:
        label = _("、").join(str(HalfDay(one).label) for one in wanted.half_days)
        add(label, ("half_days",), half=None)
    if wanted.seats:
        label = _("全班坐得下") if wanted.seats == looker.seats else seats_label(wanted.seats)
        add(label, ("seats",), seats=None)
    return found


def _days_label(wanted: Wanted) -> str:
    if wanted.since and wanted.until:
        return dates.day_range(wanted.since, wanted.until)
    if wanted.since:
        return _("%(day)s起") % {"day": dates.day_plain(wanted.since)}
    return _("到 %(day)s") % {"day": dates.day_plain(cast("date", wanted.until))}


def counted_loosenings(
    chips: Sequence[tuple[Loosening, tuple[str, ...]]], wanted: Wanted, looker: Looker
) -> list[Loosening]:
    """Which condition to give up when nothing is left: the most helpful first, useless ones
    left out."""
    found = []
    for chip, drops in chips:
        count = catalogue.matching_courses(looker.actor, wanted.without(*drops), looker.now).count()
        if count:
            found.append(Loosening(chip.label, chip.url, count))
    return sorted(found, key=lambda one: -(one.count or 0))

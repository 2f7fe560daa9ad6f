"""The season around today: calendar, requirements, and the season itself."""

from datetime import date, datetime, time, timedelta

from accounts.actors import SYSTEM
from accounts.choices import OrganisationKind, SchoolKind, Stage
from courses.models import Season
from courses.services import seasons
from hours.services import requirements
from sites import services as sites_services
from sites.calendar import at, local_day, school_year
from sites.models import SchoolTerm


def _season_days(today: date) -> tuple[date, date]:
    """From September to January; at another time of the year the days reach to where today is."""
    year = school_year(today)
    return (
        min(date(year, 9, 1), today - timedelta(weeks=8)),
        max(date(year + 1, 1, 29), today + timedelta(weeks=9)),
    )


def build_calendar(now: datetime) -> None:
    """Holidays of the years around, the terms, and what cohorts must reach."""
    today = local_day(now)
    year = school_year(today)
    runs_from, runs_until = _season_days(today)
    sites_services.seed_calendar(years=range(year, year + 2))
    for term, starts_on, ends_on in (
        (1, date(year, 9, 1), date(year + 1, 1, 29)),
        (2, date(year + 1, 3, 1), date(year + 1, 6, 30)),
    ):
        SchoolTerm.objects.get_or_create(
            school_year=year, term=term, defaults={"starts_on": starts_on, "ends_on": ends_on}
        )
    requirements.set_requirement(
        by=SYSTEM,
        requirement=None,
        now=now - timedelta(days=90),
        name="初中职业体验 14 学时",
        stage=Stage.JUNIOR,
        entry_year_from=year - 2,
        entry_year_to=year,
        class_hours=14,
        min_occupations=2,
        counts_from=runs_from,
        due_on=max(date(year + 1, 6, 30), runs_until),
    )
    # The city's own figure, as a private school of the district takes it for its junior classes.
    requirements.set_requirement(
        by=SYSTEM,
        requirement=None,
        now=now - timedelta(days=90),
        name="全市初中职业体验 32 学时",
        stage=Stage.JUNIOR,
        school_kind=SchoolKind.PRIVATE,
        entry_year_from=year - 3,
        entry_year_to=year,
        class_hours=32,
        min_occupations=4,
        minimums={OrganisationKind.VOCATIONAL_SCHOOL: 16},
        counts_from=runs_from,
        due_on=max(date(year + 3, 6, 30), runs_until),
    )


def build_season(now: datetime) -> Season:
    """The term's season."""
    today = local_day(now)
    year = school_year(today)
    runs_from, runs_until = _season_days(today)
    opens_at = at(runs_from, time(8)) - timedelta(days=5)
    return seasons.set_season(
        by=SYSTEM,
        season=Season.objects.filter(school_year=year).first(),
        name=f"{year} 学年第一学期",
        school_year=year,
        wishes_from=opens_at - timedelta(days=19),
        wishes_until=opens_at - timedelta(days=5),
        opens_at=opens_at,
        closes_at=at(runs_until, time(18)),
        runs_from=runs_from,
        runs_until=runs_until,
        # Set before its schools could say anything.
        now=opens_at - timedelta(days=30),
    )

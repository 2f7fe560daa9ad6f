"""Courses that went through review, seasons, and sessions opened by their host."""

from datetime import date, datetime, timedelta
from typing import Any

from accounts.actors import SYSTEM, Actor
from accounts.choices import Role, Stage
from accounts.models import Organisation
from accounts.selectors import actor_of
from courses.choices import REVIEW_DIMENSIONS, OccupationFamily, ReviewDecision, Verdict
from courses.models import CourseSession, CourseVersion, Season
from courses.services import reviews, seasons, sessions, versions
from sites.calendar import SHANGHAI
from sites.models import Room
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.sites import RoomFactory, SiteFactory

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=SHANGHAI)

FIELDS: dict[str, Any] = {
    "title_zh": "面包师：一只吐司的诞生",
    "title_en": "Baker: the making of a loaf",
    "occupation_zh": "面包师",
    "occupation_en": "Baker",
    "occupation_family": OccupationFamily.COOKING,
    "stages": [Stage.JUNIOR],
    "grade_from": 6,
    "grade_to": 9,
    "class_hours": 4,
    "group_size_min": 1,
    "group_size_max": 24,
    "min_adults": 2,
    "students_per_adult": 20,
    "summary_zh": "从和面到出炉，做一只吐司。",
    "plan": "讲解、和面、整形、烘烤、互评。",
    "materials": "围裙、发帽。",
    "hazards": "烤箱由教师操作。",
    "assessment": "成品与过程各占一半。",
    "handbook": "一、洗手。二、称量。三、和面。",
}


def manager_of(host: Organisation) -> Actor:
    """The acting manager of a host, made if it has none."""
    membership = host.memberships.filter(role=Role.HOST_MANAGER, ended_at=None).first()
    return actor_of(membership or MembershipFactory(organisation=host, role=Role.HOST_MANAGER))


def make_season(**changes: Any) -> Season:
    """Booking is open all autumn; sessions run from September to January."""
    values: dict[str, Any] = {
        "name": "2026 学年第一学期",
        "school_year": 2026,
        "opens_at": datetime(2026, 9, 1, tzinfo=SHANGHAI),
        "closes_at": datetime(2027, 1, 20, tzinfo=SHANGHAI),
        "runs_from": date(2026, 9, 1),
        "runs_until": date(2027, 1, 29),
    } | changes
    known = Season.objects.filter(name=values["name"]).first()
    return seasons.set_season(by=SYSTEM, season=known, now=NOW, **values)


def make_draft(host: Organisation | None = None, **fields: Any) -> CourseVersion:
    """A first draft with everything a reviewer needs."""
    host = host or OrganisationFactory(vocational_school=True)
    return versions.start_course(
        by=manager_of(host), host_id=host.pk, code="", fields=FIELDS | fields, now=NOW
    )


def make_version(host: Organisation | None = None, **fields: Any) -> CourseVersion:
    """A published version: written, handed in and approved."""
    draft = make_draft(host, **fields)
    versions.submit_version(by=manager_of(draft.host), version=draft, now=NOW)
    reviewer = MembershipFactory(
        organisation=OrganisationFactory(alliance=True), role=Role.REVIEWER
    )
    reviews.decide(
        by=actor_of(reviewer),
        version=draft,
        edition=draft.edition,
        decision=ReviewDecision.APPROVED,
        verdicts={name: Verdict.PASS for name, _label in REVIEW_DIMENSIONS},
        comments={},
        now=NOW,
    )
    return draft


def make_room(host: Organisation, **values: Any) -> Room:
    return RoomFactory(site=SiteFactory(host=host), **values)


def make_session(
    version: CourseVersion | None = None,
    *,
    starts_at: datetime = datetime(2026, 12, 8, 9, 0, tzinfo=SHANGHAI),
    hours: float = 2.5,
    now: datetime = NOW,
    **values: Any,
) -> CourseSession:
    """A session in a room of its own, on Tuesday 8 December 2026 from nine, with 24 seats."""
    version = version or make_version()
    if not values.keys() & {"room", "school", "online_url"}:
        values["room"] = make_room(version.host)
    return sessions.open_session(
        by=manager_of(version.host),
        version=version,
        season=values.pop("season", None) or make_season(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours),
        now=now,
        **values,
    )

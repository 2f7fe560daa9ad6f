"""Puts the demonstration district together."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F
from django_q.models import OrmQ

from accounts.actors import SYSTEM
from accounts.choices import OrganisationKind, Role
from accounts.models import Organisation
from accounts.services import memberships, organisations
from attendance.services import badges
from courses.models import CourseSession
from insights.demo import catalogue, life, people, schools, season
from notifications.choices import DeliveryState
from notifications.models import Delivery, Message
from sites.calendar import local_day, school_year


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of the district is built."""

    courses: int
    schools: int
    weeks_back: int
    weeks_ahead: int


SCALES = {
    "full": Scale(courses=70, schools=8, weeks_back=9, weeks_ahead=8),
    "small": Scale(courses=6, schools=1, weeks_back=2, weeks_ahead=2),
}


def is_built() -> bool:
    return Organisation.objects.filter(kind=OrganisationKind.ALLIANCE).exists()


def build(*, now: datetime, scale: Scale, step: Callable[[str], None]) -> None:
    """The whole district, the same for the same day. Refused by nobody: the database is empty."""
    rng = random.Random(f"district {now:%Y-%m-%d}")  # noqa: S311 (an invented district)
    began = now - timedelta(days=100)
    alliance = organisations.found_organisation(
        by=SYSTEM,
        kind=OrganisationKind.ALLIANCE,
        name="普陀区职业教育联盟",
        short_name="联盟秘书处",
        name_en="Putuo Vocational Education Alliance",
        contact_name="秘书处",
        contact_phone="021-5550 0001",
        now=began,
    )
    people.enrol(
        name="沈静", login="secretariat", organisation=alliance, role=Role.SECRETARIAT, now=began
    )
    reviewer = people.enrol(
        name="顾一鸣", login="reviewer", organisation=alliance, role=Role.REVIEWER, now=began
    )
    season.build_calendar(now)
    term = season.build_season(now)
    offers = catalogue.build(
        reviewer=people.acting(reviewer),
        rng=rng,
        now=now,
        limit=scale.courses,
        step=lambda: step("courses"),
    )
    built = schools.build(
        rng=rng,
        now=began,
        year=school_year(local_day(now)),
        limit=scale.schools,
        step=lambda: step("classes"),
    )
    # Somebody who teaches at a school and reviews for the alliance: two organisations, one person.
    memberships.add_member(
        by=SYSTEM,
        user=built[0].teachers[1].user,
        organisation=alliance,
        role=Role.REVIEWER,
        now=began,
    )
    season.build_sessions(
        catalogue=offers,
        season=term,
        rng=rng,
        now=now,
        weeks_back=scale.weeks_back,
        weeks_ahead=scale.weeks_ahead,
        step=lambda: step("sessions"),
    )
    life.book(
        schools=built,
        sessions=list(
            CourseSession.objects.filter(session_set=None)
            .select_related("version", "season")
            .order_by("pk")
        ),
        rng=rng,
        now=now,
        step=lambda: step("bookings"),
    )
    life.cancel_some(schools=built, rng=rng, now=now)
    life.attend(rng=rng, now=now, step=lambda: step("attendance"))
    for school in built:
        for group in school.classes:
            badges.issue_missing(by=school.coordinator, class_group=group, now=began)
            step("badges")
    _settle_mails(now)


def _settle_mails(now: datetime) -> None:
    """What was told in the invented past was delivered then: its mails do not leave today."""
    Delivery.objects.filter(state=DeliveryState.WAITING).update(
        state=DeliveryState.SENT, sent_at=F("created_at"), attempts=1
    )
    OrmQ.objects.all().delete()
    Message.objects.filter(created_at__lt=now - timedelta(days=7), read_at=None).update(
        read_at=F("created_at")
    )

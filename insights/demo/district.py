"""Puts the demonstration district together."""

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db.models import F
from django_q.models import OrmQ

from accounts.actors import SYSTEM
from accounts.choices import OrganisationKind, Role
from accounts.models import Membership, Organisation, User
from accounts.selectors import DEMO_ADDRESS
from accounts.services import memberships, organisations
from attendance.services import badges
from insights.demo import (
    afterwards,
    catalogue,
    device,
    door,
    earlier,
    life,
    people,
    rosters,
    rules,
    schools,
    season,
    sessions,
    wishes,
)
from notifications.choices import DeliveryState
from notifications.models import Delivery, Message
from sites.calendar import local_day, school_year

# The address by which the demonstration is known again.
SECRETARIAT = "secretariat"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of the district is built."""

    courses: int
    schools: int
    weeks_back: int
    weeks_ahead: int


SCALES = {
    "full": Scale(courses=70, schools=8, weeks_back=9, weeks_ahead=8),
    "small": Scale(courses=8, schools=2, weeks_back=4, weeks_ahead=3),
}


def is_built() -> bool:
    """Whether this database holds the demonstration."""
    return User.objects.filter(email=SECRETARIAT + DEMO_ADDRESS).exists()


def is_empty() -> bool:
    """Whether nobody uses this database yet."""
    return not Organisation.objects.exists()


def build(*, now: datetime, scale: Scale, step: Callable[[str], None]) -> None:
    """The whole district, the same for the same day. Refused by nobody: the database is empty."""
    rng = random.Random(f"district {now:%Y-%m-%d}")  # noqa: S311 (an invented district)
    began = now - timedelta(days=100)
    queued = OrmQ.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
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
    secretary = people.enrol(
        name="沈静", login=SECRETARIAT, organisation=alliance, role=Role.SECRETARIAT, now=began
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
    for school in built:
        for group in school.classes:
            badges.issue_missing(by=school.coordinator, class_group=group, now=began)
            step("badges")
    wishes.say(built, term)
    rosters.decide(built, began=began, now=now)
    laid = sessions.build_sessions(
        catalogue=offers,
        season=term,
        rng=rng,
        now=now,
        weeks_back=scale.weeks_back,
        weeks_ahead=scale.weeks_ahead,
        step=lambda: step("sessions"),
    )
    life.Term(laid, rng, now).book(built, step=lambda: step("bookings"))
    rules.change(by=people.acting(secretary), first=laid.attended[0])
    managers = {host.organisation.pk: host.manager for host in offers.hosts.values()}
    life.cancel_some(schools=built, managers=managers, rng=rng, now=now)
    before = earlier.build(schools=built[:2], catalogue=offers, rng=rng, now=now)
    story = afterwards.Story(built[0], laid)
    doors = door.Doors(
        managers=managers,
        diligent={
            *(one.group.pk for one in before.classes),
            story.group.pk,
            *(group.pk for school in built for group in school.classes[::3]),
        },
        fates=story.fates,
        running=laid.running,
        rng=rng,
        now=now,
    )
    tablet = device.Tablet(laid, managers[laid.running.host_id], now)
    doors.attend(step=lambda: step("attendance"))
    doors.reopen_one()
    tablet.send(missed=story.absent, stranger=story.early, teacher=story.teacher)
    story.write_by_hand()
    earlier.settle(before, now=now)
    rosters.move_some(built, now=now)
    _settle(now, began, queued)


def _settle(now: datetime, began: datetime, queued: int) -> None:
    """What was told in the invented past was delivered then: its mails do not leave today.
    Everybody has belonged to the alliance since it began."""
    Delivery.objects.filter(state=DeliveryState.WAITING).update(
        state=DeliveryState.SENT, sent_at=F("created_at"), attempts=1
    )
    OrmQ.objects.filter(pk__gt=queued).delete()
    Message.objects.filter(created_at__lt=now - timedelta(days=7), read_at=None).update(
        read_at=F("created_at")
    )
    Organisation.objects.update(created_at=began)
    # A password that nobody has seen: in the demonstration one click signs in.
    User.objects.update(password=make_password(secrets.token_urlsafe(32)))
    Membership.objects.update(created_at=began)

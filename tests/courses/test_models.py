"""Who sees which courses, versions, reviews and sessions, and how rows are written in a log."""

from datetime import date, datetime

import pytest
from django.db import IntegrityError, transaction

from accounts.actors import SYSTEM, Actor
from accounts.choices import ActorKind, Role
from accounts.errors import NotAllowed, NotYours
from accounts.selectors import actor_of
from courses.errors import SeasonBeforeBooking, SeasonOutOfOrder
from courses.models import (
    Course,
    CourseReview,
    CourseSession,
    CourseVersion,
    Season,
    SessionSet,
)
from courses.services import seasons, versions
from sites.models import Site
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.courses import make_draft, make_season, make_session, make_version, manager_of

NOBODY = Actor(kind=ActorKind.MEMBERSHIP)


@pytest.mark.django_db
def test_who_sees_what_of_courses(now: datetime) -> None:
    published = make_version()
    draft = make_draft()
    session = make_session(published, now=now)
    review = CourseReview.objects.get()
    actors = {
        "system": SYSTEM,
        "reviewer": actor_of(
            MembershipFactory(organisation=review.reviewer.organisation, role=Role.REVIEWER)
        ),
        "its host": manager_of(published.host),
        "the draft's host": manager_of(draft.host),
        "teacher": actor_of(MembershipFactory(teacher=True)),
        "nobody": NOBODY,
    }

    seen = {
        name: (
            {one.pk for one in Course.objects.visible_to(actor)}
            == {published.course_id, draft.course_id},
            {one.pk for one in CourseVersion.objects.visible_to(actor)} == {published.pk, draft.pk},
            CourseVersion.objects.visible_to(actor).filter(pk=published.pk).exists(),
            list(CourseReview.objects.visible_to(actor)) == [review],
            list(CourseSession.objects.visible_to(actor)) == [session],
            Site.objects.visible_to(actor).exists(),
        )
        for name, actor in actors.items()
    }

    assert seen == {
        # all courses, all versions, the published one, the review, the session, the site
        "system": (True, True, True, True, True, True),
        "reviewer": (True, False, True, True, True, True),
        "its host": (False, False, True, True, True, True),
        "the draft's host": (True, True, True, False, True, True),
        "teacher": (False, False, True, False, True, True),
        "nobody": (False, False, False, False, False, False),
    }


@pytest.mark.django_db
def test_rows_are_written_without_queries(now: datetime) -> None:
    session = make_session(now=now)
    version, review = session.version, CourseReview.objects.get()
    camp = SessionSet(name="两日营")

    texts = [str(one) for one in (version.course, version, review, session.season, session, camp)]

    assert texts == [
        version.course.code,
        f"{version.course_id} v1",
        f"{version.pk} approved",
        "2026 学年第一学期",
        f"{version.pk} @ 2026-12-08 09:00",
        "两日营",
    ]


@pytest.mark.django_db
def test_only_the_secretariat_sets_a_season_and_in_order(now: datetime) -> None:
    season = make_season()
    values = {
        name: getattr(season, name)
        for name in ("name", "school_year", "opens_at", "closes_at", "runs_from", "runs_until")
    }

    with pytest.raises(NotAllowed):
        seasons.set_season(
            by=actor_of(MembershipFactory(host_manager=True)), season=season, now=now, **values
        )
    with pytest.raises(SeasonOutOfOrder):
        seasons.set_season(
            by=SYSTEM, season=season, now=now, **values | {"closes_at": season.opens_at}
        )
    with pytest.raises(SeasonBeforeBooking) as early:
        seasons.set_season(
            by=SYSTEM, season=season, now=now, **values | {"runs_from": date(2026, 8, 31)}
        )
    assert str(early.value) == "第一天开课不能早于开始预约的那一天。"
    season.refresh_from_db()
    assert values == {name: getattr(season, name) for name in values}


@pytest.mark.django_db
def test_what_only_the_database_refuses_of_a_season_is_not_called_a_taken_name() -> None:
    with pytest.raises(IntegrityError, match="season_freeze_days_range"), transaction.atomic():
        make_season(freeze_days=61)

    assert not Season.objects.exists()


@pytest.mark.django_db
def test_who_writes_a_course(now: datetime) -> None:
    host = OrganisationFactory(vocational_school=True)

    versions.check_can_write(SYSTEM, host.pk)
    versions.check_can_write(manager_of(host), host.pk)
    with pytest.raises(NotAllowed):
        versions.check_can_write(
            actor_of(MembershipFactory(instructor=True, organisation=host)), host.pk
        )
    with pytest.raises(NotYours):
        versions.check_can_write(actor_of(MembershipFactory(host_manager=True)), host.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("taught", [True, False])
def test_who_keeps_a_door(now: datetime, taught: bool) -> None:
    session = make_session(now=now)
    teaching = MembershipFactory(organisation=session.host, role=Role.INSTRUCTOR)
    session.instructor = teaching if taught else None
    actors = {
        "manager": manager_of(session.host),
        "its instructor": actor_of(teaching),
        "another instructor": actor_of(
            MembershipFactory(organisation=session.host, role=Role.INSTRUCTOR)
        ),
        "another host's manager": actor_of(MembershipFactory(host_manager=True)),
        "school": actor_of(MembershipFactory(coordinator=True)),
        "secretariat": actor_of(MembershipFactory(secretariat=True)),
        "system": SYSTEM,
    }

    keeping = {name for name, actor in actors.items() if session.is_kept_by(actor)}

    others = set() if taught else {"another instructor"}
    assert keeping == {"manager", "its instructor"} | others

"""Who sees which rows, and what the database holds by itself."""

from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from accounts.actors import SYSTEM, Actor
from accounts.choices import ActorKind, Role
from accounts.models import (
    ApiToken,
    AuditEntry,
    Invitation,
    Membership,
    Organisation,
    User,
)
from accounts.services import audit, invitations, tokens
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of

pytestmark = pytest.mark.django_db

BADGE = Actor(kind=ActorKind.BADGE)

# What each actor sees of the rows of two schools: all of both, the own school's, or none; a
# person's own keys only.
VISIBLE = {
    "secretariat": {"organisation": 3, "membership": 5, "invitation": 2, "audit": 4, "token": 0},
    "coordinator": {"organisation": 3, "membership": 2, "invitation": 1, "audit": 2, "token": 0},
    "teacher": {"organisation": 3, "membership": 2, "invitation": 1, "audit": 2, "token": 1},
    "system": {"organisation": 3, "membership": 5, "invitation": 2, "audit": 4, "token": 0},
    "badge": {"organisation": 0, "membership": 0, "invitation": 0, "audit": 0, "token": 0},
}


def test_who_sees_which_rows(now: datetime) -> None:
    actors = {
        "secretariat": actor_of(MembershipFactory(secretariat=True)),
        "system": SYSTEM,
        "badge": BADGE,
    }
    for number in range(2):
        coordinator = MembershipFactory(coordinator=True)
        teacher = MembershipFactory(organisation=coordinator.organisation)
        actors["coordinator"], actors["teacher"] = actor_of(coordinator), actor_of(teacher)
        invitations.invite(
            by=actor_of(coordinator),
            organisation=coordinator.organisation,
            role=Role.TEACHER,
            email=f"zhou{number}@example.org",
            now=now,
        )
        tokens.issue(by=actor_of(teacher), label="校务系统", now=now)

    seen = {
        name: {
            "organisation": Organisation.objects.visible_to(actors[name]).count(),
            "membership": Membership.objects.visible_to(actors[name]).count(),
            "invitation": Invitation.objects.visible_to(actors[name]).count(),
            "audit": AuditEntry.objects.visible_to(actors[name]).count(),
            "token": ApiToken.objects.visible_to(actors[name]).count(),
        }
        for name in VISIBLE
    }

    assert seen == VISIBLE


def test_hosts_and_schools_are_told_apart() -> None:
    alliance = OrganisationFactory(alliance=True)
    school = OrganisationFactory()
    hosts = [
        OrganisationFactory(**{kind: True})
        for kind in ("vocational_school", "enterprise", "education_unit")
    ]

    assert list(Organisation.objects.hosts().order_by("pk")) == hosts
    assert list(Organisation.objects.schools()) == [school]
    assert alliance not in [*hosts, school]


# For each role: in the alliance, runs it, a host, manages one, a school, coordinates, teaches.
ACTORS = {
    Role.SECRETARIAT: (True, True, False, False, False, False, False),
    Role.REVIEWER: (True, False, False, False, False, False, False),
    Role.HOST_MANAGER: (False, False, True, True, False, False, False),
    Role.INSTRUCTOR: (False, False, True, False, False, False, False),
    Role.SCHOOL_COORDINATOR: (False, False, False, False, True, True, False),
    Role.TEACHER: (False, False, False, False, True, False, True),
}


@pytest.mark.parametrize("role", ACTORS)
def test_an_actor_knows_its_place(role: Role) -> None:
    trait = {Role.SCHOOL_COORDINATOR: "coordinator"}.get(role, role.value)
    actor = actor_of(MembershipFactory(**{trait: True}))

    answers = (
        actor.is_alliance,
        actor.is_secretariat,
        actor.is_host,
        actor.is_host_manager,
        actor.is_school,
        actor.is_coordinator,
        actor.is_teacher,
    )

    assert answers == ACTORS[role]
    assert not actor.is_system
    assert SYSTEM.is_system


def test_an_address_signs_in_one_person_however_written() -> None:
    User.objects.create_user("zhou@example.org", name="周敏")

    with pytest.raises(IntegrityError, match="user_email_once"):
        User.objects.create(email="Zhou@Example.org", name="周敏")


def test_the_trail_only_grows(now: datetime) -> None:
    entry = audit.record(by=SYSTEM, verb="names.read", now=now)
    attempts = {
        "update": lambda: AuditEntry.objects.update(verb="nothing.happened"),
        "delete": entry.delete,
        "truncate": lambda: connection.cursor().execute("TRUNCATE accounts_auditentry"),
    }

    refused = []
    for name, attempt in attempts.items():
        try:
            with transaction.atomic():
                attempt()
        except DatabaseError:
            refused.append(name)

    assert refused == ["update", "delete", "truncate"]
    assert AuditEntry.objects.get() == entry


def test_a_role_is_held_once_at_a_time(now: datetime) -> None:
    held = MembershipFactory()
    MembershipFactory(user=held.user, organisation=held.organisation, ended_at=now)

    with pytest.raises(IntegrityError, match="membership_live_once"):
        MembershipFactory(user=held.user, organisation=held.organisation)


def test_who_accepted_and_when_are_known_together(now: datetime) -> None:
    with pytest.raises(IntegrityError, match="invitation_accepted_paired"):
        Invitation.objects.create(
            organisation=OrganisationFactory(),
            role=Role.TEACHER,
            email="zhou@example.org",
            token_digest="x",
            created_at=now,
            expires_at=now + timedelta(days=14),
            accepted_at=now,
        )


def test_rows_name_themselves_without_personal_data(now: datetime) -> None:
    coordinator = MembershipFactory(coordinator=True)
    school = coordinator.organisation
    invitation, _token = invitations.invite(
        by=actor_of(coordinator),
        organisation=school,
        role=Role.TEACHER,
        email="zhou@example.org",
        now=now,
    )
    token, _secret = tokens.issue(by=actor_of(coordinator), label="校务系统", now=now)
    rows: dict[models.Model, str] = {
        school: school.name,
        coordinator.user: coordinator.user.name,
        coordinator: f"{coordinator.user_id}@{school.pk}:school_coordinator",
        invitation: f"{school.pk}:teacher",
        token: "校务系统",
        AuditEntry.objects.earliest("pk"): (
            f"2026-11-24 00:00:00 invitation.sent accounts.invitation:{invitation.pk}"
        ),
    }

    assert {row: str(row) for row in rows} == rows


def test_an_operator_is_made_by_the_usual_command(monkeypatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a long pass phrase")

    call_command(
        "createsuperuser", "--no-input", "--email", "op@example.org", "--name", "运维", verbosity=0
    )

    operator = User.objects.get()
    assert (operator.email, operator.is_staff, operator.is_superuser) == (
        "op@example.org",
        True,
        True,
    )

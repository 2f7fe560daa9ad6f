"""Reads of people, memberships and organisations."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from .actors import Actor
from .choices import MANAGING_ROLES, ActorKind, OrganisationKind, Role
from .models import Membership, User


def actor_of(membership: Membership) -> Actor:
    """The actor a live membership acts as. ``membership.user`` and ``.organisation`` loaded."""
    return Actor(
        kind=ActorKind.MEMBERSHIP,
        name=membership.user.name,
        user_id=membership.user_id,
        membership_id=membership.pk,
        organisation_id=membership.organisation_id,
        organisation_kind=OrganisationKind(membership.organisation.kind),
        organisation_name=membership.organisation.short_name or membership.organisation.name,
        role=Role(membership.role),
    )


def live_memberships(user_id: int) -> QuerySet[Membership]:
    """What a person may act as now, oldest first; user and organisation loaded."""
    return (
        Membership.objects.live()
        .filter(user_id=user_id)
        .select_related("user", "organisation")
        .order_by("created_at", "pk")
    )


def managers_of(organisation_id: int) -> list[User]:
    """The people who run an organisation, each once."""
    return people_to_tell(organisation_id, MANAGING_ROLES)


def people_to_tell(organisation_id: int, roles: Iterable[Role]) -> list[User]:
    """The people who now hold one of the roles in the organisation, each once."""
    return list(
        User.objects.filter(
            pk__in=Membership.objects.live()
            .filter(organisation_id=organisation_id, role__in=list(roles))
            .values("user_id")
        ).order_by("pk")
    )

"""Reads of people, memberships and organisations."""

from .actors import Actor
from .choices import ActorKind, OrganisationKind, Role
from .models import Membership


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

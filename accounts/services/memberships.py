"""Who belongs to an organisation, in which role, and that a leaver is out at once."""

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.choices import MANAGING_ROLES, ROLES_BY_KIND, OrganisationKind, Role
from accounts.errors import (
    AlreadyMember,
    LastManager,
    MembershipEnded,
    NotAllowed,
    NotYours,
    OrganisationInactive,
    RoleNotInOrganisation,
)
from accounts.models import ApiToken, Invitation, Membership, Organisation, User
from accounts.selectors import others_in_role
from accounts.services import audit


def check_can_manage_people(actor: Actor, organisation: Organisation) -> None:
    """The secretariat everywhere; managers and coordinators in their own organisation.

    Refused: NotYours for another organisation, NotAllowed for another role.
    """
    if actor.is_system or actor.is_secretariat:
        return
    if actor.organisation_id != organisation.pk:
        raise NotYours
    if actor.role not in MANAGING_ROLES:
        raise NotAllowed


def check_can_add(actor: Actor, organisation: Organisation, role: Role) -> None:
    """As above, and the role must exist in this kind of organisation, which must be active."""
    check_can_manage_people(actor, organisation)
    if role not in ROLES_BY_KIND[OrganisationKind(organisation.kind)]:
        raise RoleNotInOrganisation(organisation=organisation.shown_name, role=Role(role).label)
    if not organisation.is_active:
        raise OrganisationInactive(organisation=organisation.shown_name)


def add_member(
    *, by: Actor, user: User, organisation: Organisation, role: Role, now: datetime
) -> Membership:
    """The person holds the role from now on. Refused: AlreadyMember, and as ``check_can_add``."""
    check_can_add(by, organisation, role)
    with transaction.atomic():
        membership = enrol(user=user, organisation=organisation, role=role)
        audit.record(by=by, verb="membership.added", now=now, target=membership, role=role)
    return membership


def enrol(*, user: User, organisation: Organisation, role: Role) -> Membership:
    """The bare row, for a caller that has asked who may and writes the audit entry."""
    # The same person accepting twice waits here for the first to end.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if Membership.objects.filter(
        user=user, organisation=organisation, role=role, ended_at=None
    ).exists():
        raise AlreadyMember(
            email=user.email, organisation=organisation.shown_name, role=Role(role).label
        )
    return Membership.objects.create(user=user, organisation=organisation, role=role)


def check_can_end(actor: Actor, membership: Membership, *, others: int) -> None:
    """Who may manage people may end a membership, unless nobody would be left to manage.

    ``membership.organisation`` loaded; ``others`` is ``selectors.others_in_role(membership)``.
    """
    check_can_manage_people(actor, membership.organisation)
    if membership.ended_at is not None:
        raise MembershipEnded
    if membership.role in MANAGING_ROLES and not others:
        raise LastManager(
            organisation=membership.organisation.shown_name, role=Role(membership.role).label
        )


def end_membership(*, by: Actor, membership: Membership, now: datetime) -> Membership:
    """The person no longer acts for the organisation: pages and API keys stop with the next
    request, and no invitation of the organisation lets the person in again.

    Refused: LastManager, MembershipEnded, and as ``check_can_manage_people``.
    """
    check_can_end(by, membership, others=others_in_role(membership))
    with transaction.atomic():
        # Two managers ending each other wait here for one another.
        organisation = Organisation.objects.select_for_update(no_key=True).get(
            pk=membership.organisation_id
        )
        membership = Membership.objects.select_related("user", "organisation").get(pk=membership.pk)
        check_can_end(by, membership, others=others_in_role(membership))
        membership.ended_at = now
        membership.save(update_fields=["ended_at"])
        ApiToken.objects.filter(membership=membership, revoked_at=None).update(revoked_at=now)
        Invitation.objects.pending().filter(
            organisation=organisation, email=membership.user.email
        ).update(revoked_at=now)
        audit.record(
            by=by,
            verb="membership.ended",
            now=now,
            target=membership,
            role=membership.role,
            organisation_id=organisation.pk,
        )
    return membership

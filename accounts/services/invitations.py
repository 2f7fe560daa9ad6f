"""Invitations: an e-mailed link that makes its bearer a member, once."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

import notifications.services
from accounts.actors import Actor
from accounts.choices import Role
from accounts.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationExpired,
    InvitationForAnother,
    InvitationUnknown,
    InvitationUsed,
    InvitationWithdrawn,
    OrganisationInactive,
    PasswordRefused,
    SignInToAccept,
)
from accounts.models import Invitation, Membership, Organisation, User
from accounts.selectors import actor_of
from accounts.services import audit, memberships

LIVES = timedelta(days=14)


def check_can_invite(actor: Actor, organisation: Organisation, role: Role) -> None:
    """Who may add the role may invite to it; see ``memberships.check_can_add``."""
    memberships.check_can_add(actor, organisation, role)


def invite(
    *, by: Actor, organisation: Organisation, role: Role, email: str, now: datetime, name: str = ""
) -> tuple[Invitation, str]:
    """The address gets a link that works for 14 days; returns the link's token too.

    Refused: AlreadyMember, AlreadyInvited while an earlier link works, and as
    ``check_can_invite``.
    """
    check_can_invite(by, organisation, role)
    email = email.lower()
    if Membership.objects.filter(
        user__email=email, organisation=organisation, role=role, ended_at=None
    ).exists():
        raise AlreadyMember(
            email=email, organisation=organisation.shown_name, role=Role(role).label
        )
    with transaction.atomic():
        # Two managers inviting the same person wait here for one another.
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        earlier = Invitation.objects.pending().filter(
            organisation=organisation, role=role, email=email
        )
        if earlier.filter(expires_at__gt=now).exists():
            raise AlreadyInvited(email=email)
        earlier.update(revoked_at=now)
        token = secrets.token_urlsafe(24)
        invitation = Invitation.objects.create(
            organisation=organisation,
            role=role,
            email=email,
            name=name,
            token_digest=_digest_of(token),
            invited_by_id=by.membership_id,
            created_at=now,
            expires_at=now + LIVES,
        )
        _send(invitation, token=token, by=by, now=now)
        audit.record(by=by, verb="invitation.sent", now=now, target=invitation, role=role)
    return invitation, token


def resend(*, by: Actor, invitation: Invitation, now: datetime) -> tuple[Invitation, str]:
    """A new link for another 14 days; the old one stops. Refused: used or withdrawn ones."""
    check_can_invite(by, invitation.organisation, Role(invitation.role))
    with transaction.atomic():
        invitation = _locked(invitation.pk)
        _check_is_open(invitation)
        token = secrets.token_urlsafe(24)
        invitation.token_digest = _digest_of(token)
        invitation.expires_at = now + LIVES
        invitation.save(update_fields=["token_digest", "expires_at"])
        _send(invitation, token=token, by=by, now=now)
        audit.record(by=by, verb="invitation.resent", now=now, target=invitation)
    return invitation, token


def revoke(*, by: Actor, invitation: Invitation, now: datetime) -> Invitation:
    """The link stops. Refused: used or withdrawn ones."""
    memberships.check_can_manage_people(by, invitation.organisation)
    with transaction.atomic():
        invitation = _locked(invitation.pk)
        _check_is_open(invitation)
        invitation.revoked_at = now
        invitation.save(update_fields=["revoked_at"])
        audit.record(by=by, verb="invitation.withdrawn", now=now, target=invitation)
    return invitation


def invitation_of(*, token: str, now: datetime) -> Invitation:
    """The invitation that this link still opens, its organisation loaded.

    Refused, each in its own words: InvitationUnknown, InvitationUsed, InvitationWithdrawn,
    InvitationExpired.
    """
    invitation = (
        Invitation.objects.filter(token_digest=_digest_of(token))
        .select_related("organisation")
        .first()
    )
    if invitation is None:
        raise InvitationUnknown
    check_can_accept(invitation, now)
    return invitation


def check_can_accept(invitation: Invitation, now: datetime) -> None:
    """Refuses a used, withdrawn or expired invitation, and one to an inactive organisation."""
    _check_is_open(invitation)
    organisation = invitation.organisation
    if invitation.expires_at <= now:
        raise InvitationExpired(organisation=organisation.shown_name)
    if not organisation.is_active:
        raise OrganisationInactive(organisation=organisation.shown_name)


def accept(
    *, token: str, now: datetime, name: str = "", password: str = "", user: User | None = None
) -> Membership:
    """The invited person holds the role; a new account is made from name and password when
    nobody has the invited address.

    ``user`` is who is signed in. Refused: SignInToAccept when the address has an account,
    InvitationForAnother when another person is signed in, PasswordRefused with the reasons,
    AlreadyMember, and as ``invitation_of``.
    """
    invitation = invitation_of(token=token, now=now)
    if user is not None and user.email.lower() != invitation.email:
        raise InvitationForAnother
    if user is None and account_exists(invitation):
        raise SignInToAccept
    if user is None:
        _check_password(password, email=invitation.email, name=name)
    with transaction.atomic():
        invitation = _locked(invitation.pk)
        check_can_accept(invitation, now)
        person = user or _new_person(invitation, name=name, password=password)
        membership = memberships.enrol(
            user=person, organisation=invitation.organisation, role=Role(invitation.role)
        )
        invitation.accepted_at = now
        invitation.accepted_by = person
        invitation.save(update_fields=["accepted_at", "accepted_by"])
        audit.record(
            by=actor_of(membership),
            verb="invitation.accepted",
            now=now,
            target=invitation,
            role=invitation.role,
        )
    return membership


def account_exists(invitation: Invitation) -> bool:
    """Whether the invited address signs somebody in already."""
    return User.objects.filter(email=invitation.email).exists()


def _check_password(password: str, *, email: str, name: str) -> None:
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise PasswordRefused(reasons=" ".join(error.messages)) from error


def _new_person(invitation: Invitation, *, name: str, password: str) -> User:
    try:
        with transaction.atomic():
            return User.objects.create_user(
                invitation.email,
                password,
                name=name,
                language=translation.get_language() or "zh-hans",
            )
    except IntegrityError as error:
        # Two invitations of one person, accepted at the same moment.
        raise SignInToAccept from error


def _check_is_open(invitation: Invitation) -> None:
    if invitation.accepted_at is not None:
        raise InvitationUsed
    if invitation.revoked_at is not None:
        raise InvitationWithdrawn(organisation=invitation.organisation.shown_name)


def _locked(pk: int) -> Invitation:
    return (
        Invitation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("organisation")
        .get(pk=pk)
    )


def _send(invitation: Invitation, *, token: str, by: Actor, now: datetime) -> None:
    known = User.objects.filter(email=invitation.email).first()
    language = known.language if known is not None else translation.get_language()
    with translation.override(language):
        facts = {
            "organisation": invitation.organisation.shown_name,
            "role": Role(invitation.role).label,
            "until": date_format(timezone.localtime(invitation.expires_at)),
        }
        notifications.services.tell_address(
            address=invitation.email,
            kind="invitation",
            subject=_("%(organisation)s邀请您加入职业学堂") % facts,
            body=_(
                "您好：\n\n%(organisation)s邀请您以“%(role)s”的身份加入职业学堂。"
                "请打开下面的链接接受邀请，%(until)s 前有效。链接只能用一次，请勿转发。"
            )
            % facts,
            path=reverse("accounts:invitation", args=[token]),
            now=now,
        )


def _digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

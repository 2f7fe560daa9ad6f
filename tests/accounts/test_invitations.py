"""Inviting, accepting, and who may."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import translation

from accounts.choices import Role
from accounts.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationExpired,
    InvitationForAnother,
    InvitationUnknown,
    InvitationUsed,
    InvitationWithdrawn,
    NotAllowed,
    NotYours,
    OrganisationInactive,
    PasswordRefused,
    Refusal,
    RoleNotInOrganisation,
    SignInToAccept,
)
from accounts.models import AuditEntry, Invitation, Membership, User
from accounts.services import invitations
from notifications.models import Message
from tests.accounts.races import while_uncommitted
from tests.factories.accounts import (
    PASSWORD,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
    actor_of,
)

pytestmark = pytest.mark.django_db

OK, NOT_ALLOWED, NOT_YOURS, NO_ROLE = None, NotAllowed, NotYours, RoleNotInOrganisation

# Who acts; what comes of inviting a teacher to the own school, a coordinator to the own school,
# an instructor to the host, a reviewer to the alliance, a teacher to another school.
WHO_MAY_INVITE = {
    "secretariat": (OK, OK, OK, OK, OK),
    "reviewer": (NOT_YOURS, NOT_YOURS, NOT_YOURS, NOT_ALLOWED, NOT_YOURS),
    "host_manager": (NOT_YOURS, NOT_YOURS, OK, NOT_YOURS, NOT_YOURS),
    "instructor": (NOT_YOURS, NOT_YOURS, NOT_ALLOWED, NOT_YOURS, NOT_YOURS),
    "coordinator": (OK, OK, NOT_YOURS, NOT_YOURS, NOT_YOURS),
    "teacher": (NOT_ALLOWED, NOT_ALLOWED, NOT_YOURS, NOT_YOURS, NOT_YOURS),
}


@pytest.mark.parametrize("who", WHO_MAY_INVITE)
def test_who_may_invite_whom(who: str) -> None:
    school = OrganisationFactory()
    host = OrganisationFactory(vocational_school=True)
    alliance = OrganisationFactory(alliance=True)
    home = {"coordinator": school, "teacher": school, "host_manager": host, "instructor": host}
    actor = actor_of(MembershipFactory(**{who: True, "organisation": home.get(who, alliance)}))
    asked = [
        (school, Role.TEACHER),
        (school, Role.SCHOOL_COORDINATOR),
        (host, Role.INSTRUCTOR),
        (alliance, Role.REVIEWER),
        (OrganisationFactory(), Role.TEACHER),
    ]

    outcomes: list[type[Refusal] | None] = []
    for organisation, role in asked:
        try:
            invitations.check_can_invite(actor, organisation, role)
        except Refusal as refusal:
            outcomes.append(type(refusal))
        else:
            outcomes.append(None)

    assert tuple(outcomes) == WHO_MAY_INVITE[who]


def test_invite_refuses_a_role_of_another_kind_of_organisation(now: datetime) -> None:
    secretary = actor_of(MembershipFactory(secretariat=True))
    school = OrganisationFactory(name="清河中学")

    with pytest.raises(RoleNotInOrganisation) as refused:
        invitations.invite(
            by=secretary, organisation=school, role=Role.INSTRUCTOR, email="a@b.org", now=now
        )

    assert str(refused.value) == "清河中学没有“指导教师”这个身份。"


def test_invite_refuses_an_inactive_organisation(now: datetime) -> None:
    secretary = actor_of(MembershipFactory(secretariat=True))
    school = OrganisationFactory(is_active=False)

    with pytest.raises(OrganisationInactive):
        invitations.invite(
            by=secretary, organisation=school, role=Role.TEACHER, email="a@b.org", now=now
        )


def test_invite_writes_the_row_the_mail_and_the_audit_entry(now: datetime) -> None:
    coordinator = MembershipFactory(coordinator=True, organisation__name="清河中学")

    invitation, token = invitations.invite(
        by=actor_of(coordinator),
        organisation=coordinator.organisation,
        role=Role.TEACHER,
        email="Zhou@Example.org",
        name="周老师",
        now=now,
    )

    mail = Message.objects.get()
    entry = AuditEntry.objects.get()
    assert (invitation.email, invitation.name) == ("zhou@example.org", "周老师")
    assert invitation.expires_at == now + timedelta(days=14)
    assert token not in invitation.token_digest
    assert (mail.recipient, mail.kind) == (None, "invitation")
    assert mail.subject == "清河中学邀请您加入职业学堂"
    assert mail.path == f"/invitation/{token}/"
    assert "以“教师”的身份加入职业学堂" in mail.body
    assert "2026年12月8日 前有效" in mail.body
    assert [one.address for one in mail.deliveries.all()] == ["zhou@example.org"]
    assert (entry.verb, entry.facts) == ("invitation.sent", {"role": "teacher"})


def test_invite_writes_in_the_language_of_a_known_person(now: datetime) -> None:
    coordinator = MembershipFactory(coordinator=True)
    known = UserFactory(language="en")

    with translation.override("zh-hans"):
        invitations.invite(
            by=actor_of(coordinator),
            organisation=coordinator.organisation,
            role=Role.TEACHER,
            email=known.email,
            now=now,
        )

    assert "Dec. 8, 2026" in Message.objects.get().body


def test_invite_refuses_a_member(now: datetime) -> None:
    coordinator = MembershipFactory(coordinator=True)
    teacher = MembershipFactory(organisation=coordinator.organisation)

    with pytest.raises(AlreadyMember):
        invitations.invite(
            by=actor_of(coordinator),
            organisation=coordinator.organisation,
            role=Role.TEACHER,
            email=teacher.user.email.upper(),
            now=now,
        )


def test_invite_refuses_a_second_invitation_while_the_first_works(now: datetime) -> None:
    actor, school, _token = _invited(now)

    with pytest.raises(AlreadyInvited):
        invitations.invite(
            by=actor, organisation=school, role=Role.TEACHER, email="zhou@example.org", now=now
        )

    assert Message.objects.count() == 1


def test_invite_replaces_an_expired_invitation(now: datetime) -> None:
    actor, school, _token = _invited(now)
    later = now + timedelta(days=14)

    invitations.invite(
        by=actor, organisation=school, role=Role.TEACHER, email="zhou@example.org", now=later
    )

    old, new = Invitation.objects.order_by("pk")
    assert (old.revoked_at, new.revoked_at) == (later, None)


def test_accept_makes_a_person_who_can_sign_in(now: datetime) -> None:
    _actor, school, token = _invited(now)

    membership = invitations.accept(token=token, name="周老师", password=PASSWORD, now=now)

    invitation = Invitation.objects.get()
    assert (membership.organisation, membership.role) == (school, "teacher")
    assert membership.user.name == "周老师"
    assert membership.user.email == "zhou@example.org"
    assert membership.user.check_password(PASSWORD)
    assert (invitation.accepted_at, invitation.accepted_by) == (now, membership.user)
    entry = AuditEntry.objects.order_by("pk").last()
    assert entry is not None
    assert (entry.verb, entry.membership) == ("invitation.accepted", membership)


def test_accept_adds_a_role_to_the_person_signed_in(now: datetime) -> None:
    _actor, school, token = _invited(now)
    known = UserFactory(email="zhou@example.org")

    membership = invitations.accept(token=token, user=known, now=now)

    assert (membership.user, membership.organisation) == (known, school)
    assert User.objects.filter(email="zhou@example.org").count() == 1


def test_accept_asks_a_known_address_to_sign_in(now: datetime) -> None:
    _actor, _school, token = _invited(now)
    UserFactory(email="zhou@example.org")

    with pytest.raises(SignInToAccept):
        invitations.accept(token=token, name="周老师", password=PASSWORD, now=now)


def test_accept_refuses_somebody_else_who_is_signed_in(now: datetime) -> None:
    _actor, _school, token = _invited(now)

    with pytest.raises(InvitationForAnother):
        invitations.accept(token=token, user=UserFactory(), now=now)


def test_accept_refuses_a_weak_password_with_the_reasons(now: datetime) -> None:
    _actor, _school, token = _invited(now)

    with pytest.raises(PasswordRefused) as refused:
        invitations.accept(token=token, name="周老师", password="12345", now=now)

    assert str(refused.value) == ("密码太短，至少要 8 个字符。 这个密码太常见了。 密码只包含数字。")
    assert not User.objects.filter(email="zhou@example.org").exists()


def test_accept_refuses_a_role_the_person_got_meanwhile(now: datetime) -> None:
    _actor, school, token = _invited(now)
    known = UserFactory(email="zhou@example.org")
    MembershipFactory(user=known, organisation=school)

    with pytest.raises(AlreadyMember):
        invitations.accept(token=token, user=known, now=now)

    assert Invitation.objects.get().accepted_at is None


def test_a_used_link_says_so(now: datetime) -> None:
    _actor, _school, token = _invited(now)
    invitations.accept(token=token, name="周老师", password=PASSWORD, now=now)

    with pytest.raises(InvitationUsed) as refused:
        invitations.accept(token=token, name="周老师", password=PASSWORD, now=now)

    assert str(refused.value) == "这份邀请已经用过。请直接登录。"


def test_an_expired_link_says_so_at_the_very_end(now: datetime) -> None:
    _actor, school, token = _invited(now)
    end = now + timedelta(days=14)

    invitations.invitation_of(token=token, now=end - timedelta(microseconds=1))
    with pytest.raises(InvitationExpired) as refused:
        invitations.invitation_of(token=token, now=end)

    assert str(refused.value) == f"这份邀请已经过期。请{school.name}的管理员重新发送。"


def test_a_withdrawn_link_says_so(now: datetime) -> None:
    actor, school, token = _invited(now)
    invitations.revoke(by=actor, invitation=Invitation.objects.get(), now=now)

    with pytest.raises(InvitationWithdrawn) as refused:
        invitations.invitation_of(token=token, now=now)

    assert str(refused.value) == (f"这份邀请已被撤回。如有疑问，请联系{school.name}的管理员。")


def test_a_link_to_an_organisation_closed_since_says_so(now: datetime) -> None:
    _actor, school, token = _invited(now)
    school.is_active = False
    school.save()

    with pytest.raises(OrganisationInactive):
        invitations.invitation_of(token=token, now=now)


def test_a_made_up_link_is_unknown(now: datetime) -> None:
    with pytest.raises(InvitationUnknown):
        invitations.invitation_of(token="guessed", now=now)


def test_resend_makes_a_new_link_and_stops_the_old(now: datetime) -> None:
    actor, _school, old = _invited(now)
    later = now + timedelta(days=20)

    _invitation, new = invitations.resend(by=actor, invitation=Invitation.objects.get(), now=later)

    assert invitations.invitation_of(token=new, now=later).email == "zhou@example.org"
    with pytest.raises(InvitationUnknown):
        invitations.invitation_of(token=old, now=later)
    assert Message.objects.count() == 2


@pytest.mark.parametrize("act", [invitations.resend, invitations.revoke])
def test_a_closed_invitation_is_neither_resent_nor_withdrawn(act, now: datetime) -> None:
    actor, _school, token = _invited(now)
    invitations.accept(token=token, name="周老师", password=PASSWORD, now=now)

    with pytest.raises(InvitationUsed):
        act(by=actor, invitation=Invitation.objects.get(), now=now)


@pytest.mark.parametrize("act", [invitations.resend, invitations.revoke])
def test_another_schools_coordinator_touches_no_invitation(act, now: datetime) -> None:
    _invited(now)
    stranger = actor_of(MembershipFactory(coordinator=True))

    with pytest.raises(NotYours):
        act(by=stranger, invitation=Invitation.objects.get(), now=now)


@pytest.mark.django_db(transaction=True)
def test_a_link_opened_twice_at_once_makes_one_member(now: datetime) -> None:
    _actor, school, token = _invited(now)

    def press(_: int) -> str:
        try:
            invitations.accept(token=token, name="周老师", password=PASSWORD, now=now)
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()
        return "accepted"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(press, range(4)))

    assert outcomes.count("accepted") == 1
    assert set(outcomes) <= {"accepted", "invitation_used", "sign_in_to_accept"}
    assert Membership.objects.filter(organisation=school, role=Role.TEACHER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_invitations_accepted_at_once_make_one_person(now: datetime) -> None:
    _actor, _school, token = _invited(now)

    def accept() -> str:
        try:
            invitations.accept(token=token, name="周老师", password=PASSWORD, now=now)
        except SignInToAccept as refusal:
            return refusal.code
        return "accepted"

    outcome = while_uncommitted(lambda: UserFactory(email="zhou@example.org"), accept)

    assert outcome == "sign_in_to_accept"
    assert User.objects.filter(email="zhou@example.org").count() == 1


def _invited(now: datetime):
    """A coordinator, her school, and the link she sent to Zhou."""
    coordinator = MembershipFactory(coordinator=True)
    _invitation, token = invitations.invite(
        by=actor_of(coordinator),
        organisation=coordinator.organisation,
        role=Role.TEACHER,
        email="zhou@example.org",
        now=now,
    )
    return actor_of(coordinator), coordinator.organisation, token

"""Joining and leaving an organisation."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection

from accounts import selectors
from accounts.choices import Role
from accounts.errors import (
    AlreadyMember,
    InvitationWithdrawn,
    LastManager,
    MembershipEnded,
    NotAllowed,
    NotYours,
    Refusal,
)
from accounts.models import AuditEntry, Membership
from accounts.services import invitations, memberships, tokens
from tests.factories.accounts import (
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
    actor_of,
)

pytestmark = pytest.mark.django_db

# Who acts, and what comes of ending a teacher of the own school, one of another school.
WHO_MAY_END = {
    "secretariat": (None, None),
    "reviewer": (NotYours, NotYours),
    "host_manager": (NotYours, NotYours),
    "instructor": (NotYours, NotYours),
    "coordinator": (None, NotYours),
    "teacher": (NotAllowed, NotYours),
}


@pytest.mark.parametrize("who", WHO_MAY_END)
def test_who_may_end_whose_membership(who: str) -> None:
    school = OrganisationFactory()
    home = {"organisation": school} if who in ("coordinator", "teacher") else {}
    actor = actor_of(MembershipFactory(**{who: True}, **home))
    own, other = MembershipFactory(organisation=school), MembershipFactory()

    outcomes: list[type[Refusal] | None] = []
    for membership in (own, other):
        try:
            memberships.check_can_end(actor, membership, others=0)
        except Refusal as refusal:
            outcomes.append(type(refusal))
        else:
            outcomes.append(None)

    assert tuple(outcomes) == WHO_MAY_END[who]


def test_add_member_adds_once(now: datetime) -> None:
    coordinator = MembershipFactory(coordinator=True)
    user = UserFactory(email="li@example.org")
    add = {
        "by": actor_of(coordinator),
        "user": user,
        "organisation": coordinator.organisation,
        "role": Role.TEACHER,
        "now": now,
    }

    membership = memberships.add_member(**add)
    with pytest.raises(AlreadyMember) as refused:
        memberships.add_member(**add)

    assert Membership.objects.live().filter(user=user).get() == membership
    assert str(refused.value) == (f"li@example.org已经是{coordinator.organisation.name}的教师。")


def test_somebody_who_left_may_come_back(now: datetime) -> None:
    coordinator = actor_of(MembershipFactory(coordinator=True))
    former = MembershipFactory(organisation_id=coordinator.organisation_id)
    memberships.end_membership(by=coordinator, membership=former, now=now)

    again = memberships.add_member(
        by=coordinator,
        user=former.user,
        organisation=former.organisation,
        role=Role.TEACHER,
        now=now,
    )

    assert again.pk != former.pk


def test_end_membership_stops_the_keys_and_leaves_a_trace(now: datetime) -> None:
    coordinator = actor_of(MembershipFactory(coordinator=True))
    teacher = MembershipFactory(organisation_id=coordinator.organisation_id)
    token, _secret = tokens.issue(by=actor_of(teacher), label="校务", now=now)

    ended = memberships.end_membership(by=coordinator, membership=teacher, now=now)

    token.refresh_from_db()
    entry = AuditEntry.objects.filter(verb="membership.ended").get()
    assert (ended.ended_at, token.revoked_at) == (now, now)
    assert entry.target == f"accounts.membership:{teacher.pk}"
    assert entry.facts == {"role": "teacher", "organisation_id": teacher.organisation_id}


def test_end_membership_refuses_to_end_twice(now: datetime) -> None:
    coordinator = actor_of(MembershipFactory(coordinator=True))
    teacher = MembershipFactory(organisation_id=coordinator.organisation_id)
    ended = memberships.end_membership(by=coordinator, membership=teacher, now=now)

    with pytest.raises(MembershipEnded):
        memberships.end_membership(by=coordinator, membership=ended, now=now)


def test_the_last_manager_stays(now: datetime) -> None:
    coordinator = MembershipFactory(coordinator=True, organisation__name="清河中学")
    MembershipFactory(organisation=coordinator.organisation)

    with pytest.raises(LastManager) as refused:
        memberships.end_membership(by=actor_of(coordinator), membership=coordinator, now=now)

    assert str(refused.value) == ("清河中学只有这一位“学校管理员”。请先邀请另一位，再结束这一位。")


def test_the_last_manager_who_can_sign_in_stays(now: datetime) -> None:
    coordinator = MembershipFactory(coordinator=True)
    MembershipFactory(
        coordinator=True, organisation=coordinator.organisation, user__is_active=False
    )

    with pytest.raises(LastManager):
        memberships.end_membership(by=actor_of(coordinator), membership=coordinator, now=now)


@pytest.mark.django_db(transaction=True)
def test_two_managers_ending_each_other_leave_one(now: datetime) -> None:
    one = MembershipFactory(host_manager=True)
    two = MembershipFactory(host_manager=True, organisation=one.organisation)

    def end(pair: tuple[Membership, Membership]) -> str:
        by, other = pair
        try:
            memberships.end_membership(by=actor_of(by), membership=other, now=now)
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()
        return "ended"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(end, [(one, two), (two, one)]))

    assert outcomes == ["ended", "last_manager"]
    assert Membership.objects.live().filter(organisation=one.organisation).count() == 1


def test_people_to_tell_names_each_live_person_once(now: datetime) -> None:
    school = OrganisationFactory()
    both = UserFactory()
    MembershipFactory(user=both, organisation=school)
    MembershipFactory(user=both, organisation=school, coordinator=True)
    MembershipFactory(organisation=school, ended_at=now)
    MembershipFactory(organisation=school, user__is_active=False)
    MembershipFactory()

    told = selectors.people_to_tell(school.pk, [Role.TEACHER, Role.SCHOOL_COORDINATOR])

    assert told == [both]


def test_a_leaver_does_not_come_back_by_an_older_invitation(now: datetime) -> None:
    coordinator = actor_of(MembershipFactory(coordinator=True))
    teacher = MembershipFactory(organisation_id=coordinator.organisation_id)
    other = MembershipFactory(coordinator=True)
    promotion, token = invitations.invite(
        by=coordinator,
        organisation=teacher.organisation,
        role=Role.SCHOOL_COORDINATOR,
        email=teacher.user.email,
        now=now,
    )
    elsewhere, _token = invitations.invite(
        by=actor_of(other),
        organisation=other.organisation,
        role=Role.TEACHER,
        email=teacher.user.email,
        now=now,
    )

    memberships.end_membership(by=coordinator, membership=teacher, now=now)

    with pytest.raises(InvitationWithdrawn):
        invitations.accept(token=token, user=teacher.user, now=now)
    promotion.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (promotion.revoked_at, elsewhere.revoked_at) == (now, None)

"""Accounts of the demonstration. Nobody knows their password: one click signs in, in the demo."""

from datetime import datetime

from accounts.actors import SYSTEM, Actor
from accounts.choices import Role
from accounts.models import Membership, Organisation, User
from accounts.selectors import DEMO_ADDRESS, actor_of
from accounts.services import memberships
from insights.demo.names import phone


def enrol(
    *, name: str, login: str, organisation: Organisation, role: Role, now: datetime
) -> Membership:
    """A person of the organisation, known by ``login`` at the demonstration's address."""
    email = f"{login}{DEMO_ADDRESS}"
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(
            email, None, name=name, phone=phone(sum(map(ord, login)) * 7)
        )
    return memberships.add_member(
        by=SYSTEM, user=user, organisation=organisation, role=role, now=now
    )


def acting(membership: Membership) -> Actor:
    return actor_of(Membership.objects.select_related("user", "organisation").get(pk=membership.pk))

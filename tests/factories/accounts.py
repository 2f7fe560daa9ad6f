"""People and organisations that are valid and unremarkable."""

from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts import selectors
from accounts.actors import Actor
from accounts.choices import OrganisationKind, Role, Stage
from accounts.models import Membership, Organisation, User

PASSWORD = "a long pass phrase"


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    name = factory.Sequence(lambda n: f"教师{n}")
    password = factory.django.Password(PASSWORD)


class OrganisationFactory(DjangoModelFactory[Organisation]):
    """A junior secondary school; traits make the other kinds."""

    class Meta:
        model = Organisation

    class Params:
        school = factory.Trait()
        alliance = factory.Trait(kind=OrganisationKind.ALLIANCE, name="区职业教育联盟", stages=[])
        vocational_school = factory.Trait(
            kind=OrganisationKind.VOCATIONAL_SCHOOL,
            name=factory.Sequence(lambda n: f"第{n}职业技术学校"),
            stages=[],
        )
        enterprise = factory.Trait(
            kind=OrganisationKind.ENTERPRISE,
            name=factory.Sequence(lambda n: f"第{n}制造有限公司"),
            stages=[],
        )
        education_unit = factory.Trait(
            kind=OrganisationKind.EDUCATION_UNIT,
            name=factory.Sequence(lambda n: f"第{n}少年宫"),
            stages=[],
        )

    kind = OrganisationKind.SCHOOL
    name = factory.Sequence(lambda n: f"第{n}中学")
    stages = factory.LazyFunction(lambda: [Stage.JUNIOR])
    contact_name = "办公室"
    contact_phone = "021-5555 0100"

    @classmethod
    def _create(cls, model_class: type[Organisation], *args: Any, **kwargs: Any) -> Organisation:
        """There is one alliance: asking for it again returns it."""
        if kwargs["kind"] == OrganisationKind.ALLIANCE:
            known = Organisation.objects.filter(kind=OrganisationKind.ALLIANCE).first()
            if known is not None:
                return known
        return super()._create(model_class, *args, **kwargs)


class MembershipFactory(DjangoModelFactory[Membership]):
    """A teacher of a school; traits make the other roles, each in a fitting organisation."""

    class Meta:
        model = Membership

    class Params:
        teacher = factory.Trait()
        coordinator = factory.Trait(role=Role.SCHOOL_COORDINATOR)
        host_manager = factory.Trait(
            role=Role.HOST_MANAGER,
            organisation=factory.SubFactory(OrganisationFactory, vocational_school=True),
        )
        instructor = factory.Trait(
            role=Role.INSTRUCTOR,
            organisation=factory.SubFactory(OrganisationFactory, vocational_school=True),
        )
        secretariat = factory.Trait(
            role=Role.SECRETARIAT,
            organisation=factory.SubFactory(OrganisationFactory, alliance=True),
        )
        reviewer = factory.Trait(
            role=Role.REVIEWER,
            organisation=factory.SubFactory(OrganisationFactory, alliance=True),
        )

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    role = Role.TEACHER


def actor_of(membership: Membership) -> Actor:
    """The actor of a membership; ``actor_of(MembershipFactory(secretariat=True))``."""
    return selectors.actor_of(membership)

"""Sites and rooms of a host."""

import factory
from factory.django import DjangoModelFactory

from sites.models import Room, Site
from tests.factories.accounts import OrganisationFactory


class SiteFactory(DjangoModelFactory[Site]):
    class Meta:
        model = Site

    host = factory.SubFactory(OrganisationFactory, vocational_school=True)
    name = factory.Sequence(lambda n: f"第{n}实训中心")
    address = "普陀区示例路 1 号"
    contact_name = "值班室"
    contact_phone = "021-5555 0200"


class RoomFactory(DjangoModelFactory[Room]):
    """Holds 24 students safely: 90 m² would hold 30, the stations 24."""

    class Meta:
        model = Room

    site = factory.SubFactory(SiteFactory)
    host = factory.SelfAttribute("site.host")
    name = factory.Sequence(lambda n: f"{n}号实训室")
    floor_area_m2 = 90
    stations = 24
    licensed_capacity = 40

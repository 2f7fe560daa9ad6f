"""Whom to ask at a site; see ``accounts.data_map``."""

from django.utils.translation import gettext_lazy as _

from accounts.data_map import Basis, Impersonal, Person, PersonalField, Term

PERSONAL = (
    PersonalField(
        fields=("sites.Site.contact_name", "sites.Site.contact_phone"),
        what=_("基地联系人和电话"),
        person=Person.STAFF,
        purpose=_("到了地方能找到人"),
        basis=Basis.PUBLIC,
        seen_by=_("联盟各单位的成员"),
        kept=Term.CONTACT,
    ),
)

IMPERSONAL = (
    Impersonal(
        (
            "sites.Site.name",
            "sites.Site.name_en",
            "sites.Site.address",
            "sites.Site.opening_hours",
            "sites.Site.directions",
            "sites.Room.name",
            "sites.Room.floor_area_m2",
        ),
        "a place",
    ),
    Impersonal(
        ("sites.RoomHold.period", "sites.RoomHold.reason"),
        "when a room is occupied, or why it is closed",
    ),
    Impersonal(
        (
            "sites.CalendarDay.day",
            "sites.CalendarDay.name",
            "sites.SchoolTerm.starts_on",
            "sites.SchoolTerm.ends_on",
        ),
        "the calendar of all schools",
    ),
)

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal


class SitesRefusal(Refusal):
    """Base of the refusals of sites, rooms and the calendar."""


class RoomTaken(SitesRefusal):
    """The room already holds a session then; ``what`` names it, ``when`` says when."""

    code = "room_taken"
    sentence = _("%(room)s在 %(when)s 已安排%(what)s，请换时间或换实训室。")
    short = _("已安排%(what)s")


class RoomClosed(SitesRefusal):
    code = "room_closed"
    sentence = _("%(room)s在 %(when)s 停用（%(reason)s），请换时间或换实训室。")
    short = _("停用：%(reason)s")


class NameTaken(SitesRefusal):
    code = "name_taken"
    sentence = _("已有“%(name)s”，请换一个名称。")

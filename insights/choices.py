"""What the school's record of practice can list, and why a line is left out."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Column(TextChoices):
    """The columns that a school can choose from; the order here is that of equals."""

    NUMBER = "number", _("学号")
    NAME = "name", _("姓名")
    SCHOOL = "school", _("学校")
    CLASS = "class", _("班级")
    SEAT = "seat", _("座号")
    CATEGORY = "category", pgettext_lazy("record", "活动类别")
    REQUIREMENT = "requirement", _("学时要求")
    BASE = "base", pgettext_lazy("record", "实践基地")
    PLACE = "place", _("地点")
    HOST = "host", _("开课单位")
    HOST_KIND = "host_kind", _("开课单位类别")
    OCCUPATION = "occupation", _("职业")
    COURSE = "course", _("课程")
    DAY = "day", _("日期")
    STARTS = "starts", _("开始时间")
    ENDS = "ends", _("结束时间")
    HOURS = "hours", _("学时")
    TOTAL = "total", _("累计学时")
    REACHED = "reached", _("是否达到要求")
    TEACHER = "teacher", _("带队教师")
    CERTIFICATE = "certificate", _("证书编号")


# What the record asks for, as far as is known.
DEFAULT_COLUMNS = (
    Column.NUMBER,
    Column.NAME,
    Column.SCHOOL,
    Column.CLASS,
    Column.CATEGORY,
    Column.BASE,
    Column.COURSE,
    Column.DAY,
    Column.HOURS,
    Column.TEACHER,
)


class LeftOut(TextChoices):
    """Why a line would be rejected by whoever keeps the record, and is not exported."""

    NO_NUMBER = "no_number", _("没有学号")
    NO_SESSION = "no_session", _("人工补记，没有课程和开课单位")
    OUTSIDE = "outside", _("不在学时要求的日期以内")
    TWICE = "twice", _("与另一条记录时间重叠")
    NOT_REACHED = "not_reached", _("还没有达到学时要求")

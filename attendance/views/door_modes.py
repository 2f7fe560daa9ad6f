"""What a badge or a tapped seat means at the door, and the words for it: the same on the desk's
page and on the one that opens without a network."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from attendance.choices import DoorMode

Words = dict[str, str | Promise]

READY: Words = {
    DoorMode.IN.value: _("请扫胸牌"),
    DoorMode.OUT.value: _("扫胸牌签退"),
    DoorMode.MENU.value: _("改状态"),
}
READY_HOW: Words = {
    DoorMode.IN.value: _("也可以输入胸牌码或班级预约号，或点座号。"),
    DoorMode.OUT.value: _("也可以输入胸牌码或班级预约号，或点座号。"),
    DoorMode.MENU.value: _("扫胸牌或点座号：签到、签退、缺席、请假或撤销。"),
}
# The button beside a typed code.
FORM_DO: Words = {
    DoorMode.IN.value: _("签到"),
    DoorMode.OUT.value: _("签退"),
    DoorMode.MENU.value: _("查看"),
}
DONE: Words = {DoorMode.IN.value: _("已签到"), DoorMode.OUT.value: _("已签退")}
ALREADY: Words = {DoorMode.IN.value: _("已签过到"), DoorMode.OUT.value: _("已签过退")}
# The big word over who leaves without having come.
NOT_IN = _("还没有签到")


def mode_of(request: HttpRequest) -> DoorMode:
    """The mode in which the page was when this was sent: of the form, else of the address."""
    asked = request.POST.get("mode") or request.GET.get("mode")
    return DoorMode(asked) if asked in DoorMode.values else DoorMode.IN


def kept(name: str, *args: object, mode: DoorMode) -> str:
    """An address of this door in the same mode."""
    query = {"mode": mode.value} if mode != DoorMode.IN else None
    return reverse(f"attendance:{name}", args=args, query=query)

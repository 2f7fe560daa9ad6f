"""What comes to the door, checked for shape."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from attendance.choices import EventKind, NoBadge, WayIn
from attendance.forms.codes import CodeInput
from courses.choices import ReasonCode
from sites.dates import check_day


class ArrivalForm(forms.Form):
    """A scanned or typed code. The page makes the event's id, so that sending it twice is once."""

    code = forms.CharField(
        label=_("胸牌码，或带队教师的预约号"),
        max_length=200,
        widget=CodeInput,
    )
    event_id = forms.UUIDField(widget=forms.HiddenInput)
    way_in = forms.ChoiceField(
        choices=WayIn.choices, initial=WayIn.TYPED, required=False, widget=forms.HiddenInput
    )


class WalkInForm(forms.Form):
    """The badge of somebody on no list; the event's id comes once the person is sure."""

    code = forms.CharField(max_length=200)
    event_id = forms.UUIDField(required=False)


class TickForm(forms.Form):
    """A seat of the grid, and why the student has no badge to show."""

    no_badge = forms.ChoiceField(
        label=_("点座号签到的原因"),
        choices=NoBadge.choices,
        initial=NoBadge.NOT_SHOWN,
        required=False,
    )


class MarkForm(forms.Form):
    kind = forms.ChoiceField(
        choices=[
            (kind.value, kind.label)
            for kind in (EventKind.OUT, EventKind.ABSENT, EventKind.EXCUSED, EventKind.VOID)
        ]
    )
    event_id = forms.UUIDField()


class CloseForm(forms.Form):
    """Whether as many left as came: everybody now, or so many as were counted, or why not; and
    that doubtful events wait longer."""

    leave_undecided = forms.BooleanField(required=False, widget=forms.HiddenInput)
    everybody_left = forms.BooleanField(required=False, widget=forms.HiddenInput)
    heads_out = forms.IntegerField(
        label=_("清点离开的学生人数"), min_value=0, max_value=999, required=False
    )
    heads_note = forms.CharField(label=_("对不上的原因"), max_length=200, required=False)

    def values(self) -> dict[str, Any]:
        """What ``services.desk.close_desk`` takes."""
        return {name: self.cleaned_data[name] for name in self.fields}


class DropForm(forms.Form):
    """Why a doubtful event does not count."""

    reason = forms.CharField(label=_("不记的原因"), max_length=200, required=False)


class DeviceForm(forms.Form):
    name = forms.CharField(
        label=_("设备名称"),
        max_length=40,
        help_text=_("写哪里用的，例如“门口平板”。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class DayForm(forms.Form):
    """Which day of the host to look at."""

    day = forms.DateField(label=_("日期"), validators=[check_day], widget=forms.DateInput)


class NoShowForm(forms.Form):
    """Why nobody of a class came."""

    code = forms.TypedChoiceField(
        label=_("原因"),
        choices=[("", _("请选择")), *ReasonCode.choices],
        coerce=ReasonCode,
        error_messages={"required": _("请选一个原因。")},
    )

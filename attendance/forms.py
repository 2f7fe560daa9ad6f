"""What comes to the door, checked for shape."""

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings.choices import ReasonCode

from .choices import EventKind, WayIn


class ArrivalForm(forms.Form):
    """A scanned or typed code. The page makes the event's id, so that sending it twice is once."""

    code = forms.CharField(
        label=_("胸牌码"),
        max_length=200,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
            }
        ),
    )
    event_id = forms.UUIDField(widget=forms.HiddenInput)
    way_in = forms.ChoiceField(
        choices=WayIn.choices, initial=WayIn.TYPED, required=False, widget=forms.HiddenInput
    )


class WalkInForm(forms.Form):
    """The badge of somebody on no list; the event's id comes once the person is sure."""

    code = forms.CharField(max_length=200)
    event_id = forms.UUIDField(required=False)


class BadgeForm(forms.Form):
    """A student or guardian looks up what a badge is good for."""

    code = forms.CharField(
        label=_("胸牌码（16 个字符）"),
        max_length=200,
        error_messages={"required": _("请输入胸牌上的 16 个字符。")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    student_no = forms.CharField(
        label=_("学号"),
        max_length=20,
        required=False,
        help_text=_("填了学号，还能看到地点和时间。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("原因"), max_length=200)


class ReissueForm(ReasonForm):
    """With the badge that is replaced, 0 for none, so that sending it twice is once."""

    badge = forms.IntegerField(
        required=False, min_value=0, max_value=2**63 - 1, widget=forms.HiddenInput
    )


class MarkForm(forms.Form):
    kind = forms.ChoiceField(
        choices=[
            (kind.value, kind.label)
            for kind in (EventKind.OUT, EventKind.ABSENT, EventKind.EXCUSED, EventKind.VOID)
        ]
    )
    event_id = forms.UUIDField()


class NoShowForm(forms.Form):
    """Why nobody of a class came."""

    code = forms.TypedChoiceField(
        label=_("原因"),
        choices=[("", _("请选择")), *ReasonCode.choices],
        coerce=ReasonCode,
        error_messages={"required": _("请选一个原因。")},
    )

"""What comes to the door, checked for shape."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings import wording
from bookings.choices import ReasonCode
from rosters.models import ClassGroup, Student
from rosters.parsing.cells import STUDENT_NO
from sites.dates import check_day

from .choices import EventKind, NoBadge, WayIn


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


class TickForm(forms.Form):
    """A seat of the grid, and why the student has no badge to show."""

    no_badge = forms.ChoiceField(
        label=_("点座号签到的原因"),
        choices=NoBadge.choices,
        initial=NoBadge.NOT_SHOWN,
        required=False,
    )


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


class DeviceForm(forms.Form):
    name = forms.CharField(
        label=_("设备名称"),
        max_length=40,
        help_text=_("写哪里用的，例如“门口平板”。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class DropForm(forms.Form):
    """Why a doubtful event does not count."""

    reason = forms.CharField(label=_("不记的原因"), max_length=200, required=False)


class ReplaceForm(ReasonForm):
    """What becomes of badges that are lost: new ones, or none for now."""

    then = forms.ChoiceField(
        label=_("作废以后"),
        choices=[("reissue", _("补发新胸牌")), ("revoke", _("暂不补发"))],
        initial="reissue",
        widget=forms.RadioSelect,
    )
    # The newest badge when the page was opened, 0 for none: sent twice, the form does it once.
    newest = forms.IntegerField(
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


class ClassField(forms.ModelChoiceField):
    moment: Any = None

    def label_from_instance(self, obj: Any) -> str:
        return wording.class_name(obj, self.moment)


class AcceptForm(forms.Form):
    """Where a student who comes from another school goes."""

    class_group = ClassField(
        label=_("班级"), queryset=ClassGroup.objects.none(), empty_label=_("请选班级")
    )
    seat_no = forms.IntegerField(
        label=_("座号"),
        min_value=1,
        max_value=999,
        required=False,
        help_text=_("留空就排在最后一号。"),
    )
    student_no = forms.RegexField(
        rf"^{STUDENT_NO.pattern}$",
        label=_("本校学号"),
        required=False,
        error_messages={"invalid": _("学号只能是字母、数字和短横，最多 20 个，请勿填身份证号。")},
    )

    def __init__(self, *args: Any, classes: Any, moment: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["class_group"]
        field.queryset, field.moment = classes, moment  # type: ignore[attr-defined]


class DuplicateForm(forms.Form):
    """Which row is the same child."""

    duplicate = forms.ModelChoiceField(queryset=Student.objects.none())

    def __init__(self, *args: Any, candidates: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["duplicate"].queryset = candidates  # type: ignore[attr-defined]


class EraseForm(forms.Form):
    name = forms.CharField(
        label=_("学生姓名"), max_length=60, help_text=_("请照原样输入，确认没有选错人。")
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

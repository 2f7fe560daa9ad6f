"""A student taken in, merged or erased, and badges that are lost."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from attendance.forms.reasons import ReasonForm
from bookings import wording
from rosters.models import ClassGroup, Student
from rosters.parsing.cells import STUDENT_NO


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

"""What is filled in about one student, checked for shape."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from rosters.choices import ConsentRule, NeedKind, PhoneReason
from rosters.models import Student
from rosters.parsing.cells import STUDENT_NO
from rosters.services.care import NEED_LENGTH
from rosters.services.students import NAME_LENGTH

NO_NUMBER = _("学号只能是字母、数字和短横，最多 20 个，请勿填身份证号。")


def student_no_field() -> forms.RegexField:
    return forms.RegexField(
        rf"^{STUDENT_NO.pattern}$",
        label=_("学号"),
        required=False,
        error_messages={"invalid": NO_NUMBER},
    )


class StudentForm(forms.Form):
    name = forms.CharField(label=_("姓名"), max_length=NAME_LENGTH)
    student_no = student_no_field()
    seat_no = forms.IntegerField(label=_("座号"), min_value=1, max_value=999)


class SearchForm(forms.Form):
    q = forms.CharField(
        label=_("姓名、拼音首字母或学号"),
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class NeedsForm(forms.Form):
    """One line for each kind of need; empty ones are forgotten."""

    mobility = forms.CharField(
        label=NeedKind.MOBILITY.label,
        max_length=NEED_LENGTH,
        required=False,
        help_text=_("例如：用轮椅，不能久站。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    diet = forms.CharField(
        label=NeedKind.DIET.label,
        max_length=NEED_LENGTH,
        required=False,
        help_text=_("例如：花生过敏，不吃猪肉。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PhoneForm(forms.Form):
    phone = forms.CharField(
        label=_("新的监护人电话"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )


class RevealForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("为什么要看"), choices=PhoneReason.choices, widget=forms.RadioSelect
    )


class TransferForm(forms.Form):
    to_school = forms.ModelChoiceField(
        label=_("转往"), queryset=Organisation.objects.none(), empty_label=_("请选学校")
    )

    def __init__(self, *args: Any, schools: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to_school"].queryset = schools  # type: ignore[attr-defined]


class SettingsForm(forms.Form):
    keeps_guardian_phones = forms.BooleanField(
        label=_("保存监护人电话"),
        required=False,
        help_text=_(
            "加密保存，平时只显示后四位，查看全号要选原因并留下记录。关闭后，已存的号码立即删除。"
        ),
    )
    consent_rule = forms.ChoiceField(
        label=_("监护人同意书"), choices=ConsentRule.choices, widget=forms.RadioSelect
    )
    consent_blocks = forms.BooleanField(
        label=_("缺同意书时不能预约"),
        required=False,
        help_text=_(
            "每学年收一次的，缺同意书的学生不能约；每次出行收的，预约时不拦，请在出发前收齐。"
        ),
    )


class ConsentTextForm(forms.Form):
    text_zh = forms.CharField(
        label=_("中文"), max_length=5000, widget=forms.Textarea(attrs={"rows": 12})
    )
    text_en = forms.CharField(
        label=_("英文"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "lang": "en"}),
    )


class TicksForm(forms.Form):
    """Some of the students listed, ticked."""

    students = forms.ModelMultipleChoiceField(queryset=Student.objects.none())

    def __init__(self, *args: Any, students: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["students"].queryset = students  # type: ignore[attr-defined]

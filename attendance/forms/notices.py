"""A public notice: started, objected to, decided."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from hours.models import PracticumRequirement


class NoticeForm(forms.Form):
    """Which requirement's hours a school shows, and for how many school days."""

    requirement = forms.ModelChoiceField(
        label=_("学时要求"), queryset=PracticumRequirement.objects.none(), empty_label=None
    )
    days = forms.IntegerField(
        label=_("公示几个上课日"),
        min_value=1,
        max_value=30,
        initial=5,
        help_text=_("今天是上课日的，算第一天。"),
    )

    def __init__(
        self, *args: Any, offered: Sequence[PracticumRequirement] = (), **kwargs: Any
    ) -> None:
        """``offered`` can be chosen; another that is sent hears from the service why not."""
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField", self.fields["requirement"])
        field.queryset = PracticumRequirement.objects.order_by("due_on", "pk")
        field.widget.choices = [(one.pk, str(one)) for one in offered]


class ObjectionForm(forms.Form):
    text = forms.CharField(
        label=_("异议"),
        max_length=300,
        help_text=_("写明哪一天、哪一场、应是多少学时。不用写姓名和电话。"),
        error_messages={"required": _("请写明异议。")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DecisionForm(forms.Form):
    upheld = forms.TypedChoiceField(
        label=_("处理结果"),
        choices=[("yes", _("成立")), ("no", _("不成立"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label=_("处理说明"),
        max_length=300,
        help_text=_("提出异议的人会看到。请不要写姓名。"),
        error_messages={"required": _("请写明处理说明，提出异议的人会看到。")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )

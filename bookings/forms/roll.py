"""Where a student goes within the school."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings import wording
from rosters.models import ClassGroup, Student


class ClassField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return wording.class_name(obj, self.moment)

    moment: Any = None


class MoveForm(forms.Form):
    class_group = ClassField(
        label=_("换到"), queryset=ClassGroup.objects.none(), empty_label=_("请选班级")
    )
    seat_no = forms.IntegerField(
        label=_("新座号"),
        min_value=1,
        max_value=999,
        required=False,
        help_text=_("留空就排在最后一号。"),
    )
    release = forms.BooleanField(label=_("放出在原班已约的名额"), required=False)

    def __init__(self, *args: Any, classes: Any, moment: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["class_group"]
        field.queryset, field.moment = classes, moment  # type: ignore[attr-defined]


class TicksForm(forms.Form):
    """Some of the students listed, ticked."""

    students = forms.ModelMultipleChoiceField(queryset=Student.objects.none())

    def __init__(self, *args: Any, students: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["students"].queryset = students  # type: ignore[attr-defined]

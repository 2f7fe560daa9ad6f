"""What a host writes about a course, checked for shape. Drafts may be incomplete."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.choices import Stage
from courses.models import CourseVersion
from courses.services.versions import FIELDS

LONG = ("plan", "materials", "hazards", "assessment", "handbook", "summary_zh", "summary_en")


class CourseForm(forms.ModelForm):
    """All that a host writes. ``edition`` is the one the form was opened with."""

    edition = forms.IntegerField(widget=forms.HiddenInput, required=False)
    stages = forms.MultipleChoiceField(
        label=_("适合学段"), choices=Stage.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = CourseVersion
        fields = FIELDS
        widgets = {name: forms.Textarea(attrs={"rows": 4}) for name in LONG}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (low, high) in {
            "class_hours": (1, 32),
            "group_size_min": (1, 500),
            "group_size_max": (1, 500),
            "grade_from": (1, 12),
            "grade_to": (1, 12),
            "min_adults": (1, 10),
            "students_per_adult": (1, 60),
        }.items():
            field = self.fields[name]
            assert isinstance(field, forms.IntegerField)
            field.min_value, field.max_value = low, high
            field.widget.attrs |= {"min": low, "max": high, "inputmode": "numeric"}
            field.validators = [
                MinValueValidator(low),
                MaxValueValidator(high),
            ]
        for name in LONG:
            self.fields[name].widget.attrs["rows"] = 8 if name == "handbook" else 4

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for first, last, sentence in (
            ("grade_from", "grade_to", _("最高年级不能低于最低年级。")),
            ("group_size_min", "group_size_max", _("最多人数不能少于最少人数。")),
        ):
            low, high = cleaned.get(first), cleaned.get(last)
            if low is not None and high is not None and high < low:
                self.add_error(last, sentence)
        return cleaned

    def open_again(self, edition: int) -> None:
        """What was typed stays; the next saving is of this edition."""
        assert isinstance(self.data, QueryDict)
        self.data = {**self.data.dict(), "stages": self.data.getlist("stages"), "edition": edition}

    def written(self) -> dict[str, Any]:
        """The fields of the course, without the form's own."""
        return {name: self.cleaned_data[name] for name in FIELDS}

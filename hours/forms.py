"""What a cohort must reach, checked for shape."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import PracticumRequirement

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class RequirementForm(forms.ModelForm):
    class Meta:
        model = PracticumRequirement
        fields = (
            "name",
            "stage",
            "entry_year_from",
            "entry_year_to",
            "class_hours",
            "min_occupations",
            "counts_from",
            "due_on",
        )
        labels = {
            "entry_year_from": _("入学年份从"),
            "entry_year_to": _("入学年份到"),
        }
        widgets = {"counts_from": DATE, "due_on": DATE}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (low, high) in {
            "entry_year_from": (2000, 2100),
            "entry_year_to": (2000, 2100),
            "class_hours": (1, 200),
            "min_occupations": (1, 30),
        }.items():
            self.fields[name] = forms.IntegerField(
                label=self.fields[name].label, min_value=low, max_value=high
            )

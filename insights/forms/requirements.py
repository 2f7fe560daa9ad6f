"""What a cohort must reach, checked for shape."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.choices import HOST_KINDS, SchoolKind
from hours.models import PracticumRequirement

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
RANGES = {
    "entry_year_from": (2000, 2100),
    "entry_year_to": (2000, 2100),
    "class_hours": (1, 200),
    "min_occupations": (1, 30),
}


class RequirementForm(forms.ModelForm):
    """A requirement with its minimums, a field for each kind of host. What is wrong stands at
    its field, and there only."""

    class Meta:
        model = PracticumRequirement
        fields = (
            "name",
            "stage",
            "school_kind",
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
        for name, (low, high) in RANGES.items():
            self.fields[name] = forms.IntegerField(
                label=self.fields[name].label, min_value=low, max_value=high
            )
        self.fields["school_kind"] = forms.ChoiceField(
            label=self.fields["school_kind"].label,
            choices=[("", _("不限")), *SchoolKind.choices],
            required=False,
        )
        known = (
            dict(self.instance.minimums.values_list("host_kind", "class_hours"))
            if self.instance.pk
            else {}
        )
        for kind in HOST_KINDS:
            self.fields[f"minimum_{kind.value}"] = forms.IntegerField(
                label=kind.label,
                min_value=1,
                max_value=200,
                required=False,
                initial=known.get(kind),
            )

    def minimum_fields(self) -> list[forms.BoundField]:
        return [self[f"minimum_{kind.value}"] for kind in HOST_KINDS]

    def label_of(self, name: str) -> str:
        """The field's label, where no other stands around it."""
        label = str(self.fields[name].label)
        if name.startswith("minimum_"):
            return gettext("%(kind)s至少几学时") % {"kind": label}
        return label

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("entry_year_from"), cleaned.get("entry_year_to")
        if first and last and last < first:
            self.add_error("entry_year_to", _("不能早于前一个入学年份。"))
        counts_from, due_on = cleaned.get("counts_from"), cleaned.get("due_on")
        if counts_from and due_on and due_on <= counts_from:
            self.add_error("due_on", _("要晚于起算日。"))
        hours = cleaned.get("class_hours")
        asked = [kind for kind in HOST_KINDS if cleaned.get(f"minimum_{kind.value}")]
        if hours and sum(cleaned[f"minimum_{kind.value}"] for kind in asked) > hours:
            self.add_error(f"minimum_{asked[-1].value}", _("各类最低学时合计不能超过总学时。"))
        return cleaned

    def values(self) -> dict[str, Any]:
        """What a requirement is set to."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields} | {
            "minimums": {
                kind: hours
                for kind in HOST_KINDS
                if (hours := self.cleaned_data[f"minimum_{kind.value}"])
            }
        }

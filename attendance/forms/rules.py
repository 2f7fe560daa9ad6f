"""A new edition of the rule table."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from attendance.choices import FIRST_EDITION, Earns
from attendance.models import AttendanceRuleSet
from sites.dates import check_day


class RuleSetForm(forms.ModelForm):
    """A new edition of the rule table; filled in with the last one."""

    class Meta:
        model = AttendanceRuleSet
        fields = (
            "valid_from",
            "opens_before_minutes",
            "late_minutes",
            "late_earns",
            "long_late_minutes",
            "long_late_earns",
            "early_minutes",
            "early_earns",
            "long_early_minutes",
            "long_early_earns",
            "note",
        )
        widgets = {"valid_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, last: AttendanceRuleSet | None, **kwargs: Any) -> None:
        first = FIRST_EDITION
        known = {
            "opens_before_minutes": first.opens_before.seconds // 60,
            "late_minutes": first.late[0].after.seconds // 60,
            "late_earns": first.late[0].earns,
            "early_minutes": first.early[0].after.seconds // 60,
            "early_earns": first.early[0].earns,
        }
        if last is not None:
            known = {
                name: getattr(last, name)
                for name in self.Meta.fields
                if name not in ("valid_from", "note")
            }
        super().__init__(*args, **{"initial": known, **kwargs})
        for name in self.fields:
            if name.endswith("_minutes"):
                field = self.fields[name]
                self.fields[name] = forms.IntegerField(
                    label=field.label, min_value=0, max_value=480, required=field.required
                )
            elif name.endswith("_earns") and name.startswith("long_"):
                self.fields[name] = forms.ChoiceField(
                    label=self.fields[name].label,
                    choices=[("", _("没有第二档")), *Earns.choices[1:]],
                    required=False,
                )
        self.fields["valid_from"].validators.append(check_day)

    def _post_clean(self) -> None:
        """The service says what is wrong with the whole; nothing is saved here."""

    def values(self) -> dict[str, Any]:
        """What ``services.rule_sets.add_edition`` takes."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    def fingerprint(self) -> str:
        """The same for what was looked at and for what is added after it."""
        return " ".join(f"{value}" for name, value in self.values().items() if name != "note")

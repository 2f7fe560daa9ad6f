from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from courses.errors import SeasonBeforeBooking
from courses.models import Season
from sites.calendar import local_day
from sites.dates import check_day


class SeasonForm(forms.ModelForm):
    class Meta:
        model = Season
        fields = ("name", "school_year", "opens_at", "closes_at", "runs_from", "runs_until")
        labels = {"school_year": _("学年（九月所在的年份）")}
        widgets = {
            "opens_at": forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
            ),
            "closes_at": forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
            ),
            "runs_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "runs_until": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("opens_at", "closes_at", "runs_from", "runs_until"):
            self.fields[name].validators.append(check_day)

    def clean_school_year(self) -> int:
        year: int = self.cleaned_data["school_year"]
        if not 2000 <= year <= 2100:
            raise forms.ValidationError(_("请填四位年份，例如 2026。"))
        return year

    def clean(self) -> dict[str, Any] | None:
        """What is out of order is told at the later of the two dates."""
        cleaned = super().clean()
        dates = {name: self.cleaned_data.get(name) for name in self.Meta.fields[2:]}
        opens, closes, first, last = dates.values()
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("要晚于开始预约的时间。"))
        if first and last and last < first:
            self.add_error("runs_until", _("不能早于第一天开课。"))
        if opens and first and first < local_day(opens):
            self.add_error("runs_from", SeasonBeforeBooking.sentence)
        return cleaned

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

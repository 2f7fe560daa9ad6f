from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from courses.errors import SeasonBeforeBooking, SeasonsOverlap, WishesOver
from courses.models import Season
from courses.selectors.seasons import overlapping, wishes_are_over
from sites import dates
from sites.calendar import local_day
from sites.dates import check_day

MOMENTS = ("publishes_at", "wishes_from", "wishes_until", "opens_at", "closes_at")
DAYS = ("runs_from", "runs_until")


class SeasonForm(forms.ModelForm):
    """A season's dates. What is wrong stands at the date that has to move, and there only."""

    class Meta:
        model = Season
        fields = ("name", "school_year", *MOMENTS, *DAYS, "freeze_days")
        labels = {"school_year": _("学年（九月所在的年份）")}
        widgets = {
            name: forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
            for name in MOMENTS
        } | {name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d") for name in DAYS}

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        for name in (*MOMENTS, *DAYS):
            self.fields[name].validators.append(check_day)
        self.fields["freeze_days"] = forms.IntegerField(
            label=self.fields["freeze_days"].label, min_value=0, max_value=60, initial=3
        )

    def clean_school_year(self) -> int:
        year: int = self.cleaned_data["school_year"]
        if not 2000 <= year <= 2100:
            raise forms.ValidationError(_("请填四位年份，例如 2026。"))
        return year

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        publishes, opens, closes = (
            cleaned.get(name) for name in ("publishes_at", "opens_at", "closes_at")
        )
        self._check_wishes(cleaned.get("wishes_from"), cleaned.get("wishes_until"), opens)
        if publishes and opens and publishes > opens:
            self.add_error("publishes_at", _("不能晚于开始预约。"))
        elif publishes and cleaned.get("wishes_from") and publishes > cleaned["wishes_from"]:
            self.add_error("publishes_at", _("不能晚于开始填志愿。"))
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("要晚于开始预约的时间。"))
        first, last = cleaned.get("runs_from"), cleaned.get("runs_until")
        if first and last:
            if last < first:
                self.add_error("runs_until", _("不能早于第一天开课。"))
            else:
                self._check_alone(first, last)
        if opens and first and first < local_day(opens):
            self.add_error("runs_from", SeasonBeforeBooking.sentence)
        return cleaned

    def _check_wishes(
        self, starts: datetime | None, ends: datetime | None, opens: datetime | None
    ) -> None:
        """Both dates or none, in order, and before booking."""
        if {"wishes_from", "wishes_until"} & self.errors.keys():
            return
        if starts and not ends:
            self.add_error("wishes_until", _("请填结束的时间；不设志愿阶段就两项都不填。"))
        elif ends and not starts:
            self.add_error("wishes_from", _("请填开始的时间；不设志愿阶段就两项都不填。"))
        elif starts and ends and ends <= starts:
            self.add_error("wishes_until", _("要晚于开始填志愿。"))
        elif ends and opens and ends > opens:
            self.add_error("wishes_until", _("不能晚于开始预约。"))
        elif wishes_are_over(self._known(), starts, ends, self.now):
            self.add_error("wishes_until", WishesOver.sentence)

    def _known(self) -> Season | None:
        return self.instance if self.instance.pk else None

    def _check_alone(self, first: Any, last: Any) -> None:
        other = overlapping(self._known(), first, last)
        if other is not None:
            late = other.runs_from > first
            self.add_error(
                "runs_until" if late else "runs_from",
                str(
                    SeasonsOverlap(
                        season=other.name,
                        first=dates.day_full(other.runs_from),
                        last=dates.day_full(other.runs_until),
                    )
                ),
            )

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

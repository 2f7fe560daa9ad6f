"""Which readings of names to show, and why somebody looks."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings import wording
from rosters.models import ClassGroup


class NamesLogForm(forms.Form):
    """Which readings of names to show: of a day, of a class, by a member. Keys and days only."""

    day = forms.DateField(
        label=_("日期"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    class_group = forms.ChoiceField(label=_("班级"), required=False)
    reader = forms.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, groups: list[ClassGroup], now: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["class_group"].choices = [  # type: ignore[attr-defined]
            ("", _("全部班级")),
            *((str(group.pk), wording.class_name(group, now)) for group in groups),
        ]

    def chosen(self) -> tuple[date | None, int | None, int | None]:
        """Day, class and reader, as far as they were given and make sense."""
        self.is_valid()
        found = self.cleaned_data
        group = found.get("class_group")
        return found.get("day"), int(group) if group else None, found.get("reader")


class NamesReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("查看原因"),
        max_length=200,
        help_text=_("例如：核对 12 月 8 日场次的家长来电。请勿写学生姓名。"),
    )

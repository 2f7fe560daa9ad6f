"""Which lines and columns of the record to export."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings import wording
from insights.choices import Column
from insights.selectors.records import Wanted
from rosters.models import ClassGroup


class RecordForm(forms.Form):
    """Which lines of the record: classes, days, whom."""

    classes = forms.MultipleChoiceField(
        label=_("班级"), required=False, widget=forms.CheckboxSelectMultiple
    )
    since = forms.DateField(
        label=_("从"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("到"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    only_done = forms.BooleanField(label=_("只导出已达到要求的学生"), required=False)

    def __init__(self, *args: Any, groups: list[ClassGroup], now: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["classes"].choices = [  # type: ignore[attr-defined]
            (str(group.pk), wording.class_name(group, now)) for group in groups
        ]

    def wanted(self) -> Wanted:
        """No class ticked means all of them; called once the form is valid."""
        found = self.cleaned_data
        return Wanted(
            class_ids=tuple(int(key) for key in found["classes"]) or None,
            since=found["since"],
            until=found["until"],
            only_done=found["only_done"],
        )


class LayoutForm(forms.Form):
    """Each column with its place; without one it is left out."""

    def __init__(self, data: Any = None, *, chosen: Sequence[Column] = ()) -> None:
        super().__init__(data, auto_id="column_%s")
        places = {column: number for number, column in enumerate(chosen, start=1)}
        for column in Column:
            self.fields[column.value] = forms.IntegerField(
                label=column.label,
                min_value=1,
                max_value=99,
                required=False,
                initial=places.get(column),
            )

    def columns(self) -> list[Column]:
        """Those with a place, in their order; called once the form is valid."""
        placed = [
            (self.cleaned_data[column.value], number, column)
            for number, column in enumerate(Column)
            if self.cleaned_data[column.value]
        ]
        return [column for _place, _number, column in sorted(placed)]

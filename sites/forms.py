"""Sites, rooms and closures, checked for shape."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.phones import check_phone

from .calendar import at
from .dates import check_day
from .models import Room, Site


class SiteForm(forms.ModelForm):
    class Meta:
        model = Site
        fields = (
            "name",
            "name_en",
            "address",
            "contact_name",
            "contact_phone",
            "opening_hours",
            "directions",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contact_phone"].validators.append(check_phone)


class RatingForm(forms.Form):
    stars = forms.TypedChoiceField(
        label=_("星级"),
        choices=[("", _("未评")), *((number, str(number)) for number in range(1, 6))],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    is_practice_base = forms.BooleanField(label=_("社会实践基地"), required=False)


class RoomForm(forms.ModelForm):
    class Meta:
        model = Room
        fields = ("name", "floor_area_m2", "stations", "licensed_capacity", "heads_capacity")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("floor_area_m2", "stations", "licensed_capacity"):
            self.fields[name] = forms.IntegerField(
                label=self.fields[name].label, min_value=1, max_value=20_000
            )
        self.fields["heads_capacity"] = forms.IntegerField(
            label=self.fields["heads_capacity"].label,
            help_text=_("房间里学生和成人合计最多几人；不填则只限学生人数。已开的场次不变。"),
            min_value=1,
            max_value=20_000,
            required=False,
        )


class ClosureForm(forms.Form):
    """From a day and hour until a day and hour, with the reason that skipped dates show."""

    first = forms.DateField(
        label=_("从"), validators=[check_day], widget=forms.DateInput(attrs={"type": "date"})
    )
    starts = forms.TimeField(
        label=_("开始"), widget=forms.TimeInput(attrs={"type": "time"}), initial="08:00"
    )
    last = forms.DateField(
        label=_("到"), validators=[check_day], widget=forms.DateInput(attrs={"type": "date"})
    )
    ends = forms.TimeField(
        label=_("结束"), widget=forms.TimeInput(attrs={"type": "time"}), initial="17:00"
    )
    reason = forms.CharField(label=_("原因"), max_length=100)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if {"first", "starts", "last", "ends"} <= cleaned.keys():
            starts_at, ends_at = self.period(cleaned)
            if ends_at <= starts_at:
                self.add_error("last", _("结束要晚于开始。"))
        return cleaned

    def period(self, data: dict[str, Any]) -> tuple[datetime, datetime]:
        return at(data["first"], data["starts"]), at(data["last"], data["ends"])

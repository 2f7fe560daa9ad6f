"""What a school fills in to choose another session."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings.errors.sessions import NoSessions
from bookings.forms.seen import SeenForm
from bookings.services.sessions_seen import Seen
from courses.models import CourseSession
from sites import dates

KEY: dict[str, Any] = {"min_value": 1, "max_value": 2**63 - 1, "required": False}


class NarrowForm(forms.Form):
    """One day, one site of those on offer. ``found`` are the days with the sites at which there
    is something on them; whatever is not among them is said."""

    day = forms.TypedChoiceField(
        label=_("日期"),
        coerce=date.fromisoformat,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": _("这一天没有能换的场次。")},
    )
    site = forms.TypedChoiceField(
        label=_("地点"),
        coerce=int,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": _("这个地点没有能换的场次。")},
    )

    def __init__(
        self,
        data: Any,
        *,
        found: Collection[tuple[date, int | None]],
        sites: Sequence[tuple[int, str]],
    ) -> None:
        super().__init__(data)
        self.found = found
        every = ("", _("全部"))
        days = sorted({day for day, _site in found})
        self.fields["day"].choices = [  # type: ignore[attr-defined]
            every,
            *((day.isoformat(), dates.day(day)) for day in days),
        ]
        self.fields["site"].choices = [every, *sites]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        day, site = cleaned.get("day"), cleaned.get("site")
        if day and site and (day, site) not in self.found:
            self.add_error("day", _("这一天在这个地点没有能换的场次。"))
        return cleaned


class PickForm(forms.Form):
    """A session, or a set of which all days are taken."""

    session = forms.IntegerField(widget=forms.HiddenInput, **KEY)
    session_set = forms.IntegerField(widget=forms.HiddenInput, **KEY)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if bool(cleaned.get("session")) == bool(cleaned.get("session_set")):
            raise forms.ValidationError(str(NoSessions.sentence))
        return cleaned


class ConfirmForm(SeenForm):
    """Swap, or keep what was. ``sessions`` are the other ones, as they are in view."""

    gives_up = forms.BooleanField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("为什么换"),
        help_text=_("开课单位会看到。"),
        max_length=200,
        required=False,
        widget=forms.TextInput,
    )

    def __init__(self, data: Any = None, *, sessions: Iterable[CourseSession] = ()) -> None:
        super().__init__(data, initial={"seen": [Seen.of(one) for one in sessions]})

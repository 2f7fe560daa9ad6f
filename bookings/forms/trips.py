"""What the school fills in about a booking it has."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from bookings.forms.companions import CompanionsForm
from rosters.models import Student


class SeatAndName(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.seat_no} {obj.name}"


class ChangeForm(CompanionsForm):
    """Who comes along. ``edition`` is that of the booking the form was made from."""

    edition = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    students = SeatAndName(
        label=_("参加的学生"),
        queryset=Student.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("请至少选一名学生。"),
            "invalid_choice": _("选的学生不在这个班级，请重新选择。"),
            "invalid_pk_value": _("选的学生不在这个班级，请重新选择。"),
        },
    )

    def __init__(self, *args: Any, students: QuerySet[Student], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["students"].queryset = students  # type: ignore[attr-defined]

    def bring_up_to_date(self, edition: int) -> None:
        """The next submission is made with the newest booking in view; what was filled in stays."""
        data = cast("QueryDict", self.data).copy()
        data["edition"] = str(edition)
        self.data = data


class ReasonForm(forms.Form):
    """Why something is cancelled; the other side reads it."""

    reason = forms.CharField(
        label=_("原因（对方会看到）"),
        max_length=200,
        error_messages={"required": _("请写明原因，对方会看到。")},
        widget=forms.TextInput,
    )

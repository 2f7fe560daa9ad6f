"""What the school fills in about a booking it has."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bookings.errors.requests import ReasonMissing
from bookings.forms.companions import CompanionsForm
from bookings.forms.seen import SeenForm
from bookings.services.growth import Growth
from courses.choices import ReasonCode
from rosters.models import Student


class SeatAndName(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.seat_no} {obj.name}"


class ChangeForm(SeenForm, CompanionsForm):
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
        required=False,
    )
    seats = forms.IntegerField(
        label=_("名额总数"),
        min_value=1,
        max_value=500,
        required=False,
        help_text=_("不填就与所选学生一样多；多出的名额可以以后再定学生。"),
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=_("原因（开课单位会看到）"),
        max_length=200,
        required=False,
        help_text=_("改学生或人数须写原因，开课单位同意后才生效；只改带队教师的姓名不用写。"),
    )

    def __init__(
        self, *args: Any, students: QuerySet[Student], settled: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["students"].queryset = students  # type: ignore[attr-defined]
        if not settled:
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "students" in cleaned and not cleaned["students"] and not cleaned.get("seats"):
            self.add_error("students", _("请至少选一名学生。"))
        return cleaned

    def say_room(self, room: Growth, *, of_class: int) -> None:
        """Where not all of the class find room, the number of seats says before it is sent how
        many do: with what is free, and, where the host is asked anyway, with what it could add."""
        if of_class <= room.most:
            return
        said = (
            ngettext(
                "这一场只余 %(free)d 位，最多 %(most)d 人。",
                "这一场只余 %(free)d 位，最多 %(most)d 人。",
                room.free,
            )
            if room.free
            else gettext("这一场没有空位了，最多 %(most)d 人。")
        ) % {"free": room.free, "most": room.most}
        if "reason" in self.fields and room.most_with_added > room.most:
            more = min(room.most_with_added, of_class)
            said += gettext("再多要开课单位先加名额，最多 %(more)d 人。") % {"more": more}
        # The field as it is drawn was made when the form was checked.
        seats = self["seats"]
        seats.help_text = f"{said}{seats.help_text}"

    def bring_up_to_date(self, edition: int) -> None:
        """The next submission is made with the newest booking in view; what was filled in stays."""
        data = cast("QueryDict", self.data).copy()
        data["edition"] = str(edition)
        self.data = data


class ReasonForm(forms.Form):
    """Why something is cancelled; the other side reads it. "Other" wants words."""

    code = forms.TypedChoiceField(
        label=_("原因"),
        choices=[("", _("请选择")), *ReasonCode.choices],
        coerce=ReasonCode,
        error_messages={"required": _("请选一个原因。")},
    )
    reason = forms.CharField(
        label=_("说明"),
        max_length=200,
        required=False,
        help_text=_("对方会看到；原因选“其他”时请写明。"),
        widget=forms.TextInput,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (
            cleaned.get("code") == ReasonCode.OTHER
            and "reason" in cleaned
            and not cleaned["reason"]
        ):
            self.add_error("reason", str(ReasonMissing.sentence))
        return cleaned


class AnswerForm(forms.Form):
    """Yes, or no with a reason."""

    accepts = forms.TypedChoiceField(
        choices=[("yes", _("同意")), ("no", _("不同意"))],
        coerce=lambda value: value == "yes",
        widget=forms.HiddenInput,
    )
    answer = forms.CharField(
        label=_("答复（不同意时须写明原因）"),
        max_length=200,
        required=False,
        widget=forms.TextInput,
    )

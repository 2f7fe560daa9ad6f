"""What a teacher fills in to book: nothing, unless something differs from the usual."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from accounts.phones import check_phone
from bookings.forms.companions import ROWS, CompanionsForm
from bookings.forms.seen import SeenForm
from bookings.forms.trips import SeatAndName
from bookings.services.companions import CompanionInput, number
from bookings.services.sessions_seen import Seen
from courses.errors import SessionFull
from courses.models import CourseSession, CourseVersion
from rosters.models import Student


class StudentRow(NamedTuple):
    student: Student
    is_chosen: bool
    is_busy: bool
    is_unsigned: bool


class ReserveForm(SeenForm, CompanionsForm):
    """Students, the whole class unless changed; companions, the teacher herself unless changed.

    ``key`` names the request: sent twice, it books once. With ``seats`` so many places are
    taken and names follow.
    """

    key = forms.CharField(max_length=80, widget=forms.HiddenInput)
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
        label=_("先占人数，名单以后再定"),
        min_value=1,
        required=False,
        help_text=_("填了人数，就先不定名单。"),
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    contact_phone = forms.CharField(
        label=_("您的电话"),
        max_length=30,
        required=False,
        validators=[check_phone],
        help_text=_("开课单位有事时打这个电话。"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )
    note = forms.CharField(
        label=_("给开课单位的话"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        students: QuerySet[Student],
        chosen: Collection[int],
        busy: Collection[int],
        unsigned: Collection[int] = (),
        companions: Sequence[CompanionInput],
        adults: int,
        phone: str,
        version: CourseVersion,
        seats_left: int,
        of_class: int,
        sessions: Iterable[CourseSession] = (),
    ) -> None:
        super().__init__(
            data,
            companions=companions,
            initial={
                "key": uuid.uuid4().hex,
                "students": list(chosen),
                "adults": adults,
                "contact_phone": phone,
                "seen": [Seen.of(one) for one in sessions],
            },
        )
        self.fields["students"].queryset = students  # type: ignore[attr-defined]
        self.busy, self.unsigned = busy, unsigned
        self.version, self.seats_left, self.of_class = version, seats_left, of_class

    def clean_seats(self) -> int | None:
        """More than the class has students cannot be right, however many are free. What the
        class has taken elsewhere at the time is the service's to know."""
        seats: int | None = self.cleaned_data["seats"]
        if seats is not None and seats > self.of_class and self.seats_left:
            raise forms.ValidationError(
                _("最多填 %(most)d 位：这一场还剩 %(left)d 位，这个班有 %(size)d 名学生。"),
                params={
                    "most": min(self.seats_left, self.of_class),
                    "left": self.seats_left,
                    "size": self.of_class,
                },
            )
        return seats

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        named = cleaned.get("students")
        by_name = "seats" in cleaned and cleaned["seats"] is None
        if "students" in cleaned and not named and by_name:
            self.add_error("students", _("请至少选一名学生。"))
        foreseen = [*self._foreseen(cleaned)]
        if self.errors or len(foreseen) > 1:
            # Told together with the rest; one alone is refused by the service.
            for field, refusal in foreseen:
                self.add_error(field, str(refusal))
        return cleaned

    def _foreseen(self, cleaned: dict[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """What the reservation would be refused for, as far as the form knows."""
        if not {"students", "seats"} <= cleaned.keys():
            return
        is_number = cleaned["seats"] is not None
        coming = cleaned["seats"] if is_number else len(cleaned["students"])
        if coming > self.seats_left:
            yield (
                "seats" if is_number else "students",
                SessionFull(seats=coming, seats_left=self.seats_left),
            )
        given = cleaned.get("adults")
        if coming and given is not None:
            named = sum(bool(cleaned.get(f"companion_{row}")) for row in range(ROWS))
            try:
                number(
                    self.version,
                    students=coming,
                    given=given,
                    named=[CompanionInput("")] * named,
                )
            except Refusal as refusal:
                yield "adults", refusal

    def student_ids(self) -> list[int]:
        """Who comes by name: nobody yet where only the number was filled in."""
        if self.cleaned_data["seats"] is not None:
            return []
        return [student.pk for student in self.cleaned_data["students"]]

    def number(self) -> int | None:
        """How many seats without names, as far as that is filled in and is a number."""
        try:
            return int(str(self["seats"].value() or "")) or None
        except ValueError:
            return None

    def student_rows(self) -> Iterator[StudentRow]:
        """Each student of the class, whether chosen, elsewhere at the time, without consent."""
        chosen = {str(value) for value in self["students"].value() or ()}
        for student in self.fields["students"].queryset:  # type: ignore[attr-defined]
            yield StudentRow(
                student,
                str(student.pk) in chosen,
                student.pk in self.busy,
                student.pk in self.unsigned,
            )

    def renew_key(self) -> None:
        """The next submission is a request of its own; what was filled in stays."""
        data: Any = self.data
        data = data.copy()
        data["key"] = uuid.uuid4().hex
        self.data = data

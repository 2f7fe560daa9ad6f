"""What is pressed in the basket, at proposals and when a class is split."""

import re
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings import splitting
from bookings.forms.seen import SeenForm
from bookings.services.sessions_seen import Seen
from courses.models import CourseSession
from rosters.models import Student

PICK = re.compile(r"([st])(\d{1,18}):(\d{1,3})")
STUDENT = re.compile(r"[0-9]{1,18}")


class KeyForm(SeenForm):
    """``key`` names the request: sent twice, it books once. ``sessions`` are those in view."""

    key = forms.CharField(max_length=80, widget=forms.HiddenInput)

    def __init__(
        self, data: Any = None, *, sessions: Iterable[CourseSession] = (), **kwargs: Any
    ) -> None:
        initial = {"key": uuid.uuid4().hex, "seen": [Seen.of(one) for one in sessions]}
        super().__init__(data, initial=initial, **kwargs)


class ItemForm(forms.Form):
    """A session for a class."""

    session = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    group = forms.IntegerField(min_value=1, max_value=2**63 - 1)


def keys_in(text: str) -> list[int] | None:
    """Students' keys as an address or a hidden field lists them, ``12 15``; None where none
    are. What is no key is passed over."""
    keys = [int(one) for one in text[:2000].split() if STUDENT.fullmatch(one)]
    return keys or None


class PicksForm(KeyForm):
    """A proposal as its button names it: ``s12:24 t7:24``, session or set and seats; for some
    ``students`` of the class, or all who miss hours."""

    picks = forms.CharField(max_length=400, widget=forms.HiddenInput)
    students = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)

    def clean_students(self) -> list[int] | None:
        return keys_in(self.cleaned_data["students"])

    def clean_picks(self) -> list[tuple[int | None, int | None, int]]:
        picks: list[tuple[int | None, int | None, int]] = []
        for text in self.cleaned_data["picks"].split():
            found = PICK.fullmatch(text)
            if found is None:
                raise forms.ValidationError(_("请从方案里选。"))
            kind, key, seats = found[1], int(found[2]), int(found[3])
            picks.append((key, None, seats) if kind == "s" else (None, key, seats))
        return picks


class SplitForm(KeyForm):
    """Which group each student is in; by seat number unless changed. A tiny group is made only
    once ``small_is_meant`` says so."""

    small_is_meant = forms.BooleanField(label=_("人少的一组也照这样分"), required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        students: Sequence[Student],
        groups: Sequence[str],
        by_number: dict[int, int],
        sessions: Iterable[CourseSession] = (),
    ) -> None:
        super().__init__(data, sessions=sessions)
        self.students = students
        self.group_names = groups
        for student in students:
            self.fields[f"group_{student.pk}"] = forms.TypedChoiceField(
                label=f"{student.seat_no} {student.name}",
                choices=list(enumerate(groups)),
                coerce=int,
                initial=by_number.get(student.pk, 0),
            )

    def rows(self) -> list[forms.BoundField]:
        return [self[f"group_{student.pk}"] for student in self.students]

    def chosen(self) -> dict[int, int | None]:
        """For each student the number of the group as it is filled in now; None for what is no
        group."""
        numbers = {str(number): number for number in range(len(self.group_names))}
        return {
            student.pk: numbers.get(str(self[f"group_{student.pk}"].value()))
            for student in self.students
        }

    def members(self) -> dict[int, list[int]]:
        """The students of each group, in seat order, once the form is valid."""
        found: dict[int, list[int]] = {}
        for student in self.students:
            found.setdefault(self.cleaned_data[f"group_{student.pk}"], []).append(student.pk)
        return found

    def too_small(self) -> list[tuple[str, int]]:
        """The groups that are tiny without being meant so, with their number of students, once
        the form is valid. A group left out altogether is none."""
        if self.cleaned_data["small_is_meant"]:
            return []
        members = self.members()
        least = splitting.least(len(self.students), len(members))
        return [
            (self.group_names[place], len(members[place]))
            for place in sorted(members)
            if len(members[place]) < least
        ]

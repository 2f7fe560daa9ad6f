"""Rows for the adults who come along, shared by the forms that ask for them."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.phones import check_phone
from bookings.services.companions import CompanionInput

ROWS = 4


class CompanionsForm(forms.Form):
    """How many adults come, and four rows of name and phone; rows left empty count for
    nothing, since names may follow."""

    adults = forms.IntegerField(
        label=gettext_lazy("带队教师人数"),
        min_value=0,
        max_value=50,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(
        self, *args: Any, companions: Sequence[CompanionInput] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for row in range(ROWS):
            given = companions[row] if row < len(companions) else CompanionInput("")
            which = {"number": row + 1}
            self.fields[f"companion_{row}"] = forms.CharField(
                label=_("第 %(number)d 位带队教师") % which if row else _("带队教师"),
                max_length=60,
                required=False,
                initial=given.name,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )
            self.fields[f"companion_phone_{row}"] = forms.CharField(
                label=_("第 %(number)d 位的电话") % which if row else _("联系电话"),
                max_length=30,
                required=False,
                validators=[check_phone],
                initial=given.phone,
                widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
            )

    def clean(self) -> dict[str, Any] | None:
        """A number alone says nothing about who comes."""
        cleaned = super().clean()
        for row in range(ROWS):
            name, phone = f"companion_{row}", f"companion_phone_{row}"
            if not self.errors.get(name) and self[phone].value() and not self[name].value():
                self.add_error(name, _("请填写带队教师的姓名。"))
        return cleaned

    @property
    def has_more_adults(self) -> bool:
        """Whether there is anything in the rows behind the first."""
        return any(
            name.value() or phone.value() or name.errors or phone.errors
            for name, phone in [*self.companion_rows()][1:]
        )

    def companion_rows(self) -> Iterator[tuple[BoundField, BoundField]]:
        for row in range(ROWS):
            yield self[f"companion_{row}"], self[f"companion_phone_{row}"]

    def companions(self) -> list[CompanionInput]:
        """What was filled in, once the form is valid."""
        return [
            CompanionInput(
                self.cleaned_data[f"companion_{row}"], self.cleaned_data[f"companion_phone_{row}"]
            )
            for row in range(ROWS)
        ]

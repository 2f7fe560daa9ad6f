"""A class's wishes as numbered selects."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.choices import OccupationFamily
from planning.models.wishes import WISHES_AT_MOST
from planning.selectors.wishes import Occupation


class WishForm(forms.Form):
    """The first wish to the last; what is left empty in between is closed up. Sent by the button
    ``anything``, the class takes whatever there is."""

    def __init__(
        self,
        *args: Any,
        offered: Sequence[Occupation],
        wished: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = _choices(offered)
        for rank in range(1, WISHES_AT_MOST + 1):
            self.fields[_name(rank)] = forms.ChoiceField(
                label=_("第 %(rank)d 志愿") % {"rank": rank},
                choices=choices,
                required=False,
                initial=wished[rank - 1] if rank <= len(wished) else "",
            )

    def clean(self) -> dict[str, Any] | None:
        """Nothing chosen is not the same as that anything will do, which has its own button."""
        cleaned = super().clean()
        if not self.errors and not self.takes_anything and not self.occupations():
            raise forms.ValidationError(_("请至少选一个职业；没有偏好，请点“都可以”。"))
        return cleaned

    @property
    def takes_anything(self) -> bool:
        return "anything" in self.data

    def occupations(self) -> list[str]:
        """What was chosen, the first wish first; nothing where anything will do."""
        if self.takes_anything:
            return []
        ranked = (self.cleaned_data[_name(rank)] for rank in range(1, WISHES_AT_MOST + 1))
        return [occupation for occupation in ranked if occupation]

    def last_field_with(self, occupation: str) -> str | None:
        """The field in which the occupation stands, the last of several."""
        names = [name for name in self.fields if self.cleaned_data.get(name) == occupation]
        return names[-1] if names else None


def _name(rank: int) -> str:
    return f"wish_{rank}"


def _choices(offered: Sequence[Occupation]) -> list[Any]:
    families = dict(OccupationFamily.choices)
    return [
        ("", _("不填")),
        *(
            (families[family], [(one.name_zh, _label(one)) for one in of_family])
            for family, of_family in groupby(offered, key=lambda one: one.family)
        ),
    ]


def _label(one: Occupation) -> str:
    """面包师（12 场，共 288 位）"""
    if not one.sessions:
        return _("%(occupation)s（还没有场次）") % {"occupation": one.name}
    return ngettext(
        "%(occupation)s（%(count)d 场，共 %(seats)d 位）",
        "%(occupation)s（%(count)d 场，共 %(seats)d 位）",
        one.sessions,
    ) % {"occupation": one.name, "count": one.sessions, "seats": one.seats}

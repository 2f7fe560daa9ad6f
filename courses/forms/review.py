"""A reviewer's verdicts and comments."""

from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from courses.choices import REVIEW_DIMENSIONS, ReviewDecision, Verdict


class ReviewForm(forms.Form):
    """For each dimension a verdict and a comment; then one of two buttons."""

    decision = forms.ChoiceField(choices=ReviewDecision.choices, widget=forms.HiddenInput)
    # That of the text on the page.
    edition = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in REVIEW_DIMENSIONS:
            self.fields[name] = forms.ChoiceField(
                label=label, choices=Verdict.choices, widget=forms.RadioSelect
            )
            self.fields[f"{name}_comment"] = forms.CharField(
                label=_("%(dimension)s的意见") % {"dimension": label},
                max_length=1000,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def dimensions(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The fields of each dimension, for the page."""
        return [(self[name], self[f"{name}_comment"]) for name, _label in REVIEW_DIMENSIONS]

    def bring_up_to_date(self, edition: int) -> None:
        """The next decision is on the newest text; what was written stays."""
        data = cast("QueryDict", self.data).copy()
        data["edition"] = str(edition)
        self.data = data

    def verdicts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name, _label in REVIEW_DIMENSIONS}

    def comments(self) -> dict[str, str]:
        return {name: self.cleaned_data[f"{name}_comment"] for name, _label in REVIEW_DIMENSIONS}

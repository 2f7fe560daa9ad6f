"""Class hours by hand: proposed, corrected, answered."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from attendance.choices import MOST_HOURS_BY_HAND, ProposalKind
from courses.models import CourseSession
from sites.calendar import local_day
from sites.dates import check_day


class ProposalForm(forms.Form):
    """Hours by hand: of a ``session``, missed and made up or not recorded, or of none."""

    kind = forms.ChoiceField(
        label=_("怎么回事"),
        choices=[
            (ProposalKind.MAKE_UP.value, _("补课：缺席或请假，后来补上了")),
            (ProposalKind.MANUAL.value, _("漏记：到了，但没有记上学时")),
        ],
        widget=forms.RadioSelect,
    )
    class_hours = forms.IntegerField(label=_("学时"), min_value=1)
    earned_on = forms.DateField(
        label=_("哪一天"),
        validators=[check_day],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reason = forms.CharField(label=_("原因"), max_length=200)

    def __init__(
        self, *args: Any, session: CourseSession | None, now: datetime, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        hours = self.fields["class_hours"]
        most = MOST_HOURS_BY_HAND if session is None else session.class_hours
        self.fields["class_hours"] = forms.IntegerField(
            label=hours.label, min_value=1, max_value=most, initial=session and most
        )
        self.fields["earned_on"].initial = local_day(now)
        if session is None:
            del self.fields["kind"]
        else:
            self.fields["earned_on"].label = _("补课是哪一天")
            self.fields["earned_on"].required = False

    def values(self) -> dict[str, Any]:
        """What ``services.proposals.propose`` takes."""
        kind = ProposalKind(self.cleaned_data.get("kind", ProposalKind.MANUAL))
        return {**self.cleaned_data, "kind": kind}


class CorrectionForm(forms.Form):
    """How many hours a credit should have been."""

    class_hours = forms.IntegerField(label=_("应记几学时（0 为全部冲正）"), min_value=0)
    reason = forms.CharField(label=_("原因"), max_length=200)

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["class_hours"] = forms.IntegerField(
            label=self.fields["class_hours"].label, min_value=0, max_value=most
        )


class AnswerForm(forms.Form):
    """Confirmed, or refused or withdrawn with the reason."""

    what = forms.ChoiceField(
        choices=[("confirm", ""), ("refuse", ""), ("withdraw", "")], widget=forms.HiddenInput
    )
    answer = forms.CharField(label=_("原因"), max_length=200, required=False)

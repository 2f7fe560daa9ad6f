"""What a plan is asked for, checked for shape."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from courses.models import Season
from hours.models import PracticumRequirement
from planning import wording
from planning.choices import PlanGoal
from planning.selectors.plans import Demand

MOST_SITES = 9


class PlanForm(forms.Form):
    """A plan of the season for a requirement. Without ``seasons`` and with one school it is a
    school's own: neither is asked for."""

    season = forms.ModelChoiceField(Season.objects.none(), label=_("预约季"), empty_label=None)
    requirement = forms.ModelChoiceField(
        PracticumRequirement.objects.none(), label=_("学时要求"), empty_label=None
    )
    schools = forms.ModelMultipleChoiceField(
        Organisation.objects.none(),
        label=_("学校"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选一所学校。")},
    )
    sites_at_once = forms.TypedChoiceField(
        label=_("每个班半天最多分到几个地点"),
        coerce=int,
        choices=[(count, str(count)) for count in range(1, MOST_SITES + 1)],
        initial=2,
        help_text=_("地点越多越容易修满，也要更多带队教师。"),
    )
    goal = forms.ChoiceField(
        label=_("都能修满时，先顾哪一头"),
        choices=PlanGoal.choices,
        widget=forms.RadioSelect,
        initial=PlanGoal.WISHES,
    )
    is_draft = forms.TypedChoiceField(
        label=_("计算方式"),
        coerce=lambda value: value == "draft",
        choices=[("full", _("正式计算")), ("draft", _("草算"))],
        widget=forms.RadioSelect,
        initial="full",
        help_text=_("草算快得多，结果略差，可以先看个大概。"),
    )

    def __init__(
        self,
        *args: Any,
        seasons: Sequence[Season],
        requirements: Sequence[PracticumRequirement],
        demand: Sequence[Demand],
        is_own: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.demand = {one.school.pk: one for one in demand}
        self._offer("season", Season, seasons)
        self._offer("requirement", PracticumRequirement, requirements)
        self.fields["requirement"].widget.attrs["data-submit"] = ""
        if is_own:
            del self.fields["season"], self.fields["schools"], self.fields["is_draft"]
            if len(requirements) < 2:
                del self.fields["requirement"]
            return
        schools: Any = self.fields["schools"]
        schools.queryset = Organisation.objects.filter(pk__in=self.demand)
        schools.choices = [
            (
                one.school.pk,
                wording.school_choice(one.school.shown_name, one.classes, one.short),
            )
            for one in demand
        ]
        begun = [key for key in self.initial.pop("schools", ()) if key in self.demand]
        self.initial["schools"] = begun or list(self.demand)

    def _offer(self, name: str, model: Any, rows: Sequence[Any]) -> None:
        field: Any = self.fields[name]
        field.queryset = model.objects.filter(pk__in=[row.pk for row in rows])
        field.choices = [(row.pk, str(row)) for row in rows]

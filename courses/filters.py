"""What the catalogue can be asked, the same for its page and the web API."""

import unicodedata
from datetime import date
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from accounts.choices import HOST_KINDS, OrganisationKind, Stage
from accounts.models import Organisation
from courses.choices import HalfDay, OccupationFamily, SessionState
from courses.models import Course, CourseSession
from courses.selectors import catalogue
from courses.selectors.catalogue import Wanted
from sites.dates import check_day

Sessions = QuerySet[CourseSession]

WORDS_AT_MOST = 8
HOURS = [(hours, str(hours)) for hours in range(1, 33)]
HOURS_SCHEMA = {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 32}}
KINDS = [(kind.value, kind.label) for kind in OrganisationKind if kind in HOST_KINDS]


def words_of(text: str) -> tuple[str, ...]:
    """The words to look for: full-width characters folded, what no text can hold dropped."""
    folded = unicodedata.normalize("NFKC", text).replace("\0", " ")
    return tuple(folded.split()[:WORDS_AT_MOST])


class WantedForm(forms.Form):
    """A value that cannot be right is left out, not guessed at; the rest still holds."""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.add_error("until", _("“到”的日期不能早于“从”的日期。"))
        return given

    def wanted(self) -> Wanted:
        """The conditions, after validation."""
        given = self.cleaned_data
        return Wanted(
            words=words_of(given.get("q") or ""),
            families=tuple(given.get("family") or ()),
            hours=tuple(given.get("hours") or ()),
            kinds=tuple(given.get("kind") or ()),
            hosts=tuple(host.pk for host in given.get("host") or ()),
            stage=given.get("stage") or "",
            grade=given.get("grade"),
            since=given.get("since"),
            until=given.get("until"),
            half_days=tuple(given.get("half") or ()),
            seats=given.get("seats"),
        )


@extend_schema_field(OpenApiTypes.INT)
class WholeNumberFilter(django_filters.NumberFilter):
    field_class = forms.IntegerField


class CourseFilter(django_filters.FilterSet):
    """Conditions that are all met; several values of one parameter mean any of them."""

    q = django_filters.CharFilter(
        label=_("课程、职业、单位"),
        max_length=100,
        help_text="Words that all occur in title, occupation, host or summary.",
    )
    family = django_filters.MultipleChoiceFilter(
        label=_("职业门类"), choices=OccupationFamily.choices
    )
    hours = extend_schema_field(HOURS_SCHEMA)(
        django_filters.TypedMultipleChoiceFilter(
            label=_("学时"), choices=HOURS, coerce=int, empty_value=[]
        )
    )
    kind = django_filters.MultipleChoiceFilter(label=_("单位类别"), choices=KINDS)
    host = django_filters.ModelMultipleChoiceFilter(
        label=_("开课单位"), queryset=Organisation.objects.hosts()
    )
    stage = django_filters.ChoiceFilter(label=_("学段"), choices=Stage.choices)
    grade = WholeNumberFilter(label=_("年级"), min_value=1, max_value=12)
    since = django_filters.DateFilter(
        label=_("从"), validators=[check_day], help_text="Offers that begin on this day or later."
    )
    until = django_filters.DateFilter(
        label=_("到"), validators=[check_day], help_text="Offers that begin on this day or earlier."
    )
    half = django_filters.MultipleChoiceFilter(label=_("半天"), choices=HalfDay.choices)
    seats = WholeNumberFilter(
        label=_("至少空位"),
        min_value=1,
        max_value=500,
        help_text="Offers with at least so many free seats.",
    )

    class Meta:
        model = Course
        form = WantedForm
        fields: tuple[str, ...] = ()

    def wanted(self) -> Wanted:
        """The conditions given, those that cannot be right left out."""
        form: Any = self.form
        form.is_valid()
        return form.wanted()

    def filter_queryset(self, queryset: QuerySet[Course]) -> QuerySet[Course]:
        """What the caller's conditions leave of the catalogue, with what it sums up."""
        actor = self.request.actor
        return catalogue.search(actor, self.wanted(), timezone.now()).order_by("pk")


class SessionFilter(django_filters.FilterSet):
    """Conditions that are all met."""

    course = WholeNumberFilter(label=_("课程"), field_name="version__course")
    host = WholeNumberFilter(label=_("开课单位"), field_name="host")
    session_set = WholeNumberFilter(label=_("连排"), field_name="session_set")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=SessionState.choices)
    stage = django_filters.ChoiceFilter(label=_("学段"), choices=Stage.choices, method="for_stage")
    since = django_filters.DateFilter(
        label=_("从"),
        validators=[check_day],
        method="from_day",
        help_text="Sessions that begin on this day or later.",
    )
    until = django_filters.DateFilter(
        label=_("到"),
        validators=[check_day],
        method="to_day",
        help_text="Sessions that begin on this day or earlier.",
    )
    half = django_filters.MultipleChoiceFilter(
        label=_("半天"), choices=HalfDay.choices, method="in_halves"
    )
    free = WholeNumberFilter(
        label=_("至少空位"),
        field_name="seats_left",
        lookup_expr="gte",
        min_value=0,
        max_value=500,
        help_text="Sessions with at least so many free seats.",
    )

    class Meta:
        model = CourseSession
        fields: tuple[str, ...] = ()

    def for_stage(self, found: Sessions, _name: str, stage: str) -> Sessions:
        return found.filter(version__stages__contains=[stage])

    def from_day(self, found: Sessions, _name: str, day: date) -> Sessions:
        return found.filter(catalogue.on_days(day, None))

    def to_day(self, found: Sessions, _name: str, day: date) -> Sessions:
        return found.filter(catalogue.on_days(None, day))

    def in_halves(self, found: Sessions, _name: str, half_days: list[str]) -> Sessions:
        return found.filter(catalogue.in_half_days(half_days))

"""Where, when and by whom a session is held."""

from datetime import datetime
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from accounts.choices import Role
from accounts.models import Membership, Organisation
from courses.choices import HalfDay
from courses.models import Course
from courses.services.series import CLOCKS
from courses.services.sessions import Place
from sites.calendar import at
from sites.dates import check_day
from sites.models import Room

WEEKDAYS = (
    (0, _("一")),
    (1, _("二")),
    (2, _("三")),
    (3, _("四")),
    (4, _("五")),
    (5, _("六")),
    (6, _("日")),
)
DATE = {"type": "date"}
TIME = {"type": "time"}


class RoomField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return _("%(room)s（%(capacity)s）") % {
            "room": f"{obj.site.name} {obj.name}",
            "capacity": obj.safe_capacity,
        }


class InstructorField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.user.name)


class CourseField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        version = obj.published_version
        sentence = (
            _("%(title)s（%(hours)d 学时，须配助教）")
            if version.needs_assistant
            else _("%(title)s（%(hours)d 学时）")
        )
        return str(sentence) % {"title": version.title_zh, "hours": version.class_hours}


def people_of(actor: Actor) -> QuerySet[Membership]:
    """Who can hold a session of the actor's host."""
    assert actor.organisation_id is not None
    return (
        Membership.objects.live()
        .filter(
            organisation_id=actor.organisation_id,
            role__in=[Role.INSTRUCTOR, Role.HOST_MANAGER],
        )
        .select_related("user")
        .order_by("user__name", "pk")
    )


class PeopleForm(forms.Form):
    """Who holds a session."""

    instructor = InstructorField(
        label=_("指导教师"), queryset=Membership.objects.none(), required=False
    )
    assistant = InstructorField(label=_("助教"), queryset=Membership.objects.none(), required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = people_of(actor)


class PlaceForm(forms.Form):
    """The parts every way of opening sessions shares: course, place, instructor, seats."""

    course = CourseField(label=_("课程"), queryset=Course.objects.none())
    room = RoomField(label=_("实训室"), queryset=Room.objects.none(), required=False)
    school = forms.ModelChoiceField(
        label=_("送教上门的学校"), queryset=Organisation.objects.none(), required=False
    )
    online_url = forms.URLField(
        label=_("线上地址"), max_length=300, required=False, assume_scheme="https"
    )
    instructor = InstructorField(
        label=_("指导教师"), queryset=Membership.objects.none(), required=False
    )
    assistant = InstructorField(label=_("助教"), queryset=Membership.objects.none(), required=False)
    capacity = forms.IntegerField(
        label=_("每场名额"),
        min_value=1,
        max_value=500,
        required=False,
        help_text=_("不填就按上限：核定人数、人均 3 平方米、工位数和课程每场人数中最小的。"),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert actor.organisation_id is not None
        chosen: dict[str, Any] = {
            "course": Course.objects.owned_by(actor)
            .filter(published_version__isnull=False)
            .select_related("published_version")
            .order_by("code"),
            "room": Room.objects.visible_to(actor)
            .filter(is_active=True)
            .select_related("site")
            .order_by("site__name", "name", "pk"),
            "school": Organisation.objects.schools().filter(is_active=True).order_by("name"),
            "instructor": people_of(actor),
            "assistant": people_of(actor),
        }
        for name, queryset in chosen.items():
            if name in self.fields:
                field = self.fields[name]
                assert isinstance(field, forms.ModelChoiceField)
                field.queryset = queryset

    def place(self) -> Place:
        data = self.cleaned_data
        return Place(data.get("room"), data.get("school"), data.get("online_url") or "")


class SessionForm(PlaceForm):
    """One session."""

    day = forms.DateField(
        validators=[check_day],
        label=_("日期"),
        widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
    )
    starts = forms.TimeField(label=_("开始"), widget=forms.TimeInput(attrs=TIME, format="%H:%M"))
    ends = forms.TimeField(label=_("结束"), widget=forms.TimeInput(attrs=TIME, format="%H:%M"))

    def times(self) -> tuple[datetime, datetime]:
        data = self.cleaned_data
        return at(data["day"], data["starts"]), at(data["day"], data["ends"])


class ChangeSessionForm(SessionForm):
    """The same without the course, which stays. ``sequence`` is that of the session shown."""

    sequence = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["course"]
        self.fields["capacity"].required = True

    def bring_up_to_date(self, sequence: int) -> None:
        """The next saving is of the newest session; what was typed stays."""
        data = cast("QueryDict", self.data).copy()
        data["sequence"] = str(sequence)
        self.data = data


class SeriesForm(PlaceForm):
    """Sessions on certain weekdays and half-days between two dates."""

    first = forms.DateField(
        validators=[check_day],
        label=_("从"),
        widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
    )
    last = forms.DateField(
        validators=[check_day],
        label=_("到"),
        widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("每周"), choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    half_days = forms.MultipleChoiceField(
        label=_("半天"), choices=HalfDay.choices, widget=forms.CheckboxSelectMultiple
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", _("结束日期不能早于开始日期。"))
        halves = cleaned.get("half_days") or []
        if HalfDay.WHOLE_DAY in halves and len(halves) > 1:
            self.add_error("half_days", _("全天和半天不能同时选。"))
        return cleaned

    def chosen_half_days(self) -> list[HalfDay]:
        return [HalfDay(value) for value in self.cleaned_data["half_days"]]


class SetForm(PlaceForm):
    """A camp: whole days one after another, booked only together."""

    first = forms.DateField(
        validators=[check_day],
        label=_("第一天"),
        widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
    )
    second = forms.DateField(
        validators=[check_day],
        label=_("第二天"),
        widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, second = cleaned.get("first"), cleaned.get("second")
        if first and second and second <= first:
            self.add_error("second", _("第二天要晚于第一天。"))
        return cleaned

    def periods(self) -> list[tuple[datetime, datetime]]:
        starts, ends = CLOCKS[HalfDay.WHOLE_DAY]
        return [
            (at(day, starts), at(day, ends))
            for day in (self.cleaned_data["first"], self.cleaned_data["second"])
        ]

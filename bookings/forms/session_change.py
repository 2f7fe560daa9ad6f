"""What a host fills in to change a booked session."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from accounts.choices import Role
from accounts.models import Membership, Organisation
from bookings.forms.trips import ReasonForm
from bookings.models import Booking
from bookings.services.move_checks import Change
from courses.models import CourseSession
from courses.services.sessions import Place
from sites import dates
from sites.calendar import at
from sites.dates import check_day
from sites.models import Room


class RoomField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.site.name} {obj.name}"


class PersonField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.user.name)


class SessionChangeForm(ReasonForm):
    """How the session shall be, and which bookings go. ``sequence`` is that of the session the
    form was made from."""

    sequence = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    day = forms.DateField(
        label=_("日期"),
        validators=[check_day],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    starts = forms.TimeField(
        label=_("开始"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    ends = forms.TimeField(
        label=_("结束"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    room = RoomField(label=_("实训室"), queryset=Room.objects.none(), required=False)
    school = forms.ModelChoiceField(
        label=_("送教上门的学校"), queryset=Organisation.objects.none(), required=False
    )
    online_url = forms.URLField(
        label=_("线上地址"), max_length=300, required=False, assume_scheme="https"
    )
    instructor = PersonField(
        label=_("指导教师"), queryset=Membership.objects.none(), required=False
    )
    assistant = PersonField(label=_("助教"), queryset=Membership.objects.none(), required=False)
    capacity = forms.IntegerField(label=_("名额"), min_value=1, max_value=500)
    release = forms.ModelMultipleChoiceField(
        label=_("改去别的场次的预约"),
        queryset=Booking.objects.none(),
        required=False,
        error_messages={"invalid_choice": _("勾选的预约刚才已有变化，请看过最新的名单再提交。")},
    )

    def __init__(self, *args: Any, actor: Actor, session: CourseSession, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "preview" in self.data:
            # Looking needs no reason.
            self.fields["code"].required = False
        self.initial = _as_it_is(session)
        people = (
            Membership.objects.live()
            .filter(organisation_id=session.host_id, role__in=[Role.INSTRUCTOR, Role.HOST_MANAGER])
            .select_related("user")
            .order_by("user__name", "pk")
        )
        for name, rows in {
            "room": Room.objects.visible_to(actor)
            .filter(is_active=True)
            .select_related("site")
            .order_by("site__name", "name", "pk"),
            "school": Organisation.objects.schools().filter(is_active=True).order_by("name"),
            "instructor": people,
            "assistant": people,
            "release": Booking.objects.visible_to(actor).live().filter(session=session),
        }.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self.fields["code"].required = True
        return cleaned

    def change(self) -> Change:
        data = self.cleaned_data
        return Change(
            starts_at=at(data["day"], data["starts"]),
            ends_at=at(data["day"], data["ends"]),
            place=Place(data["room"], data["school"], data["online_url"] or ""),
            capacity=data["capacity"],
            instructor=data["instructor"],
            assistant=data["assistant"],
            release=frozenset(booking.pk for booking in data["release"]),
        )

    @property
    def of_change(self) -> list[str]:
        """The names of the fields that say how the session shall be, and not why."""
        return [name for name in self.fields if name not in ReasonForm.base_fields]

    @property
    def released(self) -> set[str]:
        """The keys that are ticked, as the page compares them."""
        if not self.is_bound:
            return set()
        return set(self.data.getlist("release"))  # type: ignore[attr-defined]


def _as_it_is(session: CourseSession) -> dict[str, object]:
    starts, ends = _local(session.starts_at), _local(session.ends_at)
    return {
        "sequence": session.sequence,
        "day": starts.date(),
        "starts": starts.time(),
        "ends": ends.time(),
        "room": session.room_id,
        "school": session.school_id,
        "online_url": session.online_url,
        "instructor": session.instructor_id,
        "assistant": session.assistant_id,
        "capacity": session.capacity,
    }


def _local(moment: datetime) -> datetime:
    return dates.local(moment)

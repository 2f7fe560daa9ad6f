"""What comes in, checked for shape; what goes out, ids and numbers and never a student's name."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.phones import check_phone
from bookings.models import Booking, ChangeRequest, Place, Reservation
from bookings.selectors.standing import Lacking
from bookings.services.sessions_seen import Seen
from courses.choices import ReasonCode
from courses.models import CourseSession

KEY: dict[str, Any] = {"min_value": 1, "max_value": 2**63 - 1}


class CompanionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=60)
    phone = serializers.CharField(
        max_length=30, required=False, allow_blank=True, default="", validators=[check_phone]
    )


class SeenInput(serializers.Serializer[Any]):
    """A session as you read it. Changed by its host since, it is refused (``session_moved``)."""

    session = serializers.IntegerField(**KEY)
    sequence = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


def seen_of(values: dict[str, Any]) -> list[Seen]:
    """The sessions as the request had them, if it says so."""
    return [
        Seen(one["session"], one["sequence"], one["starts_at"], one["ends_at"])
        for one in values.get("seen", ())
    ]


SEATS: dict[str, Any] = {"min_value": 1, "max_value": 500}
ADULTS: dict[str, Any] = {"min_value": 0, "max_value": 50}


class PartInput(serializers.Serializer[Any]):
    """Give ``sessions``, or a ``session_set`` which is booked whole. Without ``students`` and
    ``seats`` the whole class comes; with ``seats`` so many places are taken, and whoever is not
    named is named until the list is settled. Without ``adults`` as many come as the course asks
    for; their names may follow."""

    sessions = serializers.ListField(
        child=serializers.IntegerField(**KEY), required=False, allow_empty=False, max_length=20
    )
    session_set = serializers.IntegerField(required=False, **KEY)
    class_group = serializers.IntegerField(**KEY)
    students = serializers.ListField(
        child=serializers.IntegerField(**KEY), required=False, allow_null=True, max_length=500
    )
    seats = serializers.IntegerField(required=False, **SEATS)
    adults = serializers.IntegerField(required=False, **ADULTS)
    companions = CompanionSerializer(  # type: ignore[call-arg]
        many=True, required=False, max_length=20
    )
    seen = SeenInput(many=True, required=False, max_length=20)  # type: ignore[call-arg]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("sessions" in attrs) == ("session_set" in attrs):
            raise serializers.ValidationError(_("请给出 sessions 或 session_set，且只给一个。"))
        return attrs


class ReservationInput(PartInput):
    """One part, or several as ``parts``: of one class or more, all of them or none."""

    class_group = serializers.IntegerField(required=False, **KEY)
    parts = PartInput(  # type: ignore[call-arg]
        many=True, required=False, allow_empty=False, max_length=20
    )
    contact_phone = serializers.CharField(
        max_length=30, required=False, allow_blank=True, default="", validators=[check_phone]
    )
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "parts" in attrs:
            if attrs.keys() - {"parts", "contact_phone", "note"}:
                raise serializers.ValidationError(_("给了 parts，场次和班级请写在各部分里。"))
            return attrs
        if "class_group" not in attrs:
            raise serializers.ValidationError({"class_group": _("请给出班级。")})
        return super().validate(attrs)


class BookingChangeInput(serializers.Serializer[Any]):
    """``edition`` is that of the booking as it was read; another one is refused as stale."""

    edition = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    students = serializers.ListField(child=serializers.IntegerField(**KEY), max_length=500)
    seats = serializers.IntegerField(required=False, **SEATS)
    adults = serializers.IntegerField(required=False, **ADULTS)
    companions = CompanionSerializer(  # type: ignore[call-arg]
        many=True, required=False, max_length=20
    )
    seen = SeenInput(many=True, required=False, max_length=20)  # type: ignore[call-arg]


class ReasonInput(serializers.Serializer[Any]):
    """Why, as a code and in words that the other side reads; with ``other``, the default, the
    words are needed."""

    code = serializers.ChoiceField(
        choices=ReasonCode.choices, required=False, default=ReasonCode.OTHER
    )
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class ChangeRequestInput(serializers.Serializer[Any]):
    """What the booking should be, as for changing it, and why."""

    edition = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    students = serializers.ListField(child=serializers.IntegerField(**KEY), max_length=500)
    seats = serializers.IntegerField(required=False, **SEATS)
    adults = serializers.IntegerField(required=False, **ADULTS)
    seen = SeenInput(many=True, required=False, max_length=20)  # type: ignore[call-arg]
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class ChangeAnswerInput(serializers.Serializer[Any]):
    """Yes or no; a no says why."""

    accepts = serializers.BooleanField()
    answer = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class SwapInput(serializers.Serializer[Any]):
    """Another session, or a ``session_set`` which is taken whole."""

    sessions = serializers.ListField(
        child=serializers.IntegerField(**KEY), required=False, allow_empty=False, max_length=20
    )
    session_set = serializers.IntegerField(required=False, **KEY)
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("sessions" in attrs) == ("session_set" in attrs):
            raise serializers.ValidationError(_("请给出 sessions 或 session_set，且只给一个。"))
        return attrs


class SessionChangeInput(ReasonInput):
    """What is not given stays. ``sequence`` is that of the session as it was read. Of ``room``,
    ``school`` and ``online_url`` at most one is given. ``release`` names the bookings that are
    cancelled because they do not fit any more."""

    sequence = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField(required=False)
    room = serializers.IntegerField(required=False, **KEY)
    school = serializers.IntegerField(required=False, **KEY)
    online_url = serializers.URLField(required=False, max_length=300)
    capacity = serializers.IntegerField(required=False, min_value=1, max_value=500)
    instructor = serializers.IntegerField(required=False, allow_null=True, **KEY)
    assistant = serializers.IntegerField(required=False, allow_null=True, **KEY)
    release = serializers.ListField(
        child=serializers.IntegerField(**KEY), required=False, default=list, max_length=100
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs.keys() & {"room", "school", "online_url"}) > 1:
            raise serializers.ValidationError(_("room、school、online_url 只给一个。"))
        return attrs


class BookingOutput(serializers.ModelSerializer[Booking]):
    """A booking; ``students`` are the ids of those placed, for the school only."""

    reference = serializers.CharField(source="reservation.reference")
    starts_at = serializers.DateTimeField(source="session.starts_at")
    ends_at = serializers.DateTimeField(source="session.ends_at")
    class_hours = serializers.IntegerField(source="session.class_hours")
    companions = CompanionSerializer(many=True)
    students = serializers.SerializerMethodField()
    cancel_reason = serializers.CharField(source="why_cancelled")

    class Meta:
        model = Booking
        fields = (
            "id",
            "reservation",
            "reference",
            "session",
            "class_group",
            "school",
            "host",
            "state",
            "seats",
            "adults",
            "edition",
            "starts_at",
            "ends_at",
            "class_hours",
            "companions",
            "students",
            "created_at",
            "cancelled_at",
            "cancelled_side",
            "cancel_code",
            "cancel_reason",
            "is_late",
            "no_show_code",
        )

    def get_students(self, booking: Booking) -> list[int] | None:
        places: Iterable[Place] | None = getattr(booking, "live_places", None)
        if places is None:
            return None
        return [place.student_id for place in places if place.student_id is not None]


class ChangeRequestOutput(serializers.ModelSerializer[ChangeRequest]):
    """What is asked of the host: ``seats`` and ``adults`` there would be, and were when the school
    asked; ``students`` are the ids of those who would come, for the school only."""

    session = serializers.IntegerField(source="booking.session_id")
    seats = serializers.IntegerField(source="wanted.seats")
    adults = serializers.IntegerField(source="wanted.adults")
    seats_before = serializers.SerializerMethodField()
    adults_before = serializers.SerializerMethodField()
    students = serializers.SerializerMethodField()

    class Meta:
        model = ChangeRequest
        fields = (
            "id",
            "booking",
            "session",
            "state",
            "seats",
            "adults",
            "seats_before",
            "adults_before",
            "students",
            "reason",
            "asked_at",
            "answered_at",
            "answer",
        )

    def get_seats_before(self, asked: ChangeRequest) -> int:
        return int(asked.before[0]["seats"])

    def get_adults_before(self, asked: ChangeRequest) -> int:
        return int(asked.before[0]["adults"])

    def get_students(self, asked: ChangeRequest) -> list[int] | None:
        if not self.context["request"].actor.is_school:
            return None
        return list(asked.wanted["students"])


class ReservationOutput(serializers.ModelSerializer[Reservation]):
    bookings = BookingOutput(many=True)

    class Meta:
        model = Reservation
        fields = (
            "id",
            "reference",
            "school",
            "made_at",
            "contact_name",
            "contact_phone",
            "note",
            "bookings",
        )


class CancelledSessionOutput(serializers.ModelSerializer[CourseSession]):
    """What became of a session."""

    cancel_reason = serializers.CharField(source="why_cancelled")

    class Meta:
        model = CourseSession
        fields = ("id", "session_set", "starts_at", "cancelled_at", "cancel_reason")


class ChangedSessionOutput(serializers.ModelSerializer[CourseSession]):
    """How a session is now."""

    class Meta:
        model = CourseSession
        fields = (
            "id",
            "sequence",
            "starts_at",
            "ends_at",
            "venue",
            "room",
            "school",
            "online_url",
            "instructor",
            "assistant",
            "capacity",
            "seats_taken",
            "seats_held",
        )


class KindHoursOutput(serializers.Serializer[Any]):
    host_kind = serializers.CharField(help_text="vocational_school, enterprise or education_unit.")
    class_hours = serializers.IntegerField()


class LackingOutput(serializers.Serializer[Any]):
    """What is missing when everything booked is attended: ``hours``, those of them that must be
    at hosts of a kind, and further ``occupations``."""

    hours = serializers.IntegerField()
    kinds = serializers.SerializerMethodField()
    occupations = serializers.IntegerField()

    @extend_schema_field(KindHoursOutput(many=True))
    def get_kinds(self, lacking: Lacking) -> list[dict[str, Any]]:
        return [{"host_kind": kind, "class_hours": hours} for kind, hours in lacking.kinds]


class OutsideOutput(serializers.Serializer[Any]):
    """Hours earned or booked ``before`` the requirement's first day and ``after`` its last, which
    do not count."""

    before = serializers.IntegerField()
    after = serializers.IntegerField()


class StudentHoursOutput(serializers.Serializer[Any]):
    student = serializers.IntegerField(source="student.pk")
    seat_no = serializers.IntegerField(source="student.seat_no")
    earned = serializers.IntegerField()
    booked = serializers.IntegerField()
    missing = serializers.IntegerField()
    lacking = LackingOutput()
    outside = OutsideOutput()


class ClassHoursOutput(serializers.Serializer[Any]):
    """``earned``, ``booked``, ``missing``, ``lacking`` and ``outside`` are what most of the class
    has."""

    class_group = serializers.IntegerField(source="class_group.pk")
    required = serializers.IntegerField()  # type: ignore[assignment]
    earned = serializers.IntegerField()
    booked = serializers.IntegerField()
    missing = serializers.IntegerField()
    lacking = LackingOutput()
    outside = OutsideOutput()
    students = StudentHoursOutput(source="rows", many=True)

"""Courses and sessions as they go out."""

from rest_framework import serializers

from accounts.choices import HOST_KINDS, OrganisationKind, Stage
from accounts.models import Organisation
from courses.choices import Mode, OccupationFamily, SessionState, Venue
from courses.models import Course, CourseSession
from sites.models import Room, Site

HOST_KIND_CHOICES = [(kind.value, kind.label) for kind in OrganisationKind if kind in HOST_KINDS]


class HostOutput(serializers.ModelSerializer[Organisation]):
    """Who offers a course."""

    kind = serializers.ChoiceField(choices=HOST_KIND_CHOICES)

    class Meta:
        model = Organisation
        fields = ("id", "kind", "name", "short_name", "name_en")


class CourseOutput(serializers.Serializer[Course]):
    """A published course, with what of its sessions meets the conditions asked for."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    host = HostOutput()
    version = serializers.IntegerField(source="published_version_id")
    title_zh = serializers.CharField(source="published_version.title_zh")
    title_en = serializers.CharField(source="published_version.title_en")
    occupation_zh = serializers.CharField(source="published_version.occupation_zh")
    occupation_en = serializers.CharField(source="published_version.occupation_en")
    occupation_family = serializers.ChoiceField(
        choices=OccupationFamily.choices, source="published_version.occupation_family"
    )
    stages = serializers.ListField(
        child=serializers.ChoiceField(choices=Stage.choices), source="published_version.stages"
    )
    grade_from = serializers.IntegerField(source="published_version.grade_from")
    grade_to = serializers.IntegerField(source="published_version.grade_to")
    class_hours = serializers.IntegerField(source="published_version.class_hours")
    group_size_max = serializers.IntegerField(source="published_version.group_size_max")
    mode = serializers.ChoiceField(choices=Mode.choices, source="published_version.mode")
    summary_zh = serializers.CharField(source="published_version.summary_zh")
    summary_en = serializers.CharField(source="published_version.summary_en")
    next_at = serializers.DateTimeField(
        allow_null=True, help_text="When the first of these offers begins."
    )
    offer_count = serializers.SerializerMethodField(
        help_text="Offers to come; a session set counts once."
    )
    seats_free = serializers.SerializerMethodField(help_text="Free seats of all these offers.")

    def get_offer_count(self, course: Course) -> int:
        return getattr(course, "offer_count", None) or 0

    def get_seats_free(self, course: Course) -> int:
        return getattr(course, "seats_free", None) or 0


class CourseDetailOutput(CourseOutput):
    """A published course with everything a teacher reads before booking."""

    needs_assistant = serializers.BooleanField(source="published_version.needs_assistant")
    labour_task_group = serializers.CharField(source="published_version.labour_task_group")
    plan = serializers.CharField(source="published_version.plan")
    materials = serializers.CharField(source="published_version.materials")
    hazards = serializers.CharField(source="published_version.hazards")
    assessment = serializers.CharField(source="published_version.assessment")
    handbook = serializers.CharField(source="published_version.handbook")


class SiteOutput(serializers.ModelSerializer[Site]):
    """Where a room is."""

    class Meta:
        model = Site
        fields = ("id", "name", "name_en", "address")


class RoomOutput(serializers.ModelSerializer[Room]):
    site = SiteOutput()

    class Meta:
        model = Room
        fields = ("id", "name", "site")


class SessionOutput(serializers.ModelSerializer[CourseSession]):
    """One dated meeting. Sessions of one ``session_set`` are booked only together. ``sequence``
    rises with each change; who moves the session says which she has seen."""

    course = serializers.IntegerField(source="version.course_id")
    title_zh = serializers.CharField(source="version.title_zh")
    title_en = serializers.CharField(source="version.title_en")
    state = serializers.ChoiceField(choices=SessionState.choices)
    venue = serializers.ChoiceField(choices=Venue.choices)
    room = RoomOutput(allow_null=True)
    seats_left = serializers.IntegerField()
    cancel_reason = serializers.CharField(source="why_cancelled")

    class Meta:
        model = CourseSession
        fields = (
            "id",
            "course",
            "version",
            "title_zh",
            "title_en",
            "host",
            "season",
            "session_set",
            "state",
            "sequence",
            "starts_at",
            "ends_at",
            "class_hours",
            "venue",
            "room",
            "school",
            "capacity",
            "seats_left",
            "cancel_reason",
        )

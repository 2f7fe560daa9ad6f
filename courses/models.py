"""What is offered: courses in reviewed versions, seasons, and dated sessions with seats."""

import uuid
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.fields.ranges import RangeBoundary
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from accounts.choices import Stage

from .choices import (
    Mode,
    OccupationFamily,
    ReviewDecision,
    SessionState,
    Venue,
    Verdict,
    VersionState,
)
from .errors import SeasonOutOfOrder


class TsTzRange(Func):
    """``tstzrange(starts_at, ends_at, '[)')``: the end is excluded."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class CourseQuerySet(models.QuerySet["Course"]):
    def visible_to(self, actor: Actor) -> Self:
        """Everybody in the alliance sees published courses; a host also its own unpublished
        ones, the alliance those handed in."""
        if actor.is_system or actor.is_alliance:
            return self
        if actor.organisation_id is None:
            return self.none()
        published = Q(published_version__isnull=False)
        if actor.is_host:
            return self.filter(published | Q(host_id=actor.organisation_id))
        return self.filter(published)

    def owned_by(self, actor: Actor) -> Self:
        """Those the actor's own organisation offers."""
        return self.filter(host_id=actor.organisation_id)


class Course(models.Model):
    """What is taught, through all its versions. ``published_version`` is the one offered now."""

    host = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="courses"
    )
    code = models.CharField(_("课程编号"), max_length=20, unique=True)
    published_version = models.OneToOneField(
        "CourseVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CourseQuerySet.as_manager()

    def __str__(self) -> str:
        return self.code


class CourseVersionQuerySet(models.QuerySet["CourseVersion"]):
    def visible_to(self, actor: Actor) -> Self:
        """Published and superseded versions are known to all (booked sessions keep theirs);
        drafts to their host; what was handed in also to the alliance."""
        known = Q(
            state__in=[VersionState.PUBLISHED, VersionState.SUPERSEDED, VersionState.WITHDRAWN]
        )
        if actor.is_system:
            return self
        if actor.is_alliance:
            return self.exclude(state=VersionState.DRAFT)
        if actor.is_host:
            return self.filter(known | Q(host_id=actor.organisation_id))
        if actor.is_school:
            return self.filter(known)
        return self.none()


class CourseVersion(models.Model):
    """One text of a course. Legal states and moves: ``choices.VERSION_TRANSITIONS``.

    Once handed in it is no longer edited; a change to a published course is a new version, and
    sessions that were opened keep the one they were opened with.
    """

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="versions")
    host = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="course_versions"
    )
    number = models.PositiveSmallIntegerField(_("版本"))
    state = models.CharField(
        max_length=12, choices=VersionState.choices, default=VersionState.DRAFT
    )

    title_zh = models.CharField(_("课程名称"), max_length=100)
    title_en = models.CharField(_("英文名称"), max_length=150, blank=True, default="")
    occupation_zh = models.CharField(_("职业"), max_length=40)
    occupation_en = models.CharField(_("职业英文名"), max_length=80, blank=True, default="")
    occupation_family = models.CharField(
        _("职业门类"), max_length=4, choices=OccupationFamily.choices
    )
    stages = ArrayField(
        models.CharField(max_length=10, choices=Stage.choices), verbose_name=_("适合学段")
    )
    grade_from = models.PositiveSmallIntegerField(_("最低年级"))
    grade_to = models.PositiveSmallIntegerField(_("最高年级"))
    class_hours = models.PositiveSmallIntegerField(_("学时"))
    group_size_min = models.PositiveSmallIntegerField(_("每场最少人数"), default=1)
    group_size_max = models.PositiveSmallIntegerField(_("每场最多人数"))
    mode = models.CharField(_("方式"), max_length=10, choices=Mode.choices, default=Mode.ON_SITE)
    labour_task_group = models.CharField(_("劳动任务群"), max_length=40, blank=True, default="")
    summary_zh = models.TextField(_("简介"), max_length=1000)
    summary_en = models.TextField(_("英文简介"), max_length=2000, blank=True, default="")
    plan = models.TextField(_("活动安排"), max_length=5000, blank=True, default="")
    materials = models.TextField(_("材料与着装"), max_length=2000, blank=True, default="")
    hazards = models.TextField(_("风险与防护"), max_length=2000, blank=True, default="")
    needs_assistant = models.BooleanField(_("须配助教"), default=False)
    # At least so many adults come with a group, and one for so many students.
    min_adults = models.PositiveSmallIntegerField(_("至少几位带队教师"), default=2)
    students_per_adult = models.PositiveSmallIntegerField(_("每位带队教师最多带几人"), default=20)
    assessment = models.TextField(_("评价方式"), max_length=2000, blank=True, default="")
    handbook = models.TextField(_("实践指导手册"), max_length=20000, blank=True, default="")

    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    # Rises with each saved edit, so that a stale form is noticed.
    edition = models.PositiveIntegerField(default=1)

    objects = CourseVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="version_number_once"),
            # A course has one version in work and one published at most.
            models.UniqueConstraint(
                fields=["course"],
                condition=Q(
                    state__in=[VersionState.DRAFT, VersionState.IN_REVIEW, VersionState.RETURNED]
                ),
                name="version_one_in_work",
            ),
            models.UniqueConstraint(
                fields=["course"],
                condition=Q(state=VersionState.PUBLISHED),
                name="version_one_published",
            ),
            models.CheckConstraint(
                condition=Q(state__in=VersionState.values), name="version_state_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="version_mode_known"),
            models.CheckConstraint(
                condition=Q(occupation_family__in=OccupationFamily.values),
                name="version_family_known",
            ),
            models.CheckConstraint(
                condition=Q(stages__contained_by=Stage.values) & Q(stages__len__gt=0),
                name="version_stages_known",
            ),
            models.CheckConstraint(
                condition=Q(class_hours__range=(1, 32)), name="version_class_hours_range"
            ),
            models.CheckConstraint(
                condition=Q(
                    group_size_min__gte=1,
                    group_size_max__gte=F("group_size_min"),
                    group_size_max__lte=500,
                ),
                name="version_group_size_range",
            ),
            models.CheckConstraint(
                condition=Q(grade_from__gte=1, grade_to__gte=F("grade_from"), grade_to__lte=12),
                name="version_grades_range",
            ),
            models.CheckConstraint(
                condition=Q(min_adults__range=(1, 10), students_per_adult__range=(1, 60)),
                name="version_adults_range",
            ),
            # Who handed it in and when are known together or not at all.
            models.CheckConstraint(
                condition=Q(submitted_at=None, submitted_by=None)
                | Q(submitted_at__isnull=False, submitted_by__isnull=False),
                name="version_submitted_paired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} v{self.number}"

    @property
    def shown_title(self) -> str:
        """The English title on English pages, where there is one."""
        return self.title_en if get_language() == "en" and self.title_en else self.title_zh


class CourseReviewQuerySet(models.QuerySet["CourseReview"]):
    def visible_to(self, actor: Actor) -> Self:
        if actor.is_system or actor.is_alliance:
            return self
        if actor.is_host:
            return self.filter(version__host_id=actor.organisation_id)
        return self.none()


class CourseReview(models.Model):
    """One review of one version on the alliance's four dimensions. Safety has a veto."""

    version = models.ForeignKey(CourseVersion, on_delete=models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, related_name="course_reviews"
    )
    goal_orientation = models.CharField(_("目标导向"), max_length=5, choices=Verdict.choices)
    goal_orientation_comment = models.TextField(max_length=1000, blank=True, default="")
    content_standard = models.CharField(_("内容规范"), max_length=5, choices=Verdict.choices)
    content_standard_comment = models.TextField(max_length=1000, blank=True, default="")
    assessment_method = models.CharField(_("评价方式"), max_length=5, choices=Verdict.choices)
    assessment_method_comment = models.TextField(max_length=1000, blank=True, default="")
    safety_assurance = models.CharField(_("安全保障"), max_length=5, choices=Verdict.choices)
    safety_assurance_comment = models.TextField(max_length=1000, blank=True, default="")
    decision = models.CharField(max_length=10, choices=ReviewDecision.choices)
    decided_at = models.DateTimeField()

    objects = CourseReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    goal_orientation__in=Verdict.values,
                    content_standard__in=Verdict.values,
                    assessment_method__in=Verdict.values,
                    safety_assurance__in=Verdict.values,
                ),
                name="review_verdicts_known",
            ),
            models.CheckConstraint(
                condition=Q(decision__in=ReviewDecision.values), name="review_decision_known"
            ),
            # Nothing is approved that does not pass on safety, or fails anywhere.
            models.CheckConstraint(
                condition=~Q(decision=ReviewDecision.APPROVED)
                | (
                    Q(safety_assurance=Verdict.PASS)
                    & Q(goal_orientation=Verdict.PASS)
                    & Q(content_standard=Verdict.PASS)
                    & Q(assessment_method=Verdict.PASS)
                ),
                name="review_approved_only_if_passed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.decision}"


class Season(models.Model):
    """When hosts publish, schools wish and book, and sessions run.

    Hosts open sessions from ``publishes_at`` (null: at once); schools rank wishes from
    ``wishes_from`` until ``wishes_until``, where there is such a phase; booking is open from
    ``opens_at`` until ``closes_at`` (ends excluded); sessions lie on days from ``runs_from`` to
    ``runs_until``, both included. Up to ``freeze_days`` days before a session students and
    number may change freely; after that a change is a request to the host.
    """

    name = models.CharField(_("名称"), max_length=60, unique=True)
    school_year = models.PositiveSmallIntegerField()
    publishes_at = models.DateTimeField(_("开课单位开始排场次"), null=True, blank=True)
    wishes_from = models.DateTimeField(_("开始填志愿"), null=True, blank=True)
    wishes_until = models.DateTimeField(_("结束填志愿"), null=True, blank=True)
    opens_at = models.DateTimeField(_("开始预约"))
    closes_at = models.DateTimeField(_("结束预约"))
    runs_from = models.DateField(_("开课首日"))
    runs_until = models.DateField(_("开课末日"))
    freeze_days = models.PositiveSmallIntegerField(_("开课前几天定名单"), default=3)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="season_closes_after_opening",
                violation_error_message=SeasonOutOfOrder.sentence,
            ),
            models.CheckConstraint(
                condition=Q(runs_until__gte=F("runs_from")),
                name="season_ends_after_start",
                violation_error_message=SeasonOutOfOrder.sentence,
            ),
            # A wish phase has a beginning and an end, and lies before booking.
            models.CheckConstraint(
                condition=Q(wishes_from=None, wishes_until=None)
                | Q(
                    wishes_from__isnull=False,
                    wishes_until__gt=F("wishes_from"),
                    wishes_until__lte=F("opens_at"),
                ),
                name="season_wishes_before_booking",
                violation_error_message=SeasonOutOfOrder.sentence,
            ),
            models.CheckConstraint(
                condition=Q(publishes_at=None) | Q(publishes_at__lte=F("opens_at")),
                name="season_publishes_before_booking",
                violation_error_message=SeasonOutOfOrder.sentence,
            ),
            models.CheckConstraint(
                condition=Q(freeze_days__lte=60), name="season_freeze_days_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SessionSet(models.Model):
    """Sessions offered and booked only together, like a two-day camp."""

    version = models.ForeignKey(CourseVersion, on_delete=models.PROTECT, related_name="sets")
    host = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="session_sets"
    )
    name = models.CharField(_("名称"), max_length=100)

    def __str__(self) -> str:
        return self.name


class CourseSessionQuerySet(models.QuerySet["CourseSession"]):
    def visible_to(self, actor: Actor) -> Self:
        """What is on when, with how many free seats, is known to every member of the alliance."""
        if actor.organisation_id is None and not actor.is_system:
            return self.none()
        return self

    def owned_by(self, actor: Actor) -> Self:
        """Those the actor's own organisation holds."""
        return self.filter(host_id=actor.organisation_id)

    def scheduled(self) -> Self:
        return self.filter(state=SessionState.SCHEDULED)

    def with_seats_left(self) -> Self:
        return self.annotate(seats_left=F("capacity") - F("seats_taken") - F("seats_held"))


class CourseSession(models.Model):
    """One dated meeting of a course version, with seats. States: scheduled → cancelled.

    ``class_hours`` is copied from the version when opened. ``uid`` and ``sequence`` identify
    its calendar entry for life (RFC 5545 3.8.4.7, 3.8.7.4).
    """

    version = models.ForeignKey(CourseVersion, on_delete=models.PROTECT, related_name="sessions")
    host = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="course_sessions"
    )
    season = models.ForeignKey(Season, on_delete=models.PROTECT, related_name="sessions")
    session_set = models.ForeignKey(
        SessionSet, on_delete=models.PROTECT, null=True, blank=True, related_name="sessions"
    )
    state = models.CharField(
        max_length=10, choices=SessionState.choices, default=SessionState.SCHEDULED
    )
    starts_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))
    class_hours = models.PositiveSmallIntegerField(_("学时"))

    venue = models.CharField(_("地点"), max_length=8, choices=Venue.choices, default=Venue.ROOM)
    room = models.ForeignKey(
        "sites.Room", on_delete=models.PROTECT, null=True, blank=True, related_name="sessions"
    )
    room_hold = models.OneToOneField(
        "sites.RoomHold", on_delete=models.PROTECT, null=True, blank=True, related_name="session"
    )
    school = models.ForeignKey(
        "accounts.Organisation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="visiting_sessions",
    )
    online_url = models.URLField(_("线上地址"), max_length=300, blank=True, default="")

    instructor = models.ForeignKey(
        "accounts.Membership",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sessions_taught",
    )
    # The second pair of hands that some courses may not be held without.
    assistant = models.ForeignKey(
        "accounts.Membership",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sessions_assisted",
    )
    capacity = models.PositiveSmallIntegerField(_("名额"))
    seats_taken = models.PositiveSmallIntegerField(default=0)
    seats_held = models.PositiveSmallIntegerField(default=0)
    # Everybody in the room, accompanying adults included; null where only seats are limited.
    heads_limit = models.PositiveSmallIntegerField(_("最多容纳（含成人）"), null=True, blank=True)
    adults_coming = models.PositiveSmallIntegerField(default=0)
    adults_held = models.PositiveSmallIntegerField(default=0)

    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    cancel_reason = models.CharField(_("取消原因"), max_length=200, blank=True, default="")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CourseSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            # Never oversold, whoever asks.
            models.CheckConstraint(
                condition=Q(capacity__gte=F("seats_taken") + F("seats_held")),
                name="session_never_oversold",
            ),
            # Never more people than the room holds, students and accompanying adults together.
            models.CheckConstraint(
                condition=Q(heads_limit=None)
                | Q(
                    heads_limit__gte=F("seats_taken")
                    + F("seats_held")
                    + F("adults_coming")
                    + F("adults_held")
                ),
                name="session_heads_fit",
            ),
            models.CheckConstraint(condition=Q(capacity__gt=0), name="session_capacity_positive"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(class_hours__range=(1, 32)), name="session_class_hours_range"
            ),
            models.CheckConstraint(
                condition=Q(state__in=SessionState.values), name="session_state_known"
            ),
            models.CheckConstraint(condition=Q(venue__in=Venue.values), name="session_venue_known"),
            # A session meets in exactly one place: a room, a school, or on line.
            models.CheckConstraint(
                condition=Q(venue=Venue.ROOM, room__isnull=False, school=None, online_url="")
                | Q(venue=Venue.SCHOOL, room=None, school__isnull=False, online_url="")
                | (Q(venue=Venue.ONLINE, room=None, school=None) & ~Q(online_url="")),
                name="session_one_venue",
            ),
            # While it stands, a session in a room holds that room; cancelled, it holds nothing.
            models.CheckConstraint(
                condition=Q(state=SessionState.SCHEDULED, venue=Venue.ROOM, room_hold__isnull=False)
                | (~Q(state=SessionState.SCHEDULED, venue=Venue.ROOM) & Q(room_hold=None)),
                name="session_holds_its_room",
            ),
            # Cancelled: when and why are known, and no seat is taken or held any more.
            models.CheckConstraint(
                condition=Q(state=SessionState.SCHEDULED, cancelled_at=None, cancel_reason="")
                | (
                    Q(
                        state=SessionState.CANCELLED,
                        cancelled_at__isnull=False,
                        seats_taken=0,
                        seats_held=0,
                    )
                    & ~Q(cancel_reason="")
                ),
                name="session_cancelled_paired",
            ),
            # The target of the places' composite foreign key: a place's times are its session's.
            models.UniqueConstraint(
                fields=["id", "starts_at", "ends_at"], name="session_id_starts_ends"
            ),
            # An instructor is in one session at a time.
            ExclusionConstraint(
                name="session_instructor_one_at_a_time",
                expressions=[
                    (F("instructor"), RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(state=SessionState.SCHEDULED, instructor__isnull=False),
            ),
            # Nor does an assistant help in two at a time, or in her own. That nobody teaches here
            # and helps there is seen to under the lock on the person.
            ExclusionConstraint(
                name="session_assistant_one_at_a_time",
                expressions=[
                    (F("assistant"), RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(state=SessionState.SCHEDULED, assistant__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(assistant=None) | Q(instructor=None) | ~Q(assistant=F("instructor")),
                name="session_assistant_is_another",
            ),
        ]
        indexes = [
            models.Index(fields=["starts_at", "id"], name="session_starts"),
            models.Index(fields=["host", "starts_at"], name="session_host_starts"),
            models.Index(fields=["version", "starts_at"], name="session_version_starts"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} @ {self.starts_at:%F %H:%M}"

    def is_kept_by(self, actor: Actor) -> bool:
        """Whether its door is the actor's: the host's managers keep every one, an instructor the
        sessions she teaches and those nobody teaches."""
        if not actor.is_host or actor.organisation_id != self.host_id:
            return False
        return actor.is_host_manager or self.instructor_id in (None, actor.membership_id)

    @property
    def heads(self) -> int:
        """Everybody who comes or for whom there is kept room, adults included."""
        return self.seats_taken + self.seats_held + self.adults_coming + self.adults_held

    def takes(self, students: int, adults: int) -> bool:
        """Whether so many more find a seat, and room with the adults who come along."""
        free = self.capacity - self.seats_taken - self.seats_held
        return students <= free and (
            self.heads_limit is None or self.heads + students + adults <= self.heads_limit
        )

    @property
    def lacks_assistant(self) -> bool:
        """Whether the course must have an assistant and none is named (``version`` loaded)."""
        return self.version.needs_assistant and self.assistant_id is None

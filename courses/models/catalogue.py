"""What is taught: courses in versions, and their reviews."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from accounts.choices import Stage
from courses.choices import Mode, OccupationFamily, ReviewDecision, Verdict, VersionState


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

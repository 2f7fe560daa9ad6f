"""A host's places and rooms, what occupies them, and which days have lessons."""

from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor

from .choices import DayKind, HoldKind


class SiteQuerySet(models.QuerySet["Site"]):
    def visible_to(self, actor: Actor) -> Self:
        """A site's name, address, contact and opening hours are public within the alliance
        (上海市中小学校外实践教育促进规定 art. 11)."""
        if actor.organisation_id is None and not actor.is_system:
            return self.none()
        return self

    def owned_by(self, actor: Actor) -> Self:
        """Those the actor's own organisation runs."""
        return self.filter(host_id=actor.organisation_id)


class Site(models.Model):
    """A host's place: a campus, a training centre, a workshop. May be a practice base."""

    host = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="sites"
    )
    name = models.CharField(_("名称"), max_length=100)
    name_en = models.CharField(_("英文名称"), max_length=150, blank=True, default="")
    address = models.CharField(_("地址"), max_length=200, blank=True, default="")
    contact_name = models.CharField(_("联系人"), max_length=60, blank=True, default="")
    contact_phone = models.CharField(_("联系电话"), max_length=30, blank=True, default="")
    opening_hours = models.CharField(_("开放时间"), max_length=200, blank=True, default="")
    directions = models.CharField(_("怎么去"), max_length=300, blank=True, default="")
    is_practice_base = models.BooleanField(_("社会实践基地"), default=False)
    stars = models.PositiveSmallIntegerField(_("星级"), null=True, blank=True)
    is_active = models.BooleanField(default=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["host", "name"], name="site_name_once_per_host"),
            # One to five stars; an unrated site has none.
            models.CheckConstraint(
                condition=Q(stars=None) | Q(stars__range=(1, 5)), name="site_stars_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RoomQuerySet(models.QuerySet["Room"]):
    def visible_to(self, actor: Actor) -> Self:
        """A host's own rooms; the alliance sees all."""
        if actor.is_system or actor.is_alliance:
            return self
        if not actor.is_host:
            return self.none()
        return self.filter(host_id=actor.organisation_id)


class Room(models.Model):
    """The smallest space that holds one session."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="rooms")
    host = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="rooms"
    )
    name = models.CharField(_("名称"), max_length=60)
    floor_area_m2 = models.PositiveIntegerField(_("面积（平方米）"))
    stations = models.PositiveSmallIntegerField(_("工位数"))
    licensed_capacity = models.PositiveSmallIntegerField(_("核定人数"))
    # Most people at once, adults included; null where only students are limited.
    heads_capacity = models.PositiveSmallIntegerField(
        _("最多容纳（含成人）"), null=True, blank=True
    )
    is_active = models.BooleanField(default=True)

    objects = RoomQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="room_name_once_per_site"),
            models.CheckConstraint(
                condition=Q(floor_area_m2__gt=0, stations__gt=0, licensed_capacity__gt=0),
                name="room_measures_positive",
            ),
            models.CheckConstraint(
                condition=Q(heads_capacity=None) | Q(heads_capacity__gt=0),
                name="room_heads_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def safe_capacity(self) -> int:
        """Most students at once: the licence, 3 m² of floor each (the district's 2021 trial norm
        for practice venues), and one station each; whichever is least."""
        return max(1, min(self.licensed_capacity, self.floor_area_m2 // 3, self.stations))


class RoomHoldQuerySet(models.QuerySet["RoomHold"]):
    def visible_to(self, actor: Actor) -> Self:
        if actor.is_system or actor.is_alliance:
            return self
        if not actor.is_host:
            return self.none()
        return self.filter(room__host_id=actor.organisation_id)


class RoomHold(models.Model):
    """What occupies a room for a period (end excluded): a session, or a closure with its reason."""

    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="holds")
    period = DateTimeRangeField()
    kind = models.CharField(max_length=10, choices=HoldKind.choices)
    reason = models.CharField(_("原因"), max_length=100, blank=True, default="")

    objects = RoomHoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=HoldKind.values), name="hold_kind_known"),
            models.CheckConstraint(
                condition=Q(period__isempty=False), name="hold_period_not_empty"
            ),
            # A room is in one session at a time.
            ExclusionConstraint(
                name="room_one_session_at_a_time",
                expressions=[
                    (F("room"), RangeOperators.EQUAL),
                    (F("period"), RangeOperators.OVERLAPS),
                ],
                condition=Q(kind=HoldKind.SESSION),
            ),
            # And in none while it is closed; closures may overlap each other.
            ExclusionConstraint(
                name="room_no_session_while_closed",
                expressions=[
                    (F("room"), RangeOperators.EQUAL),
                    (F("period"), RangeOperators.OVERLAPS),
                    (F("kind"), RangeOperators.NOT_EQUAL),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room_id} {self.kind}"


class CalendarDay(models.Model):
    """A day that differs from its weekday: a public holiday, a make-up workday, no lessons.

    Seeded from a package, editable; ``is_provisional`` until the State Council's notice.
    """

    day = models.DateField(unique=True)
    kind = models.CharField(max_length=16, choices=DayKind.choices)
    name = models.CharField(_("名称"), max_length=60)
    is_provisional = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=DayKind.values), name="day_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class SchoolTerm(models.Model):
    """One term of a school year, first and last day included. 2026学年 begins in September 2026."""

    school_year = models.PositiveSmallIntegerField()
    term = models.PositiveSmallIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["school_year", "term"], name="term_once"),
            models.CheckConstraint(condition=Q(term__in=[1, 2]), name="term_first_or_second"),
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")), name="term_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_year}-{self.term}"

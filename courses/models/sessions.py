"""Dated sessions with their seats, one by one or in sets."""

import uuid
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.fields.ranges import RangeBoundary
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from courses.choices import ReasonCode, SessionState, Venue

from .catalogue import CourseVersion
from .seasons import Season


class TsTzRange(Func):
    """``tstzrange(starts_at, ends_at, '[)')``: the end is excluded."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


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
    # The words of whoever cancelled it; none where the code says enough.
    cancel_reason = models.CharField(_("取消原因"), max_length=200, blank=True, default="")
    cancel_code = models.CharField(
        max_length=16, choices=ReasonCode.choices, blank=True, default="", db_default=""
    )

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
                condition=Q(
                    state=SessionState.SCHEDULED,
                    cancelled_at=None,
                    cancel_reason="",
                    cancel_code="",
                )
                | (
                    Q(
                        state=SessionState.CANCELLED,
                        cancelled_at__isnull=False,
                        seats_taken=0,
                        seats_held=0,
                    )
                    & (~Q(cancel_reason="") | ~Q(cancel_code__in=["", ReasonCode.OTHER]))
                ),
                name="session_cancelled_paired",
            ),
            models.CheckConstraint(
                condition=Q(cancel_code__in=["", *ReasonCode.values]),
                name="session_cancel_code_known",
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
    def why_cancelled(self) -> str:
        """In the words given, else by the code's label in the active language."""
        return self.cancel_reason or self.get_cancel_code_display()

    @property
    def lacks_assistant(self) -> bool:
        """Whether the course must have an assistant and none is named (``version`` loaded)."""
        return self.version.needs_assistant and self.assistant_id is None

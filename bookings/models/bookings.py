"""Who has reserved which seats: reservation, bookings, places."""

import uuid
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.fields.ranges import RangeBoundary
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from bookings.choices import LIVE_STATES, BookingState, CancelledSide
from courses.choices import ReasonCode
from courses.models import TsTzRange
from rosters.models import ClassTeacher


def _classes_of(actor: Actor) -> models.QuerySet[ClassTeacher, Any]:
    return ClassTeacher.objects.taught_by(actor).values("class_group_id")


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def visible_to(self, actor: Actor) -> Self:
        """The school that made it; a teacher, where a class of hers is in it or she made it.
        Hosts read bookings, not reservations; the alliance counts both in its overviews and
        reads neither, since they name people and their telephones."""
        if actor.is_system:
            return self
        if actor.is_coordinator:
            return self.filter(school_id=actor.organisation_id)
        if actor.is_teacher:
            return self.filter(
                Q(made_by_id=actor.membership_id)
                | Q(
                    pk__in=Booking.objects.filter(class_group_id__in=_classes_of(actor)).values(
                        "reservation_id"
                    )
                ),
                school_id=actor.organisation_id,
            )
        return self.none()


class Reservation(models.Model):
    """What one confirmation makes: one reference, one or more bookings. Its state is theirs."""

    reference = models.CharField(_("预约号"), max_length=12, unique=True)
    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="reservations"
    )
    made_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, related_name="reservations_made"
    )
    made_at = models.DateTimeField()
    contact_name = models.CharField(_("联系人"), max_length=60)
    contact_phone = models.CharField(_("联系电话"), max_length=30, blank=True, default="")
    note = models.CharField(_("给开课单位的话"), max_length=500, blank=True, default="")
    # The client's own key of the request, and a digest of what it asked for: a repeated
    # request finds the first answer, the same key with other contents is refused.
    idempotency_key = models.CharField(max_length=80)
    request_digest = models.CharField(max_length=64)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["made_by", "idempotency_key"], name="reservation_key_once"
            ),
        ]
        indexes = [
            # The newest first, a page at a time, however many there are.
            models.Index(fields=["school", "-made_at", "-id"], name="reservation_school_newest"),
        ]

    def __str__(self) -> str:
        return self.reference


class BookingQuerySet(models.QuerySet["Booking"]):
    def visible_to(self, actor: Actor) -> Self:
        """The school's own, a teacher those of her classes, the host those of its sessions."""
        if actor.is_system:
            return self
        if actor.is_host:
            return self.filter(host_id=actor.organisation_id)
        if actor.is_coordinator:
            return self.filter(school_id=actor.organisation_id)
        if actor.is_teacher:
            return self.filter(
                school_id=actor.organisation_id, class_group_id__in=_classes_of(actor)
            )
        return self.none()

    def live(self) -> Self:
        return self.filter(state__in=LIVE_STATES)


class Booking(models.Model):
    """Seats in one session for one class. Legal moves: ``choices.BOOKING_TRANSITIONS``.

    ``seats`` counts its live places. ``edition`` rises with each change, so that a stale form
    is noticed; ``uid`` and ``sequence`` are those of its calendar entry.
    """

    reservation = models.ForeignKey(Reservation, on_delete=models.PROTECT, related_name="bookings")
    session = models.ForeignKey(
        "courses.CourseSession", on_delete=models.PROTECT, related_name="bookings"
    )
    class_group = models.ForeignKey(
        "rosters.ClassGroup", on_delete=models.PROTECT, related_name="bookings"
    )
    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="bookings"
    )
    host = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="hosted_bookings"
    )
    state = models.CharField(max_length=10, choices=BookingState.choices)
    seats = models.PositiveSmallIntegerField(_("人数"))
    # How many adults come along; their names may follow until the freeze.
    adults = models.PositiveSmallIntegerField(_("带队教师人数"), default=0)
    edition = models.PositiveIntegerField(default=1)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_side = models.CharField(
        max_length=10, choices=CancelledSide.choices, blank=True, default=""
    )
    # The words of whoever cancelled it; none where the code says enough.
    cancel_reason = models.CharField(_("取消原因"), max_length=200, blank=True, default="")
    cancel_code = models.CharField(
        max_length=16, choices=ReasonCode.choices, blank=True, default=""
    )
    # Given up by the school, or taken back by the host, after the season's freeze.
    is_late = models.BooleanField(default=False)
    # Why nobody came, once that is known; empty while somebody did or it is not asked yet.
    no_show_code = models.CharField(
        max_length=16, choices=ReasonCode.choices, blank=True, default=""
    )
    reminded_at = models.DateTimeField(null=True, blank=True)

    objects = BookingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=BookingState.values), name="booking_state_known"
            ),
            models.CheckConstraint(
                condition=Q(cancelled_side__in=[*CancelledSide.values, ""]),
                name="booking_cancelled_side_known",
            ),
            # A class has one live booking of a session; cancelled ones stay as history.
            models.UniqueConstraint(
                fields=["session", "class_group"],
                condition=Q(state__in=LIVE_STATES),
                name="booking_live_once_per_class",
            ),
            # Cancelled: when, by which side and why, in words or by a code that says something,
            # are known together; else none of them.
            models.CheckConstraint(
                condition=(
                    Q(state=BookingState.CANCELLED, cancelled_at__isnull=False)
                    & ~Q(cancelled_side="")
                    & (~Q(cancel_reason="") | ~Q(cancel_code__in=["", ReasonCode.OTHER]))
                )
                | (
                    ~Q(state=BookingState.CANCELLED)
                    & Q(cancelled_at=None, cancelled_side="", cancel_reason="")
                ),
                name="booking_cancelled_paired",
            ),
            models.CheckConstraint(
                condition=Q(cancel_code__in=["", *ReasonCode.values])
                & Q(no_show_code__in=["", *ReasonCode.values]),
                name="booking_reason_codes_known",
            ),
            # A live booking has seats; one that is over has none.
            models.CheckConstraint(
                condition=Q(state__in=LIVE_STATES, seats__gt=0)
                | (~Q(state__in=LIVE_STATES) & Q(seats=0)),
                name="booking_seats_while_live",
            ),
            # The target of the places' composite foreign key.
            models.UniqueConstraint(fields=["id", "session"], name="booking_id_session"),
        ]
        indexes = [
            models.Index(fields=["school", "session"], name="booking_school_session"),
            models.Index(fields=["host", "session"], name="booking_host_session"),
            models.Index(fields=["class_group", "session"], name="booking_class_session"),
            # The newest first, a page at a time, however many there are.
            models.Index(fields=["school", "-created_at", "-id"], name="booking_school_newest"),
            models.Index(fields=["host", "-created_at", "-id"], name="booking_host_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.reservation_id} {self.session_id} {self.class_group_id}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES

    @property
    def why_cancelled(self) -> str:
        """In the words given, else by the code's label in the active language."""
        return self.cancel_reason or self.get_cancel_code_display()


class Companion(models.Model):
    """An adult who comes along. The phone is for the host of that booking only."""

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="companions")
    name = models.CharField(_("姓名"), max_length=60)
    phone = models.CharField(_("电话"), max_length=30, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.booking_id}"


class PlaceQuerySet(models.QuerySet["Place"]):
    def visible_to(self, actor: Actor) -> Self:
        """As bookings: the school's own, a teacher those of her classes, the host those of its
        sessions. Whether a host may read the names now is ``bookings.selectors``' question."""
        if actor.is_system:
            return self
        if actor.is_host:
            return self.filter(host_id=actor.organisation_id)
        if actor.is_coordinator:
            return self.filter(school_id=actor.organisation_id)
        if actor.is_teacher:
            return self.filter(
                school_id=actor.organisation_id, booking__class_group_id__in=_classes_of(actor)
            )
        return self.none()

    def live(self) -> Self:
        return self.filter(is_live=True)


class Place(models.Model):
    """One seat of a booking; ``student`` is null until named. Released, never deleted.

    ``starts_at`` and ``ends_at`` are the session's: a composite foreign key keeps them so.
    """

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="places")
    session = models.ForeignKey(
        "courses.CourseSession", on_delete=models.PROTECT, related_name="places"
    )
    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="places"
    )
    host = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="hosted_places"
    )
    student = models.ForeignKey(
        "rosters.Student", on_delete=models.PROTECT, null=True, blank=True, related_name="places"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    is_live = models.BooleanField(default=True)
    # Let in at the door, without having been booked before.
    is_walk_in = models.BooleanField(default=False)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        constraints = [
            # A student is never in two places at once.
            ExclusionConstraint(
                name="place_student_one_at_a_time",
                expressions=[
                    (F("student"), RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(is_live=True, student__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["session"], condition=Q(is_live=True), name="place_live_session"),
            models.Index(
                fields=["student", "starts_at"],
                condition=Q(is_live=True),
                name="place_live_student",
            ),
            models.Index(fields=["booking"], name="place_booking"),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id}:{self.pk}"

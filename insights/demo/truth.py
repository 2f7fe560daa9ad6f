"""Recomputes from the rows what the demonstration claims. Each finding is a sentence."""

from django.db.models import Count, F, Q, Sum

from attendance.choices import EventKind
from attendance.models import CheckIn
from bookings.models import Booking, Place
from courses.models import CourseSession
from hours.choices import CreditKind
from hours.models import HourCredit


def findings() -> list[str]:
    """What does not agree; empty when everything does."""
    found = []
    for session in CourseSession.objects.annotate(
        live=Count("places", filter=Q(places__is_live=True))
    ).exclude(seats_taken=F("live")):
        found.append(f"session {session.pk}: {session.seats_taken} seats taken, not its places")
    for booking in Booking.objects.annotate(
        live=Count("places", filter=Q(places__is_live=True))
    ).exclude(seats=F("live")):
        found.append(f"booking {booking.pk}: {booking.seats} seats, not its places")
    came = set(
        CheckIn.objects.filter(
            kind=EventKind.IN, voided_by=None, session__desk__closed_at__isnull=False
        ).values_list("student_id", "session_id")
    )
    credited = {
        (student, session): hours
        for student, session, hours in HourCredit.objects.exclude(kind=CreditKind.MANUAL)
        .values_list("student_id", "session_id")
        .annotate(hours=Sum("class_hours"))
        .filter(hours__gt=0)
    }
    if came != set(credited):
        found.append(f"{len(came ^ set(credited))} attendances and credits do not agree")
    worth = dict(CourseSession.objects.values_list("pk", "class_hours"))
    wrong = sum(hours != worth[session] for (_student, session), hours in credited.items())
    if wrong:
        found.append(f"{wrong} credits differ from their session's class hours")
    strangers = Place.objects.live().exclude(student__class_group=F("booking__class_group")).count()
    if strangers:
        found.append(f"{strangers} places name a student of another class")
    return found

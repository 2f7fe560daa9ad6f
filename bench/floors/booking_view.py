"""The smallest Django view that books: floor (b) of ``make bench-booking``.

Frozen in its first commit, so that what is measured against it does not move. It authenticates as
the product does, by the same look-up of the key, and writes the same rows with the ORM's bulk
insert: reservation, booking, places, audit entry, two messages with their deliveries, one row of
the cluster's queue, and the conditional UPDATE of the seats last. It checks nothing else, writes
every text from a constant, and has no refusals worth the name: a floor, not an equal.
"""

import hashlib
import json
import uuid

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import ApiToken, AuditEntry
from bookings.models import Booking, Place, Reservation
from courses.models import CourseSession
from notifications.models import Delivery, Message

# As long as the product's own are.
BODY = "名额已定。\n\n" + "课程：面包师：一只吐司的诞生\n" * 12
CALENDAR = (
    "BEGIN:VCALENDAR\r\n" + "DESCRIPTION:面包师：一只吐司的诞生\r\n" * 22 + "END:VCALENDAR\r\n"
)
PAYLOAD = "x" * 260


class Full(Exception):
    """No seat is left: whatever was written is taken back."""


def book(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    secret = request.headers["Authorization"].removeprefix("Bearer ")
    token = (
        ApiToken.objects.filter(
            digest=hashlib.sha256(secret.encode()).hexdigest(),
            revoked_at=None,
            membership__ended_at=None,
            membership__user__is_active=True,
            membership__organisation__is_active=True,
        )
        .select_related("membership__user", "membership__organisation")
        .first()
    )
    if token is None:
        return JsonResponse({}, status=401)
    member = token.membership
    asked = json.loads(request.body)
    try:
        with transaction.atomic():
            session = CourseSession.objects.get(pk=asked["sessions"][0])
            reservation = Reservation.objects.create(
                reference=uuid.uuid4().hex[:9],
                school_id=member.organisation_id,
                made_by=member,
                made_at=now,
                contact_name=member.user.name,
                idempotency_key=request.headers["Idempotency-Key"],
                request_digest=hashlib.sha256(request.body).hexdigest(),
            )
            booking = Booking.objects.create(
                reservation=reservation,
                session=session,
                class_group_id=asked["class_group"],
                school_id=member.organisation_id,
                host_id=session.host_id,
                state="confirmed",
                seats=len(asked["students"]),
                adults=2,
                created_at=now,
            )
            Place.objects.bulk_create(
                Place(
                    booking=booking,
                    session=session,
                    school_id=member.organisation_id,
                    host_id=session.host_id,
                    student_id=student,
                    starts_at=session.starts_at,
                    ends_at=session.ends_at,
                )
                for student in asked["students"]
            )
            AuditEntry.objects.create(
                at=now,
                actor_kind="membership",
                membership=member,
                organisation_id=member.organisation_id,
                verb="reservation.made",
                target=f"bookings.reservation:{reservation.pk}",
                facts={
                    "bookings": [booking.pk],
                    "sessions": [session.pk],
                    "seats": booking.seats,
                },
            )
            messages = Message.objects.bulk_create(
                Message(
                    recipient=member.user,
                    kind=kind,
                    subject="预约已确认：面包师：一只吐司的诞生",
                    body=BODY,
                    path="/trips/1/",
                    calendar=calendar,
                    calendar_method=method,
                    created_at=now,
                )
                for kind, calendar, method in (
                    ("booking_confirmed", CALENDAR, "REQUEST"),
                    ("booking_made", "", ""),
                )
            )
            Delivery.objects.bulk_create(
                Delivery(message=message, address=member.user.email, created_at=now)
                for message in messages
            )
            OrmQ.objects.create(key="career-classroom", payload=PAYLOAD, lock=now)
            taken = CourseSession.objects.filter(
                pk=session.pk,
                state="scheduled",
                capacity__gte=F("seats_taken") + F("seats_held") + booking.seats,
            ).update(
                seats_taken=F("seats_taken") + booking.seats,
                adults_coming=F("adults_coming") + 2,
            )
            if not taken:
                raise Full
    except Full:
        return JsonResponse({}, status=409)
    return JsonResponse(
        {"id": reservation.pk, "reference": reservation.reference, "bookings": [booking.pk]},
        status=201,
    )


urlpatterns = [path("api/v1/reservations/", book)]

"""The smallest Django views that check in: floor (b) of ``make bench-checkin``.

Frozen in its first commit, so that what is measured against it does not move. Each authenticates
as the product does, by the same look-up of the key or of the device's secret, and writes the same
rows with the ORM, a batch in bulk: check-ins, audit entries, and when the device was last heard.
They ask for nothing but what the rows need, believe what the device says, and have no refusals
worth the name: no door that is closed, no student who is in already. A floor, not an equal.
"""

import hashlib
import json
from collections import Counter
from datetime import datetime

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone

from accounts.models import ApiToken, AuditEntry
from attendance.models import CheckIn, Device, RosterPack
from bookings.models import Place


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def check_in(request: HttpRequest, pk: int) -> HttpResponse:
    """One badge at the door of the session."""
    now = timezone.now()
    token = (
        ApiToken.objects.filter(
            digest=_digest(request.headers["Authorization"].removeprefix("Bearer ")),
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
    place = (
        Place.objects.filter(
            session_id=pk,
            host_id=member.organisation_id,
            is_live=True,
            student__badges__code=asked["code"],
            student__badges__revoked_at=None,
        )
        .select_related("student")
        .first()
    )
    if place is None or place.student is None:
        return JsonResponse({}, status=409)
    with transaction.atomic():
        event = CheckIn.objects.create(
            id=asked["id"],
            session_id=pk,
            student=place.student,
            place=place,
            kind="in",
            way_in="api",
            happened_at=now,
            recorded_at=now,
            recorded_by=member,
        )
        AuditEntry.objects.create(
            at=now,
            actor_kind="membership",
            membership=member,
            organisation_id=member.organisation_id,
            verb="attendance.in",
            target=f"courses.coursesession:{pk}",
            address=request.META["REMOTE_ADDR"],
        )
    return JsonResponse(
        {
            "id": asked["id"],
            "outcome": "new",
            "check_in": event.pk,
            "happened_at": now,
            "class_group": place.student.class_group_id,
            "seat_no": place.student.seat_no,
        },
        status=201,
    )


def receive(request: HttpRequest) -> HttpResponse:
    """What a device kept."""
    now = timezone.now()
    device = (
        Device.objects.filter(
            digest=_digest(request.headers["Authorization"].removeprefix("Device ")),
            revoked_at=None,
            registered_by__ended_at=None,
            registered_by__user__is_active=True,
            registered_by__organisation__is_active=True,
        )
        .select_related("registered_by__user", "registered_by__organisation")
        .first()
    )
    if device is None:
        return JsonResponse({}, status=401)
    asked = json.loads(request.body)
    events = asked["events"]
    with transaction.atomic():
        Device.objects.filter(pk=device.pk).update(
            last_seen_at=now, clock_ahead=datetime.fromisoformat(asked["now"]) - now
        )
        session_of = dict(
            RosterPack.objects.filter(
                device=device, pk__in={event["pack"] for event in events}
            ).values_list("pk", "session_id")
        )
        place_of = {
            (session, student): place
            for session, student, place in Place.objects.filter(
                session__in=session_of.values(), is_live=True
            ).values_list("session_id", "student_id", "pk")
        }
        CheckIn.objects.bulk_create(
            (
                CheckIn(
                    id=event["id"],
                    session_id=session_of[event["pack"]],
                    student_id=event["student"],
                    place_id=place_of[session_of[event["pack"]], event["student"]],
                    kind=event["kind"],
                    way_in=event["way_in"],
                    device=device,
                    happened_at=datetime.fromisoformat(event["happened_at"]),
                    recorded_at=now,
                    recorded_by_id=device.registered_by_id,
                )
                for event in events
            ),
            ignore_conflicts=True,
        )
        AuditEntry.objects.bulk_create(
            AuditEntry(
                at=now,
                actor_kind="membership",
                membership_id=device.registered_by_id,
                organisation_id=device.host_id,
                verb="attendance.synced",
                target=f"courses.coursesession:{session_of[pack]}",
                facts={"device": device.pk, "events": number, "doubtful": 0, "withdrawn": 0},
                address=request.META["REMOTE_ADDR"],
            )
            for pack, number in Counter(event["pack"] for event in events).items()
        )
    return JsonResponse(
        {"now": now, "answers": [{"id": event["id"], "result": "accepted"} for event in events]}
    )


urlpatterns = [
    path("api/v1/sessions/<int:pk>/check-ins/", check_in),
    path("api/v1/desk/events/", receive),
]

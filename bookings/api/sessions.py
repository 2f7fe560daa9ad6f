"""What a host does with a session over the web API: change it, call it off."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actors import Actor
from accounts.errors import NotYours
from accounts.models import Membership, Organisation
from bookings.services import host_changes, host_moves, move_checks
from courses.choices import ReasonCode
from courses.models import CourseSession
from courses.selectors import catalogue
from courses.services.sessions import Place
from sites.models import Room

from .idempotent import KEY_PARAMETER, idempotent
from .serializers import (
    CancelledSessionOutput,
    ChangedSessionOutput,
    ReasonInput,
    SessionChangeInput,
)
from .views import PROBLEMS, actor_of


class SessionCancellation(APIView):
    @extend_schema(
        request=ReasonInput,
        responses={200: CancelledSessionOutput} | PROBLEMS,
        parameters=[KEY_PARAMETER],
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """The session, with the other days of its set, is cancelled with the reason, and every
        booking of them; everybody booked is told. For the host's manager and the secretariat."""
        actor, now = actor_of(request), timezone.now()
        session = _session(request, pk)
        host_changes.check_can_cancel_session(actor, session, now)
        asked = ReasonInput(data=request.data)
        asked.is_valid(raise_exception=True)
        host_changes.cancel_session(
            by=actor,
            session=session,
            code=ReasonCode(asked.validated_data["code"]),
            reason=asked.validated_data["reason"],
            now=now,
        )
        return Response(CancelledSessionOutput(_session(request, pk)).data)


class SessionMove(APIView):
    @extend_schema(
        request=SessionChangeInput,
        responses={200: ChangedSessionOutput} | PROBLEMS,
        parameters=[KEY_PARAMETER],
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """The session, booked or not, has another time, place, capacity or other people; its
        bookings follow, and those in `release` are cancelled. For the host's manager."""
        actor, now = actor_of(request), timezone.now()
        session = _session(request, pk)
        host_moves.check_can_change_session(actor, session, now)
        asked = SessionChangeInput(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        changed = host_moves.change_session(
            by=actor,
            session=session,
            sequence=values["sequence"],
            change=_change(actor, session, values),
            code=ReasonCode(values["code"]),
            reason=values["reason"],
            now=now,
        )
        return Response(ChangedSessionOutput(changed).data)


def _change(actor: Actor, session: CourseSession, values: dict[str, Any]) -> move_checks.Change:
    """What is asked for, the rest as it is. Refused: a room, school or person that is not there
    for the actor (NotYours)."""
    place = Place(session.room, session.school, session.online_url)
    if "room" in values:
        place = Place(room=_one(Room.objects.visible_to(actor), values["room"]))
    elif "school" in values:
        place = Place(school=_one(Organisation.objects.schools(), values["school"]))
    elif "online_url" in values:
        place = Place(online_url=values["online_url"])
    people = Membership.objects.live().filter(organisation_id=session.host_id)
    return move_checks.Change(
        starts_at=values.get("starts_at", session.starts_at),
        ends_at=values.get("ends_at", session.ends_at),
        place=place,
        capacity=values.get("capacity", session.capacity),
        instructor=_one(people, values["instructor"])
        if "instructor" in values
        else session.instructor,
        assistant=_one(people, values["assistant"]) if "assistant" in values else session.assistant,
        release=frozenset(values["release"]),
    )


def _one(rows: Any, key: int | None) -> Any:
    if key is None:
        return None
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotYours
    return found


def _session(request: Request, pk: int) -> CourseSession:
    session = catalogue.sessions(actor_of(request)).filter(pk=pk).first()
    if session is None:
        raise NotYours
    return session

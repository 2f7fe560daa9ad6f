"""The door over the web API: arrivals one by one or many at once, and who is there."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import STATUS_OF_KIND
from accounts.actors import Actor
from accounts.errors import NotYours, Refusal
from attendance.choices import WayIn
from attendance.selectors import desk as selectors
from attendance.services import check_in as check_ins
from attendance.services import desk as desks
from courses.models import CourseSession

from .serializers import (
    AttendanceOutput,
    CheckInBatchInput,
    CheckInBatchOutput,
    CheckInInput,
    CheckInOutput,
)

PROBLEMS = {
    403: OpenApiResponse(description="Another instructor's session (problem+json)."),
    404: OpenApiResponse(description="Not there, or not yours to see (problem+json)."),
    409: OpenApiResponse(description="Refused now; `code` and `facts` say why (problem+json)."),
}


class CheckInList(APIView):
    @extend_schema(
        operation_id="sessions_attendance_list",
        responses={200: AttendanceOutput(many=True)} | PROBLEMS,
    )
    def get(self, request: Request, pk: int) -> Response:
        """The state of every student booked for the session, by class and seat; no names."""
        seats = selectors.seats_without_names(_session(request, pk))
        return Response(
            AttendanceOutput(
                [
                    {
                        "class_group": seat.class_group_id,
                        "seat_no": seat.seat_no,
                        "attendance": seat.attendance.state,
                        "came_at": seat.attendance.came_at,
                        "left_at": seat.attendance.left_at,
                        "is_credited": seat.attendance.is_credited,
                    }
                    for seat in seats
                ],
                many=True,
            ).data
        )

    @extend_schema(
        operation_id="sessions_check_ins_create",
        request=CheckInInput,
        responses={
            201: CheckInOutput,
            200: OpenApiResponse(CheckInOutput, description="In already, by another event."),
        }
        | PROBLEMS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """The badge's bearer, or the student ticked, is in. Safe to repeat: the same answer."""
        session = _session(request, pk)
        asked = CheckInInput(data=request.data)
        asked.is_valid(raise_exception=True)
        entry = _enter(request, session, asked.validated_data)
        return Response(
            CheckInOutput(_told(asked.validated_data, entry)).data,
            status=201 if entry.is_new else 200,
        )


class CheckInBatch(APIView):
    @extend_schema(
        operation_id="sessions_check_ins_batch_create",
        request=CheckInBatchInput,
        responses={200: CheckInBatchOutput} | PROBLEMS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Arrivals kept while there was no network, in their order. Each has its own answer,
        and one that is refused holds up none of the others."""
        session = _session(request, pk)
        asked = CheckInBatchInput(data=request.data)
        asked.is_valid(raise_exception=True)
        answers = []
        for values in asked.validated_data["check_ins"]:
            try:
                entry = _enter(request, session, values)
            except Refusal as refusal:
                answers.append(
                    {
                        "id": str(values["id"]),
                        "status": STATUS_OF_KIND[refusal.kind],
                        "code": refusal.code,
                        "detail": str(refusal),
                    }
                )
            else:
                shown = CheckInOutput(_told(values, entry)).data
                answers.append({**shown, "status": 201 if entry.is_new else 200})
        return Response({"check_ins": answers})


def _actor(request: Request) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _session(request: Request, pk: int) -> CourseSession:
    """The session whose door the actor keeps; to others it is not there."""
    session = selectors.session_at_door(pk)
    if session is None:
        raise NotYours
    desks.check_can_keep(_actor(request), session)
    return session


def _enter(request: Request, session: CourseSession, values: dict[str, Any]) -> check_ins.Entry:
    now = timezone.now()
    code = values.get("code", "")
    return check_ins.check_in(
        by=_actor(request),
        session=session,
        code=code,
        student_id=(
            None
            if code
            else selectors.student_at(session, values["class_group"], values["seat_no"])
        ),
        way_in=WayIn(values["way_in"]),
        event_id=values["id"],
        happened_at=values.get("happened_at", now),
        now=now,
    )


def _told(values: dict[str, Any], entry: check_ins.Entry) -> dict[str, Any]:
    return {
        "id": values["id"],
        "outcome": "new" if entry.is_new else "already",
        "check_in": entry.event.pk,
        "happened_at": entry.event.happened_at,
        "class_group": entry.student.class_group_id,
        "seat_no": entry.student.seat_no,
    }

"""After the freeze, over the web API: a school asks for a change, the host answers."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bookings.choices import ChangeState
from bookings.models import ChangeRequest
from bookings.selectors import change_requests as selectors
from bookings.services import change_requests, lists

from .idempotent import KEY_PARAMETER, idempotent
from .serializers import ChangeAnswerInput, ChangeRequestInput, ChangeRequestOutput, seen_of
from .views import PROBLEMS, actor_of, booking_of


class NewestRequestsFirst(CursorPagination):
    page_size = 50
    ordering = ("-asked_at", "-id")


@extend_schema(parameters=[OpenApiParameter("state", str, enum=ChangeState.values)])
class ChangeRequestList(generics.ListAPIView[ChangeRequest]):
    """What the school asked, or what is asked of the host; of one ``state``, if given."""

    serializer_class = ChangeRequestOutput
    pagination_class = NewestRequestsFirst

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return ChangeRequest.objects.none()
        found = selectors.requests_for(actor_of(self.request))
        state = self.request.GET.get("state")
        return found if state is None else found.filter(state=state)


class ChangeRequestDetail(APIView):
    @extend_schema(responses={200: ChangeRequestOutput} | PROBLEMS)
    def get(self, request: Request, pk: int) -> Response:
        return _shown(request, pk)


class BookingChangeRequest(APIView):
    @extend_schema(
        request=ChangeRequestInput,
        responses={201: ChangeRequestOutput} | PROBLEMS,
        parameters=[KEY_PARAMETER],
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """The host is asked to change the booking; nothing changes before it accepts. Before the
        freeze it is refused: then the booking is simply changed. Fewer ``seats`` than ``students``
        are refused as ``fewer_seats_than_named`` (422). More than are free may be asked for as far
        as the room and the course let the host add seats; beyond that it is ``session_full`` (409,
        with ``seats_left``, ``addable`` and the ``most`` there may be)."""
        actor, now = actor_of(request), timezone.now()
        booking = booking_of(request, pk)
        asked = ChangeRequestInput(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        change_requests.check_can_ask_change(actor, booking, now)
        made = change_requests.ask_change(
            by=actor,
            booking=booking,
            edition=values["edition"],
            wanted=lists.look_up(
                booking,
                now,
                student_ids=values["students"],
                seats=values.get("seats"),
                adults=values.get("adults"),
                companions=None,
            ),
            reason=values["reason"],
            seen=seen_of(values),
            now=now,
        )
        return _shown(request, made.pk, status=201)


class ChangeRequestAnswer(APIView):
    @extend_schema(
        request=ChangeAnswerInput,
        responses={200: ChangeRequestOutput} | PROBLEMS,
        parameters=[KEY_PARAMETER],
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """The booking becomes as asked, or stays; the school is told. For the host's manager,
        until the session begins."""
        actor, now = actor_of(request), timezone.now()
        found = selectors.request_for(actor, pk)
        change_requests.check_can_answer_change(actor, found, now)
        given = ChangeAnswerInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        service = (
            change_requests.accept_change if values["accepts"] else change_requests.decline_change
        )
        service(by=actor, request=found, answer=values["answer"], now=now)
        return _shown(request, pk)


class ChangeRequestWithdrawal(APIView):
    @extend_schema(
        request=None, responses={200: ChangeRequestOutput} | PROBLEMS, parameters=[KEY_PARAMETER]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """The school takes its request back; the host is told."""
        actor = actor_of(request)
        change_requests.withdraw_change(
            by=actor, request=selectors.request_for(actor, pk), now=timezone.now()
        )
        return _shown(request, pk)


def _shown(request: Request, pk: int, *, status: int = 200) -> Response:
    found = selectors.request_for(actor_of(request), pk)
    return Response(ChangeRequestOutput(found, context={"request": request}).data, status=status)

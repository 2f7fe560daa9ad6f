"""Reservations: list, make, look up; bookings: list, look up, change, cancel."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actors import Actor
from accounts.errors import NotYours
from bookings.models import Booking, Reservation
from bookings.selectors import api as selectors
from bookings.selectors import progress
from bookings.services import changes, lists, reservations, swapping
from bookings.services.companions import CompanionInput
from bookings.services.parts import Part
from courses.choices import ReasonCode
from rosters.models import ClassGroup
from rosters.selectors import classes_of_school

from .idempotent import HEADER, KEY_PARAMETER, idempotent
from .serializers import (
    BookingChangeInput,
    BookingOutput,
    ClassHoursOutput,
    ReasonInput,
    ReservationInput,
    ReservationOutput,
    SwapInput,
    seen_of,
)

PROBLEMS = {
    404: OpenApiResponse(description="Not there, or not yours to see (problem+json)."),
    409: OpenApiResponse(description="Refused now; `code` and `facts` say why (problem+json)."),
    422: OpenApiResponse(description="The content cannot be right (problem+json)."),
}


# Its fields are made once; making them anew for each answer costs as much as a look-up.
RESERVATION = ReservationOutput()


class NewestReservationsFirst(CursorPagination):
    page_size = 50
    ordering = ("-made_at", "-id")


class NewestBookingsFirst(CursorPagination):
    page_size = 50
    ordering = ("-created_at", "-id")


class ReservationList(generics.ListAPIView[Reservation]):
    """The reservations of the school, or of a teacher's classes; making one."""

    serializer_class = ReservationOutput
    pagination_class = NewestReservationsFirst

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Reservation.objects.none()
        return selectors.reservations_for(actor_of(self.request))

    @extend_schema(
        request=ReservationInput,
        responses={201: ReservationOutput} | PROBLEMS,
        parameters=[
            OpenApiParameter(
                HEADER,
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="Your own key of this request, at most 80 characters: sent again, "
                "it returns the first answer, marked `Idempotent-Replayed: true`; after 24 hours "
                "the first reservation as it is then.",
            )
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Seats in all the sessions of all parts, confirmed, or in none."""
        actor = actor_of(request)
        asked = ReservationInput(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        given = values.get("parts") or [values]
        groups = {
            group.pk: group
            for group in classes_of_school(actor, {one["class_group"] for one in given})
        }
        if any(one["class_group"] not in groups for one in given):
            raise NotYours
        made = reservations.reserve(
            by=actor,
            parts=[_part(one, groups[one["class_group"]]) for one in given],
            contact_phone=values["contact_phone"],
            note=values["note"],
            idempotency_key=request.headers.get("Idempotency-Key", ""),
            now=timezone.now(),
        )
        return Response(
            RESERVATION.to_representation(made),
            status=201,
            headers={"Location": f"/api/v1/reservations/{made.pk}/"},
        )


class ReservationDetail(APIView):
    @extend_schema(responses={200: ReservationOutput} | PROBLEMS)
    def get(self, request: Request, pk: int) -> Response:
        found = selectors.reservations_for(actor_of(request)).filter(pk=pk).first()
        if found is None:
            raise NotYours
        return Response(ReservationOutput(found, context={"request": request}).data)


class BookingList(generics.ListAPIView[Booking]):
    """The school's bookings, or those of the host's sessions."""

    serializer_class = BookingOutput
    pagination_class = NewestBookingsFirst

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Booking.objects.none()
        return selectors.bookings_for(actor_of(self.request))


class BookingDetail(APIView):
    @extend_schema(responses={200: BookingOutput} | PROBLEMS)
    def get(self, request: Request, pk: int) -> Response:
        return _shown(request, pk)

    @extend_schema(
        request=BookingChangeInput,
        responses={200: BookingOutput} | PROBLEMS,
        parameters=[KEY_PARAMETER],
    )
    @idempotent
    def patch(self, request: Request, pk: int) -> Response:
        """The booking has just these students, or ``seats`` of which these are named, and, if
        given, so many adults and these companions. After the freeze it is refused. Fewer
        ``seats`` than ``students`` are refused as ``fewer_seats_than_named`` (422, with both
        numbers), more than are free as ``session_full`` (409, with ``seats_left`` and the ``most``
        there may be)."""
        asked = BookingChangeInput(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        companions = values.get("companions")
        lists.change_booking(
            by=actor_of(request),
            booking=booking_of(request, pk),
            edition=values["edition"],
            student_ids=values["students"],
            seats=values.get("seats"),
            adults=values.get("adults"),
            companions=None
            if companions is None
            else [CompanionInput(**one) for one in companions],
            seen=seen_of(values),
            now=timezone.now(),
        )
        return _shown(request, pk)


class BookingCancellation(APIView):
    @extend_schema(
        request=ReasonInput,
        responses={200: BookingOutput} | PROBLEMS,
        parameters=[KEY_PARAMETER],
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """The booking is cancelled with the reason; its seats are free."""
        booking = booking_of(request, pk)
        asked = ReasonInput(data=request.data)
        asked.is_valid(raise_exception=True)
        changes.cancel_booking(
            by=actor_of(request),
            booking=booking,
            code=ReasonCode(asked.validated_data["code"]),
            reason=asked.validated_data["reason"],
            now=timezone.now(),
        )
        return _shown(request, pk)


class BookingSwap(APIView):
    @extend_schema(
        request=SwapInput,
        responses={200: BookingOutput(many=True)} | PROBLEMS,
        parameters=[KEY_PARAMETER],
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """The same students are booked in the other session, or in every day of the set, and
        this booking is over; or, refused, nothing changes. Returns the new bookings."""
        booking = booking_of(request, pk)
        asked = SwapInput(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        made = swapping.swap(
            by=actor_of(request),
            booking=booking,
            session_ids=values.get("sessions", ()),
            session_set_id=values.get("session_set"),
            reason=values["reason"],
            now=timezone.now(),
        )
        shown = selectors.bookings_for(actor_of(request)).filter(pk__in=[one.pk for one in made])
        return Response(
            BookingOutput(
                shown.order_by("session__starts_at", "pk"), many=True, context={"request": request}
            ).data
        )


class ClassHours(APIView):
    @extend_schema(responses={200: ClassHoursOutput} | PROBLEMS)
    def get(self, request: Request, pk: int) -> Response:
        """What the students of a class have earned, booked and still miss; without names."""
        actor = actor_of(request)
        group = ClassGroup.objects.visible_to(actor).filter(pk=pk).first()
        if group is None:
            raise NotYours
        return Response(
            ClassHoursOutput(progress.class_progress(actor, group, timezone.now())).data
        )


def actor_of(request: Request) -> Actor:
    """Who acts: the middleware's, or the one the bearer's key stands for."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _part(values: dict[str, Any], group: ClassGroup) -> Part:
    return Part(
        class_group=group,
        session_ids=values.get("sessions", ()),
        session_set_id=values.get("session_set"),
        student_ids=values.get("students"),
        seats=values.get("seats"),
        adults=values.get("adults"),
        companions=[CompanionInput(**one) for one in values.get("companions", ())],
        seen=seen_of(values),
    )


def booking_of(request: Request, pk: int) -> Booking:
    """The booking, if it is there for the actor (NotYours)."""
    found = (
        Booking.objects.visible_to(actor_of(request))
        .select_related("session__season", "class_group")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotYours
    return found


def _shown(request: Request, pk: int) -> Response:
    found = selectors.bookings_for(actor_of(request)).filter(pk=pk).first()
    if found is None:
        raise NotYours
    return Response(BookingOutput(found, context={"request": request}).data)

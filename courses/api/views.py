"""Reading the catalogue: courses, and sessions with their free seats."""

from typing import Any

from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import generics
from rest_framework.pagination import CursorPagination

from courses.filters import CourseFilter, SessionFilter
from courses.models import Course, CourseSession
from courses.selectors import catalogue
from courses.selectors.catalogue import Wanted

from .serializers import CourseDetailOutput, CourseOutput, SessionOutput


class ByKey(CursorPagination):
    page_size = 50
    ordering = "id"


class ByTime(CursorPagination):
    page_size = 100
    ordering = ("starts_at", "id")


class CourseList(generics.ListAPIView[Course]):
    """The published courses that meet all conditions. ``next_at``, ``offer_count`` and
    ``seats_free`` count the offers that meet them."""

    serializer_class = CourseOutput
    pagination_class = ByKey
    filter_backends = (DjangoFilterBackend,)
    filterset_class = CourseFilter
    queryset = Course.objects.none()


class CourseDetail(generics.RetrieveAPIView[Course]):
    """One published course."""

    serializer_class = CourseDetailOutput
    queryset = Course.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        actor = self.request.actor  # type: ignore[attr-defined]
        return catalogue.search(actor, Wanted(), timezone.now())


class SessionList(generics.ListAPIView[CourseSession]):
    """Sessions of all courses by time, cancelled ones too, with the seats that are left."""

    serializer_class = SessionOutput
    pagination_class = ByTime
    filter_backends = (DjangoFilterBackend,)
    filterset_class = SessionFilter
    queryset = CourseSession.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        actor = self.request.actor  # type: ignore[attr-defined]
        return catalogue.sessions(actor)


class SessionDetail(generics.RetrieveAPIView[CourseSession]):
    """One session with the seats that are left."""

    serializer_class = SessionOutput
    queryset = CourseSession.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        actor = self.request.actor  # type: ignore[attr-defined]
        return catalogue.sessions(actor)

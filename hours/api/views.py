"""The ledger, read only: what the caller may see of it."""

from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import generics
from rest_framework.pagination import CursorPagination

from hours.models import HourCredit

from .serializers import HourCreditOutput


class NewestFirst(CursorPagination):
    page_size = 100
    ordering = ("-credited_at", "-id")


@extend_schema_field(OpenApiTypes.INT)
class KeyFilter(django_filters.Filter):
    """A row's key. Not a NumberFilter: a decimal such as -1e9999999 takes minutes to make whole."""

    field_class = forms.IntegerField

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **options)


class CreditFilter(django_filters.FilterSet):
    student = KeyFilter(field_name="student_id", label=_("学生"))
    class_group = KeyFilter(field_name="student__class_group_id", label=_("班级"))


class HourCreditList(generics.ListAPIView[HourCredit]):
    """The entries of the school's students, or of a teacher's classes; the newest first."""

    serializer_class = HourCreditOutput
    pagination_class = NewestFirst
    filter_backends = (DjangoFilterBackend,)
    filterset_class = CreditFilter

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return HourCredit.objects.none()
        return HourCredit.objects.visible_to(self.request.actor)  # type: ignore[attr-defined]

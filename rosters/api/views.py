"""Roster imports: start one, look at it, answer, confirm, drop."""

from pathlib import PurePath
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.models import Organisation
from accounts.services import audit
from rosters.errors import FileTooLarge
from rosters.forms.imports import MOST_BYTES
from rosters.models import RosterImport
from rosters.services.imports import answering, confirming, ending, starting
from rosters.services.imports.report import report

from .serializers import (
    AnswersInput,
    ConfirmationInput,
    ImportInput,
    ImportOutput,
    ImportSummaryOutput,
)

PROBLEMS = {
    404: OpenApiResponse(description="Not there, or not yours to see (problem+json)."),
    409: OpenApiResponse(description="Refused now; `code` and `facts` say why (problem+json)."),
    422: OpenApiResponse(description="The content cannot be right (problem+json)."),
}


class NewestFirst(CursorPagination):
    page_size = 50
    ordering = ("-made_at", "-id")


class ImportList(generics.ListAPIView[RosterImport]):
    """The school's imports; starting one. For its coordinators."""

    serializer_class = ImportSummaryOutput
    pagination_class = NewestFirst
    # A file comes as a form; everything else in this API is JSON.
    parser_classes = [MultiPartParser]

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return RosterImport.objects.none()
        visible = RosterImport.objects.visible_to(actor_of(self.request))
        return visible.defer("content", "reading", "answers")

    @extend_schema(
        request={"multipart/form-data": ImportInput},
        responses={
            202: ImportSummaryOutput,
            403: OpenApiResponse(description="Not a coordinator's key (problem+json)."),
        }
        | PROBLEMS,
    )
    def post(self, request: Request) -> Response:
        """The file waits to be read; look at it under the address in ``Location``."""
        actor = actor_of(request)
        if not actor.is_coordinator:
            raise NotAllowed
        asked = ImportInput(data=request.data)
        asked.is_valid(raise_exception=True)
        school = get_object_or_404(Organisation, pk=actor.organisation_id)
        file = asked.validated_data["file"]
        if file.size > MOST_BYTES:
            raise FileTooLarge
        made = starting.start(
            by=actor,
            school=school,
            content=file.read(),
            suffix=PurePath(file.name or "").suffix,
            now=timezone.now(),
        )
        return Response(
            ImportSummaryOutput(made).data,
            status=202,
            headers={"Location": f"/api/v1/rosters/imports/{made.pk}/"},
        )


class ImportDetail(APIView):
    @extend_schema(responses={200: ImportOutput} | PROBLEMS)
    def get(self, request: Request, pk: int) -> Response:
        """The import as it stands: accepted rows, questions, rows in doubt, refusals."""
        return _shown(request, pk)

    @extend_schema(responses={204: None} | PROBLEMS)
    def delete(self, request: Request, pk: int) -> Response:
        """The file is forgotten; nothing was written."""
        ending.drop(by=actor_of(request), roster_import=_import(request, pk), now=timezone.now())
        return Response(status=204)


class ImportAnswers(APIView):
    @extend_schema(request=AnswersInput, responses={200: ImportOutput} | PROBLEMS)
    def post(self, request: Request, pk: int) -> Response:
        """Answers count besides those given before; a class's name is remembered."""
        asked = AnswersInput(data=request.data)
        asked.is_valid(raise_exception=True)
        answering.answer(
            by=actor_of(request),
            roster_import=_import(request, pk),
            classes=asked.class_answers(),
            rows=asked.row_answers(),
            keep_missing=asked.validated_data["keep_missing"],
            now=timezone.now(),
        )
        return _shown(request, pk)


class ImportConfirmation(APIView):
    @extend_schema(request=ConfirmationInput, responses={200: ImportOutput} | PROBLEMS)
    def post(self, request: Request, pk: int) -> Response:
        """The roster is as the import showed it; all of it or nothing."""
        row = _import(request, pk)
        asked = ConfirmationInput(data=request.data)
        asked.is_valid(raise_exception=True)
        confirming.confirm(
            by=actor_of(request),
            roster_import=row,
            digest=asked.validated_data["digest"],
            now=timezone.now(),
        )
        return _shown(request, pk)


def actor_of(request: Request) -> Actor:
    """Who acts: the middleware's, or the one the bearer's key stands for."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _import(request: Request, pk: int) -> RosterImport:
    found = (
        RosterImport.objects.visible_to(actor_of(request))
        .select_related("school")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotYours
    return found


def _shown(request: Request, pk: int) -> Response:
    row = _import(request, pk)
    told = report(row)
    names = len(told["rows"]) + len(told["left"])
    if names:
        audit.record(
            by=actor_of(request),
            verb="names.read",
            now=timezone.now(),
            target=row,
            school_id=row.school_id,
            context="import_api",
            count=names,
        )
    return Response(ImportOutput(told).data)

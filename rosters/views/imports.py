"""A coordinator brings a roster file in: upload, questions, preview, confirmation."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.models import Organisation
from accounts.services import audit
from rosters import selectors
from rosters.choices import ImportState
from rosters.errors import ImportOver, RosterChangedMeanwhile
from rosters.forms.imports import ACCEPTED, ClassQuestionsForm, DoubtsForm, UploadForm
from rosters.models import RosterImport
from rosters.parsing.copies import marked_copy
from rosters.parsing.template import roster_template
from rosters.services.imports import answering, confirming, ending, starting, undoing
from rosters.services.imports.preview import Preview, preview, year_of
from rosters.services.imports.roster import facts_of
from sites.calendar import school_year

from . import import_lines

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# So many refused cells are listed; the marked copy has all.
MOST_REFUSALS = 50


@members_only(Role.SCHOOL_COORDINATOR)
def start(request: MemberRequest) -> HttpResponse:
    """Choose a file or paste cells; below, what came in before."""
    form = UploadForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        school = get_object_or_404(Organisation, pk=request.actor.organisation_id)
        try:
            made = starting.start(
                by=request.actor,
                school=school,
                content=form.cleaned_data["content"],
                suffix=form.cleaned_data["suffix"],
                now=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            return redirect("rosters:import", made.pk)
    return render(
        request,
        "rosters/import_start.html",
        {
            "form": form,
            "accepted": " ".join(ACCEPTED[:5]),
            "history": import_lines.history(
                selectors.import_history(request.actor), timezone.now()
            ),
        },
        status=status,
    )


@require_safe
@members_only(Role.SCHOOL_COORDINATOR)
def template(request: MemberRequest) -> HttpResponse:
    """An empty roster with the columns that are taken."""
    school = get_object_or_404(Organisation, pk=request.actor.organisation_id)
    facts = facts_of(school, school_year(timezone.localdate()))
    return _workbook(roster_template(facts), "roster-template.xlsx")


@require_safe
@members_only(Role.SCHOOL_COORDINATOR)
def show(request: MemberRequest, pk: int) -> HttpResponse:
    """The import as it stands: being read, asking, previewed, or over."""
    return _page(request, _import(request, pk))


@require_POST
@members_only(Role.SCHOOL_COORDINATOR)
def answer(request: MemberRequest, pk: int) -> HttpResponse:
    """Answers about classes, rows in doubt, or those who are missing."""
    row = _import(request, pk)
    try:
        ending.check_is_open(row, timezone.now())
        shown = preview(row)
        classes, rows, missing = None, None, None
        if "keep_missing" in request.POST:
            missing = request.POST["keep_missing"] == "yes"
        elif "suggested" in request.POST:
            doubts = shown.differences.doubts if shown.differences else ()
            rows = {one.index: one.suggested for one in doubts if one.suggested is not None}
        elif shown.questions:
            form = _questions_form(row, shown, request.POST)
            if not form.is_valid():
                return _page(request, row, questions_form=form)
            classes = form.answers()
        else:
            doubts_form = _doubts_form(row, shown, request.POST)
            if doubts_form is None or not doubts_form.is_valid():
                return _page(request, row, doubts_form=doubts_form)
            rows = doubts_form.answers()
        answering.answer(
            by=request.actor,
            roster_import=row,
            classes=classes,
            rows=rows,
            keep_missing=missing,
            now=timezone.now(),
        )
    except Refusal as refusal:
        return _refused(request, row, refusal)
    return redirect("rosters:import", pk)


@require_POST
@members_only(Role.SCHOOL_COORDINATOR)
def confirm(request: MemberRequest, pk: int) -> HttpResponse:
    """The roster is as the preview showed it."""
    row = _import(request, pk)
    try:
        confirming.confirm(
            by=request.actor,
            roster_import=row,
            digest=request.POST.get("digest", ""),
            now=timezone.now(),
        )
    except Refusal as refusal:
        return _refused(request, row, refusal)
    return redirect("rosters:import", pk)


@require_POST
@members_only(Role.SCHOOL_COORDINATOR)
def drop(request: MemberRequest, pk: int) -> HttpResponse:
    """The file is forgotten; nothing was written."""
    try:
        ending.drop(by=request.actor, roster_import=_import(request, pk), now=timezone.now())
    except ImportOver as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("已放弃，名单没有改动，文件内容已删除。"))
    return redirect("rosters:imports")


@require_safe
@members_only(Role.SCHOOL_COORDINATOR)
def copy(request: MemberRequest, pk: int) -> HttpResponse:
    """The file with the refused cells coloured and commented."""
    row = _import(request, pk)
    ending.check_is_open(row, timezone.now())
    shown = preview(row)
    if not shown.refusals or row.content is None:
        return redirect("rosters:import", pk)
    # Those in the file are not students yet.
    audit.record(
        by=request.actor,
        verb="names.read",
        now=timezone.now(),
        target=row,
        school_id=row.school_id,
        context="import_copy",
        count=len(shown.rows),
    )
    marked = marked_copy(bytes(row.content), row.suffix, shown.refusals)
    return _workbook(marked, f"roster-{row.pk}-marked.xlsx")


def _import(request: MemberRequest, pk: int) -> RosterImport:
    return get_object_or_404(
        RosterImport.objects.visible_to(request.actor).select_related("school"), pk=pk
    )


def _refused(request: MemberRequest, row: RosterImport, refusal: Refusal) -> HttpResponse:
    """The page as it is now, with the refusal's sentence on top."""
    row.refresh_from_db()
    return _page(
        request,
        row,
        refusal=refusal,
        status=STATUS_OF_KIND[refusal.kind],
        show_changed=isinstance(refusal, RosterChangedMeanwhile),
    )


def _page(
    request: MemberRequest, row: RosterImport, *, status: int = 200, **more: Any
) -> HttpResponse:
    now = timezone.now()
    refusal = more.pop("refusal", None)
    context: dict[str, Any] = {"import": row, "refusal": str(refusal) if refusal else ""}
    if not row.is_open or row.expires_at <= now:
        return render(request, "rosters/import_over.html", context | _over(row, now), status=status)
    if row.reading is None:
        return _progress(request, context, status)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    shown = preview(row)
    context |= _asked(row, shown, more) | {"digest": shown.digest, "keeps": shown.keep_missing}
    names = len(context["doubts_form"].doubts) if context["doubts_form"] else 0
    if shown.differences is not None:
        context |= import_lines.shown(
            row, shown, only=request.GET.get("show", ""), page=request.GET.get("page", "")
        )
        names += context["names"] + len(context["changed"])
    audit.record(
        by=request.actor,
        verb="names.read",
        now=now,
        target=row,
        school_id=row.school_id,
        context="import_preview",
        count=names,
    )
    return render(request, "rosters/import.html", context, status=status)


def _progress(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    name = "import_progress.html"
    part = "_import_progress.html" if request.headers.get("HX-Request") else name
    return render(request, f"rosters/{part}", context, status=status)


def _asked(row: RosterImport, shown: Preview, more: dict[str, Any]) -> dict[str, Any]:
    doubts = shown.differences.doubts if shown.differences else ()
    return {
        "refusals": import_lines.refusals(shown.refusals[:MOST_REFUSALS]),
        "refusals_total": len(shown.refusals),
        "has_copy": row.content is not None,
        "questions_form": more.get("questions_form") or _questions_form(row, shown, None),
        "doubts_form": more.get("doubts_form") or _doubts_form(row, shown, None),
        "doubts_total": len(doubts),
        "suggested": sum(doubt.suggested is not None for doubt in doubts),
        "rows_total": len(shown.rows),
        "skipped": import_lines.skipped(shown),
        "is_ready": shown.state == ImportState.READY,
    }


def _questions_form(row: RosterImport, shown: Preview, data: Any) -> ClassQuestionsForm | Any:
    if not shown.questions:
        return None
    return ClassQuestionsForm(
        data,
        questions=shown.questions,
        stages=row.school.stages,
        school_year=year_of(row),
    )


def _doubts_form(row: RosterImport, shown: Preview, data: Any) -> DoubtsForm | None:
    if shown.differences is None or not shown.differences.doubts:
        return None
    return DoubtsForm(
        data, doubts=shown.differences.doubts, rows=shown.rows, school_year=year_of(row)
    )


def _over(row: RosterImport, now: datetime) -> dict[str, Any]:
    return {
        "words": import_lines.over(row),
        "counts": import_lines.counts(row.summary) if row.state == ImportState.CONFIRMED else (),
        "can_undo": undoing.can_undo(row, now),
        "has_expired": row.is_open,
    }


def _workbook(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response

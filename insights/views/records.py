"""The export for the school's official record: check what would be rejected, then take it out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, members_only
from accounts.actors import Actor
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.services import audit
from insights.choices import Column
from insights.errors import NothingToExport
from insights.forms.records import LayoutForm, RecordForm
from insights.selectors import records as selectors
from insights.selectors.coverage import visible_classes
from insights.selectors.records import Line, Records
from insights.services import records as services
from insights.services.records import TakenOut
from insights.views.school import origin_of
from rosters.workbooks import CSV_TYPE, MEDIA_TYPE, Sheet, csv_file, workbook
from sites import dates
from sites.calendar import local_day

# So many lines are shown before the file is taken out; of those left out, so many.
SAMPLE, REJECTED_AT_MOST = 5, 200


@require_safe
@members_only(Role.SCHOOL_COORDINATOR)
def show(request: MemberRequest) -> HttpResponse:
    """What to export; once asked for, the first lines and those that would be rejected."""
    now = timezone.now()
    groups = list(visible_classes(request.actor))
    columns = selectors.layout_of(request.actor.organisation_id or 0)
    is_asked = "check" in request.GET
    form = RecordForm(request.GET if is_asked else None, groups=groups, now=now)
    shown: dict[str, Any] = {}
    if is_asked and form.is_valid():
        found = selectors.records(request.actor, visible_classes(request.actor), form.wanted(), now)
        sample, rejected = found.lines[:SAMPLE], found.left_out[:REJECTED_AT_MOST]
        audit.record_names_read(
            by=request.actor,
            now=now,
            context="record_preview",
            students={line.student.pk: line.student for line in (*sample, *rejected)}.values(),
        )
        with selectors.official_language():
            heads = [str(column.label) for column in columns]
            cells = [selectors.cells(line, columns, found) for line in sample]
        shown = {
            "found": found,
            "columns": len(columns),
            "sample": cells,
            "heads": heads,
            "rejected": [_rejected(line, found) for line in rejected],
            "more_rejected": len(found.left_out) - len(rejected),
            "carried": [
                (name, value) for name in request.GET for value in request.GET.getlist(name)
            ],
        }
    return render(
        request,
        "insights/records.html",
        {"form": form, **shown},
        status=422 if is_asked and not form.is_valid() else 200,
    )


@require_POST
@members_only(Role.SCHOOL_COORDINATOR)
def export(request: MemberRequest) -> HttpResponse:
    """The file, .xlsx or .csv, in the language of the authority. Its name has the number under
    which the log says who took it out and when; so does a workbook, on every page. In a .csv
    each line is a student's, for the program that reads it."""
    now = timezone.now()
    groups = list(visible_classes(request.actor))
    form = RecordForm(request.POST, groups=groups, now=now)
    if not form.is_valid():
        messages.error(request, _("请重新选择要导出的内容。"))
        return redirect("insights:records")
    columns = selectors.layout_of(request.actor.organisation_id or 0)
    file_format = "csv" if request.POST.get("format") == "csv" else "xlsx"
    try:
        taken = services.take_out(
            by=request.actor,
            class_groups=visible_classes(request.actor),
            wanted=form.wanted(),
            columns=columns,
            file_format=file_format,
            now=now,
        )
    except NothingToExport as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{request.path.removesuffix('export/')}?{_query(request.POST)}")
    with selectors.official_language():
        content = _file(request.actor, taken, columns, file_format, now)
        name = _("%(school)s实践记录 %(day)s 导出编号%(number)d") % {
            "school": request.actor.organisation_name,
            "day": local_day(now),
            "number": taken.number,
        }
    response = HttpResponse(content, content_type=CSV_TYPE if file_format == "csv" else MEDIA_TYPE)
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.{file_format}")
    response["Cache-Control"] = "no-store"
    return response


def _file(
    actor: Actor, taken: TakenOut, columns: Sequence[Column], file_format: str, now: datetime
) -> bytes:
    heads = tuple(str(column.label) for column in columns)
    rows = selectors.table(columns, taken.records)
    if file_format == "csv":
        return csv_file(heads, rows)
    return workbook(
        [Sheet(_("实践记录"), heads, rows), *_left_out_sheet(taken.records)],
        title=_("实践记录"),
        origin=_("%(origin)s，导出编号 %(number)d")
        % {"origin": origin_of(actor, now), "number": taken.number},
        author=actor.name,
        at=dates.local(now),
    )


@members_only(Role.SCHOOL_COORDINATOR)
def edit_layout(request: MemberRequest) -> HttpResponse:
    """Which columns the school's exports have, and in what order."""
    columns = selectors.layout_of(request.actor.organisation_id or 0)
    form = LayoutForm(request.POST if request.method == "POST" else None, chosen=columns)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                services.set_layout(by=request.actor, columns=form.columns(), now=timezone.now())
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("已保存。"))
                return redirect("insights:records")
    return render(request, "insights/record_layout.html", {"form": form}, status=status)


def _left_out_sheet(found: Records) -> list[Sheet]:
    """The lines that are not in the file, and why, on a sheet of their own."""
    if not found.left_out:
        return []
    heads = (_("班级"), _("座号"), _("姓名"), _("日期"), _("课程"), _("原因"))
    rows = [
        [
            *selectors.cells(
                line, [Column.CLASS, Column.SEAT, Column.NAME, Column.DAY, Column.COURSE], found
            ),
            str(line.left_out.label) if line.left_out else "",
        ]
        for line in found.left_out
    ]
    return [Sheet(_("未导出"), heads, rows)]


def _rejected(line: Line, found: Records) -> dict[str, Any]:
    label, course = selectors.cells(line, [Column.CLASS, Column.COURSE], found)
    return {
        "label": label,
        "seat_no": line.student.seat_no,
        "name": line.student.name,
        "day": line.day,
        "course": course,
        "why": line.left_out.label if line.left_out else "",
    }


def _query(data: QueryDict) -> str:
    """What was asked for, as the page's address."""
    kept = data.copy()
    for name in ("csrfmiddlewaretoken", "format"):
        kept.pop(name, None)
    return kept.urlencode()

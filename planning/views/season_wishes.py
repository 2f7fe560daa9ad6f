"""What all classes would like to learn about, beside what is on offer: for the secretariat."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only
from accounts.choices import Role
from bookings import wording
from courses import phases
from courses.choices import SeasonAction
from courses.models import Season
from planning.models.wishes import WISHES_AT_MOST
from planning.selectors import wishes as selectors
from rosters.workbooks import CSV_TYPE, csv_file


@require_safe
@members_only(Role.SECRETARIAT)
def show(request: MemberRequest, pk: int) -> HttpResponse:
    """How many classes of each school said something, and how much each occupation is wanted."""
    return _page(request, pk, "season_wishes.html")


@require_safe
@members_only(Role.SECRETARIAT)
def print_page(request: MemberRequest, pk: int) -> HttpResponse:
    """The same for paper."""
    return _page(request, pk, "season_wishes_print.html")


def _page(request: MemberRequest, pk: int, template: str) -> HttpResponse:
    now = timezone.now()
    season = get_object_or_404(Season, pk=pk)
    asked = selectors.classes_asked(request.actor, season) if season.wishes_from else []
    schools = selectors.progress_of_schools(asked)
    return render(
        request,
        f"planning/{template}",
        {
            "now": now,
            "season": season,
            "is_open": phases.is_open(SeasonAction.WISH, season, now),
            "schools": [(wording.organisation_name(one.school), one) for one in schools],
            "total": {
                name: sum(getattr(one, name) for one in schools)
                for name in ("classes", "said", "wishing", "anything", "silent")
            },
            "demand": selectors.demand(season, asked) if asked else [],
        },
    )


@require_safe
@members_only(Role.SECRETARIAT)
def export(request: MemberRequest, pk: int) -> HttpResponse:
    """Every class that is asked with what it said, as CSV that a Chinese Excel opens."""
    now = timezone.now()
    season = get_object_or_404(Season, pk=pk)
    asked = selectors.classes_asked(request.actor, season)
    names = selectors.shown_names({name for one in asked for name in one.occupations})
    ranks = range(1, WISHES_AT_MOST + 1)
    rows: list[tuple[str | int, ...]] = []
    for one in asked:
        wished = [names[name] for name in one.occupations]
        rows.append(
            (
                wording.organisation_name(one.class_group.school),
                wording.class_name(one.class_group, now),
                one.students,
                _("还没有填")
                if one.is_silent
                else _("都可以")
                if one.takes_anything
                else _("已填"),
                *wished,
                *[""] * (WISHES_AT_MOST - len(wished)),
            )
        )
    heads = [
        _("学校"), _("班级"), _("人数"), _("志愿"),
        *(_("第 %(rank)d 志愿") % {"rank": rank} for rank in ranks),
    ]  # fmt: skip
    return _file(f"season-{pk}-wishes.csv", csv_file(heads, rows))


@require_safe
@members_only(Role.SECRETARIAT)
def export_demand(request: MemberRequest, pk: int) -> HttpResponse:
    """How much each occupation is wanted beside what is on offer, as CSV."""
    season = get_object_or_404(Season, pk=pk)
    wanted = selectors.demand(season, selectors.classes_asked(request.actor, season))
    heads = [
        _("职业"), _("第 1 志愿的班级"), _("第 1 志愿的学生"), _("填了的班级"), _("填了的学生"),
        _("场次"), _("名额"),
    ]  # fmt: skip
    rows = [
        (
            one.occupation.name,
            one.first_classes,
            one.first_students,
            one.classes,
            one.students,
            one.occupation.sessions,
            one.seats,
        )
        for one in wanted
    ]
    return _file(f"season-{pk}-demand.csv", csv_file(heads, rows))


def _file(name: str, content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type=CSV_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

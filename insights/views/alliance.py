"""What the secretariat watches: coverage, free seats, today."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import MemberRequest, members_only
from accounts.choices import Role
from accounts.models import Organisation
from attendance.selectors import proposals
from bookings import wording
from courses.choices import VersionState
from courses.models import CourseVersion
from courses.selectors.seasons import current_season
from insights.selectors import classes, missed, sessions
from insights.selectors.coverage import (
    BANDS,
    Coverage,
    coverage_of_classes,
    covered,
    visible_classes,
)
from insights.views.school import class_row
from sites import dates
from sites.calendar import local_day

SHOWN_ON_OVERVIEW = 8
SHOWN_MISSED = 3
CLASSES_ON_PAGE = 50
BAND_FILTERS = (*BANDS, "short")


@dataclass(frozen=True, slots=True)
class SchoolRow:
    pk: int
    name: str
    hours_required: int
    hours_earned: int
    hours_booked: int
    percent_missing: int


def band_words() -> dict[str, str]:
    return {
        "none": _("还没有学时"),
        "under_half": _("不到一半"),
        "half": _("一半以上"),
        "done": _("已完成"),
        "short": _("已得加已约，仍不足"),
    }


@members_only(Role.SECRETARIAT)
def show_overview(request: MemberRequest) -> HttpResponse:
    """Coverage of all schools, free seats of the weeks ahead, today's sessions."""
    now = timezone.now()
    today = local_day(now)
    by_school: dict[Organisation, Coverage] = {}
    groups = visible_classes(request.actor)
    coverage = coverage_of_classes(groups, now, everybody=True)
    school_of = dict(groups.values_list("pk", "school_id"))
    names = Organisation.objects.in_bulk({*school_of.values()})
    for pk, found in coverage.items():
        school = names[school_of[pk]]
        by_school[school] = by_school.get(school, Coverage()) + found
    total = sum(by_school.values(), Coverage())
    schools = [
        SchoolRow(
            pk=school.pk,
            name=wording.organisation_name(school),
            hours_required=found.hours_required,
            hours_earned=found.hours_earned,
            hours_booked=found.hours_booked,
            percent_missing=found.percent_missing,
        )
        for school, found in by_school.items()
    ]
    schools.sort(key=lambda row: (-row.percent_missing, row.name))
    todays = sessions.sessions_of_day(today, now)
    weeks = sessions.weeks_ahead(today, now)
    waiting = CourseVersion.objects.filter(state=VersionState.IN_REVIEW).count()
    words = band_words()
    classes_url = reverse("insights:alliance_classes")
    unused = missed.summary(now)
    standing = [row for row in todays if not row.cancelled]
    missing = total.hours_required - total.hours_earned - total.hours_booked
    free = sum(int(str(week["free"])) for week in weeks)
    return render(
        request,
        "insights/alliance.html",
        {
            "now": now,
            "season": current_season(now),
            "waiting_hours": proposals.waiting_for(request.actor),
            "plans_to_make_good": classes.plans_to_make_good(request.actor, now),
            "total": {
                "done": total.done,
                "short": total.short,
                "of_students": ngettext("/ %(count)s 人", "/ %(count)s 人", total.students)
                % {"count": f"{total.students:,}"},
                "people_word": _("人"),
            },
            "done_label": _("已得满学时"),
            "done_url": f"{classes_url}?show=done",
            "short_url": f"{classes_url}?show=short",
            "today_label": ngettext(
                "今天 %(count)d 场，应到", "今天 %(count)d 场，应到", len(standing)
            )
            % {"count": len(standing)},
            "expected_today": sum(row.booked for row in standing),
            "arrived_today": _("人，已到 %(count)d")
            % {"count": sum(row.arrived for row in standing)},
            "sessions_url": reverse("insights:alliance_sessions"),
            "waiting_reviews": waiting,
            "courses_word": _("门"),
            "reviews_url": reverse("courses:review_list"),
            "schools": schools,
            "weeks": weeks,
            "missed": unused,
            "missed_schools": unused.schools[:SHOWN_MISSED],
            "missed_hosts": unused.hosts[:SHOWN_MISSED],
            "short_note": _(
                "全部学生还差 %(missing)s 学时没有约，未来八周（到 %(until)s）有 %(free)s 个空位。"
            )
            % {
                "missing": f"{missing:,}",
                "until": dates.day_plain(sessions.last_day_ahead(today)),
                "free": f"{free:,}",
            }
            if missing
            else "",
            "sessions": todays[:SHOWN_ON_OVERVIEW],
            "all_sessions_label": ngettext("全部 %(count)d 场", "全部 %(count)d 场", len(todays))
            % {"count": len(todays)},
            "bands": [
                {
                    "label": words[band],
                    "count": f"{getattr(total, band):,}",
                    "url": f"{classes_url}?show={band}",
                }
                for band in BANDS
            ],
        },
    )


@members_only(Role.SECRETARIAT)
def list_classes(request: MemberRequest) -> HttpResponse:
    """Classes by band, of all schools or one: the rows behind the overview's numbers."""
    now = timezone.now()
    show = request.GET.get("show", "")
    show = show if show in BAND_FILTERS else ""
    school_id = request.GET.get("school", "")
    schools = Organisation.objects.schools()
    school = schools.filter(pk=int(school_id)).first() if _is_key(school_id) else None
    groups = visible_classes(request.actor)
    if school:
        groups = groups.filter(school=school)
    coverage = coverage_of_classes(groups, now, everybody=school is None)
    total = sum(coverage.values(), Coverage())
    shown = covered(coverage, show)
    keys = [key for key in groups.values_list("pk", flat=True) if key in shown]
    page = Paginator(keys, CLASSES_ON_PAGE).get_page(request.GET.get("page"))
    words = band_words()
    query = f"&school={school.pk}" if school else ""
    return render(
        request,
        "insights/alliance_classes.html",
        {
            "heading": wording.organisation_name(school) if school else _("各班学时"),
            "classes": [
                class_row(group, shown[group.pk], now)
                for group in groups.filter(pk__in=page.object_list)
            ],
            "page": page,
            "total": {
                "sentence": ngettext(
                    "%(count)d 名学生有学时要求。", "%(count)d 名学生有学时要求。", total.students
                )
                % {"count": total.students}
            },
            "filters": [
                (_("全部"), f"?{query}", not show, total.students),
                *(
                    (words[band], f"?show={band}{query}", band == show, getattr(total, band))
                    for band in BAND_FILTERS
                ),
            ],
        },
    )


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


@members_only(Role.SECRETARIAT)
def list_sessions(request: MemberRequest) -> HttpResponse:
    """All sessions of a day, today without ``?day=``."""
    now = timezone.now()
    day = _day_asked_for(request.GET.get("day", "")) or local_day(now)
    return render(
        request,
        "insights/alliance_sessions.html",
        {
            "day": day,
            "previous_day": day - timedelta(days=1),
            "next_day": day + timedelta(days=1),
            "sessions": sessions.sessions_of_day(day, now),
        },
    )


@members_only(Role.SECRETARIAT)
def show_week(request: MemberRequest) -> HttpResponse:
    """The sessions to come of a day's week, this week without ``?day=``, with free seats."""
    now = timezone.now()
    day = _day_asked_for(request.GET.get("day", "")) or local_day(now)
    monday = day - timedelta(days=day.weekday())
    rows = sessions.sessions_of_week(monday, now)
    return render(
        request,
        "insights/alliance_week.html",
        {
            "monday": monday,
            "sunday": monday + timedelta(days=6),
            "sessions": rows,
            "taken": sum(row.booked for row in rows),
            "free": sum(row.free for row in rows),
        },
    )


def _day_asked_for(text: str) -> date | None:
    """The day of the address, or None where it is none that a calendar has sessions on."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and 2000 < day.year < 2100 else None

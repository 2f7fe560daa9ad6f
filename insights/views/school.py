"""A school's own overviews: classes, one class, one student, the whole school."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import MemberRequest, members_only
from accounts.actors import Actor
from accounts.choices import Role
from accounts.services import audit
from attendance.selectors import proposals
from attendance.selectors.missed import missed_sessions
from bookings import wording
from bookings.selectors import roll
from bookings.selectors.progress import ClassProgress, StudentHours, class_progress
from insights.selectors import classes, ledger, trips
from insights.selectors.coverage import (
    BANDS,
    Coverage,
    coverage_of_classes,
    covered,
    visible_classes,
)
from planning.selectors import results, wishes
from rosters import selectors as roster_selectors
from rosters.models import ClassGroup, ClassTeacher, Student
from rosters.workbooks import CSV_TYPE, csv_file
from sites import dates
from sites.calendar import local_day, school_year

SCHOOL_ROLES = (Role.TEACHER, Role.SCHOOL_COORDINATOR)


@dataclass(frozen=True, slots=True)
class Row:
    """One student in the class's table; differing numbers are printed bold."""

    student_id: int
    seat_no: int
    name: str
    earned: int
    booked: int
    missing: int
    differs: bool
    hints: tuple[ledger.Hint, ...]


@members_only(*SCHOOL_ROLES)
def list_classes(request: MemberRequest) -> HttpResponse:
    """The actor's classes as cards."""
    now = timezone.now()
    groups = list(visible_classes(request.actor))
    return render(
        request,
        "insights/classes.html",
        {
            "cards": classes.cards(groups, now),
            "is_coordinator": request.actor.is_coordinator,
            "has_wishes": wishes.season_of_wishes(now) is not None,
        },
    )


@members_only(*SCHOOL_ROLES)
def show_class(request: MemberRequest, pk: int) -> HttpResponse:
    """Each student's hours: earned, booked, missing. The reading of names is logged."""
    now = timezone.now()
    group = get_object_or_404(visible_classes(request.actor), pk=pk)
    progress = class_progress(request.actor, group, now)
    audit.record_names_read(
        by=request.actor, now=now, context="class_page", target=group, students=_shown(progress)
    )
    hints = ledger.hints_of_class(group, now)
    show = request.GET.get("show", "all")
    tests = _filters(progress, hints)
    rows = [row for row in progress.rows if tests.get(show, tests["all"])[1](row)]
    same_name = _shared_names(progress)
    return render(
        request,
        "insights/class.html",
        {
            "class_group": group,
            "label": wording.class_name(group, now),
            "homeroom": _homeroom_teacher(group),
            "students": progress.students,
            "required": progress.required,
            "card": classes.card_of(progress, now),
            "rows": [
                Row(
                    student_id=row.student.pk,
                    seat_no=row.student.seat_no,
                    name=row.student.name,
                    earned=row.earned,
                    booked=row.booked,
                    missing=row.missing,
                    differs=row.differs,
                    hints=(
                        *hints.get(row.student.pk, ()),
                        *(
                            (ledger.Hint(state="", text=lacks_of(row)),)
                            # The class's own is said above the table.
                            if row.lacking != progress.lacking
                            and (row.lacking.kinds or row.lacking.occupations)
                            else ()
                        ),
                        *(
                            (ledger.Hint(state="", text=outside_of(row)),)
                            if row.outside and row.outside != progress.outside
                            else ()
                        ),
                        *(
                            (ledger.Hint(state="", text=_("同名，看座号")),)
                            if row.student.name in same_name
                            else ()
                        ),
                    ),
                )
                for row in rows
            ],
            "filter": show,
            "filters": [
                (label, f"?show={key}", key == show, sum(map(test, progress.rows)))
                for key, (label, test) in tests.items()
                if key in ("all", show) or any(map(test, progress.rows))
            ],
            "trips": trips.trips_of_class(request.actor, group, now),
            "newcomers": roll.newcomers([group.pk], now).get(group.pk, []),
            "leavers": roll.leavers([group.pk], now).get(group.pk, []),
            "consent": roster_selectors.consent_of_class(group, school_year(local_day(now))),
            "is_coordinator": request.actor.is_coordinator,
            "wish_page": progress.requirement and results.wish_page(request.actor, group, now),
        },
    )


def _filters(
    progress: ClassProgress, hints: dict[int, tuple[ledger.Hint, ...]]
) -> "dict[str, tuple[str, ledger.StudentTest]]":
    """The chips over the table: key, word, and which students it keeps."""
    required = progress.required

    def in_band(band: str) -> ledger.StudentTest:
        return lambda row: required > 0 and band_of(row.earned, required, row.is_done) == band

    return {
        "all": (_("全部"), lambda row: True),
        "differs": (_("与班级不一致"), lambda row: row.differs),
        "short": (_("还差学时"), lambda row: bool(row.lacking)),
        "absent": (_("缺勤"), lambda row: bool(hints.get(row.student.pk))),
        "none": (_("还没有学时"), in_band("none")),
        "under_half": (_("不到一半"), in_band("under_half")),
        "half": (_("一半以上"), in_band("half")),
        "done": (_("已完成"), in_band("done")),
    }


def lacks_of(row: StudentHours) -> str:
    """What exactly one student still misses."""
    return wording.lacking(row.lacking.hours, row.lacking.kinds, row.lacking.occupations)


def outside_of(row: StudentHours) -> str:
    """Which hours of one student do not count."""
    return wording.outside(row.outside.before, row.outside.after)


def band_of(earned: int, required: int, is_done: bool) -> str:
    """The band of one student: none, under half, half or more, done. Who has the hours but not
    where or in as many occupations as required is not done."""
    if is_done:
        return "done"
    if earned <= 0:
        return "none"
    return "under_half" if earned * 2 < required else "half"


def _shown(progress: ClassProgress) -> list[Student]:
    return [row.student for row in progress.rows]


def _shared_names(progress: ClassProgress) -> set[str]:
    names = [row.student.name for row in progress.rows]
    return {name for name in names if names.count(name) > 1}


def _homeroom_teacher(group: ClassGroup) -> str:
    teacher = (
        ClassTeacher.objects.live()
        .filter(class_group=group, is_homeroom=True)
        .select_related("membership__user")
        .first()
    )
    return teacher.membership.user.name if teacher else ""


@members_only(*SCHOOL_ROLES)
def show_student(request: MemberRequest, pk: int, student_pk: int) -> HttpResponse:
    """One student's credits and coming sessions: the rows behind the numbers."""
    now = timezone.now()
    group = get_object_or_404(visible_classes(request.actor), pk=pk)
    student = get_object_or_404(
        Student.objects.visible_to(request.actor).current(), pk=student_pk, class_group=group
    )
    progress = class_progress(request.actor, group, now)
    required = progress.requirement
    hours = next(row for row in progress.rows if row.student.pk == student.pk)
    audit.record_names_read(
        by=request.actor, now=now, context="student_page", target=student, students=[student]
    )
    return render(
        request,
        "insights/student.html",
        {
            "class_group": group,
            "label": wording.class_name(group, now),
            "student": student,
            "required": progress.required,
            "row": hours,
            "lacks": lacks_of(hours),
            "outside": outside_of(hours),
            "credits": [
                (credit, required is None or required.counts_on(credit.earned_on))
                for credit in ledger.credits_of(request.actor, student)
            ],
            "places": trips.trips_of_student(request.actor, student, now),
            "missed": missed_sessions(student, now),
            "proposals": proposals.of_student(student),
        },
    )


@members_only(*SCHOOL_ROLES)
def export_class(request: MemberRequest, pk: int) -> HttpResponse:
    """The class's table as CSV that a Chinese Excel opens (UTF-8 with its mark). Each line is a
    student's; the file's name has the number under which the log says who took it out and when.
    """
    now = timezone.now()
    group = get_object_or_404(visible_classes(request.actor), pk=pk)
    progress = class_progress(request.actor, group, now)
    logged = audit.record_names_read(
        by=request.actor,
        now=now,
        verb="names.exported",
        context="class_export",
        target=group,
        students=_shown(progress),
    )
    label = wording.class_name(group, now)
    content = csv_file(
        [
            _("班级"), _("座号"), _("学号"), _("姓名"),
            _("已得"), _("已约"), _("还差"), _("不计入"),
        ],
        [
            (
                label,
                row.student.seat_no,
                row.student.student_no,
                row.student.name,
                row.earned,
                row.booked,
                row.missing,
                row.outside.hours,
            )
            for row in progress.rows
        ],
    )  # fmt: skip
    response = HttpResponse(content, content_type=CSV_TYPE)
    name = _("%(label)s学时 %(day)s") % {"label": label, "day": local_day(now)}
    for entry in logged:
        name += _(" 导出编号%(number)d") % {"number": entry.pk}
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.csv")
    return response


def origin_of(actor: Actor, now: datetime) -> str:
    """Who took a file out and when, as it stands in it."""
    return _("%(school)s %(name)s 导出，%(when)s") % {
        "school": actor.organisation_name,
        "name": actor.name,
        "when": dates.moment_full(now),
    }


@members_only(Role.SCHOOL_COORDINATOR)
def show_school(request: MemberRequest) -> HttpResponse:
    """Every class of the school by band; each number opens its rows."""
    now = timezone.now()
    show = request.GET.get("show", "")
    groups = visible_classes(request.actor)
    coverage = coverage_of_classes(groups, now)
    total = sum(coverage.values(), Coverage())
    shown = covered(coverage, show if show in BANDS else "")
    of_students = ngettext("/ %(count)d 人", "/ %(count)d 人", total.students) % {
        "count": total.students
    }
    return render(
        request,
        "insights/school.html",
        {
            "school_name": request.actor.organisation_name,
            "today": local_day(now),
            "classes": [
                class_row(group, shown[group.pk], now) for group in groups if group.pk in shown
            ],
            "lacks": lacks_of_many(total),
            "outside": wording.outside_of_many(
                total.with_outside, total.hours_before, total.hours_after
            ),
            "total": {**{band: getattr(total, band) for band in BANDS}, "of_students": of_students},
            **{f"{band}_url": f"?show={band}" for band in BANDS},
        },
    )


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class in a table of bands."""

    pk: int
    label: str
    school: str
    students: int
    none: int
    under_half: int
    half: int
    done: int
    hours_required: int
    hours_earned: int
    hours_booked: int
    lacks: str


def lacks_of_many(found: Coverage) -> str:
    """What exactly is missing in a class or a school."""
    return wording.lacking_of_many(
        found.short, found.hours_missing, found.missing_kinds, found.short_of_occupations
    )


def class_row(group: ClassGroup, found: Coverage, now: datetime) -> ClassRow:
    return ClassRow(
        pk=group.pk,
        label=wording.class_name(group, now),
        school=wording.organisation_name(group.school),
        students=found.students,
        none=found.none,
        under_half=found.under_half,
        half=found.half,
        done=found.done,
        hours_required=found.hours_required,
        hours_earned=found.hours_earned,
        hours_booked=found.hours_booked,
        lacks=lacks_of_many(found),
    )

"""A school year ends: what will be archived, and what was."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import MemberRequest, members_only
from accounts.choices import Role
from bookings import wording
from insights.selectors.coverage import Coverage, coverage_of_classes, visible_classes
from rosters import selectors
from rosters.models import ClassGroup
from rosters.services import school_years
from sites.calendar import local_day, school_year


@members_only(Role.SCHOOL_COORDINATOR)
def show(request: MemberRequest) -> HttpResponse:
    """The classes that have left their stage, each with how many still lack hours; archived
    when the coordinator says so."""
    now = timezone.now()
    year = school_year(local_day(now))
    groups = list(visible_classes(request.actor))
    over = [group for group in groups if selectors.has_left_stage(group, year)]
    if request.method == "POST":
        assert request.actor.organisation_id is not None
        asked = set(request.POST.getlist("classes"))
        classes, students = school_years.archive_classes(
            by=request.actor,
            school_id=request.actor.organisation_id,
            class_ids=[group.pk for group in over if str(group.pk) in asked],
            now=now,
        )
        if classes:
            messages.success(
                request,
                _("已归档 %(classes)d 个班、%(students)d 名学生，学时保留。")
                % {"classes": classes, "students": students},
            )
        else:
            messages.info(request, _("没有改动。"))
        return redirect("insights:school_year")
    coverage = coverage_of_classes(visible_classes(request.actor), now)
    # Coverage knows only those of whom hours are required.
    counts = selectors.student_counts(request.actor)
    rows = [
        (
            group,
            wording.class_name(group, now),
            counts.get(group.pk, 0),
            coverage.get(group.pk, Coverage()),
        )
        for group in groups
    ]
    return render(
        request,
        "insights/school_year.html",
        {
            "year": year,
            "over": [row for row in rows if row[0] in over],
            "staying": [row for row in rows if row[0] not in over],
            "archived": [
                (group, wording.class_name(group, now))
                for group in selectors.archived_classes(request.actor)[:60]
            ],
        },
    )


@members_only(Role.SCHOOL_COORDINATOR)
def restore(request: MemberRequest, pk: int) -> HttpResponse:
    """An archived class is brought back, asked first."""
    group = get_object_or_404(
        ClassGroup.objects.visible_to(request.actor).exclude(archived_at=None), pk=pk
    )
    if request.method == "POST":
        school_years.restore_class(by=request.actor, class_group=group, now=timezone.now())
        messages.success(request, _("班级已恢复。"))
        return redirect("insights:school_year")
    return render(
        request,
        "insights/class_restore.html",
        {"class_name": wording.class_name(group, timezone.now())},
    )

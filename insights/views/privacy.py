"""What is known of whom, who read names, and reading them with a reason."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from bookings import wording
from insights.forms.names import NamesLogForm, NamesReasonForm
from insights.selectors import data_map, reading
from rosters.models import ClassGroup
from rosters.services import reading as reading_services


@require_safe
def show_data_map(request: HttpRequest) -> HttpResponse:
    """Each kind of personal data: what for, on which ground, who sees it, how long it is kept.

    Open to everybody: guardians are to know before they agree.
    """
    return render(request, "insights/data_map.html", {"groups": data_map.by_person()})


@require_safe
@members_only(Role.SCHOOL_COORDINATOR)
def show_names_log(request: MemberRequest) -> HttpResponse:
    """Who read the names of the school's students, when, from where, for what."""
    now = timezone.now()
    groups = list(
        ClassGroup.objects.visible_to(request.actor).order_by("-entry_year", "number", "pk")
    )
    form = NamesLogForm(request.GET, groups=groups, now=now)
    day, class_group, reader = form.chosen()
    before = request.GET.get("before", "")
    page = reading.names_read(
        request.actor,
        now=now,
        day=day,
        class_group=class_group,
        reader=reader,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
    )
    return render(
        request,
        "insights/names_log.html",
        {
            "form": form,
            "rows": page.rows,
            "next_key": page.next_key,
            "is_narrowed": bool(day or class_group or reader),
            "reader": reader,
        },
    )


@never_cache
@members_only(Role.SECRETARIAT)
def show_class_names(request: MemberRequest, pk: int) -> HttpResponse:
    """The names of one class, after the reason was given; its school sees who and why."""
    now = timezone.now()
    group = get_object_or_404(
        ClassGroup.objects.visible_to(request.actor).current().select_related("school"), pk=pk
    )
    form = NamesReasonForm(request.POST or None)
    students, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            students = reading_services.read_class_names(
                by=request.actor,
                class_group=group,
                reason=form.cleaned_data["reason"],
                now=now,
            )
        except Refusal as refusal:
            form.add_error("reason", str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
    return render(
        request,
        "insights/class_names.html",
        {
            "class_group": group,
            "label": wording.class_name(group, now),
            "school": wording.organisation_name(group.school),
            "form": form,
            "students": students,
        },
        status=status,
    )

"""The school's settings, the consent texts, and who has signed for the year."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.models import Organisation
from accounts.services import audit
from rosters import selectors
from rosters.choices import ConsentKind, ConsentRule
from rosters.forms.students import ConsentTextForm, SettingsForm, TicksForm
from rosters.models import ClassGroup, Student
from rosters.services import consents, settings
from sites.calendar import local_day, school_year

SCHOOL_ROLES = (Role.TEACHER, Role.SCHOOL_COORDINATOR)
READING = (*SCHOOL_ROLES, Role.SECRETARIAT)
PUBLISHING = (Role.SCHOOL_COORDINATOR, Role.SECRETARIAT)


@members_only(Role.SCHOOL_COORDINATOR)
def school_settings(request: MemberRequest) -> HttpResponse:
    """What the school decides for itself."""
    school = get_object_or_404(Organisation, pk=request.actor.organisation_id)
    known = selectors.settings_of(school.pk)
    form = SettingsForm(
        request.POST or None,
        initial={
            "keeps_guardian_phones": known.keeps_guardian_phones,
            "consent_rule": known.consent_rule,
            "consent_blocks": known.consent_blocks,
        },
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            settings.set_school_settings(
                by=request.actor, school=school, now=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(request, _("已保存。"))
            return redirect("rosters:settings")
    return render(request, "rosters/settings.html", {"form": form}, status=status)


@require_safe
@members_only(*READING)
def texts(request: MemberRequest) -> HttpResponse:
    """The texts in force, to read and to print."""
    return render(
        request,
        "rosters/consent_texts.html",
        {
            "texts": [
                (kind, selectors.text_in_force(_school_id(request), kind)) for kind in ConsentKind
            ],
            "may_publish": request.actor.role in PUBLISHING,
            "is_alliance": request.actor.is_alliance,
        },
    )


@members_only(*PUBLISHING)
def publish(request: MemberRequest, kind: str) -> HttpResponse:
    """A new version of the school's own text, or of the alliance's."""
    kind = _kind(kind)
    known = selectors.text_in_force(_school_id(request), kind)
    form = ConsentTextForm(
        request.POST or None, initial={"text_zh": known.text_zh, "text_en": known.text_en}
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        school_id = _school_id(request)
        try:
            text = consents.publish_text(
                by=request.actor,
                school=Organisation.objects.get(pk=school_id) if school_id else None,
                kind=kind,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(
                request, _("第 %(version)d 版已发布，已签的仍然有效。") % {"version": text.version}
            )
            return redirect("rosters:consent_texts")
    return render(
        request, "rosters/consent_text_form.html", {"form": form, "kind": kind}, status=status
    )


@require_safe
@members_only(*READING)
def printed(request: MemberRequest, kind: str) -> HttpResponse:
    """One sheet for a guardian to sign."""
    kind = _kind(kind)
    return render(
        request,
        "rosters/consent_print.html",
        {
            "kind": kind,
            "text": selectors.text_in_force(_school_id(request), kind),
            "school_name": request.actor.organisation_name if request.actor.is_school else "",
            "year": school_year(local_day(timezone.now())),
        },
    )


@members_only(*SCHOOL_ROLES)
def of_class(request: MemberRequest, pk: int) -> HttpResponse:
    """Who of the class has signed for this school year: ticked as the paper comes in."""
    group = get_object_or_404(ClassGroup.objects.visible_to(request.actor).current(), pk=pk)
    now = timezone.now()
    year = school_year(local_day(now))
    students = (
        Student.objects.visible_to(request.actor)
        .current()
        .filter(class_group=group)
        .order_by("seat_no", "pk")
    )
    if request.method == "POST":
        form = TicksForm(request.POST, students=students)
        chosen = (
            [student.pk for student in students]
            if "all" in request.POST
            else [student.pk for student in form.cleaned_data["students"]]
            if form.is_valid()
            else []
        )
        record = "withdraw" not in request.POST
        change = consents.record_consents if record else consents.withdraw_consents
        count = change(
            by=request.actor, class_group=group, student_ids=chosen, school_year=year, now=now
        )
        messages.success(request, told(count, is_recorded=record))
        return redirect("rosters:class_consents", pk)
    rows = list(students)
    signed = selectors.signed_for_year([student.pk for student in rows], year)
    audit.record_names_read(
        by=request.actor, now=now, context="class_consents", target=group, students=rows
    )
    known = selectors.settings_of(group.school_id)
    return render(
        request,
        "rosters/class_consents.html",
        {
            "class_group": group,
            "year": year,
            "collects": known.consent_rule == ConsentRule.YEAR,
            "blocks": known.consent_blocks,
            "status": selectors.status_of(rows, signed),
            "missing": [student for student in rows if student.pk not in signed],
            "signed": [student for student in rows if student.pk in signed],
        },
    )


def told(count: int, *, is_recorded: bool) -> str:
    """What a teacher reads after ticking."""
    if not count:
        return _("没有改动。")
    if is_recorded:
        return ngettext("已记下 %(count)d 份同意书。", "已记下 %(count)d 份同意书。", count) % {
            "count": count
        }
    return ngettext("已撤回 %(count)d 份同意书。", "已撤回 %(count)d 份同意书。", count) % {
        "count": count
    }


def _school_id(request: MemberRequest) -> int | None:
    return request.actor.organisation_id if request.actor.is_school else None


def _kind(text: str) -> ConsentKind:
    if text not in ConsentKind.values:
        raise Http404
    return ConsentKind(text)

"""What a school's classes would like to learn about."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import Refusal
from bookings import wording
from courses import phases
from courses.choices import SeasonAction, SeasonPhase
from courses.models import Season
from planning.errors.wishes import NotOnOffer, WishedTwice
from planning.forms.wishes import WishForm
from planning.models import WishList
from planning.selectors import wishes as selectors
from planning.services import wishes as services
from planning.views import results
from rosters.models import ClassGroup

SCHOOL_ROLES = (Role.TEACHER, Role.SCHOOL_COORDINATOR)


@dataclass(frozen=True, slots=True)
class Row:
    """One class in the list, and what it said."""

    pk: int
    label: str
    students: int
    said: WishList | None
    occupations: list[str]
    takes_anything: bool
    result: results.Result | None


@require_safe
@members_only(*SCHOOL_ROLES)
def list_classes(request: MemberRequest) -> HttpResponse:
    """A teacher's classes, a coordinator's school: what each said, and what came of it."""
    now = timezone.now()
    season = selectors.season_of_wishes(now)
    asked = selectors.classes_asked(request.actor, season) if season is not None else []
    found = results.shown(request.actor, [one.class_group.pk for one in asked], now)
    names = selectors.shown_names({name for one in asked for name in one.occupations})
    return render(
        request,
        "planning/wishes.html",
        {
            "season": season,
            "phase": _phase(season, now),
            "said": sum(not one.is_silent for one in asked),
            "classes": [
                Row(
                    pk=one.class_group.pk,
                    label=wording.class_name(one.class_group, now),
                    students=one.students,
                    said=one.said,
                    occupations=[names[name] for name in one.occupations],
                    takes_anything=one.takes_anything,
                    result=found.get(one.class_group.pk),
                )
                for one in asked
            ],
            "is_coordinator": request.actor.is_coordinator,
        },
    )


@members_only(*SCHOOL_ROLES)
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    """One class's wishes: to fill in and change until the deadline, to read afterwards; and what
    came of them, once a plan is published."""
    now = timezone.now()
    group = get_object_or_404(
        ClassGroup.objects.visible_to(request.actor).current().select_related("school"), pk=pk
    )
    season = selectors.season_of_wishes(now)
    page = {
        "label": wording.class_name(group, now),
        "class_group": group,
        "season": season,
        "result": results.shown(request.actor, [group.pk], now).get(group.pk),
    }
    if season is None:
        return render(request, "planning/class_wishes.html", page)
    found = selectors.wishes_of_class(request.actor, season, group)
    wished = found.occupations if found is not None else ()
    offered = selectors.occupations_on_offer(season, group)
    form = WishForm(
        request.POST if request.method == "POST" else None, offered=offered, wished=wished
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            services.say_wishes(
                by=request.actor,
                season=season,
                class_group=group,
                occupations=form.occupations(),
                now=now,
            )
        except (WishedTwice, NotOnOffer) as refusal:
            status = put_on(form, refusal, form.last_field_with(refusal.facts["name_zh"]))
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            sentence = (
                _("已记下：%(class_group)s都可以。")
                if form.takes_anything
                else _("%(class_group)s的志愿已保存。")
            )
            messages.success(request, sentence % {"class_group": page["label"]})
            return redirect("planning:class_wishes", pk=group.pk)
    names = selectors.shown_names(wished)
    return render(
        request,
        "planning/class_wishes.html",
        {
            **page,
            "form": form,
            "phase": _phase(season, now),
            "why": _why_not(request, season, group, now),
            "found": found,
            "occupations": [names[name] for name in wished],
            "offered": offered,
        },
        status=status,
    )


def _why_not(request: MemberRequest, season: Season, group: ClassGroup, now: datetime) -> str:
    """Why nothing can be filled in now, empty where it can."""
    try:
        services.check_can_wish(request.actor, season, group, now)
    except Refusal as refusal:
        return str(refusal)
    return ""


def _phase(season: Season | None, now: datetime) -> str:
    """Where the season's wishes stand: ``before``, ``open`` or ``over``."""
    if season is None:
        return ""
    if phases.is_open(SeasonAction.WISH, season, now):
        return "open"
    before = (SeasonPhase.PLANNED, SeasonPhase.PUBLISHING)
    return "before" if phases.phase_of(season, now) in before else "over"

"""Completing a class's hours in one go, and going in groups."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.access import MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.services import audit
from bookings import wording
from bookings.errors.basket import NoSplit, SplitNeedless
from bookings.errors.reserving import ConsentMissing, SessionMoved, StudentBusy
from bookings.forms.basket import KeyForm, PicksForm, SplitForm, keys_in
from bookings.models import Reservation
from bookings.proposing import Aim, Choice, Proposal
from bookings.selectors.progress import of_students
from bookings.services import freeze, reservations, splits
from bookings.services import proposals as services
from bookings.services.companions import CompanionInput, needed_for
from bookings.services.offers import Offer, offer_of
from bookings.services.parts import Part
from bookings.services.proposals import Proposed
from bookings.views import telling_apart
from bookings.views.finding import with_class
from bookings.views.once import once_per_form
from courses.models import CourseSession
from courses.naming import headline
from rosters.models import Student
from sites import dates

SCHOOL_ROLES = (Role.TEACHER, Role.SCHOOL_COORDINATOR)
AIMS = {
    Aim.FEW_SITES: gettext_lazy("去的地点最少"),
    Aim.EARLY: gettext_lazy("最早完成"),
    Aim.VARIED: gettext_lazy("职业最多样"),
}


@members_only(*SCHOOL_ROLES)
@once_per_form
def complete(request: MemberRequest, pk: int) -> HttpResponse:
    """Up to three baskets that complete the class's hours, each with one button; with
    ``students`` for those of the class alone. Where one cannot be had any more the page says why
    and proposes anew."""
    now = timezone.now()
    group = services.check_visible(request.actor, pk)
    asked = request.POST if request.method == "POST" else request.GET
    student_ids = keys_in(asked.get("students", ""))
    why, status = "", 200
    if request.method == "POST":
        form = PicksForm(request.POST)
        if not form.is_valid():
            why, status = _("请从方案里选一个。"), 422
        else:
            try:
                made = services.reserve_proposal(
                    by=request.actor,
                    class_group=group,
                    picks=form.cleaned_data["picks"],
                    seen=form.cleaned_data["seen"],
                    student_ids=form.cleaned_data["students"],
                    companions=[CompanionInput(request.user.name, request.user.phone)],
                    contact_phone=request.user.phone,
                    idempotency_key=form.cleaned_data["key"],
                    now=now,
                )
            except Refusal as refusal:
                why, status = wording.refused(refusal), 409
            else:
                return _to_trips(request, made)
    proposed = services.proposals_for(request.actor, group, now, student_ids=student_ids)
    progress = proposed.progress
    return render(
        request,
        "bookings/complete.html",
        {
            "group": group,
            "label": wording.class_name(group, now),
            "progress": progress,
            "cards": [
                _card(one, proposed, difference)
                for one, difference in zip(
                    proposed.proposals, telling_apart.differences(proposed), strict=True
                )
            ],
            "coming": len(proposed.coming),
            "students": " ".join(map(str, student_ids or ())),
            "why": why,
            "catalogue_pk": group.pk,
        },
        status=status,
    )


def _to_trips(request: MemberRequest, made: Reservation) -> HttpResponse:
    count = made.bookings.count()
    messages.success(
        request,
        ngettext(
            "%(count)d 场约好了。预约号 %(reference)s。",
            "%(count)d 场约好了。预约号 %(reference)s。",
            count,
        )
        % {"count": count, "reference": made.reference},
    )
    return redirect("bookings:trips")


def _card(proposal: Proposal, proposed: Proposed, difference: str) -> dict[str, Any]:
    # Of those who come, not of the whole class.
    progress = of_students(proposed.progress, set(proposed.coming))
    return {
        "aim": AIMS[proposal.aim],
        "difference": difference,
        "progress": progress,
        "proposal": proposal,
        "booked_then": progress.booked + proposal.hours,
        "before": progress.earned + progress.booked,
        "then": progress.earned + progress.booked + proposal.hours,
        "still_short": proposed.still_short(proposal),
        "picks": " ".join(_picks(choice) for choice in proposal.choices),
        "lines": [_choice_line(choice, proposed.offers[choice.key]) for choice in proposal.choices],
        "form": KeyForm(auto_id=False, sessions=_sessions_of(proposal, proposed)),
    }


def _sessions_of(proposal: Proposal, proposed: Proposed) -> list[CourseSession]:
    return [
        session
        for choice in proposal.choices
        for offer in proposed.offers[choice.key]
        for session in offer.sessions
    ]


def _picks(choice: Choice) -> str:
    return " ".join(
        f"t{seat.session_set_id}:{seat.seats}"
        if seat.session_set_id is not None
        else f"s{seat.session_ids[0]}:{seat.seats}"
        for seat in choice.seating
    )


def _choice_line(choice: Choice, offers: tuple[Offer, ...]) -> dict[str, Any]:
    first = offers[0].first
    return {
        "title": headline(first.version),
        "family": first.version.occupation_family,
        "host": wording.organisation_name(first.host),
        "where": wording.where(first),
        "days": [dates.period(start, end) for start, end in choice.spans],
        "hours": choice.hours,
        "groups": len(choice.seating) if len(choice.seating) > 1 else 0,
    }


@members_only(*SCHOOL_ROLES)
@once_per_form
def split(request: MemberRequest, pk: int) -> HttpResponse:
    """A class larger than the session's seats, in groups: by number, or by hand."""
    now = timezone.now()
    offer = offer_of(request.actor, pk)
    group = services.check_visible(request.actor, _number(request.GET.get("class", "")))
    reservations.check_is_own_class(request.actor, group, now)
    divided = splits.split_of(request.actor, offer, group, now)
    found = divided.ways
    number = _number(request.GET.get("way", ""))
    way = found[number if number < len(found) else 0] if found else []
    students = list(
        Student.objects.visible_to(request.actor)
        .current()
        .filter(class_group=group)
        .order_by("seat_no", "pk")
    )
    audit.record_names_read(
        by=request.actor, now=now, context="split_form", target=group, students=students
    )
    form = SplitForm(
        request.POST if request.method == "POST" else None,
        students=students,
        groups=[_group_name(place) for place in range(len(way))],
        by_number=splits.by_number(students, way),
        sessions=[one.session for one in way],
    )
    why, status, is_small = "", 200, False
    if request.method == "POST" and not way:
        why, status = _("这一场刚才有了变化，不能再这样分组。请回到场次重新选择。"), 409
    elif request.method == "POST":
        if not form.is_valid():
            why, status = _("请给每名学生选一组。"), 422
        elif form.too_small():
            is_small, status = True, 422
            why = _("%(groups)s。请匀一匀；确实要这样分，请勾选后再提交。") % {
                "groups": _("、").join(
                    ngettext("%(group)s只有 %(count)d 人", "%(group)s只有 %(count)d 人", count)
                    % {"group": name, "count": count}
                    for name, count in form.too_small()
                )
            }
        else:
            members = form.members()
            try:
                made = reservations.reserve(
                    by=request.actor,
                    parts=[
                        Part(
                            class_group=group,
                            session_ids=[one.session.pk],
                            student_ids=members[place],
                            companions=[CompanionInput(request.user.name, request.user.phone)],
                            seen=form.cleaned_data["seen"],
                        )
                        for place, one in enumerate(way)
                        if members.get(place)
                    ],
                    contact_phone=request.user.phone,
                    idempotency_key=form.cleaned_data["key"],
                    now=now,
                )
            except Refusal as refusal:
                why, status = _refused(refusal, way), 409
                if isinstance(refusal, SessionMoved):
                    form.see(one.session for one in way)
            else:
                first = made.bookings.order_by("session__starts_at", "pk")[0]
                messages.success(
                    request,
                    _("已分 %(count)d 组约好，各组都在“行程”里。预约号 %(reference)s。")
                    % {"count": made.bookings.count(), "reference": made.reference},
                )
                return redirect("bookings:booking", pk=first.pk)
    return render(
        request,
        "bookings/split.html",
        {
            "offer": offer,
            "title": headline(offer.first.version),
            "version": offer.first.version,
            "group": group,
            "label": wording.class_name(group, now),
            "size": len(students),
            "way": [
                _group_shown(place, one, students, form.chosen()) for place, one in enumerate(way)
            ],
            "why_no_way": str(divided.why_not) if divided.why_not else "",
            "is_whole": isinstance(divided.why_not, SplitNeedless),
            "can_reserve": isinstance(divided.why_not, NoSplit | StudentBusy | ConsentMissing),
            "ways": [
                (
                    place,
                    f"{with_class(request.path, group)}&way={place}",
                    [wording.when(one.session) for one in other],
                    other is way,
                )
                for place, other in enumerate(found)
            ],
            "form": form,
            "why": why,
            "is_small": is_small,
            "is_settled": any(freeze.is_settled(one.session, now) for one in way),
        },
        status=status,
    )


def _group_name(place: int) -> str:
    return _("第 %(number)d 组") % {"number": place + 1}


def _refused(refusal: Refusal, way: list[splits.SplitGroup]) -> str:
    """What was refused, after the group and the session it is about."""
    why = wording.refused(refusal)
    for place, one in enumerate(way):
        if one.session == refusal.about:
            return _("%(group)s，%(why)s") % {"group": _group_name(place), "why": why}
    return why


def _group_shown(
    place: int, one: splits.SplitGroup, students: list[Student], chosen: dict[int, int | None]
) -> dict[str, Any]:
    """The group as it is filled in now: how many and who, by class seat number."""
    are_in = [chosen[student.pk] == place for student in students]
    seats = sum(are_in)
    return {
        "name": _group_name(place),
        "session": one.session,
        "title": headline(one.session.version),
        "where": wording.where(one.session),
        "seats": seats,
        "adults": max(needed_for(one.session.version, seats), 1) if seats else 0,
        "numbers": _("、").join(_runs(students, are_in)),
    }


def _runs(students: list[Student], are_in: list[bool]) -> Iterator[str]:
    """Those who follow one another in the class, from the first to the last: 1–18, 20."""
    together = groupby(zip(students, are_in, strict=True), key=lambda one: one[1])
    for is_in, run in together:
        numbers = [student.seat_no for student, _in in run]
        if is_in:
            yield f"{numbers[0]}–{numbers[-1]}" if len(numbers) > 1 else str(numbers[0])


def _number(text: str) -> int:
    """A key or number of the address; 0 for anything else."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 19 else 0

"""What people are told once a plan is published, or undone: each one message, when it is through.

It is written in the transaction in which the plan becomes published, or undone. So a process that
dies before has told nobody of anything, the one that goes on tells of all, and none tells twice.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import notifications.services
from accounts.actors import Actor
from accounts.choices import Role
from accounts.selectors import people_to_tell
from bookings import wording
from bookings.choices import LIVE_STATES, CancelledSide
from bookings.models import Booking
from bookings.selectors import companions
from bookings.services import telling_plans
from bookings.services.telling import body_of, loaded
from bookings.services.telling_plans import Told
from courses.choices import ReasonCode
from notifications.services import Letter
from planning import refusals
from planning.choices import PlanClassState
from planning.models import CohortPlan, PlanClass
from sites.calendar import local_day


def published(plan: CohortPlan, *, by: Actor, now: datetime) -> None:
    """The schools' people learn what their classes have, with the calendar entries; each host
    what comes. Coordinators learn of how many classes the alliance's plan has booked for, and why
    not for the others. What is not as booked any more they were told by whoever changed it."""
    _tell(
        plan,
        list(_bookings(plan, PlanClassState.BOOKED).filter(state__in=LIVE_STATES)),
        (PlanClassState.BOOKED, PlanClassState.REFUSED),
        by=by,
        now=now,
    )


def undone(plan: CohortPlan, *, by: Actor, now: datetime) -> None:
    """The same people learn what is cancelled, their calendars drop it. Coordinators learn of how
    many classes that is, and what stays."""
    states = (PlanClassState.UNDONE, PlanClassState.KEPT)
    taken_back = _bookings(plan, *states).filter(
        # As ``bookings.services.planned`` leaves it.
        cancelled_at__gte=plan.undone_at,
        cancelled_side=CancelledSide.ALLIANCE if by.is_secretariat else CancelledSide.SCHOOL,
        cancel_code=ReasonCode.CHANGE_OF_PLAN,
        cancel_reason="",
    )
    _tell(plan, list(taken_back), states, by=by, now=now)


def _bookings(plan: CohortPlan, *states: PlanClassState) -> QuerySet[Booking]:
    """Of the plan's reservations, those of its classes in the states; school by school."""
    rows = plan.classes.filter(state__in=states)
    return (
        loaded()
        .filter(reservation__in=rows.values("reservation"))
        .order_by("school_id", "session__starts_at", "pk")
    )


def _tell(
    plan: CohortPlan,
    bookings: Sequence[Booking],
    states: tuple[PlanClassState, ...],
    *,
    by: Actor,
    now: datetime,
) -> None:
    of_schools, of_hosts = telling_plans.people_of(bookings)
    apart = {(told.organisation_id, told.person.pk): told for told in of_schools}
    letters = []
    # A school's own plan is no news to its coordinators: whoever made it sees it.
    for school_id, rows in _by_school(plan, states).items() if plan.school_id is None else ():
        of_school = [booking for booking in bookings if booking.school_id == school_id]
        for person in people_to_tell(school_id, [Role.SCHOOL_COORDINATOR]):
            told = apart.pop((school_id, person.pk), None) or Told(person, school_id)
            with translation.override(person.language):
                letters.append(_to_coordinator(plan, rows, of_school, told, by, now))
    for told in apart.values():
        with translation.override(told.person.language):
            letters.append(_to_teacher(plan, told, by, now))
    for told in of_hosts:
        with translation.override(told.person.language):
            letters.append(_to_host(plan, told, by))
    notifications.services.tell_all(letters, now=now)


def _by_school(plan: CohortPlan, states: tuple[PlanClassState, ...]) -> dict[int, list[PlanClass]]:
    by_school: dict[int, list[PlanClass]] = {}
    for row in (
        PlanClass.objects.filter(plan=plan, state__in=states)
        .select_related("class_group")
        .order_by("school_id", "class_group__entry_year", "class_group__number", "pk")
    ):
        by_school.setdefault(row.school_id, []).append(row)
    return by_school


def _to_coordinator(
    plan: CohortPlan,
    rows: Sequence[PlanClass],
    of_school: Sequence[Booking],
    told: Told,
    by: Actor,
    now: datetime,
) -> Letter:
    is_undone = plan.undone_at is not None
    lines = (_what_is_undone if is_undone else _what_is_booked)(rows, of_school, by, now)
    blocks = telling_plans.lines_for_school(told.bookings)
    if blocks:
        # The classes that nobody else teaches, or that she teaches herself.
        blocks[0] = [_("附日历的场次："), *blocks[0]]
    subject = (
        _("统筹方案已撤回：%(season)s") if is_undone else _("统筹方案已发布：%(season)s")
    ) % {"season": plan.season.name}
    return _letter(
        "plan_undone" if is_undone else "plan_published",
        subject,
        body_of("\n".join(lines), *blocks),
        told,
        _cancelled_trips() if is_undone else _classes_page(plan),
        now,
    )


def _what_is_booked(
    rows: Sequence[PlanClass], of_school: Sequence[Booking], by: Actor, now: datetime
) -> list[str]:
    booked = sum(row.state == PlanClassState.BOOKED for row in rows)
    refused = [row for row in rows if row.state == PlanClassState.REFUSED]
    lacking = sum(bool(companions.missing_of(booking)) for booking in of_school)
    lines = [
        ngettext(
            "%(alliance)s按统筹方案为贵校 %(count)d 个班约好了场次。",
            "%(alliance)s按统筹方案为贵校 %(count)d 个班约好了场次。",
            booked,
        )
        % {"alliance": by.organisation_name, "count": booked}
        if booked
        else _("%(alliance)s发布了统筹方案。") % {"alliance": by.organisation_name}
    ]
    if lacking:
        lines.append(
            ngettext(
                "其中 %(count)d 场还缺带队教师，请在名单定下前补上。",
                "其中 %(count)d 场还缺带队教师，请在名单定下前补上。",
                lacking,
            )
            % {"count": lacking}
        )
    if refused:
        lines += [_("下列班级没有约成，请另行预约："), *_reasons(refused, now)]
    return lines


def _what_is_undone(
    rows: Sequence[PlanClass], of_school: Sequence[Booking], by: Actor, now: datetime
) -> list[str]:
    kept = [row for row in rows if row.state == PlanClassState.KEPT]
    # Of a class that keeps one booking others may be gone.
    gone = len(rows) - sum(not row.refusal.get("cancelled") for row in kept)
    lines = [
        ngettext(
            "%(alliance)s撤回了统筹方案，贵校 %(count)d 个班的预约已取消。",
            "%(alliance)s撤回了统筹方案，贵校 %(count)d 个班的预约已取消。",
            gone,
        )
        % {"alliance": by.organisation_name, "count": gone}
        if gone
        else _("%(alliance)s撤回了统筹方案。") % {"alliance": by.organisation_name}
    ]
    if kept:
        lines += [_("下列班级有预约保留："), *_kept(kept, now)]
    return lines


def _reasons(rows: Iterable[PlanClass], now: datetime) -> list[str]:
    return [
        _("%(class_group)s：%(why)s")
        % {
            "class_group": wording.class_name(row.class_group, now),
            "why": refusals.sentence(row.refusal),
        }
        for row in rows
    ]


def _kept(rows: Iterable[PlanClass], now: datetime) -> list[str]:
    return [
        ngettext(
            "%(class_group)s保留 %(count)d 场：%(why)s",
            "%(class_group)s保留 %(count)d 场：%(why)s",
            row.refusal["kept"],
        )
        % {
            "class_group": wording.class_name(row.class_group, now),
            "count": row.refusal["kept"],
            "why": refusals.sentence(row.refusal),
        }
        for row in rows
    ]


def _to_teacher(plan: CohortPlan, told: Told, by: Actor, now: datetime) -> Letter:
    is_own, is_undone = plan.school_id is not None, plan.undone_at is not None
    about = {
        "classes": telling_plans.how_many_classes(told.bookings),
        "sessions": telling_plans.counted_sessions(told.bookings),
    }
    whose = {"name": by.name} if is_own else {"alliance": by.organisation_name}
    if is_undone:
        subject = (
            _("本校的方案撤回，已取消：%(classes)s，%(sessions)s")
            if is_own
            else _("统筹方案撤回，已取消：%(classes)s，%(sessions)s")
        )
        opening = (
            _("%(name)s撤回了本校的方案，下列场次已取消。")
            if is_own
            else _("%(alliance)s撤回了统筹方案，下列场次已取消。")
        )
    else:
        subject = (
            _("本校的方案已约好：%(classes)s，%(sessions)s")
            if is_own
            else _("统筹方案已约好：%(classes)s，%(sessions)s")
        )
        opening = (
            _("%(name)s按本校的方案约好了下列场次，名额已定。请核对名单和带队教师。")
            if is_own
            else _("%(alliance)s按统筹方案约好了下列场次，名额已定。请核对名单和带队教师。")
        )
    return _letter(
        "plan_taken_back" if is_undone else "plan_booked",
        subject % about,
        body_of(opening % whose, *telling_plans.lines_for_school(told.bookings)),
        told,
        _cancelled_trips() if is_undone else _classes_page(plan, told.bookings),
        now,
    )


def _to_host(plan: CohortPlan, told: Told, by: Actor) -> Letter:
    is_own, is_undone = plan.school_id is not None, plan.undone_at is not None
    first = min(told.bookings, key=lambda booking: (booking.session.starts_at, booking.pk))
    about = {
        "school": wording.organisation_name(first.school),
        "classes": telling_plans.counted_classes(told.bookings),
        "sessions": telling_plans.counted_sessions(told.bookings),
        "seats": telling_plans.counted_seats(told.bookings),
    }
    whose = {"alliance": by.organisation_name, "name": by.name, "school": about["school"]}
    if is_undone:
        subject = (
            _("%(school)s撤回方案，已取消：%(classes)s，%(sessions)s")
            if is_own
            else _("统筹方案撤回，贵处已取消：%(classes)s，%(sessions)s")
        )
        opening = (
            _("%(school)s的%(name)s撤回了方案，下列预约已取消，名额已放出。")
            if is_own
            else _("%(alliance)s撤回了统筹方案，下列预约已取消，名额已放出。")
        )
    else:
        subject = (
            _("%(school)s约了 %(classes)s、%(seats)s")
            if is_own
            else _("统筹方案为贵处约了 %(classes)s、%(seats)s")
        )
        opening = (
            _("%(school)s的%(name)s约了下列场次。")
            if is_own
            else _("%(alliance)s按统筹方案约了贵处的下列场次。")
        )
    return Letter(
        told.person,
        "plan_taken_back" if is_undone else "plan_booked",
        subject % about,
        body_of(opening % whose, *telling_plans.lines_for_host(told.bookings)),
        f"{reverse('courses:host_week')}?day={local_day(first.session.starts_at)}",
    )


def _letter(kind: str, subject: str, body: str, told: Told, path: str, now: datetime) -> Letter:
    text, method = telling_plans.entries(told.bookings, told.person, now=now)
    return Letter(told.person, kind, subject, body, path, text, method)


def _cancelled_trips() -> str:
    return f"{reverse('bookings:trips')}?show=cancelled"


def _classes_page(plan: CohortPlan, bookings: Sequence[Booking] = ()) -> str:
    """Where classes read what they have and why: the one's page, or the list of all where it is;
    else their trips."""
    classes = {booking.class_group_id for booking in bookings}
    if len(classes) == 1:
        return reverse("planning:class_wishes", args=list(classes))
    if plan.season.wishes_until is None:
        return reverse("bookings:trips")
    return reverse("planning:wishes")

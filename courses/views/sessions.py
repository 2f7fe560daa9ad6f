"""A host's week, and opening sessions one by one, as a series, or as a camp."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import Refusal
from courses.choices import SessionState
from courses.errors import NotAsPreviewed, StaleSession
from courses.forms.sessions import (
    ChangeSessionForm,
    PeopleForm,
    SeriesForm,
    SessionForm,
    SetForm,
)
from courses.models import CourseSession
from courses.naming import headline
from courses.selectors import history, unusual
from courses.selectors.week import monday_of, week_of
from courses.services import series, sessions
from sites import dates
from sites.calendar import local_day


@require_safe
@members_only(Role.HOST_MANAGER)
def week(request: MemberRequest) -> HttpResponse:
    """Rooms and days of the week of ``?day=``, this week without it."""
    today = local_day(timezone.now())
    monday = monday_of(_asked_for(request.GET.get("day", "")) or today)
    return render(
        request,
        "courses/host_week.html",
        {
            "week": week_of(request.actor, monday),
            "today": today,
            "friday": monday + timedelta(days=4),
            "before": monday - timedelta(days=7),
            "after": monday + timedelta(days=7),
        },
    )


def _asked_for(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and 2000 < day.year < 2100 else None


@require_safe
@members_only(Role.HOST_MANAGER, Role.INSTRUCTOR)
def show(request: MemberRequest, pk: int) -> HttpResponse:
    """One session: when, where, seats, and what can be done with it."""
    session = _session(request, pk)
    return render(
        request,
        "courses/session_detail.html",
        {
            "session": session,
            "headline": headline(session.version),
            "moves": history.moves_of(session),
            "is_manager": request.actor.is_host_manager,
            "is_open": session.state == SessionState.SCHEDULED,
            "has_begun": session.starts_at <= timezone.now(),
            "why_no_change": _why_not(sessions.check_can_change_session, request, session),
            "why_no_people": _why_not(sessions.check_can_name_people, request, session),
        },
    )


def _why_not(check: Callable[..., None], request: MemberRequest, session: CourseSession) -> str:
    """The sentence at the disabled button, or nothing."""
    try:
        check(request.actor, session, timezone.now())
    except Refusal as refusal:
        return str(refusal)
    return ""


@members_only(Role.HOST_MANAGER)
def name_people(request: MemberRequest, pk: int) -> HttpResponse:
    """Who holds the session and who assists, booked or not."""
    session = _session(request, pk)
    form = PeopleForm(
        request.POST or None,
        actor=request.actor,
        initial={"instructor": session.instructor_id, "assistant": session.assistant_id},
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            sessions.name_people(
                by=request.actor, session=session, now=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("已保存。"))
            return redirect("courses:session_detail", pk)
    return render(
        request, "courses/session_people.html", {"form": form, "session": session}, status=status
    )


@members_only(Role.HOST_MANAGER)
def open_one(request: MemberRequest) -> HttpResponse:
    """One session; of a time that is seldom meant is told first."""
    form = SessionForm(
        request.POST or None,
        actor=request.actor,
        initial={
            "course": request.GET.get("course"),
            "room": request.GET.get("room"),
            "day": request.GET.get("day"),
            "starts": "09:00",
            "ends": "11:30",
        },
    )
    status, look = 200, Look()
    is_filled = request.method == "POST" and form.is_valid()
    if is_filled:
        look = _look(request, form, form.cleaned_data["course"].published_version.class_hours)
    if is_filled and not look.cautions:
        now = timezone.now()
        starts_at, ends_at = form.times()
        place = form.place()
        try:
            made = sessions.open_session(
                by=request.actor,
                version=form.cleaned_data["course"].published_version,
                starts_at=starts_at,
                ends_at=ends_at,
                room=place.room,
                school=place.school,
                online_url=place.online_url,
                instructor=form.cleaned_data["instructor"],
                assistant=form.cleaned_data["assistant"],
                capacity=form.cleaned_data["capacity"],
                now=now,
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("已排好，学校现在可以预约。"))
            if made.lacks_assistant:
                messages.warning(request, _("这门课须配助教，还没有指定。"))
            return redirect("courses:session_detail", made.pk)
    return render(
        request, "courses/session_form.html", {"form": form, **look._asdict()}, status=status
    )


@members_only(Role.HOST_MANAGER)
def change(request: MemberRequest, pk: int) -> HttpResponse:
    """Another time, place, instructor or capacity, while nobody has booked; of a time that is
    seldom meant is told first."""
    session = _session(request, pk)
    if request.method != "POST":
        sessions.check_can_change_session(request.actor, session, timezone.now())
    starts, ends = timezone.localtime(session.starts_at), timezone.localtime(session.ends_at)
    form = ChangeSessionForm(
        request.POST or None,
        actor=request.actor,
        initial={
            "room": session.room_id,
            "school": session.school_id,
            "online_url": session.online_url,
            "instructor": session.instructor_id,
            "assistant": session.assistant_id,
            "sequence": session.sequence,
            "capacity": session.capacity,
            "day": starts.date(),
            "starts": starts.time(),
            "ends": ends.time(),
        },
    )
    status, look = 200, Look()
    is_filled = request.method == "POST" and form.is_valid()
    if is_filled:
        look = _look(request, form, session.class_hours, session)
    if is_filled and not look.cautions:
        starts_at, ends_at = form.times()
        place = form.place()
        try:
            sessions.change_session(
                by=request.actor,
                session=session,
                sequence=form.cleaned_data["sequence"],
                starts_at=starts_at,
                ends_at=ends_at,
                capacity=form.cleaned_data["capacity"],
                room=place.room,
                school=place.school,
                online_url=place.online_url,
                instructor=form.cleaned_data["instructor"],
                assistant=form.cleaned_data["assistant"],
                now=timezone.now(),
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
            if isinstance(refusal, StaleSession):
                form.bring_up_to_date(_session(request, pk).sequence)
        else:
            messages.success(request, _("已保存。"))
            return redirect("courses:session_detail", pk)
    return render(
        request,
        "courses/session_form.html",
        {"form": form, "session": session, **look._asdict()},
        status=status,
    )


class Look(NamedTuple):
    """What of a time is seldom meant and has not been looked at yet, and what is looked at now."""

    cautions: Sequence[str] = ()
    mark: str = ""


def _look(
    request: MemberRequest,
    form: SessionForm,
    class_hours: int,
    session: CourseSession | None = None,
) -> Look:
    """Nothing to look at where the time and the room stay, or were looked at on this form."""
    starts_at, ends_at = form.times()
    room = form.place().room
    then = CourseSession(starts_at=starts_at, ends_at=ends_at, room=room, class_hours=class_hours)
    mark = unusual.mark_of(then)
    stays = session is not None and unusual.mark_of(session) == mark
    # An end before the start is refused anyway.
    if stays or ends_at <= starts_at or request.POST.get("seen") == mark:
        return Look(mark=mark)
    return Look(unusual.of_session(then), mark)


@members_only(Role.HOST_MANAGER)
def open_series(request: MemberRequest) -> HttpResponse:
    """First the list of what would be made and skipped, then, on a second button, the sessions."""
    now = timezone.now()
    form = SeriesForm(
        request.POST or None,
        actor=request.actor,
        initial={"course": request.GET.get("course"), "room": request.GET.get("room")},
    )
    status, plan = 200, None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            wanted = {
                "by": request.actor,
                "version": data["course"].published_version,
                "first": data["first"],
                "last": data["last"],
                "weekdays": data["weekdays"],
                "half_days": form.chosen_half_days(),
                "place": form.place(),
                "instructor": data["instructor"],
                "assistant": data["assistant"],
                "capacity": data["capacity"],
                "now": now,
            }
            if "save" in request.POST:
                seen = _moments(request.POST.getlist("seen"))
                try:
                    made, plan = series.open_series(**wanted, seen=seen)
                except NotAsPreviewed as refusal:
                    status = put_on(form, refusal)
                else:
                    _say_what_was_made(request, len(made), plan.lost_since(seen))
                    return redirect(_week_url(data["first"]))
            plan = series.preview_series(**wanted)
        except Refusal as refusal:
            status = put_on(form, refusal)
    return render(request, "courses/series_form.html", {"form": form, "plan": plan}, status=status)


def _moments(texts: Collection[str]) -> set[datetime]:
    """The moments among the texts that a form brings back."""
    moments = set()
    for text in texts:
        try:
            moment = parse_datetime(text)
        except ValueError:
            continue
        if moment is not None and timezone.is_aware(moment):
            moments.add(moment)
    return moments


def _say_what_was_made(request: MemberRequest, made: int, lost: Collection[series.Planned]) -> None:
    """How many there are now, and date by date what the preview promised and is gone."""
    messages.success(
        request, ngettext("已生成 %(count)d 场。", "已生成 %(count)d 场。", made) % {"count": made}
    )
    for row in lost:
        messages.warning(
            request,
            _("预览以后有变化，%(when)s 没有生成：%(why)s")
            % {"when": dates.moment(row.starts_at), "why": row.reason},
        )


@members_only(Role.HOST_MANAGER)
def open_set(request: MemberRequest) -> HttpResponse:
    """A two-day camp, booked as a whole."""
    form = SetForm(
        request.POST or None, actor=request.actor, initial={"course": request.GET.get("course")}
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        version = form.cleaned_data["course"].published_version
        periods = form.periods()
        try:
            series.open_set(
                by=request.actor,
                version=version,
                name=series.set_name(version, periods[0][0], periods[-1][0]),
                periods=periods,
                place=form.place(),
                instructor=form.cleaned_data["instructor"],
                assistant=form.cleaned_data["assistant"],
                capacity=form.cleaned_data["capacity"],
                now=now,
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("两日营已排好，学校只能整体预约。"))
            return redirect(_week_url(form.cleaned_data["first"]))
    return render(request, "courses/set_form.html", {"form": form}, status=status)


def _week_url(day: date) -> str:
    return f"{reverse('courses:host_week')}?day={day:%Y-%m-%d}"


def _session(request: MemberRequest, pk: int) -> CourseSession:
    return get_object_or_404(
        CourseSession.objects.visible_to(request.actor)
        .owned_by(request.actor)
        .select_related(
            "version",
            "season",
            "room__site",
            "school",
            "instructor__user",
            "assistant__user",
            "session_set",
        ),
        pk=pk,
    )

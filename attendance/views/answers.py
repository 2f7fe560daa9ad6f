"""What somebody who was scanned, typed or tapped at the door is told: in, out, or why not."""

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import STATUS_OF_KIND, MemberRequest
from accounts.errors import Refusal
from attendance.choices import AttendanceState, DoorMode, NoBadge, WayIn
from attendance.errors.badges import BadgeRevoked, UnknownBadge
from attendance.errors.desk import (
    BookedElsewhere,
    DeskClosed,
    DeskNotOpenYet,
    NotBookedHere,
    NotInYet,
)
from attendance.selectors import states
from attendance.selectors.rule_sets import rules_of
from attendance.services import check_in as check_ins
from attendance.services import check_out as check_outs
from attendance.services import door_list
from attendance.views import door_modes
from bookings import wording
from courses.errors import SessionCancelled
from courses.models import CourseSession
from rosters.models import Student
from sites import dates

# The big word over a refusal's sentence.
WORDS: dict[str, str | Promise] = {
    BadgeRevoked.code: gettext_lazy("胸牌已作废"),
    BookedElsewhere.code: gettext_lazy("不在本场"),
    DeskClosed.code: gettext_lazy("已结束"),
    DeskNotOpenYet.code: gettext_lazy("还没开始"),
    NotBookedHere.code: gettext_lazy("不在本场"),
    NotInYet.code: door_modes.NOT_IN,
    SessionCancelled.code: gettext_lazy("本场已取消"),
    UnknownBadge.code: gettext_lazy("没有这个码"),
}


@dataclass(frozen=True, slots=True)
class Result:
    """What the last scan came to: ``look`` is in (as asked), dup (so already) or out (refused).
    ``student`` is whom it was about where the desk may know her.

    ``walk_in`` is the badge's code where its bearer may join the session, ``why_not`` the
    reason where not.
    """

    look: str
    word: str
    person: str = ""
    detail: str = ""
    walk_in: str = ""
    why_not: str = ""
    place_id: int = 0
    student: Student | None = None
    is_door_shut: bool = False


def arrive(
    request: MemberRequest,
    session: CourseSession,
    *,
    event_id: UUID,
    way_in: WayIn,
    code: str = "",
    student_id: int | None = None,
    no_badge: NoBadge | None = None,
) -> tuple[Result, int]:
    """One arrival and the HTTP status of its answer."""
    now = timezone.now()
    try:
        entry = check_ins.check_in(
            by=request.actor,
            session=session,
            code=code,
            student_id=student_id,
            way_in=way_in,
            event_id=event_id,
            happened_at=now,
            now=now,
            no_badge=no_badge,
        )
    except Refusal as refusal:
        result, status = refused(refusal)
        if isinstance(refusal, NotBookedHere) and code:
            result = _with_walk_in(request, session, code, result)
        return result, status
    return told(entry, session), 200


def leave(
    request: MemberRequest,
    session: CourseSession,
    *,
    event_id: UUID,
    way_in: WayIn,
    code: str = "",
    student_id: int | None = None,
) -> tuple[Result, int]:
    """One departure and the HTTP status of its answer."""
    try:
        entry = check_outs.check_out(
            by=request.actor,
            session=session,
            code=code,
            student_id=student_id,
            way_in=way_in,
            event_id=event_id,
            now=timezone.now(),
        )
    except Refusal as refusal:
        return refused(refusal)
    return told_leaving(entry, session), 200


def told_leaving(entry: check_ins.Entry, session: CourseSession) -> Result:
    """Green for who left just now, yellow for who had left already."""
    left_at = entry.event.happened_at
    clock = dates.clock(left_at)
    early = rules_of(session).earned_early(session.ends_at - left_at)
    details = [
        _where(entry, session),
        clock if entry.is_new else _("%(clock)s 已签退") % {"clock": clock},
        *([] if early is None else [str(AttendanceState.LEFT_EARLY.label)]),
    ]
    words = door_modes.DONE if entry.is_new else door_modes.ALREADY
    return Result(
        "in" if entry.is_new else "dup",
        str(words[DoorMode.OUT.value]),
        entry.student.name,
        " · ".join(details),
        place_id=entry.place.pk,
        student=entry.student,
    )


def _where(entry: check_ins.Entry, session: CourseSession) -> str:
    return _("座号 %(seat)s · %(class_group)s") % {
        "seat": entry.student.seat_no,
        "class_group": wording.class_name(entry.student.class_group, session.starts_at),
    }


def told(entry: check_ins.Entry, session: CourseSession) -> Result:
    """Green for who came in just now, yellow for who was in already."""
    where = _where(entry, session)
    clock = dates.clock(entry.event.happened_at)
    if entry.is_new:
        came = states.attendance(
            [entry.event],
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            rules=rules_of(session),
        )
        late = f" · {came.state.label}" if came.state == AttendanceState.LATE else ""
        return Result(
            "in",
            str(door_modes.DONE[DoorMode.IN.value]),
            entry.student.name,
            f"{where} · {clock}{late}",
            place_id=entry.place.pk,
            student=entry.student,
        )
    since = _("%(clock)s 已签到，不重复计学时。") % {"clock": clock}
    return Result(
        "dup",
        str(door_modes.ALREADY[DoorMode.IN.value]),
        entry.student.name,
        f"{where} · {since}",
        place_id=entry.place.pk,
        student=entry.student,
    )


def refused(refusal: Refusal) -> tuple[Result, int]:
    """Red, with the reason; what is not the actor's to see stays unseen."""
    if refusal.kind == Refusal.NOT_FOUND:
        raise refusal
    word = str(WORDS.get(refusal.code, _("不能这样做")))
    result = Result("out", word, detail=str(refusal), is_door_shut=isinstance(refusal, DeskClosed))
    return result, STATUS_OF_KIND[refusal.kind]


def _with_walk_in(
    request: MemberRequest, session: CourseSession, code: str, result: Result
) -> Result:
    why_not = ""
    try:
        door_list.check_can_let_in(request.actor, session, check_ins.bearer(code), timezone.now())
    except Refusal as refusal:
        why_not = str(refusal)
    return Result(
        result.look,
        result.word,
        detail=result.detail,
        walk_in="" if why_not else code,
        why_not=why_not,
    )

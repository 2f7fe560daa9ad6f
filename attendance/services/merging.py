"""One child entered twice: the two become one."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.services import audit
from attendance.choices import EventKind, WayIn
from attendance.errors.students import NotOneChild
from attendance.models import Badge, Certificate, CheckIn
from attendance.selectors.rule_sets import rules_of_each
from attendance.selectors.states import attendance
from attendance.services import certificates, notices, proposals
from bookings.selectors import roll as roll_selectors
from bookings.services import consents as trip_consents
from bookings.services import roll
from bookings.services.retries import in_one_transaction
from hours.selectors import earned_by_student
from hours.services import ledger
from rosters.models import Student
from rosters.services import care, consents, transfers
from rosters.services.classes import check_can_manage

NOT_THERE = (EventKind.ABSENT, EventKind.EXCUSED)


@dataclass(frozen=True, slots=True)
class Merger:
    """What merging would do: hours and seats of the duplicate, before anything is done.
    ``certificates`` are those of both that are good now."""

    hours: int
    own_hours: int
    moved: int
    released: int
    certificates: int
    has_badge: bool
    keeps_badge: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """What merging did."""

    student: Student
    hours: int
    moved: int
    released: int
    revoked: int = 0


def check_can_merge(actor: Actor, survivor: Student, duplicate: Student) -> None:
    """Two rows of one school, neither merged before, the one that stays in a class now.

    Refused: NotOneChild.
    """
    check_can_manage(actor, survivor.school_id)
    if (
        survivor.pk == duplicate.pk
        or survivor.school_id != duplicate.school_id
        or survivor.merged_into_id is not None
        or duplicate.merged_into_id is not None
        or survivor.left_at is not None
    ):
        raise NotOneChild


def preview(*, survivor: Student, duplicate: Student, now: datetime) -> Merger:
    """What ``merge`` would do. Eight queries."""
    earned = earned_by_student([survivor.pk, duplicate.pk], None)
    clashing = roll.clashing_places(survivor, duplicate)
    released = sum(place.starts_at > now for place in clashing)
    to_come = roll_selectors.coming_places([duplicate.pk], now).count()
    with_badge = set(
        Badge.objects.live()
        .filter(student__in=[survivor, duplicate])
        .values_list("student_id", flat=True)
    )
    return Merger(
        hours=ledger.hours_to_carry_over(duplicate=duplicate, survivor=survivor),
        own_hours=earned.get(survivor.pk, 0),
        moved=to_come - released,
        released=released,
        certificates=Certificate.objects.live().filter(student__in=[survivor, duplicate]).count(),
        has_badge=duplicate.pk in with_badge,
        keeps_badge=survivor.pk in with_badge,
    )


def merge(*, by: Actor, survivor: Student, duplicate: Student, now: datetime) -> Merged:
    """The duplicate is the survivor: her credits are reversed and written anew for the survivor,
    once for each session; her seats are the survivor's, or free where the survivor has one at
    that time; her badge opens nothing; what is kept of her goes over where the survivor has
    none, and so do her objections. A certificate of either that the ledger no longer says is
    revoked. All of it or nothing.

    Merging the same two again does nothing. Refused: NotOneChild.
    """
    if duplicate.merged_into_id == survivor.pk:
        check_can_manage(by, survivor.school_id)
        return Merged(survivor, 0, 0, 0)
    check_can_merge(by, survivor, duplicate)

    def write() -> Merged:
        locked = {
            student.pk: student
            for student in Student.objects.select_for_update(no_key=True)
            .filter(pk__in=[survivor.pk, duplicate.pk])
            .order_by("pk")
        }
        stays, goes = locked[survivor.pk], locked[duplicate.pk]
        check_can_merge(by, stays, goes)
        _void_absences(by=by, survivor=stays, duplicate=goes, now=now)
        taken = roll.take_over_places(by=by, survivor=stays, duplicate=goes, now=now)
        hours = ledger.carry_over(
            by=by, duplicate=goes, survivor=stays, reason=_("合并重复的学生"), now=now
        )
        revoked = certificates.take_over(
            by=by, survivor=stays, duplicate=goes, has_more=hours > 0, now=now
        )
        objections = notices.take_over(survivor=stays, duplicate=goes)
        proposals.take_over(by=by, survivor=stays, duplicate=goes, now=now)
        consents.take_over(survivor=stays, duplicate=goes)
        trip_consents.take_over(survivor=stays, duplicate=goes)
        care.take_over(survivor=stays, duplicate=goes)
        transfers.call_off(by=by, student_ids=[goes.pk], now=now)
        for badge in Badge.objects.live().select_for_update().filter(student=goes):
            badge.revoked_at = now
            badge.revoke_reason = _("合并重复的学生")
            badge.save(update_fields=["revoked_at", "revoke_reason"])
            audit.record(by=by, verb="badge.revoked", now=now, target=badge)
        # Whoever was merged into the duplicate before belongs to the survivor too.
        Student.objects.filter(merged_into=goes).update(merged_into=stays)
        Student.objects.filter(pk=goes.pk).update(merged_into=stays)
        audit.record(
            by=by,
            verb="student.merged",
            now=now,
            target=stays,
            duplicate=goes.pk,
            class_hours=hours,
            moved=taken.moved,
            released=taken.released,
            objections=objections,
        )
        return Merged(stays, hours, taken.moved, taken.released, revoked)

    return in_one_transaction(write)


def _void_absences(*, by: Actor, survivor: Student, duplicate: Student, now: datetime) -> None:
    """Where one of the two rows was there and the other marked absent or on leave, the child was
    there: the marks of the other are voided, so that the door's list says so too."""
    sides: dict[int, dict[int, list[CheckIn]]] = {}
    for student in (survivor, duplicate):
        for event in CheckIn.objects.of_student(student.pk).select_related("session"):
            sides.setdefault(event.session_id, {}).setdefault(student.pk, []).append(event)
    sessions = {
        own.session_id: own.session
        for events in sides.values()
        for (own, *_others) in events.values()
    }
    rules = rules_of_each(sessions.values())
    void = []
    for session_id, events in sides.items():
        if len(events) < 2:
            continue
        session = sessions[session_id]
        was_there = {
            pk: attendance(
                own,
                starts_at=session.starts_at,
                ends_at=session.ends_at,
                rules=rules[session_id],
            ).was_there
            for pk, own in events.items()
        }
        if not any(was_there.values()):
            continue
        for pk, own in events.items():
            voided = {event.voids_id for event in own if event.kind == EventKind.VOID}
            void += [
                event
                for event in own
                if not was_there[pk] and event.kind in NOT_THERE and event.pk not in voided
            ]
    CheckIn.objects.bulk_create(
        CheckIn(
            session_id=event.session_id,
            student_id=event.student_id,
            place_id=event.place_id,
            kind=EventKind.VOID,
            voids=event,
            way_in=WayIn.TICK,
            reason=_("合并重复的学生"),
            happened_at=now,
            recorded_at=now,
            recorded_by_id=by.membership_id,
        )
        for event in void
    )

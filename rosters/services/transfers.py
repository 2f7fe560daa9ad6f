"""A student's move to another school: asked, withdrawn, declined. Taking her in also moves her
badge and frees her seats, so ``attendance.services.transfers`` does it."""

from collections.abc import Callable, Collection
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

import notifications.services
from accounts.actors import Actor
from accounts.choices import OrganisationKind, Role
from accounts.errors import NotAllowed, NotYours
from accounts.models import Organisation, User
from accounts.selectors import people_to_tell
from accounts.services import audit
from rosters import naming, selectors
from rosters.choices import TransferState
from rosters.errors import SchoolUnsuitable, StudentGone, TransferOver, TransferPending
from rosters.models import GuardianPhone, Student, StudentTransfer
from rosters.services import care, consents
from rosters.services.classes import check_can_manage
from sites.calendar import local_day, school_year


def ask(*, by: Actor, student: Student, to_school: Organisation, now: datetime) -> StudentTransfer:
    """The other school is asked to take the student; until it does, nothing changes. Its
    coordinators are told. Refused: SchoolUnsuitable, TransferPending, StudentGone."""
    check_can_manage(by, student.school_id)
    if (
        to_school.kind != OrganisationKind.SCHOOL
        or not to_school.is_active
        or to_school.pk == student.school_id
    ):
        raise SchoolUnsuitable
    with transaction.atomic():
        locked = (
            Student.objects.select_for_update(no_key=True, of=("self",))
            .select_related("school", "class_group")
            .get(pk=student.pk)
        )
        if locked.left_at is not None or locked.merged_into_id is not None:
            raise StudentGone
        pending = (
            StudentTransfer.objects.pending()
            .filter(student=locked)
            .select_related("to_school")
            .first()
        )
        if pending is not None:
            raise TransferPending(school=pending.to_school.shown_name)
        transfer = StudentTransfer.objects.create(
            student=locked,
            from_school_id=locked.school_id,
            to_school=to_school,
            asked_at=now,
            asked_by_id=by.membership_id,
        )
        audit.record(by=by, verb="transfer.asked", now=now, target=transfer)
        transfer.from_school = locked.school
        _tell(
            transfer,
            to_school.pk,
            lambda: (
                _("%(school)s请贵校接收一名转学的学生")
                % {"school": transfer.from_school.shown_name},
                _("请在“转学”里查看，选好班级后接收；不是贵校学生的，请退回。"),
            ),
            now,
        )
    return transfer


def withdraw(*, by: Actor, transfer: StudentTransfer, now: datetime) -> StudentTransfer:
    """The old school asks no more. Withdrawing twice changes nothing. Refused: TransferOver."""
    check_can_manage(by, transfer.from_school_id)
    return _answer(by, transfer, TransferState.WITHDRAWN, now)


def decline(*, by: Actor, transfer: StudentTransfer, now: datetime) -> StudentTransfer:
    """The student stays where she is; the old school is told. Refused: TransferOver."""
    check_can_manage(by, transfer.to_school_id)
    return _answer(by, transfer, TransferState.DECLINED, now)


def call_off(*, by: Actor, student_ids: Collection[int], now: datetime) -> None:
    """The students are on the way to no other school any more. In the caller's transaction,
    which holds them."""
    for transfer in (
        StudentTransfer.objects.pending()
        .filter(student__in=student_ids)
        .order_by("pk")
        .select_for_update(no_key=True)
    ):
        _settle(by, transfer, TransferState.WITHDRAWN, now)


def _answer(
    by: Actor, transfer: StudentTransfer, state: TransferState, now: datetime
) -> StudentTransfer:
    with transaction.atomic():
        locked = locked_transfer(transfer)
        if locked.state == state:
            return locked
        check_is_pending(locked)
        _settle(by, locked, state, now)
        if state == TransferState.DECLINED:
            _tell(
                locked,
                locked.from_school_id,
                lambda: (
                    _("%(school)s退回了转学请求") % {"school": locked.to_school.shown_name},
                    _("%(who)s没有转走，仍在原班。") % {"who": who(locked.student, now)},
                ),
                now,
            )
    return locked


def locked_transfer(transfer: StudentTransfer) -> StudentTransfer:
    """The transfer as it is now, ours until the transaction ends; student and schools loaded."""
    return (
        StudentTransfer.objects.select_for_update(of=("self",), no_key=True)
        .select_related("student__class_group", "from_school", "to_school")
        .get(pk=transfer.pk)
    )


def check_is_pending(transfer: StudentTransfer) -> None:
    if transfer.state != TransferState.ASKED:
        raise TransferOver(state=TransferState(transfer.state).label)


def check_can_answer(actor: Actor, transfer: StudentTransfer) -> None:
    """The new school's coordinator, while it is asked."""
    if actor.organisation_id not in (transfer.from_school_id, transfer.to_school_id):
        raise NotYours
    if not actor.is_coordinator or actor.organisation_id != transfer.to_school_id:
        raise NotAllowed
    check_is_pending(transfer)


def settle_acceptance(*, by: Actor, transfer: StudentTransfer, now: datetime) -> None:
    """The transfer is over, the old school is told, and what was given to it ends: consents, and
    a telephone that the new school does not keep. In the transaction that moves the student,
    before she is moved."""
    student = transfer.student
    _settle(by, transfer, TransferState.ACCEPTED, now)
    consents.end_consents(student=student, by=by, now=now)
    if not selectors.settings_of(transfer.to_school_id).keeps_guardian_phones:
        GuardianPhone.objects.filter(student=student).delete()
    # Her old school cannot take back what it imported of her.
    care.forget_replaced_phones(Student.objects.filter(pk=student.pk))
    _tell(
        transfer,
        transfer.from_school_id,
        lambda: (
            _("%(school)s已接收转学的学生") % {"school": transfer.to_school.shown_name},
            _("%(who)s已转走，学时和胸牌随学生带去；之后已约的名额已放出。")
            % {"who": who(student, now)},
        ),
        now,
    )


def who(student: Student, now: datetime) -> str:
    """七(3)班 12 号: a message names nobody."""
    group = student.class_group
    label = naming.class_label(
        stage=group.stage,
        grade=group.grade(school_year(local_day(now))),
        entry_year=group.entry_year,
        number=group.number,
    )
    return _("%(class_group)s %(seat)s 号学生") % {"class_group": label, "seat": student.seat_no}


def _settle(by: Actor, transfer: StudentTransfer, state: TransferState, now: datetime) -> None:
    transfer.state = state
    transfer.answered_at = now
    transfer.answered_by_id = by.membership_id
    transfer.save(update_fields=["state", "answered_at", "answered_by"])
    audit.record(by=by, verb=f"transfer.{state.value}", now=now, target=transfer)


def _tell(
    transfer: StudentTransfer,
    school_id: int,
    text: Callable[[], tuple[str, str]],
    now: datetime,
) -> None:
    people: list[User] = people_to_tell(school_id, [Role.SCHOOL_COORDINATOR])
    for person in people:
        with translation.override(person.language):
            subject, body = text()
            notifications.services.tell(
                recipient=person,
                kind="student_transfer",
                subject=subject,
                body=body,
                path=reverse("rosters:transfers"),
                now=now,
            )

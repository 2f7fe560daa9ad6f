"""A school takes in a student of another: hours and badge come with her."""

from datetime import datetime

from accounts.actors import Actor
from accounts.services import audit
from attendance.models import Badge
from bookings.services import roll
from bookings.services.retries import in_one_transaction
from rosters.errors import ClassNotThere, StudentGone
from rosters.models import ClassGroup, Student, StudentTransfer
from rosters.services import students, transfers


def accept(
    *,
    by: Actor,
    transfer: StudentTransfer,
    class_group: ClassGroup,
    seat_no: int,
    student_no: str,
    now: datetime,
) -> Student:
    """The student is in the class, with the new school's number; her badge opens doors as
    before, and her credits, which stay as they are, are read by the new school too.

    Seats in sessions to come that her old school booked are free, and both it and the hosts are
    told. Consents given to the old school end; what she needs goes with her.
    Refused: TransferOver, StudentGone, ClassNotThere, SeatTaken, StudentNoTaken,
    StudentNoUnclear.
    """
    transfers.check_can_answer(by, transfer)
    student_no = student_no.strip()

    def write() -> Student:
        group = (
            ClassGroup.objects.current()
            .select_for_update(no_key=True)
            .filter(pk=class_group.pk, school_id=transfer.to_school_id)
            .first()
        )
        if group is None:
            raise ClassNotThere
        student = Student.objects.select_for_update(no_key=True).get(pk=transfer.student_id)
        locked = transfers.locked_transfer(transfer)
        transfers.check_is_pending(locked)
        if student.merged_into_id is not None or student.school_id != locked.from_school_id:
            raise StudentGone
        students.check_fits(student, group.pk, group.school_id, seat_no, student_no)
        roll.release_places(by=by, student_ids=[student.pk], now=now)
        transfers.settle_acceptance(by=by, transfer=locked, now=now)
        students.place_in_class(student, group, seat_no=seat_no, student_no=student_no, now=now)
        Badge.objects.filter(student=student).update(school_id=group.school_id)
        audit.record(
            by=by,
            verb="student.transferred",
            now=now,
            target=student,
            from_school=locked.from_school_id,
            to_school=locked.to_school_id,
        )
        return student

    return in_one_transaction(write)

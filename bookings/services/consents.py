"""Guardians' signatures: asked for when a class is booked, ticked for a trip."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.errors import NotYours
from accounts.services import audit
from bookings import wording
from bookings.errors.reserving import ConsentMissing
from bookings.models import Booking, Place, TripConsent
from bookings.selectors import consents as selectors
from courses.models import CourseSession
from rosters.choices import ConsentKind
from rosters.models import ClassGroup, Student
from rosters.services import consents as roster_consents
from sites.calendar import local_day, school_year


def school_years_of(sessions: Collection[CourseSession]) -> set[int]:
    return {school_year(local_day(session.starts_at)) for session in sessions}


def check_signed(
    students: Collection[Student],
    sessions: Sequence[CourseSession],
    class_group: ClassGroup,
) -> None:
    """Refused: students whose school books nobody without a consent for the year and who have
    none (ConsentMissing, naming class and seats). One query where the school does not ask."""
    check_all_signed([(students, sessions, class_group)])


def check_all_signed(
    wanted: Sequence[tuple[Collection[Student], Sequence[CourseSession], ClassGroup]],
) -> None:
    """As ``check_signed`` for several groups of students, each with sessions of its own; as many
    queries as for one, where school and year are the same."""
    asked: dict[tuple[int, int], set[int]] = {}
    for students, sessions, class_group in wanted:
        for year in school_years_of(sessions) if students else ():
            keys = asked.setdefault((class_group.school_id, year), set())
            keys |= {student.pk for student in students}
    barred = {
        key: selectors.unsigned(key[0], students, [key[1]]) for key, students in asked.items()
    }
    for students, sessions, class_group in wanted:
        lacking = {
            pk
            for year in school_years_of(sessions)
            for pk in barred.get((class_group.school_id, year), ())
        }
        seats = [student.seat_no for student in students if student.pk in lacking]
        if seats:
            raise missing(seats, sessions[0], class_group)


def missing(
    seats: Collection[int], session: CourseSession, class_group: ClassGroup
) -> ConsentMissing:
    return ConsentMissing(
        class_group=wording.class_name(class_group, session.starts_at), seats=wording.seats(seats)
    )


def record_trip_consents(
    *, by: Actor, booking: Booking, student_ids: Collection[int], now: datetime
) -> int:
    """These students of the booking have a signed consent for the trip; says how many are new.
    Others are not touched, who has no place is left out, repeating changes nothing."""
    check_can_collect(by, booking)
    with transaction.atomic():
        students = _locked(booking, student_ids)
        signed = selectors.signed_for_trip(booking)
        new = [student for student in students if student.pk not in signed]
        if not new:
            return 0
        text = roster_consents.text_to_sign(booking.school_id, ConsentKind.TRIP, now)
        TripConsent.objects.bulk_create(
            TripConsent(
                booking=booking,
                student=student,
                text=text,
                recorded_at=now,
                recorded_by_id=by.membership_id,
            )
            for student in new
        )
        audit.record(
            by=by,
            verb="consents.recorded",
            now=now,
            target=booking,
            count=len(new),
            text=text.pk,
        )
    return len(new)


def withdraw_trip_consents(
    *, by: Actor, booking: Booking, student_ids: Collection[int], now: datetime
) -> int:
    """Their guardians agree no more; says how many that were. The booking stays as it is."""
    check_can_collect(by, booking)
    with transaction.atomic():
        students = _locked(booking, student_ids)
        count = (
            TripConsent.objects.standing()
            .filter(booking=booking, student__in=students)
            .update(withdrawn_at=now, withdrawn_by_id=by.membership_id)
        )
        if count:
            audit.record(by=by, verb="consents.withdrawn", now=now, target=booking, count=count)
    return count


def check_can_collect(actor: Actor, booking: Booking) -> None:
    """Whoever of the school sees the booking holds the paper."""
    if not actor.is_school or not Booking.objects.visible_to(actor).filter(pk=booking.pk).exists():
        raise NotYours


def take_over(*, survivor: Student, duplicate: Student) -> None:
    """The duplicate's consents are the survivor's, where she has none for that trip."""
    own = TripConsent.objects.standing().filter(student=survivor).values("booking_id")
    TripConsent.objects.standing().filter(student=duplicate).exclude(booking_id__in=own).update(
        student=survivor
    )


def _locked(booking: Booking, student_ids: Collection[int]) -> list[Student]:
    placed = Place.objects.live().filter(booking=booking, student_id__in=student_ids)
    return list(
        Student.objects.select_for_update(no_key=True)
        .filter(pk__in=placed.values("student_id"))
        .order_by("pk")
    )

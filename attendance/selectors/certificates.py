"""What a certificate says, and whether the ledger still agrees."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Sum

from accounts.actors import Actor
from attendance.choices import CertificateState
from attendance.models import Certificate
from bookings.selectors import standing
from courses.models import CourseSession
from hours.models import HourCredit, PracticumRequirement
from hours.selectors import requirement_for
from rosters.models import ClassGroup, Student


@dataclass(frozen=True, slots=True)
class Line:
    """What one session, or one entry by hand, gave on a day."""

    session_id: int | None
    on: date
    hours: int

    def stored(self) -> dict[str, Any]:
        return {"session": self.session_id, "on": self.on.isoformat(), "hours": self.hours}

    @classmethod
    def read(cls, stored: dict[str, Any]) -> "Line":
        return cls(stored["session"], date.fromisoformat(stored["on"]), stored["hours"])


@dataclass(frozen=True, slots=True)
class Row:
    """One student of a class: how far she is, and the certificate that is good, if any."""

    student: Student
    earned: int
    is_done: bool
    certificate: Certificate | None
    state: CertificateState | None

    @property
    def is_due(self) -> bool:
        """Whether printing would issue one that there is not yet."""
        return self.is_done and self.state != CertificateState.VALID


@dataclass(frozen=True, slots=True)
class ClassCertificates:
    """A class's requirement and its students in seat order."""

    requirement: PracticumRequirement | None
    rows: tuple[Row, ...]

    @property
    def done(self) -> int:
        return sum(row.is_done for row in self.rows)

    @property
    def due(self) -> int:
        return sum(row.is_due for row in self.rows)


def lines_of(
    student_ids: Iterable[int], requirement: PracticumRequirement
) -> dict[int, tuple[Line, ...]]:
    """What stands to each student's credit on the requirement's days, oldest first; students
    without anything are left out. One query."""
    credits = (
        HourCredit.objects.filter(
            student_id__in=list(student_ids),
            earned_on__range=(requirement.counts_from, requirement.due_on),
        )
        .order_by()
        .values("student_id", "session_id", "earned_on")
        .annotate(hours=Sum("class_hours"))
        .filter(hours__gt=0)
    )
    found: dict[int, list[Line]] = {}
    for credit in credits:
        line = Line(credit["session_id"], credit["earned_on"], credit["hours"])
        found.setdefault(credit["student_id"], []).append(line)
    return {
        student: tuple(sorted(lines, key=lambda line: (line.on, line.session_id or 0)))
        for student, lines in found.items()
    }


def lines_on(certificate: Certificate) -> tuple[Line, ...]:
    return tuple(Line.read(stored) for stored in certificate.lines)


def stands(certificate: Certificate, lines: Collection[Line]) -> bool:
    """Whether the ledger still has all that the certificate lists. Hours that came later leave
    it as true as it was."""
    now = {(line.session_id, line.on): line.hours for line in lines}
    return all(now.get((one.session_id, one.on), 0) >= one.hours for one in lines_on(certificate))


def of_class(actor: Actor, group: ClassGroup, now: datetime) -> ClassCertificates:
    """Each current student of the class with her certificate: five queries, one more where a
    requirement is for a kind of school. Shows names: the page logs the reading."""
    requirement = requirement_for(group)
    students = Student.objects.visible_to(actor).current().filter(class_group=group)
    ordered = list(students.order_by("seat_no", "pk"))
    if requirement is None:
        return ClassCertificates(None, tuple(Row(one, 0, False, None, None) for one in ordered))
    stand = standing.of_students(students, now)
    lines = lines_of(stand, requirement)
    live = {
        one.student_id: one
        for one in Certificate.objects.live().filter(student__in=students, requirement=requirement)
    }
    return ClassCertificates(
        requirement,
        tuple(
            Row(
                student=one,
                earned=stand[one.pk].earned,
                is_done=stand[one.pk].is_done,
                certificate=live.get(one.pk),
                state=_state(live[one.pk], lines.get(one.pk, ())) if one.pk in live else None,
            )
            for one in ordered
        ),
    )


def _state(certificate: Certificate, lines: Collection[Line]) -> CertificateState:
    if certificate.revoked_at is not None:
        return CertificateState.REVOKED
    return CertificateState.VALID if stands(certificate, lines) else CertificateState.OUT_OF_DATE


def sessions_on(certificates: Iterable[Certificate]) -> dict[int, CourseSession]:
    """The sessions that the certificates list, with course and host, in one query."""
    keys = {
        line.session_id
        for certificate in certificates
        for line in lines_on(certificate)
        if line.session_id is not None
    }
    return {
        session.pk: session
        for session in CourseSession.objects.filter(pk__in=keys).select_related("version", "host")
    }


def by_code(code: str) -> tuple[Certificate, CertificateState] | None:
    """The certificate with the code, and what it is worth now: two queries."""
    certificate = (
        Certificate.objects.filter(code=code).select_related("student", "requirement").first()
    )
    if certificate is None:
        return None
    lines = lines_of([certificate.student_id], certificate.requirement)
    return certificate, _state(certificate, lines.get(certificate.student_id, ()))

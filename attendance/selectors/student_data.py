"""Everything held about one student, as sheets: what she or her guardians may ask for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from attendance.selectors import student_sheets as sheets
from rosters.models import Student
from rosters.workbooks import Sheet


@dataclass(frozen=True, slots=True)
class Part:
    """One sheet of the export, and which fields of the data map it carries."""

    fields: tuple[str, ...]
    sheet: Callable[[Student, datetime], Sheet]


# What the map lists of students and guardians and the export leaves out, and why.
LEFT_OUT = {
    "rosters.Student.merged_into": "rows merged into hers are told with hers",
    "rosters.RosterImport.content": "a file of a whole school, gone within the hour",
    "rosters.RosterImport.reading": "a file of a whole school, gone within the hour",
    "rosters.RosterImport.answers": "a file of a whole school, gone within the hour",
    "rosters.RosterChange.student": "how her row was before an import; gone after 30 days",
    "rosters.RosterChange.kind": "how her row was before an import; gone after 30 days",
    "rosters.RosterChange.before": "how her row was before an import; gone after 30 days",
    "rosters.RosterChange.after": "how her row was before an import; gone after 30 days",
    "rosters.Student.erased_at": "who was erased has nothing to be exported",
    "attendance.RosterPack.students": "that her name was read is told with the readings",
    "attendance.CheckIn.trust": "follows from the way in, which is told",
    "hours.HourCredit.revision": "a counter",
    "hours.HourCredit.rule_version": "a counter",
    "hours.HourCredit.written_at": "as credited_at, by the database's clock",
    "hours.HourCredit.seal_salt": "a random number",
    "attendance.CheckIn.written_at": "as recorded_at, by the database's clock",
    "attendance.CheckIn.seal_salt": "a random number",
    "attendance.Desk.held_back": "follows from what she attended and the ledger, both told",
    "attendance.LawfulRemoval.student": "who was erased has nothing to be exported",
    "attendance.LawfulRemoval.kind": "who was erased has nothing to be exported",
    "attendance.LawfulRemoval.key": "who was erased has nothing to be exported",
    "attendance.LawfulRemoval.text_digest": "who was erased has nothing to be exported",
    "attendance.LawfulRemoval.ground": "who was erased has nothing to be exported",
    "attendance.LawfulRemoval.written_at": "who was erased has nothing to be exported",
    "attendance.LawfulRemoval.seal_salt": "who was erased has nothing to be exported",
    "bookings.BasketItem.student_ids": "a choice not made yet; gone once the session is over",
    "bookings.ChangeRequest.before": "what a host was asked; her places are told",
    "bookings.ChangeRequest.wanted": "what a host was asked; her places are told",
    "planning.PlannedPlace.student": "a choice not made yet; what is published of it are places",
    "planning.PlanClass.refusal": "follows from her places and consents, both told",
    "bookings.Place.is_walk_in": "the place is told as what it is",
}


def sheets_of(student: Student, now: datetime) -> list[Sheet]:
    """``student`` with class and school loaded. The caller asks who may, and logs it."""
    return [part.sheet(student, now) for part in PARTS]


PARTS = (
    Part(
        (
            "rosters.Student.name",
            "rosters.Student.initials",
            "rosters.Student.seat_no",
            "rosters.Student.student_no",
            "rosters.Student.joined_at",
            "rosters.Student.left_at",
            "rosters.GuardianPhone.student",
            "rosters.GuardianPhone.sealed",
        ),
        sheets.basics,
    ),
    Part(
        (
            "rosters.StudentTransfer.student",
            "rosters.StudentTransfer.state",
            "rosters.StudentTransfer.asked_at",
            "rosters.StudentTransfer.answered_at",
        ),
        sheets.moves,
    ),
    Part(
        (
            "bookings.Place.student",
            "bookings.Place.starts_at",
            "bookings.Place.ends_at",
            "bookings.Place.is_live",
        ),
        sheets.places,
    ),
    Part(
        (
            "attendance.CheckIn.student",
            "attendance.CheckIn.kind",
            "attendance.CheckIn.way_in",
            "attendance.CheckIn.reason",
            "attendance.CheckIn.said_at",
            "attendance.CheckIn.happened_at",
            "attendance.CheckIn.recorded_at",
            "attendance.RoomScan.opened_at",
            "attendance.RoomScan.browser",
        ),
        sheets.check_ins,
    ),
    Part(
        (
            "attendance.Conflict.student",
            "attendance.Conflict.kind",
            "attendance.Conflict.way_in",
            "attendance.Conflict.no_badge",
            "attendance.Conflict.doubt",
            "attendance.Conflict.said_at",
            "attendance.Conflict.happened_at",
            "attendance.Conflict.received_at",
            "attendance.ConflictDecision.decision",
            "attendance.ConflictDecision.reason",
            "attendance.ConflictDecision.decided_at",
        ),
        sheets.conflicts,
    ),
    Part(
        (
            "hours.HourCredit.student",
            "hours.HourCredit.kind",
            "hours.HourCredit.class_hours",
            "hours.HourCredit.reason",
            "hours.HourCredit.earned_on",
            "hours.HourCredit.credited_at",
        ),
        sheets.credits,
    ),
    Part(
        (
            "attendance.Objection.student",
            "attendance.Objection.text",
            "attendance.Objection.made_at",
            "attendance.Objection.state",
            "attendance.Objection.answer",
            "attendance.Objection.decided_at",
        ),
        sheets.objections,
    ),
    Part(
        (
            "attendance.HourProposal.student",
            "attendance.HourProposal.kind",
            "attendance.HourProposal.class_hours",
            "attendance.HourProposal.earned_on",
            "attendance.HourProposal.reason",
            "attendance.HourProposal.state",
            "attendance.HourProposal.proposed_at",
            "attendance.HourProposal.decided_at",
            "attendance.HourProposal.answer",
        ),
        sheets.proposals,
    ),
    Part(
        (
            "attendance.Badge.student",
            "attendance.Badge.code",
            "attendance.Badge.issued_at",
            "attendance.Badge.printed_at",
            "attendance.Badge.revoked_at",
            "attendance.Badge.revoke_reason",
        ),
        sheets.badges,
    ),
    Part(
        (
            "attendance.Certificate.student",
            "attendance.Certificate.code",
            "attendance.Certificate.class_hours",
            "attendance.Certificate.required_hours",
            "attendance.Certificate.lines",
            "attendance.Certificate.issued_at",
            "attendance.Certificate.revoked_at",
            "attendance.Certificate.revoke_reason",
        ),
        sheets.certificates,
    ),
    Part(
        (
            "rosters.Consent.student",
            "rosters.Consent.text",
            "rosters.Consent.school_year",
            "rosters.Consent.recorded_at",
            "rosters.Consent.withdrawn_at",
        ),
        sheets.consents,
    ),
    Part(
        (
            "bookings.TripConsent.student",
            "bookings.TripConsent.recorded_at",
            "bookings.TripConsent.withdrawn_at",
        ),
        sheets.trip_consents,
    ),
    Part(
        (
            "rosters.StudentNeed.student",
            "rosters.StudentNeed.kind",
            "rosters.StudentNeed.sealed",
            "rosters.StudentNeed.noted_at",
        ),
        sheets.needs,
    ),
    Part(("accounts.AuditEntry.facts", "accounts.AuditEntry.target"), sheets.reads),
)

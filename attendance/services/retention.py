"""What is over is forgotten, every night: the data map's last column, carried out.

Each rule says which fields of the map it ends, and a test holds map and rules against each
other. A dry run counts the same rows and changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

import notifications.services
from accounts.actors import SYSTEM
from accounts.choices import STAGE_GRADES, Stage
from accounts.data_map import DAYS_KEPT, Term
from accounts.services import audit
from accounts.services import forgetting as accounts_forgetting
from attendance.choices import RemovalGround
from attendance.models import Badge, RosterPack
from attendance.services import erasure, needs
from bookings.services import forgetting as bookings_forgetting
from rosters.models import Student
from rosters.services import forgetting as rosters_forgetting
from sites.calendar import local_day, school_year

BATCH = 200


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows that are due at a moment, and how they end. ``fields`` are the map's."""

    code: str
    term: Term
    fields: tuple[str, ...]
    due: Callable[[datetime], QuerySet[Any]]
    end: Callable[[datetime], int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many rows a rule ended or, dry, would end."""

    code: str
    term: Term
    rows: int


def retain(*, now: datetime, dry_run: bool = False, besides: Sequence[Rule] = ()) -> list[Outcome]:
    """Whatever is due is gone; one audit entry says how much of each. Safe to repeat. ``besides``:
    the rules of what lies above this app (``planning.services.retention``, which is what runs)."""
    outcomes = [
        Outcome(rule.code, rule.term, rule.due(now).count() if dry_run else rule.end(now))
        for rule in (*RULES, *besides)
    ]
    if not dry_run:
        audit.record(
            by=SYSTEM,
            verb="retention.ran",
            now=now,
            removed={outcome.code: outcome.rows for outcome in outcomes},
        )
    return outcomes


def since(term: Term, now: datetime) -> datetime:
    return now - timedelta(days=DAYS_KEPT[term])


def graduated_students(now: datetime) -> QuerySet[Student]:
    """Those whose class left its stage a year ago: a class that entered in 2021 for four years
    has graduated in the summer of 2025, and is due from September 2026."""
    year = school_year(local_day(now))
    over = Q()
    for stage, (first, last) in STAGE_GRADES.items():
        years = last - first + 1
        over |= Q(class_group__stage=Stage(stage), class_group__entry_year__lt=year - years)
    return Student.objects.filter(over, erased_at=None)


def _end_students(now: datetime) -> int:
    """In batches, each a transaction: a whole cohort is due on the same night."""
    ended = 0
    while keys := list(graduated_students(now).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            erasure.pseudonymise(
                by=SYSTEM, student_ids=keys, ground=RemovalGround.GRADUATED, now=now
            )
        ended += len(keys)
    return ended


def badges_over(now: datetime) -> QuerySet[Badge]:
    return Badge.objects.filter(revoked_at__lt=since(Term.BADGE, now))


def packs_over(now: datetime) -> QuerySet[RosterPack]:
    """Lists of which nothing that a device kept is taken any more (``devices.GRACE``)."""
    return RosterPack.objects.filter(expires_at__lt=since(Term.LIST, now))


RULES = (
    Rule(
        "students",
        Term.GRADUATION,
        (
            "rosters.Student.name",
            "rosters.Student.initials",
            "rosters.Student.seat_no",
            "rosters.Student.student_no",
            "rosters.GuardianPhone.student",
            "rosters.GuardianPhone.sealed",
            "bookings.TripConsent.student",
            "bookings.TripConsent.recorded_at",
            "bookings.TripConsent.withdrawn_at",
            "rosters.Consent.student",
            "rosters.Consent.text",
            "rosters.Consent.school_year",
            "rosters.Consent.recorded_at",
            "rosters.Consent.withdrawn_at",
            "hours.HourCredit.reason",
            "attendance.CheckIn.reason",
            "attendance.ConflictDecision.reason",
            "attendance.HourProposal.reason",
            "attendance.HourProposal.answer",
            "attendance.Certificate.revoke_reason",
            "attendance.Objection.student",
            "attendance.Objection.text",
            "attendance.Objection.made_at",
            "attendance.Objection.state",
            "attendance.Objection.answer",
            "attendance.Objection.decided_at",
        ),
        graduated_students,
        _end_students,
    ),
    Rule(
        "needs",
        Term.NEED,
        (
            "rosters.StudentNeed.student",
            "rosters.StudentNeed.kind",
            "rosters.StudentNeed.sealed",
            "rosters.StudentNeed.noted_at",
        ),
        needs.over,
        lambda now: needs.forget_needs(now=now),
    ),
    Rule(
        "imports",
        Term.IMPORT,
        (
            "rosters.RosterImport.content",
            "rosters.RosterImport.reading",
            "rosters.RosterImport.answers",
        ),
        rosters_forgetting.imports_over,
        lambda now: rosters_forgetting.forget_imports(rosters_forgetting.imports_over(now), now),
    ),
    Rule(
        "changes",
        Term.UNDO,
        (
            "rosters.RosterChange.student",
            "rosters.RosterChange.kind",
            "rosters.RosterChange.before",
            "rosters.RosterChange.after",
        ),
        lambda now: rosters_forgetting.changes_before(since(Term.UNDO, now)),
        lambda now: rosters_forgetting.forget_changes(
            rosters_forgetting.changes_before(since(Term.UNDO, now))
        ),
    ),
    Rule(
        "badges",
        Term.BADGE,
        (
            "attendance.Badge.student",
            "attendance.Badge.code",
            "attendance.Badge.issued_at",
            "attendance.Badge.printed_at",
            "attendance.Badge.revoked_at",
            "attendance.Badge.revoke_reason",
        ),
        badges_over,
        lambda now: badges_over(now).delete()[0],
    ),
    Rule(
        "lists",
        Term.LIST,
        ("attendance.RosterPack.students",),
        packs_over,
        lambda now: packs_over(now).delete()[0],
    ),
    Rule(
        "companions",
        Term.TRIP,
        ("bookings.Companion.name", "bookings.Companion.phone"),
        lambda now: bookings_forgetting.companions_of_trips_over(since(Term.TRIP, now)),
        lambda now: bookings_forgetting.forget_companions(
            bookings_forgetting.companions_of_trips_over(since(Term.TRIP, now))
        ),
    ),
    Rule(
        "change_requests",
        Term.TRIP,
        (
            "bookings.ChangeRequest.wanted",
            "bookings.ChangeRequest.before",
            "bookings.ChangeRequest.reason",
            "bookings.ChangeRequest.answer",
        ),
        lambda now: bookings_forgetting.requests_of_trips_over(since(Term.TRIP, now)),
        lambda now: bookings_forgetting.requests_of_trips_over(since(Term.TRIP, now)).delete()[0],
    ),
    Rule(
        "baskets",
        Term.BASKET,
        ("bookings.BasketItem.student_ids",),
        lambda now: bookings_forgetting.basket_items_over(since(Term.BASKET, now)),
        lambda now: bookings_forgetting.basket_items_over(since(Term.BASKET, now)).delete()[0],
    ),
    Rule(
        "answers",
        Term.ANSWER,
        ("bookings.IdempotentAnswer.body",),
        lambda now: bookings_forgetting.answers_before(since(Term.ANSWER, now)),
        lambda now: bookings_forgetting.answers_before(since(Term.ANSWER, now)).delete()[0],
    ),
    Rule(
        "contacts",
        Term.TRIP,
        (
            "bookings.Reservation.contact_name",
            "bookings.Reservation.contact_phone",
            "bookings.Reservation.note",
        ),
        lambda now: bookings_forgetting.contacts_of_trips_over(since(Term.TRIP, now)),
        lambda now: bookings_forgetting.forget_contacts(
            bookings_forgetting.contacts_of_trips_over(since(Term.TRIP, now))
        ),
    ),
    Rule(
        "messages",
        Term.MESSAGE,
        (
            "notifications.Message.subject",
            "notifications.Message.body",
            "notifications.Message.path",
            "notifications.Message.calendar",
            "notifications.Message.once_key",
            "notifications.Delivery.address",
            "notifications.Delivery.last_error",
        ),
        lambda now: notifications.services.messages_before(since(Term.MESSAGE, now)),
        lambda now: notifications.services.forget_messages(
            notifications.services.messages_before(since(Term.MESSAGE, now))
        ),
    ),
    Rule(
        "invitations",
        Term.INVITATION,
        ("accounts.Invitation.email", "accounts.Invitation.name"),
        lambda now: accounts_forgetting.invitations_over(since(Term.INVITATION, now)),
        lambda now: accounts_forgetting.forget_invitations(
            accounts_forgetting.invitations_over(since(Term.INVITATION, now)), now
        ),
    ),
    Rule(
        "sign_ins",
        Term.SIGN_IN,
        ("sessions.Session.session_data", "sessions.Session.session_key"),
        accounts_forgetting.sign_ins_over,
        lambda now: accounts_forgetting.forget_sign_ins(accounts_forgetting.sign_ins_over(now)),
    ),
)

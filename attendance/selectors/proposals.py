"""Class hours proposed by hand: what waits, and what became of the rest."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.actors import Actor
from attendance.choices import ProposalState
from attendance.models import HourProposal
from rosters.models import Student

# What was decided is shown for so long, and so much at most.
SHOWN_FOR = timedelta(days=60)
SHOWN = 100

# The glyph of each state.
LOOKS: dict[str, str] = {
    ProposalState.PROPOSED: "warn",
    ProposalState.CONFIRMED: "ok",
    ProposalState.REFUSED: "absent",
    ProposalState.WITHDRAWN: "out",
}


def visible(actor: Actor) -> QuerySet[HourProposal]:
    """With all that a page tells of them."""
    return HourProposal.objects.visible_to(actor).select_related(
        "student__class_group",
        "student__school",
        "session__version",
        "session__host",
        "session__room__site",
        "session__school",
        "corrects",
        "proposer",
        "proposed_by__organisation",
        "decider",
        "decided_by__organisation",
    )


def undecided(actor: Actor) -> list[HourProposal]:
    """The oldest first."""
    waiting = visible(actor).filter(state=ProposalState.PROPOSED)
    return list(waiting.order_by("proposed_at", "pk")[:SHOWN])


def decided(actor: Actor, now: datetime) -> list[HourProposal]:
    """Of the last two months, the latest first."""
    return list(
        visible(actor)
        .exclude(state=ProposalState.PROPOSED)
        .filter(decided_at__gte=now - SHOWN_FOR)
        .order_by("-decided_at", "-pk")[:SHOWN]
    )


def waiting_for(actor: Actor) -> int:
    """How many the actor may decide now."""
    if not (actor.is_coordinator or actor.is_secretariat):
        return 0
    return (
        HourProposal.objects.visible_to(actor)
        .undecided()
        .exclude(proposer_id=actor.user_id)
        .count()
    )


def of_student(student: Student) -> list[HourProposal]:
    """What waits for the student, the oldest first."""
    return list(
        HourProposal.objects.undecided()
        .filter(student=student)
        .select_related("proposer", "session__version")
        .order_by("proposed_at", "pk")
    )

"""Who is told of hours proposed by hand, and of what became of them. No names."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

import notifications.services
from accounts.actors import Actor
from accounts.choices import Role
from accounts.models import User
from accounts.selectors import people_to_tell, secretariat
from attendance.choices import ProposalState
from attendance.models import HourProposal
from bookings import wording
from hours import period_locks
from notifications.models import Message
from notifications.services import Letter

KINDS = ("hours_proposed", "hours_decided")


def tell_proposed(*, proposal: HourProposal, by: Actor, now: datetime) -> None:
    """Those who can decide: the school's other coordinators, else the secretariat; in a locked
    period the secretariat."""
    letters = []
    for person in _deciders(proposal):
        with translation.override(person.language):
            letters.append(
                Letter(
                    recipient=person,
                    kind="hours_proposed",
                    subject=_("请复核：%(what)s") % {"what": what(proposal, now)},
                    body=_("%(name)s提了一份申请：%(what)s。原因：%(reason)s")
                    % {"name": by.name, "what": what(proposal, now), "reason": proposal.reason},
                    path=reverse("attendance:proposal", args=[proposal.pk]),
                )
            )
    notifications.services.tell_all(letters, now=now)


def tell_decided(*, proposal: HourProposal, now: datetime) -> None:
    """Whoever proposed it."""
    person = proposal.proposer
    with translation.override(person.language):
        if proposal.state == ProposalState.CONFIRMED:
            subject, body = _("已同意：%(what)s"), _("%(what)s：已同意，学时已记入。")
        else:
            subject, body = _("没有同意：%(what)s"), _("%(what)s：没有同意。原因：%(reason)s")
        facts = {"what": what(proposal, now), "reason": proposal.answer}
        letter = Letter(
            recipient=person,
            kind="hours_decided",
            subject=subject % facts,
            body=body % facts,
            path=reverse("attendance:proposal", args=[proposal.pk]),
        )
    notifications.services.tell_all([letter], now=now)


def forget(proposal_ids: Collection[int]) -> None:
    """What was told of these proposals is gone, with its reasons."""
    notifications.services.forget_messages(
        Message.objects.filter(
            kind__in=KINDS,
            path__in=[reverse("attendance:proposal", args=[pk]) for pk in proposal_ids],
        )
    )


def what(proposal: HourProposal, now: datetime) -> str:
    """七(3)班 5 号补课 4 学时."""
    return _("%(class_group)s %(seat)s 号%(kind)s %(hours)s 学时") % {
        "class_group": wording.class_name(proposal.student.class_group, now),
        "seat": proposal.student.seat_no,
        "kind": proposal.get_kind_display(),
        "hours": proposal.class_hours,
    }


def is_in_locked_period(proposal: HourProposal) -> bool:
    """Whether only the secretariat can confirm it. One query."""
    return bool(period_locks.locked_among([proposal.student_id], proposal.earned_on))


def _deciders(proposal: HourProposal) -> list[User]:
    student = proposal.student
    is_locked = is_in_locked_period(proposal)
    coordinators = people_to_tell(student.school_id, [Role.SCHOOL_COORDINATOR])
    # Into a locked period only the secretariat enters anything.
    return ([] if is_locked else _others(proposal, coordinators)) or _others(
        proposal, secretariat()
    )


def _others(proposal: HourProposal, people: Iterable[User]) -> list[User]:
    return [person for person in people if person.pk != proposal.proposer_id]

"""Class hours that one person proposes by hand and another confirms."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from attendance.choices import MOST_HOURS_BY_HAND, ProposalKind, ProposalState
from rosters.models import ClassTeacher


class HourProposalQuerySet(models.QuerySet["HourProposal"]):
    def visible_to(self, actor: Actor) -> Self:
        """The school's own students, a teacher those of her classes, the secretariat all; a host
        what its own people proposed."""
        if actor.is_system or actor.is_secretariat:
            return self
        if actor.is_coordinator:
            return self.filter(student__school_id=actor.organisation_id)
        if actor.is_teacher:
            return self.filter(
                student__school_id=actor.organisation_id,
                student__class_group_id__in=ClassTeacher.objects.taught_by(actor).values(
                    "class_group_id"
                ),
            )
        if actor.is_host_manager:
            return self.filter(proposed_by__organisation_id=actor.organisation_id)
        return self.none()

    def undecided(self) -> Self:
        return self.filter(state=ProposalState.PROPOSED)


class HourProposal(models.Model):
    """Class hours that somebody proposes by hand: a missed session made up, hours no door
    recorded, or a credit corrected. They count once a second person has agreed.

    Proposed, then confirmed, refused or withdrawn, and that for good.
    """

    kind = models.CharField(_("类别"), max_length=10, choices=ProposalKind.choices)
    student = models.ForeignKey(
        "rosters.Student", on_delete=models.PROTECT, related_name="hour_proposals"
    )
    session = models.ForeignKey(
        "courses.CourseSession",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="hour_proposals",
    )
    corrects = models.ForeignKey(
        "hours.HourCredit",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections_proposed",
    )
    class_hours = models.PositiveSmallIntegerField(_("学时"))
    earned_on = models.DateField(_("日期"))
    reason = models.CharField(_("原因"), max_length=200)
    state = models.CharField(
        max_length=10, choices=ProposalState.choices, default=ProposalState.PROPOSED
    )
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, related_name="+"
    )
    # The people, for one may act for two organisations.
    proposer = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decider = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answer = models.CharField(_("答复"), max_length=200, blank=True, default="")
    credit = models.OneToOneField(
        "hours.HourCredit",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="proposal",
    )

    objects = HourProposalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ProposalKind.values, state__in=ProposalState.values),
                name="proposal_words_known",
            ),
            # A make-up names the session that was missed, a correction what it corrects.
            models.CheckConstraint(
                condition=Q(kind=ProposalKind.MAKE_UP, session__isnull=False, corrects=None)
                | Q(kind=ProposalKind.MANUAL, corrects=None)
                | Q(kind=ProposalKind.CORRECTION, corrects__isnull=False),
                name="proposal_names_what",
            ),
            # Only a correction may leave nothing.
            models.CheckConstraint(
                condition=Q(class_hours__lte=MOST_HOURS_BY_HAND)
                & (Q(class_hours__gt=0) | Q(kind=ProposalKind.CORRECTION)),
                name="proposal_hours_sane",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="proposal_says_why"),
            # Who decided and when are known together, once it is decided.
            models.CheckConstraint(
                condition=Q(
                    state=ProposalState.PROPOSED, decided_at=None, decided_by=None, decider=None
                )
                | (
                    ~Q(state=ProposalState.PROPOSED)
                    & Q(decided_at__isnull=False, decided_by__isnull=False, decider__isnull=False)
                ),
                name="proposal_decided_paired",
            ),
            # Nobody agrees to, or refuses, what they proposed themselves.
            models.CheckConstraint(
                condition=~Q(state__in=[ProposalState.CONFIRMED, ProposalState.REFUSED])
                | ~Q(decider=F("proposer")),
                name="proposal_second_pair_of_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ProposalState.REFUSED, ProposalState.WITHDRAWN])
                | ~Q(answer=""),
                name="proposal_answered_with_reason",
            ),
            # What was confirmed is in the ledger, unless it took everything away.
            models.CheckConstraint(
                condition=Q(state=ProposalState.CONFIRMED, credit__isnull=False, class_hours__gt=0)
                | Q(state=ProposalState.CONFIRMED, credit=None, class_hours=0)
                | (~Q(state=ProposalState.CONFIRMED) & Q(credit=None)),
                name="proposal_confirmed_is_credited",
            ),
            # One thing is proposed once at a time.
            models.UniqueConstraint(
                fields=["student", "session"],
                condition=Q(state=ProposalState.PROPOSED, corrects=None),
                name="proposal_once_per_session",
            ),
            models.UniqueConstraint(
                fields=["corrects"],
                condition=Q(state=ProposalState.PROPOSED),
                name="proposal_once_per_credit",
            ),
        ]
        indexes = [
            models.Index(
                fields=["proposed_at"],
                condition=Q(state=ProposalState.PROPOSED),
                name="proposal_undecided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

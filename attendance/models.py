"""Badges, the desk of a session, the events at the door, and what they amount to."""

import uuid
from datetime import datetime, timedelta
from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from rosters.models import ClassTeacher

from .choices import (
    FIRST_EDITION,
    MOST_HOURS_BY_HAND,
    AttendanceRules,
    Earns,
    EventKind,
    ProposalKind,
    ProposalState,
    Step,
    WayIn,
)


class BadgeQuerySet(models.QuerySet["Badge"]):
    def visible_to(self, actor: Actor) -> Self:
        """The school prints its students' badges, a teacher those of her classes."""
        if actor.is_system:
            return self
        if actor.is_coordinator:
            return self.filter(school_id=actor.organisation_id)
        if actor.is_teacher:
            return self.filter(
                school_id=actor.organisation_id,
                student__class_group_id__in=ClassTeacher.objects.taught_by(actor).values(
                    "class_group_id"
                ),
            )
        return self.none()

    def live(self) -> Self:
        return self.filter(revoked_at=None)


class Badge(models.Model):
    """A student's badge: a random 80-bit code, 16 Base32 characters (RFC 4648), printed as QR
    and text. It names nobody; revoked, it opens nothing."""

    student = models.ForeignKey("rosters.Student", on_delete=models.PROTECT, related_name="badges")
    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="badges"
    )
    code = models.CharField(max_length=16, unique=True)
    issued_at = models.DateTimeField()
    # When it was first put on a sheet; a badge issued anew waits to be printed.
    printed_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoke_reason = models.CharField(_("作废原因"), max_length=100, blank=True, default="")

    objects = BadgeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z2-7]{16}$"), name="badge_code_base32"
            ),
            # A student has one badge that opens doors.
            models.UniqueConstraint(
                fields=["student"], condition=Q(revoked_at=None), name="badge_live_once"
            ),
            # When and why it was revoked are known together or not at all.
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoke_reason="")
                | (Q(revoked_at__isnull=False) & ~Q(revoke_reason="")),
                name="badge_revoked_paired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class DeskQuerySet(models.QuerySet["Desk"]):
    def visible_to(self, actor: Actor) -> Self:
        if actor.is_system or actor.is_alliance:
            return self
        if actor.is_host:
            return self.filter(host_id=actor.organisation_id)
        return self.none()


class Desk(models.Model):
    """The door of one session: opened, closed with credits given, reopened with a reason."""

    session = models.OneToOneField(
        "courses.CourseSession", on_delete=models.PROTECT, related_name="desk"
    )
    host = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="desks"
    )
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, related_name="desks_opened"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # How often it was closed; a reopened desk is closed again.
    closings = models.PositiveSmallIntegerField(default=0)
    reopen_reason = models.CharField(_("重新打开的原因"), max_length=200, blank=True, default="")
    # How many students came in and how many left, and why these differ; known once closed.
    heads_in = models.PositiveSmallIntegerField(null=True, blank=True)
    heads_out = models.PositiveSmallIntegerField(null=True, blank=True)
    heads_note = models.CharField(_("人数对不上的原因"), max_length=200, blank=True, default="")

    objects = DeskQuerySet.as_manager()

    class Meta:
        constraints = [
            # Who closed it and when are known together or not at all.
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="desk_closed_paired",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closings__gt=0), name="desk_closed_counted"
            ),
            # As many left as came in, or it says why not.
            models.CheckConstraint(
                condition=Q(closed_at=None)
                | ~Q(heads_note="")
                | Q(heads_in__isnull=False, heads_out__isnull=False, heads_out=F("heads_in")),
                name="desk_closed_heads_agree",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}"


class CheckInQuerySet(models.QuerySet["CheckIn"]):
    def visible_to(self, actor: Actor) -> Self:
        """The school's own students, the host's own sessions."""
        if actor.is_system:
            return self
        if actor.is_host:
            return self.filter(session__host_id=actor.organisation_id)
        if actor.is_coordinator:
            return self.filter(student__school_id=actor.organisation_id)
        if actor.is_teacher:
            return self.filter(
                student__school_id=actor.organisation_id,
                student__class_group_id__in=ClassTeacher.objects.taught_by(actor).values(
                    "class_group_id"
                ),
            )
        return self.none()

    def of_student(self, student_id: int) -> Self:
        """The student's own, and those of whoever was merged into her."""
        return self.filter(Q(student_id=student_id) | Q(student__merged_into_id=student_id))


class CheckIn(models.Model):
    """One event at the door. Never changed: a mistake is voided by another event.

    The client makes the id, so an event sent twice exists once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    session = models.ForeignKey(
        "courses.CourseSession", on_delete=models.PROTECT, related_name="check_ins"
    )
    student = models.ForeignKey(
        "rosters.Student", on_delete=models.PROTECT, related_name="check_ins"
    )
    place = models.ForeignKey(
        "bookings.Place", on_delete=models.PROTECT, null=True, blank=True, related_name="check_ins"
    )
    kind = models.CharField(max_length=8, choices=EventKind.choices)
    way_in = models.CharField(max_length=8, choices=WayIn.choices)
    voids = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="voided_by"
    )
    reason = models.CharField(_("原因"), max_length=200, blank=True, default="")
    # When it happened by the device's clock, and when it reached us.
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = CheckInQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=EventKind.values), name="check_in_kind_known"
            ),
            models.CheckConstraint(condition=Q(way_in__in=WayIn.values), name="check_in_way_known"),
            # A void names what it voids; nothing else does.
            models.CheckConstraint(
                condition=Q(kind=EventKind.VOID, voids__isnull=False)
                | (~Q(kind=EventKind.VOID) & Q(voids=None)),
                name="check_in_void_paired",
            ),
            models.CheckConstraint(
                condition=Q(voids=None) | ~Q(voids=F("id")), name="check_in_not_voiding_itself"
            ),
        ]
        indexes = [
            models.Index(fields=["session", "student"], name="check_in_session_student"),
            models.Index(fields=["student", "recorded_at"], name="check_in_student"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="check_ins_only_grow", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            pgtrigger.Trigger(
                name="check_ins_never_emptied",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'Cannot truncate %', TG_TABLE_NAME;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


# A screen forgotten in the room says nothing any more.
UP_AFTER_THE_END = timedelta(hours=1)


class RoomCodeQuerySet(models.QuerySet["RoomCode"]):
    def visible_to(self, actor: Actor) -> Self:
        if actor.is_system:
            return self
        if actor.is_host:
            return self.filter(host_id=actor.organisation_id)
        return self.none()

    def shown(self, now: datetime) -> Self:
        """Those that are up: until the door is closed, at most an hour beyond the session."""
        return self.filter(
            ended_at=None,
            session__desk__closed_at=None,
            session__ends_at__gt=now - UP_AFTER_THE_END,
        )


class RoomCode(models.Model):
    """The code on a room's screen, from when it was put up until it was taken down. ``salt``
    alone makes no code: the server's key does (``room_codes.code_at``)."""

    session = models.ForeignKey(
        "courses.CourseSession", on_delete=models.PROTECT, related_name="room_codes"
    )
    host = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="room_codes"
    )
    salt = models.CharField(max_length=32)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = RoomCodeQuerySet.as_manager()

    class Meta:
        constraints = [
            # A session has one code on its screens.
            models.UniqueConstraint(
                fields=["session"], condition=Q(ended_at=None), name="room_code_live_once"
            ),
            models.CheckConstraint(
                condition=Q(salt__regex=r"^[0-9a-f]{32}$"), name="room_code_salt_hex"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}"


class RoomScan(models.Model):
    """How an event of the room's code came about: what a person looks at where the pattern is
    odd. Holds no address and nothing of the device but a number of ours."""

    check_in = models.OneToOneField(CheckIn, on_delete=models.PROTECT, related_name="room_scan")
    room_code = models.ForeignKey(RoomCode, on_delete=models.PROTECT, related_name="scans")
    # The fifteen seconds whose code was entered.
    step = models.BigIntegerField()
    opened_at = models.DateTimeField()
    # A random number that the browser keeps for a day.
    browser = models.UUIDField()

    def __str__(self) -> str:
        return f"{self.check_in_id}"


# A second step earns less than the first.
LESS = {Earns.FULL: (Earns.REDUCED, Earns.NONE), Earns.REDUCED: (Earns.NONE,)}


def _steps_fit(first: str, second: str) -> Q:
    """A second step begins later and earns less; without one it earns nothing named."""
    fits = Q(**{f"long_{first}": None, f"long_{second}": ""})
    for earns, less in LESS.items():
        fits |= Q(
            **{
                f"long_{first}__isnull": False,
                f"long_{first}__gt": F(first),
                second: earns,
                f"long_{second}__in": [one.value for one in less],
            }
        )
    return fits


class AttendanceRuleSet(models.Model):
    """One edition of the rule table, for the sessions on ``valid_from`` and later until the next
    edition. Sessions before the first have ``choices.FIRST_EDITION``.

    Once its day has come it stays as it is for ever; until then it may be withdrawn.
    """

    version = models.PositiveSmallIntegerField(unique=True)
    valid_from = models.DateField(_("生效日"), unique=True)
    opens_before_minutes = models.PositiveSmallIntegerField(_("提前多少分钟开始签到"))
    late_minutes = models.PositiveSmallIntegerField(_("开始后超过多少分钟算迟到"))
    late_earns = models.CharField(_("迟到记"), max_length=8, choices=Earns.choices)
    long_late_minutes = models.PositiveSmallIntegerField(
        _("迟到超过多少分钟再少记"), null=True, blank=True
    )
    long_late_earns = models.CharField(
        _("迟到更久记"), max_length=8, choices=Earns.choices, blank=True, default=""
    )
    early_minutes = models.PositiveSmallIntegerField(_("结束前超过多少分钟离开算早退"))
    early_earns = models.CharField(_("早退记"), max_length=8, choices=Earns.choices)
    long_early_minutes = models.PositiveSmallIntegerField(
        _("早退超过多少分钟再少记"), null=True, blank=True
    )
    long_early_earns = models.CharField(
        _("早退更久记"), max_length=8, choices=Earns.choices, blank=True, default=""
    )
    note = models.CharField(_("为什么改"), max_length=200)
    added_on = models.DateField()
    added_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(version__gt=FIRST_EDITION.version), name="rules_follow_the_first"
            ),
            # No edition reaches back: it is for a day after the one on which it was added.
            models.CheckConstraint(
                condition=Q(valid_from__gt=F("added_on")),
                name="rules_from_a_day_to_come",
            ),
            models.CheckConstraint(
                condition=Q(late_earns__in=Earns.values, early_earns__in=Earns.values),
                name="rules_earns_known",
            ),
            models.CheckConstraint(
                condition=_steps_fit("late_minutes", "late_earns"), name="rules_late_steps"
            ),
            models.CheckConstraint(
                condition=_steps_fit("early_minutes", "early_earns"), name="rules_early_steps"
            ),
            models.CheckConstraint(condition=~Q(note=""), name="rules_say_why"),
        ]
        triggers = [
            pgtrigger.Protect(name="rules_never_change", operation=pgtrigger.Update),
            # Editions follow one another in number and in time.
            pgtrigger.Trigger(
                name="rules_follow_one_another",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=(
                    "IF EXISTS (SELECT FROM attendance_attendanceruleset one WHERE"
                    " one.version >= NEW.version OR one.valid_from >= NEW.valid_from) THEN"
                    " RAISE EXCEPTION 'An edition follows the last one'"
                    " USING ERRCODE = 'unique_violation'; END IF; RETURN NEW;"
                ),
            ),
            # An edition in use is never withdrawn.
            pgtrigger.Trigger(
                name="rules_in_use_stay",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=(
                    "IF OLD.valid_from <= (now() AT TIME ZONE 'Asia/Shanghai')::date THEN"
                    " RAISE EXCEPTION 'An edition in use stays'; END IF; RETURN OLD;"
                ),
            ),
            pgtrigger.Trigger(
                name="rules_never_emptied",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'Cannot truncate %', TG_TABLE_NAME;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}"

    @property
    def rules(self) -> AttendanceRules:
        return AttendanceRules(
            version=self.version,
            opens_before=timedelta(minutes=self.opens_before_minutes),
            late=_steps(
                (self.late_minutes, self.late_earns),
                (self.long_late_minutes, self.long_late_earns),
            ),
            early=_steps(
                (self.early_minutes, self.early_earns),
                (self.long_early_minutes, self.long_early_earns),
            ),
        )


def _steps(*steps: tuple[int | None, str]) -> tuple[Step, ...]:
    return tuple(
        Step(timedelta(minutes=minutes), Earns(earns))
        for minutes, earns in steps
        if minutes is not None
    )


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

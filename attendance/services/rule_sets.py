"""Editions of the rule table: added for a day to come, withdrawn before it, never changed."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from accounts.actors import Actor
from accounts.errors import NotAllowed
from accounts.services import audit
from attendance.choices import EARNS_ORDER, FIRST_EDITION, Earns
from attendance.errors.rules import RulesInUse, RulesOutOfOrder, RulesReachBack, RuleStepsWrong
from attendance.models import AttendanceRuleSet
from sites import dates
from sites.calendar import local_day


def check_can_set_rules(actor: Actor) -> None:
    """The secretariat alone."""
    if not actor.is_secretariat:
        raise NotAllowed


def add_edition(*, by: Actor, now: datetime, **values: Any) -> AttendanceRuleSet:
    """Sessions on ``valid_from`` and later follow the new edition; all before stay as they are.

    Refused: RulesReachBack (today and before), RulesOutOfOrder (not after the last edition),
    RuleStepsWrong.
    """
    edition = drafted(by=by, now=now, **values)
    try:
        with transaction.atomic():
            edition.save(force_insert=True)
            audit.record(
                by=by, verb="rules.added", now=now, target=edition, version=edition.version
            )
    except IntegrityError as error:
        # A colleague added one meanwhile.
        raise _after_last() from error
    return edition


def drafted(*, by: Actor, now: datetime, **values: Any) -> AttendanceRuleSet:
    """The edition as ``add_edition`` would add it, refused as there; nothing is written."""
    check_can_set_rules(by)
    last = AttendanceRuleSet.objects.order_by("-version").first()
    edition = AttendanceRuleSet(
        version=(last.version if last is not None else FIRST_EDITION.version) + 1,
        added_on=local_day(now),
        added_by_id=by.membership_id,
        **values,
    )
    if edition.valid_from <= edition.added_on:
        raise RulesReachBack
    if last is not None and edition.valid_from <= last.valid_from:
        raise _after(last)
    _check_steps(
        edition.late_minutes, edition.late_earns, edition.long_late_minutes, edition.long_late_earns
    )
    _check_steps(
        edition.early_minutes,
        edition.early_earns,
        edition.long_early_minutes,
        edition.long_early_earns,
    )
    return edition


def withdraw_edition(*, by: Actor, edition: AttendanceRuleSet, now: datetime) -> None:
    """The edition that has not begun is gone. Refused: RulesInUse."""
    check_can_withdraw(by, edition, now)
    with transaction.atomic():
        audit.record(
            by=by, verb="rules.withdrawn", now=now, target=edition, version=edition.version
        )
        edition.delete()


def check_can_withdraw(actor: Actor, edition: AttendanceRuleSet, now: datetime) -> None:
    """Before its day, and only the last: the editions have no gaps."""
    check_can_set_rules(actor)
    last = AttendanceRuleSet.objects.aggregate(last=Max("version"))["last"]
    if edition.valid_from <= local_day(now) or edition.version != last:
        raise RulesInUse(version=edition.version)


def _check_steps(minutes: int, earns: str, long_minutes: int | None, long_earns: str) -> None:
    if long_minutes is None and not long_earns:
        return
    if (
        long_minutes is None
        or not long_earns
        or long_minutes <= minutes
        or EARNS_ORDER.index(Earns(long_earns)) <= EARNS_ORDER.index(Earns(earns))
    ):
        raise RuleStepsWrong


def _after_last() -> RulesOutOfOrder:
    return _after(AttendanceRuleSet.objects.latest("version"))


def _after(last: AttendanceRuleSet) -> RulesOutOfOrder:
    return RulesOutOfOrder(version=last.version, day=dates.day_full(last.valid_from))

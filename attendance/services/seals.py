"""Sealing days that are over: one number for all that was written, sent where no database role
can change it."""

import time
from datetime import date, datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db import connection, transaction
from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import notifications.services
from accounts.choices import OrganisationKind, Role
from accounts.models import Organisation
from accounts.selectors import people_to_tell
from attendance import digests
from attendance.errors.students import TransactionsOpen
from attendance.models import DaySeal, SealedEntry
from attendance.selectors.seals import ROWS_AT_ONCE, rows_with_removals
from sites.calendar import at, local_day

MIDNIGHT = datetime.min.time()
DAY = timedelta(days=1)
# So long a sealing waits for transactions that may still write into the day.
WAIT_FOR = timedelta(seconds=30)
BETWEEN_LOOKS = 0.1


def seal_days(*, now: datetime, wait_for: timedelta = WAIT_FOR) -> list[DaySeal]:
    """Every day that is over has its seal, and the secretariat has the heads; the new seals, the
    oldest first. Safe to repeat. Call outside a transaction.

    Refused: TransactionsOpen, where somebody has been writing since before the sealing began for
    longer than ``wait_for``; nothing is sealed then.
    """
    if _next_day() is None or (_next_day() or date.max) >= local_day(now):
        return []
    _wait_for_writers(wait_for)
    sealed: list[DaySeal] = []
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Two that seal at once do so one after the other: the second finds nothing to do.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('seal_days')), clock_timestamp()")
            # Rows have the moment of the database's clock, which may be behind ours.
            today = min(local_day(now), local_day(cursor.fetchone()[1]))
        while (day := _next_day()) is not None and day < today:
            sealed.append(_seal(day, now))
        if sealed:
            _tell(sealed, now)
    return sealed


def _next_day() -> date | None:
    """The first day without a seal: the one after the last seal, or that of the first entry;
    None where there is nothing at all."""
    last = DaySeal.objects.order_by("-day").values_list("day", flat=True).first()
    if last is not None:
        return last + DAY
    firsts = [
        first
        for model in digests.MODELS.values()
        if (
            first := model._default_manager.order_by("written_at", "pk")
            .values_list("written_at", flat=True)
            .first()
        )
    ]
    return local_day(min(firsts)) if firsts else None


def _wait_for_writers(wait_for: timedelta) -> None:
    """Whatever had a number when we began has ended, and is seen or never will be.

    An entry has its moment after its transaction has its number. So who is still to commit an
    entry of a day that is over has a lower number than we draw now, and when the lowest that
    runs is higher, nobody is left. (A snapshot's own upper end will not do: it is the highest
    number that has ended, and those that run may be above it.)
    """
    until = time.monotonic() + wait_for.total_seconds()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        drawn = cursor.fetchone()[0]
        while True:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot()) > %s::xid8", [drawn])
            if cursor.fetchone()[0]:
                return
            if time.monotonic() >= until:
                raise TransactionsOpen
            time.sleep(BETWEEN_LOOKS)


def _seal(day: date, now: datetime) -> DaySeal:
    """All that was written on the day, under one head. What turns up later with a moment of a
    sealed day is no entry of it: ``verify_ledger`` names it."""
    found = [
        (kind, str(row.pk), digests.entry_digest(digests.FORMAT, kind, row, removal))
        for kind, model in digests.MODELS.items()
        for row, removal in rows_with_removals(
            kind,
            model._default_manager.filter(
                written_at__gte=at(day, MIDNIGHT), written_at__lt=at(day + DAY, MIDNIGHT)
            ),
        )
    ]
    previous = DaySeal.objects.order_by("-day").values_list("head", flat=True).first() or ""
    seal = DaySeal.objects.create(
        day=day,
        format=digests.FORMAT,
        entries=len(found),
        previous=previous,
        head=digests.head(digests.FORMAT, day, previous, (digest for _, _, digest in found)),
        sealed_at=now,
    )
    rows = (
        SealedEntry(seal=seal, kind=kind, key=key, digest=digest) for kind, key, digest in found
    )
    while some := list(islice(rows, ROWS_AT_ONCE)):
        SealedEntry.objects.bulk_create(some)
    return seal


def _tell(sealed: list[DaySeal], now: datetime) -> None:
    """One letter for all new heads: to the mailbox named for them, else to the secretariat's
    people. It is what a later change is found by, when even the seals were changed."""
    if settings.SEAL_MAILBOX:
        with translation.override(settings.LANGUAGE_CODE):
            subject, body = _letter(sealed)
        notifications.services.tell_address(
            address=settings.SEAL_MAILBOX, kind="days_sealed", subject=subject, body=body, now=now
        )
        return
    alliance = Organisation.objects.filter(kind=OrganisationKind.ALLIANCE).first()
    people = people_to_tell(alliance.pk, [Role.SECRETARIAT]) if alliance else []
    for person in people:
        with translation.override(person.language):
            subject, body = _letter(sealed)
            notifications.services.tell(
                recipient=person,
                kind="days_sealed",
                subject=subject,
                body=body,
                once_key=f"sealed:{sealed[-1].day}:{person.pk}",
                now=now,
            )


def _letter(sealed: list[DaySeal]) -> tuple[str, str]:
    lines = []
    for seal in sealed:
        count = ngettext("%(count)d 条记录", "%(count)d 条记录", seal.entries) % {
            "count": seal.entries
        }
        lines.append(f"{formats.date_format(seal.day, 'Y-m-d')}  {count}\n{seal.head}")
    subject = _("学时记账和签到记录封存：%(day)s") % {
        "day": formats.date_format(sealed[-1].day, "Y-m-d")
    }
    body = "\n\n".join(
        [
            _("下列各日的学时记账和签到记录已经封存，每日一个校验码。"),
            *lines,
            _(
                "请保留这封邮件。以后如对记录有疑问，请技术人员用其中任何一日的校验码核对："
                "该日及以前的记录只要改过、删过或补过一条，校验码就对不上。"
            ),
            f"manage.py verify_ledger --head {sealed[-1].day}={sealed[-1].head}",
        ]
    )
    return subject, body

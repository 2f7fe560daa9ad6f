"""Recomputes from the rows what must always be true, and prints what differs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from insights.selectors import invariants


class Command(BaseCommand):
    help = "Recompute seats, holds, clashes and ledger sums; exit with 1 where something differs."

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"):
            found = invariants.findings()
        for finding in found:
            self.stdout.write(f"{finding.kind}: {finding}")
        if found:
            raise CommandError(f"{len(found)} differences", returncode=1)
        self.stdout.write(f"{len(invariants.INVARIANTS) + 2} invariants hold.")
        for session, student in invariants.held_back_now():
            self.stdout.write(
                f"known: session {session} student {student}: held back by a locked period"
            )

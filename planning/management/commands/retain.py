"""Forgets what is over, or shows what would be forgotten."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone, translation

from planning.services import retention


class Command(BaseCommand):
    help = "Forgets what the data map no longer keeps; the cluster does so every night."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        outcomes = retention.retain(now=timezone.now(), dry_run=options["dry_run"])
        verb = "due" if options["dry_run"] else "done"
        with translation.override("en"):
            self.stdout.write(f"{'what':<12} {verb:>7}  kept")
            for outcome in outcomes:
                self.stdout.write(f"{outcome.code:<12} {outcome.rows:>7}  {outcome.term.label}")

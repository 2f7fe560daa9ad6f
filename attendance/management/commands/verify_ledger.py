"""Computes anew what was sealed, and prints every alteration."""

import re
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from attendance.selectors import seals


def day_and_head(words: str) -> tuple[date, str]:
    """``2026-11-24=<64 digits>``, as the letters give it."""
    day, _, head = words.partition("=")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", head.strip()):
        raise ValueError(words)
    return date.fromisoformat(day.strip()), head


class Command(BaseCommand):
    help = (
        "Recompute the seals of all days from ledger and check-ins; name every row that was"
        " changed, removed or inserted since, and exit with 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head",
            action="append",
            default=[],
            type=day_and_head,
            metavar="DAY=HEAD",
            help="what a letter to the secretariat says of a day; may be given several times",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"):
            verified = seals.verify(dict(options["head"]))
            for difference in verified.differences:
                self.stdout.write(f"{difference.code}: {difference}")
        self.stdout.write(
            f"{verified.seals} days sealed, {verified.entries} entries, of which"
            f" {verified.removals} without their text by law; {verified.unsealed} not sealed yet."
        )
        if verified.differences:
            raise CommandError(f"{len(verified.differences)} alterations", returncode=1)
        if not options["head"]:
            self.stdout.write(
                "No --head given: seals changed together with their rows would not be noticed."
            )

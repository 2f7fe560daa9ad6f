"""Builds the demonstration district."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone, translation

from insights.demo import district
from insights.selectors import invariants

# Roughly how many steps each scale takes, for the bar.
STEPS = {"full": 430, "small": 64}
WIDTH = 30


class Command(BaseCommand):
    help = "Build the demonstration district; on a database that has one, change nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--scale", choices=sorted(district.SCALES), default="full", help="how much to build"
        )

    def handle(self, *args: Any, scale: str, **options: Any) -> None:
        if district.is_built():
            self.stdout.write("The district is there already; nothing was changed.")
            return
        if not district.is_empty():
            raise CommandError(
                "This database is in use: the demonstration needs an empty one (make reset)."
            )
        started = time.monotonic()
        bar = _Bar(STEPS[scale])
        with translation.override("zh-hans"), transaction.atomic():
            district.build(now=timezone.now(), scale=district.SCALES[scale], step=bar.step)
            found = invariants.findings()
            if found:
                raise CommandError(
                    "The district does not agree with itself:\n" + "\n".join(map(str, found))
                )
        with connection.cursor() as cursor:
            # The planner learns what was loaded now, not when the server next looks.
            cursor.execute("ANALYZE")
        bar.finish()
        self.stdout.write(f"The district is built, in {time.monotonic() - started:.0f} s.")


class _Bar:
    """Progress on standard error, drawn only where somebody watches."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self.shown = sys.stderr.isatty()

    def step(self, what: str) -> None:
        self.done += 1
        if self.shown:
            share = min(1.0, self.done / self.total)
            filled = int(share * WIDTH)
            sys.stderr.write(
                f"\r  [{'#' * filled}{'.' * (WIDTH - filled)}] {share:4.0%} {what:<12}"
            )
            sys.stderr.flush()

    def finish(self) -> None:
        if self.shown:
            sys.stderr.write("\r" + " " * (WIDTH + 30) + "\r")

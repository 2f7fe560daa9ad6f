"""Draws docs/states.md from the tables in the code."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from insights import states

PAGE = Path(settings.BASE_DIR) / "docs" / "states.md"


class Command(BaseCommand):
    help = "Write docs/states.md: the states of things, and what a season's phases open."

    def handle(self, *args: Any, **options: Any) -> None:
        PAGE.write_text(states.page(), encoding="utf-8")
        self.stdout.write(f"{PAGE.name} is drawn.")

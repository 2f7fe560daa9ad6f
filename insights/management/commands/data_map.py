"""Writes docs/data-map.md."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from insights.selectors import data_map


class Command(BaseCommand):
    help = "Writes docs/data-map.md from the data_map.py beside each app's models."

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs/data-map.md"
        path.write_text(data_map.document(), encoding="utf-8")
        self.stdout.write("docs/data-map.md")

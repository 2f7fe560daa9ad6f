"""Seals telephones and needs anew with the first key of FIELD_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from rosters import sealing
from rosters.services import keys


class Command(BaseCommand):
    help = (
        "Seals every encrypted value anew with the first key of FIELD_KEYS; safe to interrupt, to"
        " repeat and to run while the site is in use. --new prints an entry to put in front."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--new", action="store_true", help="print a new key and stop")
        parser.add_argument("--dry-run", action="store_true", help="count and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["new"]:
            self.stdout.write(sealing.new_key(f"k{now:%Y%m%d%H%M%S}"))
            return
        found = keys.rotate(now=now, dry_run=options["dry_run"])
        verb = "to seal anew" if options["dry_run"] else "sealed anew"
        self.stdout.write(f"{found.renewed} {verb}, {found.current} current, {found.broken} broken")
        if found.broken:
            raise CommandError("Some values open with no key of FIELD_KEYS: keep the old keys.")

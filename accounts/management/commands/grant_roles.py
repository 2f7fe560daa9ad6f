"""The application's database role may do what it must, and nothing more."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services import rights


class Command(BaseCommand):
    help = (
        "Give the application's database role its rights on every table: SELECT and INSERT on"
        " what only grows. Run by the owner after each migrate; safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--role", default=settings.APPLICATION_ROLE, help="default: the user of DATABASE_URL"
        )
        parser.add_argument(
            "--check", action="store_true", help="change nothing, say what is too much; exit 1"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        role = options["role"]
        try:
            found = rights.excesses(role) if options["check"] else rights.grant(role)
        except rights.RoleUnfitError as unfit:
            raise CommandError(str(unfit)) from unfit
        for excess in found:
            self.stdout.write(excess)
        if found:
            raise CommandError(f"{role} has {len(found)} rights too many", returncode=1)
        kept = ", ".join(
            sorted(
                model._meta.label
                for model in rights.append_only()
                if "INSERT" in rights.rights_of(model._meta.db_table)
            )
        )
        self.stdout.write(f"{role} may only add to {kept}.")

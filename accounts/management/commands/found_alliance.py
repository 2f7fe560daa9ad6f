"""The first step of a new installation: the alliance, and an invitation to its secretariat."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.actors import SYSTEM
from accounts.choices import OrganisationKind, Role
from accounts.errors import Refusal
from accounts.services import invitations, organisations
from notifications.channels import link_to


class Command(BaseCommand):
    help = (
        "Founds the alliance and invites the first member of its secretariat; prints the link,"
        " which also goes by mail. Everybody else is invited on the pages."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the alliance's name")
        parser.add_argument("email", help="the address of the first secretary")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            validate_email(options["email"])
            with transaction.atomic():
                alliance = organisations.found_organisation(
                    by=SYSTEM, kind=OrganisationKind.ALLIANCE, name=options["name"], now=now
                )
                _invitation, token = invitations.invite(
                    by=SYSTEM,
                    organisation=alliance,
                    role=Role.SECRETARIAT,
                    email=options["email"],
                    now=now,
                )
        except (Refusal, ValidationError) as error:
            sentence = str(error) if isinstance(error, Refusal) else " ".join(error.messages)
            raise CommandError(sentence) from error
        self.stdout.write(link_to(reverse("accounts:invitation", args=[token])))

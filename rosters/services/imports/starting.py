"""A file comes in: kept for an hour at most, and read by the cluster."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task

from accounts.actors import Actor
from accounts.choices import OrganisationKind
from accounts.errors import NotAllowed
from accounts.models import Organisation
from accounts.services import audit
from rosters.errors import TooManyImports
from rosters.models import RosterImport
from rosters.services.classes import check_can_manage

# How long what a file says is kept without a confirmation.
KEPT = timedelta(hours=1)
# So many files of one school wait at a time.
MOST_OPEN = 10
# The "suffix" of cells that were pasted.
PASTED = "pasted"


def start(
    *,
    by: Actor,
    school: Organisation,
    content: bytes,
    suffix: str,
    now: datetime,
    in_background: bool = True,
) -> RosterImport:
    """The file waits to be read; a task is queued exactly if this transaction commits.

    ``suffix`` is that of the file's name (``.xlsx``), or ``PASTED`` with the text as UTF-8. With
    ``in_background`` off the caller reads it. Nothing is looked at yet: a file that cannot be
    used is refused when it is read. Refused: TooManyImports.
    """
    check_can_manage(by, school.pk)
    if school.kind != OrganisationKind.SCHOOL:
        raise NotAllowed
    with transaction.atomic():
        Organisation.objects.select_for_update(no_key=True).get(pk=school.pk)
        if RosterImport.objects.open().filter(school=school).count() >= MOST_OPEN:
            raise TooManyImports(most=MOST_OPEN)
        roster_import = RosterImport.objects.create(
            school=school,
            made_by_id=by.membership_id,
            made_at=now,
            expires_at=now + KEPT,
            suffix=suffix.lower()[:8],
            size=len(content),
            content=content,
        )
        audit.record(by=by, verb="import.started", now=now, target=roster_import, size=len(content))
        if in_background:
            _queue(roster_import.pk)
    return roster_import


def _queue(import_id: int) -> None:
    """Hands the file to the cluster by its key: by a row of this transaction, or with Redis
    after it."""
    if settings.REDIS_URL:
        transaction.on_commit(lambda: async_task("rosters.tasks.read_import", import_id))
    else:
        async_task("rosters.tasks.read_import", import_id)

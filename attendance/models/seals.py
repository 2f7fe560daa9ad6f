"""The seals of past days, and what was lawfully taken out of the rows they cover."""

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from attendance.choices import RemovalGround, RemovedKind, SealedKind
from hours.models import Sealed

from .growing import only_grows


class DaySeal(models.Model):
    """The seal of one day's ledger entries and check-ins: ``head`` is one number for them and
    for all days before. What is hashed is said in ``attendance.digests``."""

    day = models.DateField(unique=True)
    format = models.PositiveSmallIntegerField()
    entries = models.PositiveIntegerField()
    previous = models.CharField(max_length=64, blank=True)
    head = models.CharField(max_length=64, unique=True)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [
            # The chain has one beginning and never forks.
            models.UniqueConstraint(fields=["previous"], name="seal_follows_one"),
        ]
        triggers = only_grows("seals", pgtrigger.Update | pgtrigger.Delete)

    def __str__(self) -> str:
        return f"{self.day}"


class SealedEntry(models.Model):
    """One row under a seal, by its key, with the digest that it had then."""

    seal = models.ForeignKey(DaySeal, on_delete=models.PROTECT, related_name="sealed")
    kind = models.CharField(max_length=8, choices=SealedKind.choices)
    key = models.CharField(max_length=36)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=SealedKind.values), name="sealed_kind_known"
            ),
            # A row is sealed once.
            models.UniqueConstraint(fields=["kind", "key"], name="sealed_once"),
        ]
        triggers = only_grows("sealed_entries", pgtrigger.Update | pgtrigger.Delete)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class LawfulRemoval(Sealed):
    """The free text of a ledger entry, check-in, decision or entry of the trail is gone, since
    its student was erased.

    ``text_digest`` is that of the text with its salt, which is gone too: with it the entry still
    gives the digest that was sealed, so all but the text is proven unchanged. Of the trail, which
    is under no seal, there is none. Only the function ``forget_reasons`` writes here, with the
    owner's rights.
    """

    kind = models.CharField(max_length=8, choices=RemovedKind.choices)
    key = models.CharField(max_length=36)
    student = models.ForeignKey(
        "rosters.Student", on_delete=models.PROTECT, related_name="lawful_removals"
    )
    text_digest = models.CharField(max_length=64, blank=True)
    ground = models.CharField(max_length=10, choices=RemovalGround.choices)

    class Meta:
        constraints = [
            # A removal is of an entry, never of another removal.
            models.CheckConstraint(
                condition=Q(kind__in=RemovedKind.values), name="removal_kind_known"
            ),
            # What is under a seal keeps the digest of its text.
            models.CheckConstraint(
                condition=Q(kind=RemovedKind.TRAIL, text_digest="")
                | (~Q(kind=RemovedKind.TRAIL) & ~Q(text_digest="")),
                name="removal_keeps_digest",
            ),
            models.CheckConstraint(
                condition=Q(ground__in=RemovalGround.values), name="removal_ground_known"
            ),
            models.UniqueConstraint(fields=["kind", "key"], name="removal_once"),
        ]
        indexes = [BrinIndex(fields=["written_at"], name="removal_written")]
        triggers = only_grows("removals", pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

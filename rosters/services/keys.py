"""Everything sealed, sealed anew with the first key, so that an old one can be thrown away.

While it runs: put the new key in front (``new:…,old:…``) and restart, since a process that does
not know it could not open what is sealed with it; rotate; then leave out the old one and restart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models, transaction

from accounts.actors import SYSTEM
from accounts.services import audit
from rosters import sealing
from rosters.models import RosterChange

BATCH = 500
SEALED = "sealed"
# A telephone that an import replaced lies sealed within the JSON that undoing needs.
REPLACED: dict[type[models.Model], str] = {RosterChange: "before"}


@dataclass(frozen=True, slots=True)
class Rotation:
    """How many values were (or, dry, would be) sealed anew, were so already, do not open."""

    renewed: int = 0
    current: int = 0
    broken: int = 0

    def __add__(self, other: "Rotation") -> "Rotation":
        return Rotation(
            self.renewed + other.renewed, self.current + other.current, self.broken + other.broken
        )


def sealed_models() -> list[type[models.Model]]:
    """Every table with a sealed value: a binary column ``sealed``; the model says for whom."""
    return [
        model
        for model in apps.get_models()
        if any(
            field.name == SEALED and isinstance(field, models.BinaryField)
            for field in model._meta.fields
        )
    ]


def rotate(*, now: datetime, dry_run: bool = False) -> Rotation:
    """Every sealed value opens with the first key alone. Changes nothing where ``dry_run``.

    A batch is one transaction that holds its rows, so writers wait for a moment; interrupted, it
    goes on where it stopped, since what is current is left alone. Values that no key opens stay
    as they are and are counted.
    """
    total = Rotation()
    for model in [*sealed_models(), *REPLACED]:
        for keys in _batches(model):
            total += _rotate_batch(model, keys, dry_run=dry_run)
    if not dry_run:
        audit.record(
            by=SYSTEM,
            verb="keys.rotated",
            now=now,
            renewed=total.renewed,
            current=total.current,
            broken=total.broken,
        )
    return total


def _batches(model: type[models.Model]) -> Iterator[list[Any]]:
    last: Any = None
    while True:
        rows = model._default_manager.order_by("pk")
        if model in REPLACED:
            rows = rows.filter(before__phone__gt="")
        if last is not None:
            rows = rows.filter(pk__gt=last)
        keys = list(rows.values_list("pk", flat=True)[:BATCH])
        if not keys:
            return
        yield keys
        last = keys[-1]


def _rotate_batch(model: type[models.Model], keys: list[Any], *, dry_run: bool) -> Rotation:
    renewed, current, broken = [], 0, 0
    with transaction.atomic():
        for row in (
            model._default_manager.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
        ):
            sealed, owner = getattr(row, SEALED), row.seal_owner  # type: ignore[attr-defined]
            try:
                text = sealing.unseal(sealed, owner=owner)
            except sealing.UnsealError:
                broken += 1
                continue
            if sealing.is_current(sealed):
                current += 1
                continue
            setattr(row, SEALED, sealing.seal(text, owner=owner))
            renewed.append(row)
        if renewed and not dry_run:
            model._default_manager.bulk_update(renewed, [REPLACED.get(model, SEALED)])
    return Rotation(len(renewed), current, broken)

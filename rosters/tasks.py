"""What the cluster runs for this app. Payloads are keys, never what a file says."""

from django.utils import timezone

from .services.imports import ending, reading


def read_import(import_id: int) -> str:
    row = reading.read(import_id=import_id, now=timezone.now())
    return "" if row is None else str(row.state)


def expire_imports() -> int:
    return ending.expire(now=timezone.now())

"""Badges, the door, and what seals its days."""

from .door import (
    Badge,
    BadgeQuerySet,
    CheckIn,
    CheckInQuerySet,
    Desk,
    DeskQuerySet,
)
from .seals import DaySeal, LawfulRemoval, SealedEntry

__all__ = [
    "Badge",
    "BadgeQuerySet",
    "CheckIn",
    "CheckInQuerySet",
    "DaySeal",
    "Desk",
    "DeskQuerySet",
    "LawfulRemoval",
    "SealedEntry",
]

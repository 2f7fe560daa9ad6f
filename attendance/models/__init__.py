"""Badges, the door, and what seals its days."""

from .door import (
    Badge,
    BadgeQuerySet,
    CheckIn,
    CheckInQuerySet,
    Desk,
    DeskQuerySet,
)
from .notices import Objection, ObjectionQuerySet, PublicNotice, PublicNoticeQuerySet
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
    "Objection",
    "ObjectionQuerySet",
    "PublicNotice",
    "PublicNoticeQuerySet",
    "SealedEntry",
]

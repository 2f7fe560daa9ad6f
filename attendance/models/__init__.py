"""Badges, the door, what it amounts to, and what is certified of it."""

from .by_hand import HourProposal, HourProposalQuerySet
from .certificates import Certificate, CertificateQuerySet
from .door import Badge, BadgeQuerySet, CheckIn, CheckInQuerySet, Desk, DeskQuerySet
from .room import RoomCode, RoomCodeQuerySet, RoomScan
from .rules import AttendanceRuleSet

__all__ = [
    "AttendanceRuleSet",
    "Badge",
    "BadgeQuerySet",
    "Certificate",
    "CertificateQuerySet",
    "CheckIn",
    "CheckInQuerySet",
    "Desk",
    "DeskQuerySet",
    "HourProposal",
    "HourProposalQuerySet",
    "RoomCode",
    "RoomCodeQuerySet",
    "RoomScan",
]

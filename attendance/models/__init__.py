"""Badges, the door, what it amounts to, what seals its days, and what is certified of them."""

from .by_hand import HourProposal, HourProposalQuerySet
from .certificates import Certificate, CertificateQuerySet
from .conflicts import Conflict, ConflictDecision, ConflictQuerySet
from .devices import Device, DeviceQuerySet, RosterPack
from .door import Badge, BadgeQuerySet, CheckIn, CheckInQuerySet, Desk, DeskQuerySet
from .notices import Objection, ObjectionQuerySet, PublicNotice, PublicNoticeQuerySet
from .room import RoomCode, RoomCodeQuerySet, RoomScan
from .rules import AttendanceRuleSet
from .seals import DaySeal, LawfulRemoval, SealedEntry

__all__ = [
    "AttendanceRuleSet",
    "Badge",
    "BadgeQuerySet",
    "Certificate",
    "CertificateQuerySet",
    "CheckIn",
    "CheckInQuerySet",
    "Conflict",
    "ConflictDecision",
    "ConflictQuerySet",
    "DaySeal",
    "Desk",
    "DeskQuerySet",
    "Device",
    "DeviceQuerySet",
    "HourProposal",
    "HourProposalQuerySet",
    "LawfulRemoval",
    "Objection",
    "ObjectionQuerySet",
    "PublicNotice",
    "PublicNoticeQuerySet",
    "RoomCode",
    "RoomCodeQuerySet",
    "RoomScan",
    "RosterPack",
    "SealedEntry",
]

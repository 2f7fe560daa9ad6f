"""Classes, students, and what comes in about them."""

from .classes import ClassGroup, ClassTeacher
from .consent import Consent, ConsentText, Signature
from .imports import ClassNameAnswer, RosterChange, RosterImport
from .settings import SchoolSettings
from .students import (
    GuardianPhone,
    Student,
    StudentNeed,
    StudentTransfer,
    need_owner,
    phone_owner,
)

__all__ = [
    "ClassGroup",
    "ClassNameAnswer",
    "ClassTeacher",
    "Consent",
    "ConsentText",
    "GuardianPhone",
    "RosterChange",
    "RosterImport",
    "SchoolSettings",
    "Signature",
    "Student",
    "StudentNeed",
    "StudentTransfer",
    "need_owner",
    "phone_owner",
]

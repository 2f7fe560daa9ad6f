"""The audit trail: one entry for each change of state and each reading of names."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Model

from accounts.actors import Actor
from accounts.models import AuditEntry


class Named(Protocol):
    """Somebody whose name is shown: a student, of whom only the keys are written down."""

    @property
    def pk(self) -> Any: ...
    @property
    def school_id(self) -> int: ...
    @property
    def class_group_id(self) -> int: ...


def record(
    *,
    by: Actor,
    verb: str,
    now: datetime,
    target: Model | None = None,
    school_id: int | None = None,
    reason: str = "",
    **facts: Any,
) -> AuditEntry:
    """One entry, in the caller's transaction: it exists exactly if the change does.

    ``verb`` reads ``thing.done`` (``reservation.made``); ``facts`` are numbers and codes only,
    never a name, address or phone number. With a ``school_id`` the school finds the entry in
    its log of what was read about its students.
    """
    entry = _entry(by, verb, now, target, facts)
    entry.school_id = school_id
    entry.reason = reason
    entry.save(force_insert=True)
    return entry


def record_each(
    *, by: Actor, verb: str, now: datetime, targets: Iterable[tuple[Model, dict[str, Any]]]
) -> None:
    """As ``record`` for each target with its facts, in one statement."""
    AuditEntry.objects.bulk_create(
        _entry(by, verb, now, target, facts) for target, facts in targets
    )


def _entry(
    by: Actor, verb: str, now: datetime, target: Model | None, facts: dict[str, Any]
) -> AuditEntry:
    return AuditEntry(
        at=now,
        actor_kind=by.kind,
        membership_id=by.membership_id,
        organisation_id=by.organisation_id,
        verb=verb,
        target=f"{target._meta.label_lower}:{target.pk}" if target is not None else "",
        facts=facts,
        address=by.address,
    )


def record_names_read(
    *,
    by: Actor,
    now: datetime,
    context: str,
    students: Iterable[Named],
    target: Model | None = None,
    verb: str = "names.read",
    reason: str = "",
) -> list[AuditEntry]:
    """One entry for each school whose students' names were shown, printed or exported.

    ``context`` is for what, a code of ``choices.READINGS``. The entry holds the keys of the
    students and of their classes, so that a school can ask who read a class's names and a
    student who read hers. Nobody shown, nothing written.
    """
    by_school: dict[int, list[Named]] = {}
    for student in students:
        by_school.setdefault(student.school_id, []).append(student)
    return [
        record(
            by=by,
            verb=verb,
            now=now,
            target=target,
            school_id=school_id,
            reason=reason,
            context=context,
            count=len(shown),
            classes=sorted({student.class_group_id for student in shown}),
            students=sorted(student.pk for student in shown),
        )
        for school_id, shown in sorted(by_school.items())
    ]

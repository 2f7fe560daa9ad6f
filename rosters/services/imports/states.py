"""How a student was before an import and after it, as a ``RosterChange`` keeps it."""

import base64
from datetime import UTC, datetime
from typing import Any

from rosters.differences import Known
from rosters.models import GuardianPhone, Student
from rosters.pinyin import initials_of

FIELDS = (
    "class_group_id",
    "name",
    "student_no",
    "seat_no",
    "initials",
    "joined_at",
    "left_at",
)


def of(student: Student) -> dict[str, Any]:
    """The student as she is."""
    return _state(
        student.class_group_id,
        student.name,
        student.student_no,
        student.seat_no,
        student.left_at,
    )


def before(known: Known | None, phone: bytes | None, joined_at: datetime | None) -> dict[str, Any]:
    """The student as she was; nothing for a new one. ``phone`` is the sealed telephone that was
    replaced, empty where there was none, None where none was written; ``joined_at`` is given
    where she came into another class."""
    if known is None:
        return {}
    state = _state(known.class_group, known.name, known.student_no, known.seat_no, known.left_at)
    if phone is not None:
        state["phone"] = base64.b64encode(phone).decode()
    if joined_at is not None:
        state["joined_at"] = joined_at.isoformat()
    return state


def restore(student: Student, state: dict[str, Any]) -> None:
    """Puts the state on the row, which the caller saves."""
    student.class_group_id = state["class_group"]
    student.name = state["name"]
    student.student_no = state["student_no"]
    student.seat_no = state["seat_no"]
    student.left_at = state["left_at"] and datetime.fromisoformat(state["left_at"])
    student.initials = initials_of(student.name)
    if "joined_at" in state:
        student.joined_at = datetime.fromisoformat(state["joined_at"])


def restore_phone(student: Student, state: dict[str, Any]) -> None:
    if "phone" not in state:
        return
    sealed = base64.b64decode(state["phone"])
    if sealed:
        GuardianPhone.objects.filter(student=student).update(sealed=sealed)
    else:
        GuardianPhone.objects.filter(student=student).delete()


def _state(
    class_group: int, name: str, student_no: str, seat_no: int, left_at: datetime | None
) -> dict[str, Any]:
    return {
        "class_group": class_group,
        "name": name,
        "student_no": student_no,
        "seat_no": seat_no,
        "left_at": left_at.astimezone(UTC).isoformat() if left_at else None,
    }

"""Bringing a roster file in, as the page and the cluster do it together."""

from datetime import datetime

from accounts.actors import Actor
from rosters.models import RosterImport, Student
from rosters.services.imports import confirming, reading, starting
from tests.rosters.conftest import School

HEAD = "姓名,班级,学号,座号\n"


def bring(
    school: School,
    text: str | bytes,
    *,
    now: datetime,
    by: Actor | None = None,
    suffix: str = ".csv",
) -> RosterImport:
    """The file is read and asks or is ready."""
    content = text if isinstance(text, bytes) else (HEAD + text).encode()
    row = starting.start(
        by=by or school.coordinator,
        school=school.organisation,
        content=content,
        suffix=suffix,
        now=now,
    )
    reading.read(import_id=row.pk, now=now)
    row.refresh_from_db()
    return row


def bring_in(school: School, text: str, *, now: datetime) -> RosterImport:
    """The file is confirmed."""
    row = bring(school, text, now=now)
    return confirming.confirm(
        by=school.coordinator, roster_import=row, digest=row.roster_digest, now=now
    )


def students(school: School) -> list[tuple[int, str, str, int]]:
    """Class number, name, student number and seat of all who are in a class."""
    return list(
        Student.objects.current()
        .filter(school=school.organisation)
        .order_by("class_group__number", "seat_no")
        .values_list("class_group__number", "name", "student_no", "seat_no")
    )

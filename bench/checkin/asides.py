"""What is counted and not timed: closing a session of forty, and the page of a badge."""

from dataclasses import dataclass

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from accounts.selectors import actor_of
from attendance.choices import EventKind
from attendance.models import CheckIn
from attendance.services import desk, whole_class
from courses.models import CourseSession
from hours.models import HourCredit
from rosters import naming
from rosters.models import Student

from . import page, world

CLOSING, ASKED, SENT = 12, 3, 30_000


def closing(rows: world.World) -> tuple[int, int]:
    """How many statements it takes to close the first door, everybody there, and how many are
    credited; taken back."""
    member = Membership.objects.select_related("user", "organisation").get(pk=rows.member)
    session = CourseSession.objects.select_related("version").get(pk=rows.first_door)
    with transaction.atomic():
        whole_class.admit_rest(by=actor_of(member), session=session, now=session.starts_at)
        with CaptureQueriesContext(connection) as run:
            desk.close_desk(
                by=actor_of(member), session=session, now=session.ends_at, everybody_left=True
            )
        credited = HourCredit.objects.filter(session=session).count()
        assert CheckIn.objects.filter(session=session, kind=EventKind.OUT).count() == credited
        transaction.set_rollback(True)
    return sum("SAVEPOINT" not in one["sql"] for one in run), credited


def badge_page(rows: world.World, port: int) -> tuple[int, dict[str, page.Weight]]:
    """How many statements the page of the first badge takes, with the student's number given,
    and what the server at the port sends for it."""
    code, student = rows.codes[0], Student.objects.get(pk=rows.first_student)
    asked = {"code": code, "student_no": student.student_no}
    with CaptureQueriesContext(connection) as run:
        answer = Client(headers={"host": "127.0.0.1"}).post("/badge/", asked, secure=True)
    # Only who gives the number is shown so much.
    assert naming.masked(student.name) in answer.content.decode()
    return len(run), page.weigh(port, code, student.student_no)


@dataclass(frozen=True)
class Counted:
    what: str
    number: int
    at_most: int

    @property
    def holds(self) -> bool:
        return self.number <= self.at_most


def counted(rows: world.World, port: int) -> list[Counted]:
    """All of it, printed beside what it may be."""
    asked, credited = closing(rows)
    page_asked, weights = badge_page(rows, port)
    found = [
        Counted(f"closing a session of {credited}, with credits: statements", asked, CLOSING),
        Counted("a badge's page: statements", page_asked, ASKED),
        *(
            Counted(
                f"a badge's page, {name}: bytes in {weight.answers} answers, heads"
                f" ({weight.heads}) included",
                weight.sent,
                SENT,
            )
            for name, weight in weights.items()
        ),
    ]
    for one in found:
        verdict = "holds" if one.holds else "MISSED"
        print(f"{one.what}: {one.number:,} (at most {one.at_most:,})  {verdict}")
    return found

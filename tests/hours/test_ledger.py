"""The ledger: credits given once, reversed once, and never changed."""

from datetime import date, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from hours import selectors
from hours.choices import CreditKind
from hours.errors import AlreadyReversed, ReasonMissing, ReversalReversed
from hours.models import HourCredit
from hours.services import ledger
from hours.services.ledger import Settled
from tests.bookings.conftest import World, make_world
from tests.bookings.races import at_once, before_commit
from tests.factories.hours import make_credit, make_credits


def earned(world: World) -> dict[int, int]:
    return selectors.earned_by_student(
        [student.pk for student in world.students], selectors.requirement_for(world.group)
    )


def test_attendance_is_credited_with_the_sessions_hours(world: World, now: datetime) -> None:
    session, student = world.session(class_hours=7), world.students[0]

    credit = make_credit(by=world.manager, student=student, session=session, now=now)

    assert (credit.class_hours, credit.kind, credit.revision) == (7, CreditKind.ATTENDANCE, 1)
    assert (credit.school, credit.earned_on) == (world.school, date(2026, 12, 8))
    assert (credit.credited_at, credit.credited_by_id) == (now, world.manager.membership_id)
    assert earned(world) == {student.pk: 7}


def test_crediting_again_changes_nothing(world: World, now: datetime) -> None:
    session, student = world.session(), world.students[0]

    first = make_credit(by=world.manager, student=student, session=session, now=now)
    again = make_credit(by=world.manager, student=student, session=session, now=now)

    assert again == first
    assert HourCredit.objects.count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_a_session_is_settled_in_two_queries_however_many_come(
    world: World, now: datetime, count: int
) -> None:
    session, everybody = world.session(), world.students
    students = everybody[:count]

    with CaptureQueriesContext(connection) as run:
        settled = ledger.settle_session(
            by=world.manager,
            session=session,
            students=everybody,
            hours={student.pk: session.class_hours for student in students},
            reason="核对签到",
            rule_version=1,
            now=now,
        )

    assert len([query for query in run if "SAVEPOINT" not in query["sql"]]) == 2
    assert settled == Settled(count * 4, {})
    assert earned(world) == {student.pk: 4 for student in students}


def test_a_reversal_takes_the_hours_away(world: World, now: datetime) -> None:
    session, student = world.session(), world.students[0]
    credit = make_credit(by=world.manager, student=student, session=session, now=now)

    reversal = ledger.reverse(by=world.manager, credit=credit, reason=" 认错人 ", now=now)

    assert (reversal.class_hours, reversal.kind, reversal.reason) == (
        -4,
        CreditKind.REVERSAL,
        "认错人",
    )
    assert (reversal.earned_on, reversal.reverses) == (credit.earned_on, credit)
    assert earned(world) == {student.pk: 0}


def test_after_a_reversal_the_session_may_be_credited_anew(world: World, now: datetime) -> None:
    session, student = world.session(), world.students[0]
    first = make_credit(by=world.manager, student=student, session=session, now=now)
    ledger.reverse(by=world.manager, credit=first, reason="认错人", now=now)

    second = make_credit(by=world.manager, student=student, session=session, now=now)

    assert (second.revision, earned(world)) == (2, {student.pk: 4})


def test_reversals_are_refused_with_the_reason(world: World, now: datetime) -> None:
    credit = make_credit(
        by=world.manager, student=world.students[0], session=world.session(), now=now
    )

    with pytest.raises(ReasonMissing):
        ledger.reverse(by=world.manager, credit=credit, reason=" ", now=now)
    reversal = ledger.reverse(by=world.manager, credit=credit, reason="认错人", now=now)
    with pytest.raises(AlreadyReversed):
        ledger.reverse(by=world.manager, credit=credit, reason="认错人", now=now)
    with pytest.raises(ReversalReversed):
        ledger.reverse(by=world.manager, credit=reversal, reason="认错人", now=now)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hours_hourcredit SET class_hours = 14",
        "DELETE FROM hours_hourcredit",
        "TRUNCATE hours_hourcredit CASCADE",
    ],
)
def test_the_ledger_only_grows(world: World, now: datetime, statement: str) -> None:
    make_credit(by=world.manager, student=world.students[0], session=world.session(), now=now)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert HourCredit.objects.get().class_hours == 4


@pytest.mark.django_db(transaction=True)
def test_two_closings_at_once_credit_once(now: datetime) -> None:
    world = make_world(now)
    session, students = world.session(), world.students

    def credit() -> dict[int, HourCredit]:
        return make_credits(by=world.manager, students=students, session=session, now=now)

    answers = at_once(credit, credit, credit)

    assert [sorted(answer) for answer in answers] == [[one.pk for one in students]] * 3
    assert HourCredit.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_two_reversals_at_once_reverse_once(now: datetime) -> None:
    world = make_world(now)
    credit = make_credit(
        by=world.manager, student=world.students[0], session=world.session(), now=now
    )

    def reverse() -> HourCredit:
        return ledger.reverse(by=world.manager, credit=credit, reason="认错人", now=now)

    answer = before_commit(reverse, reverse)

    assert isinstance(answer, AlreadyReversed)
    assert earned(world) == {world.students[0].pk: 0}

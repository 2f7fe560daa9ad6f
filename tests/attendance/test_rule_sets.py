"""Editions of the rule table: for days to come only, and never changed."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import NotAllowed
from accounts.models import AuditEntry
from attendance.choices import FIRST_EDITION, AttendanceRules, Earns, EventKind
from attendance.errors.rules import RulesInUse, RulesOutOfOrder, RulesReachBack, RuleStepsWrong
from attendance.models import AttendanceRuleSet
from attendance.selectors.rule_sets import among, rules_of, rules_of_each, rules_on
from attendance.selectors.rules_preview import preview
from attendance.services import desk, rule_sets
from courses.models import CourseSession
from hours.models import HourCredit
from hours.selectors import earned_by_student
from tests.attendance.conftest import MINUTE, Door, actor_of
from tests.bookings.conftest import DAY
from tests.factories.accounts import MembershipFactory
from tests.factories.attendance import close_desk, let_in, mark
from tests.factories.bookings import make_booking
from tests.factories.rules import STRICT, make_edition, make_secretary

NEXT = DAY + timedelta(days=1)


def test_before_any_edition_the_first_is_in_force(db: None) -> None:
    assert rules_on(date(2020, 1, 1)) == rules_on(date(2099, 1, 1)) == FIRST_EDITION


def test_an_edition_is_in_force_from_its_day_on(db: None, now: datetime) -> None:
    edition = make_edition(valid_from=NEXT, now=now)

    assert (edition.version, edition.added_on) == (2, date(2026, 11, 24))
    assert rules_on(NEXT - timedelta(days=1)) == FIRST_EDITION
    assert rules_on(NEXT) == rules_on(NEXT + timedelta(days=900)) == edition.rules
    entry = AuditEntry.objects.get(verb="rules.added")
    assert entry.facts == {"version": 2}


EDITIONS = st.lists(st.dates(date(2026, 1, 1), date(2027, 12, 31)), unique=True, max_size=5)


def drafted(version: int, valid_from: date) -> AttendanceRuleSet:
    return AttendanceRuleSet(version=version, valid_from=valid_from, **STRICT)


@given(days=EDITIONS, later=st.integers(1, 400), asked=st.dates(date(2025, 1, 1), date(2030, 1, 1)))
def test_a_new_edition_leaves_the_past_as_it_was(days: list[date], later: int, asked: date) -> None:
    known = [drafted(number + 2, day) for number, day in enumerate(sorted(days))][::-1]
    last = max(days, default=date(2026, 1, 1))
    new = drafted(len(known) + 2, last + timedelta(days=later))

    def found(editions: list[AttendanceRuleSet]) -> AttendanceRules:
        return among(editions, asked)

    assert found([new, *known]) == (new.rules if asked >= new.valid_from else found(known))


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"valid_from": date(2026, 11, 24)}, RulesReachBack),
        ({"valid_from": date(2026, 11, 23)}, RulesReachBack),
        ({"long_late_minutes": None}, RuleStepsWrong),
        ({"long_late_earns": ""}, RuleStepsWrong),
        ({"long_late_minutes": 10}, RuleStepsWrong),
        ({"long_late_earns": Earns.FULL}, RuleStepsWrong),
        ({"long_early_earns": Earns.REDUCED}, RuleStepsWrong),
        ({"late_earns": Earns.NONE}, RuleStepsWrong),
    ],
)
def test_editions_out_of_order_are_refused(
    db: None, now: datetime, more: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        make_edition(**{"valid_from": NEXT, "now": now} | more)

    assert not AttendanceRuleSet.objects.exists()


def test_an_edition_without_second_steps_has_one_each(db: None, now: datetime) -> None:
    edition = make_edition(
        valid_from=NEXT,
        now=now,
        long_late_minutes=None,
        long_late_earns="",
        long_early_minutes=None,
        long_early_earns="",
    )

    assert [len(edition.rules.late), len(edition.rules.early)] == [1, 1]


def test_editions_follow_one_another(db: None, now: datetime) -> None:
    make_edition(valid_from=NEXT, now=now)

    for day in (NEXT, NEXT - timedelta(days=1)):
        with pytest.raises(RulesOutOfOrder) as refused:
            make_edition(valid_from=day, now=now)
    assert str(refused.value) == (
        "第 2 版从 2026 年 12 月 9 日（周三）起用，新规则要晚于它；要提前，请先撤回那一版。"
    )
    assert make_edition(valid_from=NEXT + timedelta(days=1), now=now).version == 3


@pytest.mark.parametrize(
    "values",
    [
        {"version": 1},
        {"version": 2, "added_on": NEXT},
        {"version": 2, "long_late_minutes": None},
        {"version": 2, "long_late_minutes": 5},
        {"version": 2, "long_late_earns": ""},
        {"version": 2, "long_early_earns": Earns.FULL},
        {"version": 2, "late_earns": "much"},
        {"version": 2, "note": ""},
    ],
)
def test_the_database_refuses_an_edition_out_of_order(db: None, values: dict[str, Any]) -> None:
    fine = {"valid_from": NEXT, "added_on": NEXT - timedelta(days=1)} | STRICT

    with pytest.raises(IntegrityError), transaction.atomic():
        AttendanceRuleSet.objects.create(**fine | values)

    AttendanceRuleSet.objects.create(**fine | {"version": 2})
    for late_comer in ({"version": 3}, {"version": 2, "valid_from": NEXT + timedelta(days=1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            AttendanceRuleSet.objects.create(**fine | late_comer)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attendance_attendanceruleset SET late_minutes = 0",
        "DELETE FROM attendance_attendanceruleset",
        "TRUNCATE attendance_attendanceruleset",
    ],
)
def test_an_edition_in_use_is_never_changed(db: None, statement: str) -> None:
    """Its day is long past by the database's own clock."""
    AttendanceRuleSet.objects.create(
        version=2, valid_from=date(2020, 1, 2), added_on=date(2020, 1, 1), **STRICT
    )

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert AttendanceRuleSet.objects.get().late_minutes == 10


def test_only_what_has_not_begun_is_withdrawn(db: None, now: datetime) -> None:
    secretary = actor_of(make_secretary())
    far = date(2099, 9, 1)
    first = make_edition(valid_from=far, now=now)
    last = make_edition(valid_from=far + timedelta(days=30), now=now)

    with pytest.raises(RulesInUse):
        rule_sets.withdraw_edition(by=secretary, edition=first, now=now)
    rule_sets.withdraw_edition(by=secretary, edition=last, now=now)
    with pytest.raises(RulesInUse):
        rule_sets.withdraw_edition(
            by=secretary, edition=first, now=now.replace(year=2099, month=9, day=1)
        )
    rule_sets.withdraw_edition(by=secretary, edition=first, now=now)

    assert not AttendanceRuleSet.objects.exists()
    assert AuditEntry.objects.filter(verb="rules.withdrawn").count() == 2


def test_the_secretariat_alone_sets_rules(door: Door, now: datetime) -> None:
    reviewer = actor_of(MembershipFactory(reviewer=True))

    for actor in (door.manager, door.world.coordinator, reviewer):
        with pytest.raises(NotAllowed):
            rule_sets.add_edition(by=actor, now=now, **STRICT | {"valid_from": NEXT})


def attend(door: Door, session: CourseSession) -> None:
    """Seat 1 late by 20 minutes, 2 by 50, 3 away half an hour early."""
    at_door = {"by": door.manager, "session": session}
    one, two, three = door.students[:3]
    let_in(one, now=session.starts_at + 20 * MINUTE, **at_door)  # type: ignore[arg-type]
    let_in(two, now=session.starts_at + 50 * MINUTE, **at_door)  # type: ignore[arg-type]
    let_in(three, now=session.starts_at, **at_door)  # type: ignore[arg-type]
    mark(three, EventKind.OUT, now=session.ends_at - 30 * MINUTE, **at_door)  # type: ignore[arg-type]


def earned(door: Door) -> list[int]:
    hours = earned_by_student([student.pk for student in door.students], None)
    return [hours.get(student.pk, 0) for student in door.students[:3]]


def test_each_session_is_credited_by_the_rules_of_its_day(door: Door, now: datetime) -> None:
    tomorrow = door.world.session(day=NEXT, starts=door.session.starts_at.time())
    make_booking(by=door.world.teacher, session=tomorrow, class_group=door.world.group, now=now)
    attend(door, door.session)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    before = earned(door)
    edition = make_edition(valid_from=NEXT, now=door.session.ends_at)
    later = door.session.ends_at + 5 * MINUTE

    desk.reopen_desk(by=door.manager, session=door.session, reason="再看一遍", now=later)
    close_desk(by=door.manager, session=door.session, now=later)
    after = earned(door)
    attend(door, tomorrow)
    close_desk(by=door.manager, session=tomorrow, now=tomorrow.ends_at)

    assert before == after == [4, 4, 0]
    assert earned(door) == [8, 6, 2]
    assert set(HourCredit.objects.values_list("session_id", "rule_version")) == {
        (door.session.pk, 1),
        (tomorrow.pk, edition.version),
    }


def test_preview_says_what_an_edition_will_affect(door: Door, now: datetime) -> None:
    tomorrow = door.world.session(day=NEXT, starts=door.session.starts_at.time())
    make_booking(by=door.world.teacher, session=tomorrow, class_group=door.world.group, now=now)
    attend(door, door.session)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    ends = door.session.ends_at
    edition = rule_sets.drafted(
        by=actor_of(make_secretary()), now=ends, **STRICT | {"valid_from": NEXT}
    )

    found = preview(edition, ends)
    long_after = preview(edition, ends + timedelta(days=31))

    assert (found.sessions, found.seats) == (1, 5)
    # Seat 3 would have half, and seat 2 as well; seat 1 keeps all.
    assert (found.attended, found.more, found.fewer) == (3, 1, 1)
    assert (long_after.attended, long_after.more, long_after.fewer) == (0, 0, 0)
    assert not AttendanceRuleSet.objects.exists()


def test_preview_compares_with_the_edition_that_is_replaced(door: Door, now: datetime) -> None:
    """Whatever edition was in force when the doors were open."""
    attend(door, door.session)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    make_edition(valid_from=NEXT, now=door.session.ends_at)
    later = door.session.ends_at + timedelta(days=2)
    secretary = actor_of(make_secretary())
    strict = rule_sets.drafted(
        by=secretary, now=later, **STRICT | {"valid_from": NEXT + timedelta(days=5)}
    )

    found = preview(strict, later)

    assert (found.attended, found.more, found.fewer) == (3, 0, 0)


def test_rules_are_read_once_a_day(door: Door, django_assert_num_queries: Any) -> None:
    """For a day to come always: an edition may still be added for it."""
    with time_machine.travel(door.now):
        with django_assert_num_queries(1):
            assert rules_of(door.session) == rules_of(door.session) == FIRST_EDITION
        with django_assert_num_queries(0):
            assert rules_of_each([door.session] * 3) == {door.session.pk: FIRST_EDITION}
        edition = make_edition(valid_from=NEXT, now=door.now)
        with django_assert_num_queries(2):
            assert [rules_on(NEXT), rules_on(NEXT)] == [edition.rules] * 2
        assert rules_of(door.session) == FIRST_EDITION
    with time_machine.travel(door.now + timedelta(days=1)), django_assert_num_queries(1):
        assert [rules_on(NEXT), rules_on(DAY)] == [edition.rules, FIRST_EDITION]


def test_no_sessions_have_no_rules(db: None) -> None:
    assert rules_of_each([]) == {}

"""Certificates: who gets one, and what its code says afterwards."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from attendance.choices import CertificateState
from attendance.errors.certificates import NobodyReached, NothingRequired, RevokeReasonMissing
from attendance.models import Certificate
from attendance.selectors import certificates as selectors
from attendance.services import certificates, erasure, merging
from courses.models import CourseSession
from hours.models import HourCredit, PracticumRequirement
from hours.services import ledger
from rosters.models import Student
from tests.attendance.conftest import World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.hours import make_credit

LATER = timedelta(days=1)


@pytest.fixture
def world(world: World, now: datetime, settings: Settings) -> Iterator[World]:
    settings.BASE_URL = "https://classroom.example.org"
    with time_machine.travel(now, tick=False):
        yield world


@pytest.fixture
def sessions(world: World) -> list[CourseSession]:
    """Two days of seven class hours each: what is required."""
    return world.camp()[1]


def credit(world: World, students: list[Student], *sessions: CourseSession, now: datetime) -> None:
    for student in students:
        for session in sessions:
            make_credit(by=world.manager, student=student, session=session, now=now)


def take(world: World, now: datetime, **more: Any) -> list[Certificate]:
    return certificates.take_to_print(by=world.teacher, class_group=world.group, now=now, **more)


def reverse_one(world: World, student: Student, session: CourseSession, now: datetime) -> None:
    standing = HourCredit.objects.get(student=student, session=session, reversed_by=None,
                                      class_hours__gt=0)  # fmt: skip
    ledger.reverse(by=world.manager, credit=standing, reason="点错人", now=now)


# ── who gets one ──


def test_who_has_reached_the_hours_gets_one(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    first, second, third, *_rest = world.students
    credit(world, [first, second], *sessions, now=now)
    credit(world, [third], sessions[0], now=now)

    found = take(world, now)

    assert [(one.student_id, one.class_hours, one.required_hours) for one in found] == [
        (first.pk, 14, 14),
        (second.pk, 14, 14),
    ]
    assert found[0].lines == [
        {"session": sessions[0].pk, "on": "2026-12-08", "hours": 7},
        {"session": sessions[1].pk, "on": "2026-12-09", "hours": 7},
    ]
    assert all(re.fullmatch("[A-Z2-7]{16}", one.code) for one in found)
    assert {one.issued_by_id for one in found} == {world.teacher.membership_id}
    entry = AuditEntry.objects.get(verb="certificates.issued")
    assert entry.facts == {"count": 2}


def test_printed_again_it_stays_as_it_is(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students, *sessions, now=now)
    before = [one.code for one in take(world, now)]

    again = take(world, now + LATER)

    assert [one.code for one in again] == before
    assert Certificate.objects.count() == 5


def test_other_hours_make_another_and_the_earlier_is_revoked(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    first = world.students[0]
    credit(world, [first], *sessions, now=now)
    (before,) = take(world, now)
    credit(world, [first], world.session(day=sessions[1].starts_at.date() + LATER), now=now)

    (after,) = take(world, now + LATER)

    before.refresh_from_db()
    assert (after.class_hours, after.code != before.code) == (18, True)
    assert (before.revoked_at, before.revoke_reason) == (now + LATER, "已换发新证书")
    assert before.revoked_by_id == world.teacher.membership_id


def test_chosen_students_alone_get_theirs(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students, *sessions, now=now)

    found = take(world, now, student_ids=[world.students[1].pk])

    assert [one.student_id for one in found] == [world.students[1].pk]
    assert Certificate.objects.count() == 1


def test_nobody_reached_and_nothing_required_are_refused(world: World, now: datetime) -> None:
    with pytest.raises(NobodyReached):
        take(world, now)
    PracticumRequirement.objects.all().delete()
    with pytest.raises(NothingRequired):
        take(world, now)
    assert not Certificate.objects.exists()


def test_hours_of_too_few_occupations_are_not_enough(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    PracticumRequirement.objects.update(min_occupations=2)
    credit(world, world.students, *sessions, now=now)

    with pytest.raises(NobodyReached):
        take(world, now)


def test_only_the_school_and_the_classs_teachers_issue(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students, *sessions, now=now)
    colleague = actor_of(MembershipFactory(organisation=world.school))

    for actor, refusal in ((colleague, NotAllowed), (world.manager, NotYours)):
        with pytest.raises(refusal):
            certificates.take_to_print(by=actor, class_group=world.group, now=now)
    assert len(
        certificates.take_to_print(by=world.coordinator, class_group=world.group, now=now)
    ) == 5  # fmt: skip


def test_one_more_good_certificate_of_a_student_is_impossible(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:1], *sessions, now=now)
    (made,) = take(world, now)
    made.pk, made.code = None, "A" * 16

    with pytest.raises(IntegrityError, match="certificate_live_once"), transaction.atomic():
        made.save(force_insert=True)
    for change, name in (
        ({"class_hours": 13}, "certificate_hours_reached"),
        ({"revoke_reason": "x"}, "certificate_revoked_paired"),
        ({"revoked_at": now}, "certificate_revoked_paired"),
        ({"code": "0" * 16}, "certificate_code_base32"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Certificate.objects.update(**change)


# ── what its code says ──


def state_of(certificate: Certificate) -> CertificateState:
    found = selectors.by_code(certificate.code)
    assert found is not None
    return found[1]


def test_a_correction_afterwards_makes_it_out_of_date(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:2], *sessions, now=now)
    first, second = take(world, now)
    reverse_one(world, world.students[0], sessions[1], now + LATER)

    assert state_of(first) == CertificateState.OUT_OF_DATE
    assert state_of(second) == CertificateState.VALID

    # The mistake is put right: the ledger says again what the sheet says.
    credit(world, world.students[:1], sessions[1], now=now + 2 * LATER)
    assert state_of(first) == CertificateState.VALID


def test_hours_that_only_came_to_the_same_sum_do_not_make_it_good(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:1], *sessions, now=now)
    (made,) = take(world, now)
    reverse_one(world, world.students[0], sessions[1], now)
    other = world.session(day=sessions[1].starts_at.date() + LATER, class_hours=7)
    credit(world, world.students[:1], other, now=now)

    assert state_of(made) == CertificateState.OUT_OF_DATE


def test_hours_that_came_later_leave_it_good(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:1], *sessions, now=now)
    (made,) = take(world, now)
    credit(world, world.students[:1], world.session(starts=datetime.min.time()), now=now)

    assert state_of(made) == CertificateState.VALID


def test_revoked_with_a_reason_it_is_good_no_more(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:1], *sessions, now=now)
    (made,) = take(world, now)
    with pytest.raises(RevokeReasonMissing):
        certificates.revoke(by=world.teacher, certificate=made, reason=" ", now=now)
    with pytest.raises(NotYours):
        certificates.revoke(by=world.manager, certificate=made, reason="x", now=now)

    for reason in ("学生姓名有误", "again"):
        certificates.revoke(by=world.teacher, certificate=made, reason=reason, now=now)

    made.refresh_from_db()
    assert (made.revoked_at, made.revoke_reason) == (now, "学生姓名有误")
    assert state_of(made) == CertificateState.REVOKED
    assert AuditEntry.objects.filter(verb="certificate.revoked").count() == 1


def merged(world: World, now: datetime, *, same_name: bool = True) -> merging.Merged:
    """The second student of the class is the first."""
    if same_name:
        Student.objects.filter(class_group=world.group, seat_no__in=[1, 2]).update(name="李子涵")
    survivor, duplicate = world.students[:2]
    return merging.merge(by=world.coordinator, survivor=survivor, duplicate=duplicate, now=now)


def shown(response: Any) -> str:
    text = re.sub(r"<[^>]+>", " ", response.content.decode().split("<main", 1)[1])
    return " ".join(text.split("<footer")[0].split())


def public_word(certificate: Certificate) -> str:
    """What the page behind the code says of it."""
    page = shown(Client().get(f"/verify/{certificate.code}/"))
    (word,) = [one for one in ("有效", "已过时", "已作废") if f" {one} " in page]
    return word


def test_merged_into_a_row_without_hours_the_same_sheet_stays_good(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    survivor, duplicate = world.students[:2]
    credit(world, [duplicate], *sessions, now=now)
    (made,) = take(world, now)

    done = merged(world, now + LATER)

    made.refresh_from_db()
    assert (made.student_id, done.revoked) == (survivor.pk, 0)
    assert public_word(made) == "有效"
    assert [one.code for one in take(world, now + LATER)] == [made.code]
    reverse_one(world, survivor, sessions[0], now)
    assert state_of(made) == CertificateState.OUT_OF_DATE


def test_merged_a_sheet_with_another_name_is_revoked(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    duplicate = world.students[1]
    credit(world, [duplicate], *sessions, now=now)
    (made,) = take(world, now)

    done = merged(world, now + LATER, same_name=False)

    made.refresh_from_db()
    assert (made.revoked_at, made.revoked_by_id, made.revoke_reason) == (
        now + LATER,
        world.coordinator.membership_id,
        "合并重复的学生",
    )
    assert done.revoked == 1
    assert public_word(made) == "已作废"
    assert AuditEntry.objects.get(verb="certificates.revoked").facts == {"count": 1}


def test_of_two_sheets_of_one_child_one_stays_good(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:2], *sessions, now=now)
    own, other = take(world, now)

    done = merged(world, now + LATER)

    assert done.revoked == 1
    assert [public_word(own), public_word(other)] == ["有效", "已作废"]


def test_sheets_that_the_ledger_no_longer_says_after_merging_are_revoked(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    """Each of the two reached the hours, partly elsewhere: neither sheet says it all."""
    first, second = world.students[:2]
    more = world.session(day=sessions[1].starts_at.date() + LATER)
    credit(world, [first], *sessions, now=now)
    credit(world, [second], *sessions, more, now=now)
    own, other = take(world, now)

    done = merged(world, now + LATER)

    assert done.hours == more.class_hours
    # The duplicate's says just what the survivor has now.
    assert (done.revoked, public_word(own), public_word(other)) == (1, "已作废", "有效")


def test_hours_that_came_before_merging_leave_the_sheet_as_true_as_it_was(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    first = world.students[0]
    credit(world, [first], *sessions, now=now)
    (own,) = take(world, now)
    credit(world, [first], world.session(day=sessions[1].starts_at.date() + LATER), now=now)

    done = merged(world, now + LATER)

    assert (done.revoked, public_word(own)) == (0, "有效")


def test_erased_nothing_is_certified_any_more(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    student = world.students[0]
    credit(world, world.students[:2], *sessions, now=now)
    made, other = take(world, now)

    erasure.erase_student(by=world.coordinator, student=student, typed_name=student.name, now=now)

    assert state_of(made) == CertificateState.REVOKED
    assert state_of(other) == CertificateState.VALID
    entry = AuditEntry.objects.get(verb="certificates.revoked")
    assert entry.facts == {"count": 1}

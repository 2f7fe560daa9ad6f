"""What is over is forgotten at night, no earlier; a dry run changes nothing; totals stay."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db.models import Sum

from accounts.choices import Role
from accounts.models import AuditEntry, Invitation
from attendance.models import Badge, CheckIn, RosterPack
from attendance.services import badges, desk, retention
from bookings.models import Companion, Place, Reservation
from hours.models import HourCredit
from notifications.models import Delivery, Message
from planning import tasks
from planning.services.retention import RULES
from rosters import sealing
from rosters.choices import ChangeKind, ImportState, NeedKind
from rosters.models import (
    ClassGroup,
    GuardianPhone,
    RosterChange,
    RosterImport,
    Student,
    StudentNeed,
)
from sites.calendar import SHANGHAI
from tests.attendance.conftest import Door
from tests.attendance.devices import make_tablet
from tests.factories.attendance import close_desk, let_in
from tests.factories.rosters import make_class

DAY = timedelta(days=1)


@pytest.fixture
def held(door: Door) -> Door:
    """A session that was, with two students credited, and something of every kind to forget."""
    now = door.now
    desk.open_desk(by=door.manager, session=door.session, now=now)
    for student in door.students[:2]:
        let_in(student, by=door.manager, session=door.session, now=now)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    student = door.students[0]
    need = StudentNeed(student=student, kind=NeedKind.DIET, noted_at=now - DAY)
    need.sealed = sealing.seal("不吃花生", owner=need.seal_owner)
    need.save()
    phone = GuardianPhone(student=student)
    phone.sealed = sealing.seal("13912345678", owner=phone.seal_owner)
    phone.save()
    done = RosterImport.objects.create(
        school=student.school,
        made_at=now,
        expires_at=now,
        ended_at=now,
        state=ImportState.CONFIRMED,
        suffix=".xlsx",
        size=1,
    )
    RosterChange.objects.create(roster_import=done, student=student, kind=ChangeKind.NEW)
    RosterImport.objects.create(
        school=student.school,
        made_at=now,
        expires_at=now + timedelta(hours=1),
        suffix=".xlsx",
        size=1,
        content=b"names",
        answers={"7.1": "慕容"},
    )
    badges.reissue(by=door.world.coordinator, student=student, reason="遗失", now=now)
    Invitation.objects.create(
        organisation=student.school,
        role=Role.TEACHER,
        email="new@example.org",
        name="新老师",
        token_digest="1" * 64,
        created_at=now - 7 * DAY,
        expires_at=now,
    )
    Session.objects.create(session_key="k" * 32, session_data="x", expire_date=now + 14 * DAY)
    return door


def rows() -> dict[str, list[Any]]:
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if not model._meta.proxy
    }


def counts(outcomes: list[retention.Outcome]) -> dict[str, int]:
    return {outcome.code: outcome.rows for outcome in outcomes if outcome.rows}


# How long after the door's day each kind is due, and how many rows.
DUE = {
    "imports": (timedelta(hours=1), 1),
    "needs": (7 * DAY + timedelta(hours=2, minutes=40, seconds=1), 1),
    "sign_ins": (14 * DAY + timedelta(seconds=1), 1),
    "changes": (30 * DAY + timedelta(seconds=1), 1),
    "badges": (30 * DAY + timedelta(seconds=1), 1),
    "invitations": (90 * DAY + timedelta(seconds=1), 1),
    "companions": (365 * DAY + timedelta(hours=2, minutes=41), 2),
    "contacts": (365 * DAY + timedelta(hours=2, minutes=41), 1),
}


@pytest.mark.parametrize("code", DUE)
def test_a_kind_is_forgotten_when_its_time_is_over_and_not_before(held: Door, code: str) -> None:
    after, number = DUE[code]

    early = counts(retention.retain(now=held.now + after - timedelta(minutes=1)))
    due = counts(retention.retain(now=held.now + after, dry_run=True))
    done = counts(retention.retain(now=held.now + after))
    again = counts(retention.retain(now=held.now + after))

    assert code not in early
    assert due[code] == done[code] == number
    assert code not in again


def test_what_device_took_which_list_is_forgotten_a_month_after_the_session(door: Door) -> None:
    make_tablet(door)
    pack = RosterPack.objects.get()
    assert pack.students

    early = counts(retention.retain(now=pack.expires_at + 30 * DAY))
    done = counts(retention.retain(now=pack.expires_at + 30 * DAY + timedelta(seconds=1)))

    assert "lists" not in early
    assert done["lists"] == 1
    assert not RosterPack.objects.exists()


def test_messages_go_after_a_year_with_where_they_went(held: Door) -> None:
    told = Message.objects.count()
    last = Message.objects.latest("created_at").created_at
    assert told > 0

    retention.retain(now=last + 365 * DAY)
    kept = Message.objects.filter(created_at=last).count()
    outcome = counts(retention.retain(now=last + 365 * DAY + timedelta(seconds=1)))

    assert kept > 0
    assert outcome["messages"] == kept
    assert (Message.objects.count(), Delivery.objects.count()) == (0, 0)


def test_a_class_is_pseudonymised_a_year_after_it_left_school(held: Door) -> None:
    """Entered in September 2025 for four years: out in summer 2029, due from September 2030."""
    total = HourCredit.objects.aggregate(total=Sum("class_hours"))["total"]
    before = (CheckIn.objects.count(), Place.objects.count(), Student.objects.count())

    early = counts(retention.retain(now=datetime(2030, 8, 31, 23, 59, tzinfo=SHANGHAI)))
    done = counts(retention.retain(now=datetime(2030, 9, 1, tzinfo=SHANGHAI)))

    assert "students" not in early
    assert done["students"] == 5
    assert [one.name for one in Student.objects.order_by("pk")] == [
        f"已删除 {one.pk}" for one in Student.objects.order_by("pk")
    ]
    assert not Student.objects.exclude(student_no="", initials="").exists()
    assert not GuardianPhone.objects.exists()
    assert not Badge.objects.live().exists()
    assert total == 8 == HourCredit.objects.aggregate(total=Sum("class_hours"))["total"]
    assert before == (CheckIn.objects.count(), Place.objects.count(), Student.objects.count())


def test_a_whole_cohort_goes_in_batches(held: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)

    done = counts(retention.retain(now=datetime(2030, 9, 1, tzinfo=SHANGHAI)))

    assert done["students"] == 5


@pytest.mark.parametrize(("stage", "years"), [("primary", 5), ("junior", 4), ("senior", 3)])
def test_each_stage_has_its_own_years(db: None, stage: str, years: int) -> None:
    group = make_class(students=1, stage=stage, entry_year=2020)
    due = datetime(2020 + years + 1, 9, 1, tzinfo=SHANGHAI)

    assert retention.graduated_students(due - timedelta(minutes=1)).count() == 0
    assert list(retention.graduated_students(due)) == list(group.students.all())


def test_a_need_of_a_student_who_is_booked_again_stays(held: Door) -> None:
    later = held.now + 20 * DAY
    Place.objects.filter(student=held.students[0]).update(is_live=True)
    StudentNeed.objects.update(noted_at=later - DAY)

    assert "needs" not in counts(retention.retain(now=later))
    assert StudentNeed.objects.count() == 1


def test_a_dry_run_shows_a_table_and_changes_nothing(held: Door) -> None:
    before = rows()
    out = StringIO()

    with time_machine.travel(datetime(2030, 9, 1, tzinfo=SHANGHAI), tick=False):
        call_command("retain", "--dry-run", stdout=out)

    assert rows() == before
    lines = out.getvalue().splitlines()
    assert lines[0].split() == ["what", "due", "kept"]
    assert lines[1].split()[:2] == ["students", "5"]
    assert len(lines) == 1 + len(RULES)


def test_each_night_leaves_one_entry_with_the_counts(held: Door) -> None:
    with time_machine.travel(held.now + 31 * DAY, tick=False):
        found = tasks.retain()

    assert AuditEntry.objects.get(verb="retention.ran").facts == {"removed": found}
    assert {code for code, number in found.items() if number} == {
        "imports",
        "needs",
        "sign_ins",
        "changes",
        "badges",
    }


def test_what_is_forgotten_is_really_gone(held: Door) -> None:
    retention.retain(now=held.now + 400 * DAY)

    expired = RosterImport.objects.get(state=ImportState.EXPIRED)
    assert (expired.content, expired.reading, expired.answers) == (None, None, {})
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.name, invitation.revoked_at) == (
        "",
        "",
        held.now + 400 * DAY,
    )
    assert not Companion.objects.exists()
    reservation = Reservation.objects.get()
    assert (reservation.contact_name, reservation.contact_phone, reservation.note) == ("", "", "")
    assert not Session.objects.exists()
    assert Student.objects.filter(erased_at=None).count() == 5
    assert ClassGroup.objects.count() == 1

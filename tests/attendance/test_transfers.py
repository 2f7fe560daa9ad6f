"""A student comes from another school: hours and badge with her, seats left behind."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.models import User
from attendance.models import Badge
from attendance.services import check_in, transfers
from bookings.models import Booking, Place
from bookings.selectors.progress import class_progress
from courses.models import CourseSession
from hours.models import HourCredit
from insights.selectors.ledger import credits_of
from notifications.models import Message
from rosters import selectors
from rosters.choices import TransferState
from rosters.errors import (
    ClassNotThere,
    SeatTaken,
    StudentGone,
    StudentNoTaken,
    StudentNoUnclear,
    TransferOver,
)
from rosters.models import (
    ClassGroup,
    SchoolSettings,
    Student,
    StudentNeed,
    StudentTransfer,
)
from rosters.services import care, consents
from rosters.services import transfers as asking
from tests.attendance.conftest import DAY, Door
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.attendance import close_desk, let_in
from tests.factories.bookings import make_booking
from tests.factories.rosters import make_class, make_teacher_of


@dataclass
class Move:
    """The student of seat 1, with four class hours, is asked to be taken by another school."""

    door: Door
    student: Student
    transfer: StudentTransfer
    group: ClassGroup
    office: Actor
    teacher: Actor
    coming: Booking
    now: datetime

    def accept(self, **values: object) -> Student:
        given: dict[str, object] = {
            "by": self.office,
            "transfer": self.transfer,
            "class_group": self.group,
            "seat_no": 9,
            "student_no": "N-9",
            "now": self.now,
        }
        return transfers.accept(**(given | values))  # type: ignore[arg-type]


@pytest.fixture
def move(door: Door) -> Move:
    student, world = door.students[0], door.world
    let_in(student, by=door.manager, session=door.session, now=door.now)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    now = door.now + timedelta(days=1)
    coming = make_booking(
        by=world.teacher,
        session=world.session(day=DAY + timedelta(days=7)),
        class_group=world.group,
        now=now,
    )
    group = make_class(students=2, number=7)
    office = actor_of(MembershipFactory(coordinator=True, organisation=group.school))
    transfer = asking.ask(by=world.coordinator, student=student, to_school=group.school, now=now)
    return Move(
        door, student, transfer, group, office, actor_of(make_teacher_of(group)), coming, now
    )


@pytest.fixture(autouse=True)
def _clock(door: Door):  # type: ignore[no-untyped-def]
    with time_machine.travel(door.now + timedelta(days=1), tick=False):
        yield


def test_she_belongs_to_the_new_school_with_hours_and_badge(move: Move) -> None:
    code = Badge.objects.live().get(student=move.student).code
    ledger = list(HourCredit.objects.order_by("pk").values())

    student = move.accept()

    student.refresh_from_db()
    assert (student.class_group, student.school, student.seat_no, student.student_no) == (
        move.group,
        move.group.school,
        9,
        "N-9",
    )
    assert student.joined_at == move.now
    assert check_in.bearer(code) == student
    assert Badge.objects.visible_to(move.office).filter(student=student).count() == 1
    assert not Badge.objects.visible_to(move.door.world.coordinator).filter(student=student)
    # No row of the ledger was touched, and both schools read it.
    assert list(HourCredit.objects.order_by("pk").values()) == ledger
    for actor in (move.office, move.teacher):
        assert [one.class_hours for one in credits_of(actor, student)] == [4]
        assert class_progress(actor, move.group, move.now).rows[-1].earned == 4
    assert HourCredit.objects.visible_to(move.door.world.coordinator).count() == 1
    assert not HourCredit.objects.visible_to(move.door.world.teacher).exists()


def test_her_old_school_s_seats_are_free_and_both_sides_told(move: Move) -> None:
    before = Message.objects.latest("pk").pk

    move.accept()

    move.coming.refresh_from_db()
    assert move.coming.seats == 4
    assert CourseSession.objects.get(pk=move.coming.session_id).seats_taken == 4
    assert not Place.objects.live().filter(student=move.student, starts_at__gt=move.now).exists()
    # What is past stays as it was.
    assert Place.objects.live().filter(student=move.student, session=move.door.session).exists()
    told = Message.objects.filter(pk__gt=before)
    world = move.door.world
    assert {message.recipient_id: message.kind for message in told} == {
        world.teacher.user_id: "booking_changed",
        world.manager.user_id: "booking_changed",
        world.coordinator.user_id: "student_transfer",
    }
    note = told.get(kind="student_transfer")
    assert note.body.startswith("七(3)班 1 号学生已转走")
    assert not any(move.student.name in message.subject + message.body for message in told)


@pytest.mark.parametrize("keeps", [True, False])
def test_consents_end_needs_go_and_phones_only_where_kept(move: Move, keeps: bool) -> None:
    world = move.door.world
    SchoolSettings.objects.create(school=world.school, keeps_guardian_phones=True)
    SchoolSettings.objects.create(school=move.group.school, keeps_guardian_phones=keeps)
    care.set_guardian_phone(
        by=world.coordinator, student=move.student, phone="13812345678", now=move.now
    )
    care.set_needs(
        by=world.coordinator, student=move.student, needs={"diet": "花生过敏"}, now=move.now
    )
    consents.record_consents(
        by=world.teacher,
        class_group=world.group,
        student_ids=[move.student.pk],
        school_year=2026,
        now=move.now,
    )

    move.accept()

    assert selectors.signed_for_year([move.student.pk], 2026) == set()
    assert StudentNeed.objects.filter(student=move.student).count() == 1
    assert care.masked_phone(move.student) == ("****5678" if keeps else "")


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"seat_no": 1}, SeatTaken),
        ({"student_no": "taken"}, StudentNoTaken),
        ({"student_no": "310107201301011234"}, StudentNoUnclear),
    ],
)
def test_a_seat_or_number_in_use_moves_nothing(
    move: Move, values: dict[str, object], refusal: type[Exception]
) -> None:
    Student.objects.filter(class_group=move.group, seat_no=2).update(student_no="taken")

    with pytest.raises(refusal):
        move.accept(**values)

    move.student.refresh_from_db()
    move.transfer.refresh_from_db()
    assert (move.student.school_id, move.transfer.state) == (
        move.door.world.school.pk,
        TransferState.ASKED,
    )
    assert Place.objects.live().filter(booking=move.coming).count() == 5


def test_only_the_new_school_s_coordinator_accepts_into_her_own_class(move: Move) -> None:
    world = move.door.world
    for values, refusal in [
        ({"by": world.coordinator}, NotAllowed),
        ({"by": move.teacher}, NotAllowed),
        ({"by": actor_of(MembershipFactory(coordinator=True))}, NotYours),
        ({"by": world.manager}, NotYours),
        ({"class_group": world.group}, ClassNotThere),
        ({"class_group": make_class(school=move.group.school, number=8, archived_at=move.now)},
         ClassNotThere),
    ]:  # fmt: skip
        with pytest.raises(refusal):
            move.accept(**values)


def test_what_is_over_is_not_accepted(move: Move) -> None:
    asking.withdraw(by=move.door.world.coordinator, transfer=move.transfer, now=move.now)

    # The page was opened before: the row it holds still says asked.
    with pytest.raises(TransferOver):
        move.accept()


def test_who_was_merged_meanwhile_is_gone(move: Move) -> None:
    Student.objects.filter(pk=move.student.pk).update(merged_into=move.door.students[1])

    with pytest.raises(StudentGone):
        move.accept()


def test_the_page_offers_a_class_of_her_year_and_accepts(move: Move) -> None:
    client, theirs = Client(), Client()
    client.force_login(User.objects.get(pk=move.office.user_id))
    theirs.force_login(User.objects.get(pk=move.door.world.coordinator.user_id))
    url = f"/school/transfers/{move.transfer.pk}/accept/"

    shown = client.get(url)
    refused = client.post(url, {"class_group": move.group.pk, "seat_no": 1})
    done = client.post(url, {"class_group": move.group.pk, "student_no": "N-3"})

    assert shown.context["form"].initial["class_group"] == move.group
    assert move.student.name in shown.content.decode()
    assert '<option value="">请选班级</option>' in shown.content.decode()
    assert (refused.status_code, done.status_code) == (409, 302)
    move.student.refresh_from_db()
    assert (move.student.seat_no, move.student.student_no) == (3, "N-3")
    assert client.get(url).status_code == 409
    assert theirs.get(url).status_code == 403

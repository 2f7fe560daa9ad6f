"""One student's data: taken out whole, and erased so that totals stay."""

from datetime import datetime, timedelta
from io import BytesIO
from uuid import uuid4

import openpyxl
import pytest
from django.db import transaction
from django.db.models import Sum
from django.test import Client

from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry, User
from attendance.choices import AttendanceState, EventKind, ProposalKind, WayIn
from attendance.errors.students import AlreadyErased, ConfirmationWrong
from attendance.models import (
    Badge,
    Certificate,
    CheckIn,
    Conflict,
    HourProposal,
    LawfulRemoval,
    Objection,
)
from attendance.selectors.states import attendance_of_session
from attendance.selectors.student_data import PARTS, sheets_of
from attendance.services import check_in, desk, erasure, proposals
from bookings.models import Booking, Place, TripConsent
from hours.models import HourCredit, PracticumRequirement
from notifications.models import Message
from rosters import sealing
from rosters.choices import ChangeKind, ConsentKind, ImportState, NeedKind
from rosters.models import (
    Consent,
    ConsentText,
    GuardianPhone,
    RosterChange,
    RosterImport,
    Student,
    StudentNeed,
    StudentTransfer,
)
from rosters.services import forgetting
from tests.attendance.conftest import Door
from tests.bookings.conftest import DAY
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.attendance import close_desk
from tests.factories.bookings import make_booking

NAME = "=1+1 慕容甲子"


@pytest.fixture
def student(door: Door) -> Student:
    """She came, was credited, is booked again, and has everything that can be stored."""
    student = door.students[0]
    Student.objects.filter(pk=student.pk).update(name=NAME, initials=" mrjz")
    student.refresh_from_db()
    desk.open_desk(by=door.manager, session=door.session, now=door.now)
    check_in.check_in(
        by=door.manager,
        session=door.session,
        student_id=student.pk,
        way_in=WayIn.TICK,
        event_id=uuid4(),
        happened_at=door.now,
        now=door.now,
    )
    close_desk(
        by=door.manager, session=door.session, now=door.session.ends_at + timedelta(minutes=1)
    )
    coming = door.world.session(day=DAY + timedelta(days=7))
    make_booking(by=door.world.teacher, session=coming, class_group=door.world.group, now=door.now)
    phone = GuardianPhone(student=student)
    phone.sealed = sealing.seal("13912345678", owner=phone.seal_owner)
    phone.save()
    Certificate.objects.create(
        student=student,
        school=student.school,
        requirement=PracticumRequirement.objects.get(),
        code="A" * 16,
        class_hours=14,
        required_hours=14,
        lines=[{"session": door.session.pk, "on": "2026-12-08", "hours": 14}],
        issued_at=door.now,
    )
    need = StudentNeed(student=student, kind=NeedKind.DIET, noted_at=door.now)
    need.sealed = sealing.seal("不吃花生", owner=need.seal_owner)
    need.save()
    text = ConsentText.objects.create(
        kind=ConsentKind.YEAR, version=2, text_zh="同意。", published_at=door.now
    )
    Consent.objects.create(student=student, text=text, school_year=2026, recorded_at=door.now)
    TripConsent.objects.create(
        booking=door.booking, student=student, text=text, recorded_at=door.now
    )
    made = RosterImport.objects.create(
        school=student.school,
        made_at=door.now,
        expires_at=door.now,
        ended_at=door.now,
        state=ImportState.CONFIRMED,
        suffix=".xlsx",
        size=1,
    )
    RosterChange.objects.create(
        roster_import=made,
        student=student,
        kind=ChangeKind.RENAMED,
        before={"name": "慕容丑"},
        after={"name": NAME},
    )
    StudentTransfer.objects.create(
        student=student,
        from_school=student.school,
        to_school=OrganisationFactory(),
        asked_at=door.now,
    )
    return Student.objects.select_related("school", "class_group").get(pk=student.pk)


def later(door: Door) -> datetime:
    return door.session.ends_at + timedelta(hours=1)


def test_after_erasing_nothing_tells_who_she_was_and_totals_stay(
    door: Door, student: Student
) -> None:
    now = later(door)
    hours = HourCredit.objects.aggregate(total=Sum("class_hours"))["total"]
    check_ins = CheckIn.objects.count()

    erased = erasure.erase_student(
        by=door.world.coordinator, student=student, typed_name=f" {NAME} ", now=now
    )

    assert (erased.name, erased.initials, erased.student_no, erased.seat_no) == (
        f"已删除 {student.pk}",
        "",
        "",
        999,
    )
    assert (erased.left_at, erased.erased_at) == (now, now)
    assert [model.objects.filter(student=student).count() for model in forgetting.DELETED] == [
        0,
        0,
        0,
        0,
    ]
    assert not Badge.objects.live().filter(student=student).exists()
    assert student.transfers.get().state == "withdrawn"
    assert hours == 4 == HourCredit.objects.aggregate(total=Sum("class_hours"))["total"]
    assert student.hour_credits.get().class_hours == 4
    assert CheckIn.objects.count() == check_ins == 5
    entry = AuditEntry.objects.get(verb="student.erased")
    assert (entry.target, entry.school_id, entry.facts["places"]) == (
        f"rosters.student:{student.pk}",
        student.school_id,
        1,
    )
    assert NAME not in str(entry.facts)


def test_her_coming_place_is_free_and_the_past_one_stays(door: Door, student: Student) -> None:
    coming = Booking.objects.exclude(pk=door.booking.pk).get()

    erasure.erase_student(
        by=door.world.coordinator, student=student, typed_name=NAME, now=later(door)
    )

    coming.refresh_from_db()
    coming.session.refresh_from_db()
    assert (coming.seats, coming.session.seats_taken, coming.sequence) == (4, 4, 1)
    assert [place.booking_id for place in Place.objects.live().filter(student=student)] == [
        door.booking.pk
    ]
    told = Message.objects.filter(kind="booking_changed")
    assert told.count() == 2
    assert not told.filter(body__contains="慕容").exists()


def test_a_booking_that_loses_its_last_student_is_cancelled(door: Door, now: datetime) -> None:
    session = door.world.session(day=DAY + timedelta(days=7))
    student = door.students[1]
    booking = make_booking(
        by=door.world.teacher,
        session=session,
        class_group=door.world.group,
        student_ids=[student.pk],
        now=now,
    )

    erasure.erase_student(
        by=door.world.coordinator, student=student, typed_name=student.name, now=later(door)
    )

    booking.refresh_from_db()
    session.refresh_from_db()
    assert (booking.state, booking.seats, booking.cancel_reason) == (
        "cancelled",
        0,
        "学生已离开班级。",
    )
    assert session.seats_taken == 0


def test_rows_merged_into_hers_go_the_same_way(door: Door, student: Student) -> None:
    twin, triplet, other = door.students[1:4]
    Student.objects.filter(pk=twin.pk).update(merged_into=student)
    Student.objects.filter(pk=triplet.pk).update(merged_into=twin)

    erasure.erase_student(
        by=door.world.coordinator, student=student, typed_name=NAME, now=later(door)
    )

    assert set(Student.objects.exclude(erased_at=None).values_list("pk", flat=True)) == {
        student.pk,
        twin.pk,
        triplet.pk,
    }
    other.refresh_from_db()
    assert other.name == "学生304"


def test_what_presence_follows_from_stays(door: Door) -> None:
    """That nobody had seen her at the closing is a code, not somebody's words."""
    absent = door.students[4]
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    desk.reopen_desk(by=door.manager, session=door.session, reason="补签", now=door.session.ends_at)
    CheckIn.objects.create(
        session=door.session,
        student=absent,
        kind=EventKind.IN,
        way_in=WayIn.CAMERA,
        happened_at=door.now,
        recorded_at=door.session.ends_at,
    )
    before = attendance_of_session(door.session)[absent.pk]

    erasure.erase_student(
        by=door.world.coordinator, student=absent, typed_name=absent.name, now=later(door)
    )

    assert before.state == AttendanceState.PRESENT
    assert attendance_of_session(door.session)[absent.pk] == before


def test_another_name_typed_erases_nobody(door: Door, student: Student) -> None:
    with pytest.raises(ConfirmationWrong):
        erasure.erase_student(
            by=door.world.coordinator, student=student, typed_name="慕容甲", now=later(door)
        )

    assert not Student.objects.exclude(erased_at=None).exists()


def test_erased_once_is_enough(door: Door, student: Student) -> None:
    coordinator = door.world.coordinator
    erased = erasure.erase_student(
        by=coordinator, student=student, typed_name=NAME, now=later(door)
    )

    with pytest.raises(AlreadyErased):
        erasure.erase_student(
            by=coordinator, student=erased, typed_name=erased.name, now=later(door)
        )


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("teacher", NotAllowed), ("manager", NotYours), ("stranger", NotYours)],
)
def test_only_the_schools_coordinator_erases(
    door: Door, student: Student, who: str, refusal: type[Exception]
) -> None:
    by = {
        "teacher": door.world.teacher,
        "manager": door.manager,
        "stranger": actor_of(MembershipFactory(coordinator=True)),
    }[who]

    with pytest.raises(refusal):
        erasure.erase_student(by=by, student=student, typed_name=NAME, now=later(door))


def test_what_hangs_on_a_student_is_deleted_revoked_or_holds_keys_only() -> None:
    hanging = {relation.related_model for relation in Student._meta.related_objects}
    keys_only = {
        Place, HourCredit, HourProposal, CheckIn, Conflict, LawfulRemoval, StudentTransfer, Student,
        Badge, Certificate,
    }  # fmt: skip

    assert hanging == keys_only | {TripConsent, Objection} | set(forgetting.DELETED)


# ── taken out ──


def client_of(door: Door) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=door.world.coordinator.user_id))
    return client


def test_the_export_holds_everything_and_says_who_took_it(door: Door, student: Student) -> None:
    proposals.propose(
        by=door.world.teacher,
        student=student,
        kind=ProposalKind.MANUAL,
        class_hours=2,
        reason="校外讲座",
        now=door.now,
    )

    response = client_of(door).post(f"/school/students/{student.pk}/data/export/")

    book = openpyxl.load_workbook(BytesIO(response.content))
    assert response["Content-Disposition"] == f'attachment; filename="student-{student.pk}.xlsx"'
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert book.sheetnames == [
        "基本信息",
        "转学",
        "预约",
        "签到",
        "待定的签到",
        "学时",
        "学时异议",
        "补记申请",
        "胸牌",
        "证书",
        "监护人同意书",
        "出行同意书",
        "行动和饮食需要",
        "姓名查看记录",
    ]
    assert all(page["A1"].value.startswith("清河中学 沈主任 导出，") for page in book)
    assert book.properties.creator == "沈主任"
    assert book.properties.description == book["学时"]["A1"].value
    basics = {row[0].value: row[1] for row in book["基本信息"].iter_rows(min_row=3)}
    assert (basics["姓名"].value, basics["姓名"].data_type) == (NAME, "s")
    assert basics["监护人电话"].value == "*******5678"
    assert [page.max_row - 2 for page in book][1:] == [1, 2, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1]
    assert [cell.value for cell in book["补记申请"][3]][:6] == [
        "补记",
        None,
        "2026-12-08",
        2,
        "校外讲座",
        "待复核",
    ]
    assert [cell.value for cell in book["行动和饮食需要"][3]][:2] == ["饮食", "不吃花生"]
    assert book["学时"]["D3"].value == 4
    assert "13912345678" not in str([[c.value for r in page for c in r] for page in book])


def test_the_export_is_logged_for_the_school(door: Door, student: Student) -> None:
    client_of(door).post(f"/school/students/{student.pk}/data/export/")

    entry = AuditEntry.objects.get(verb="student.exported")
    assert (entry.school_id, entry.facts["students"], entry.address) == (
        student.school_id,
        [student.pk],
        "127.0.0.1",
    )


def test_a_value_that_does_not_open_is_said_so(door: Door, student: Student) -> None:
    StudentNeed.objects.filter(student=student).update(sealed=b"\x01k" + bytes(30))

    sheets = {sheet.name: sheet for sheet in sheets_of(student, door.now)}

    assert sheets["行动和饮食需要"].rows[0][1] == "（无法解密）"


def test_a_student_of_whom_little_is_known_has_empty_sheets(door: Door) -> None:
    student = Student.objects.select_related("school", "class_group").get(pk=door.students[4].pk)

    counts = [len(sheet.rows) for sheet in sheets_of(student, door.now)]

    assert counts == [9, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert len(counts) == len(PARTS)


# ── the pages ──


def test_the_page_leads_to_export_and_erasure(door: Door, student: Student) -> None:
    text = client_of(door).get(f"/school/students/{student.pk}/data/").content.decode()

    assert f'action="/school/students/{student.pk}/data/export/"' in text
    assert f'href="/school/students/{student.pk}/data/erase/"' in text
    assert AuditEntry.objects.get(verb="names.read").facts["context"] == "student_data"


def test_erasing_on_the_page_asks_for_the_name_first(door: Door, student: Student) -> None:
    client = client_of(door)
    address = f"/school/students/{student.pk}/data/erase/"

    asked = client.get(address)
    wrong = client.post(address, {"name": "慕容"})
    done = client.post(address, {"name": NAME}, follow=True)

    assert asked.status_code == 200
    assert (wrong.status_code, "请照原样输入这名学生的姓名" in wrong.content.decode()) == (
        422,
        True,
    )
    assert done.redirect_chain == [(f"/school/students/{student.pk}/data/", 302)]
    assert "只留编号和学时" in done.content.decode()
    assert NAME not in done.content.decode()
    assert "erase/" not in done.content.decode()
    assert client.get(address).status_code == 409
    assert client.post(f"/school/students/{student.pk}/data/export/").status_code == 409


def test_pseudonymised_and_named_rows_obey_the_constraint(door: Door) -> None:
    with pytest.raises(Exception, match="student_erased_names_nobody"), transaction.atomic():
        Student.objects.filter(pk=door.students[0].pk).update(erased_at=door.now)

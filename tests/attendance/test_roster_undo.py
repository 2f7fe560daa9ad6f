"""Undoing a roster import, as long as nothing was built on it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import AuditEntry
from attendance.errors.students import ImportBuiltUpon
from attendance.services import badges, roster_undo
from rosters.choices import ImportState
from rosters.errors import EditedSince, NothingToUndo, UndoTooLate
from rosters.models import ClassGroup, RosterChange, RosterImport, SchoolSettings, Student
from rosters.services import care, classes
from rosters.services import students as student_services
from rosters.services.imports import answering, confirming
from rosters.services.settings import set_school_settings
from tests.bookings.races import at_once
from tests.factories.accounts import MembershipFactory
from tests.factories.attendance import let_in
from tests.factories.bookings import make_booking
from tests.factories.courses import make_session, manager_of
from tests.factories.rosters import make_class, make_teacher_of
from tests.rosters.conftest import School
from tests.rosters.imports import bring, bring_in, students

BEFORE = "王雨,7(3),A,1\n李子涵,7(3),B,2\n陈一,7(3),C,3\n"
# A new student and class, two seats changed round, one moved and one renamed, one left.
AFTER = "王语,7(3),A,2\n李子涵,7(4),B,1\n新生,7(5),D,1\n"


@pytest.fixture
def school(db: None) -> School:
    group = make_class(students=0, number=3)
    return School(
        group.school,
        group,
        MembershipFactory(coordinator=True, organisation=group.school),
        make_teacher_of(group),
    )


def rows() -> list[dict[str, object]]:
    return list(Student.objects.order_by("pk").values())


def test_everybody_is_as_before_and_new_classes_left_empty_are_gone(
    school: School, now: datetime
) -> None:
    bring_in(school, BEFORE, now=now)
    before = rows()
    row = bring_in(school, AFTER, now=now)
    assert [name for _class, name, *_rest in students(school)] == ["王语", "李子涵", "新生"]

    undone = roster_undo.undo(by=school.coordinator, roster_import=row, now=now)

    assert rows() == before
    assert undone.state == ImportState.UNDONE
    assert list(ClassGroup.objects.values_list("number", flat=True)) == [3]
    assert not RosterChange.objects.filter(roster_import=row).exists()
    entry = AuditEntry.objects.get(verb="import.undone")
    assert entry.facts == {"students": 4}


def test_a_new_class_with_a_teacher_stays(school: School, now: datetime) -> None:
    row = bring_in(school, "新生,7(5),D,1\n", now=now)
    classes.assign_teacher(
        by=school.coordinator,
        class_group=ClassGroup.objects.get(number=5),
        membership=school.teacher_membership,
        is_homeroom=True,
        now=now,
    )

    roster_undo.undo(by=school.coordinator, roster_import=row, now=now)

    assert ClassGroup.objects.filter(number=5).exists()


def test_a_class_that_was_open_again_is_archived_again(school: School, now: datetime) -> None:
    ClassGroup.objects.update(archived_at=now)
    row = bring_in(school, "新生,7(3),D,1\n", now=now)

    roster_undo.undo(by=school.coordinator, roster_import=row, now=now)

    assert ClassGroup.objects.get().archived_at == now


def test_a_class_that_was_open_again_stays_open_for_who_came_since(
    school: School, now: datetime
) -> None:
    ClassGroup.objects.update(archived_at=now)
    row = bring_in(school, "新生,7(3),D,1\n", now=now)
    student_services.add_student(
        by=school.coordinator,
        class_group=school.group,
        name="陈一",
        student_no="E",
        seat_no=2,
        now=now,
    )

    roster_undo.undo(by=school.coordinator, roster_import=row, now=now)

    assert ClassGroup.objects.get().archived_at is None
    assert students(school) == [(3, "陈一", "E", 2)]


def test_a_telephone_where_there_was_none_is_gone_again(school: School, now: datetime) -> None:
    SchoolSettings.objects.create(school=school.organisation, keeps_guardian_phones=True)
    bring_in(school, "王雨,7(3),A,1\n", now=now)
    row = bring(school, "姓名,班级,学号,监护人电话\n王雨,7(3),A,13900001111\n".encode(), now=now)
    confirming.confirm(by=school.coordinator, roster_import=row, digest=row.roster_digest, now=now)
    given = care.masked_phone(Student.objects.get())

    roster_undo.undo(by=school.coordinator, roster_import=row, now=now)

    assert given == "****1111"
    assert care.masked_phone(Student.objects.get()) == ""


def test_a_replaced_telephone_comes_back(school: School, now: datetime) -> None:
    SchoolSettings.objects.create(school=school.organisation, keeps_guardian_phones=True)
    imports = []
    for phone in ("13900001111", "13900002222"):
        text = f"姓名,班级,学号,监护人电话\n王雨,7(3),A,{phone}\n"
        row = bring(school, text.encode(), now=now)
        imports.append(
            confirming.confirm(
                by=school.coordinator, roster_import=row, digest=row.roster_digest, now=now
            )
        )

    roster_undo.undo(by=school.coordinator, roster_import=imports[1], now=now)

    first = bring(school, "姓名,班级,学号,监护人电话\n王雨,7(3),A,13900001111\n".encode(), now=now)
    same = confirming.confirm(
        by=school.coordinator, roster_import=first, digest=first.roster_digest, now=now
    )
    assert same.summary["unchanged"] == 1


@pytest.mark.parametrize("said", ["13900003333", "", "no longer kept"])
def test_a_telephone_that_was_changed_since_stays_as_it_is(
    school: School, now: datetime, said: str
) -> None:
    SchoolSettings.objects.create(school=school.organisation, keeps_guardian_phones=True)
    for phone in ("13900001111", "13900002222"):
        text = f"姓名,班级,学号,监护人电话\n王雨,7(3),A,{phone}\n"
        row = bring(school, text.encode(), now=now)
        confirming.confirm(
            by=school.coordinator, roster_import=row, digest=row.roster_digest, now=now
        )
    student = Student.objects.get()
    if said == "no longer kept":
        for keeps in (False, True):
            set_school_settings(
                by=school.coordinator,
                school=school.organisation,
                keeps_guardian_phones=keeps,
                consent_rule="none",
                consent_blocks=False,
                now=now,
            )
        care.set_guardian_phone(by=school.teacher, student=student, phone="13900004444", now=now)
    else:
        care.set_guardian_phone(by=school.teacher, student=student, phone=said, now=now)
    after = care.masked_phone(student)
    assert after == {"13900003333": "****3333", "": "", "no longer kept": "****4444"}[said]
    assert not RosterChange.objects.filter(before__has_key="phone").exists()

    roster_undo.undo(by=school.coordinator, roster_import=row, now=now)

    assert care.masked_phone(student) == after


@pytest.mark.parametrize(
    ("build", "what"),
    [
        ("book", "约了 1 个名额"),
        ("badge", "发了 1 张胸牌"),
        ("check_in", "约了 1 个名额，签到 1 次"),
    ],
)
def test_what_was_built_on_it_is_named(
    school: School, now: datetime, build: str, what: str
) -> None:
    row = bring_in(school, "新生,7(3),D,1\n", now=now)
    new = Student.objects.get(name="新生")
    if build == "badge":
        badges.issue_missing(by=school.coordinator, class_group=school.group, now=now)
    else:
        session = make_session(starts_at=now + timedelta(minutes=30), now=now - timedelta(days=9))
        make_booking(
            by=school.teacher,
            session=session,
            class_group=school.group,
            now=now - timedelta(days=2),
        )
        if build == "check_in":
            let_in(new, by=manager_of(session.host), session=session, now=now)
    before = rows()

    with pytest.raises(ImportBuiltUpon) as refused:
        roster_undo.undo(by=school.coordinator, roster_import=row, now=now)

    assert refused.value.facts == {"what": what}
    assert rows() == before
    row.refresh_from_db()
    assert row.state == ImportState.CONFIRMED


def test_a_moved_student_with_seats_of_the_new_class_stays_there(
    school: School, now: datetime
) -> None:
    bring_in(school, "王雨,7(4),A,1\n", now=now)
    row = bring_in(school, "王雨,7(3),A,1\n", now=now)
    session = make_session(starts_at=now + timedelta(days=9), now=now)
    make_booking(by=school.teacher, session=session, class_group=school.group, now=now)

    with pytest.raises(ImportBuiltUpon):
        roster_undo.undo(by=school.coordinator, roster_import=row, now=now)


@pytest.mark.parametrize(
    "edit", ["rename", "take the old seat", "take the old number", "import again"]
)
def test_who_was_edited_since_is_not_set_back(school: School, now: datetime, edit: str) -> None:
    bring_in(school, BEFORE, now=now)
    row = bring_in(school, AFTER, now=now)
    if edit == "rename":
        student_services.edit_student(
            by=school.coordinator,
            student=Student.objects.get(student_no="D"),
            name="新名",
            seat_no=1,
            now=now,
        )
    elif edit.startswith("take"):
        is_seat = edit == "take the old seat"
        if not is_seat:
            # Somebody whose number the import changed; her old one is free.
            row = bring(school, "姓名,班级,学号,座号\n李子涵,7(4),B2,1\n".encode(), now=now)
            answering.answer(
                by=school.coordinator,
                roster_import=row,
                rows={0: Student.objects.get(student_no="B").pk},
                now=now,
            )
            confirming.confirm(
                by=school.coordinator, roster_import=row, digest=row.roster_digest, now=now
            )
        student_services.add_student(
            by=school.coordinator,
            class_group=school.group,
            name="后来",
            student_no="E" if is_seat else "B",
            seat_no=3 if is_seat else 9,
            now=now,
        )
    else:
        bring_in(school, "新生,7(5),D,9\n", now=now)

    with pytest.raises(EditedSince):
        roster_undo.undo(by=school.coordinator, roster_import=row, now=now)


def test_undoing_twice_or_too_late_is_refused(school: School, now: datetime) -> None:
    row = bring_in(school, BEFORE, now=now)

    with pytest.raises(UndoTooLate):
        roster_undo.undo(by=school.coordinator, roster_import=row, now=now + timedelta(days=30))
    roster_undo.undo(by=school.coordinator, roster_import=row, now=now)
    with pytest.raises(NothingToUndo):
        roster_undo.undo(by=school.coordinator, roster_import=row, now=now)


def test_the_page_asks_and_says_why_not(school: School, now: datetime) -> None:
    row = bring_in(school, "新生,7(3),D,1\n", now=now)
    client = Client()
    client.force_login(school.coordinator_membership.user)
    RosterImport.objects.update(ended_at=now - timedelta(days=40))

    asked = client.get(f"/school/import/{row.pk}/undo/")
    refused = client.post(f"/school/import/{row.pk}/undo/")

    assert "撤销" in asked.content.decode()
    assert refused.status_code == 409
    assert "导入已过 30 天，不能再撤销。" in refused.content.decode()


@pytest.mark.django_db(transaction=True)
def test_undoing_and_booking_at_once_do_not_both_happen(school: School, now: datetime) -> None:
    row = bring_in(school, "新生,7(3),D,1\n", now=now)
    session = make_session(starts_at=now + timedelta(days=9), now=now)
    calls: list[Callable[[], object]] = [
        lambda: roster_undo.undo(by=school.coordinator, roster_import=row, now=now),
        lambda: make_booking(by=school.teacher, session=session, class_group=school.group, now=now),
    ]

    answers = at_once(*calls)

    assert sum(isinstance(answer, Exception) for answer in answers) == 1, answers
    row.refresh_from_db()
    assert Student.objects.exists() == (row.state == ImportState.CONFIRMED)

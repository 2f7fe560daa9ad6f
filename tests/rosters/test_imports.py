"""A roster file from upload to the roster, and nothing of it left anywhere else."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ, Task

from accounts.actors import SYSTEM
from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from rosters.choices import ImportState
from rosters.errors import (
    AnswerWrong,
    DecisionWrong,
    ImportHasQuestions,
    ImportHasRefusals,
    ImportNotRead,
    ImportOver,
    RosterChangedMeanwhile,
    TooManyImports,
)
from rosters.models import (
    ClassGroup,
    ClassNameAnswer,
    GuardianPhone,
    RosterChange,
    RosterImport,
    SchoolSettings,
    Student,
)
from rosters.parsing.shapes import ClassName, Reading
from rosters.sealing import unseal
from rosters.services import classes
from rosters.services import students as student_services
from rosters.services.imports import answering, confirming, ending, reading, roster, starting
from rosters.services.imports.preview import preview
from tests.bookings.races import at_once, before_commit
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.rosters import StudentFactory, make_class
from tests.rosters.conftest import School
from tests.rosters.imports import bring, bring_in, students

pytestmark = pytest.mark.django_db

ID_CARD = "310107201309170010"  # not a child's: its check digit is right, its day a test's
# No timestamp or id of a row can hold it by chance, as three digits can.
STUDENT_NO = "XH-701"


@pytest.fixture
def empty(school: School) -> School:
    """A school with one class and nobody in it."""
    Student.objects.all().delete()
    return school


def test_a_file_waits_and_its_task_names_no_more_than_its_key(empty: School, now: datetime) -> None:
    row = starting.start(
        by=empty.coordinator,
        school=empty.organisation,
        content="姓名,班级\n慕容雪,7(3)\n".encode(),
        suffix=".CSV",
        now=now,
    )

    task = OrmQ.objects.get().task
    assert (row.state, row.suffix, row.size) == (ImportState.WAITING, ".csv", 29)
    assert (task["func"], task["args"]) == ("rosters.tasks.read_import", (row.pk,))
    assert row.expires_at == now + timedelta(hours=1)


def test_only_the_schools_coordinator_starts(empty: School, now: datetime) -> None:
    stranger = actor_of(MembershipFactory(coordinator=True))
    with pytest.raises(NotAllowed):
        bring(empty, "", now=now, by=empty.teacher)
    with pytest.raises(NotYours):
        bring(empty, "", now=now, by=stranger)
    assert not RosterImport.objects.exists()


def test_the_eleventh_open_file_waits_until_one_is_over(empty: School, now: datetime) -> None:
    rows = [bring(empty, f"王{n}雨,7(3),{n},\n", now=now) for n in range(10)]
    with pytest.raises(TooManyImports):
        bring(empty, "王雨,7(3),1,\n", now=now)

    ending.drop(by=empty.coordinator, roster_import=rows[0], now=now)

    assert bring(empty, "王雨,7(3),1,\n", now=now).state == ImportState.READY


def test_confirming_writes_all_and_keeps_nothing_of_the_file(empty: School, now: datetime) -> None:
    row = bring(empty, "王雨,7(3),701,2\n李子涵,7(3),702,1\n陈一,7(4),703,\n", now=now)
    assert (row.state, row.content) == (ImportState.READY, None)
    assert students(empty) == []

    confirming.confirm(by=empty.coordinator, roster_import=row, digest=row.roster_digest, now=now)

    assert students(empty) == [
        (3, "李子涵", "702", 1),
        (3, "王雨", "701", 2),
        (4, "陈一", "703", 1),
    ]
    assert Student.objects.get(name="王雨").initials == " wy yy"
    row.refresh_from_db()
    assert (row.state, row.content, row.reading, row.answers) == (
        ImportState.CONFIRMED, None, None, {},
    )  # fmt: skip
    made = ClassGroup.objects.get(number=4)
    assert row.summary == {
        "new": 3, "moved": 0, "renamed": 0, "edited": 0, "back": 0, "left": 0, "unchanged": 0,
        "new_classes": [made.pk], "reopened_classes": {},
    }  # fmt: skip
    entry = AuditEntry.objects.get(verb="import.confirmed")
    assert entry.facts == {
        "new": 3, "moved": 0, "renamed": 0, "edited": 0, "back": 0, "left": 0, "unchanged": 0
    }  # fmt: skip


def test_the_same_file_again_changes_nothing(empty: School, now: datetime) -> None:
    text = "王雨,7(3),701,2\n李子涵,7(3),,1\n陈一,7(4),703,\n"
    bring_in(empty, text, now=now)
    before = list(Student.objects.order_by("pk").values())

    again = bring_in(empty, text, now=now)

    assert list(Student.objects.order_by("pk").values()) == before
    assert again.summary["unchanged"] == 3
    assert not RosterChange.objects.filter(roster_import=again).exists()


def test_confirming_twice_changes_nothing(empty: School, now: datetime) -> None:
    row = bring_in(empty, "王雨,7(3),701,2\n", now=now)

    again = confirming.confirm(by=empty.coordinator, roster_import=row, digest="", now=now)

    assert again.ended_at == now
    assert AuditEntry.objects.filter(verb="import.confirmed").count() == 1


def test_seats_and_numbers_may_go_round_in_a_circle(empty: School, now: datetime) -> None:
    bring_in(empty, "王雨,7(3),A,1\n李子涵,7(3),B,2\n陈一,7(4),C,1\n", now=now)
    ids = dict(Student.objects.values_list("name", "pk"))

    row = bring_in(empty, "王雨,7(3),A,2\n李子涵,7(4),B,1\n陈一,7(3),C,1\n", now=now)

    assert students(empty) == [(3, "陈一", "C", 1), (3, "王雨", "A", 2), (4, "李子涵", "B", 1)]
    assert dict(Student.objects.values_list("name", "pk")) == ids
    changes = RosterChange.objects.filter(roster_import=row)
    assert dict(changes.values_list("student__name", "kind")) == {
        "王雨": "edited", "李子涵": "moved", "陈一": "moved",
    }  # fmt: skip


def test_leavers_leave_and_come_back_with_the_same_row(empty: School, now: datetime) -> None:
    bring_in(empty, "王雨,7(3),A,1\n李子涵,7(3),B,2\n", now=now)
    pk = Student.objects.get(name="李子涵").pk

    bring_in(empty, "王雨,7(3),A,1\n", now=now)
    gone = Student.objects.get(pk=pk)
    bring_in(empty, "王雨,7(3),A,1\n李子涵,7(3),B,2\n", now=now)

    assert gone.left_at == now
    assert Student.objects.get(pk=pk).left_at is None
    assert students(empty) == [(3, "王雨", "A", 1), (3, "李子涵", "B", 2)]


def test_who_is_missing_may_be_kept(empty: School, now: datetime) -> None:
    bring_in(empty, "王雨,7(3),A,1\n李子涵,7(3),B,2\n", now=now)
    row = bring(empty, "新生,7(3),C,\n", now=now)

    answering.answer(by=empty.coordinator, roster_import=row, keep_missing=True, now=now)
    confirming.confirm(by=empty.coordinator, roster_import=row, digest=row.roster_digest, now=now)

    assert students(empty) == [(3, "王雨", "A", 1), (3, "李子涵", "B", 2), (3, "新生", "C", 3)]


def test_a_class_in_question_is_asked_once_and_remembered(empty: School, now: datetime) -> None:
    text = "王雨,7.1,A,1\n"
    row = bring(empty, text, now=now)
    asked = preview(row).questions
    with pytest.raises(ImportHasQuestions):
        confirming.confirm(
            by=empty.coordinator, roster_import=row, digest=row.roster_digest, now=now
        )

    answering.answer(
        by=empty.coordinator,
        roster_import=row,
        classes={asked[0].written: ClassName(7, 10)},
        now=now,
    )

    row.refresh_from_db()
    assert (len(asked), asked[0].rows, row.state) == (1, 1, ImportState.READY)
    confirming.confirm(by=empty.coordinator, roster_import=row, digest=row.roster_digest, now=now)
    assert students(empty) == [(10, "王雨", "A", 1)]
    assert ClassNameAnswer.objects.values_list("written", "grade", "number").get() == (
        asked[0].written, 7, 10,
    )  # fmt: skip
    assert bring(empty, text, now=now).state == ImportState.READY


def test_rows_of_a_class_may_be_left_out(empty: School, now: datetime) -> None:
    row = bring(empty, "王雨,7.1,A,1\n李子涵,7(3),B,1\n", now=now)
    written = preview(row).questions[0].written

    answering.answer(by=empty.coordinator, roster_import=row, classes={written: None}, now=now)
    confirming.confirm(by=empty.coordinator, roster_import=row, digest=row.roster_digest, now=now)

    assert students(empty) == [(3, "李子涵", "B", 1)]
    assert not ClassNameAnswer.objects.exists()


@pytest.mark.parametrize("name", [ClassName(10, 1), ClassName(7, 61), ClassName(7, 0)])
def test_an_answer_must_be_a_class_the_school_can_have(
    empty: School, now: datetime, name: ClassName
) -> None:
    row = bring(empty, "王雨,7.1,A,1\n", now=now)
    written = preview(row).questions[0].written

    with pytest.raises(AnswerWrong):
        answering.answer(by=empty.coordinator, roster_import=row, classes={written: name}, now=now)
    with pytest.raises(AnswerWrong):
        answering.answer(
            by=empty.coordinator,
            roster_import=row,
            classes={"never asked": ClassName(7, 1)},
            now=now,
        )


def test_namesakes_without_numbers_stay_two_once_decided(empty: School, now: datetime) -> None:
    text = "张伟,7(3),,\n张伟,7(3),,\n"
    row = bring(empty, text, now=now)
    assert row.state == ImportState.ASKING
    with pytest.raises(DecisionWrong):
        answering.answer(by=empty.coordinator, roster_import=row, rows={0: 77}, now=now)

    answering.answer(by=empty.coordinator, roster_import=row, rows={0: "new", 1: "new"}, now=now)
    confirming.confirm(by=empty.coordinator, roster_import=row, digest=row.roster_digest, now=now)
    again = bring(empty, text, now=now)

    assert students(empty) == [(3, "张伟", "", 1), (3, "张伟", "", 2)]
    assert again.state == ImportState.READY
    found = preview(again).differences
    assert found is not None
    assert found.counts()["unchanged"] == 2


def test_a_change_by_somebody_else_is_detected_and_shown(empty: School, now: datetime) -> None:
    bring_in(empty, "王雨,7(3),A,1\n李子涵,7(3),B,2\n", now=now)
    row = bring(empty, "王语,7(3),A,1\n李子涵,7(3),B,2\n", now=now)
    other = Student.objects.get(student_no="B")
    student_services.edit_student(
        by=empty.coordinator, student=other, name="李紫涵", seat_no=2, now=now
    )

    with pytest.raises(RosterChangedMeanwhile):
        confirming.confirm(
            by=empty.coordinator, roster_import=row, digest=row.roster_digest, now=now
        )

    fresh = preview(row)
    assert fresh.changed == {other.pk}
    assert fresh.differences is not None
    assert fresh.differences.counts()["renamed"] == 2
    # Whoever has seen the fresh preview may confirm it.
    confirming.confirm(by=empty.coordinator, roster_import=row, digest=fresh.digest, now=now)
    assert students(empty) == [(3, "王语", "A", 1), (3, "李子涵", "B", 2)]


def test_refused_cells_bar_the_whole_file_and_keep_it_for_the_marked_copy(
    empty: School, now: datetime
) -> None:
    row = bring(empty, f"王雨,7(3),{ID_CARD},1\n李子涵,7(3),B,2\n", now=now)

    assert row.state == ImportState.ASKING
    assert row.content is not None
    assert [(one.column, one.row, one.code) for one in preview(row).refusals] == [
        ("C", 2, "id_card")
    ]
    with pytest.raises(ImportHasRefusals):
        confirming.confirm(
            by=empty.coordinator, roster_import=row, digest=row.roster_digest, now=now
        )
    assert ID_CARD not in json.dumps(row.reading)


def test_a_file_refused_whole_is_over_at_once_with_its_sentence(
    empty: School, now: datetime
) -> None:
    row = bring(empty, b"<html><table></table></html>", suffix=".xls", now=now)

    assert (row.state, row.summary) == (
        ImportState.REFUSED, {"code": "file_is_web_page", "facts": {}},
    )  # fmt: skip
    assert (row.content, row.reading, row.ended_at) == (None, None, now)


def test_reading_again_after_a_worker_died_and_never_once_it_is_over(
    empty: School, now: datetime
) -> None:
    row = bring(empty, "王雨,7(3),A,1\n", now=now)
    RosterImport.objects.filter(pk=row.pk).update(
        state=ImportState.READING, content="姓名,班级\n王雨,7(3)\n".encode(), reading=None
    )

    assert reading.read(import_id=row.pk, now=now) is not None
    ending.drop(by=empty.coordinator, roster_import=row, now=now)
    assert reading.read(import_id=row.pk, now=now) is None


def test_what_is_not_confirmed_within_its_hour_is_forgotten(empty: School, now: datetime) -> None:
    row = bring(empty, "王雨,7(3),A,1\n", now=now)
    later = now + timedelta(hours=1)

    with pytest.raises(ImportOver):
        confirming.confirm(
            by=empty.coordinator, roster_import=row, digest=row.roster_digest, now=later
        )
    assert ending.expire(now=later - timedelta(seconds=1)) == 0
    assert ending.expire(now=later) == 1

    row.refresh_from_db()
    assert (row.state, row.reading, row.content) == (ImportState.EXPIRED, None, None)
    assert students(empty) == []


def test_dropping_twice_is_once(empty: School, now: datetime) -> None:
    row = bring(empty, "王雨,7(3),A,1\n", now=now)

    ending.drop(by=empty.coordinator, roster_import=row, now=now)
    ending.drop(by=empty.coordinator, roster_import=row, now=now)

    assert AuditEntry.objects.filter(verb="import.dropped").count() == 1


def test_guardians_phones_are_sealed_where_the_school_keeps_them(
    empty: School, now: datetime
) -> None:
    SchoolSettings.objects.create(school=empty.organisation, keeps_guardian_phones=True)
    head = "姓名,班级,学号,座号,监护人电话\n"
    one = bring(empty, (head + "王雨,7(3),A,1,13900001111\n").encode(), now=now)
    confirming.confirm(by=empty.coordinator, roster_import=one, digest=one.roster_digest, now=now)
    same = bring(empty, (head + "王雨,7(3),A,1,13900001111\n").encode(), now=now)
    other = bring(empty, (head + "王雨,7(3),A,1,13900002222\n").encode(), now=now)

    found = [preview(row).differences for row in (same, other)]
    confirming.confirm(
        by=empty.coordinator, roster_import=other, digest=other.roster_digest, now=now
    )

    phone = GuardianPhone.objects.get()
    assert [one.counts()["edited"] for one in found if one] == [0, 1]
    assert unseal(bytes(phone.sealed), owner=f"student:{phone.student_id}:phone") == "13900002222"
    assert "13900" not in json.dumps(list(RosterChange.objects.values("before", "after")))


def test_an_archived_class_of_the_file_is_open_again(empty: School, now: datetime) -> None:
    ClassGroup.objects.filter(pk=empty.group.pk).update(archived_at=now)

    row = bring_in(empty, "王雨,7(3),A,1\n", now=now)

    empty.group.refresh_from_db()
    assert empty.group.archived_at is None
    assert row.summary["reopened_classes"] == {str(empty.group.pk): now.astimezone(UTC).isoformat()}


def test_the_queries_of_a_confirmation_do_not_grow_with_its_rows(
    empty: School, now: datetime
) -> None:
    def queries_of(count: int, start: int) -> int:
        text = "".join(
            f"{chr(0x4E00 + start + n)}雨,7({3 + n % 2}),{start + n},\n" for n in range(count)
        )
        row = bring(empty, text, now=now)
        answering.answer(by=empty.coordinator, roster_import=row, keep_missing=True, now=now)
        with CaptureQueriesContext(connection) as queries:
            confirming.confirm(
                by=empty.coordinator, roster_import=row, digest=row.roster_digest, now=now
            )
        return len(queries)

    make_class(school=empty.organisation, number=4, students=0)
    assert queries_of(2, 100) == queries_of(60, 200)


def test_an_import_that_is_not_read_yet_cannot_be_answered_or_confirmed(
    empty: School, now: datetime
) -> None:
    row = starting.start(
        by=empty.coordinator, school=empty.organisation, content=b"x", suffix=".csv", now=now
    )

    with pytest.raises(ImportNotRead):
        answering.answer(by=empty.coordinator, roster_import=row, keep_missing=True, now=now)
    with pytest.raises(ImportNotRead):
        confirming.confirm(by=empty.coordinator, roster_import=row, digest="", now=now)
    with pytest.raises(ImportNotRead):
        preview(row)


def test_a_confirmed_import_is_not_dropped(empty: School, now: datetime) -> None:
    row = bring_in(empty, "王雨,7(3),A,1\n", now=now)

    with pytest.raises(ImportOver):
        ending.drop(by=empty.coordinator, roster_import=row, now=now)


def test_a_file_dropped_while_it_is_read_stays_dropped(empty: School, now: datetime) -> None:
    facts = roster.facts_of(empty.organisation, 2026)
    row = bring(empty, "王雨,7(3),A,1\n", now=now)
    content = "姓名,班级\n王雨,7(3)\n".encode()
    ending.drop(by=empty.coordinator, roster_import=row, now=now)
    row.content, row.suffix = content, ".csv"

    with pytest.raises(reading.ReadingStopped):
        reading._reading(row, facts)
    assert reading._keep(row, Reading(()), facts, now) is None
    assert reading._refuse(row, "file_empty", {}, now) is None

    row.refresh_from_db()
    assert (row.state, row.content, row.reading) == (ImportState.DROPPED, None, None)


@pytest.mark.django_db(transaction=True)
def test_a_file_dropped_by_somebody_else_is_read_no_further(now: datetime) -> None:
    office = MembershipFactory(coordinator=True)
    row = starting.start(
        by=actor_of(office),
        school=office.organisation,
        content="姓名,班级\n王雨,7(3)\n".encode(),
        suffix=".csv",
        now=now,
    )
    dropped: list[Any] = []

    def dropped_meanwhile(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not dropped and sql.startswith("UPDATE") and '"rows_read"' in sql:
            dropped.extend(
                at_once(lambda: ending.drop(by=actor_of(office), roster_import=row, now=now))
            )
        return execute(sql, params, many, context)

    with connection.execute_wrapper(dropped_meanwhile):
        answer = reading.read(import_id=row.pk, now=now)

    assert answer is None
    assert dropped == [row]
    row.refresh_from_db()
    assert (row.state, row.content, row.reading) == (ImportState.DROPPED, None, None)
    assert (row.rows_read, row.summary) == (0, {})


def test_a_reading_that_no_roster_can_hold_is_not_called_a_change_by_somebody_else(
    empty: School, now: datetime
) -> None:
    row = bring(empty, "王雨,7(3),A,1\n", now=now)
    assert row.reading is not None
    row.reading["rows"][0][6] = -1
    row.save(update_fields=["reading"])

    with pytest.raises(IntegrityError, match="student_seat"), transaction.atomic():
        confirming.confirm(
            by=empty.coordinator, roster_import=row, digest=row.roster_digest, now=now
        )

    row.refresh_from_db()
    assert (row.state, students(empty)) == (ImportState.READY, [])


def test_hosts_have_no_rosters(now: datetime) -> None:
    host = OrganisationFactory(enterprise=True)

    with pytest.raises(NotAllowed):
        starting.start(by=SYSTEM, school=host, content=b"x", suffix=".csv", now=now)


def test_with_redis_the_task_is_queued_once_the_import_is_there(
    empty: School,
    now: datetime,
    settings: LazySettings,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    settings.REDIS_URL = "redis://nowhere"

    with django_capture_on_commit_callbacks() as queued:
        starting.start(
            by=empty.coordinator, school=empty.organisation, content=b"x", suffix=".csv", now=now
        )
        assert not OrmQ.objects.exists()

    assert len(queued) == 1


def test_numbers_of_merged_duplicates_lead_to_who_is_left(empty: School, now: datetime) -> None:
    last = StudentFactory(class_group=empty.group, name="王雨", student_no="C", seat_no=1)
    middle = StudentFactory(
        class_group=empty.group, name="王雨", student_no="B", seat_no=2, merged_into=last
    )
    StudentFactory(
        class_group=empty.group, name="王雨", student_no="A", seat_no=3, merged_into=middle
    )

    row = bring_in(empty, "王雨,7(3),A,1\n", now=now)

    assert row.summary["unchanged"] == 1
    assert students(empty) == [(3, "王雨", "C", 1)]


def _everything_written(caplog: pytest.LogCaptureFixture) -> str:
    """Audit rows, queued tasks and their results, what ended imports keep, and the log."""
    return repr(
        [
            list(AuditEntry.objects.values()),
            [task.task for task in OrmQ.objects.all()],
            list(Task.objects.values()),
            list(RosterImport.objects.values()),
            caplog.text,
        ]
    )


def test_nothing_of_a_file_is_left_where_it_does_not_belong(
    empty: School, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    refused = bring(empty, f"慕容雪,7(3),{ID_CARD},\n", now=now)
    # While it is open its own row holds the name, and only that.
    assert "慕容雪" in repr(list(RosterImport.objects.values("reading")))
    ending.drop(by=empty.coordinator, roster_import=refused, now=now)
    bring_in(empty, f"慕容雪,7(3),{STUDENT_NO},1\n", now=now)
    bring(empty, f"慕容雪,7(3),{STUDENT_NO},1\n", now=now)
    ending.expire(now=now + timedelta(hours=1))

    written = _everything_written(caplog)

    assert "import.confirmed" in written
    assert [secret for secret in ("慕容雪", ID_CARD, STUDENT_NO) if secret in written] == []


def test_a_crash_of_the_reader_ends_the_import_and_tells_where_not_what(
    empty: School, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    # No page sends this: pasted cells always are UTF-8. The error's own text has the bytes.
    row = starting.start(
        by=empty.coordinator,
        school=empty.organisation,
        content="慕容雪".encode() + b"\xff",
        suffix=starting.PASTED,
        now=now,
    )

    with pytest.raises(reading.ReaderBroke) as broke:
        reading.read(import_id=row.pk, now=now)

    row.refresh_from_db()
    assert (row.state, row.summary["code"], row.content) == (
        ImportState.REFUSED, "unreadable", None,
    )  # fmt: skip
    told = str(broke.value) + caplog.text
    assert f"import {row.pk}: UnicodeDecodeError in " in told
    assert "xff" not in told
    assert broke.value.__suppress_context__


@pytest.mark.django_db(transaction=True)
def test_two_who_confirm_at_once_write_one_roster_and_one_hears_of_it(now: datetime) -> None:
    group = make_class(students=0, number=3)
    school = School(
        group.school,
        group,
        MembershipFactory(coordinator=True, organisation=group.school),
        MembershipFactory(organisation=group.school),
    )
    first = bring(school, "王雨,7(3),1,1\n陈一,7(4),2,1\n", now=now)
    second = bring(school, "王雨,7(3),1,2\n李子涵,7(4),3,1\n", now=now)
    by = school.coordinator

    answers = at_once(
        *(
            lambda row=row: confirming.confirm(
                by=by, roster_import=row, digest=row.roster_digest, now=now
            )
            for row in (first, second)
        )
    )

    kinds = sorted(type(answer).__name__ for answer in answers)
    assert kinds == ["RosterChangedMeanwhile", "RosterImport"]
    is_first = isinstance(answers[0], RosterImport)
    assert students(school) == (
        [(3, "王雨", "1", 1), (4, "陈一", "2", 1)]
        if is_first
        else [(3, "王雨", "1", 2), (4, "李子涵", "3", 1)]
    )


@pytest.mark.django_db(transaction=True)
def test_the_same_import_confirmed_twice_at_once_is_written_once(now: datetime) -> None:
    group = make_class(students=0, number=3)
    school = School(
        group.school,
        group,
        MembershipFactory(coordinator=True, organisation=group.school),
        MembershipFactory(organisation=group.school),
    )
    row = bring(school, "王雨,7(3),1,1\n", now=now)
    by = school.coordinator

    answers = at_once(
        *[lambda: confirming.confirm(by=by, roster_import=row, digest=row.roster_digest, now=now)]
        * 2
    )

    assert [type(answer).__name__ for answer in answers] == ["RosterImport", "RosterImport"]
    assert Student.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_student_added_while_the_import_is_written_is_not_written_over(now: datetime) -> None:
    group = make_class(students=0, number=3)
    school = School(
        group.school,
        group,
        MembershipFactory(coordinator=True, organisation=group.school),
        MembershipFactory(organisation=group.school),
    )
    row = bring(school, "王雨,7(3),1,1\n", now=now)
    by = school.coordinator

    answer = before_commit(
        lambda: student_services.add_student(
            by=by, class_group=group, name="陈一", student_no="9", seat_no=1, now=now
        ),
        lambda: confirming.confirm(by=by, roster_import=row, digest=row.roster_digest, now=now),
    )

    assert isinstance(answer, RosterChangedMeanwhile)
    assert students(school) == [(3, "陈一", "9", 1)]


@pytest.mark.django_db(transaction=True)
def test_a_class_founded_while_the_import_is_written_is_not_founded_twice(now: datetime) -> None:
    group = make_class(students=0, number=3)
    school = School(
        group.school,
        group,
        MembershipFactory(coordinator=True, organisation=group.school),
        MembershipFactory(organisation=group.school),
    )
    row = bring(school, "王雨,7(4),1,1\n", now=now)
    by = school.coordinator

    answer = before_commit(
        lambda: classes.create_class(
            by=by, school=group.school, stage="junior", entry_year=2025, number=4, now=now
        ),
        lambda: confirming.confirm(by=by, roster_import=row, digest=row.roster_digest, now=now),
    )
    again = confirming.confirm(by=by, roster_import=row, digest=row.roster_digest, now=now)

    assert isinstance(answer, RosterChangedMeanwhile)
    assert again.summary["new"] == 1
    assert students(school) == [(4, "王雨", "1", 1)]

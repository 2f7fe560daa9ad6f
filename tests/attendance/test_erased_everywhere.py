"""A student who has been through everything is erased: she is looked for in the whole database.

What the services write names nobody (``test_plain_words``). Here her name, her student number and
her badges' codes are put wherever a text of hers can stand, as if it had been written before that
rule, and the days are sealed over it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

import openpyxl
import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.test import Client

from accounts.models import AuditEntry, User
from accounts.selectors import actor_of
from accounts.services import audit
from attendance.choices import ProposalKind
from attendance.free_texts import GONE_WITH_THE_STUDENT, NAMES_NOBODY
from attendance.models import (
    Badge,
    Certificate,
    CheckIn,
    Conflict,
    ConflictDecision,
    Desk,
    HourProposal,
    LawfulRemoval,
)
from attendance.services import (
    badges,
    conflicts,
    desk,
    erasure,
    merging,
    notices,
    proposals,
    retention,
)
from attendance.services import certificates as certificate_services
from bookings.models import ChangeRequest
from bookings.services import basket, changes, host_changes, standing_requests
from hours import period_locks
from hours.models import HourCredit, PeriodLock, PracticumRequirement
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
)
from sites.calendar import local_day
from tests.attendance.conftest import Door, make_door
from tests.attendance.devices import make_tablet
from tests.attendance.test_seals import (
    FIRST,
    backdate,
    differences,
    past_the_triggers,
    sealed_until,
)
from tests.bookings.conftest import make_world
from tests.conftest import as_owner
from tests.factories.attendance import close_desk, let_in
from tests.factories.bookings import make_booking
from tests.factories.rules import make_secretary

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
NAME = "慕容壹㛃"
NUMBER = "XH20267731"
WORDS = "家里的事由"


@dataclass
class Told:
    """What may be found nowhere afterwards, and where it stood."""

    door: Door
    student: Student
    duplicate: Student
    needles: list[str]
    now: datetime


def places_of(needles: list[str]) -> set[str]:
    """Every column of every table of the database in which one of them stands: plain, in a
    structure, or as bytes."""
    found = set()
    dressed = [dress for one in needles for dress in (one, one.encode().hex())]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            columns = [
                column.name
                for column in connection.introspection.get_table_description(cursor, table)
            ]
            for column in columns:
                cursor.execute(
                    f'SELECT count(*) FROM "{table}"'  # noqa: S608 (names of tables and columns)
                    f" WHERE EXISTS (SELECT FROM unnest(%s::text[]) AS one"
                    f' WHERE strpos("{column}"::text, one) > 0)',
                    [dressed],
                )
                if cursor.fetchone()[0]:
                    found.add(f"{table}.{column}")
    return found


def columns_of(labels: tuple[str, ...]) -> set[str]:
    found = set()
    for label in labels:
        app, model, field = label.split(".")
        meta = apps.get_model(app, model)._meta
        found.add(f"{meta.db_table}.{meta.get_field(field).column}")
    return found


@pytest.fixture
def told(as_application: Callable[[], None], now: datetime) -> Told:
    """Booked, badged twice, at the door, disputed, corrected, objected, certified, merged, and
    taken out; by the application's role."""
    as_application()
    door = make_door(make_world(now), now)
    student, duplicate = door.students[0], door.students[3]
    Student.objects.filter(pk=student.pk).update(name=NAME, student_no=NUMBER, initials=" mry")
    Student.objects.filter(pk=duplicate.pk).update(name=NAME, student_no=f"{NUMBER}D")
    student.refresh_from_db()
    duplicate.refresh_from_db()
    coordinator, teacher, manager = door.world.coordinator, door.world.teacher, door.manager
    over, session = door.session.ends_at, door.session
    for one in (student, door.students[1]):
        badges.reissue(by=coordinator, student=one, reason="遗失", now=door.now)
    _keep_beside(door, student)
    # At the door; her tablet's word for the duplicate comes when it is closed.
    tablet = make_tablet(door)
    desk.open_desk(by=manager, session=session, now=door.now)
    for one in (student, door.students[1]):
        let_in(one, by=manager, session=session, now=door.now)
    close_desk(by=manager, session=session, now=over)
    tablet.send([tablet.arrival(1), tablet.arrival(4)], after=timedelta(hours=4))
    desk.reopen_desk(by=manager, session=session, reason="断网补传", now=over)
    conflict = Conflict.objects.get(student=duplicate)
    conflicts.drop(by=manager, conflict=conflict, reason="人不在场", now=over)
    close_desk(by=manager, session=session, now=over)
    # By hand: refused, withdrawn, corrected, and one that waits.
    days = over + 2 * DAY
    propose = {"student": student, "kind": ProposalKind.MANUAL, "now": days, "reason": WORDS}
    refused = proposals.propose(by=teacher, class_hours=1, **propose)
    proposals.refuse(by=coordinator, proposal=refused, answer="没有凭据", now=days)
    withdrawn = proposals.propose(by=teacher, class_hours=2, **propose)
    proposals.withdraw(by=teacher, proposal=withdrawn, answer="写错了", now=days)
    credit = HourCredit.objects.get(student=student, kind="attendance", reversed_by=None)
    corrected = proposals.propose_correction(
        by=teacher, credit=credit, class_hours=3, reason=WORDS, now=days
    )
    proposals.confirm(by=coordinator, proposal=corrected, now=days)
    proposals.propose(by=teacher, class_hours=3, **propose)
    # Shown, objected to, locked and opened again.
    PracticumRequirement.objects.update(due_on=local_day(over))
    requirement = PracticumRequirement.objects.get()
    notice = notices.start(
        by=coordinator, school=door.world.school, requirement=requirement, days=2, now=days
    )
    objection = notices.object_to(student=student, notice=notice, text="少记一场", now=days)
    notices.decide(by=coordinator, objection=objection, upheld=False, answer="已核对", now=days)
    lock = period_locks.lock_period(
        by=coordinator, school=door.world.school, requirement=requirement, now=days
    )
    notices.reopen(by=actor_of(make_secretary()), period_lock=lock, reason="核对后更正", now=days)
    for code, number in (("A" * 16, 14), ("B" * 16, 15)):
        certificate = Certificate.objects.create(
            student=student,
            school=student.school,
            requirement=requirement,
            code=code,
            class_hours=number,
            required_hours=14,
            issued_at=days,
        )
        if number == 14:
            certificate_services.revoke(
                by=coordinator, certificate=certificate, reason="打印有误", now=days
            )
    # Booked again, and the host asked to leave her out.
    coming = make_booking(
        by=teacher,
        session=door.world.session(day=(days + 3 * DAY).date()),
        class_group=door.world.group,
        now=now,
        note="请安排靠门的座位",
    )
    for day in (4, 5):
        ended = make_booking(
            by=teacher,
            session=door.world.session(day=(days + day * DAY).date()),
            class_group=door.world.group,
            now=now,
        )
        if day == 4:
            changes.cancel_booking(by=teacher, booking=ended, reason="改期", now=now)
        else:
            host_changes.cancel_session(by=manager, session=ended.session, reason="停电", now=now)
    basket.add(
        by=teacher,
        class_group=door.world.group,
        session_id=door.world.session(day=(days + 9 * DAY).date()).pk,
        student_ids=[student.pk, door.students[1].pk],
        now=now,
    )
    ChangeRequest.objects.create(
        booking=coming,
        wanted={"students": [door.students[1].pk], "seats": 4, "adults": 2},
        before=standing_requests.contents_of([coming]),
        reason=WORDS,
        answer="同意",
        state="declined",
        asked_at=days,
        answered_at=days,
    )
    merging.merge(by=coordinator, survivor=student, duplicate=duplicate, now=days)
    client = Client()
    client.force_login(User.objects.get(pk=coordinator.user_id))
    with time_machine.travel(days, tick=False):
        taken = client.post(f"/school/students/{student.pk}/data/export/")
        live = Badge.objects.live().get(student=student)
        looked = Client().post("/notice/", {"code": live.code, "student_no": NUMBER})
    assert (taken.status_code, looked.status_code) == (200, 200)
    assert NAME in str(openpyxl.load_workbook(BytesIO(taken.content)).worksheets[0]["B3"].value)
    codes = list(Badge.objects.filter(student__in=[student, duplicate]).values_list("code"))
    told = Told(
        door,
        student,
        duplicate,
        [NAME, NUMBER, WORDS, *(code for (code,) in codes)],
        days + timedelta(hours=1),
    )
    _write_into_everything(told)
    backdate(CheckIn, FIRST)
    backdate(HourCredit, FIRST)
    backdate(ConflictDecision, FIRST)
    sealed_until(FIRST + DAY)
    as_application()
    return told


def _keep_beside(door: Door, student: Student) -> None:
    """Telephone, need, consent, and what an import changed."""
    phone = GuardianPhone(student=student)
    phone.sealed = sealing.seal("13912345678", owner=phone.seal_owner)
    phone.save()
    need = StudentNeed(student=student, kind=NeedKind.DIET, noted_at=door.now)
    need.sealed = sealing.seal("不吃花生", owner=need.seal_owner)
    need.save()
    text = ConsentText.objects.create(
        kind=ConsentKind.YEAR, version=2, text_zh="同意。", published_at=door.now
    )
    Consent.objects.create(student=student, text=text, school_year=2026, recorded_at=door.now)
    RosterChange.objects.create(
        roster_import=RosterImport.objects.create(
            school=student.school,
            made_at=door.now,
            expires_at=door.now,
            ended_at=door.now,
            state=ImportState.CONFIRMED,
            suffix=".xlsx",
            size=1,
        ),
        student=student,
        kind=ChangeKind.RENAMED,
        before={"name": NAME, "student_no": NUMBER},
        after={"name": NAME},
    )


# Columns of what a person wrote, among those that erasing has to do with.
WRITTEN = tuple(
    label
    for label in (*GONE_WITH_THE_STUDENT, *NAMES_NOBODY)
    if label.rpartition(".")[2] in ("reason", "answer", "text", "note", "heads_note")
    or label.endswith("_reason")
)
CODES = ("", "at_closing", "not_shown", "forgotten", "lost", "unreadable")


def _write_into_everything(told: Told) -> None:
    """As owner, past all rules: each text that somebody wrote is name, number, code and more."""
    as_owner()
    text = f"{NAME} {NUMBER} {told.needles[-1]} {WORDS}"
    with past_the_triggers():
        for label in WRITTEN:
            app, model, field = label.split(".")
            rows = apps.get_model(app, model)._default_manager.exclude(**{f"{field}__in": CODES})
            if any(one.name == "student" for one in rows.model._meta.fields):
                rows = rows.filter(student__in=[told.student, told.duplicate])
            assert rows.update(**{field: text}), label
        Message.objects.filter(kind__in=["hours_proposed", "hours_decided"]).update(body=text)
        # And in a classmate's.
        Badge.objects.exclude(revoke_reason="").update(revoke_reason=text)


# ── it is there ──


def test_she_is_found_in_every_column_that_erasing_has_to_do_with(told: Told) -> None:
    """The search sees her wherever she may be, and nowhere else."""
    found = places_of(told.needles)

    assert columns_of(WRITTEN) - found == set()
    assert found == columns_of(WRITTEN) | {
        "attendance_badge.code",
        "notifications_message.body",
        "rosters_rosterchange.after",
        "rosters_rosterchange.before",
        "rosters_student.name",
        "rosters_student.student_no",
    }
    assert differences() == []


# ── it is gone ──


def test_after_erasing_she_is_in_no_column_of_any_table(told: Told) -> None:
    hours = sum(HourCredit.objects.values_list("class_hours", flat=True))

    _erase(told)

    assert places_of(told.needles) == set()
    assert differences() == []
    assert sum(HourCredit.objects.values_list("class_hours", flat=True)) == hours
    assert set(HourProposal.objects.values_list("state", "reason", "answer")) == {
        ("refused", "—", "—"),
        ("withdrawn", "—", "—"),
        ("confirmed", "—", ""),
    }
    assert ConflictDecision.objects.get().reason == "—"
    desk_ = Desk.objects.get()
    assert (desk_.reopen_reason, desk_.heads_note) == ("—", "—")
    assert PeriodLock.objects.get().reopen_reason == "—"
    assert set(Certificate.objects.values_list("revoke_reason", flat=True)) == {"个人数据已删除"}
    assert not Badge.objects.filter(student__in=[told.student, told.duplicate]).exists()
    (kept,) = Badge.objects.exclude(revoked_at=None)
    assert (kept.student.seat_no, kept.revoke_reason) == (2, "—")
    kinds = LawfulRemoval.objects.values_list("kind", flat=True)
    assert {kind: list(kinds).count(kind) for kind in kinds} == {
        # The correction's reversal and its new entry, and what was carried over.
        "ledger": HourCredit.objects.filter(reason="—").count(),
        "check_in": 1,
        "decision": 1,
        # Four proposals, two answers; reopened once, closed twice.
        "trail": 9,
    }
    assert AuditEntry.objects.filter(reason="—").count() == 9


def test_what_people_see_says_nothing_of_her(told: Told) -> None:
    """The pages of her school, of the host and of the secretariat, and the school's files."""
    _erase(told)
    door = told.door
    proposal = HourProposal.objects.get(state="refused")
    seen = []
    with time_machine.travel(told.now, tick=False):
        for by, addresses in (
            (
                door.world.coordinator,
                (
                    f"/classes/{door.world.group.pk}/",
                    f"/classes/{door.world.group.pk}/hours.csv",
                    f"/school/students/{told.student.pk}/data/",
                    f"/proposals/{proposal.pk}/",
                    "/proposals/",
                    "/school/names-read/",
                ),
            ),
            (
                door.manager,
                (
                    f"/desk/{door.session.pk}/",
                    f"/desk/{door.session.pk}/places/{door.place(2).pk}/",
                ),
            ),
            (actor_of(make_secretary()), ("/audit/",)),
        ):
            client = Client()
            client.force_login(User.objects.get(pk=by.user_id))
            for address in addresses:
                answer = client.get(address)
                body = b"".join(answer) if answer.streaming else answer.content
                seen.append((address, answer.status_code, body.decode("utf-8", "replace")))

    assert [(address, code) for address, code, _ in seen if code != 200] == []
    assert [
        (address, one) for address, _, body in seen for one in told.needles if one in body
    ] == []


def _erase(told: Told) -> None:
    erasure.erase_student(
        by=told.door.world.coordinator, student=told.student, typed_name=NAME, now=told.now
    )


# ── unlawful it is found ──


@pytest.mark.parametrize(
    ("model", "kind"),
    [(HourCredit, "ledger"), (CheckIn, "check_in"), (ConflictDecision, "decision")],
)
def test_the_same_text_altered_by_anybody_else_is_found(
    told: Told, model: type[HourCredit], kind: str
) -> None:
    """Made a dash before she is erased, or something else afterwards."""
    row = model.objects.filter(reason__contains=WORDS).order_by("pk")[0]
    as_owner()
    with past_the_triggers():
        model.objects.filter(pk=row.pk).update(reason="—")
    before = differences()
    with past_the_triggers():
        model.objects.filter(pk=row.pk).update(reason=row.reason)
    sound = differences()
    _erase(told)
    with past_the_triggers():
        model.objects.filter(pk=row.pk).update(reason="别的原因")

    assert before == [("changed", FIRST.date(), kind, str(row.pk))]
    assert sound == []
    assert differences() == [("unlawful", FIRST.date(), kind, str(row.pk))]


def test_a_decision_changed_or_removed_is_found(told: Told) -> None:
    """What a person decided at the door is under the seal as a whole."""
    decision = ConflictDecision.objects.get()
    as_owner()
    with past_the_triggers():
        ConflictDecision.objects.update(decision="accepted")
    changed = differences()
    with past_the_triggers():
        ConflictDecision.objects.all()._raw_delete("default")

    assert changed == [("changed", FIRST.date(), "decision", str(decision.pk))]
    assert differences() == [("removed", FIRST.date(), "decision", str(decision.pk))]


def test_a_text_put_back_into_the_trail_is_found(told: Told) -> None:
    _erase(told)
    removal = LawfulRemoval.objects.filter(kind="trail").order_by("pk")[0]
    as_owner()
    with past_the_triggers():
        AuditEntry.objects.filter(pk=int(removal.key)).update(reason=NAME)

    assert [(code, kind, key) for code, _day, kind, key in differences()] == [
        ("unlawful", "trail", removal.key)
    ]


def test_the_application_takes_out_of_the_trail_only_what_is_about_her(told: Told) -> None:
    """An entry about another's door stays, whatever it is asked to forget."""
    _erase(told)
    other = audit.record(
        by=told.door.manager,
        verb="desk.reopened",
        now=told.now,
        target=told.door.world.session(),
        reason="核对来电",
    )

    forgotten = erasure.forget_reasons([told.student.pk], "erased", [other.pk])

    assert forgotten == 0
    other.refresh_from_db()
    assert other.reason == "核对来电"


def test_retention_takes_her_out_of_every_column_too(told: Told) -> None:
    retention.retain(now=datetime(2030, 9, 1, tzinfo=told.now.tzinfo))

    assert places_of(told.needles) == set()
    assert differences() == []

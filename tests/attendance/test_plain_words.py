"""One rule, one sentence: no text that is kept names a student of the class or the session."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import AuditEntry, User
from accounts.selectors import actor_of
from attendance.choices import ProposalKind
from attendance.models import (
    Badge,
    Certificate,
    Conflict,
    ConflictDecision,
    Desk,
    HourProposal,
    Objection,
    PublicNotice,
)
from attendance.services import (
    badges,
    certificates,
    conflicts,
    desk,
    notices,
    proposals,
)
from bookings.models import Booking, ChangeRequest, Reservation
from bookings.services import change_requests, changes, host_changes, swapping
from bookings.services.lists import look_up
from courses.models import CourseSession
from hours import period_locks
from hours.models import HourCredit, PeriodLock, PracticumRequirement
from rosters.errors import TextNamesStudent
from rosters.models import Student
from rosters.services.plain_words import is_named
from sites.calendar import local_day
from tests.attendance.conftest import Door
from tests.attendance.devices import make_tablet
from tests.factories.attendance import close_desk, let_in
from tests.factories.bookings import make_booking
from tests.factories.rules import make_secretary

DAY = timedelta(days=1)
SENTENCE = "这段文字会长期保存，请勿写学生姓名，可写座号。"
# A classmate's, in no way the one whom the text is about.
NAME = "慕容甲子"
TEXT = "和 慕容 甲子 一起"


@pytest.mark.parametrize(
    ("text", "names", "is_so"),
    [
        ("慕容甲子请病假", ["慕容甲子"], True),
        ("慕容 甲\u3000子请病假", ["慕容甲子"], True),
        ("慕容甲请病假", ["慕容甲子"], False),
        ("", ["慕容甲子"], False),
        ("一人请假", ["一"], False),
        ("with  ANNA lee", ["Anna Lee"], True),
        ("Anna Leeds", ["Anna Lee"], False),
        ("Li病假", ["Li"], True),
        ("applied", ["Li"], False),
        ("两个人", ["王二", "个人"], True),
        ("两人", [], False),
    ],
)
def test_a_name_is_found_however_it_is_spaced(text: str, names: list[str], is_so: bool) -> None:
    assert is_named(text, names) is is_so


@dataclass
class Scene:
    """Seat 1 came, the door was closed and two days have passed; seat 4 has the name."""

    door: Door
    now: datetime
    conflict: Conflict
    notice: PublicNotice
    lock: PeriodLock
    certificate: Certificate

    @property
    def student(self) -> Student:
        return Student.objects.select_related("class_group").get(pk=self.door.students[1].pk)

    @property
    def credit(self) -> HourCredit:
        return HourCredit.objects.get(student=self.door.students[0])

    def propose(self, reason: str) -> HourProposal:
        return proposals.propose(
            by=self.door.world.teacher,
            student=self.student,
            kind=ProposalKind.MANUAL,
            class_hours=1,
            reason=reason,
            now=self.now,
        )

    def object(self, text: str) -> Objection:
        return notices.object_to(student=self.student, notice=self.notice, text=text, now=self.now)

    def coming(self, *, days: int = 5, note: str = "") -> Booking:
        """The class's booking of that day, made if there is none."""
        when = (self.now + days * DAY).date()
        known = Booking.objects.filter(session__starts_at__date=when).first()
        return known or make_booking(
            by=self.door.world.teacher,
            session=self.door.world.session(day=when),
            class_group=self.door.world.group,
            now=self.now,
            note=note,
        )


@pytest.fixture
def scene(door: Door) -> Scene:
    Student.objects.filter(pk=door.students[3].pk).update(name=NAME)
    tablet = make_tablet(door)
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    tablet.send([tablet.arrival(2)], after=timedelta(hours=4))
    now = door.session.ends_at + 2 * DAY
    PracticumRequirement.objects.update(due_on=local_day(now) - DAY)
    requirement = PracticumRequirement.objects.get()
    notice = notices.start(
        by=door.world.coordinator,
        school=door.world.school,
        requirement=requirement,
        days=2,
        now=now,
    )
    lock = period_locks.lock_period(
        by=door.world.coordinator, school=door.world.school, requirement=requirement, now=now
    )
    certificate = Certificate.objects.create(
        student=door.students[1],
        school=door.world.school,
        requirement=requirement,
        code="A" * 16,
        class_hours=14,
        required_hours=14,
        issued_at=now,
    )
    return Scene(door, now, Conflict.objects.get(), notice, lock, certificate)


def _refuse(scene: Scene, text: str) -> None:
    proposals.refuse(
        by=scene.door.world.coordinator, proposal=scene.propose("补"), answer=text, now=scene.now
    )


def _withdraw(scene: Scene, text: str) -> None:
    proposals.withdraw(
        by=scene.door.world.teacher, proposal=scene.propose("补"), answer=text, now=scene.now
    )


def _ask(scene: Scene, text: str) -> ChangeRequest:
    booking = scene.coming(days=1)
    return change_requests.ask_change(
        by=scene.door.world.teacher,
        booking=booking,
        edition=booking.edition,
        wanted=look_up(
            booking,
            scene.now,
            student_ids=[scene.student.pk],
            seats=1,
            adults=2,
            companions=None,
        ),
        reason=text,
        now=scene.now,
    )


def _answer(scene: Scene, text: str, *, is_yes: bool) -> None:
    request = ChangeRequest.objects.open().first() or _ask(scene, "两人请假")
    if is_yes:
        change_requests.accept_change(
            by=scene.door.manager, request=request, answer=text, now=scene.now
        )
    else:
        change_requests.decline_change(
            by=scene.door.manager, request=request, answer=text, now=scene.now
        )


# What writes each text: the name of the case says which.
WRITERS: dict[str, Callable[[Scene, str], Any]] = {
    "propose": lambda scene, text: scene.propose(text),
    "propose at the desk": lambda scene, text: proposals.propose(
        by=scene.door.manager,
        student=scene.student,
        session=scene.door.session,
        kind=ProposalKind.MANUAL,
        class_hours=1,
        reason=text,
        now=scene.now,
    ),
    "propose a correction": lambda scene, text: proposals.propose_correction(
        by=scene.door.world.teacher,
        credit=scene.credit,
        class_hours=2,
        reason=text,
        now=scene.now,
    ),
    "refuse": _refuse,
    "withdraw": _withdraw,
    "drop a conflict": lambda scene, text: conflicts.drop(
        by=scene.door.manager, conflict=scene.conflict, reason=text, now=scene.now
    ),
    "reopen a desk": lambda scene, text: desk.reopen_desk(
        by=scene.door.manager, session=scene.door.session, reason=text, now=scene.now
    ),
    "close a desk": lambda scene, text: desk.close_desk(
        by=scene.door.manager,
        session=_reopened(scene),
        heads_out=0,
        heads_note=text,
        leave_undecided=True,
        now=scene.now,
    ),
    "object": lambda scene, text: scene.object(text),
    "answer an objection": lambda scene, text: notices.decide(
        by=scene.door.world.coordinator,
        objection=scene.object("少记"),
        upheld=False,
        answer=text,
        now=scene.now,
    ),
    "reopen a period": lambda scene, text: notices.reopen(
        by=actor_of(make_secretary()), period_lock=scene.lock, reason=text, now=scene.now
    ),
    "revoke a badge": lambda scene, text: badges.revoke(
        by=scene.door.world.coordinator,
        badge=Badge.objects.select_related("student__class_group").get(student=scene.student),
        reason=text,
        now=scene.now,
    ),
    "issue a badge anew": lambda scene, text: badges.reissue(
        by=scene.door.world.coordinator, student=scene.student, reason=text, now=scene.now
    ),
    "issue a class's badges anew": lambda scene, text: badges.reissue_class(
        by=scene.door.world.coordinator,
        class_group=scene.door.world.group,
        reason=text,
        now=scene.now,
    ),
    "revoke a class's badges": lambda scene, text: badges.revoke_class(
        by=scene.door.world.coordinator,
        class_group=scene.door.world.group,
        reason=text,
        now=scene.now,
    ),
    "revoke a certificate": lambda scene, text: certificates.revoke(
        by=scene.door.world.coordinator,
        certificate=scene.certificate,
        reason=text,
        now=scene.now,
    ),
    "reserve with a note": lambda scene, text: scene.coming(note=text),
    "cancel a booking": lambda scene, text: changes.cancel_booking(
        by=scene.door.world.teacher, booking=scene.coming(), reason=text, now=scene.now
    ),
    "cancel a session": lambda scene, text: host_changes.cancel_session(
        by=scene.door.manager, session=scene.coming(days=2).session, reason=text, now=scene.now
    ),
    "cancel a day": lambda scene, text: host_changes.cancel_day(
        by=scene.door.manager,
        day=scene.coming(days=2).session.starts_at.date(),
        reason=text,
        now=scene.now,
    ),
    "swap": lambda scene, text: swapping.swap(
        by=scene.door.world.teacher,
        booking=scene.coming(),
        session_ids=[scene.door.world.session(day=(scene.now + 7 * DAY).date()).pk],
        reason=text,
        now=scene.now,
    ),
    "ask for a change": _ask,
    "accept a change": lambda scene, text: _answer(scene, text, is_yes=True),
    "decline a change": lambda scene, text: _answer(scene, text, is_yes=False),
}


def _reopened(scene: Scene) -> CourseSession:
    if Desk.objects.get().closed_at is not None:
        desk.reopen_desk(
            by=scene.door.manager, session=scene.door.session, reason="补签", now=scene.now
        )
    return scene.door.session


def texts_kept() -> set[str]:
    """All that the cases can write, wherever it is kept."""
    return {
        text
        for model, fields in (
            (AuditEntry, ["reason"]),
            (HourProposal, ["reason", "answer"]),
            (HourCredit, ["reason"]),
            (ConflictDecision, ["reason"]),
            (Desk, ["reopen_reason", "heads_note"]),
            (Objection, ["text", "answer"]),
            (PeriodLock, ["reopen_reason"]),
            (Badge, ["revoke_reason"]),
            (Certificate, ["revoke_reason"]),
            (Reservation, ["note"]),
            (Booking, ["cancel_reason"]),
            (CourseSession, ["cancel_reason"]),
            (ChangeRequest, ["reason", "answer"]),
        )
        for field in fields
        for text in model._default_manager.values_list(field, flat=True)
    }


@pytest.mark.parametrize("case", WRITERS)
def test_a_text_that_names_a_classmate_is_refused_and_another_kept(scene: Scene, case: str) -> None:
    with pytest.raises(TextNamesStudent) as refused:
        WRITERS[case](scene, TEXT)

    assert str(refused.value) == SENTENCE
    assert not any(is_named(text, [NAME]) for text in texts_kept())
    WRITERS[case](scene, "和 4 号一起")
    assert "和 4 号一起" in texts_kept()


def test_a_host_learns_from_no_refusal_who_comes(scene: Scene) -> None:
    """Four days before the session it may not read names; three days before it may."""
    early, soon = scene.coming(days=4), scene.coming(days=3)
    with pytest.raises(TextNamesStudent):
        host_changes.cancel_session(
            by=scene.door.manager, session=soon.session, reason=TEXT, now=scene.now
        )

    host_changes.cancel_session(
        by=scene.door.manager, session=early.session, reason=TEXT, now=scene.now
    )

    assert CourseSession.objects.get(pk=early.session_id).cancel_reason == TEXT


def test_a_refused_form_keeps_what_was_typed(scene: Scene) -> None:
    """The school's, the host's and the student's own."""
    desk.reopen_desk(
        by=scene.door.manager, session=scene.door.session, reason="补签", now=scene.now
    )
    badge = Badge.objects.get(student=scene.student)
    pages = [
        (
            scene.door.world.teacher,
            f"/school/students/{scene.student.pk}/hours/new/",
            {"kind": "manual", "class_hours": "1", "earned_on": "2026-12-08", "reason": TEXT},
        ),
        (
            scene.door.manager,
            f"/desk/{scene.door.session.pk}/close/",
            {"heads_out": "0", "heads_note": TEXT, "leave_undecided": "1"},
        ),
        (
            None,
            "/notice/",
            {
                "code": badge.code,
                "student_no": scene.student.student_no,
                "do": "object",
                "text": TEXT,
            },
        ),
    ]
    seen = []
    with time_machine.travel(scene.now, tick=False):
        for by, address, fields in pages:
            client = Client()
            if by is not None:
                client.force_login(User.objects.get(pk=by.user_id))
            answer = client.post(address, fields)
            text = answer.content.decode()
            seen.append((answer.status_code, text.count(SENTENCE), TEXT in text))

    assert seen == [(422, 1, True)] * 3
    assert not any(is_named(text, [NAME]) for text in texts_kept())

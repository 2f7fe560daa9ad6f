"""A child's name goes nowhere: one is planted, the stack is driven, and all it writes is searched.

Pages, links, headers, calendar files, error pages and the web API of every role; mails and
messages; queued tasks and what they return; every table; and every log line down to DEBUG. The
name may stand in the student's own row and on the pages of those who may read it, and nowhere
else. That the search finds what it looks for is shown first, channel by channel.
"""

import base64
import json
import logging
import logging.config
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import Message as Mail
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django_q.models import OrmQ
from django_q.tasks import async_task
from pytest_django import Settings

import bookings.services.changes
import bookings.services.lists
import notifications.services
from accounts.actors import SYSTEM
from accounts.choices import Role
from accounts.models import Membership
from accounts.selectors import actor_of
from accounts.services import audit, tokens
from attendance.choices import EventKind
from attendance.services import badges, check_in, desk
from bookings.services import host_changes, reminders
from bookings.services.companions import CompanionInput
from notifications.models import Delivery, Message
from rosters.models import Student
from rosters.services import students as student_services
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.attendance import close_desk
from tests.factories.bookings import make_booking
from tests.factories.courses import make_session
from tests.test_walls import World, _make_world, addresses, signed_in

MARK = "标记壹㛃"
NAMES = (f"{MARK}甲", f"{MARK}乙", f"{MARK}丙")

# How the name may be dressed when it travels.
DRESSES = (
    MARK,
    quote(MARK),
    quote(MARK).lower(),
    MARK.encode("unicode_escape").decode(),
    MARK.encode("unicode_escape").decode().upper().replace("\\U", "\\u"),
    MARK.encode().hex(),
    MARK.encode("utf-16-be").hex(),
    "".join(f"&#{ord(character)};" for character in MARK),
    "".join(f"&#x{ord(character):x};" for character in MARK),
    "".join(f"={byte:02X}" for byte in MARK.encode()),
)
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")

# The only tables with names: the students, and what a file says while its import waits, an hour at
# most. What is sealed or bound for the school's own eyes is none of these.
TABLES = {"rosters_student", "rosters_rosterimport"}

# Who may see names, and on which pages. The secretariat gives its reason in a test of its own.
SCHOOL_PAGES = {
    "attendance:badge_reissue",
    "attendance:badges",
    "attendance:credit_correct",
    "attendance:proposal",
    "attendance:proposals",
    "attendance:propose",
    "attendance:certificates",
    "bookings:booking",
    "bookings:change",
    "bookings:consents",
    "bookings:print",
    "bookings:reserve",
    "insights:class",
    "insights:class_hours",
    "insights:student",
    "rosters:class_consents",
    "rosters:student_edit",
    "rosters:student_needs",
    "rosters:student_phone",
    "rosters:student_phone_show",
}
HOST_PAGES = {
    "attendance:desk",
    "attendance:desk_check_in",
    "attendance:desk_close",
    "attendance:desk_place",
    "attendance:desk_rest",
    "attendance:desk_tick",
    "attendance:desk_walk_in",
    "attendance:whole_class",
    "bookings:session_names",
}
MAY_SHOW: dict[str, set[str]] = {
    "teacher": SCHOOL_PAGES,
    "coordinator": SCHOOL_PAGES
    | {
        "attendance:notice",
        "attendance:objection",
        "attendance:student_data",
        "attendance:student_erase",
        "attendance:student_merge",
        "bookings:student_move",
        "planning:plan_class",
        "planning:plan_class_print",
        "rosters:api-import",
        "rosters:api-import-answers",
        "rosters:class_edit",
        "rosters:import",
        "rosters:import_answer",
        "rosters:import_confirm",
        "rosters:students_add",
        "rosters:teacher_set",
        "rosters:transfer_ask",
        "rosters:transfers",
    },
    "instructor": HOST_PAGES,
    "manager": HOST_PAGES,
}


def is_said(text: str) -> bool:
    """Whether the name stands in the text, plain or dressed."""
    return any(dress in text for dress in DRESSES)


def is_in(text: str) -> bool:
    """The same, or in something coded as base64."""
    if is_said(text):
        return True
    for code in BASE64.findall(text):
        padded = code + "=" * (-len(code) % 4)
        for decode in (base64.b64decode, base64.urlsafe_b64decode):
            try:
                inner = decode(padded)
            except ValueError:
                continue
            if MARK.encode() in inner:
                return True
    return False


class Logged(logging.Handler):
    """Every line that is logged, as the console would show it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(
            logging.config.DictConfigurator(django_settings.LOGGING).configure_formatter(
                django_settings.LOGGING["formatters"]["line"]
            )
        )
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # Another handler may have put the trace into words already.
        record.exc_text = None
        self.lines.append(self.format(record))
        record.exc_text = None


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """All loggers at DEBUG, whatever they pass on."""
    handler = Logged()
    loggers = [
        logging.getLogger(),
        *(
            logger
            for logger in logging.Logger.manager.loggerDict.values()
            if isinstance(logger, logging.Logger)
            and logger.name.split(".")[0] not in ("faker", "factory", "asyncio")
        ),
    ]
    before = [(logger, logger.level, logger.disabled) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.disabled = False
        if not logger.propagate or logger.parent is None:
            logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        for logger, level, disabled in before:
            logger.setLevel(level)
            logger.disabled = disabled
            logger.removeHandler(handler)


# ── where it is looked for ──


def tables_with_the_name() -> set[str]:
    """Every table of the database, its rows as text; codes and bytes are undone."""
    found = set()
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        assert "rosters_student" in tables
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 (names of tables)
            if any(is_in(row) for (row,) in cursor.fetchall()):
                found.add(table)
    return found


def tasks_with_the_name() -> list[str]:
    """What waits in the queue, unpacked."""
    return [task["func"] for row in OrmQ.objects.all() if is_in(repr(task := row.task))]


def sign_ins_with_the_name() -> list[str]:
    return [row.pk for row in Session.objects.all() if is_in(repr(row.get_decoded()))]


def text_of_mail(letter: EmailMessage) -> str:
    message: Mail = letter.message()
    parts = [str(message.items()), letter.subject, *letter.recipients()]
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            parts.append(payload.decode("utf-8", "replace"))
    return "\n".join(parts).replace("\r\n ", "").replace("\n ", "")


def mails_with_the_name() -> list[str]:
    return [letter.subject for letter in mail.outbox if is_in(text_of_mail(letter))]


def body_of(response: HttpResponse) -> str:
    content = (
        b"".join(response.streaming_content)  # type: ignore[attr-defined]
        if response.streaming
        else response.content
    )
    return content.decode("utf-8", "replace")


LINKS = re.compile(r"""(?:href|src|action|hx-\w+|content|data-[\w-]+)=["']([^"']*)["']""")


def around(response: HttpResponse) -> str:
    """What of an answer is not its contents: headers, cookies, where it leads."""
    links = " ".join(LINKS.findall(body_of(response)))
    titles = " ".join(re.findall(r"<title>.*?</title>", body_of(response), re.DOTALL))
    return f"{response.headers} {response.cookies} {links} {titles}"


class Walk:
    """Requests of one role after another, and where the name came back."""

    def __init__(self) -> None:
        self.shown: set[tuple[str, str]] = set()
        self.around: set[tuple[str, str]] = set()
        self.statuses: set[int] = set()
        self.number = 0

    def see(self, role: str, name: str, response: HttpResponse) -> None:
        self.number += 1
        self.statuses.add(response.status_code)
        if is_said(body_of(response)):
            self.shown.add((role, name))
        if is_in(around(response)):
            self.around.add((role, name))


@pytest.fixture
def planted(db: None, now: datetime, settings: Settings) -> Iterator[World]:
    settings.DEMO = False
    with time_machine.travel(now, tick=False):
        yield _make_world(now, NAMES)


# ── it has something to leak, and the search finds it ──


def test_the_name_is_there_to_be_leaked(planted: World) -> None:
    page = signed_in(planted.owners["teacher"]).get(f"/classes/{planted.booking.class_group_id}/")

    assert all(name in page.content.decode() for name in NAMES)
    assert tables_with_the_name() == TABLES


@pytest.mark.parametrize("dress", DRESSES)
def test_the_search_sees_through_every_dress(dress: str) -> None:
    assert is_in(f"before {dress} after")
    assert not is_in("标记 壹 and nothing else, but a long base64ish word AAAAAAAAAAAAAAAAAAAA")


def test_the_search_finds_a_name_in_each_channel(planted: World, now: datetime) -> None:
    name = NAMES[0]
    teacher = planted.owners["teacher"]

    with everything_logged() as lines:
        logging.getLogger("rosters.services").debug("adding %s", name)
        logging.getLogger("django.request").debug("adding %s", name)
    audit.record(by=SYSTEM, verb="x.y", now=now, name=name)
    async_task("builtins.print", name)
    notifications.services.tell(
        recipient=teacher.user, kind="x", subject="x", body=f"x {name}", now=now
    )
    EmailMessage("x", f"x {name}", to=["a@example.org"]).send()
    client = signed_in(teacher)
    session = client.session
    session["note"] = name
    session.save()
    answer = HttpResponse(headers={"Location": f"/?q={quote(name)}"})

    assert sum(map(is_in, lines)) == 2
    # Queue and sign-ins are packed: they are looked into below.
    assert tables_with_the_name() - {"django_q_ormq"} == TABLES | {
        "accounts_auditentry",
        "notifications_message",
    }
    assert tasks_with_the_name() == ["builtins.print"]
    assert mails_with_the_name() == ["x"]
    assert len(sign_ins_with_the_name()) == 1
    assert is_in(around(answer))


# ── the stack is driven ──


def test_no_page_of_any_role_shows_it_to_whom_it_may_not(planted: World) -> None:
    walk = Walk()

    with everything_logged() as lines:
        # What strangers are shown, test_walls has seen.
        secretariat = ("secretariat", planted.strangers["secretariat"])
        for role, membership in (*planted.owners.items(), secretariat):
            client = signed_in(membership)
            for name, address in addresses(planted):
                for method in ("get", "post"):
                    with transaction.atomic():
                        walk.see(role, name, getattr(client, method)(address))
                        # Each page is driven in the same world.
                        transaction.set_rollback(True)
        nobody = Client()
        for name, address in addresses(planted):
            walk.see("nobody", name, nobody.get(address))

    allowed = {(role, name) for role, names in MAY_SHOW.items() for name in names}
    # The host's front page and printed lists mask names; today's page counts.
    assert walk.shown - allowed == set()
    assert {role for role, _name in walk.shown} == set(MAY_SHOW)
    assert ("teacher", "insights:class") in walk.shown
    assert ("manager", "bookings:session_names") in walk.shown
    assert walk.around == set()
    assert walk.number > 800
    assert {200, 302, 403, 404, 405} <= walk.statuses
    assert [line for line in lines if is_in(line)] == []
    assert tables_with_the_name() == TABLES


def test_what_people_do_with_it_writes_it_nowhere(planted: World, now: datetime) -> None:
    """Add, rename, book, change, swap, tick, excuse, close, reissue, remind, call off, take out,
    read with a reason, rotate, retain: then everything written is searched."""
    teacher, coordinator, manager, instructor = (
        actor_of(planted.owners[role])
        for role in ("teacher", "coordinator", "manager", "instructor")
    )
    group, session = planted.booking.class_group, planted.session
    students = list(group.students.order_by("seat_no"))
    walk = Walk()
    with everything_logged() as lines, time_machine.travel(now, tick=False):
        # Rosters, by form.
        office = signed_in(planted.owners["coordinator"])
        pasted = f"4\t2025999\t{MARK}丁\n5\t2025998\t{MARK}戊"
        added = office.post(f"/school/classes/{group.pk}/students/", {"lines": pasted})
        again = office.post(f"/school/classes/{group.pk}/students/", {"lines": pasted})
        renamed = office.post(
            f"/school/students/{students[0].pk}/", {"name": f"{MARK}改", "seat_no": 1}
        )
        assert (added.status_code, again.status_code, renamed.status_code) == (302, 409, 302)
        # Refused, with the name in what was typed, both allowed to see it.
        assert is_in(body_of(again))
        for answer in (added, renamed):
            walk.see("coordinator", "done", answer)
        more = group.students.get(seat_no=4)
        # Bookings, as the services tell them to both sides.
        coming = make_session(
            session.version, starts_at=now + timedelta(days=5), now=now - timedelta(days=9)
        )
        booking = make_booking(by=teacher, session=coming, class_group=group, now=now)
        bookings.services.lists.change_booking(
            by=teacher,
            booking=booking,
            edition=booking.edition,
            student_ids=[students[0].pk, students[1].pk],
            companions=[CompanionInput("王老师", "13900000001")],
            now=now,
        )
        booking.refresh_from_db()
        reminders.send_due_reminders(now=now + timedelta(days=4))
        host_changes.cancel_session(by=manager, session=coming, reason="停电", now=now)
        # At the door, one excused, one swapped, one without a place let in.
        if not hasattr(session, "desk"):
            desk.open_desk(by=manager, session=session, now=now)
        place = planted.booking.places.filter(is_live=True, student=students[1]).get()
        walk.see("x", "badge", Client().post("/badge/", {"code": "A" * 16}))
        check_in.mark(
            by=instructor,
            session=session,
            student_id=students[1].pk,
            kind=EventKind.EXCUSED,
            event_id=uuid4(),
            now=now,
        )
        bookings.services.changes.swap_student(
            by=manager,
            booking=planted.booking,
            out_student_id=place.student_id,
            in_student_id=more.pk,
            now=now,
            opens_at=now,
        )
        badges.issue_missing(by=coordinator, class_group=group, now=now)
        badges.reissue(by=coordinator, student=students[2], reason="遗失", now=now)
        close_desk(
            by=manager,
            session=session,
            now=session.ends_at + timedelta(minutes=5),
            leave_undecided=True,
        )
        # Taken out, and read with a reason.
        files = [
            office.post(f"/school/classes/{group.pk}/roster.xlsx"),
            office.post(f"/school/students/{students[0].pk}/data/export/"),
            office.post(f"/classes/{group.pk}/badges.pdf"),
        ]
        assert [answer.status_code for answer in files] == [200, 200, 200]
        secretary = signed_in(planted.strangers["secretariat"])
        named = secretary.post(f"/overview/classes/{group.pk}/names/", {"reason": f"找{MARK}改"})
        read = secretary.post(f"/overview/classes/{group.pk}/names/", {"reason": "核对来电"})
        assert (named.status_code, read.status_code) == (422, 200)
        assert is_in(body_of(read))
        for answer in (*files, named, read):
            assert not is_in(str(answer.headers) + str(answer.cookies))
        log = office.get("/school/names-read/")
        trail = secretary.get("/audit/")
        calendar = signed_in(planted.owners["teacher"]).get(f"/trips/{planted.booking.pk}/ics/")
        for name, answer in (("log", log), ("trail", trail), ("ics", calendar)):
            walk.see("x", name, answer)
        call_command("rotate_keys", "--dry-run", verbosity=0)
        call_command("retain", "--dry-run", verbosity=0)
        # The queue is worked off, and what its tasks return is looked at too.
        assert OrmQ.objects.exists()
        assert tasks_with_the_name() == []
        results = [
            notifications.services.deliver(delivery_id=key, now=now)
            for key in Delivery.objects.values_list("pk", flat=True)
        ]

    assert walk.shown == set()
    assert walk.around == set()
    assert not is_in(repr(results))
    assert len(mail.outbox) >= 10
    assert mails_with_the_name() == []
    assert Message.objects.exclude(calendar="").exists()
    assert [line for line in lines if is_in(line)] == []
    assert tables_with_the_name() == TABLES
    assert sign_ins_with_the_name() == []


def test_errors_say_it_nowhere(planted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost address, a broken rule, a page that fails with the name at hand."""
    group = planted.booking.class_group
    teacher = Client(raise_request_exception=False)
    teacher.force_login(planted.owners["teacher"].user)
    office = Client(raise_request_exception=False)
    office.force_login(planted.owners["coordinator"].user)

    def broken(*args: Any, **values: Any) -> None:
        Student.objects.filter(class_group=group).update(seat_no=0)

    def failing(*args: Any, **values: Any) -> None:
        student = Student.objects.filter(class_group=group).first()
        raise RuntimeError(student, [student])

    walk = Walk()
    with everything_logged() as lines:
        walk.see("x", "404", teacher.get("/classes/999999/"))
        walk.see("x", "404 raw", teacher.get("/no/such/page/"))
        monkeypatch.setattr(student_services, "edit_student", broken)
        student = group.students.order_by("seat_no")[0]
        with transaction.atomic():
            answer = office.post(
                f"/school/students/{student.pk}/", {"name": f"{MARK}改", "seat_no": 1}
            )
            transaction.set_rollback(True)
        walk.see("x", "broken rule", answer)
        monkeypatch.setattr("insights.views.school.class_progress", failing)
        walk.see("x", "500", teacher.get(f"/classes/{group.pk}/"))
        walk.see("x", "500 csv", teacher.get(f"/classes/{group.pk}/hours.csv"))

    assert walk.statuses == {404, 500}
    assert walk.shown == set()
    assert walk.around == set()
    assert sum("Internal Server Error" in line for line in lines) == 3
    assert any("student_seat_positive" in line for line in lines)
    assert [line for line in lines if is_in(line)] == []


def test_the_web_api_says_it_of_the_schools_own_import_alone(planted: World, now: datetime) -> None:
    group, session = planted.booking.class_group, planted.session
    walk = Walk()
    with everything_logged() as lines:
        for role, membership in planted.owners.items():
            _token, secret = tokens.issue(by=actor_of(membership), label="x", now=now)
            client = Client(
                headers={"authorization": f"Bearer {secret}"}, raise_request_exception=False
            )
            for name, address in addresses(planted):
                if ":api-" in name:
                    walk.see(role, name, client.get(address))
                    walk.see(role, name, client.post(address, {}, "application/json"))
            walk.see(role, "broken", client.post("/api/v1/reservations/", "{", "application/json"))
            body = {
                "check_ins": [
                    {
                        "id": str(uuid4()),
                        "class_group": group.pk,
                        "seat_no": 1,
                        "happened_at": now.isoformat(),
                    }
                ]
            }
            walk.see(
                role,
                "batch",
                client.post(
                    f"/api/v1/sessions/{session.pk}/check-ins/batch/",
                    json.dumps(body),
                    "application/json",
                ),
            )

    # What an import waits to be confirmed, its own coordinator reads over the API too.
    assert walk.shown == {
        ("coordinator", "rosters:api-import"),
        ("coordinator", "rosters:api-import-answers"),
    }
    assert walk.around == set()
    assert {200, 400, 404, 405} <= walk.statuses
    assert [line for line in lines if is_in(line)] == []
    assert tables_with_the_name() == TABLES


def test_people_are_of_all_roles(planted: World) -> None:
    roles = {one.role for one in (*planted.owners.values(), *planted.strangers.values())}

    assert roles == set(Role.values)
    assert isinstance(planted.owners["teacher"], Membership)
    assert MembershipFactory(organisation=OrganisationFactory()).pk

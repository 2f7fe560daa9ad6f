"""Who read names: what the school sees, and reading with a reason."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM
from accounts.choices import READINGS, Role
from accounts.errors import NotAllowed
from accounts.models import AuditEntry, Membership
from accounts.services import audit
from insights.selectors import reading
from rosters.errors import ReadReasonMissing, TextNamesStudent
from rosters.models import ClassGroup, Student
from rosters.services.reading import read_class_names
from sites.calendar import local_day
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking
from tests.factories.courses import make_session, make_version, manager_of
from tests.factories.rosters import make_class, make_teacher_of


@pytest.fixture
def group(db: None) -> ClassGroup:
    group = make_class(students=3, number=3)
    for student in group.students.all():
        Student.objects.filter(pk=student.pk).update(name=f"慕容{student.seat_no}郎")
    return group


@pytest.fixture
def coordinator(group: ClassGroup) -> Membership:
    membership: Membership = MembershipFactory(coordinator=True, organisation=group.school)
    return membership


def client_of(membership: Membership, **more: str) -> Client:
    client = Client(**more)  # type: ignore[arg-type]
    client.force_login(membership.user)
    return client


def log_of(
    membership: Membership, now: datetime, **query: str | int
) -> list[tuple[str, str, str, int]]:
    """What the page says: who, for what, whose, how many."""
    with time_machine.travel(now, tick=False):
        page = client_of(membership).get(f"/school/names-read/?{urlencode(query)}")
    assert page.status_code == 200
    return [(row.reader, row.what_for, row.whose, row.count) for row in page.context["rows"]]


def test_the_school_sees_its_own_people_the_host_and_the_secretariat(
    group: ClassGroup, coordinator: Membership, now: datetime
) -> None:
    version = make_version()
    session = make_session(version, starts_at=now + timedelta(days=2), now=now - timedelta(days=9))
    teacher = make_teacher_of(group)
    make_booking(by=actor_of(teacher), session=session, class_group=group, now=now)
    secretary = MembershipFactory(secretariat=True)
    master = Membership.objects.get(pk=manager_of(version.host).membership_id)
    student = group.students.get(seat_no=2)
    with time_machine.travel(now, tick=False):
        client_of(teacher).get(f"/classes/{group.pk}/")
        client_of(teacher).get(f"/classes/{group.pk}/students/{student.pk}/")
        client_of(master, REMOTE_ADDR="10.1.2.3").get(f"/today/sessions/{session.pk}/names/")
        client_of(secretary).post(
            f"/overview/classes/{group.pk}/names/", {"reason": "核对家长来电"}
        )

    assert log_of(coordinator, now) == [
        (secretary.user.name, "秘书处查看", "七(3)班", 3),
        (master.user.name, "看场次名单", "七(3)班", 3),
        (teacher.user.name, "看一名学生的学时", "七(3)班 2 号", 1),
        (teacher.user.name, "看全班学时", "七(3)班", 3),
    ]
    page = client_of(coordinator).get("/school/names-read/").content.decode()
    assert "核对家长来电" in page
    assert "10.1.2.3" in page
    assert "慕容" not in page


def test_another_school_sees_nothing_of_it(group: ClassGroup, now: datetime) -> None:
    audit.record_names_read(
        by=actor_of(make_teacher_of(group)),
        now=now,
        context="class_page",
        students=group.students.all(),
    )

    assert log_of(MembershipFactory(coordinator=True), now) == []


def test_the_log_is_narrowed_by_day_class_and_reader(
    group: ClassGroup, coordinator: Membership, now: datetime
) -> None:
    other = make_class(students=2, number=4, school=group.school)
    one, two = make_teacher_of(group), make_teacher_of(other)
    for membership, shown, at in (
        (one, group, now - timedelta(days=1)),
        (one, group, now),
        (two, other, now),
    ):
        audit.record_names_read(
            by=actor_of(membership), now=at, context="class_page", students=shown.students.all()
        )
    row_one = (one.user.name, "看全班学时", "七(3)班", 3)
    row_two = (two.user.name, "看全班学时", "七(4)班", 2)

    assert log_of(coordinator, now) == [row_two, row_one, row_one]
    assert log_of(coordinator, now, day=str(local_day(now))) == [row_two, row_one]
    assert log_of(coordinator, now, class_group=group.pk) == [row_one, row_one]
    assert log_of(coordinator, now, reader=two.pk) == [row_two]
    assert log_of(coordinator, now, reader=one.pk, day="2026-11-23") == [row_one]
    assert log_of(coordinator, now, class_group=make_class().pk) == [row_two, row_one, row_one]


@pytest.mark.parametrize("query", ["day=x", "class_group=x", "reader=x", "reader=-1", "before=x"])
def test_nonsense_in_the_address_narrows_nothing(
    group: ClassGroup, coordinator: Membership, now: datetime, query: str
) -> None:
    audit.record_names_read(
        by=actor_of(coordinator), now=now, context="badges", students=group.students.all()
    )

    page = client_of(coordinator).get(f"/school/names-read/?{query}")

    assert (page.status_code, len(page.context["rows"])) == (200, 1)


def test_the_log_goes_on_where_a_page_ends(
    group: ClassGroup, coordinator: Membership, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    actor = actor_of(coordinator)
    for _ in range(5):
        audit.record_names_read(by=actor, now=now, context="badges", students=group.students.all())
    sizes, before = [], None
    while True:
        page = reading.names_read(actor, now=now, before=before)
        sizes.append(len(page.rows))
        before = page.next_key
        if before is None:
            break

    assert sizes == [2, 2, 1]
    assert reading.names_read(actor, now=now, before=10**9).rows == []


@pytest.mark.parametrize("number", [1, 3])
def test_the_log_asks_as_often_for_three_rows_as_for_one(
    group: ClassGroup, coordinator: Membership, now: datetime, number: int
) -> None:
    for other in range(number):
        audit.record_names_read(
            by=actor_of(make_teacher_of(make_class(school=group.school, number=10 + other))),
            now=now,
            context="student_page",
            students=group.students.all()[:1],
        )

    with CaptureQueriesContext(connection) as queries:
        page = reading.names_read(actor_of(coordinator), now=now)

    assert (len(page.rows), len(queries)) == (number, 3)


def test_what_the_system_did_and_what_is_unknown_is_shown_as_it_is(
    group: ClassGroup, coordinator: Membership, now: datetime
) -> None:
    audit.record_names_read(by=SYSTEM, now=now, context="new_page", students=group.students.all())
    audit.record(by=SYSTEM, now=now, verb="names.read", school_id=group.school_id)

    assert log_of(coordinator, now) == [
        ("系统", "查看学生姓名", "", 0),
        ("系统", "new_page", "七(3)班", 3),
    ]


def test_every_context_of_a_page_has_its_words() -> None:
    used = {
        code
        for path in Path(settings.BASE_DIR).glob("*/*/*.py")
        if path.parts[-3] in settings_apps()
        for code in re.findall(r'context="(\w+)"', path.read_text(encoding="utf-8"))
    }

    assert used - set(READINGS) == set()
    assert {"class_page", "student_export", "secretariat", "session_names"} <= used


def settings_apps() -> set[str]:
    return {"insights", "attendance", "bookings", "hours", "courses", "rosters", "accounts"}


# ── the secretariat, with a reason ──


def test_the_secretariat_reads_a_class_for_a_reason_that_the_school_sees(
    group: ClassGroup, now: datetime
) -> None:
    secretary = MembershipFactory(secretariat=True)

    students = read_class_names(
        by=actor_of(secretary), class_group=group, reason=" 核对 \n 来电 ", now=now
    )

    assert [student.seat_no for student in students] == [1, 2, 3]
    entry = AuditEntry.objects.get(verb="names.read")
    assert (entry.school_id, entry.reason, entry.facts["count"], entry.organisation_id) == (
        group.school_id,
        "核对 来电",
        3,
        secretary.organisation_id,
    )


@pytest.mark.parametrize(
    ("reason", "refusal"),
    [("  ", ReadReasonMissing), ("慕容2郎的家长来电", TextNamesStudent)],
)
def test_without_a_reason_or_with_a_name_in_it_nothing_is_read(
    group: ClassGroup, now: datetime, reason: str, refusal: type[Exception]
) -> None:
    by = actor_of(MembershipFactory(secretariat=True))

    with pytest.raises(refusal):
        read_class_names(by=by, class_group=group, reason=reason, now=now)

    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.TEACHER, Role.HOST_MANAGER])
def test_nobody_else_reads_with_a_reason(group: ClassGroup, now: datetime, role: Role) -> None:
    by = actor_of(MembershipFactory(**{role.value: True}))

    with pytest.raises(NotAllowed):
        read_class_names(by=by, class_group=group, reason="核对", now=now)


def test_the_page_shows_names_only_after_the_reason(group: ClassGroup, now: datetime) -> None:
    client = client_of(MembershipFactory(secretariat=True))
    address = f"/overview/classes/{group.pk}/names/"

    asked = client.get(address)
    empty = client.post(address, {"reason": ""})
    named = client.post(address, {"reason": "慕容1郎"})
    shown = client.post(address, {"reason": "核对来电"})

    assert [page.status_code for page in (asked, empty, named, shown)] == [200, 200, 422, 200]
    assert [page.content.decode().count("慕容3郎") for page in (asked, empty, named, shown)] == [
        0,
        0,
        0,
        1,
    ]
    assert AuditEntry.objects.filter(verb="names.read").count() == 1
    assert shown["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def test_an_archived_class_is_not_there(group: ClassGroup, now: datetime) -> None:
    ClassGroup.objects.filter(pk=group.pk).update(archived_at=now)
    client = client_of(MembershipFactory(secretariat=True))

    assert client.get(f"/overview/classes/{group.pk}/names/").status_code == 404

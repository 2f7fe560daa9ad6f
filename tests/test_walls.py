"""Nobody sees or changes what belongs to another organisation (DESIGN.md, invariant 8).

Walks every address and API operation as every role of other organisations, as a colleague who
does not teach the class, as the alliance and as nobody; and shows first that the owners see
something there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.apps import apps
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import Settings

from accounts.actors import Actor
from accounts.choices import Role
from accounts.models import Membership
from accounts.selectors import actor_of
from accounts.services import invitations
from attendance.choices import EventKind, WayIn
from attendance.models import Badge, Certificate, Device, RosterPack
from attendance.services import badges, check_in, device_events, devices, notices, proposals, sync
from bookings.models import BasketItem, Booking, ChangeRequest, Place
from bookings.services import standing_requests
from bookings.services.companions import CompanionInput
from courses.models import CourseSession, Season
from hours import period_locks
from notifications.models import Message
from planning.services.wishes import say_wishes
from rosters.models import ClassGroup, RosterImport, Student
from rosters.services import school_years, transfers
from rosters.services.imports import reading, starting
from sites import services as sites_services
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.bookings import make_booking
from tests.factories.courses import make_session, make_version, manager_of
from tests.factories.hours import RequirementFactory, make_credit
from tests.factories.planning import make_plan
from tests.factories.rosters import make_class, make_teacher_of

COMPANION, PHONE, SCHOOL_PHONE = "韦同行", "13977770001", "13977770002"

# What every member may open although it names another's row: the catalogue, and its API.
SHARED = {
    "bookings:course",
    "bookings:reserve",
    "courses:api-course",
    "courses:api-session",
}
# A day is everybody's own, and so is a kind of consent.
DAYS = {
    "attendance:host_day",
    "bookings:day_print",
    "bookings:day_cancel",
    "rosters:consent_text_new",
    "rosters:consent_print",
}
# The installation's own pages, which take no row of an organisation.
OUTSIDE = ("admin:", "account_", "pieces", "schema", "api-docs", "set_language")


@dataclass
class World:
    """One booking of one school at one host, with everything that hangs on it."""

    booking: Booking
    session: CourseSession
    owners: dict[str, Membership]
    strangers: dict[str, Membership]
    arguments: dict[str, dict[str, Any]]
    secrets: tuple[str, ...]


@pytest.fixture
def world(db: None, now: datetime, settings: Settings) -> Iterator[World]:
    # The demonstration's own pages show everything to everybody, and exist nowhere else.
    settings.DEMO = False
    with time_machine.travel(now, tick=False):
        yield _make_world(now)


NAMES = ("慕容甲子", "慕容乙丑", "慕容丙寅")


def _make_world(now: datetime, names: tuple[str, str, str] = NAMES) -> World:
    version = make_version()
    host = version.host
    manager = manager_of(host)
    instructor = MembershipFactory(organisation=host, role=Role.INSTRUCTOR)
    session = make_session(
        version,
        starts_at=now + timedelta(minutes=50),
        now=now - timedelta(days=20),
        instructor=instructor,
    )
    group = make_class(students=3)
    for student, name in zip(group.students.order_by("seat_no"), names, strict=True):
        Student.objects.filter(pk=student.pk).update(name=name)
    teacher = make_teacher_of(group)
    coordinator = MembershipFactory(organisation=group.school, role=Role.SCHOOL_COORDINATOR)
    booking = make_booking(
        by=actor_of(teacher),
        session=session,
        class_group=group,
        now=now - timedelta(days=10),
        companions=(CompanionInput(COMPANION, PHONE), CompanionInput("陆随行")),
        contact_phone=SCHOOL_PHONE,
    )
    badges.issue_missing(by=actor_of(coordinator), class_group=group, now=now)
    place = Place.objects.filter(booking=booking).order_by("pk").first()
    assert place is not None
    assert place.student is not None
    assert place.student_id is not None
    check_in.check_in(
        by=actor_of(instructor),
        session=session,
        student_id=place.student_id,
        way_in=WayIn.TICK,
        event_id=uuid4(),
        happened_at=now,
        now=now,
    )
    device, doubtful = _make_device(manager, session, place.student_id, now)
    room = session.room
    assert room is not None
    closure = sites_services.close_room(
        by=manager,
        room=room,
        starts_at=now + timedelta(days=90),
        ends_at=now + timedelta(days=91),
        reason="检修",
        now=now,
    )
    invitation, _token = invitations.invite(
        by=actor_of(coordinator),
        organisation=group.school,
        role=Role.TEACHER,
        email="secret.person@example.org",
        name="闻人",
        now=now,
    )
    # Somebody is on the way to a third school, and a class of this one has left it.
    transfer = transfers.ask(
        by=actor_of(coordinator),
        student=place.student,
        to_school=OrganisationFactory(),
        now=now,
    )
    archived = make_class(students=1, school=group.school, entry_year=2018, number=59)
    school_years.archive_classes(
        by=actor_of(coordinator), school_id=group.school_id, class_ids=[archived.pk], now=now
    )
    message = Message.objects.filter(recipient=teacher.user).first()
    assert message is not None
    item = BasketItem.objects.create(
        membership=teacher, class_group=group, session=session, added_at=now
    )
    change = ChangeRequest.objects.create(
        booking=booking,
        wanted={"students": [place.student_id], "seats": 1, "adults": 2},
        before=standing_requests.contents_of([booking]),
        reason="两人请假",
        asked_at=now,
        asked_by=teacher,
    )
    credit = make_credit(
        by=manager,
        student=group.students.order_by("seat_no")[1],
        session=session,
        now=now,
    )
    proposal = proposals.propose_correction(
        by=actor_of(teacher), credit=credit, class_hours=1, reason="多记了", now=now
    )
    Certificate.objects.create(
        student=place.student,
        school=group.school,
        requirement=RequirementFactory(entry_year_from=2000, entry_year_to=2001),
        code="A" * 16,
        class_hours=14,
        required_hours=14,
        issued_at=now,
    )
    requirement = RequirementFactory(due_on=now.date() - timedelta(days=1))
    notice = notices.start(
        by=actor_of(coordinator), school=group.school, requirement=requirement, days=5, now=now
    )
    objection = notices.object_to(student=place.student, notice=notice, text="少记一场", now=now)
    lock = period_locks.lock_period(
        by=actor_of(coordinator), school=OrganisationFactory(), requirement=requirement, now=now
    )
    plan = make_plan(
        by=actor_of(coordinator),
        season=session.season,
        wanted={group: {session: list(group.students.all())}},
        now=now,
        school=group.school,
        requirement=requirement,
    )
    # Wishes were said before booking opened.
    Season.objects.update(
        wishes_from=session.season.opens_at - timedelta(days=20),
        wishes_until=session.season.opens_at - timedelta(days=10),
    )
    say_wishes(
        by=actor_of(teacher),
        season=Season.objects.get(),
        class_group=group,
        occupations=[version.occupation_zh],
        now=session.season.opens_at - timedelta(days=15),
    )
    alliance = OrganisationFactory(alliance=True)
    other_school, other_host = OrganisationFactory(), OrganisationFactory(enterprise=True)
    roster_import = _make_import(group, coordinator, now)
    arguments: dict[str, dict[str, Any]] = {
        "accounts:invitation": {"token": "guessed"},
        "accounts:invitation_resend": {"pk": invitation.pk},
        "accounts:invitation_withdraw": {"pk": invitation.pk},
        "accounts:membership_end": {"pk": teacher.pk},
        "accounts:organisation": {"pk": group.school_id},
        "accounts:organisation_edit": {"pk": group.school_id},
        "accounts:redeliver": {"pk": 1},
        "accounts:token_revoke": {"pk": 1},
        "attendance:certificate": {"code": "guessed"},
        "attendance:certificate_revoke": {"pk": group.pk, "student_pk": place.student_id},
        "attendance:badge_reissue": {"pk": group.pk, "student_pk": place.student_id},
        "attendance:credit_correct": {"pk": credit.pk},
        "attendance:conflict": {"pk": doubtful},
        "attendance:conflicts_together": {"pk": doubtful},
        "attendance:device_revoke": {"pk": device.pk},
        "attendance:desk_place": {"pk": session.pk, "place_pk": place.pk},
        "attendance:desk_propose": {"pk": session.pk, "place_pk": place.pk},
        "attendance:proposal": {"pk": proposal.pk},
        "attendance:rules_withdraw": {"pk": 1},
        "attendance:no_show": {"pk": booking.pk},
        "attendance:notice": {"pk": notice.pk},
        "attendance:notice_lock": {"pk": notice.pk},
        "attendance:notice_print": {"pk": notice.pk, "class_pk": group.pk},
        "attendance:objection": {"pk": notice.pk, "objection_pk": objection.pk},
        "attendance:lock_reopen": {"pk": lock.pk},
        "bookings:api-booking": {"pk": booking.pk},
        "bookings:api-booking-change-request": {"pk": booking.pk},
        "bookings:api-change-request": {"pk": change.pk},
        "bookings:api-change-request-answer": {"pk": change.pk},
        "bookings:api-change-request-withdraw": {"pk": change.pk},
        "bookings:api-booking-cancel": {"pk": booking.pk},
        "bookings:api-session-cancel": {"pk": session.pk},
        "bookings:api-class-hours": {"pk": group.pk},
        "bookings:api-reservation": {"pk": booking.reservation_id},
        "bookings:course": {"pk": version.course_id},
        "attendance:class_code": {"pk": booking.pk},
        "attendance:whole_class": {
            "pk": session.pk,
            "reference": booking.reservation.reference,
        },
        "attendance:room_code": {"code": "GUESS2"},
        "bookings:feed": {"token": "guessed"},
        "bookings:site_feed": {"pk": room.site_id},
        "bookings:leaver_release": {"pk": group.pk, "student_pk": place.student_id},
        "insights:class_restore": {"pk": archived.pk},
        "rosters:consent_print": {"kind": "year"},
        "rosters:consent_text_new": {"kind": "year"},
        "bookings:day_cancel": {"day": now.date()},
        "bookings:day_print": {"day": now.date()},
        "attendance:host_day": {"day": now.date()},
        "bookings:session_cancel": {"pk": session.pk},
        "bookings:session_change": {"pk": session.pk},
        "bookings:api-booking-swap": {"pk": booking.pk},
        "bookings:session_names": {"pk": session.pk},
        "bookings:reserve": {"pk": session.pk},
        "bookings:split": {"pk": session.pk},
        "bookings:basket_remove": {"pk": item.pk},
        "bookings:change_request": {"pk": change.pk},
        "bookings:change_withdraw": {"pk": change.pk},
        "courses:api-course": {"pk": version.course_id},
        "courses:api-session": {"pk": session.pk},
        "courses:review_detail": {"pk": version.pk},
        "courses:season_edit": {"pk": session.season_id},
        "planning:season_wishes": {"pk": session.season_id},
        "planning:season_wishes_print": {"pk": session.season_id},
        "planning:season_wishes_file": {"pk": session.season_id},
        "planning:season_demand_file": {"pk": session.season_id},
        "insights:requirement_edit": {"pk": 1},
        "courses:session_detail": {"pk": session.pk},
        "courses:session_edit": {"pk": session.pk},
        "courses:session_people": {"pk": session.pk},
        "insights:student": {"pk": group.pk, "student_pk": place.student_id},
        "notifications:calendar": {"key": message.key},
        "notifications:demo_calendar": {"key": message.key},
        "notifications:message": {"key": message.key},
        "planning:plan_class": {"pk": plan.pk, "class_pk": plan.classes.get().pk},
        "planning:plan_class_print": {"pk": plan.pk, "class_pk": plan.classes.get().pk},
        "sites:closure_new": {"pk": room.pk},
        "sites:closure_remove": {"pk": closure.pk},
        "sites:detail": {"pk": room.site_id},
        "sites:room_edit": {"pk": room.pk},
        "sites:room_new": {"site_pk": room.site_id},
        "sites:site_edit": {"pk": room.site_id},
        "sites:site_rate": {"pk": room.site_id},
    }
    # The rest take a key named pk; whose it is, the first part of the address says.
    by_path = {
        "classes/": group.pk,
        "school/classes/": group.pk,
        "school/import/": roster_import.pk,
        "api/v1/rosters/imports/": roster_import.pk,
        "school/students/": place.student_id,
        "school/transfers/": transfer.pk,
        "overview/classes/": group.pk,
        "desk/": session.pk,
        "trips/": booking.pk,
        "plans/": plan.pk,
        "host/courses/": version.course_id,
        "api/v1/sessions/": session.pk,
    }
    for name, route in routes():
        if "<" in route and name not in arguments:
            key = next((key for start, key in by_path.items() if route.startswith(start)), None)
            if key is not None:
                parameters = re.findall(r"<\w+:(\w+)>", route)
                arguments[name] = dict.fromkeys(parameters, key)
    students = list(Student.objects.filter(class_group=group))
    return World(
        booking=booking,
        session=session,
        owners={
            "teacher": teacher,
            "coordinator": coordinator,
            "instructor": instructor,
            "manager": Membership.objects.get(pk=manager.membership_id),
        },
        strangers={
            "other coordinator": MembershipFactory(
                organisation=other_school, role=Role.SCHOOL_COORDINATOR
            ),
            "other teacher": MembershipFactory(organisation=other_school, role=Role.TEACHER),
            "other manager": MembershipFactory(organisation=other_host, role=Role.HOST_MANAGER),
            "other instructor": MembershipFactory(organisation=other_host, role=Role.INSTRUCTOR),
            "colleague": MembershipFactory(organisation=group.school, role=Role.TEACHER),
            "secretariat": MembershipFactory(organisation=alliance, role=Role.SECRETARIAT),
            "reviewer": MembershipFactory(organisation=alliance, role=Role.REVIEWER),
        },
        arguments=arguments,
        secrets=(
            *(student.name for student in students),
            *(student.student_no for student in students),
            *(badge.code for badge in Badge.objects.filter(student__in=students)),
            COMPANION,
            PHONE,
            SCHOOL_PHONE,
        ),
    )


def _make_device(
    manager: Actor, session: CourseSession, student_id: int, now: datetime
) -> tuple[Device, UUID]:
    """A device of the host, and the id of what it told of the session that is doubtful."""
    device, _secret = devices.register(by=manager, name="平板", now=now)
    pack = RosterPack.objects.create(
        device=device,
        session=session,
        students=[student_id],
        salt="00" * 16,
        issued_at=now,
        expires_at=now + timedelta(hours=3),
    )
    devices.revoke(by=manager, device=device, now=now)
    event = device_events.DeviceEvent(
        id=uuid4(),
        pack_id=pack.pk,
        kind=EventKind.OUT,
        way_in=WayIn.TICK,
        said_at=now,
        student_id=student_id,
    )
    device.refresh_from_db()
    sync.receive(device=device, events=[event], device_now=now, now=now)
    return device, event.id


def _make_import(group: ClassGroup, coordinator: Membership, now: datetime) -> RosterImport:
    """A roster file of the class that was read and not yet confirmed."""
    text = "姓名,班级,学号\n" + "".join(
        f"{student.name},{group.grade(2026)}({group.number}),{student.student_no}\n"
        for student in group.students.order_by("seat_no")
    )
    made = starting.start(
        by=actor_of(coordinator),
        school=group.school,
        content=text.encode(),
        suffix=".csv",
        now=now,
    )
    reading.read(import_id=made.pk, now=now)
    return made


def routes() -> list[tuple[str, str]]:
    """The name and path of every address of the product."""

    def walk(resolver: URLResolver, prefix: str, space: str) -> Iterator[tuple[str, str]]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                inner = entry.namespace or ""
                yield from walk(entry, prefix + str(entry.pattern), f"{inner}:" if inner else space)
            else:
                assert isinstance(entry, URLPattern)
                yield f"{space}{entry.name}", prefix + str(entry.pattern)

    return [
        (name, route)
        for name, route in walk(get_resolver(), "", "")
        if not name.startswith(OUTSIDE)
    ]


def addresses(world: World) -> list[tuple[str, str]]:
    """Each route's name with an address that leads to a row of the world."""
    return [
        (name, reverse(name, kwargs=world.arguments.get(name, {}))) for name, _route in routes()
    ]


def signed_in(membership: Membership | None) -> Client:
    client = Client(raise_request_exception=True)
    if membership is not None:
        client.force_login(membership.user)
    return client


def call(client: Client, method: str, name: str, address: str) -> HttpResponse:
    """A request as a browser or, to the web API, a program would make it; with what the
    operations on one row want, so that none is refused for its content before it is for its row.
    """
    more: dict[str, Any] = {"HTTP_ACCEPT": "text/html, */*"}
    if ":api-" in name and method != "get":
        more |= {
            "data": {
                "reason": "x",
                "edition": 1,
                "students": [],
                "id": str(uuid4()),
                "code": "other",
                "accepts": False,
                "answer": "x",
            },
            "content_type": "application/json",
        }
    response: HttpResponse = getattr(client, method)(address, **more)
    return response


def text_of(response: HttpResponse) -> str:
    body = (
        b"".join(response.streaming_content)  # type: ignore[attr-defined]
        if response.streaming
        else response.content
    )
    return body.decode("utf-8", errors="ignore")


def leaked(world: World, response: HttpResponse) -> list[str]:
    text = text_of(response)
    return [secret for secret in world.secrets if secret in text]


def snapshot() -> dict[str, list[Any]]:
    """Every row of the product but the trails of looking: audit, sessions, messages."""
    untouched = {}
    for model in apps.get_models():
        if model._meta.app_label in ("accounts", "courses", "rosters", "bookings", "attendance",
                                     "hours", "planning", "sites"):  # fmt: skip
            if model._meta.model_name in ("auditentry", "user"):
                continue
            untouched[model._meta.label] = list(model._default_manager.order_by("pk").values())
    return untouched


def test_every_address_with_a_row_is_walked(world: World) -> None:
    missing = [name for name, route in routes() if "<" in route and name not in world.arguments]

    assert missing == []


def test_owners_see_what_strangers_must_not(world: World) -> None:
    seen: dict[str, set[str]] = {}
    for role, membership in world.owners.items():
        client = signed_in(membership)
        seen[role] = {
            name for name, address in addresses(world) if leaked(world, client.get(address))
        }

    assert {
        "insights:class",
        "insights:class_hours",
        "insights:student",
        "attendance:badges",
        "bookings:booking",
        "bookings:change",
        "bookings:print",
        "bookings:api-booking",
    } <= seen["teacher"]
    assert {
        "attendance:student_merge",
        "bookings:student_move",
        "planning:plan_class",
        "planning:plan_class_print",
        "rosters:api-import",
        "rosters:class_consents",
        "rosters:class_edit",
        "rosters:student_edit",
        "rosters:transfer_ask",
        "rosters:transfers",
    } <= seen["coordinator"]
    assert {"attendance:desk", "attendance:desk_place"} <= seen["instructor"]
    assert {"attendance:host_today", "bookings:session_names"} <= seen["manager"]


@pytest.mark.parametrize(
    "role",
    [
        "other coordinator",
        "other teacher",
        "other manager",
        "other instructor",
        "colleague",
        "secretariat",
        "reviewer",
        "nobody",
    ],
)
def test_strangers_see_and_change_nothing(world: World, role: str) -> None:
    client = signed_in(world.strangers.get(role))
    before = snapshot()
    leaks, opened = [], []

    for name, address in addresses(world):
        for method in ("get", "post", "patch") if ":api-" in name else ("get", "post"):
            with transaction.atomic():
                response = call(client, method, name, address)
            leaks += [(method, name, secret) for secret in leaked(world, response)]
            is_own = name not in world.arguments or name in SHARED | DAYS
            governs = role in ("secretariat", "reviewer", "colleague")
            refused = response.status_code in (302, 401, 403, 404, 405)
            if method != "get" and not is_own and not refused and not governs:
                opened.append((name, response.status_code))
            assert response.status_code < 500, (method, name)

    assert leaks == []
    assert opened == []
    after = snapshot()
    changed = {label for label, rows in after.items() if rows != before[label]}
    # Inviting once more, ending memberships and calling a session off is the secretariat's right
    # everywhere.
    its_right = {
        "accounts.Invitation",
        "accounts.Membership",
        "bookings.Booking",
        "bookings.ChangeRequest",
        "bookings.Place",
        "courses.CourseSession",
        "sites.RoomHold",
    }
    assert changed == (its_right if role == "secretariat" else set())


@pytest.mark.parametrize("role", ["other coordinator", "other manager", "other instructor"])
def test_strangers_are_told_no_more_of_a_row_than_that_it_is_not_theirs(
    world: World, role: str
) -> None:
    client = signed_in(world.strangers[role])

    found = {
        name: status
        for name, address in addresses(world)
        if name in world.arguments
        and name not in SHARED | DAYS
        and (status := client.get(address).status_code) not in (403, 404, 405)
    }

    # A link of an invitation is nobody's before it is opened; sites are listed by law.
    assert set(found) <= {"accounts:invitation", "sites:detail"}

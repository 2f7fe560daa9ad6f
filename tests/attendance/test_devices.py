"""Devices of a host: who registers and revokes them, and what a list they take along holds."""

import hashlib
import hmac
import json
from datetime import time, timedelta
from typing import Any

import pytest

from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from attendance.errors.devices import DeviceNameMissing, DeviceRevoked
from attendance.models import Device, RosterPack
from attendance.services import devices
from bookings.models import Place
from courses.models import CourseSession
from rosters.choices import NeedKind
from rosters.services import care
from tests.attendance.conftest import MINUTE, Door, actor_of
from tests.attendance.devices import make_tablet
from tests.factories.accounts import MembershipFactory
from tests.factories.attendance import close_desk, make_badges
from tests.factories.bookings import make_booking


def test_registering_keeps_only_a_digest_of_the_secret(door: Door) -> None:
    device, secret = devices.register(by=door.manager, name="  门口  平板 ", now=door.now)

    row = Device.objects.values().get()
    assert secret.startswith("dev_")
    assert secret not in str(row)
    assert row["digest"] == hashlib.sha256(secret.encode()).hexdigest()
    assert (device.name, device.host_id, device.registered_by_id, device.registered_at) == (
        "门口 平板",
        door.world.host.pk,
        door.manager.membership_id,
        door.now,
    )
    assert devices.bearer_of(secret) == device
    assert devices.bearer_of(secret + "x") is None
    assert AuditEntry.objects.filter(verb="device.registered").count() == 1


def test_only_those_who_keep_doors_register(door: Door) -> None:
    secretariat = actor_of(MembershipFactory(secretariat=True))

    for actor in (door.world.teacher, door.world.coordinator, secretariat):
        with pytest.raises(NotAllowed):
            devices.register(by=actor, name="平板", now=door.now)
    with pytest.raises(DeviceNameMissing):
        devices.register(by=door.manager, name=" ", now=door.now)
    assert not Device.objects.exists()


def test_manager_revokes_all_of_the_host_and_an_instructor_her_own(door: Door) -> None:
    own = make_tablet(door, by=actor_of(door.instructor)).device
    other = make_tablet(door).device
    stranger = actor_of(MembershipFactory(host_manager=True))

    for actor, device in (
        (stranger, own),
        (actor_of(door.instructor), other),
        (door.world.teacher, own),
    ):
        with pytest.raises(NotYours):
            devices.revoke(by=actor, device=device, now=door.now)
    devices.revoke(by=actor_of(door.instructor), device=own, now=door.now)
    devices.revoke(by=door.manager, device=other, now=door.now)
    devices.revoke(by=door.manager, device=own, now=door.now + MINUTE)

    own.refresh_from_db()
    assert (own.revoked_at, own.revoked_by_id) == (door.now, door.instructor.pk)
    assert set(Device.objects.visible_to(door.manager)) == {own, other}
    assert set(Device.objects.visible_to(actor_of(door.instructor))) == {own}
    assert AuditEntry.objects.filter(verb="device.revoked").count() == 2


def test_list_holds_seats_and_masked_names_and_nothing_that_tells_a_code(door: Door) -> None:
    device, secret = devices.register(by=door.manager, name="平板", now=door.now)

    (pack,) = devices.take_along(device=device, device_now=door.now, now=door.now)

    content = json.loads(pack.text)
    row = RosterPack.objects.get()
    group = content.pop("groups")
    assert content == {
        "pack": row.pk,
        "device": device.pk,
        "salt": row.salt,
        "issued_at": door.now.isoformat(),
        "expires_at": (door.session.ends_at + timedelta(hours=1)).isoformat(),
        "session": door.session.pk,
        "title": "面包师",
        "where": "焙烤实训中心 1号实训室",
        "opens_at": (door.session.starts_at - timedelta(hours=1)).isoformat(),
        "starts_at": door.session.starts_at.isoformat(),
        "ends_at": door.session.ends_at.isoformat(),
        "classes": [
            {
                "code": digest(row, door.booking.reservation.reference),
                "students": [student.pk for student in door.students],
                "adults": door.booking.adults,
            }
        ],
        "elsewhere": [],
    }
    (seats,) = [one["seats"] for one in group]
    assert (group[0]["label"], group[0]["school"]) == ("七(3)班", "清河中学")
    assert [seat["seat_no"] for seat in seats] == [1, 2, 3, 4, 5]
    assert seats[1] == {
        "student": door.students[1].pk,
        "seat_no": 2,
        "name": "学○○",
        "badge": digest(row, door.badges[2].code),
        "needs": False,
        "mark": "",
        "left": False,
    }
    assert not any(student.name in pack.text for student in door.students)
    assert not any(badge.code in pack.text for badge in door.badges.values())
    assert door.booking.reservation.reference not in pack.text
    key = hashlib.sha256(secret.encode()).digest()
    assert pack.seal == hmac.new(key, pack.text.encode(), hashlib.sha256).hexdigest()


def digest(pack: RosterPack, text: str) -> str:
    salt = bytes.fromhex(pack.salt)
    return hmac.new(salt, text.encode(), hashlib.sha256).hexdigest()[:32]


def test_badges_of_the_hosts_other_doors_today_are_known_without_their_bearers(door: Door) -> None:
    group = door.world.new_group(8, 3)
    door.world.teach(group)
    badges = make_badges(group, now=door.now)
    colleague = MembershipFactory(organisation=door.world.host, instructor=True)
    other = door.world.session(starts=time(13))
    make_booking(
        by=door.world.teacher,
        session=other,
        class_group=group,
        now=door.now - timedelta(days=10),
    )
    CourseSession.objects.filter(pk=other.pk).update(instructor=colleague)
    other.refresh_from_db()

    instructors = make_tablet(door, by=actor_of(door.instructor))
    managers = make_tablet(door)

    row = RosterPack.objects.get(pk=instructors.pack["pack"])
    assert instructors.pack["elsewhere"] == [
        {
            "title": "面包师",
            "where": "焙烤实训中心 2号实训室",
            "starts_at": other.starts_at.isoformat(),
            "ends_at": other.ends_at.isoformat(),
            "badges": [digest(row, badges[seat_no].code) for seat_no in (1, 2, 3)],
        }
    ]
    assert row.students == [student.pk for student in door.students]
    # The manager has the other list itself.
    assert [pack["elsewhere"] for pack in managers.packs] == [[], []]
    # What is over is nobody's way any more.
    CourseSession.objects.filter(pk=other.pk).update(
        starts_at=door.now - timedelta(hours=3), ends_at=door.now
    )
    instructors.take_along()
    assert [pack["elsewhere"] for pack in instructors.packs] == [[]]


def test_two_lists_share_neither_salt_nor_digest(door: Door) -> None:
    first, second = make_tablet(door), make_tablet(door)

    assert first.pack["salt"] != second.pack["salt"]
    assert first.seats[1]["badge"] != second.seats[1]["badge"]


def test_taking_a_list_along_is_a_reading_of_names(door: Door) -> None:
    make_tablet(door)

    entry = AuditEntry.objects.get(verb="names.read")
    assert (entry.facts["context"], entry.school_id, entry.target) == (
        "pack",
        door.world.school.pk,
        f"courses.coursesession:{door.session.pk}",
    )
    assert entry.facts["students"] == sorted(student.pk for student in door.students)


def test_only_that_there_is_something_to_heed_is_on_the_list(door: Door) -> None:
    care.set_needs(
        by=door.world.coordinator,
        student=door.students[2],
        needs={NeedKind.DIET.value: "花生过敏"},
        now=door.now,
    )
    theirs = make_tablet(door, by=actor_of(door.instructor))
    others = make_tablet(door)

    assert [theirs.seats[seat]["needs"] for seat in (1, 3)] == [False, True]
    assert "花生" not in json.dumps(theirs.pack, ensure_ascii=False)
    # The session has an instructor: its needs are not the manager's to know.
    assert others.seats[3]["needs"] is False
    assert AuditEntry.objects.get(verb="needs.read").facts == {
        "context": "pack",
        "students": [door.students[2].pk],
        "count": 1,
    }


def test_doors_of_others_of_other_days_and_that_are_over_are_not_taken_along(door: Door) -> None:
    colleague = actor_of(MembershipFactory(organisation=door.world.host, instructor=True))
    tomorrow = door.now + timedelta(days=1)

    assert make_tablet(door, by=colleague).packs == []
    tablet = make_tablet(door)
    assert [pack["session"] for pack in tablet.packs] == [door.session.pk]
    over = door.session.ends_at + timedelta(hours=1)
    for moment in (tomorrow, over):
        assert devices.take_along(device=tablet.device, device_now=moment, now=moment) == []
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    later = door.session.starts_at + MINUTE
    assert devices.take_along(device=tablet.device, device_now=later, now=later) == []


def test_revoked_device_takes_nothing_along(door: Door) -> None:
    tablet = make_tablet(door)
    tablet.device = devices.revoke(by=door.manager, device=tablet.device, now=door.now)

    with pytest.raises(DeviceRevoked):
        tablet.take_along()


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_with_one_student_and_with_three(
    door: Door, django_assert_num_queries: Any, count: int
) -> None:
    Place.objects.filter(session=door.session, student__seat_no__gt=count).update(is_live=False)
    tablet = make_tablet(door, by=actor_of(door.instructor))

    with django_assert_num_queries(13):
        tablet.take_along()

    assert len(tablet.seats) == count


def test_clock_is_believed_within_a_day(door: Door) -> None:
    tablet = make_tablet(door, ahead=timedelta(days=400))

    tablet.device.refresh_from_db()
    assert tablet.device.clock_ahead == timedelta(days=1)

"""The pages around devices without a network: registering, revoking, what waits for a decision,
and the page that opens by itself."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.test import Client
from PIL import Image

from accounts.actors import Actor
from accounts.choices import Role
from accounts.models import AuditEntry, User
from attendance.choices import EventKind
from attendance.models import Badge, CheckIn, Conflict, ConflictDecision, Device
from attendance.services import badges, desk, devices
from attendance.views import offline
from bookings.models import Place
from tests.attendance.conftest import MINUTE, Door, actor_of
from tests.attendance.devices import Tablet, make_tablet
from tests.factories.accounts import MembershipFactory
from tests.factories.attendance import close_desk, make_badges

ANDROID = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/116.0.0.0 Mobile Safari/537.36"
Login = Callable[[Actor], Client]
# What each of three tablets reads.
SEATS = ((1, 4), (2, 5), (3,))


@pytest.fixture(autouse=True)
def _clock(door: Door) -> Iterator[None]:
    with time_machine.travel(door.now, tick=False):
        yield


@pytest.fixture
def login() -> Login:
    """Somebody's signed-in client."""

    def sign_in(actor: Actor) -> Client:
        client = Client()
        client.force_login(User.objects.get(pk=actor.user_id))
        return client

    return sign_in


def doubtful(door: Door) -> Conflict:
    """The arrival of seat 2, heard of after the desk was closed."""
    tablet = make_tablet(door)
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    tablet.send([tablet.arrival(2)])
    return Conflict.objects.get()


def lines(text: str) -> list[tuple[str, str]]:
    """Of the list: who, and what and when."""
    return re.findall(r"<b>([^<]*)</b><span class=\"s d-block\">([^<]*)</span>", text)


def ticks(text: str) -> list[tuple[bool, str, str]]:
    """Of what is decided together: whether it is ticked, who, and when."""
    found = re.findall(
        r'name="conflict" value="[^"]*"( checked)?><span>([^<]*) <span class="mute">([^<]*)<', text
    )
    return [(bool(checked), who, when) for checked, who, when in found]


def test_script_registers_and_is_told_the_secret_once(door: Door, login: Login) -> None:
    response = login(door.manager).post(
        "/desk/devices/", {"name": "门口平板"}, headers={"Accept": "application/json"}
    )

    told = response.json()
    device = Device.objects.get()
    assert (told["id"], told["name"]) == (device.pk, "门口平板")
    assert devices.bearer_of(told["secret"]) == device
    assert "no-store" in response["Cache-Control"]
    page = login(door.manager).get("/desk/devices/").content.decode()
    assert "门口平板" in page
    assert told["secret"] not in page
    assert device.digest not in page


@pytest.mark.parametrize("data", [{}, {"name": " "}, {"name": "x" * 41}])
def test_device_without_a_name_is_not_registered(door: Door, login: Login, data: object) -> None:
    response = login(door.manager).post(
        "/desk/devices/", data, headers={"Accept": "application/json"}
    )

    assert response.status_code == 422
    assert not Device.objects.exists()


def test_form_without_the_script_registers_nothing(door: Door, login: Login) -> None:
    response = login(door.manager).post("/desk/devices/", {"name": "平板"})

    assert response.status_code == 422
    assert not Device.objects.exists()


def test_device_is_asked_about_and_revoked(door: Door, login: Login) -> None:
    device = make_tablet(door).device
    client = login(door.manager)

    assert "停用“门口平板”？" in client.get(f"/desk/devices/{device.pk}/revoke/").content.decode()
    response = client.post(f"/desk/devices/{device.pk}/revoke/", follow=True)

    device.refresh_from_db()
    assert device.revoked_at == door.now
    assert "已停用“门口平板”。" in response.content.decode()


def test_devices_of_others_are_not_there(door: Door, login: Login) -> None:
    device = make_tablet(door).device
    stranger = actor_of(MembershipFactory(host_manager=True))

    for actor in (stranger, actor_of(door.instructor)):
        client = login(actor)
        assert "门口平板</p>" not in client.get("/desk/devices/").content.decode()
        assert client.post(f"/desk/devices/{device.pk}/revoke/").status_code == 404
    device.refresh_from_db()
    assert device.revoked_at is None


@pytest.mark.parametrize("count", [1, 3])
def test_devices_cost_the_same_with_one_and_with_three(
    door: Door,
    login: Login,
    django_assert_num_queries: Callable[[int], object],
    count: int,
) -> None:
    for _device in range(count):
        device = make_tablet(door).device
    devices.revoke(by=door.manager, device=device, now=door.now)
    client = login(door.manager)
    client.get("/desk/devices/")

    with django_assert_num_queries(5):  # type: ignore[attr-defined]
        page = client.get("/desk/devices/")

    assert page.content.decode().count("门口平板</p>") == count


def test_doubtful_event_is_listed_masked_and_the_reading_recorded(door: Door, login: Login) -> None:
    conflict = doubtful(door)
    client = login(door.manager)

    listed = client.get("/desk/conflicts/")
    shown = client.get(f"/desk/conflicts/{conflict.pk}/")

    for page in (listed, shown):
        text = page.content.decode()
        assert "七(3)班 2 号 学○○" in text
        assert "送到时本场已结束签到" in text
        assert door.students[1].name not in text
        assert "no-store" in page["Cache-Control"]
    assert "本场签到已结束。需要更正时，请写明原因重新打开。" in shown.content.decode()
    assert f"/desk/{door.session.pk}/reopen/" in shown.content.decode()
    readings = AuditEntry.objects.filter(verb="names.read", facts__context="conflicts")
    assert [entry.facts["students"] for entry in readings] == [[door.students[1].pk]] * 2
    assert "1 条断网时的签到要您决定" in client.get("/desk/").content.decode()


def test_seat_without_a_name_is_shown_out_of_its_time(door: Door, login: Login) -> None:
    conflict = doubtful(door)

    with time_machine.travel(door.now + 60 * 24 * 8 * MINUTE, tick=False):
        client = login(door.manager)
        listed = client.get("/desk/conflicts/").content.decode()
        shown = client.get(f"/desk/conflicts/{conflict.pk}/").content.decode()

    assert "<b>七(3)班 2 号</b>" in listed
    assert "<h1>七(3)班 2 号</h1>" in shown
    assert "学○○" not in listed + shown
    assert not AuditEntry.objects.filter(verb="names.read", facts__context="conflicts").exists()


def test_doubtful_event_is_accepted_once_the_desk_is_open(door: Door, login: Login) -> None:
    conflict = doubtful(door)
    client = login(door.manager)
    address = f"/desk/conflicts/{conflict.pk}/"

    closed = client.post(address, {"accept": "1"})
    desk.reopen_desk(by=door.manager, session=door.session, reason="补传", now=door.now)
    done = client.post(address, {"accept": "1"}, follow=True)
    again = client.post(address, {"accept": "1"}, follow=True)

    assert closed.status_code == 409
    assert "已记入。记错了，可以到签到台点座号撤销。" in done.content.decode()
    assert "这条记录已经处理过。" in again.content.decode()
    assert CheckIn.objects.filter(pk=conflict.pk).count() == 1


def test_badges_on_no_list_are_told_apart(door: Door, login: Login) -> None:
    """By the end of the code, the time, the way and the device; of a student who has had two
    badges nobody knows which it was."""
    tablet = make_tablet(door)
    strangers = list(make_badges(door.world.new_group(9, 3), now=door.now).values())
    badges.reissue(
        by=door.world.coordinator, student=strangers[2].student, reason="遗失", now=door.now
    )
    codes = [
        strangers[0].code,
        strangers[1].code,
        Badge.objects.get(student=strangers[2].student, revoked_at=None).code,
    ]
    for n, code in enumerate(codes):
        tablet.send([tablet.stranger(code, after=n * MINUTE)], after=(30 + n) * MINUTE)

    client = login(door.manager)
    first = Conflict.objects.order_by("received_at")[0]
    listed = client.get("/desk/conflicts/").content.decode()
    text = client.get(f"/desk/conflicts/{first.pk}/together/").content.decode()

    assert lines(listed) == [("3 条，可一起决定", "签到 · 门口平板")]
    assert ticks(text) == [
        (True, f"名单外的胸牌，尾号 {codes[0][-4:]}", "8:50 · 扫码"),
        (True, f"名单外的胸牌，尾号 {codes[1][-4:]}", "8:51 · 扫码"),
        (True, "名单外的胸牌", "8:52 · 扫码"),
    ]
    assert codes[0] not in text
    assert strangers[0].student.name not in text


def effects(page: str) -> list[str]:
    return re.findall(r"<li>([^<>]*)</li>", page.split('<ul class="plain s">')[1].split("</ul>")[0])


def test_taking_back_by_a_device_says_what_accepting_it_does(door: Door, login: Login) -> None:
    tablet = make_tablet(door)
    arrival = tablet.arrival(2)
    tablet.send([arrival])
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    tablet.send([tablet.undo(arrival)])
    desk.reopen_desk(by=door.manager, session=door.session, reason="补传", now=door.now)

    address = f"/desk/conflicts/{Conflict.objects.get().pk}/"
    asked = login(door.manager).get(address).content.decode()
    done = login(door.manager).post(address, {"accept": "1"}, follow=True).content.decode()

    assert effects(asked) == [
        "记入后，之前的“签到 8:50”就撤销了。",
        "撤错了，请到签到台重新签到。",
    ]
    assert ("已记入。" in done, "已记入。记错了" in done) == (True, False)


def test_page_says_what_accepting_does_and_it_can_be_taken_back(door: Door, login: Login) -> None:
    tablet = make_tablet(door)
    stranger = make_badges(door.world.new_group(9, 1), now=door.now)[1]
    tablet.send([tablet.stranger(stranger.code)])
    conflict = Conflict.objects.get()
    client = login(door.manager)
    address = f"/desk/conflicts/{conflict.pk}/"

    asked = client.get(address).content.decode()
    client.post(address, {"accept": "1"})
    place = Place.objects.live().get(session=door.session, student=stranger.student)
    there = f"/desk/{door.session.pk}/places/{place.pk}/"
    client.post(there, {"kind": "void", "event_id": str(uuid4())})

    assert effects(asked) == [
        "记入后，这名学生算 12 月 8 日（周二）8:50 签到。",
        "这名学生没有约本场，会占用一个名额。",
        "记错了，可以到签到台点座号撤销。",
    ]
    event = CheckIn.objects.get(pk=conflict.pk)
    assert CheckIn.objects.get(voids=event).kind == EventKind.VOID


@pytest.mark.parametrize("kind", [EventKind.OUT, EventKind.ABSENT, EventKind.EXCUSED])
def test_page_says_what_accepting_another_event_does(
    door: Door, login: Login, kind: EventKind
) -> None:
    conflict = doubtful(door)
    desk.reopen_desk(by=door.manager, session=door.session, reason="补传", now=door.now)
    told = {
        EventKind.OUT: "记入后，这名学生算 12 月 8 日（周二）8:50 签退。",
        EventKind.ABSENT: "记入后，这名学生记为缺席。",
        EventKind.EXCUSED: "记入后，这名学生记为请假。",
    }
    other = Conflict.objects.create(
        id=uuid4(),
        device=conflict.device,
        session=conflict.session,
        student=conflict.student,
        kind=kind,
        way_in=conflict.way_in,
        doubt=conflict.doubt,
        happened_at=door.now,
        received_at=door.now,
    )

    page = login(door.manager).get(f"/desk/conflicts/{other.pk}/").content.decode()

    assert effects(page) == [told[kind], "记错了，可以到签到台点座号撤销。"]


def test_doubtful_event_is_dropped_with_a_reason(door: Door, login: Login) -> None:
    conflict = doubtful(door)
    client = login(actor_of(door.instructor))
    address = f"/desk/conflicts/{conflict.pk}/"

    without = client.post(address, {"drop": "1", "reason": " "})
    done = client.post(address, {"drop": "1", "reason": "人不在场"}, follow=True)

    assert without.status_code == 422
    assert "请写明不记的原因。" in without.content.decode()
    assert "没有待定的签到" in done.content.decode()
    assert ConflictDecision.objects.get().reason == "人不在场"


def test_conflicts_of_others_are_not_there(door: Door, login: Login) -> None:
    conflict = doubtful(door)
    colleague = MembershipFactory(organisation=door.world.host, role=Role.INSTRUCTOR)

    for actor in (actor_of(colleague), actor_of(MembershipFactory(host_manager=True))):
        client = login(actor)
        assert "没有待定的签到" in client.get("/desk/conflicts/").content.decode()
        assert client.get(f"/desk/conflicts/{conflict.pk}/").status_code == 404
        assert client.post(f"/desk/conflicts/{conflict.pk}/", {"accept": "1"}).status_code == 404
    assert not ConflictDecision.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("seats", [1, 2])
def test_conflicts_cost_the_same_with_one_and_with_three_groups(
    door: Door,
    login: Login,
    django_assert_num_queries: Callable[[int], object],
    count: int,
    seats: int,
) -> None:
    """A group of each tablet; of single students the reading is recorded, and no others named."""
    tablets: list[Tablet] = [make_tablet(door) for _ in range(count)]
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    stranger = make_badges(door.world.new_group(9, 1), now=door.now)[1]
    for own, tablet in zip(SEATS, tablets, strict=False):
        sent = [tablet.arrival(seat_no) for seat_no in own] + [
            tablet.stranger(stranger.code, after=MINUTE)
        ]
        tablet.send(sent[:seats])
    client = login(door.manager)
    client.get("/desk/conflicts/")

    with django_assert_num_queries(7 if seats == 1 else 6):  # type: ignore[attr-defined]
        page = client.get("/desk/conflicts/")

    assert len(lines(page.content.decode())) == count
    assert page.content.decode().count("学○○") == (count if seats == 1 else 0)


def test_student_of_no_place_here_is_not_named(door: Door, login: Login) -> None:
    group = door.world.new_group(9, 1)
    code = make_badges(group, now=door.now)[1].code
    tablet = make_tablet(door)
    tablet.send([tablet.stranger(code)])

    text = login(door.manager).get("/desk/conflicts/").content.decode()

    assert "名单外的胸牌" in text
    assert "学○" not in text
    assert code not in text


def test_page_and_its_worker_hold_no_name_and_open_to_anybody(door: Door) -> None:
    make_tablet(door)
    client = Client()

    page, worker, manifest = (
        client.get(f"/desk/{end}") for end in ("offline/", "worker.js", "app.webmanifest")
    )

    assert [one.status_code for one in (page, worker, manifest)] == [200] * 3
    assert worker["Content-Type"] == "text/javascript"
    text = worker.content.decode()
    files = json.loads(text.split("const FILES = ")[1].split(";")[0])
    assert 'const SHELL = "/desk/offline/";' in text
    assert 'importScripts("/static/js/door/worker.js");' in text
    # Everything that the page loads is kept.
    loaded = [
        part.split('"')[0]
        for part in page.content.decode().replace('src="', 'href="').split('href="')
        if part.startswith("/static/")
    ]
    assert set(loaded) <= set(files)
    assert all(finders.find(file.removeprefix("/static/")) for file in files)
    told = json.loads(manifest.content)
    assert (told["id"], told["start_url"], told["scope"], told["display"]) == (
        "/desk/offline/",
        "/desk/offline/",
        # Signing in lies beside the desk.
        "/",
        "standalone",
    )
    icons = []
    for icon in told["icons"]:
        found = finders.find(icon["src"].removeprefix("/static/"))
        assert isinstance(found, str)
        with Image.open(found) as picture:
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
            icons.append((picture.format, picture.width, icon["purpose"]))
    assert icons == [("PNG", 192, "any"), ("PNG", 512, "any"), ("PNG", 512, "maskable")]
    assert (
        '<link rel="apple-touch-icon" href="/static/img/touch-icon.png">' in page.content.decode()
    )
    assert not any(
        student.name in one.content.decode()
        for one in (page, worker, manifest)
        for student in door.students
    )


@pytest.mark.parametrize("address", ["/desk/offline/", "/desk/devices/"])
def test_wechat_is_told_to_open_in_a_browser(door: Door, login: Login, address: str) -> None:
    client = login(door.manager)
    wechat = {"User-Agent": f"{ANDROID} XWEB/1160117 MMWEBSDK/20240404 MicroMessenger/8.0.49"}

    inside = client.get(address, headers=wechat).content.decode()
    outside = client.get(address, headers={"User-Agent": ANDROID}).content.decode()

    assert ["选“在浏览器打开”" in page for page in (inside, outside)] == [True, False]
    # Nothing is registered there that would be lost.
    assert ['id="register"' in page for page in (inside, outside)] == [
        False,
        address == "/desk/devices/",
    ]


def test_scripts_of_the_page_import_nothing() -> None:
    """The storage that puts digests into names does not rewrite what ES modules import."""
    assert not ManifestStaticFilesStorage.support_js_module_import_aggregation
    for name in (*offline.SCRIPTS, offline.WORKER, "js/site.js", "js/desk.js"):
        found = finders.find(name)
        assert isinstance(found, str)
        text = Path(found).read_text(encoding="utf-8")
        assert re.findall(r"^\s*(?:import|export)\b.*|\bimport\(.*", text, re.MULTILINE) == []


def test_files_are_read_once_where_they_cannot_change(
    door: Door, settings: Any, tmp_path: Path
) -> None:
    """In development the page is another with each change of a file."""
    picture = tmp_path / "img/mark.svg"
    picture.parent.mkdir()
    picture.write_text("<svg/>")
    settings.STATICFILES_DIRS = [tmp_path, *settings.STATICFILES_DIRS]

    def seen(*, changed: bool) -> bytes:
        picture.write_text("<svg></svg>" if changed else "<svg/>")
        return Client().get("/desk/worker.js").content

    settings.DEBUG = False
    assert seen(changed=False) == seen(changed=True)
    settings.DEBUG = True
    assert seen(changed=False) != seen(changed=True)


def test_worker_is_another_in_another_language(door: Door) -> None:
    chinese = Client().get("/desk/worker.js").content
    english = Client(headers={"Accept-Language": "en"}).get("/desk/worker.js").content

    assert chinese != english

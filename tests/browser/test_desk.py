"""The door in a real Chromium: a printed badge read by the page's own decoder, typed codes, ticks."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, expect

from accounts.models import Membership
from attendance.choices import EventKind, WayIn
from attendance.documents import BadgeRow, badge_sheets
from attendance.models import Badge, CheckIn
from courses.models import CourseSession
from hours.models import HourCredit
from rosters.models import ClassGroup
from sites.calendar import local_day, school_year
from tests.bookings.conftest import World, make_world
from tests.browser import camera
from tests.browser.conftest import axe_violations
from tests.factories.attendance import make_badges
from tests.factories.bookings import make_booking

NewContext = Callable[..., BrowserContext]


@pytest.fixture(autouse=True)
def _no_tries_left_over(transactional_db: None) -> None:
    cache.clear()


@pytest.fixture
def world(transactional_db: None) -> World:
    """A seventh grade today, whatever today is."""
    now = timezone.now()
    made = make_world(now)
    ClassGroup.objects.update(entry_year=school_year(local_day(now)) - 1)
    made.group.refresh_from_db()
    return made


def session_at_the_door(world: World, *, minutes: int = 5) -> CourseSession:
    """Booked for the world's class; it starts in so many minutes from now."""
    now = timezone.now()
    session = world.session(day=local_day(now) + timedelta(days=3), starts=time(9))
    make_booking(by=world.teacher, session=session, class_group=world.group, now=now)
    return moved(session, now + timedelta(minutes=minutes))


def moved(session: CourseSession, starts_at: datetime) -> CourseSession:
    """To a time at which no teacher may book any more."""
    CourseSession.objects.filter(pk=session.pk).update(
        starts_at=starts_at, ends_at=starts_at + timedelta(hours=2)
    )
    session.refresh_from_db()
    return session


def manager_of(world: World) -> Membership:
    return Membership.objects.get(pk=world.manager.membership_id)


def printed(badge: Badge, world: World) -> bytes:
    """The sheet as the school prints it, this badge the first on it."""
    row = BadgeRow(
        code=badge.code,
        name=badge.student.name,
        class_label="七(3)班",
        seat="2 号",
        school=world.school.name,
    )
    return badge_sheets([row], title=world.school.name, hint="")


def test_camera_reads_a_printed_badge_and_lets_its_bearer_in(
    world: World, launch: Callable[..., Browser], new_context: NewContext, tmp_path: Path
) -> None:
    session = session_at_the_door(world)
    badge = make_badges(world.group, now=timezone.now())[2]
    film = tmp_path / "badge.y4m"
    camera.film_badge(printed(badge, world), film)
    browser = launch(*camera.switches(film))
    page = new_context(manager_of(world), by=browser).new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.goto(f"/desk/{session.pk}/")
    assert page.evaluate("'BarcodeDetector' in window") is False

    page.get_by_role("button", name="打开摄像头").click()

    expect(page.locator(".result.in .w")).to_have_text("已签到", timeout=20_000)
    expect(page.locator(".result .p")).to_have_text(badge.student.name)
    event = CheckIn.objects.get()
    assert (event.student_id, event.session_id, event.kind, event.way_in) == (
        badge.student_id,
        session.pk,
        EventKind.IN,
        WayIn.CAMERA,
    )
    # Held in front of the camera it is not sent again.
    page.wait_for_timeout(4_000)
    expect(page.locator(".result.in .w")).to_have_text("已签到")
    assert complaints == []

"""The public notice as a family and a school see it: on a phone, at a desk, without scripts."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import BrowserContext

from accounts.choices import Role
from accounts.models import Membership
from attendance.models import Badge, Objection
from attendance.services import notices
from hours.models import HourCredit, PeriodLock, PracticumRequirement
from rosters.models import Student
from tests.attendance.conftest import make_door
from tests.bookings.conftest import make_world
from tests.browser.conftest import axe_violations, fits
from tests.factories.accounts import MembershipFactory, OrganisationFactory

NewContext = Callable[..., BrowserContext]
OBJECTION = "12 月 8 日烘焙应记 4 学时，只记了 2 学时。"


@pytest.fixture
def family(transactional_db: None) -> Student:
    """A student of a school whose notice runs since today, with two entries."""
    cache.clear()
    now = timezone.now()
    world = make_world(now)
    make_door(world, now)
    PracticumRequirement.objects.update(
        counts_from=now.date() - timedelta(days=200), due_on=now.date() - timedelta(days=1)
    )
    student = world.students[0]
    for number in (1, 2):
        HourCredit.objects.create(
            student=student,
            school=world.school,
            kind="manual",
            class_hours=4,
            reason="补课",
            earned_on=now.date() - timedelta(days=number),
            credited_at=now,
        )
    notices.start(
        by=world.coordinator,
        school=world.school,
        requirement=PracticumRequirement.objects.get(),
        days=5,
        now=now,
    )
    return student


@pytest.mark.parametrize("scripts", [True, False])
def test_a_family_looks_up_objects_and_reads_the_answer(
    family: Student, new_context: NewContext, scripts: bool
) -> None:
    page = new_context(java_script_enabled=scripts).new_page()
    page.goto("/notice/")
    page.get_by_label("胸牌码（16 个字符）").fill(Badge.objects.get(student=family).code)
    page.get_by_label("学号").fill(family.student_no)
    page.get_by_role("button", name="查看").click()
    page.get_by_role("cell", name="8", exact=True).wait_for()
    page.get_by_label("异议").fill(OBJECTION)
    page.get_by_role("button", name="提出异议").click()
    page.get_by_text("异议已提交。").wait_for()

    assert family.name not in page.content()
    assert "code=" not in page.url
    assert list(Objection.objects.values_list("text", flat=True)) == [OBJECTION]


@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_of_it_is_usable(
    family: Student, new_context: NewContext, width: int, tmp_path: Path
) -> None:
    notice = family.school.public_notices.get()
    objection = notices.object_to(student=family, notice=notice, text=OBJECTION, now=timezone.now())
    coordinator = Membership.objects.get(organisation=family.school, role=Role.SCHOOL_COORDINATOR)
    lock = PeriodLock.objects.create(
        school=OrganisationFactory(name=f"对照中学 {uuid4().hex[:4]}"),
        requirement=notice.requirement,
        locked_at=timezone.now(),
    )
    secretary = MembershipFactory(
        organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT
    )
    addresses = {
        coordinator: (
            "/school/notices/",
            "/school/notices/new/",
            f"/school/notices/{notice.pk}/",
            f"/school/notices/{notice.pk}/objections/{objection.pk}/",
            f"/school/notices/{notice.pk}/classes/{family.class_group_id}/print/",
        ),
        secretary: ("/locks/", f"/locks/{lock.pk}/reopen/"),
        None: ("/notice/",),
    }

    for membership, paths in addresses.items():
        page = new_context(membership, width=width).new_page()
        for path in paths:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            if path == "/notice/":
                page.get_by_label("胸牌码（16 个字符）").fill(
                    Badge.objects.get(student=family).code
                )
                page.get_by_label("学号").fill(family.student_no)
                page.get_by_role("button", name="查看").click()
                page.get_by_role("cell", name="8", exact=True).wait_for()
            assert axe_violations(page) == [], path
            assert fits(page), path
            name = path.strip("/").replace("/", "-")
            page.screenshot(path=tmp_path / f"{width}-{name}.png", full_page=True)

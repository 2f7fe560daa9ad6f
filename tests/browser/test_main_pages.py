"""The main pages as people open them: nothing overflows, nothing is out of reach."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page

from accounts.choices import Role
from accounts.models import Membership, User
from attendance.choices import ObjectionState
from attendance.models import Certificate, Conflict, HourProposal, Objection
from bookings.models import Booking, Companion
from courses.models import Course, CourseSession
from planning.models import CohortPlan
from rosters.models import ClassGroup, ClassTeacher, Student
from tests.browser.conftest import axe_violations, fits
from tests.factories.accounts import actor_of
from tests.factories.planning import make_plan

NewContext = Callable[..., BrowserContext]

# Role and address; the braces are filled from the district.
PAGES = [
    ("teacher", "/"),
    ("teacher", "/find/?class={group}"),
    ("teacher", "/courses/{course}/?class={group}"),
    ("teacher", "/sessions/{session}/book/?class={group}"),
    ("teacher", "/classes/{group}/"),
    ("teacher", "/classes/"),
    ("teacher", "/wishes/"),
    ("teacher", "/classes/{group}/wishes/"),
    ("teacher", "/classes/{group}/certificates/"),
    ("teacher", "/unfinished/"),
    ("teacher", "/trips/"),
    ("teacher", "/trips/{booking}/"),
    ("teacher", "/school/classes/"),
    ("teacher", "/school/classes/{group}/consents/"),
    ("teacher", "/school/consent-texts/"),
    ("school_coordinator", "/school/"),
    ("school_coordinator", "/school/names-read/"),
    ("school_coordinator", "/unfinished/"),
    ("school_coordinator", "/school/record/?check=1"),
    ("school_coordinator", "/school/record/columns/"),
    ("school_coordinator", "/school/notices/"),
    ("school_coordinator", "/school/notices/{notice}/"),
    ("school_coordinator", "/school/notices/{notice}/objections/{objection}/"),
    ("school_coordinator", "/proposals/"),
    ("school_coordinator", "/proposals/{proposal}/"),
    ("school_coordinator", "/classes/{through}/certificates/"),
    ("school_coordinator", "/school/students/{student}/data/"),
    ("school_coordinator", "/school/students/{student}/data/erase/"),
    ("school_coordinator", "/school/year/"),
    ("school_coordinator", "/school/settings/"),
    ("school_coordinator", "/school/transfers/"),
    ("host_manager", "/host/week/"),
    ("host_manager", "/host/courses/"),
    ("host_manager", "/today/"),
    ("host_manager", "/desk/"),
    ("host_manager", "/desk/{held}/"),
    ("host_manager", "/desk/{held}/close/"),
    ("host_manager", "/desk/devices/"),
    ("host_manager", "/desk/conflicts/"),
    ("host_manager", "/desk/conflicts/{conflict}/"),
    ("host_manager", "/desk/conflicts/{conflict}/together/"),
    ("secretariat", "/overview/"),
    ("secretariat", "/overview/weeks/"),
    ("secretariat", "/overview/unfinished/"),
    ("secretariat", "/overview/missed/"),
    ("secretariat", "/reviews/"),
    ("secretariat", "/rules/"),
    ("secretariat", "/locks/"),
    ("secretariat", "/seals/"),
    ("secretariat", "/plans/"),
    ("secretariat", "/plans/new/"),
    ("secretariat", "/plans/{plan}/"),
    ("secretariat", "/plans/{plan}/classes/{planned}/"),
    ("secretariat", "/plans/{plan}/publish/"),
    ("secretariat", "/plans/{plan}/print/"),
    ("secretariat", "/plans/{plan}/classes/{planned}/print/"),
    ("secretariat", "/plans/compare/?with={plan},{other_plan}"),
    ("secretariat", "/plans/compare/print/?with={plan},{other_plan}"),
    ("secretariat", "/plans/compare/classes/?with={plan},{other_plan}"),
    ("school_coordinator", "/plans/"),
    ("school_coordinator", "/plans/new/"),
    ("secretariat", "/proposals/"),
    ("secretariat", "/overview/classes/{group}/names/"),
    ("secretariat", "/seasons/{season}/wishes/"),
    ("secretariat", "/seasons/{season}/wishes/print/"),
    (None, "/accounts/login/"),
    (None, "/badge/"),
    (None, "/verify/"),
    (None, "/verify/{certificate}/"),
    (None, "/notice/"),
    (None, "/in/"),
    ("teacher", "/me/"),
    ("teacher", "/inbox/"),
    ("school_coordinator", "/people/"),
    ("host_manager", "/sites/"),
    ("secretariat", "/organisations/"),
    ("secretariat", "/organisations/new/"),
    ("secretariat", "/seasons/"),
    ("secretariat", "/seasons/new/"),
    ("secretariat", "/requirements/"),
    ("secretariat", "/requirements/new/"),
    ("teacher", "/hours/"),
    ("teacher", "/me/calendar/"),
    (None, "/privacy/data/"),
]


@pytest.fixture
def district(transactional_db: None) -> Iterator[dict[str, Any]]:
    """The small demonstration district, and rows of it that pages can show."""
    call_command("seed_demo", "--scale", "small", verbosity=0)
    teacher = people()["teacher"]
    group = ClassTeacher.objects.filter(membership=teacher).order_by("pk")[0].class_group
    booking = Booking.objects.filter(class_group=group).live().order_by("-session__starts_at")[0]
    coming = (
        CourseSession.objects.scheduled()
        .filter(session_set=None, starts_at__gt=booking.created_at)
        .order_by("-starts_at")[0]
    )
    objection = Objection.objects.get(state=ObjectionState.OPEN)
    plans = [make_district_plan() for _number in range(2)]
    certificate = Certificate.objects.live().select_related("student").order_by("pk")[0]
    yield {
        "group": group.pk,
        "booking": booking.pk,
        "course": Course.objects.exclude(published_version=None).order_by("pk")[0].pk,
        "session": coming.pk,
        "season": coming.season_id,
        "student": Student.objects.current()
        .filter(school=people()["school_coordinator"].organisation)
        .order_by("pk")[0]
        .pk,
        "held": CourseSession.objects.filter(host=people()["host_manager"].organisation)
        .filter(desk__isnull=False)
        .order_by("-starts_at")[0]
        .pk,
        "objection": objection.pk,
        "notice": objection.notice_id,
        "proposal": HourProposal.objects.undecided().get().pk,
        "through": certificate.student.class_group_id,
        "certificate": certificate.code,
        "plan": plans[0].pk,
        "other_plan": plans[1].pk,
        "planned": plans[0].classes.order_by("pk")[0].pk,
        "conflict": Conflict.objects.order_by("pk")[0].pk,
    }
    connection.close()


def make_district_plan() -> CohortPlan:
    """Six classes with a session each, some short of hours, and a session that would help."""
    coming = list(
        CourseSession.objects.scheduled()
        .filter(starts_at__gt=timezone.now())
        .select_related("season")
        .order_by("starts_at", "pk")[:6]
    )
    groups = ClassGroup.objects.current().order_by("pk")[:6]
    plan = make_plan(
        by=actor_of(people()[Role.SECRETARIAT]),
        season=coming[0].season,
        wanted={
            group: {session: list(group.students.all()[:3])}
            for group, session in zip(groups, coming, strict=True)
        },
        now=timezone.now(),
    )
    opening = {"session": coming[0].pk, "seats": 40, "students": 38, "reached": 24}
    CohortPlan.objects.filter(pk=plan.pk).update(
        students=5000,
        reached=4876,
        bound=4889,
        trips=1200 + plan.pk,
        shortage={"short": 124, "by_days": 26, "by_sites": 12, "openings": [opening]},
    )
    plan.classes.update(
        students=24,
        reached=20,
        reason={"code": "full", "occupation": coming[0].version.occupation_zh, "wishing": 24}
        | {"attending": 0, "sessions": 4, "seats": 96},
    )
    plan.schools.update(students=2400, reached_before=1200, reached=2380)
    return plan


def people() -> dict[str, Membership]:
    """The earliest member of each role, whom one click in the demonstration signs in as."""
    return {
        role: Membership.objects.filter(role=role).order_by("pk")[0]
        for role in (
            Role.TEACHER,
            Role.SCHOOL_COORDINATOR,
            Role.HOST_MANAGER,
            Role.SECRETARIAT,
        )
    }


def faults(page: Page) -> list[str]:
    """What is wrong with the page that is open."""
    found = axe_violations(page)
    if not fits(page):
        found.append("scrolls sideways")
    if page.locator("h1").count() != 1:
        found.append(f"{page.locator('h1').count()} h1")
    return found


@pytest.mark.parametrize("width", [390, 1280])
def test_main_pages_are_accessible_and_fit(
    district: dict[str, Any], new_context: NewContext, width: int
) -> None:
    members = people()
    wrong: dict[str, list[str]] = {}
    for role in (*members, None):
        page = new_context(members[role] if role else None, width=width).new_page()
        complaints: list[str] = []
        page.on(
            "console",
            lambda line, into=complaints: into.append(line.text) if line.type == "error" else None,
        )
        for wanted, path in PAGES:
            if wanted != role:
                continue
            complaints.clear()
            answer = page.goto(path.format(**district))
            found = faults(page) + list(complaints)
            if answer is None or answer.status != 200:
                found.append(f"status {answer.status if answer else None}")
            if found:
                wrong[path] = found

    assert wrong == {}


def test_pages_fit_a_phone_in_english_and_with_long_names(
    district: dict[str, Any], new_context: NewContext
) -> None:
    """English words are longer than Chinese ones; so is a name of 60 letters without a gap."""
    User.objects.update(language="en")
    Companion.objects.update(name="Featherstonehaugh" * 3 + "Wriothesl")
    members = people()
    wrong: dict[str, list[str]] = {}
    for role in (*members, None):
        page = new_context(members[role] if role else None).new_page()
        for wanted, path in PAGES:
            if wanted != role:
                continue
            page.set_viewport_size({"width": 390, "height": 844})
            page.goto(path.format(**district))
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 844})
                found = page.evaluate(CUT_OFF)
                if not fits(page):
                    found.append("scrolls sideways")
                if found:
                    wrong[f"{path} {width}"] = found

    assert wrong == {}


# Words that run out of the cell or card that holds them.
CUT_OFF = """() => [
  ...document.querySelectorAll(".strip .ap, .strip .c, .cov .vl, .panel, .desk-h h1")]
  .filter(element => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
  .map(element => `${element.className}: ${element.textContent.trim().slice(0, 60)}`)"""


# Fields, buttons, and links that stand alone; a link in running text may be as high as its line,
# and what is drawn small may be as high as the label or the row that answers for it.
SMALL = """() => {
  const least = 43.5, controls = "button, input, select, textarea, summary, nav a, a.btn, a.chip,"
    + " a.icon-btn, a.line, a.line-link, a.brand, a.page-link, .crumb a, .tbl a, .list a,"
    + " .cov a, .panel-h a, .sec-h a";
  const high = element => element.getBoundingClientRect().height;
  const seen = element => element.checkVisibility({visibilityProperty: true})
    && high(element) > 1 && getComputedStyle(element).clipPath === "none";
  const small = [];
  for (const element of document.querySelectorAll(controls)) {
    if (element.type === "hidden" || !seen(element) || high(element) >= least) continue;
    const label = element.closest("label") || (element.labels && element.labels[0]);
    if (label && high(label) >= least) continue;
    small.push(`${high(element)} ${element.outerHTML.slice(0, 120)}`);
  }
  return small;
}"""


def test_what_is_touched_on_a_phone_is_high_enough(
    district: dict[str, Any], new_context: NewContext
) -> None:
    """44 px is what a thumb hits; at 390 px, on all main pages."""
    members = people()
    small: dict[str, list[str]] = {}
    measured = 0
    for role in (*members, None):
        page = new_context(members[role] if role else None).new_page()
        for wanted, path in PAGES:
            if wanted == role:
                page.goto(path.format(**district))
                measured += page.locator("button:visible, input:visible, nav a:visible").count()
                if found := page.evaluate(SMALL):
                    small[path] = found

    assert small == {}
    assert measured > 100


def test_main_pages_open_without_javascript(
    district: dict[str, Any], new_context: NewContext
) -> None:
    members = people()
    wrong = []
    for role in (*members, None):
        page = new_context(members[role] if role else None, java_script_enabled=False).new_page()
        for wanted, path in PAGES:
            if wanted == role:
                answer = page.goto(path.format(**district))
                if answer is None or answer.status != 200 or page.locator("h1").count() != 1:
                    wrong.append(path)

    assert wrong == []

"""Writing a course: drafts, handing in, new versions. What was handed in is not edited."""

from collections.abc import Mapping
from datetime import datetime
from itertools import count
from typing import Any

from django.db import transaction
from django.db.models import F, Field
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.models import Organisation
from accounts.services import audit
from courses.choices import VERSION_TRANSITIONS, VersionState
from courses.errors import Incomplete, NotEditable, NotInReview, StaleVersion, VersionInWork
from courses.models import Course, CourseVersion
from courses.services import telling

# What a host writes; everything else of a version is the system's.
FIELDS = (
    "title_zh", "title_en", "occupation_zh", "occupation_en", "occupation_family", "stages",
    "grade_from", "grade_to", "class_hours", "group_size_min", "group_size_max", "mode",
    "labour_task_group", "summary_zh", "summary_en", "plan", "materials", "hazards",
    "needs_assistant", "min_adults", "students_per_adult", "assessment", "handbook",
)  # fmt: skip

# A reviewer cannot judge a course that says nothing on these.
REQUIRED_FOR_REVIEW = ("summary_zh", "plan", "materials", "hazards", "assessment", "handbook")

EDITABLE = (VersionState.DRAFT, VersionState.RETURNED)
IN_WORK = (*EDITABLE, VersionState.IN_REVIEW)


def check_can_write(actor: Actor, host_id: int) -> None:
    """A host's manager writes its own courses; to others they are not there."""
    if actor.is_system:
        return
    if actor.organisation_id != host_id:
        raise NotYours
    if not actor.is_host_manager:
        raise NotAllowed


def check_can_edit(actor: Actor, version: CourseVersion) -> None:
    check_can_write(actor, version.host_id)
    if version.state not in EDITABLE:
        raise NotEditable(state=version.get_state_display())


def start_course(
    *, by: Actor, host_id: int, code: str, fields: Mapping[str, Any], now: datetime
) -> CourseVersion:
    """A course of the host with a first draft. An empty ``code`` makes one in its numbering."""
    check_can_write(by, host_id)
    with transaction.atomic():
        course = Course.objects.create(host_id=host_id, code=code or _next_code(host_id))
        version = CourseVersion.objects.create(
            course=course, host_id=host_id, number=1, **_written(fields)
        )
        audit.record(by=by, verb="course.started", now=now, target=version)
    return version


def edit_version(
    *, by: Actor, version: CourseVersion, edition: int, fields: Mapping[str, Any], now: datetime
) -> CourseVersion:
    """The draft says what ``fields`` say.

    Refused: NotEditable; StaleVersion when ``edition`` is not the one last saved.
    """
    check_can_edit(by, version)
    with transaction.atomic():
        changed = CourseVersion.objects.filter(
            pk=version.pk, edition=edition, state__in=EDITABLE
        ).update(**_written(fields), edition=F("edition") + 1)
        if not changed:
            check_can_edit(by, CourseVersion.objects.get(pk=version.pk))
            raise StaleVersion
        audit.record(by=by, verb="course.edited", now=now, target=version)
    version.refresh_from_db()
    return version


def field_label(name: str) -> str:
    """What a field of the course is called on a page."""
    field = CourseVersion._meta.get_field(name)
    assert isinstance(field, Field)
    return str(field.verbose_name)


def missing_for_review(version: CourseVersion) -> list[str]:
    """The names of the fields a reviewer needs and the version leaves empty."""
    return [
        field_label(name) for name in REQUIRED_FOR_REVIEW if not str(getattr(version, name)).strip()
    ]


def check_can_submit(actor: Actor, version: CourseVersion) -> None:
    check_can_edit(actor, version)
    missing = missing_for_review(version)
    if missing:
        raise Incomplete(missing=_("、").join(missing))


def submit_version(*, by: Actor, version: CourseVersion, now: datetime) -> CourseVersion:
    """The version waits for review, unchangeable; the alliance's reviewers are told.

    Refused: NotEditable, Incomplete naming what is missing.
    """
    check_can_submit(by, version)
    with transaction.atomic():
        _move(
            version,
            VersionState.IN_REVIEW,
            submitted_at=now,
            submitted_by_id=by.membership_id,
        )
        audit.record(by=by, verb="course.submitted", now=now, target=version)
        telling.tell_submitted(version=version, now=now)
    return version


def take_back(*, by: Actor, version: CourseVersion, now: datetime) -> CourseVersion:
    """A version handed in is a draft again; the reviewers are told. Refused: NotInReview."""
    check_can_write(by, version.host_id)
    if version.state != VersionState.IN_REVIEW:
        raise NotInReview(state=version.get_state_display())
    with transaction.atomic():
        _move(version, VersionState.DRAFT)
        audit.record(by=by, verb="course.taken_back", now=now, target=version)
        telling.tell_taken_back(version=version, now=now)
    return version


def start_new_version(*, by: Actor, course: Course, now: datetime) -> CourseVersion:
    """A draft with the text of the newest version; booked sessions keep theirs.

    Refused: VersionInWork.
    """
    check_can_write(by, course.host_id)
    with transaction.atomic():
        Course.objects.select_for_update().get(pk=course.pk)
        newest = CourseVersion.objects.filter(course=course).order_by("-number").first()
        if newest is None or newest.state in IN_WORK:
            raise VersionInWork
        draft = CourseVersion.objects.create(
            course=course,
            host_id=course.host_id,
            number=newest.number + 1,
            **{name: getattr(newest, name) for name in FIELDS},
        )
        audit.record(by=by, verb="course.version_started", now=now, target=draft)
    return draft


def withdraw_course(*, by: Actor, course: Course, now: datetime) -> None:
    """The course is offered no more; sessions already opened stand. The secretariat is told.

    Refused: NotEditable where nothing is published.
    """
    check_can_write(by, course.host_id)
    version = course.published_version
    if version is None:
        raise NotEditable(state=VersionState.DRAFT.label)
    with transaction.atomic():
        Course.objects.filter(pk=course.pk).update(published_version=None)
        _move(version, VersionState.WITHDRAWN)
        audit.record(by=by, verb="course.withdrawn", now=now, target=version)
        telling.tell_withdrawn(version=version, now=now)
    course.refresh_from_db()


def _move(version: CourseVersion, to: VersionState, **values: Any) -> None:
    """From a state that may become ``to``, once: of two at a time the second is refused."""
    allowed = [state for state, goals in VERSION_TRANSITIONS.items() if to in goals]
    changed = CourseVersion.objects.filter(pk=version.pk, state__in=allowed).update(
        state=to, **values
    )
    version.refresh_from_db()
    if not changed:
        raise NotEditable(state=version.get_state_display())


def _written(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in FIELDS}


def _next_code(host_id: int) -> str:
    """A free code in the host's own numbering: H12-03. Call within a transaction.

    The host's row is ours until its end, so that nobody is given the same one.
    """
    Organisation.objects.select_for_update(no_key=True).get(pk=host_id)
    codes = set(
        Course.objects.filter(code__startswith=f"H{host_id}-").values_list("code", flat=True)
    )
    return next(
        code for code in (f"H{host_id}-{number:02d}" for number in count(1)) if code not in codes
    )

"""What guardians sign: the texts, and who has signed for a school year."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.actors import SYSTEM, Actor
from accounts.errors import NotAllowed, NotYours
from accounts.models import Organisation
from accounts.services import audit
from rosters import selectors
from rosters.choices import ConsentKind
from rosters.errors import ConsentTextMissing
from rosters.models import ClassGroup, Consent, ConsentText, Student
from rosters.services.classes import check_can_manage
from rosters.wording import DEFAULT_TEXTS


def publish_text(
    *,
    by: Actor,
    school: Organisation | None,
    kind: ConsentKind,
    text_zh: str,
    text_en: str,
    now: datetime,
) -> ConsentText:
    """A new version is in force, the alliance's (``school`` None) or the school's own; what was
    signed before stays signed. Publishing what is in force already changes nothing.

    Refused: ConsentTextMissing; the alliance's text to others than the secretariat.
    """
    if school is None:
        if not (by.is_secretariat or by.is_system):
            raise NotAllowed
    else:
        check_can_manage(by, school.pk)
    text_zh, text_en = (text.replace("\r\n", "\n").strip() for text in (text_zh, text_en))
    if not text_zh:
        raise ConsentTextMissing
    with transaction.atomic():
        if school is not None:
            Organisation.objects.select_for_update(no_key=True).get(pk=school.pk)
        latest = ConsentText.objects.filter(school=school, kind=kind).order_by("-version").first()
        if latest is not None and (latest.text_zh, latest.text_en) == (text_zh, text_en):
            return latest
        text = ConsentText.objects.create(
            school=school,
            kind=kind,
            version=latest.version + 1 if latest is not None else 1,
            text_zh=text_zh,
            text_en=text_en,
            published_at=now,
            published_by_id=by.membership_id,
        )
        audit.record(
            by=by, verb="consent_text.published", now=now, target=text, version=text.version
        )
    return text


def ensure_default_texts(*, now: datetime) -> None:
    """The alliance has a text of each kind; one that it published stays."""
    for kind, (text_zh, text_en) in DEFAULT_TEXTS.items():
        if not ConsentText.objects.filter(school=None, kind=kind).exists():
            publish_text(
                by=SYSTEM,
                school=None,
                kind=ConsentKind(kind),
                text_zh=text_zh,
                text_en=text_en,
                now=now,
            )


def text_to_sign(school_id: int, kind: ConsentKind, now: datetime) -> ConsentText:
    """The text in force, saved: the default one is published when it is first signed."""
    text = selectors.text_in_force(school_id, kind)
    if text.pk is None:
        ensure_default_texts(now=now)
        text = selectors.text_in_force(school_id, kind)
    return text


def check_can_collect(actor: Actor, class_group: ClassGroup) -> None:
    """The class's teachers and the school's coordinators hold the paper."""
    if not ClassGroup.objects.visible_to(actor).current().filter(pk=class_group.pk).exists():
        raise NotYours
    if not actor.is_school:
        raise NotAllowed


def record_consents(
    *,
    by: Actor,
    class_group: ClassGroup,
    student_ids: Collection[int],
    school_year: int,
    now: datetime,
) -> int:
    """These students of the class have a signed consent for the school year; says how many are
    new. Others are not touched, somebody else's students left out, repeating changes nothing."""
    check_can_collect(by, class_group)
    with transaction.atomic():
        students = _locked(class_group, student_ids)
        signed = set(
            Consent.objects.standing()
            .filter(student__in=students, school_year=school_year)
            .values_list("student_id", flat=True)
        )
        new = [student for student in students if student.pk not in signed]
        if not new:
            return 0
        text = text_to_sign(class_group.school_id, ConsentKind.YEAR, now)
        Consent.objects.bulk_create(
            Consent(
                student=student,
                text=text,
                school_year=school_year,
                recorded_at=now,
                recorded_by_id=by.membership_id,
            )
            for student in new
        )
        audit.record(
            by=by,
            verb="consents.recorded",
            now=now,
            target=class_group,
            count=len(new),
            school_year=school_year,
            text=text.pk,
        )
    return len(new)


def withdraw_consents(
    *,
    by: Actor,
    class_group: ClassGroup,
    student_ids: Collection[int],
    school_year: int,
    now: datetime,
) -> int:
    """Their guardians agree no more; says how many that were. Bookings already made stay: the
    teacher sees who is missing and decides."""
    check_can_collect(by, class_group)
    with transaction.atomic():
        students = _locked(class_group, student_ids)
        count = (
            Consent.objects.standing()
            .filter(student__in=students, school_year=school_year)
            .update(withdrawn_at=now, withdrawn_by_id=by.membership_id)
        )
        if count:
            audit.record(
                by=by,
                verb="consents.withdrawn",
                now=now,
                target=class_group,
                count=count,
                school_year=school_year,
            )
    return count


def end_consents(*, student: Student, by: Actor, now: datetime) -> None:
    """What was signed for one school does not hold for another. In the caller's transaction."""
    Consent.objects.standing().filter(student=student).update(
        withdrawn_at=now, withdrawn_by_id=by.membership_id
    )


def take_over(*, survivor: Student, duplicate: Student) -> None:
    """The duplicate's consents are the survivor's, where she has none of that year."""
    own = Consent.objects.standing().filter(student=survivor).values("school_year")
    Consent.objects.standing().filter(student=duplicate).exclude(school_year__in=own).update(
        student=survivor
    )


def _locked(class_group: ClassGroup, student_ids: Collection[int]) -> list[Student]:
    return list(
        Student.objects.current()
        .select_for_update(no_key=True)
        .filter(class_group=class_group, pk__in=student_ids)
        .order_by("pk")
    )

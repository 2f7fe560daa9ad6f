"""Telephones, needs and settings: what is kept beside a name."""

from datetime import datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.actors import Actor
from accounts.errors import NotYours
from accounts.models import AuditEntry, Membership
from rosters import selectors
from rosters.choices import ConsentRule, NeedKind, PhoneReason
from rosters.errors import (
    BlockingNeedsRule,
    NeedTooLong,
    PhoneMissing,
    PhonesNotKept,
    PhoneUnclear,
    StudentGone,
)
from rosters.models import (
    GuardianPhone,
    SchoolSettings,
    Student,
    StudentNeed,
)
from rosters.services import care, settings, students
from tests.factories.accounts import MembershipFactory, actor_of
from tests.rosters.conftest import School

pytestmark = pytest.mark.django_db

PHONE = "13812345678"
YEAR = 2026


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def student(school: School) -> Student:
    return school.group.students.get(seat_no=2)


def decide(school: School, now: datetime, **values: object) -> SchoolSettings:
    given = {"keeps_guardian_phones": True, "consent_rule": "none", "consent_blocks": False}
    return settings.set_school_settings(
        by=school.coordinator,
        school=school.organisation,
        now=now,
        **(given | values),  # type: ignore[arg-type]
    )


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(Membership.objects.get(pk=actor.membership_id).user)
    return client


# ── settings ──


def test_a_school_without_settings_has_the_defaults(school: School) -> None:
    known = selectors.settings_of(school.organisation.pk)

    assert (known.keeps_guardian_phones, known.consent_rule, known.consent_blocks) == (
        False,
        ConsentRule.NONE,
        False,
    )
    assert not SchoolSettings.objects.exists()


@pytest.mark.parametrize("rule", ConsentRule.values)
@pytest.mark.parametrize("blocks", [True, False])
def test_only_what_is_collected_can_block(
    school: School, now: datetime, rule: str, blocks: bool
) -> None:
    if rule == ConsentRule.NONE and blocks:
        with pytest.raises(BlockingNeedsRule):
            decide(school, now, consent_rule=rule, consent_blocks=blocks)
        return
    decide(school, now, consent_rule=rule, consent_blocks=blocks)
    known = selectors.settings_of(school.organisation.pk)
    assert (known.consent_rule, known.consent_blocks) == (rule, blocks)


def test_phones_no_longer_kept_are_deleted(school: School, student: Student, now: datetime) -> None:
    decide(school, now)
    care.set_guardian_phone(by=school.teacher, student=student, phone=PHONE, now=now)

    decide(school, now, keeps_guardian_phones=False)

    assert not GuardianPhone.objects.exists()
    entry = AuditEntry.objects.filter(verb="school.settings_set").latest("pk")
    assert entry.facts["phones_deleted"] == 1


def test_the_settings_page_saves_and_refuses(school: School) -> None:
    client, url = signed_in(school.coordinator), reverse("rosters:settings")

    saved = client.post(url, {"consent_rule": "year", "consent_blocks": "on"})
    refused = client.post(url, {"consent_rule": "none", "consent_blocks": "on"})

    assert (saved.status_code, refused.status_code) == (302, 422)
    assert client.get(url).context["form"].initial == {
        "keeps_guardian_phones": False,
        "consent_rule": "year",
        "consent_blocks": True,
    }
    assert signed_in(school.teacher).get(url).status_code == 403


# ── guardians' telephones ──


def test_a_phone_is_sealed_masked_and_read_with_a_reason(
    school: School, student: Student, now: datetime
) -> None:
    decide(school, now)
    care.set_guardian_phone(by=school.teacher, student=student, phone="138 1234-5678", now=now)

    masked = care.masked_phone(student)
    number = care.reveal_guardian_phone(
        by=school.teacher, student=student, reason=PhoneReason.TRIP, now=now
    )

    assert (masked, number) == ("****5678", PHONE)
    assert PHONE.encode() not in bytes(GuardianPhone.objects.get().sealed)
    entry = AuditEntry.objects.get(verb="phone.read")
    assert entry.facts == {
        "context": "phone_trip",
        "classes": [student.class_group_id],
        "students": [student.pk],
        "count": 1,
    }
    assert entry.school_id == student.school_id
    assert entry.target == f"rosters.student:{student.pk}"


@pytest.mark.parametrize(
    ("keeps", "phone", "refusal"),
    [
        (False, PHONE, PhonesNotKept),
        (False, "", None),
        (True, "12345", PhoneUnclear),
        (True, "一三八", PhoneUnclear),
        (True, "0" * 16, PhoneUnclear),
        (True, "＋86 138 1234 5678", None),
    ],
)
def test_phones_are_kept_where_the_school_said_so(
    school: School,
    student: Student,
    now: datetime,
    keeps: bool,
    phone: str,
    refusal: type[Exception] | None,
) -> None:
    decide(school, now, keeps_guardian_phones=keeps)

    def keep() -> None:
        care.set_guardian_phone(by=school.coordinator, student=student, phone=phone, now=now)

    if refusal is not None:
        with pytest.raises(refusal):
            keep()
    else:
        keep()
    assert GuardianPhone.objects.exists() == (keeps and refusal is None)


def test_an_empty_phone_deletes_the_one_before(
    school: School, student: Student, now: datetime
) -> None:
    decide(school, now)
    care.set_guardian_phone(by=school.teacher, student=student, phone=PHONE, now=now)
    care.set_guardian_phone(by=school.teacher, student=student, phone=" ", now=now)

    with pytest.raises(PhoneMissing):
        care.reveal_guardian_phone(
            by=school.teacher, student=student, reason=PhoneReason.CHECK, now=now
        )
    assert not AuditEntry.objects.filter(verb="phone.read").exists()


# ── needs ──


def test_needs_are_sealed_and_read_by_kind(school: School, student: Student, now: datetime) -> None:
    care.set_needs(
        by=school.teacher, student=student, needs={"diet": " 花生  过敏 ", "mobility": ""}, now=now
    )

    needs = care.read_needs(by=school.coordinator, student=student, now=now, context="test")

    assert needs == {NeedKind.DIET: "花生 过敏"}
    assert "花生".encode() not in bytes(StudentNeed.objects.get().sealed)
    assert AuditEntry.objects.get(verb="needs.read").facts == {"context": "test", "count": 1}


def test_needs_that_stay_keep_their_time(school: School, student: Student, now: datetime) -> None:
    later = now.replace(hour=20)
    care.set_needs(by=school.teacher, student=student, needs={"diet": "花生过敏"}, now=now)

    care.set_needs(
        by=school.teacher,
        student=student,
        needs={"diet": "花生过敏", "mobility": "用轮椅"},
        now=later,
    )

    noted = dict(StudentNeed.objects.values_list("kind", "noted_at"))
    assert noted == {"diet": now, "mobility": later}


def test_needs_are_forgotten_by_emptying_and_short(
    school: School, student: Student, now: datetime
) -> None:
    care.set_needs(by=school.teacher, student=student, needs={"diet": "花生过敏"}, now=now)
    care.set_needs(by=school.teacher, student=student, needs={"diet": ""}, now=now)

    assert not StudentNeed.objects.exists()
    with pytest.raises(NeedTooLong):
        care.set_needs(by=school.teacher, student=student, needs={"diet": "花" * 101}, now=now)
    students.remove_student(by=school.coordinator, student=student, now=now)
    with pytest.raises(StudentGone):
        care.set_needs(by=school.coordinator, student=student, needs={"diet": "花"}, now=now)


def test_who_cares_for_a_student(school: School, student: Student, now: datetime) -> None:
    decide(school, now)
    may = {
        "coordinator": school.coordinator,
        "teacher of the class": school.teacher,
        "colleague": actor_of(MembershipFactory(organisation=school.organisation)),
        "other coordinator": actor_of(MembershipFactory(coordinator=True)),
        "secretariat": actor_of(MembershipFactory(secretariat=True)),
        "host manager": actor_of(MembershipFactory(host_manager=True)),
    }
    allowed = {"coordinator", "teacher of the class"}
    for name, actor in may.items():
        for act in (
            lambda by: care.set_needs(by=by, student=student, needs={"diet": "a"}, now=now),
            lambda by: care.read_needs(by=by, student=student, now=now, context="x"),
            lambda by: care.set_guardian_phone(by=by, student=student, phone=PHONE, now=now),
            lambda by: care.reveal_guardian_phone(
                by=by, student=student, reason=PhoneReason.CHECK, now=now
            ),
        ):
            if name in allowed:
                act(actor)
            else:
                with pytest.raises(NotYours):
                    act(actor)


def test_the_students_page_keeps_needs_and_phone(
    school: School, student: Student, now: datetime
) -> None:
    decide(school, now)
    client = signed_in(school.teacher)
    page = reverse("rosters:student_edit", args=[student.pk])

    client.post(reverse("rosters:student_needs", args=[student.pk]), {"diet": "花生过敏"})
    client.post(reverse("rosters:student_phone", args=[student.pk]), {"phone": PHONE})
    refused = client.post(reverse("rosters:student_phone", args=[student.pk]), {"phone": "12"})
    shown = client.get(page).content.decode()
    asked = client.post(reverse("rosters:student_phone_show", args=[student.pk]), {})
    opened = client.post(
        reverse("rosters:student_phone_show", args=[student.pk]), {"reason": "emergency"}
    )

    assert "花生过敏" in shown
    assert "****5678" in shown
    assert PHONE not in shown
    assert (refused.status_code, asked.status_code) == (422, 200)
    assert PHONE not in asked.content.decode()
    assert PHONE in opened.content.decode()
    assert "no-store" in opened["Cache-Control"]
    # A teacher does not rename.
    client.post(page, {"name": "别名", "seat_no": "9"})
    student.refresh_from_db()
    assert student.seat_no == 2


def test_of_two_that_are_one_the_survivors_own_is_kept(
    school: School, student: Student, now: datetime
) -> None:
    decide(school, now)
    duplicate = school.group.students.get(seat_no=3)
    for one, phone, diet in (
        (student, PHONE, "花生过敏"),
        (duplicate, "13900001111", "不吃猪肉"),
    ):
        care.set_guardian_phone(by=school.teacher, student=one, phone=phone, now=now)
        care.set_needs(by=school.teacher, student=one, needs={"diet": diet}, now=now)

    care.take_over(survivor=student, duplicate=duplicate)

    assert care.masked_phone(student) == "****5678"
    assert GuardianPhone.objects.get().student == student
    assert [(need.student_id, need.text) for need in care.unsealed(StudentNeed.objects.all())] == [
        (student.pk, "花生过敏")
    ]

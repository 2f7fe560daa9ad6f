"""Telephones, needs, settings and yearly consents: what is kept beside a name."""

from datetime import datetime
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.test import Client
from django.urls import reverse

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry, Membership
from rosters import selectors
from rosters.choices import ConsentKind, ConsentRule, NeedKind, PhoneReason
from rosters.errors import (
    BlockingNeedsRule,
    ConsentTextMissing,
    NeedTooLong,
    PhoneMissing,
    PhonesNotKept,
    PhoneUnclear,
    StudentGone,
)
from rosters.models import (
    Consent,
    ConsentText,
    GuardianPhone,
    SchoolSettings,
    Student,
    StudentNeed,
)
from rosters.services import care, consents, settings, students
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.rosters import StudentFactory, make_class, make_teacher_of
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
    assert entry.facts == {"reason": "trip", "count": 1}
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


# ── consent texts ──


def test_the_default_texts_are_published_once(now: datetime) -> None:
    consents.ensure_default_texts(now=now)
    consents.ensure_default_texts(now=now)

    texts = ConsentText.objects.order_by("kind")
    assert [(text.kind, text.version, text.school) for text in texts] == [
        ("trip", 1, None),
        ("year", 1, None),
    ]
    assert all(text.text_zh and text.text_en for text in texts)


def publish(by: Actor, now: datetime, text: str, school: School | None = None) -> ConsentText:
    return consents.publish_text(
        by=by,
        school=school.organisation if school else None,
        kind=ConsentKind.YEAR,
        text_zh=text,
        text_en="",
        now=now,
    )


def test_a_schools_own_text_goes_before_the_alliances(school: School, now: datetime) -> None:
    secretariat = actor_of(MembershipFactory(secretariat=True))
    default = selectors.text_in_force(school.organisation.pk, ConsentKind.YEAR)

    publish(secretariat, now, "联盟一")
    alliances = selectors.text_in_force(school.organisation.pk, ConsentKind.YEAR)
    publish(school.coordinator, now, "本校一", school)
    own = publish(school.coordinator, now, "本校二", school)
    again = publish(school.coordinator, now, "本校二", school)
    publish(secretariat, now, "联盟二")

    assert default.pk is None
    assert alliances.text_zh == "联盟一"
    assert (own.version, again.pk) == (2, own.pk)
    assert selectors.text_in_force(school.organisation.pk, ConsentKind.YEAR) == own
    assert selectors.text_in_force(OrganisationFactory().pk, ConsentKind.YEAR).text_zh == "联盟二"
    assert selectors.text_in_force(None, ConsentKind.YEAR).text_zh == "联盟二"


def test_who_publishes_texts(school: School, now: datetime) -> None:
    secretariat = actor_of(MembershipFactory(secretariat=True))
    for by, whose, refusal in [
        (school.coordinator, None, NotAllowed),
        (school.teacher, school, NotAllowed),
        (actor_of(MembershipFactory(coordinator=True)), school, NotYours),
        (secretariat, school, NotYours),
    ]:
        with pytest.raises(refusal):
            publish(by, now, "文", whose)
    with pytest.raises(ConsentTextMissing):
        publish(secretariat, now, " \n ")


def test_the_text_pages_read_publish_and_print(school: School) -> None:
    client = signed_in(school.coordinator)
    url = reverse("rosters:consent_text_new", args=["year"])

    before = client.get(reverse("rosters:consent_texts")).content.decode()
    empty = client.post(url, {"text_zh": ""})
    client.post(url, {"text_zh": "本校的同意书内容", "text_en": "Ours"})
    after = client.get(reverse("rosters:consent_texts")).content.decode()
    printed = client.get(reverse("rosters:consent_print", args=["year"])).content.decode()

    assert "联盟的" in before
    assert empty.status_code == 200
    assert "本校的同意书内容" in after
    assert "本校的同意书内容" in printed
    assert "监护人签名" in printed
    assert client.get(reverse("rosters:consent_print", args=["else"])).status_code == 404
    assert signed_in(school.teacher).get(url).status_code == 403


# ── consents for the year ──


def test_consents_are_ticked_once_and_withdrawn(school: School, now: datetime) -> None:
    outsider = StudentFactory(class_group=make_class())
    keys = [one.pk for one in school.group.students.order_by("seat_no")]

    def record(student_ids: list[int]) -> int:
        return consents.record_consents(
            by=school.teacher,
            class_group=school.group,
            student_ids=student_ids,
            school_year=YEAR,
            now=now,
        )

    assert record([*keys[:2], outsider.pk]) == 2
    assert record(keys) == 1
    assert record(keys) == 0
    withdrawn = consents.withdraw_consents(
        by=school.teacher,
        class_group=school.group,
        student_ids=[keys[0]],
        school_year=YEAR,
        now=now,
    )
    assert withdrawn == 1
    assert selectors.signed_for_year(keys, YEAR) == set(keys[1:])
    assert selectors.signed_for_year(keys, YEAR + 1) == set()
    assert record([keys[0]]) == 1
    assert Consent.objects.filter(student_id=keys[0]).count() == 2
    assert set(Consent.objects.values_list("text__kind", "text__version")) == {("year", 1)}


def test_who_ticks_consents(school: School, now: datetime) -> None:
    for by, refusal in [
        (actor_of(MembershipFactory(organisation=school.organisation)), NotYours),
        (actor_of(MembershipFactory(coordinator=True)), NotYours),
        (actor_of(MembershipFactory(secretariat=True)), NotAllowed),
        (actor_of(MembershipFactory(host_manager=True)), NotYours),
    ]:
        for act in (consents.record_consents, consents.withdraw_consents):
            with pytest.raises(refusal):
                act(by=by, class_group=school.group, student_ids=[], school_year=YEAR, now=now)


def test_the_class_says_how_far_it_is(school: School, now: datetime) -> None:
    assert selectors.consent_of_class(school.group, YEAR) is None
    decide(school, now, consent_rule="year")
    consents.record_consents(
        by=school.coordinator,
        class_group=school.group,
        student_ids=[school.group.students.get(seat_no=2).pk],
        school_year=YEAR,
        now=now,
    )

    status = selectors.consent_of_class(school.group, YEAR)

    assert status is not None
    assert (status.signed, status.total, status.missing, status.seats) == (1, 3, (1, 3), "1、3")
    assert not status.is_complete


def test_the_page_ticks_some_all_and_withdraws(school: School, now: datetime) -> None:
    decide(school, now, consent_rule="year", consent_blocks=True)
    client = signed_in(actor_of(make_teacher_of(school.group)))
    url = reverse("rosters:class_consents", args=[school.group.pk])
    keys = [one.pk for one in school.group.students.order_by("seat_no")]

    client.post(url, {"students": keys[:1]})
    some = client.get(url)
    client.post(url, {})
    client.post(url, {"all": "1"})
    every = client.get(url)
    client.post(url, {"students": keys[2:], "withdraw": "1"})

    assert "同意书 1/3，缺 2、3号" in some.content.decode()
    assert "没有同意书的学生不能预约。" in some.content.decode()
    assert every.context["missing"] == []
    assert selectors.signed_for_year(keys, YEAR) == set(keys[:2])


# ── the data migration ──


def test_students_without_initials_get_them(school: School) -> None:
    Student.objects.update(name="张小明", initials="")
    kept = StudentFactory(class_group=school.group, name="王一", initials=" kept")

    import_module("rosters.migrations.0003_fill_initials").fill_initials(apps, None)

    assert set(Student.objects.exclude(pk=kept.pk).values_list("initials", flat=True)) == {" zxm"}
    kept.refresh_from_db()
    assert kept.initials == " kept"

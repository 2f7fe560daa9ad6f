"""Consent texts, and who has signed for a school year."""

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
from rosters.choices import ConsentKind
from rosters.errors import (
    ConsentTextMissing,
)
from rosters.models import (
    Consent,
    ConsentText,
    SchoolSettings,
    Student,
)
from rosters.services import consents, settings
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


def test_withdrawing_what_nobody_signed_changes_and_records_nothing(
    school: School, now: datetime
) -> None:
    keys = [one.pk for one in school.group.students.order_by("seat_no")]
    asked = {"by": school.teacher, "class_group": school.group, "school_year": YEAR, "now": now}
    consents.record_consents(student_ids=keys[:1], **asked)  # type: ignore[arg-type]

    withdrawn = [
        consents.withdraw_consents(student_ids=chosen, **asked)  # type: ignore[arg-type]
        for chosen in (keys[1:], keys, keys)
    ]

    assert withdrawn == [0, 1, 0]
    assert [
        entry.facts["count"] for entry in AuditEntry.objects.filter(verb="consents.withdrawn")
    ] == [1]


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

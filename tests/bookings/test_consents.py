"""Guardians' signatures: what blocks a booking, what is only shown, and ticking them."""

from datetime import datetime

import pytest
import time_machine
from django.test import Client

from accounts.actors import Actor
from accounts.errors import NotYours
from accounts.models import AuditEntry, User
from bookings.errors.reserving import ConsentMissing
from bookings.models import Booking, Place, TripConsent
from bookings.selectors import consents as selectors
from bookings.services import changes, consents, lists, offers
from rosters.choices import ConsentRule
from rosters.models import SchoolSettings
from rosters.services import consents as roster_consents
from tests.bookings.conftest import World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking

SENTENCE = "七(3)班 2、3、4、5号缺本学年的监护人同意书，收到后才能预约。"


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def rule(world: World, value: str, *, blocks: bool) -> None:
    SchoolSettings.objects.update_or_create(
        school=world.school, defaults={"consent_rule": value, "consent_blocks": blocks}
    )


def sign(world: World, now: datetime, *seats: int, year: int = 2026) -> None:
    roster_consents.record_consents(
        by=world.teacher,
        class_group=world.group,
        student_ids=[one.pk for one in world.students if one.seat_no in seats],
        school_year=year,
        now=now,
    )


def book(world: World, now: datetime, *seats: int) -> Booking:
    return make_booking(
        by=world.teacher,
        session=world.session(),
        class_group=world.group,
        now=now,
        student_ids=[one.pk for one in world.students if one.seat_no in seats] if seats else None,
    )


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


# ── what blocks ──


@pytest.mark.parametrize(
    ("value", "blocks", "signed", "is_refused"),
    [
        ("none", False, (), False),
        ("year", False, (), False),
        ("year", True, (), True),
        ("year", True, (1,), True),
        ("year", True, (1, 2, 3, 4, 5), False),
        ("trip", False, (), False),
        ("trip", True, (), False),
    ],
)
def test_a_missing_consent_blocks_where_the_school_said_so(
    world: World, now: datetime, value: str, blocks: bool, signed: tuple[int, ...], is_refused: bool
) -> None:
    rule(world, value, blocks=blocks)
    sign(world, now, *signed)

    if is_refused:
        with pytest.raises(ConsentMissing):
            book(world, now)
        assert not Place.objects.exists()
    else:
        assert book(world, now).seats == 5


def test_the_refusal_names_seats_and_who_has_signed_may_come(world: World, now: datetime) -> None:
    rule(world, ConsentRule.YEAR, blocks=True)
    sign(world, now, 1)

    with pytest.raises(ConsentMissing) as refusal:
        book(world, now)

    assert str(refusal.value) == SENTENCE
    assert book(world, now, 1).seats == 1


def test_last_year_s_consent_does_not_count(world: World, now: datetime) -> None:
    rule(world, ConsentRule.YEAR, blocks=True)
    sign(world, now, 1, 2, 3, 4, 5, year=2025)

    with pytest.raises(ConsentMissing):
        book(world, now)


def test_who_is_added_needs_one_who_is_in_does_not(world: World, now: datetime) -> None:
    booking = book(world, now, 1, 2)
    rule(world, ConsentRule.YEAR, blocks=True)
    sign(world, now, 3)
    keys = {one.seat_no: one.pk for one in world.students}

    def change(*seats: int) -> Booking:
        return lists.change_booking(
            by=world.teacher,
            booking=booking,
            edition=Booking.objects.get(pk=booking.pk).edition,
            student_ids=[keys[one] for one in seats],
            now=now,
        )

    with pytest.raises(ConsentMissing) as refusal:
        change(1, 2, 4)
    assert refusal.value.facts["seats"] == "4"
    assert change(1, 2, 3).seats == 3
    with pytest.raises(ConsentMissing):
        changes.swap_student(
            by=world.teacher,
            booking=booking,
            out_student_id=keys[1],
            in_student_id=keys[5],
            now=now,
        )


def test_the_form_leaves_them_out_and_says_why(world: World, now: datetime) -> None:
    rule(world, ConsentRule.YEAR, blocks=True)
    sign(world, now, 1, 2)
    session = world.session()
    client, url = signed_in(world.teacher), f"/sessions/{session.pk}/book/?class={world.group.pk}"

    page = client.get(url)
    sent = client.post(
        url,
        {
            "key": "k",
            "students": [one.pk for one in world.students],
            "companion_0": "王老师",
        },
    )

    rows = list(page.context["form"].student_rows())
    assert [row.is_chosen for row in rows] == [True, True, False, False, False]
    assert [row.is_unsigned for row in rows] == [False, False, True, True, True]
    assert page.context["why_not_text"] == ""
    assert sent.status_code == 409
    assert "七(3)班 3、4、5号缺本学年的监护人同意书，收到后才能预约。" in sent.content.decode()


def test_the_tooltip_is_the_refusal_where_nobody_may_come(world: World, now: datetime) -> None:
    rule(world, ConsentRule.YEAR, blocks=True)
    offer = offers.offer_of(world.teacher, world.session().pk)

    (answer,) = offers.answers(world.teacher, [offer], world.group, now)

    with pytest.raises(ConsentMissing) as refusal:
        book(world, now)
    assert str(answer.why_not) == str(refusal.value)
    assert answer.unsigned == {one.pk for one in world.students}


# ── for a trip ──


def test_trip_consents_are_ticked_once_and_withdrawn(world: World, now: datetime) -> None:
    booking = book(world, now, 1, 2, 3)
    keys = [one.pk for one in world.students]

    def record(student_ids: list[int]) -> int:
        return consents.record_trip_consents(
            by=world.teacher, booking=booking, student_ids=student_ids, now=now
        )

    assert record(keys[:1]) == 1
    assert record(keys) == 2  # seats 4 and 5 have no place
    assert record(keys) == 0
    assert (
        consents.withdraw_trip_consents(
            by=world.teacher, booking=booking, student_ids=keys[:1], now=now
        )
        == 1
    )
    assert selectors.signed_for_trip(booking) == set(keys[1:3])
    assert record(keys[:1]) == 1
    assert TripConsent.objects.count() == 4
    assert set(TripConsent.objects.values_list("text__kind", flat=True)) == {"trip"}


def test_hosts_and_strangers_know_nothing_of_consents(world: World, now: datetime) -> None:
    booking = book(world, now)
    consents.record_trip_consents(
        by=world.teacher, booking=booking, student_ids=[world.students[0].pk], now=now
    )
    sees = {
        "teacher": (world.teacher, 1),
        "coordinator": (world.coordinator, 1),
        "manager": (world.manager, 0),
        "colleague": (actor_of(MembershipFactory(organisation=world.school)), 0),
        "other": (actor_of(MembershipFactory(coordinator=True)), 0),
    }

    seen = {name: TripConsent.objects.visible_to(sees[name][0]).count() for name in sees}
    assert seen == {name: number for name, (_actor, number) in sees.items()}
    for name in ("manager", "colleague", "other"):
        for act in (consents.record_trip_consents, consents.withdraw_trip_consents):
            with pytest.raises(NotYours):
                act(by=sees[name][0], booking=booking, student_ids=[], now=now)


@pytest.mark.parametrize(
    ("value", "signed_year", "signed_trip", "shown"),
    [
        ("none", (1,), (1,), None),
        ("year", (1, 2), (3,), (2, (3, 4, 5))),
        ("trip", (1, 2), (3,), (1, (1, 2, 4, 5))),
        ("trip", (), (1, 2, 3, 4, 5), (5, ())),
    ],
)
def test_the_booking_shows_the_signatures_of_its_rule(
    world: World,
    now: datetime,
    value: str,
    signed_year: tuple[int, ...],
    signed_trip: tuple[int, ...],
    shown: tuple[int, tuple[int, ...]] | None,
) -> None:
    booking = book(world, now)
    rule(world, value, blocks=False)
    sign(world, now, *signed_year)
    consents.record_trip_consents(
        by=world.teacher,
        booking=booking,
        student_ids=[one.pk for one in world.students if one.seat_no in signed_trip],
        now=now,
    )

    found = selectors.consent_of_booking(booking, world.students)

    assert (found and (found.status.signed, found.status.missing)) == shown


def test_the_booking_page_and_the_trip_s_sheet(world: World, now: datetime) -> None:
    booking = book(world, now)
    rule(world, ConsentRule.TRIP, blocks=True)
    client, url = signed_in(world.teacher), f"/trips/{booking.pk}/consents/"

    client.post(url, {"students": [world.students[0].pk]})
    page = client.get(f"/trips/{booking.pk}/").content.decode()
    ticks = client.get(url).content.decode()
    client.post(url, {"all": "1"})
    done = client.get(f"/trips/{booking.pk}/").content.decode()
    client.post(url, {"students": [world.students[0].pk], "withdraw": "1"})
    client.post(url, {})
    sheet = client.get(f"/trips/{booking.pk}/consents/print/").content.decode()

    assert "同意书 1/5，缺 2、3、4、5号。请在出发前收齐。" in page
    assert "请在出发前收齐；没有收到的学生" in ticks
    assert "全部收齐" in done
    assert selectors.signed_for_trip(booking) == {one.pk for one in world.students[1:]}
    assert "监护人签名" in sheet
    assert "面包师" in sheet
    assert not any(one.name in sheet for one in world.students)


def test_the_class_page_says_how_far_the_year_is(world: World, now: datetime) -> None:
    rule(world, ConsentRule.YEAR, blocks=False)
    sign(world, now, 1, 2, 3)

    text = signed_in(world.teacher).get(f"/classes/{world.group.pk}/").content.decode()

    assert "同意书 3/5，缺 4、5号" in text


def test_withdrawing_what_nobody_signed_changes_and_records_nothing(
    world: World, now: datetime
) -> None:
    booking = book(world, now, 1, 2)
    keys = [one.pk for one in world.students]
    consents.record_trip_consents(by=world.teacher, booking=booking, student_ids=keys[:1], now=now)

    withdrawn = [
        consents.withdraw_trip_consents(
            by=world.teacher, booking=booking, student_ids=chosen, now=now
        )
        for chosen in (keys[1:], keys, keys)
    ]

    assert withdrawn == [0, 1, 0]
    assert AuditEntry.objects.get(verb="consents.withdrawn").facts == {"count": 1}

"""Calendar entries as other programs read them."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from bookings import calendar
from bookings.services import changes, lists
from notifications.models import Message
from tests.bookings.conftest import World
from tests.factories.bookings import make_booking

STAMP = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
ENTRY = calendar.Entry(
    uid=uuid.UUID("12345678-1234-5678-1234-567812345678"),
    sequence=2,
    starts_at=datetime(2026, 12, 8, 1, 0, tzinfo=UTC),
    ends_at=datetime(2026, 12, 8, 3, 30, tzinfo=UTC),
    summary="七(3)班 面包师",
    location="焙烤实训中心, 曹杨路 1 号",
    description="课程：面包师\n人数：5 名学生",
    is_cancelled=False,
    organizer_name='曹杨职校; "焙烤"',
    organizer_address="noreply@example.org",
)


def invite(entry: calendar.Entry) -> tuple[Calendar, str]:
    text, method = calendar.invitation(
        entry, name="周老师", address="zhou@example.org", stamp=STAMP
    )
    return Calendar.from_ical(text), method


def test_an_invitation_says_when_in_shanghai_time() -> None:
    parsed, method = invite(ENTRY)

    event = parsed.walk("VEVENT")[0]
    assert (method, parsed["METHOD"], parsed["VERSION"]) == ("REQUEST", "REQUEST", "2.0")
    assert event.to_ical().decode().count("DTSTART;TZID=Asia/Shanghai:20261208T090000") == 1
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=2.5)
    assert (event["UID"], event["SEQUENCE"]) == (f"{ENTRY.uid}@career-classroom", 2)
    assert event["STATUS"] == "CONFIRMED"
    assert event["ATTENDEE"] == "mailto:zhou@example.org"
    assert event["ORGANIZER"] == "mailto:noreply@example.org"
    assert event["LOCATION"] == ENTRY.location
    assert event["DESCRIPTION"] == ENTRY.description


def test_shanghai_is_one_block_without_summer_time() -> None:
    parsed, _method = invite(ENTRY)

    zone = parsed.walk("VTIMEZONE")[0]
    assert [part.name for part in zone.subcomponents] == ["STANDARD"]
    assert zone.subcomponents[0]["TZOFFSETTO"].td == timedelta(hours=8)
    assert zone.subcomponents[0]["TZOFFSETFROM"].td == timedelta(hours=8)


def test_a_cancellation_takes_the_entry_away() -> None:
    parsed, method = invite(replace(ENTRY, is_cancelled=True, sequence=3))

    event = parsed.walk("VEVENT")[0]
    assert (method, parsed["METHOD"]) == ("CANCEL", "CANCEL")
    assert (event["STATUS"], event["SEQUENCE"], event["TRANSP"]) == ("CANCELLED", 3, "TRANSPARENT")


def test_a_download_invites_nobody() -> None:
    parsed = Calendar.from_ical(calendar.download(ENTRY, stamp=STAMP))

    assert parsed["METHOD"] == "PUBLISH"
    assert "ATTENDEE" not in parsed.walk("VEVENT")[0]


def test_lines_are_folded_and_end_as_the_standard_says() -> None:
    long = replace(ENTRY, description="很长" * 200)

    lines = calendar.download(long, stamp=STAMP).encode().split(b"\r\n")

    assert max(len(line) for line in lines) <= 75


@pytest.mark.parametrize("name", ["王\n老师", 'a"b', "王;老:师,", "😀"])
def test_odd_names_do_not_break_the_entry(name: str) -> None:
    text, _method = calendar.invitation(ENTRY, name=name, address="a@example.org", stamp=STAMP)

    event = Calendar.from_ical(text).walk("VEVENT")[0]
    assert event["ATTENDEE"] == "mailto:a@example.org"


def test_one_booking_keeps_its_uid_while_its_sequence_rises(world: World, now: datetime) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )
    lists.change_booking(
        by=world.teacher,
        booking=booking,
        edition=1,
        student_ids=[world.students[0].pk],
        now=now,
    )
    changes.cancel_booking(by=world.teacher, booking=booking, reason="停课", now=now)

    events = [
        Calendar.from_ical(message.calendar).walk("VEVENT")[0]
        for message in Message.objects.exclude(calendar="").order_by("pk")
    ]

    assert [event["SEQUENCE"] for event in events] == [0, 1, 2]
    assert {str(event["UID"]) for event in events} == {f"{booking.uid}@career-classroom"}

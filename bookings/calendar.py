"""Calendar entries of bookings (RFC 5545, RFC 5546). Values in, text out; no student is named."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from icalendar import Calendar, Event, Timezone, TimezoneStandard, vCalAddress, vDuration, vText

from sites.calendar import SHANGHAI

PRODUCT = "-//Career Classroom//Bookings//ZH"
ZONE = "Asia/Shanghai"
# How often a program that subscribed may look again.
REFRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a calendar shows of one booking; the same uid for life, the sequence rising."""

    uid: UUID
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    location: str
    description: str
    is_cancelled: bool
    organizer_name: str
    organizer_address: str


def invitation(entry: Entry, *, name: str, address: str, stamp: datetime) -> tuple[str, str]:
    """The entry for a mail to one person, and its method: REQUEST, or CANCEL once cancelled."""
    method = "CANCEL" if entry.is_cancelled else "REQUEST"
    attendee = vCalAddress(f"mailto:{address}")
    attendee.params["CN"] = vText(name)
    attendee.params["CUTYPE"] = vText("INDIVIDUAL")
    attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
    # Whoever booked, or teaches the class, is coming: the calendar need not ask.
    attendee.params["PARTSTAT"] = vText("ACCEPTED")
    attendee.params["RSVP"] = vText("FALSE")
    event = _event(entry, stamp)
    event.add("attendee", attendee, encode=False)
    return _calendar(event, method), method


def several(entries: Sequence[Entry], *, stamp: datetime) -> tuple[str, str]:
    """The entries for one mail, and their method. An invitation and a cancellation (RFC 5546, 3.2)
    are about one event; several are published, each with the state and sequence that it has."""
    events = b"".join(_event(entry, stamp).to_ical() for entry in entries)
    return (_frame("PUBLISH") + events + END).decode(), "PUBLISH"


def download(entry: Entry, *, stamp: datetime) -> str:
    """The entry as a file to open: it invites nobody."""
    return _calendar(_event(entry, stamp), "PUBLISH")


def feed(entries: Iterable[Entry], *, name: str, stamp: datetime) -> str:
    """The entries as a calendar to subscribe to, looked at again every hour."""
    calendar = _new("PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    for entry in entries:
        calendar.add_component(_event(entry, stamp))
    return calendar.to_ical().decode()


END = b"END:VCALENDAR\r\n"


def _calendar(event: Event, method: str) -> str:
    """A calendar of one event. What stands around it is the same each time and written once."""
    return (_frame(method) + event.to_ical() + END).decode()


@functools.cache
def _frame(method: str) -> bytes:
    """A calendar as far as its events: they come last."""
    return _new(method).to_ical().removesuffix(END)


def _new(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(_zone())
    return calendar


def _event(entry: Entry, stamp: datetime) -> Event:
    event = Event()
    event.add("uid", f"{entry.uid}@career-classroom")
    event.add("sequence", entry.sequence)
    event.add("dtstamp", stamp)
    event.add("dtstart", entry.starts_at.astimezone(SHANGHAI))
    event.add("dtend", entry.ends_at.astimezone(SHANGHAI))
    event.add("summary", entry.summary)
    event.add("location", entry.location)
    event.add("description", entry.description)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if entry.is_cancelled else "OPAQUE")
    organizer = vCalAddress(f"mailto:{entry.organizer_address}")
    organizer.params["CN"] = vText(entry.organizer_name)
    event.add("organizer", organizer, encode=False)
    return event


def _zone() -> Timezone:
    """Shanghai as one block: +08:00, as it has been since 1991. Libraries' full zone files carry
    the summer time of 1986-91, which some calendars apply today."""
    standard = TimezoneStandard()
    standard.add("dtstart", datetime(1991, 9, 15, 0, 0))  # noqa: DTZ001  local by definition
    standard.add("tzname", "CST")
    standard.add("tzoffsetfrom", timedelta(hours=8))
    standard.add("tzoffsetto", timedelta(hours=8))
    zone = Timezone()
    zone.add("tzid", ZONE)
    zone.add_component(standard)
    return zone

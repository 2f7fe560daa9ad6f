"""A row as an e-mail, as a mail program reads it."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from django.conf import LazySettings

from notifications import channels
from notifications.models import Delivery
from tests.factories.accounts import UserFactory
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db

CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:西点烘焙\r\nEND:VCALENDAR\r\n"


def _read(delivery: Delivery) -> EmailMessage:
    parsed = message_from_bytes(channels.as_mail(delivery).message().as_bytes(), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_a_mail_carries_the_text_and_the_link(settings: LazySettings) -> None:
    settings.BASE_URL = "https://classroom.example"
    message = MessageFactory(
        recipient=UserFactory(email="zhou@example.org"),
        subject="预约已确认",
        body="西点烘焙，12 月 8 日。",
        path="/trips/1/",
    )

    read = _read(message.deliveries.get())

    assert (read["To"], read["Subject"]) == ("zhou@example.org", "预约已确认")
    assert read.get_content() == "西点烘焙，12 月 8 日。\n\nhttps://classroom.example/trips/1/\n"
    assert read["Auto-Submitted"] == "auto-generated"


def test_a_mail_without_a_page_has_no_link() -> None:
    message = MessageFactory(body="已取消。")

    assert _read(message.deliveries.get()).get_content() == "已取消。\n"


def test_the_message_id_is_the_same_at_every_attempt() -> None:
    one, two = MessageFactory(), MessageFactory()

    ids = [_read(message.deliveries.get())["Message-ID"] for message in (one, one, two)]

    assert ids[0] == ids[1] == f"<{one.key}@localhost>"
    assert ids[2] != ids[0]


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_a_calendar_entry_names_its_method_and_is_a_file_too(method: str) -> None:
    message = MessageFactory(calendar=CALENDAR, calendar_method=method)

    read = _read(message.deliveries.get())

    parts = {part.get_content_type(): part for part in read.walk()}
    calendar, file = parts["text/calendar"], parts["application/ics"]
    assert calendar["Content-Type"].params["method"] == method
    assert calendar["Content-Type"].params["charset"] == "utf-8"
    assert calendar.get_content().replace("\r\n", "\n") == CALENDAR.replace("\r\n", "\n")
    assert file.get_filename() == "trip.ics"
    assert file.get_payload(decode=True) == CALENDAR.encode()
    assert [part.get_content_type() for part in read.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/calendar",
        "application/ics",
    ]

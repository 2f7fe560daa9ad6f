"""The inbox, and the demonstration's page of mails."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from notifications.models import Message
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db

CALENDAR = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def reader():
    return MembershipFactory().user


@pytest.fixture
def client(reader) -> Client:
    client = Client()
    client.force_login(reader)
    # The first page chooses the only membership.
    client.get("/me/")
    return client


@pytest.mark.parametrize("number", [1, 3])
def test_the_inbox_costs_the_same_for_one_and_three(
    number: int, reader, client: Client, django_assert_num_queries
) -> None:
    MessageFactory.create_batch(number, recipient=reader)

    # The frame's four, and the list.
    with django_assert_num_queries(6):
        response = client.get("/inbox/")

    assert len(response.context["rows"]) == number


def test_the_inbox_is_ones_own_newest_first(reader, client: Client) -> None:
    old = MessageFactory(recipient=reader, now=timezone.now() - timedelta(days=1))
    new = MessageFactory(recipient=reader, now=timezone.now())
    strange = MessageFactory(subject="别人的消息")

    response = client.get("/inbox/")

    assert response.context["rows"] == [new, old]
    assert strange.subject not in response.text
    assert response.text.count("未读") == 3  # Two rows, and the number at the bell.


def test_the_inbox_goes_on_after_twenty(reader, client: Client) -> None:
    told = MessageFactory.create_batch(21, recipient=reader)

    first = client.get("/inbox/")
    second = client.get("/inbox/", {"after": first.context["next_key"]})

    assert first.context["rows"] + second.context["rows"] == list(reversed(told))
    assert second.context["next_key"] is None


@pytest.mark.parametrize("after", ["x", "1"])
def test_a_nonsense_key_starts_at_the_beginning(after: str, reader, client: Client) -> None:
    message = MessageFactory(recipient=reader)

    assert client.get("/inbox/", {"after": after}).context["rows"] == [message]


def test_an_unknown_key_is_past_the_end(reader, client: Client) -> None:
    MessageFactory(recipient=reader)

    assert client.get("/inbox/", {"after": uuid4()}).context["rows"] == []


def test_an_empty_inbox_says_what_will_come(client: Client) -> None:
    assert "还没有消息" in client.get("/inbox/").text


def test_opening_a_message_marks_it_read(reader, client: Client) -> None:
    message = MessageFactory(recipient=reader, body="<b>西点</b>烘焙", path="/trips/1/")
    before = client.get("/me/").context["frame"].unread

    response = client.get(f"/inbox/{message.key}/")

    assert (before, response.context["frame"].unread) == (1, 0)
    assert "&lt;b&gt;西点&lt;/b&gt;烘焙" in response.text
    assert 'href="/trips/1/"' in response.text


def test_all_are_marked_read_by_post(reader, client: Client) -> None:
    MessageFactory.create_batch(2, recipient=reader)
    other = MessageFactory()

    looked = client.get("/inbox/read/")
    response = client.post("/inbox/read/", follow=True)

    assert looked.status_code == 405
    assert [str(one) for one in response.context["messages"]] == ["已全部标为已读。"]
    assert list(Message.objects.filter(read_at=None)) == [other]


def test_the_calendar_entry_is_a_file(reader, client: Client) -> None:
    message = MessageFactory(recipient=reader, calendar=CALENDAR, calendar_method="CANCEL")

    response = client.get(f"/inbox/{message.key}/trip.ics")

    assert response["Content-Type"] == "text/calendar; method=CANCEL; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="trip.ics"'
    assert response.content == CALENDAR.encode()


def test_somebody_elses_messages_are_not_found(client: Client) -> None:
    strange = MessageFactory(calendar=CALENDAR, calendar_method="REQUEST")
    plain = MessageFactory()

    answers = [
        client.get(f"/inbox/{strange.key}/").status_code,
        client.get(f"/inbox/{strange.key}/trip.ics").status_code,
        client.get(f"/inbox/{plain.key}/trip.ics").status_code,
    ]

    assert answers == [404] * 3
    assert not Message.objects.exclude(read_at=None).exists()


def test_the_inbox_is_closed_to_strangers_and_leavers(reader) -> None:
    message = MessageFactory(recipient=reader)
    leaver = Client()
    leaver.force_login(reader)
    leaver.get("/me/")
    reader.memberships.update(ended_at=timezone.now())
    homeless = Client()
    homeless.force_login(UserFactory())

    assert Client().get("/inbox/")["Location"] == "/accounts/login/?next=/inbox/"
    assert Client().post("/inbox/read/")["Location"] == "/accounts/login/?next=/"
    assert leaver.get(f"/inbox/{message.key}/").status_code == 302
    assert homeless.get("/inbox/")["Location"] == "/"


# ── the demonstration ──


def test_without_the_demo_switch_no_mail_is_shown(settings: LazySettings) -> None:
    settings.DEMO = False
    message = MessageFactory(calendar=CALENDAR, calendar_method="REQUEST")

    answers = [
        Client().get("/demo/mail/").status_code,
        Client().get(f"/demo/mail/{message.key}/trip.ics").status_code,
    ]

    assert answers == [404, 404]


@pytest.mark.parametrize("number", [1, 3])
def test_the_demo_shows_every_mail(
    number: int, settings: LazySettings, django_assert_num_queries
) -> None:
    settings.DEMO = True
    told = [
        MessageFactory(subject="预约已确认", calendar=CALENDAR, calendar_method="REQUEST")
        for _ in range(number)
    ]

    # The mails, and their deliveries.
    with django_assert_num_queries(2):
        page = Client().get("/demo/mail/")
    file = Client().get(f"/demo/mail/{told[0].key}/trip.ics")

    assert [mail for mail, _link in page.context["mails"]] == list(reversed(told))
    assert "待发送" in page.text
    assert file.content == CALENDAR.encode()

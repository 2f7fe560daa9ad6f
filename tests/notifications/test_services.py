"""Telling people, and bringing it out of the house."""

import smtplib
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend as LocmemBackend
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from notifications import services, tasks
from notifications.choices import DeliveryState
from notifications.models import Delivery, Message
from tests.factories.accounts import UserFactory
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db

WAITING, SENT, FAILED = DeliveryState.WAITING, DeliveryState.SENT, DeliveryState.FAILED


class BrokenBackend(BaseEmailBackend):
    """A mail server that refuses every mail, as a real one may."""

    def send_messages(self, email_messages: Any) -> int:
        raise smtplib.SMTPDataError(451, b"try again, zhou@example.org")


class StumblingBackend(LocmemBackend):
    """A mail library that falls over one mail in a way that nobody foresaw."""

    def send_messages(self, email_messages: Any) -> int:
        if any("stumble" in one.subject for one in email_messages):
            raise IndexError
        return int(super().send_messages(email_messages))


class SlowBackend(LocmemBackend):
    """A mail server that takes its time over every mail."""

    def send_messages(self, email_messages: Any) -> int:
        time.sleep(0.2)
        return int(super().send_messages(email_messages))


@pytest.fixture
def _broken(settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = "tests.notifications.test_services.BrokenBackend"


def test_tell_writes_the_message_the_delivery_and_the_task(now: datetime) -> None:
    user = UserFactory()

    message = services.tell(
        recipient=user,
        kind="booking_confirmed",
        subject="预约\n已确认",
        body="西点烘焙",
        path="/trips/1/",
        now=now,
    )

    delivery = message.deliveries.get()
    task = OrmQ.objects.get().task
    assert (message.recipient, message.subject) == (user, "预约 已确认")
    assert (delivery.address, delivery.state, delivery.attempts) == (user.email, WAITING, 0)
    assert (task["func"], task["args"]) == ("notifications.tasks.deliver", (delivery.pk,))


def test_the_task_carries_no_name_and_no_address(now: datetime) -> None:
    user = UserFactory(name="周敏", email="zhou@example.org")

    MessageFactory(recipient=user, subject="周敏")

    task = OrmQ.objects.get().task
    assert "周敏" not in str(task)
    assert "zhou" not in str(task)


def test_what_is_rolled_back_was_never_told(now: datetime) -> None:
    with transaction.atomic():
        MessageFactory()
        transaction.set_rollback(True)

    assert not Message.objects.exists()
    assert not Delivery.objects.exists()
    assert not OrmQ.objects.exists()


def test_the_same_fact_is_told_once(now: datetime) -> None:
    user = UserFactory()

    first = MessageFactory(recipient=user, once_key="reminder:1:3")
    again = MessageFactory(recipient=user, once_key="reminder:1:3")
    other = MessageFactory(recipient=user, once_key="reminder:1:4")

    assert first == again
    assert first != other
    assert OrmQ.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_with_redis_the_task_is_queued_after_the_commit(settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://queue.example"

    with transaction.atomic():
        MessageFactory()
        before = OrmQ.objects.count()

    assert (before, OrmQ.objects.count()) == (0, 1)


def test_deliver_sends_once(now: datetime) -> None:
    delivery = MessageFactory().deliveries.get()

    outcomes = [services.deliver(delivery_id=delivery.pk, now=now) for _ in range(3)]

    delivery.refresh_from_db()
    assert outcomes == [True, False, False]
    assert (delivery.state, delivery.sent_at, delivery.attempts) == (SENT, now, 1)
    assert len(mail.outbox) == 1


def test_deliver_leaves_an_unknown_delivery_alone(now: datetime) -> None:
    assert not services.deliver(delivery_id=404, now=now)


@pytest.mark.django_db(transaction=True)
def test_deliver_leaves_a_delivery_in_other_hands_alone(now: datetime) -> None:
    delivery = MessageFactory().deliveries.get()

    def elsewhere() -> bool:
        try:
            return services.deliver(delivery_id=delivery.pk, now=now)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        Delivery.objects.select_for_update().get(pk=delivery.pk)
        outcome = pool.submit(elsewhere).result(timeout=60)

    assert outcome is False
    assert mail.outbox == []


@pytest.mark.usefixtures("_broken")
def test_a_refused_mail_waits_and_fails_after_five_attempts(now: datetime) -> None:
    delivery = MessageFactory().deliveries.get()
    states = []

    for _ in range(6):
        services.deliver(delivery_id=delivery.pk, now=now)
        delivery.refresh_from_db()
        states.append((delivery.attempts, delivery.state))

    assert states == [
        (1, WAITING),
        (2, WAITING),
        (3, WAITING),
        (4, WAITING),
        (5, FAILED),
        (5, FAILED),
    ]
    assert delivery.last_error == "SMTPDataError"


def test_the_sweeper_brings_what_no_task_came_for(now: datetime) -> None:
    delivery = MessageFactory(now=now).deliveries.get()

    early = services.sweep(now=now + timedelta(minutes=1, seconds=59))
    late = services.sweep(now=now + timedelta(minutes=2))

    delivery.refresh_from_db()
    assert (early, late) == (0, 1)
    assert delivery.state == SENT


@pytest.mark.usefixtures("_broken")
def test_the_sweeper_tries_again_later_and_later(now: datetime) -> None:
    delivery = MessageFactory(now=now).deliveries.get()
    attempts = {}

    for minute in (1, 2, 3, 9, 10, 59, 60, 239, 240, 1000):
        services.sweep(now=now + timedelta(minutes=minute))
        delivery.refresh_from_db()
        attempts[minute] = delivery.attempts

    assert attempts == {
        1: 0, 2: 1, 3: 2, 9: 2, 10: 3, 59: 3, 60: 4, 239: 4, 240: 5, 1000: 5,
    }  # fmt: skip


def test_a_mail_that_nobody_can_send_does_not_hold_up_the_others(
    settings: LazySettings, now: datetime
) -> None:
    settings.EMAIL_BACKEND = "tests.notifications.test_services.StumblingBackend"
    stuck = MessageFactory(subject="stumble", now=now).deliveries.get()
    other = MessageFactory(now=now + timedelta(seconds=1)).deliveries.get()

    for minute in (3, 4):
        with pytest.raises(IndexError):
            services.sweep(now=now + timedelta(minutes=minute))

    stuck.refresh_from_db()
    other.refresh_from_db()
    assert (stuck.state, stuck.attempts, stuck.last_error) == (WAITING, 2, "IndexError")
    assert other.state == SENT


def test_a_sweep_ends_before_the_cluster_would_end_it(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    settings.EMAIL_BACKEND = "tests.notifications.test_services.SlowBackend"
    monkeypatch.setattr(services, "SWEEP_FOR", timedelta(seconds=0.1))
    for _ in range(3):
        MessageFactory(now=now)
    later = now + timedelta(minutes=3)

    swept = [services.sweep(now=later) for _ in range(4)]

    assert swept == [1, 1, 1, 0]


def test_a_sweep_with_its_last_mail_fits_into_a_task(settings: LazySettings) -> None:
    longest = services.SWEEP_FOR + timedelta(seconds=settings.EMAIL_TIMEOUT)

    assert longest < timedelta(seconds=settings.Q_CLUSTER["timeout"])


def _two_failed_and_one_sent(now: datetime) -> list[Delivery]:
    deliveries = [MessageFactory().deliveries.get() for _ in range(3)]
    Delivery.objects.update(state=FAILED, attempts=5)
    Delivery.objects.filter(pk=deliveries[2].pk).update(state=SENT, sent_at=now, attempts=1)
    OrmQ.objects.all().delete()
    return deliveries


def test_one_failed_delivery_is_tried_again(now: datetime) -> None:
    deliveries = _two_failed_and_one_sent(now)

    number = services.retry_failed(delivery_id=deliveries[0].pk, now=now)
    none = services.retry_failed(delivery_id=deliveries[2].pk, now=now)

    for delivery in deliveries:
        delivery.refresh_from_db()
    assert (number, none) == (1, 0)
    assert [delivery.state for delivery in deliveries] == [WAITING, FAILED, SENT]
    assert (deliveries[0].attempts, deliveries[0].created_at) == (0, now)
    assert [row.task["args"] for row in OrmQ.objects.all()] == [(deliveries[0].pk,)]


def test_all_failed_deliveries_are_tried_again(now: datetime) -> None:
    deliveries = _two_failed_and_one_sent(now)

    number = services.retry_failed(now=now)

    assert number == 2
    assert [row.task["args"] for row in OrmQ.objects.all()] == [
        tuple(delivery.pk for delivery in deliveries[:2])
    ]


@pytest.mark.parametrize("kind", ["invitation", "password_reset"])
@pytest.mark.parametrize("demo", [True, False])
def test_a_link_that_lets_in_is_forgotten_when_it_has_left(
    kind: str, demo: bool, settings: LazySettings, now: datetime
) -> None:
    settings.DEMO, settings.BASE_URL = demo, "https://classroom.example"
    message = services.tell_address(
        address="zhou@example.org", kind=kind, subject="a", body="key", path="/key/", now=now
    )

    services.deliver(delivery_id=message.deliveries.get().pk, now=now)

    message.refresh_from_db()
    assert "https://classroom.example/key/" in mail.outbox[0].body
    assert (message.body, message.path) == (("key", "/key/") if demo else ("—", ""))


def test_reading_is_ones_own_and_the_first_time_counts(now: datetime) -> None:
    message = MessageFactory()
    later = now + timedelta(hours=1)

    stranger = services.mark_read(recipient_id=UserFactory().pk, key=message.key, now=now)
    unread_then = Message.objects.get().read_at
    first = services.mark_read(recipient_id=message.recipient_id, key=message.key, now=now)
    again = services.mark_read(recipient_id=message.recipient_id, key=message.key, now=later)

    assert (stranger, unread_then) == (None, None)
    assert first == again == message
    assert Message.objects.get().read_at == now


def test_the_tasks_read_the_clock() -> None:
    old = timezone.now() - timedelta(hours=1)
    first, second = (MessageFactory(now=old).deliveries.get() for _ in range(2))

    assert tasks.deliver(first.pk)
    assert tasks.sweep() == 1
    second.refresh_from_db()
    assert second.state == SENT

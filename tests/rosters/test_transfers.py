"""A student on the way to another school, until somebody takes her in."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from notifications.models import Message
from rosters import selectors
from rosters.choices import TransferState
from rosters.errors import (
    SchoolUnsuitable,
    StudentGone,
    TransferOver,
    TransferPending,
)
from rosters.models import Student, StudentTransfer
from rosters.services import students, transfers
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.rosters.conftest import School

pytestmark = pytest.mark.django_db

Queries = Callable[..., Any]


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(MembershipFactory._meta.model.objects.get(pk=actor.membership_id).user)
    return client


def seat(school: School, number: int) -> Student:
    return school.group.students.get(seat_no=number)


# ── transfers, until somebody accepts ──


@pytest.fixture
def other(db: None) -> Actor:
    """The coordinator of another school."""
    return actor_of(MembershipFactory(coordinator=True))


def asked(school: School, other: Actor, now: datetime, number: int = 1) -> StudentTransfer:
    return transfers.ask(
        by=school.coordinator,
        student=seat(school, number),
        to_school=OrganisationFactory._meta.model.objects.get(pk=other.organisation_id),
        now=now,
    )


def test_asking_tells_the_other_school_without_a_name(
    school: School, other: Actor, now: datetime
) -> None:
    transfer = asked(school, other, now)

    message = Message.objects.get(recipient_id=other.user_id)
    assert transfer.state == TransferState.ASKED
    assert message.subject == f"{school.organisation.name}请贵校接收一名转学的学生"
    assert seat(school, 1).name not in message.subject + message.body


def test_a_student_waits_for_one_school(school: School, other: Actor, now: datetime) -> None:
    asked(school, other, now)

    with pytest.raises(TransferPending) as refusal:
        asked(school, other, now)

    name = OrganisationFactory._meta.model.objects.get(pk=other.organisation_id).name
    assert str(refusal.value) == f"这名学生正在等{name}接收，请先撤回。"


def test_only_another_school_takes_students(school: School, now: datetime) -> None:
    for organisation in (
        school.organisation,
        OrganisationFactory(enterprise=True),
        OrganisationFactory(is_active=False),
    ):
        with pytest.raises(SchoolUnsuitable):
            transfers.ask(
                by=school.coordinator,
                student=seat(school, 1),
                to_school=organisation,
                now=now,
            )
    students.remove_student(by=school.coordinator, student=seat(school, 1), now=now)
    with pytest.raises(StudentGone):
        transfers.ask(
            by=school.coordinator,
            student=seat(school, 1),
            to_school=OrganisationFactory(),
            now=now,
        )


@pytest.mark.parametrize(
    ("who", "withdraws", "declines"),
    [
        ("coordinator", None, NotYours),
        ("teacher", NotAllowed, NotYours),
        ("other", NotYours, None),
        ("stranger", NotYours, NotYours),
    ],
)
def test_the_old_school_withdraws_the_new_one_declines(
    school: School,
    other: Actor,
    now: datetime,
    who: str,
    withdraws: type[Exception] | None,
    declines: type[Exception] | None,
) -> None:
    actor = {
        "coordinator": school.coordinator,
        "teacher": school.teacher,
        "other": other,
        "stranger": actor_of(MembershipFactory(coordinator=True)),
    }[who]
    for number, act, refusal, state in [
        (1, transfers.withdraw, withdraws, TransferState.WITHDRAWN),
        (2, transfers.decline, declines, TransferState.DECLINED),
    ]:
        transfer = asked(school, other, now, number)
        if refusal is None:
            assert act(by=actor, transfer=transfer, now=now).state == state
            assert act(by=actor, transfer=transfer, now=now).answered_at == now
        else:
            with pytest.raises(refusal):
                act(by=actor, transfer=transfer, now=now)


def test_what_is_over_is_over(school: School, other: Actor, now: datetime) -> None:
    transfer = asked(school, other, now)
    transfers.decline(by=other, transfer=transfer, now=now)

    with pytest.raises(TransferOver) as refusal:
        transfers.withdraw(by=school.coordinator, transfer=transfer, now=now)

    assert str(refusal.value) == "这次转学已退回，不能再改。"
    told = Message.objects.get(recipient_id=school.coordinator.user_id)
    assert told.body == "七(3)班 1 号学生没有转走，仍在原班。"


def test_the_transfer_pages_ask_withdraw_and_decline(
    school: School, other: Actor, now: datetime
) -> None:
    office, theirs = signed_in(school.coordinator), signed_in(other)
    student = seat(school, 1)
    url = reverse("rosters:transfer_ask", args=[student.pk])

    form = office.get(url)
    office.post(url, {"to_school": other.organisation_id})
    first = StudentTransfer.objects.get()
    again = office.post(url, {"to_school": other.organisation_id})
    seen = theirs.get(reverse("rosters:transfers"))
    office.post(reverse("rosters:transfer_withdraw", args=[first.pk]))
    office.post(url, {"to_school": other.organisation_id})
    second = StudentTransfer.objects.pending().get()
    out = office.get(reverse("rosters:transfers"))
    theirs.post(reverse("rosters:transfer_decline", args=[second.pk]))
    over = theirs.get(reverse("rosters:transfers"))

    assert '<option value="" selected>请选学校</option>' in form.content.decode()
    assert school.organisation not in form.context["form"].fields["to_school"].queryset
    assert again.status_code == 409
    assert [row.student for row in seen.context["waiting_in"]] == [student]
    assert [row.student for row in out.context["waiting_out"]] == [student]
    assert {row.state for row in StudentTransfer.objects.all()} == {
        TransferState.WITHDRAWN,
        TransferState.DECLINED,
    }
    # Once it is over, the other school reads no name any more.
    assert student.name in seen.content.decode()
    assert student.name not in over.content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_transfers_take_the_same_queries_however_many(
    school: School, other: Actor, now: datetime, number: int, django_assert_num_queries: Queries
) -> None:
    for one in range(1, number + 1):
        asked(school, other, now, one)

    with django_assert_num_queries(1):
        rows = selectors.transfers_of(other)

    assert len([row.student.class_group.pk and row.from_school.name for row in rows]) == number

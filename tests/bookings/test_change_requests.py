"""After the freeze: the list stands, and a change is a request that the host answers."""

from datetime import datetime, time, timedelta

import pytest

from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from bookings.choices import ChangeState
from bookings.errors.requests import (
    ListStillOpen,
    NothingToChange,
    ReasonMissing,
    RequestOpen,
    RequestOver,
    StaleBooking,
)
from bookings.errors.reserving import SessionStarted
from bookings.errors.roll import ListSettled
from bookings.models import Booking, ChangeRequest
from bookings.selectors import change_requests as selectors
from bookings.services import change_requests, changes, lists
from bookings.services.companions import CompanionInput
from bookings.wording import Difference
from courses.errors import SessionFull
from courses.models import CourseSession
from notifications.models import Message
from sites.calendar import at, local_day
from tests.bookings.conftest import World
from tests.bookings.races import before_commit
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking

TWO_DAYS = timedelta(days=2)


@pytest.fixture
def booking(world: World, now: datetime) -> Booking:
    """Three of the five students, in a session of twenty."""
    return make_booking(
        by=world.teacher,
        session=world.session(capacity=20),
        class_group=world.group,
        now=now,
        student_ids=[student.pk for student in world.students[:3]],
    )


@pytest.fixture
def late(booking: Booking) -> datetime:
    """Two days before the session."""
    return booking.session.starts_at - TWO_DAYS


def ask(
    world: World, booking: Booking, late: datetime, students: slice = slice(1, 5), **more: object
) -> ChangeRequest:
    wanted = lists.look_up(
        booking,
        late,
        student_ids=[student.pk for student in world.students[students]],
        seats=None,
        adults=more.pop("adults", None),  # type: ignore[arg-type]
        companions=None,
    )
    values = {"edition": booking.edition, "reason": "两人请假，另三人补上。"} | more
    return change_requests.ask_change(
        by=world.teacher, booking=booking, wanted=wanted, now=late, **values
    )  # type: ignore[arg-type]


def test_a_settled_list_refuses_students_and_numbers_but_not_names_of_adults(
    world: World, booking: Booking, late: datetime
) -> None:
    def change(count: int, at: datetime, **more: object) -> Booking:
        return lists.change_booking(
            by=world.teacher,
            booking=booking,
            edition=booking.edition,
            student_ids=[student.pk for student in world.students[:count]],
            now=at,
            **more,  # type: ignore[arg-type]
        )

    with pytest.raises(ListSettled) as refusal:
        change(4, late)
    with pytest.raises(ListSettled):
        change(3, late, adults=3)
    changed = change(3, late, companions=[CompanionInput("顶班老师")])

    assert (
        str(refusal.value) == "名单 12 月 6 日（周日）0:00 已定，要改请写明原因，向开课单位申请。"
    )
    assert [one.name for one in changed.companions.all()] == ["顶班老师"]


def test_the_last_day_of_an_open_list(world: World, booking: Booking, late: datetime) -> None:
    midnight = at(local_day(late), time())

    lists.change_booking(
        by=world.teacher,
        booking=booking,
        edition=1,
        student_ids=[student.pk for student in world.students],
        now=midnight - timedelta(seconds=1),
    )

    booking.refresh_from_db()
    assert booking.seats == 5
    with pytest.raises(ListSettled):
        changes.swap_student(
            by=world.teacher,
            booking=booking,
            out_student_id=world.students[0].pk,
            in_student_id=world.students[4].pk,
            now=midnight,
        )


def test_a_request_is_a_difference_in_class_seat_numbers(
    world: World, booking: Booking, late: datetime
) -> None:
    request = ask(world, booking, late, adults=3)

    assert selectors.difference(request) == Difference(
        coming=(4, 5), leaving=(1,), seats_now=3, seats_then=4, adults_now=2, adults_then=3
    )
    told = Message.objects.get(kind="change_asked")
    assert told.recipient_id == world.manager.user_id
    assert told.body.splitlines() == [
        "清河中学的周老师申请修改预约。原因：两人请假，另三人补上。",
        "",
        "增加：4、5号",
        "不来：1号",
        "学生：3 人 → 4 人",
        "带队教师：2 位 → 3 位",
    ]
    booking.refresh_from_db()
    assert (booking.seats, booking.edition) == (3, 1)


def test_an_accepted_request_changes_the_booking(
    world: World, booking: Booking, late: datetime
) -> None:
    request = ask(world, booking, late, adults=3)

    change_requests.accept_change(by=world.manager, request=request, now=late, answer="好的。")

    booking.refresh_from_db()
    session = CourseSession.objects.get()
    assert (booking.seats, booking.adults, booking.sequence) == (4, 3, 1)
    assert (session.seats_taken, session.adults_coming) == (4, 3)
    assert set(booking.places.live().values_list("student", flat=True)) == {
        student.pk for student in world.students[1:]
    }
    told = Message.objects.get(kind="change_answered")
    assert told.recipient_id == world.teacher.user_id
    assert told.body == ("曹杨职业技术学校的李师傅同意了修改申请，预约已按申请改好。\n答复：好的。")
    with pytest.raises(RequestOver):
        change_requests.accept_change(by=world.manager, request=request, now=late)


def test_a_declined_request_changes_nothing(world: World, booking: Booking, late: datetime) -> None:
    request = ask(world, booking, late)

    with pytest.raises(ReasonMissing):
        change_requests.decline_change(by=world.manager, request=request, answer=" ", now=late)
    declined = change_requests.decline_change(
        by=world.manager, request=request, answer="材料已备好。", now=late
    )

    booking.refresh_from_db()
    assert (declined.state, declined.answer) == (ChangeState.DECLINED, "材料已备好。")
    assert (booking.seats, booking.edition) == (3, 1)
    assert Message.objects.get(kind="change_answered").body == (
        "曹杨职业技术学校的李师傅没有同意修改申请，预约不变。\n答复：材料已备好。"
    )


def test_a_withdrawn_request_is_over_and_another_may_follow(
    world: World, booking: Booking, late: datetime
) -> None:
    request = ask(world, booking, late)
    with pytest.raises(RequestOpen):
        ask(world, booking, late)

    change_requests.withdraw_change(by=world.teacher, request=request, now=late)

    with pytest.raises(RequestOver) as refusal:
        change_requests.accept_change(
            by=world.manager, request=selectors.request_for(world.manager, request.pk), now=late
        )
    assert str(refusal.value) == "这份申请已撤回，不能再改。"
    assert ask(world, booking, late).state == ChangeState.ASKED
    assert Message.objects.filter(kind="change_withdrawn").count() == 1


def test_a_request_needs_a_reason_a_difference_and_a_settled_list(
    world: World, booking: Booking, late: datetime, now: datetime
) -> None:
    with pytest.raises(ListStillOpen):
        ask(world, booking, now)
    with pytest.raises(ReasonMissing):
        ask(world, booking, late, reason=" ")
    with pytest.raises(NothingToChange):
        ask(world, booking, late, slice(0, 3))
    with pytest.raises(StaleBooking):
        ask(world, booking, late, edition=2)
    assert not ChangeRequest.objects.exists()


def test_a_request_that_finds_no_seat_is_refused_and_stays_open(
    world: World, booking: Booking, late: datetime
) -> None:
    request = ask(world, booking, late)
    CourseSession.objects.update(capacity=3)

    with pytest.raises(SessionFull):
        change_requests.accept_change(by=world.manager, request=request, now=late)

    request.refresh_from_db()
    assert request.state == ChangeState.ASKED


def test_only_the_hosts_manager_answers(world: World, booking: Booking, late: datetime) -> None:
    request = ask(world, booking, late)
    instructor = actor_of(MembershipFactory(instructor=True, organisation=world.host))
    other = actor_of(MembershipFactory(host_manager=True))

    for actor, refusal in (
        (world.teacher, NotAllowed),
        (instructor, NotAllowed),
        (other, NotYours),
    ):
        with pytest.raises(refusal):
            change_requests.accept_change(by=actor, request=request, now=late)
    with pytest.raises(NotYours):
        selectors.request_for(other, request.pk)


def test_a_cancelled_booking_is_late_and_takes_its_request_along(
    world: World, booking: Booking, late: datetime
) -> None:
    request = ask(world, booking, late)

    changes.cancel_booking(by=world.teacher, booking=booking, reason="停课", now=late)

    request.refresh_from_db()
    booking.refresh_from_db()
    session = CourseSession.objects.get()
    assert (request.state, request.answered_at) == (ChangeState.EXPIRED, late)
    entry = AuditEntry.objects.get(verb="change.expired")
    assert (entry.actor_kind, entry.at, entry.target, entry.facts) == (
        "system",
        late,
        f"bookings.booking:{booking.pk}",
        {"request": request.pk},
    )
    assert (booking.is_late, booking.adults) == (True, 0)
    assert (session.seats_taken, session.adults_coming) == (0, 0)


def test_a_request_that_nobody_answered_expires_when_the_session_begins(
    world: World, booking: Booking, late: datetime
) -> None:
    request = ask(world, booking, late)
    starts_at = booking.session.starts_at

    early = change_requests.sweep(now=starts_at - timedelta(seconds=1))
    with pytest.raises(SessionStarted):
        change_requests.accept_change(by=world.manager, request=request, now=starts_at)
    with pytest.raises(SessionStarted):
        change_requests.decline_change(
            by=world.manager, request=request, answer="来不及。", now=starts_at
        )
    waiting = [list(selectors.open_requests(world.manager, now)) for now in (late, starts_at)]
    swept = [change_requests.sweep(now=starts_at) for _twice in range(2)]

    request.refresh_from_db()
    booking.refresh_from_db()
    assert (early, swept, waiting) == (0, [1, 0], [[request], []])
    assert (request.state, request.answered_at) == (ChangeState.EXPIRED, starts_at)
    assert (booking.seats, booking.edition) == (3, 1)
    told = Message.objects.filter(kind="change_expired").order_by("recipient_id")
    assert [(one.recipient_id, one.path, one.body) for one in told] == sorted(
        (person, path, "曹杨职业技术学校在开课前没有答复修改申请，申请已过期，预约不变。")
        for person, path in (
            (world.teacher.user_id, f"/trips/{booking.pk}/"),
            (world.manager.user_id, f"/requests/{request.pk}/"),
        )
    )
    with pytest.raises(RequestOver):
        change_requests.decline_change(
            by=world.manager, request=request, answer="来不及。", now=starts_at
        )


def test_a_trip_shows_its_requests_the_newest_first(
    world: World, booking: Booking, late: datetime
) -> None:
    none_yet = selectors.of_booking(world.teacher, booking)
    first = ask(world, booking, late)
    change_requests.withdraw_change(by=world.teacher, request=first, now=late)
    second = ask(world, booking, late + timedelta(minutes=1))

    found = selectors.of_booking(world.teacher, booking)
    elsewhere = selectors.of_booking(actor_of(MembershipFactory(coordinator=True)), booking)

    assert (none_yet, found, elsewhere) == ([], [second, first], [])


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_close_a_request_once(
    world: World, booking: Booking, late: datetime
) -> None:
    request = ask(world, booking, late)
    starts_at = booking.session.starts_at
    swept: list[int] = []

    second = before_commit(
        lambda: swept.append(change_requests.sweep(now=starts_at)),
        lambda: change_requests.sweep(now=starts_at),
    )

    request.refresh_from_db()
    assert (swept, second) == ([1], 0)
    assert request.state == ChangeState.EXPIRED
    assert Message.objects.filter(kind="change_expired").count() == 2

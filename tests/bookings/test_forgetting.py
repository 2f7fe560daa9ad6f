"""Baskets and requests name students by their keys, and forget them."""

from datetime import datetime, timedelta

from bookings.models import BasketItem, ChangeRequest
from bookings.services import basket, forgetting, standing_requests
from tests.bookings.conftest import World
from tests.factories.bookings import make_booking


def test_baskets_and_requests_name_who_was_erased_no_more(world: World, now: datetime) -> None:
    session = world.session()
    booking = make_booking(by=world.teacher, session=session, class_group=world.group, now=now)
    gone, stays = (student.pk for student in world.students[:2])
    item = BasketItem.objects.create(
        membership_id=world.teacher.membership_id,
        class_group=world.group,
        session=session,
        student_ids=[gone, stays],
        added_at=now,
    )
    request = ChangeRequest.objects.create(
        booking=booking,
        wanted={"students": [gone, stays], "seats": 2, "adults": 2},
        before=standing_requests.contents_of([booking]),
        reason="两人请假",
        asked_at=now,
    )

    forgetting.forget_students({gone: "学生甲"})

    item.refresh_from_db()
    request.refresh_from_db()
    assert item.student_ids == [stays]
    assert request.wanted == {"students": [stays], "seats": 2, "adults": 2}
    assert gone not in request.before[0]["students"]
    assert stays in request.before[0]["students"]
    before = session.ends_at
    assert not forgetting.basket_items_over(before).exists()
    assert forgetting.basket_items_over(before + timedelta(seconds=1)).get() == item
    assert forgetting.requests_of_trips_over(before + timedelta(seconds=1)).get() == request


def test_an_item_that_named_nobody_else_leaves_the_basket(world: World, now: datetime) -> None:
    """Without names it would mean the whole class."""
    session, other = world.session(), world.session()
    gone = world.students[0].pk
    for one, named in ((session, [gone]), (other, None)):
        basket.add(
            by=world.teacher,
            class_group=world.group,
            session_id=one.pk,
            student_ids=named,
            now=now,
        )

    forgetting.forget_students({gone: "学生甲"})

    assert list(BasketItem.objects.values_list("session_id", "student_ids")) == [(other.pk, None)]

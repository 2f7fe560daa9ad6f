"""One message a person when a plan is published or undone, with all her sessions in it."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from accounts.actors import Actor
from accounts.models import User
from bookings.models import Booking
from bookings.services import changes
from courses.choices import ReasonCode
from notifications.channels import as_mail
from notifications.models import Delivery, Message
from planning.choices import PlanState
from planning.models import CohortPlan
from planning.services import publishing, telling
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.planning import make_plan

DAYS = timedelta(days=1)


@pytest.fixture
def plan(world: World, secretary: Actor, now: datetime) -> CohortPlan:
    """Two classes of the teacher's, one that nobody teaches, and one of another school; each in
    two sessions. The course wants two adults."""
    assert world.version.min_adults == 2
    world.season.wishes_from, world.season.wishes_until = now - 90 * DAYS, now - 80 * DAYS
    world.season.save()
    hers, nobodys = world.new_group(4, 3), world.new_group(6, 2)
    world.teach(hers)
    other = OrganisationFactory(name="延吉中学", contact_name="办公室")
    MembershipFactory(coordinator=True, organisation=other, user__name="顾主任")
    theirs = world.new_group(1, 4, school=other)
    first, second = world.session(), world.session(day=DAY + DAYS)
    later = world.session(day=DAY + 2 * DAYS)
    return make_plan(
        by=secretary,
        season=world.season,
        wanted={
            group: {one: list(group.students.all()) for one in (first, second)}
            for group in (world.group, nobodys, theirs)
        }
        | {hers: {one: list(hers.students.all()) for one in (second, later)}},
        now=now,
    )


def publish(plan: CohortPlan, by: Actor, now: datetime) -> CohortPlan:
    publishing.publish(by=by, plan=plan, now=now)
    publishing.publish_classes(plan.pk, clock=lambda: now)
    return CohortPlan.objects.select_related("season").get(pk=plan.pk)


def told() -> dict[str, Message]:
    """By the person's name: each has one message."""
    messages = Message.objects.select_related("recipient").order_by("pk")
    found = {one.recipient.name: one for one in messages if one.recipient is not None}
    assert len(found) == messages.count()
    return found


def events(message: Message) -> list[tuple[str, int, str]]:
    """Uid, sequence, state."""
    return sorted(
        (str(event["UID"]).split("@")[0], event["SEQUENCE"], str(event["STATUS"]))
        for event in Calendar.from_ical(message.calendar).walk("VEVENT")
    )


def uids(*class_numbers: int) -> list[str]:
    found = Booking.objects.filter(class_group__number__in=class_numbers)
    return sorted(str(one.uid) for one in found)


def reference(number: int) -> str:
    return Booking.objects.filter(class_group__number=number)[0].reservation.reference


def test_a_published_plan_tells_each_person_once(
    world: World, secretary: Actor, plan: CohortPlan, now: datetime
) -> None:
    publish(plan, secretary, now)

    messages = told()
    assert sorted(messages) == ["周老师", "李师傅", "沈主任", "顾主任"]
    assert Delivery.objects.count() == 4

    teacher = messages["周老师"]
    assert (teacher.kind, teacher.subject, teacher.path) == (
        "plan_booked",
        "统筹方案已约好：2 个班，4 场",
        "/wishes/",
    )
    assert teacher.body == (
        "区职业教育联盟按统筹方案约好了下列场次，名额已定。请核对名单和带队教师。\n\n"
        f"七(3)班（预约号 {reference(3)}）\n"
        "· 12 月 8 日（周二）9:00–11:30《面包师：吐司与软欧》，焙烤实训中心 1号实训室，5 名学生，"
        "带队教师 2 位：周老师，还差 1 位\n"
        "· 12 月 9 日（周三）9:00–11:30《面包师：吐司与软欧》，焙烤实训中心 2号实训室，5 名学生，"
        "带队教师 2 位：周老师，还差 1 位\n\n"
        f"七(4)班（预约号 {reference(4)}）\n"
        "· 12 月 9 日（周三）9:00–11:30《面包师：吐司与软欧》，焙烤实训中心 2号实训室，3 名学生，"
        "带队教师 2 位，还差 2 位\n"
        "· 12 月 10 日（周四）9:00–11:30《面包师：吐司与软欧》，焙烤实训中心 3号实训室，3 名学生，"
        "带队教师 2 位：周老师，还差 1 位"
    )
    assert teacher.calendar_method == "PUBLISH"
    assert events(teacher) == [(uid, 0, "CONFIRMED") for uid in uids(3, 4)]

    host = messages["李师傅"]
    assert (host.kind, host.subject, host.path, host.calendar) == (
        "plan_booked",
        "统筹方案为贵处约了 4 个班、28 个名额",
        "/host/week/?day=2026-12-08",
        "",
    )
    assert host.body.splitlines()[:4] == [
        "区职业教育联盟按统筹方案约了贵处的下列场次。",
        "",
        "清河中学（联系人 办公室 021-5555 0100）",
        "· 12 月 8 日（周二）9:00–11:30《面包师：吐司与软欧》，焙烤实训中心 1号实训室，七(3)班，"
        "5 名学生，带队教师 2 位",
    ]
    assert sum("名学生" in line for line in host.body.splitlines()) == 8
    assert "学生6" not in host.body

    coordinator = messages["沈主任"]
    assert (coordinator.kind, coordinator.path) == ("plan_published", "/wishes/")
    assert coordinator.body.splitlines()[:5] == [
        "区职业教育联盟按统筹方案为贵校 3 个班约好了场次。",
        "其中 6 场还缺带队教师，请在名单定下前补上。",
        "",
        "附日历的场次：",
        f"七(6)班（预约号 {reference(6)}）",
    ]
    # Nobody teaches the class, so the office keeps its entries.
    assert events(coordinator) == [(uid, 0, "CONFIRMED") for uid in uids(6)]
    assert "清河" not in messages["顾主任"].body


def test_an_undone_plan_tells_the_same_people_once(
    world: World, secretary: Actor, plan: CohortPlan, now: datetime
) -> None:
    plan = publish(plan, secretary, now)
    own = Booking.objects.filter(class_group=world.group).earliest("session__starts_at")
    changes.cancel_booking(by=world.teacher, booking=own, reason="停课", now=now)
    Delivery.objects.all().delete()
    Message.objects.all().delete()

    publishing.undo(by=secretary, plan=plan, now=now)
    publishing.undo_classes(plan.pk, clock=lambda: now)

    messages = told()
    assert {name: (one.kind, one.subject, one.path) for name, one in messages.items()} == {
        "周老师": (
            "plan_taken_back",
            "统筹方案撤回，已取消：2 个班，3 场",
            "/trips/?show=cancelled",
        ),
        "李师傅": (
            "plan_taken_back",
            "统筹方案撤回，贵处已取消：4 个班，7 场",
            "/host/week/?day=2026-12-08",
        ),
        "沈主任": ("plan_undone", "统筹方案已撤回：2026 学年秋季", "/trips/?show=cancelled"),
        "顾主任": ("plan_undone", "统筹方案已撤回：2026 学年秋季", "/trips/?show=cancelled"),
    }
    assert messages["周老师"].body.splitlines()[:3] == [
        "区职业教育联盟撤回了统筹方案，下列场次已取消。",
        "",
        f"七(3)班（预约号 {reference(3)}）",
    ]
    # What she cancelled herself was told then.
    assert events(messages["周老师"]) == [
        (uid, 1, "CANCELLED") for uid in uids(3, 4) if uid != str(own.uid)
    ]


def test_one_session_is_an_invitation_and_leads_to_the_class(
    world: World, secretary: Actor, now: datetime
) -> None:
    plan = make_plan(
        by=secretary,
        season=world.season,
        wanted={world.group: {world.session(): world.students}},
        now=now,
    )

    publish(plan, secretary, now)

    message = told()["周老师"]
    assert (message.subject, message.path, message.calendar_method) == (
        "统筹方案已约好：七(3)班，1 场",
        f"/classes/{world.group.pk}/wishes/",
        "REQUEST",
    )


def test_without_a_phase_of_wishes_the_message_leads_to_the_trips(
    world: World, secretary: Actor, plan: CohortPlan, now: datetime
) -> None:
    world.season.wishes_from = world.season.wishes_until = None
    world.season.save()

    publish(plan, secretary, now)

    messages = told()
    assert {messages[name].path for name in ("周老师", "沈主任")} == {"/trips/"}


def test_the_mail_carries_all_entries_in_one_file(
    world: World, secretary: Actor, plan: CohortPlan, now: datetime
) -> None:
    publish(plan, secretary, now)

    delivery = Delivery.objects.select_related("message").get(message=told()["周老师"])
    mail = as_mail(delivery).message()

    parts = {part.get_content_type(): part for part in mail.walk()}
    assert parts["text/calendar"].get_param("method") == "PUBLISH"
    attached = Calendar.from_ical(parts["application/ics"].get_payload(decode=True))
    assert len(attached.walk("VEVENT")) == 4
    # An entry that is published invites nobody.
    assert not any("ATTENDEE" in event for event in attached.walk("VEVENT"))


def test_a_process_that_dies_while_it_tells_has_told_nobody(
    world: World, secretary: Actor, plan: CohortPlan, now: datetime
) -> None:
    publishing.publish(by=secretary, plan=plan, now=now)
    # The clock is read twice for each class, and once more before people are told.
    ticks = iter([now] * 8)

    with pytest.raises(StopIteration):
        publishing.publish_classes(plan.pk, clock=ticks.__next__)
    states = set(plan.classes.values_list("state", flat=True))
    before = Message.objects.count()
    plan.refresh_from_db()
    state = plan.state
    publishing.publish_classes(plan.pk, clock=lambda: now)
    publishing.publish_classes(plan.pk, clock=lambda: now)

    assert (states, before, state) == ({"booked"}, 0, PlanState.PUBLISHING)
    assert sorted(told()) == ["周老师", "李师傅", "沈主任", "顾主任"]


def test_telling_takes_as_many_queries_for_one_class_as_for_three(
    world: World, secretary: Actor, now: datetime
) -> None:
    counts = []
    for day, number in enumerate((1, 3)):
        groups = [world.new_group(20 + 10 * day + one, 2) for one in range(number)]
        session = world.session(day=DAY + day * DAYS)
        plan = make_plan(
            by=secretary,
            season=world.season,
            wanted={one: {session: list(one.students.all())} for one in groups},
            now=now,
        )
        plan = publish(plan, secretary, now)
        Delivery.objects.all().delete()
        Message.objects.all().delete()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            telling.published(plan, by=secretary, now=now)
        counts.append(len(queries))
        assert Message.objects.count() == 2

    assert counts[0] == counts[1] == 9


def test_a_schools_own_plan_is_told_in_its_own_name_when_undone_too(
    world: World, now: datetime
) -> None:
    User.objects.filter(name="李师傅").update(language="en")
    plan = make_plan(
        by=world.coordinator,
        season=world.season,
        school=world.school,
        wanted={world.group: {world.session(day=DAY + n * DAYS): world.students for n in (0, 1)}},
        now=now,
    )
    plan = publish(plan, world.coordinator, now)
    published = {name: (one.kind, one.subject, one.path) for name, one in told().items()}
    Delivery.objects.all().delete()
    Message.objects.all().delete()

    publishing.undo(by=world.coordinator, plan=plan, now=now)
    publishing.undo_classes(plan.pk, clock=lambda: now)

    page, week = f"/classes/{world.group.pk}/wishes/", "/host/week/?day=2026-12-08"
    assert published == {
        "周老师": ("plan_booked", "本校的方案已约好：七(3)班，2 场", page),
        "沈主任": ("plan_booked", "本校的方案已约好：七(3)班，2 场", page),
        "李师傅": ("plan_booked", "Qinghe School has booked for 1 class, 10 seats", week),
    }
    gone = ("plan_taken_back", "本校的方案撤回，已取消：七(3)班，2 场", "/trips/?show=cancelled")
    messages = told()
    assert {name: (one.kind, one.subject, one.path) for name, one in messages.items()} == {
        "周老师": gone,
        "沈主任": gone,
        "李师傅": (
            "plan_taken_back",
            "Qinghe School has undone its plan; cancelled: 1 class, 2 sessions",
            week,
        ),
    }
    assert messages["周老师"].body.splitlines()[0] == ("沈主任撤回了本校的方案，下列场次已取消。")
    assert messages["李师傅"].body.splitlines()[0] == (
        "沈主任 of Qinghe School has undone a plan; the following bookings are cancelled and the "
        "seats are free again."
    )


def test_what_the_school_had_cancelled_itself_is_not_told_again_with_the_undoing(
    world: World, now: datetime
) -> None:
    plan = make_plan(
        by=world.coordinator,
        season=world.season,
        school=world.school,
        wanted={world.group: {world.session(day=DAY + n * DAYS): world.students for n in (0, 1)}},
        now=now,
    )
    plan = publish(plan, world.coordinator, now)
    first = Booking.objects.earliest("session__starts_at")
    changes.cancel_booking(
        by=world.coordinator, booking=first, code=ReasonCode.CHANGE_OF_PLAN, reason="", now=now
    )
    Delivery.objects.all().delete()
    Message.objects.all().delete()
    later = now + timedelta(minutes=5)

    publishing.undo(by=world.coordinator, plan=plan, now=later)
    publishing.undo_classes(plan.pk, clock=lambda: later)

    assert {one.subject for one in told().values()} == {
        "本校的方案撤回，已取消：七(3)班，1 场",
        "清河中学撤回方案，已取消：1 个班，1 场",
    }

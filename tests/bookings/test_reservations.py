"""Reserving seats: what holds afterwards, and every refusal with its fact."""

from datetime import datetime, time, timedelta

import pytest

from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from bookings.choices import BookingState
from bookings.errors.basket import KeyMissing, KeyReused
from bookings.errors.reserving import (
    AlreadyBooked,
    CompanionNameMissing,
    NoStudents,
    NotForYourSchool,
    NotInClass,
    SessionsOverlap,
    SessionStarted,
    SetBookedWhole,
    StudentBusy,
    TooFewCompanions,
    WrongStage,
)
from bookings.errors.sessions import NoSessions
from bookings.models import Booking, Place, Reservation
from bookings.services import companions, reservations, telling
from bookings.services.companions import CompanionInput
from bookings.services.parts import Part
from courses.choices import Venue
from courses.errors import OutsideSeason, SessionCancelled, SessionFull
from courses.models import CourseSession, CourseVersion
from notifications.models import Message
from rosters.errors import NotYourClass
from rosters.models import Student
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.bookings import COMPANIONS, make_booking, make_reservation


def test_reserve_takes_the_seats_of_the_whole_class(world: World, now: datetime) -> None:
    session = world.session(capacity=30)

    reservation = make_reservation(
        by=world.teacher, sessions=[session], class_group=world.group, now=now, note="有一位左撇子"
    )

    booking = reservation.bookings.get()
    session.refresh_from_db()
    assert (booking.state, booking.seats, session.seats_taken) == (BookingState.CONFIRMED, 5, 5)
    assert [place.student for place in booking.places.order_by("pk")] == world.students
    assert {(place.starts_at, place.ends_at) for place in booking.places.all()} == {
        (session.starts_at, session.ends_at)
    }
    assert [(one.name, one.phone) for one in booking.companions.order_by("pk")] == [
        ("王老师", "13900000001"),
        ("李老师", ""),
    ]
    assert (reservation.contact_name, reservation.note) == ("周老师", "有一位左撇子")
    assert len(reservation.reference) == 9


def test_reserve_takes_only_the_seats_of_the_chosen_students(world: World, now: datetime) -> None:
    session = world.session()
    chosen = world.students[1:3]

    booking = make_booking(
        by=world.teacher,
        session=session,
        class_group=world.group,
        now=now,
        student_ids=[student.pk for student in chosen],
    )

    session.refresh_from_db()
    assert session.seats_taken == 2
    assert [place.student for place in booking.places.order_by("pk")] == chosen


def test_reserve_leaves_one_audit_entry_without_names(world: World, now: datetime) -> None:
    session = world.session()

    reservation = make_reservation(
        by=world.teacher, sessions=[session], class_group=world.group, now=now
    )

    entry = AuditEntry.objects.get(verb="reservation.made")
    assert entry.target == f"bookings.reservation:{reservation.pk}"
    assert entry.membership_id == world.teacher_membership.pk
    assert entry.facts == {
        "bookings": [reservation.bookings.get().pk],
        "sessions": [session.pk],
        "seats": 5,
    }


def test_reserve_makes_several_sessions_one_reservation(world: World, now: datetime) -> None:
    first, second = world.session(), world.session(starts=time(13))

    reservation = make_reservation(
        by=world.teacher, sessions=[second, first], class_group=world.group, now=now
    )

    assert [booking.session for booking in reservation.bookings.order_by("pk")] == [first, second]


def test_reserve_makes_nothing_when_one_of_several_sessions_is_full(
    world: World, now: datetime
) -> None:
    roomy, tight = world.session(), world.session(starts=time(13), capacity=4)

    with pytest.raises(SessionFull) as refusal:
        make_reservation(
            by=world.teacher, sessions=[roomy, tight], class_group=world.group, now=now
        )

    roomy.refresh_from_db()
    assert refusal.value.facts == {"seats": 5, "seats_left": 4}
    assert str(refusal.value) == "名额不够：这一场还剩 4 位，您要 5 位。没有约成，名额未扣。"
    assert roomy.seats_taken == 0
    assert not Reservation.objects.exists()


def test_reserve_takes_a_set_whole(world: World, now: datetime) -> None:
    camp, days = world.camp()

    reservation = reservations.reserve(
        by=world.teacher,
        parts=[Part(world.group, session_set_id=camp.pk, companions=COMPANIONS)],
        idempotency_key="camp",
        now=now,
    )

    assert [booking.session for booking in reservation.bookings.order_by("pk")] == days
    assert [day.seats_taken for day in CourseSession.objects.order_by("pk")] == [5, 5]


def test_reserve_refuses_one_day_of_a_set(world: World, now: datetime) -> None:
    _camp, days = world.camp()

    with pytest.raises(SetBookedWhole) as refusal:
        make_reservation(by=world.teacher, sessions=days[:1], class_group=world.group, now=now)

    assert str(refusal.value) == "“两日营”共 2 场，须一起预约。"


def test_reserve_takes_all_days_of_a_set_named_one_by_one(world: World, now: datetime) -> None:
    _camp, days = world.camp()

    reservation = make_reservation(
        by=world.teacher, sessions=days, class_group=world.group, now=now
    )

    assert reservation.bookings.count() == 2


def test_reserve_refuses_an_unknown_set_or_session(world: World, now: datetime) -> None:
    session = world.session()
    session_id = session.pk
    CourseSession.objects.all().delete()

    with pytest.raises(NotYours):
        make_reservation(
            by=world.teacher,
            sessions=[CourseSession(pk=session_id)],
            class_group=world.group,
            now=now,
        )
    with pytest.raises(NoSessions):
        reservations.reserve(
            by=world.teacher,
            parts=[Part(world.group, session_set_id=4711)],
            idempotency_key="k",
            now=now,
        )
    with pytest.raises(NoSessions):
        make_reservation(by=world.teacher, sessions=[], class_group=world.group, now=now)


def test_reserve_repeated_under_its_key_returns_the_first(world: World, now: datetime) -> None:
    session = world.session()
    ask = {
        "by": world.teacher,
        "sessions": [session],
        "class_group": world.group,
        "idempotency_key": "once",
    }
    first = make_reservation(now=now, **ask)

    # Even when it could not be made any more.
    again = make_reservation(now=session.starts_at + timedelta(hours=1), **ask)

    session.refresh_from_db()
    assert again == first
    assert (session.seats_taken, Reservation.objects.count()) == (5, 1)
    assert Message.objects.filter(kind="booking_confirmed").count() == 1


def test_reserve_refuses_the_key_with_other_contents(world: World, now: datetime) -> None:
    first, second = world.session(), world.session(starts=time(13))
    make_reservation(
        by=world.teacher,
        sessions=[first],
        class_group=world.group,
        now=now,
        idempotency_key="once",
    )

    with pytest.raises(KeyReused):
        make_reservation(
            by=world.teacher,
            sessions=[second],
            class_group=world.group,
            now=now,
            idempotency_key="once",
        )


def test_the_same_key_is_free_for_another_person(world: World, now: datetime) -> None:
    first, second = world.session(), world.session(starts=time(13))

    for by, session in ((world.teacher, first), (world.coordinator, second)):
        make_reservation(
            by=by, sessions=[session], class_group=world.group, now=now, idempotency_key="once"
        )

    assert Reservation.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x" * 81])
def test_reserve_refuses_a_missing_or_overlong_key(world: World, now: datetime, key: str) -> None:
    with pytest.raises(KeyMissing):
        make_reservation(
            by=world.teacher,
            sessions=[world.session()],
            class_group=world.group,
            now=now,
            idempotency_key=key,
        )


def test_reserve_refuses_an_unsuitable_grade(world: World, now: datetime) -> None:
    sixth = world.new_group(1, 3, entry_year=2026)

    with pytest.raises(WrongStage) as refusal:
        make_reservation(
            by=world.coordinator, sessions=[world.session()], class_group=sixth, now=now
        )

    assert str(refusal.value) == ("这门课适合七年级至八年级，六(1)班是六年级，不能预约。")


def test_reserve_refuses_an_unsuitable_stage(world: World, now: datetime) -> None:
    world.version.stages = ["senior"]
    world.version.grade_from = world.version.grade_to = 7
    world.version.save()

    with pytest.raises(WrongStage) as refusal:
        make_reservation(
            by=world.coordinator, sessions=[world.session()], class_group=world.group, now=now
        )

    assert refusal.value.facts["suits"] == "七年级"


def test_reserve_refuses_a_busy_student_and_says_who_when_and_where(
    world: World, now: datetime
) -> None:
    make_booking(
        by=world.teacher,
        session=world.session(),
        class_group=world.group,
        now=now,
        student_ids=[world.students[0].pk, world.students[3].pk],
    )

    with pytest.raises(StudentBusy) as refusal:
        make_reservation(
            by=world.teacher,
            sessions=[world.session(starts=time(11))],
            class_group=world.group,
            now=now,
        )

    assert str(refusal.value) == (
        "七(3)班 1、4号在 12 月 8 日（周二）9:00–11:30 已约面包师：吐司与软欧，时间冲突。"
    )


def test_reserve_allows_a_session_that_begins_when_another_ends(
    world: World, now: datetime
) -> None:
    first, second = world.session(), world.session(starts=time(11, 30))

    for session in (first, second):
        make_booking(by=world.teacher, session=session, class_group=world.group, now=now)

    assert Place.objects.live().count() == 10


def test_reserve_refuses_a_session_of_two_that_clash_with_each_other(
    world: World, now: datetime
) -> None:
    first, second = world.session(), world.session(starts=time(10))

    with pytest.raises(SessionsOverlap) as refusal:
        make_reservation(
            by=world.teacher, sessions=[second, first], class_group=world.group, now=now
        )

    assert str(refusal.value) == (
        "所选的场次时间重叠：12 月 8 日（周二）9:00–11:30 和 12 月 8 日（周二）10:00–12:30，"
        "请分别预约。"
    )

    assert not Reservation.objects.exists()


def test_reserve_refuses_a_second_booking_of_the_class(world: World, now: datetime) -> None:
    session = world.session()
    booking = make_booking(
        by=world.teacher,
        session=session,
        class_group=world.group,
        now=now,
        student_ids=[world.students[0].pk],
    )

    with pytest.raises(AlreadyBooked) as refusal:
        make_booking(
            by=world.teacher,
            session=session,
            class_group=world.group,
            now=now,
            student_ids=[world.students[1].pk],
        )

    assert str(refusal.value) == (
        f"七(3)班已约这一场（预约号{booking.reservation.reference}），如需增减人数，请在预约里修改。"
    )


@pytest.mark.parametrize(
    ("shift", "is_open"),
    [
        (timedelta(days=-60), True),
        (timedelta(days=-60, microseconds=-1), False),
        (timedelta(days=60, microseconds=-1), True),
        (timedelta(days=60), False),
    ],
)
def test_booking_is_open_from_the_opening_until_before_the_close(
    world: World, now: datetime, shift: timedelta, is_open: bool
) -> None:
    session = world.session(day=DAY + timedelta(days=90))
    ask = {"by": world.teacher, "sessions": [session], "class_group": world.group}

    if is_open:
        make_reservation(now=now + shift, **ask)
    else:
        with pytest.raises(OutsideSeason):
            make_reservation(now=now + shift, **ask)

    assert Reservation.objects.count() == is_open


def test_outside_the_season_the_sentence_names_its_days(world: World, now: datetime) -> None:
    session = world.session(day=DAY + timedelta(days=90))

    with pytest.raises(OutsideSeason) as refusal:
        make_reservation(
            by=world.teacher,
            sessions=[session],
            class_group=world.group,
            now=now + timedelta(days=61),
        )

    assert str(refusal.value) == (
        "“2026 学年秋季”现在是“已结束”，1 月 23 日（周六）8:00 起不能再预约。"
    )


def test_reserve_refuses_a_session_that_has_begun(world: World) -> None:
    session = world.session()

    with pytest.raises(SessionStarted) as refusal:
        make_reservation(
            by=world.teacher,
            sessions=[session],
            class_group=world.group,
            now=session.starts_at,
        )

    assert str(refusal.value) == "这一场 12 月 8 日（周二）9:00 已经开始，不能再改预约。"


def test_reserve_refuses_a_school_that_the_host_does_not_travel_to(
    world: World, now: datetime
) -> None:
    session = world.session()
    elsewhere = OrganisationFactory(name="芦滩中学")
    CourseSession.objects.filter(pk=session.pk).update(
        venue=Venue.SCHOOL, room=None, room_hold=None, school=elsewhere
    )

    with pytest.raises(NotForYourSchool) as refusal:
        make_reservation(by=world.teacher, sessions=[session], class_group=world.group, now=now)

    assert str(refusal.value) == "这一场送到芦滩中学上课，只收该校的班级。"


def test_reserve_takes_a_session_that_comes_to_the_own_school(world: World, now: datetime) -> None:
    session = world.session()
    CourseSession.objects.filter(pk=session.pk).update(
        venue=Venue.SCHOOL, room=None, room_hold=None, school=world.school
    )

    booking = make_booking(by=world.teacher, session=session, class_group=world.group, now=now)

    assert booking.seats == 5


def test_reserve_refuses_students_of_another_class(world: World, now: datetime) -> None:
    other = world.new_group(4, 1)

    with pytest.raises(NotInClass) as refusal:
        make_booking(
            by=world.teacher,
            session=world.session(),
            class_group=world.group,
            now=now,
            student_ids=[world.students[0].pk, other.students.get().pk],
        )

    assert str(refusal.value) == "选的学生不在七(3)班，请重新选择。"


def test_reserve_refuses_another_schools_student_as_one_that_does_not_exist(
    world: World, now: datetime
) -> None:
    stranger = world.new_group(3, 1, school=OrganisationFactory()).students.get()
    session = world.session()
    sentences = []

    for number in (stranger.pk, 4711):
        with pytest.raises(NotInClass) as refusal:
            make_booking(
                by=world.teacher,
                session=session,
                class_group=world.group,
                now=now,
                student_ids=[number],
            )
        sentences.append(str(refusal.value))

    assert sentences[0] == sentences[1]


def test_reserve_refuses_a_student_who_left(world: World, now: datetime) -> None:
    student = world.students[0]
    Student.objects.filter(pk=student.pk).update(left_at=now)

    with pytest.raises(NotInClass):
        make_booking(
            by=world.teacher,
            session=world.session(),
            class_group=world.group,
            now=now,
            student_ids=[student.pk],
        )


@pytest.mark.parametrize("student_ids", [[], None])
def test_reserve_refuses_an_empty_choice_and_an_empty_class(
    world: World, now: datetime, student_ids: list[int] | None
) -> None:
    Student.objects.update(left_at=now)

    with pytest.raises(NoStudents):
        make_booking(
            by=world.teacher,
            session=world.session(),
            class_group=world.group,
            now=now,
            student_ids=student_ids,
        )


def test_reserve_refuses_a_class_that_nobody_accompanies(world: World, now: datetime) -> None:
    with pytest.raises(TooFewCompanions) as refusal:
        make_booking(
            by=world.teacher,
            session=world.session(),
            class_group=world.group,
            now=now,
            adults=1,
            companions=[CompanionInput(" ", "")],
        )

    assert str(refusal.value) == "5 名学生至少要 2 位带队教师，现在填了 1 位。"


def test_reserve_refuses_a_companion_without_a_name(world: World, now: datetime) -> None:
    with pytest.raises(CompanionNameMissing):
        make_booking(
            by=world.teacher,
            session=world.session(),
            class_group=world.group,
            now=now,
            companions=[CompanionInput("王老师"), CompanionInput(" ", "13900000001")],
        )


@pytest.mark.parametrize(("students", "needed"), [(1, 2), (30, 2), (31, 3), (45, 3), (46, 4)])
def test_the_course_says_how_many_adults_are_needed(students: int, needed: int) -> None:
    version = CourseVersion(min_adults=2, students_per_adult=15)

    assert companions.needed_for(version, students) == needed


def test_who_may_book_which_class(world: World, now: datetime) -> None:
    """A truth table: the actor, the class, the answer."""
    other_class = world.new_group(4, 2)
    strangers_class = world.new_group(3, 2, school=OrganisationFactory())
    stranger = actor_of(MembershipFactory(coordinator=True))
    secretariat = actor_of(MembershipFactory(secretariat=True))
    answers = {
        (world.teacher, world.group): None,
        (world.teacher, other_class): NotYourClass,
        (world.teacher, strangers_class): NotYours,
        (world.coordinator, world.group): None,
        (world.coordinator, other_class): None,
        (world.coordinator, strangers_class): NotYours,
        (stranger, world.group): NotYours,
        (world.manager, world.group): NotAllowed,
        (secretariat, world.group): NotAllowed,
    }

    for number, ((actor, group), refusal) in enumerate(answers.items()):
        session = world.session(day=DAY + timedelta(days=number))
        if refusal is None:
            assert make_booking(by=actor, session=session, class_group=group, now=now).is_live
        else:
            with pytest.raises(refusal):
                make_booking(by=actor, session=session, class_group=group, now=now)


def test_a_class_that_was_archived_is_not_found(world: World, now: datetime) -> None:
    world.group.archived_at = now

    with pytest.raises(NotYours):
        reservations.check_is_own_class(world.coordinator, world.group, now)


def test_reserve_refuses_a_session_cancelled_while_the_form_was_open(
    world: World, now: datetime
) -> None:
    session = world.session()
    CourseSession.objects.filter(pk=session.pk).update(
        state="cancelled", cancelled_at=now, cancel_reason="停电", room_hold=None
    )

    with pytest.raises(SessionCancelled) as refusal:
        make_booking(by=world.teacher, session=session, class_group=world.group, now=now)

    assert str(refusal.value) == "这一场已取消（停电），请另选一场。"


def test_everybody_of_the_school_and_host_is_told(world: World, now: datetime) -> None:
    colleague = MembershipFactory(organisation=world.school, user__language="en")
    world.group.teachers.create(membership=colleague)

    make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now, note="到北门"
    )

    told = {message.recipient.email: message for message in Message.objects.all()}
    mine = told[world.teacher_membership.user.email]
    assert len(told) == 3
    assert mine.subject == (
        "预约已确认：12 月 8 日（周二）9:00–11:30 七(3)班《面包师：吐司与软欧》"
    )
    assert (mine.kind, mine.calendar_method) == ("booking_confirmed", "REQUEST")
    assert "地铁 11 号线曹杨路站 3 号口。" in mine.body
    assert mine.path == f"/trips/{Booking.objects.get().pk}/"
    assert "Baker: toast" in told[colleague.user.email].body
    host = Message.objects.get(recipient_id=world.manager.user_id)
    assert "留言：到北门" in host.body
    assert (host.calendar, host.path) == ("", "/today/2026-12-08/")


def test_no_message_names_a_student(world: World, now: datetime) -> None:
    make_booking(by=world.teacher, session=world.session(), class_group=world.group, now=now)

    texts = " ".join(
        message.subject + message.body + message.calendar for message in Message.objects.all()
    )

    assert texts
    assert not [one.name for one in Student.objects.all() if one.name in texts]


def test_a_booking_of_a_leaver_is_told_to_the_coordinators(world: World, now: datetime) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )
    world.teacher_membership.ended_at = now
    world.teacher_membership.save()

    people = telling.people_of_school(booking)

    assert [person.pk for person in people] == [world.coordinator.user_id]


@pytest.mark.parametrize(
    "note", ["😀🧑‍🍳 ＡＢ１２", "<script>alert(1)</script>", "x" * 500, "%(reason)s %s"]
)
def test_odd_text_is_kept_as_it_is(world: World, now: datetime, note: str) -> None:
    reservation = make_reservation(
        by=world.teacher,
        sessions=[world.session()],
        class_group=world.group,
        now=now,
        note=note,
        companions=[CompanionInput("王😀" + "老" * 50)],
    )

    reservation.refresh_from_db()
    assert reservation.note == note
    assert note in Message.objects.get(kind="booking_made").body

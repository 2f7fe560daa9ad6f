"""The form by which a teacher books: filled in beforehand, and kept when it is refused."""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from accounts.models import AuditEntry, User
from bookings.models import Booking, Place, Reservation
from bookings.services.host_changes import cancel_session
from courses.choices import Venue
from courses.models import CourseSession, CourseVersion
from rosters.models import Student
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.bookings import make_booking


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def client(world: World) -> Client:
    User.objects.filter(pk=world.teacher_membership.user_id).update(phone="139 0000 0001")
    client = Client()
    client.force_login(world.teacher_membership.user)
    return client


def address(world: World, session: CourseSession) -> str:
    return f"/sessions/{session.pk}/book/?class={world.group.pk}"


def filled_in(client: Client, url: str, **changes: Any) -> dict[str, Any]:
    """What the form would send as it stands, with changes."""
    form = client.get(url).context["form"]
    values = {bound.name: bound.value() for bound in form}
    return {name: "" if value is None else value for name, value in values.items()} | changes


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", strip_tags(response.content.decode()))


def errors(response: Any) -> list[str]:
    return list(response.context["form"].non_field_errors())


# ── filled in beforehand ──


def test_form_is_ready_to_send(world: World, client: Client) -> None:
    session = world.session()

    response = client.get(address(world, session))

    form = response.context["form"]
    assert response.status_code == 200
    assert form["students"].value() == [student.pk for student in world.students]
    assert (form["companion_0"].value(), form["companion_phone_0"].value()) == (
        "周老师",
        "139 0000 0001",
    )
    assert form["contact_phone"].value() == "139 0000 0001"
    assert (response.context["hours_then"], response.context["booked_then"]) == (4, 4)
    assert "全班 5 人，有人不去请点开" in text(response)
    assert "焙烤实训中心 1号实训室曹杨路 1 号" in text(response)


def test_sent_as_it_stands_it_books_the_whole_class(world: World, client: Client) -> None:
    session = world.session()
    url = address(world, session)

    response = client.post(url, filled_in(client, url, note="有一位同学坐轮椅。"))

    booking = Booking.objects.get()
    reservation = booking.reservation
    assert response.status_code == 302
    assert response["Location"] == f"/trips/{booking.pk}/"
    assert (booking.session, booking.class_group, booking.seats) == (session, world.group, 5)
    assert [(one.name, one.phone) for one in booking.companions.all()] == [
        ("周老师", "139 0000 0001")
    ]
    assert (reservation.contact_phone, reservation.note) == ("139 0000 0001", "有一位同学坐轮椅。")
    page = client.get(response["Location"])
    assert (
        f"七(3)班约好了，5 人，12 月 8 日（周二）9:00–11:30。预约号 {reservation.reference}。"
        in text(page)
    )


def test_chosen_students_and_further_adults_are_booked(world: World, client: Client) -> None:
    url = address(world, world.session())
    chosen = [student.pk for student in world.students[:2]]

    client.post(
        url,
        filled_in(
            client, url, students=chosen, companion_1="吴老师", companion_2=" ", companion_3=""
        ),
    )

    assert set(Place.objects.values_list("student_id", flat=True)) == set(chosen)
    assert [one.name for one in Booking.objects.get().companions.order_by("pk")] == [
        "周老师",
        "吴老师",
    ]


def test_set_is_booked_with_all_its_days_from_any_of_them(world: World, client: Client) -> None:
    _camp, days = world.camp()
    url = address(world, days[1])
    response = client.get(url)

    sent = client.post(url, filled_in(client, url))

    assert "共 2 场，14 学时，一起预约" in text(response)
    assert response.context["hours_then"] == 14
    assert list(
        Booking.objects.order_by("session__starts_at").values_list("session_id", flat=True)
    ) == [day.pk for day in days]
    assert Reservation.objects.count() == 1
    first = Booking.objects.get(session=days[0])
    assert sent["Location"] == f"/trips/{first.pk}/"


def test_students_who_are_elsewhere_are_left_out_and_marked(
    world: World, client: Client, now: datetime
) -> None:
    make_booking(
        by=world.teacher,
        session=world.session(),
        class_group=world.group,
        student_ids=[world.students[0].pk],
        now=now,
    )
    url = address(world, world.session(starts=time(10)))

    response = client.get(url)
    sent = client.post(url, filled_in(client, url))

    assert [row.is_busy for row in response.context["form"].student_rows()] == [
        True, False, False, False, False,
    ]  # fmt: skip
    assert "当时另有预约" in text(response)
    assert sent.status_code == 302
    assert Booking.objects.order_by("pk")[1].seats == 4


def test_where_seats_are_few_those_who_miss_most_are_chosen(
    world: World, client: Client, now: datetime
) -> None:
    first, second = world.students[:2]
    make_booking(
        by=world.teacher,
        session=world.session(),
        class_group=world.group,
        student_ids=[first.pk, second.pk],
        now=now,
    )
    url = address(world, world.session(day=DAY + timedelta(days=1), capacity=3))

    response = client.get(url)

    assert sorted(response.context["form"]["students"].value()) == [
        student.pk for student in world.students[2:]
    ]
    assert response.context["is_part"] is True
    assert "只余 3 位，先选了还差学时最多的 3 人。" in text(response)
    assert "全班 5 人，选了 3 人" in text(response)
    assert "约成后，这 3 人4 / 14 学时" in text(response)
    assert '<details class="fold" open id="id_students">' in response.content.decode()


def test_hours_beyond_those_required_are_said_and_both_pages_agree(
    world: World, client: Client, now: datetime
) -> None:
    """12 hours are booked: of 4 more 2 count, of another 4 none."""
    for offset in (1, 2, 3):
        make_booking(
            by=world.teacher,
            session=world.session(day=DAY + timedelta(days=offset)),
            class_group=world.group,
            now=now,
        )
    before = {}
    after = {}
    for offset in (6, 7):
        url = address(world, world.session(day=DAY + timedelta(days=offset)))
        before[offset] = client.get(url)
        client.post(url, filled_in(client, url))
        after[offset] = client.get(f"/trips/{Booking.objects.latest('pk').pk}/")

    for response, already, beyond in [
        (before[6], 12, 2),
        (after[6], 12, 2),
        (before[7], 16, 4),
        (after[7], 16, 4),
    ]:
        assert "14 / 14 学时" in text(response)
        assert f"已得 0已约 {already}本次 +4已满 14 学时，本次多出 {beyond}" in text(response)
        assert "已排满" not in text(response)
    assert 'class="newb"' in after[6].content.decode()
    assert 'class="newb"' not in after[7].content.decode()


def test_session_that_the_class_has_booked_is_not_offered_to_it_again(
    world: World, client: Client, now: datetime
) -> None:
    session = world.session()
    made = make_booking(by=world.teacher, session=session, class_group=world.group, now=now)

    response = client.get(address(world, session))

    assert "本班已约 看预约" in text(response)
    assert f'href="/trips/{made.pk}/"' in response.content.decode()
    assert 'class="newb"' not in response.content.decode()
    assert "当时另有预约" not in text(response)
    assert "提交预约" not in text(response)


def test_reading_the_names_is_logged(world: World, client: Client) -> None:
    client.get(address(world, world.session()))

    entry = AuditEntry.objects.get(verb="names.read")
    assert entry.facts["count"] == 5
    assert entry.target == f"rosters.classgroup:{world.group.pk}"


def test_teacher_without_a_class_in_the_address_books_for_her_own(
    world: World, client: Client
) -> None:
    session = world.session()

    response = client.get(f"/sessions/{session.pk}/book/")

    assert response.context["group"] == world.group


def test_coordinator_chooses_the_class_first(world: World) -> None:
    client = Client()
    client.force_login(User.objects.get(pk=world.coordinator.user_id))
    session = world.session()

    before = client.get(f"/sessions/{session.pk}/book/")
    refused = client.post(f"/sessions/{session.pk}/book/", {})
    after = client.get(address(world, session))

    assert "form" not in before.context
    assert "请选择班级" in text(before)
    assert "form" not in refused.context
    assert after.context["form"]["companion_0"].value() == "沈主任"


# ── refused, with everything kept ──


def refuse(client: Client, url: str, meanwhile: Any, **changes: Any) -> Any:
    """Send the form after something happened since it was opened."""
    data = filled_in(client, url, companion_1="吴老师", note="请留前排。", **changes)
    meanwhile()
    response = client.post(url, data)
    form = response.context["form"]
    assert form["companion_1"].value() == "吴老师"
    assert form["note"].value() == "请留前排。"
    assert form["key"].value()
    return response


def test_seats_gone_meanwhile(world: World, client: Client) -> None:
    session = world.session(capacity=10)
    url = address(world, session)

    response = refuse(
        client, url, lambda: CourseSession.objects.filter(pk=session.pk).update(seats_taken=8)
    )

    assert response.status_code == 409
    assert errors(response) == ["名额不够：这一场还剩 2 位，您要 5 位。没有约成，名额未扣。"]
    assert response.context["offer"].seats_left == 2
    assert sorted(response.context["form"]["students"].value()) == sorted(
        str(student.pk) for student in world.students
    )
    assert not Booking.objects.exists()


def test_last_seat_gone_meanwhile(world: World, client: Client) -> None:
    session = world.session(capacity=10)

    response = refuse(
        client,
        address(world, session),
        lambda: CourseSession.objects.filter(pk=session.pk).update(seats_taken=10),
    )

    assert errors(response) == ["这一场已满，请另选一场。"]
    assert 'aria-disabled="true"' in response.content.decode()


def test_wrong_stage(world: World, client: Client) -> None:
    response = refuse(
        client,
        address(world, world.session()),
        lambda: CourseVersion.objects.update(stages=["senior"], grade_from=10, grade_to=11),
    )

    assert response.status_code == 409
    assert errors(response) == ["这门课适合高一至高二，七(3)班是七年级，不能预约。"]


def test_students_elsewhere_are_named_by_class_and_seat(
    world: World, client: Client, now: datetime
) -> None:
    other = world.session(starts=time(10))

    response = refuse(
        client,
        address(world, world.session()),
        lambda: make_booking(
            by=world.coordinator,
            session=other,
            class_group=world.group,
            student_ids=[world.students[1].pk, world.students[3].pk],
            now=now,
        ),
    )

    assert response.status_code == 409
    assert errors(response) == [
        "七(3)班 2、4号在 12 月 8 日（周二）10:00–12:30 已约面包师：吐司与软欧，时间冲突。"
    ]


def test_outside_the_season(world: World, client: Client, now: datetime) -> None:
    def close() -> None:
        world.season.closes_at = now
        world.season.save()

    response = refuse(client, address(world, world.session()), close)

    assert response.status_code == 409
    assert errors(response) == [
        "“2026 学年秋季”现在是“开课中”，11 月 24 日（周二）8:00 起不能再预约。"
    ]


def test_session_cancelled_meanwhile(world: World, client: Client, now: datetime) -> None:
    session = world.session()

    response = refuse(
        client,
        address(world, session),
        lambda: cancel_session(by=world.manager, session=session, reason="停电", now=now),
    )

    assert response.status_code == 409
    assert errors(response) == ["这一场已取消（停电），请另选一场。"]


def test_session_begun_meanwhile(world: World, client: Client) -> None:
    session = world.session()
    url = address(world, session)
    data = filled_in(client, url)

    with time_machine.travel(session.starts_at):
        client.force_login(world.teacher_membership.user)
        response = client.post(url, data)

    assert errors(response) == ["这一场 12 月 8 日（周二）9:00 已经开始，不能再改预约。"]


def test_class_booked_already_by_a_colleague(world: World, client: Client, now: datetime) -> None:
    session = world.session()

    response = refuse(
        client,
        address(world, session),
        lambda: make_booking(
            by=world.coordinator, session=session, class_group=world.group, now=now
        ),
    )

    booking = Booking.objects.get()
    assert response.status_code == 409
    assert errors(response) == [
        f"七(3)班已约这一场（预约号{booking.reservation.reference}），如需增减人数，请在预约里修改。"
    ]
    assert f'href="/trips/{booking.pk}/"' in response.content.decode()


def test_student_who_left_meanwhile_is_asked_about(
    world: World, client: Client, now: datetime
) -> None:
    response = refuse(
        client,
        address(world, world.session()),
        lambda: Student.objects.filter(seat_no=3).update(left_at=now),
    )

    assert response.status_code == 200
    assert response.context["form"].errors["students"] == ["选的学生不在这个班级，请重新选择。"]


def test_student_of_another_school_is_not_booked(world: World, client: Client) -> None:
    other = world.new_group(5, 1, school=OrganisationFactory(), entry_year=2024)
    url = address(world, world.session())
    data = filled_in(client, url, students=[other.students.get().pk])

    response = client.post(url, data)

    assert response.context["form"].errors["students"] == ["选的学生不在这个班级，请重新选择。"]
    assert not Booking.objects.exists()


@pytest.mark.parametrize("students", [[], ["x"], ["99999999999999999999"], ["１"]])
def test_nobody_or_nonsense_chosen(world: World, client: Client, students: list[str]) -> None:
    url = address(world, world.session())

    response = client.post(url, filled_in(client, url, students=students))

    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["students"]
    assert not Booking.objects.exists()


def test_fewer_adults_than_the_course_asks_for(world: World, client: Client) -> None:
    url = address(world, world.session())

    response = client.post(url, filled_in(client, url, adults="1"))

    assert response.status_code == 422
    assert errors(response) == ["5 名学生至少要 2 位带队教师，现在填了 1 位。"]


def test_seats_are_taken_first_and_named_later(world: World, client: Client) -> None:
    url = address(world, world.session())

    response = client.post(
        url, filled_in(client, url, seats="4", companion_0="", companion_phone_0="")
    )

    booking = Booking.objects.get()
    assert response.status_code == 302
    assert (booking.seats, booking.adults) == (4, 2)
    assert list(booking.places.values_list("student", flat=True)) == [None] * 4


def test_number_without_a_name_is_told_at_the_missing_name(world: World, client: Client) -> None:
    url = address(world, world.session())

    response = client.post(url, filled_in(client, url, companion_phone_1="13900000001"))

    assert response.context["form"].errors == {"companion_1": ["请填写带队教师的姓名。"]}
    assert '<details class="fold" open><summary>' in response.content.decode()


def test_names_may_follow_and_each_row_is_named(world: World, client: Client) -> None:
    form = client.get(address(world, world.session())).context["form"]

    assert [(str(name.label), name.field.required) for name, _phone in form.companion_rows()] == [
        ("带队教师", False),
        ("第 2 位带队教师", False),
        ("第 3 位带队教师", False),
        ("第 4 位带队教师", False),
    ]
    assert not any(phone.field.required for _name, phone in form.companion_rows())


@pytest.mark.parametrize("field", ["companion_phone_0", "contact_phone"])
def test_what_is_no_phone_number_is_told_at_its_field(
    world: World, client: Client, field: str
) -> None:
    url = address(world, world.session())

    response = client.post(url, filled_in(client, url, **{field: "abc"}))

    assert list(response.context["form"].errors) == [field]
    assert not Booking.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("companion_0", "长" * 10_000),
        ("companion_phone_0", "1" * 31),
        ("contact_phone", "1" * 31),
        ("note", "长" * 501),
        ("key", "k" * 81),
        ("key", ""),
        ("note", "\0"),
    ],
)
def test_what_is_too_long_is_told_at_its_field(
    world: World, client: Client, field: str, value: str
) -> None:
    url = address(world, world.session())

    response = client.post(url, filled_in(client, url, **{field: value}))

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]


def test_html_and_emoji_are_text(world: World, client: Client) -> None:
    url = address(world, world.session())

    sent = client.post(
        url, filled_in(client, url, companion_1="<b>吴</b>😀", note="<script>1</script>")
    )

    assert sent.status_code == 302
    page = client.get(sent["Location"]).content.decode()
    assert "<script>1" not in page
    assert "&lt;b&gt;吴&lt;/b&gt;😀" in page


# ── twice, and others' ──


def test_same_form_sent_twice_books_once(world: World, client: Client) -> None:
    url = address(world, world.session())
    data = filled_in(client, url)

    first = client.post(url, data)
    second = client.post(url, data)

    assert first["Location"] == second["Location"]
    assert Booking.objects.count() == 1


def test_form_sent_again_with_changes_after_going_back_can_be_sent_anew(
    world: World, client: Client
) -> None:
    url = address(world, world.session())
    data = filled_in(client, url)
    client.post(url, data)

    back = client.post(url, data | {"note": "改一下"})
    again = client.post(url, data | {"note": "改一下", "key": back.context["form"]["key"].value()})

    assert back.status_code == 422
    assert back.context["form"]["key"].value() != data["key"]
    assert again.status_code == 409
    assert "已约这一场" in errors(again)[0]
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_teachers_class_is_not_found(world: World, client: Client, method: str) -> None:
    session = world.session()
    other = world.new_group(9, 2)

    response = getattr(client, method)(f"/sessions/{session.pk}/book/?class={other.pk}")

    assert response.status_code == 404
    assert not Booking.objects.exists()


def test_class_taken_from_the_teacher_meanwhile_is_not_found(world: World, client: Client) -> None:
    url = address(world, world.session())
    data = filled_in(client, url)
    world.group.teachers.all().delete()

    response = client.post(url, data)

    assert response.status_code == 404


def test_unknown_session_is_not_found(world: World, client: Client) -> None:
    assert client.get("/sessions/999999/book/").status_code == 404


def test_only_schools_book(world: World) -> None:
    session = world.session()
    statuses = {}
    for role in ("teacher", "coordinator", "host_manager", "instructor", "secretariat", "reviewer"):
        client = Client()
        client.force_login(MembershipFactory(**{role: True}).user)
        statuses[role] = client.get(f"/sessions/{session.pk}/book/").status_code

    assert statuses == {
        "teacher": 200,
        "coordinator": 200,
        "host_manager": 403,
        "instructor": 403,
        "secretariat": 403,
        "reviewer": 403,
    }
    assert Client().get(f"/sessions/{session.pk}/book/").status_code == 302


def test_visit_to_another_school_says_so(world: World, client: Client) -> None:
    session = world.session()
    other = OrganisationFactory(name="曹杨中学")
    hold = session.room_hold
    CourseSession.objects.update(venue=Venue.SCHOOL, room=None, room_hold=None, school=other)
    hold.delete()

    response = client.get(address(world, session))

    assert response.context["why_not_text"] == "这一场送到曹杨中学上课，只收该校的班级。"


@pytest.mark.parametrize("students", [1, 3])
def test_form_takes_the_same_queries_however_many_students(
    world: World, client: Client, students: int
) -> None:
    group = world.new_group(6, students)
    world.teach(group)
    session = world.session()
    client.get("/find/")

    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"/sessions/{session.pk}/book/?class={group.pk}")

    assert len(list(response.context["form"].student_rows())) == students
    assert len(queries) == 17


# ── all that is wrong stands together ──


def test_all_errors_are_shown_at_once_and_nothing_typed_is_lost(
    world: World, client: Client
) -> None:
    CourseVersion.objects.update(min_adults=2)
    url = address(world, world.session(capacity=3))
    keys = [student.pk for student in world.students]

    def sent(**changes: Any) -> Any:
        return client.post(url, filled_in(client, url, students=keys, adults=1, **changes))

    full = "名额不够：这一场还剩 3 位，您要 5 位。没有约成，名额未扣。"
    few = "5 名学生至少要 2 位带队教师，现在填了 1 位。"
    phone = sent(contact_phone="x", note="有轮椅", companion_phone_1="139 0000 0002")
    alone = sent()

    assert set(phone.context["form"].errors) == {
        "contact_phone",
        "companion_1",
        "students",
        "adults",
    }
    assert phone.context["form"]["note"].value() == "有轮椅"
    assert phone.context["form"]["contact_phone"].value() == "x"
    assert alone.context["form"].errors == {"students": [full], "adults": [few]}
    assert not Booking.objects.exists()


def test_the_slip_says_the_number_where_names_follow(world: World, client: Client) -> None:
    """Sent back for another reason, with everybody ticked as the page had it."""
    url = address(world, world.session())

    page = client.post(url, filled_in(client, url, seats="3", contact_phone="x"))

    assert page.context["coming"] == 3
    assert "约成后，这 3 人" in text(page)
    assert "全班 5 人，有人不去请点开" in text(page)


def test_a_settled_list_offers_no_seats_without_names(
    world: World, client: Client, now: datetime
) -> None:
    url = address(world, world.session(day=now.date() + timedelta(days=2)))

    page = client.get(url).content.decode()

    assert "请现在就选好学生" in page
    assert 'name="seats"' not in page
    assert 'name="seats"' in client.get(address(world, world.session())).content.decode()


@pytest.mark.parametrize(
    ("seats", "capacity", "sentence"),
    [
        (500, 24, "最多填 5 位：这一场还剩 24 位，这个班有 5 名学生。"),
        (10**12, 24, "最多填 5 位：这一场还剩 24 位，这个班有 5 名学生。"),
        (6, 4, "最多填 4 位：这一场还剩 4 位，这个班有 5 名学生。"),
    ],
)
def test_too_many_seats_are_told_how_many_there_may_be(
    world: World, client: Client, seats: int, capacity: int, sentence: str
) -> None:
    url = address(world, world.session(capacity=capacity))

    response = client.post(url, filled_in(client, url, seats=seats, students=[]))

    assert response.context["form"].errors["seats"] == [sentence]
    assert "students" not in response.context["form"].errors
    assert text(response).count(sentence) == 1
    assert f'value="{seats}"' in response.content.decode()
    assert not Booking.objects.exists()

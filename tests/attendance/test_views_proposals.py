"""Hours by hand on the pages of the school, the host and the secretariat."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import AuditEntry, Membership
from attendance.choices import ProposalKind, ProposalState
from attendance.models import HourProposal
from hours import period_locks
from hours.models import HourCredit, PracticumRequirement
from tests.attendance.test_proposals import Missed, missed
from tests.bookings.conftest import DAY

__all__ = ["missed"]


@pytest.fixture(autouse=True)
def _two_days_later(missed: Missed) -> Any:
    with time_machine.travel(missed.now, tick=False):
        yield


def signed_in(membership_id: int | None) -> Client:
    client = Client()
    client.force_login(Membership.objects.get(pk=membership_id).user)
    return client


@pytest.fixture
def teacher(missed: Missed) -> Client:
    return signed_in(missed.teacher.membership_id)


@pytest.fixture
def coordinator(missed: Missed) -> Client:
    return signed_in(missed.coordinator.membership_id)


@pytest.fixture
def secretary(missed: Missed) -> Client:
    return signed_in(missed.secretary.membership_id)


def student_page(missed: Missed, client: Client, seat: int) -> str:
    student = missed.student(seat)
    answer = client.get(f"/classes/{student.class_group_id}/students/{student.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_from_the_missed_session_to_the_ledger(
    missed: Missed, teacher: Client, coordinator: Client
) -> None:
    student = missed.student(2)
    form = f"/school/students/{student.pk}/hours/new/?session={missed.session.pk}"
    page = student_page(missed, teacher, 2)

    asked = teacher.get(form)
    sent = teacher.post(
        form,
        {
            "kind": "make_up",
            "class_hours": "4",
            "earned_on": (DAY + timedelta(days=1)).isoformat(),
            "reason": "周三下午补上",
        },
        follow=True,
    )
    proposal = HourProposal.objects.get()
    waiting = student_page(missed, teacher, 2)
    home = coordinator.get("/").content.decode()
    shown = coordinator.get(f"/proposals/{proposal.pk}/").content.decode()
    done = coordinator.post(f"/proposals/{proposal.pk}/", {"what": "confirm"}, follow=True)
    after = student_page(missed, teacher, 2)

    assert form in page
    assert asked.context["form"]["class_hours"].value() == 4
    assert "已提交，等另一个人复核。" in sent.content.decode()
    assert "补记待复核" in waiting
    assert "1 份补记学时的申请等您复核" in home
    assert "同意，记入学时" in shown
    assert "已同意，学时已记入。" in done.content.decode()
    assert HourCredit.objects.get(student=student).class_hours == 4
    assert "补课 · 周三下午补上" in after
    assert "周老师提出，" in after
    assert form not in after


def test_in_a_locked_period_the_secretariat_decides_and_the_pages_say_so(
    missed: Missed, teacher: Client
) -> None:
    period_locks.lock_period(
        by=missed.coordinator,
        school=missed.door.world.school,
        requirement=PracticumRequirement.objects.get(),
        now=missed.now,
    )
    correcting = f"/school/credits/{missed.credit().pk}/correct/"
    proposing = f"/school/students/{missed.student(2).pk}/hours/new/?session={missed.session.pk}"
    made_up = {
        "kind": "make_up",
        "class_hours": "4",
        "earned_on": (DAY + timedelta(days=1)).isoformat(),
        "reason": "周三下午补上",
    }

    pages = [
        teacher.post(correcting, {"class_hours": "2", "reason": "只上了半场"}, follow=True),
        teacher.post(proposing, made_up, follow=True),
    ]

    for page in pages:
        assert "已提交。这段时间的学时已锁定，由联盟秘书处决定。" in page.content.decode()
        assert "等另一个人复核。" not in page.content.decode()
    shown = teacher.get(f"/proposals/{HourProposal.objects.latest('pk').pk}/").content.decode()
    assert "这段时间的学时已锁定，由联盟秘书处决定。" in shown
    assert "本校的另一名管理员" not in shown


def test_a_coordinator_sees_why_the_button_is_barred_in_a_locked_period(
    missed: Missed, teacher: Client, coordinator: Client
) -> None:
    teacher.post(
        f"/school/credits/{missed.credit().pk}/correct/",
        {"class_hours": "2", "reason": "只上了半场"},
    )
    proposal = HourProposal.objects.get()
    address = f"/proposals/{proposal.pk}/"
    before = coordinator.get(address).content.decode()
    period_locks.lock_period(
        by=missed.coordinator,
        school=missed.door.world.school,
        requirement=PracticumRequirement.objects.get(),
        now=missed.now,
    )

    shown = coordinator.get(address).content.decode()
    pressed = coordinator.post(address, {"what": "confirm"})
    refused = coordinator.post(
        address, {"what": "refuse", "answer": "学时已锁定"}, follow=True
    ).content.decode()

    why = "这段时间的学时已经公示并锁定。如需更正，请联系联盟秘书处。"
    button = re.compile(r"<button[^>]*>同意，记入学时")
    assert why not in before
    assert "aria-disabled" not in button.findall(before)[0]
    assert why in shown
    assert 'aria-disabled="true"' in button.findall(shown)[0]
    assert (pressed.status_code, why in pressed.content.decode()) == (409, True)
    proposal.refresh_from_db()
    assert "没有同意，已告诉提出的人。" in refused
    assert proposal.state == "refused"


def test_a_credit_is_corrected_and_all_three_entries_are_shown(
    missed: Missed, teacher: Client, coordinator: Client
) -> None:
    credit = missed.credit()
    form = f"/school/credits/{credit.pk}/correct/"
    linked = form in student_page(missed, teacher, 1)

    teacher.post(form, {"class_hours": "2", "reason": "只上了半场"})
    proposal = HourProposal.objects.get()
    listed = coordinator.get("/proposals/").content.decode()
    coordinator.post(f"/proposals/{proposal.pk}/", {"what": "confirm"})
    page = student_page(missed, teacher, 1)

    assert linked
    assert "更正 4 → 2 学时" in " ".join(listed.split())
    assert "出席 · 已冲正" in page
    assert "<s>4</s>" in page
    assert "冲正 · 只上了半场" in page
    assert "人工补记 · 只上了半场" in page
    assert form not in page
    assert teacher.get(form).status_code == 409


def test_the_host_proposes_by_seat_and_learns_the_answer(
    missed: Missed, secretary: Client, coordinator: Client
) -> None:
    host = signed_in(missed.manager.membership_id)
    place = missed.door.place(2)
    form = f"/desk/{missed.session.pk}/places/{place.pk}/hours/"
    desk = host.get(f"/desk/{missed.session.pk}/").content.decode()

    asked = host.get(form).content.decode()
    host.post(
        form,
        {
            "kind": ProposalKind.MAKE_UP,
            "class_hours": "4",
            "earned_on": DAY.isoformat(),
            "reason": "下午班补上",
        },
    )
    proposal = HourProposal.objects.get()
    coordinator.post(f"/proposals/{proposal.pk}/", {"what": "refuse", "answer": "没有去过"})
    told = host.get(f"/proposals/{proposal.pk}/").content.decode()

    assert form in desk
    assert "2 号" in asked
    name = missed.student(2).name
    assert name not in asked + told
    assert "没有同意" in told
    assert "没有去过" in told
    assert not HourCredit.objects.filter(student=missed.student(2)).exists()


def test_the_secretariat_decides_without_names(missed: Missed, secretary: Client) -> None:
    proposal = missed.propose(by=missed.coordinator)
    name = missed.student(2).name

    overview = secretary.get("/overview/").content.decode()
    listed = secretary.get("/proposals/").content.decode()
    shown = secretary.get(f"/proposals/{proposal.pk}/").content.decode()
    done = secretary.post(f"/proposals/{proposal.pk}/", {"what": "confirm"}, follow=True)

    assert "1 份补记学时的申请等您复核" in overview
    assert "七(3)班 2 号" in listed
    assert name not in overview + listed + shown + done.content.decode()
    assert HourProposal.objects.get().state == ProposalState.CONFIRMED


def test_the_school_reads_names_on_the_record(missed: Missed, coordinator: Client) -> None:
    proposal = missed.propose()

    assert missed.student(2).name in coordinator.get("/proposals/").content.decode()
    assert missed.student(2).name in coordinator.get(f"/proposals/{proposal.pk}/").content.decode()

    reads = AuditEntry.objects.filter(verb="names.read", facts__context="hour_proposals")
    assert [entry.facts["students"] for entry in reads] == [[missed.student(2).pk]] * 2


def test_who_proposed_sees_who_may_decide_and_withdraws(missed: Missed, teacher: Client) -> None:
    proposal = missed.propose()
    address = f"/proposals/{proposal.pk}/"

    shown = teacher.get(address).content.decode()
    alone = teacher.post(address, {"what": "confirm"})
    blank = teacher.post(address, {"what": "withdraw"})
    done = teacher.post(address, {"what": "withdraw", "answer": "填错"}, follow=True)

    assert "等另一个人复核" in shown
    assert "同意，记入学时" not in shown
    assert alone.status_code == 403
    assert (blank.status_code, list(blank.context["form"].errors)) == (422, ["__all__"])
    assert "已撤回。" in done.content.decode()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"class_hours": "5"}, "class_hours"),
        ({"class_hours": ""}, "class_hours"),
        ({"earned_on": "gestern"}, "earned_on"),
        ({"earned_on": "2027-01-01"}, "__all__"),
        ({"reason": ""}, "reason"),
    ],
)
def test_what_is_wrong_with_a_proposal_stands_on_the_form(
    missed: Missed, teacher: Client, typed: dict[str, str], field: str
) -> None:
    fine = {"kind": "make_up", "class_hours": "4", "earned_on": "2026-12-09", "reason": "补上"}

    page = teacher.post(
        f"/school/students/{missed.student(2).pk}/hours/new/?session={missed.session.pk}",
        fine | typed,
    )

    assert list(page.context["form"].errors) == [field]
    assert page.status_code == 422
    assert not HourProposal.objects.exists()


def test_a_session_that_was_not_the_students_is_not_there(missed: Missed, teacher: Client) -> None:
    other = missed.door.world.session(day=DAY)
    address = f"/school/students/{missed.student(2).pk}/hours/new/"

    assert teacher.get(f"{address}?session={other.pk}").status_code == 404
    assert teacher.get(f"{address}?session=x").status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_with_one_and_with_three(
    missed: Missed, coordinator: Client, count: int, django_assert_num_queries: Any
) -> None:
    for seat in range(2, 2 + count):
        missed.propose(seat=seat, kind=ProposalKind.MANUAL)
    coordinator.get("/proposals/")

    with django_assert_num_queries(8):
        page = coordinator.get("/proposals/")

    assert len(page.context["waiting"]) == count


def test_an_empty_list_says_so(missed: Missed, coordinator: Client) -> None:
    assert "没有待复核的申请" in coordinator.get("/proposals/").content.decode()


def test_the_list_leads_back_to_the_page_it_was_opened_from(
    missed: Missed, teacher: Client, coordinator: Client, secretary: Client
) -> None:
    manager = signed_in(missed.manager.membership_id)

    ways = [
        client.get("/proposals/")
        .content.decode()
        .split('<p class="crumb"><a href="')[1]
        .split('"')[0]
        for client in (coordinator, teacher, secretary, manager)
    ]

    assert ways == ["/school/", "/classes/", "/overview/", "/desk/"]

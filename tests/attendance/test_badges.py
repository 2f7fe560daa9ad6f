"""Badges: random, one a student, revoked with a reason."""

import re

import pytest
from django.db import IntegrityError, transaction

from accounts.actors import SYSTEM
from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from attendance.errors.badges import TooManyToPrint
from attendance.errors.certificates import RevokeReasonMissing
from attendance.models import Badge
from attendance.services import badges
from tests.attendance.conftest import Door, actor_of
from tests.factories.accounts import MembershipFactory
from tests.factories.rosters import StudentFactory


def test_codes_are_eighty_random_bits_in_base32() -> None:
    codes = [badges.new_code() for _ in range(500)]

    assert all(re.fullmatch("[A-Z2-7]{16}", code) for code in codes)
    assert len(set(codes)) == 500
    # Every character of the alphabet turns up at every place sooner or later.
    assert all(len({code[place] for code in codes}) > 24 for place in range(16))


def test_missing_badges_are_issued_and_those_there_kept(door: Door) -> None:
    before = set(Badge.objects.values_list("code", flat=True))
    StudentFactory(class_group=door.world.group, seat_no=6)

    count = badges.issue_missing(
        by=door.world.coordinator, class_group=door.world.group, now=door.now
    )

    assert count == 1
    assert before < set(Badge.objects.values_list("code", flat=True))
    assert Badge.objects.live().count() == 6
    assert badges.issue_missing(by=SYSTEM, class_group=door.world.group, now=door.now) == 0
    assert AuditEntry.objects.filter(verb="badges.issued").count() == 2


def test_who_left_gets_no_badge(door: Door) -> None:
    gone = StudentFactory(class_group=door.world.group, seat_no=6, left_at=door.now)

    badges.issue_missing(by=SYSTEM, class_group=door.world.group, now=door.now)

    assert not gone.badges.exists()


def test_reissued_badge_replaces_the_one_before(door: Door) -> None:
    student = door.students[1]

    new = badges.reissue(by=door.world.teacher, student=student, reason=" 遗失 ", now=door.now)

    old = Badge.objects.get(pk=door.badges[2].pk)
    assert (old.revoked_at, old.revoke_reason) == (door.now, "遗失")
    assert Badge.objects.live().get(student=student) == new
    assert new.code != old.code


def test_who_has_none_is_issued_one(door: Door) -> None:
    student = StudentFactory(class_group=door.world.group, seat_no=6)

    new = badges.reissue(by=door.world.coordinator, student=student, reason="新生", now=door.now)

    assert Badge.objects.get(student=student) == new


def test_revoking_again_keeps_the_first_reason(door: Door) -> None:
    ask = {"by": door.world.coordinator, "badge": door.badges[1]}
    badges.revoke(reason="遗失", now=door.now, **ask)  # type: ignore[arg-type]

    again = badges.revoke(reason="别的", now=door.session.ends_at, **ask)  # type: ignore[arg-type]

    assert (again.revoked_at, again.revoke_reason) == (door.now, "遗失")


def test_reason_is_asked_for(door: Door) -> None:
    with pytest.raises(RevokeReasonMissing):
        badges.revoke(by=door.world.coordinator, badge=door.badges[1], reason=" ", now=door.now)
    with pytest.raises(RevokeReasonMissing):
        badges.reissue(by=door.world.coordinator, student=door.students[0], reason="", now=door.now)


def test_badges_are_the_business_of_the_school_and_the_classs_teachers(door: Door) -> None:
    group = door.world.group
    colleague = actor_of(MembershipFactory(organisation=door.world.school))
    stranger = actor_of(MembershipFactory(coordinator=True))
    secretariat = actor_of(MembershipFactory(secretariat=True))

    badges.check_can_issue(door.world.teacher, group)
    badges.check_can_issue(door.world.coordinator, group)
    badges.check_can_issue(SYSTEM, group)
    with pytest.raises(NotAllowed):
        badges.check_can_issue(colleague, group)
    for actor in (stranger, secretariat, door.manager):
        with pytest.raises(NotYours):
            badges.check_can_issue(actor, group)
    seen = {
        name: Badge.objects.visible_to(actor).count()
        for name, actor in {
            "teacher": door.world.teacher,
            "coordinator": door.world.coordinator,
            "system": SYSTEM,
            "colleague": colleague,
            "stranger": stranger,
            "secretariat": secretariat,
            "host": door.manager,
        }.items()
    }
    assert seen == {
        "teacher": 5,
        "coordinator": 5,
        "system": 5,
        "colleague": 0,
        "stranger": 0,
        "secretariat": 0,
        "host": 0,
    }


@pytest.mark.parametrize("code", ["AAAA", "aaaaaaaaaaaaaaaa", "A" * 15 + "0", "A" * 15 + " "])
def test_database_keeps_no_code_that_is_none(door: Door, code: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Badge.objects.filter(pk=door.badges[1].pk).update(code=code)


def test_database_keeps_one_live_badge_a_student(door: Door) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Badge.objects.create(
            student=door.students[0],
            school=door.world.school,
            code=badges.new_code(),
            issued_at=door.now,
        )


def test_more_than_a_school_at_once_is_refused(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(badges, "MOST_PRINTED", 4)

    with pytest.raises(TooManyToPrint) as refusal:
        badges.take_to_print(by=door.world.teacher, class_groups=[door.world.group], now=door.now)

    assert refusal.value.facts == {"most": 4, "asked": 5}
    assert not Badge.objects.exclude(printed_at=None).exists()


def test_printing_keeps_the_day_of_the_first_sheet(door: Door) -> None:
    ask = {"by": door.world.teacher, "class_groups": [door.world.group]}
    badges.take_to_print(now=door.now, **ask)  # type: ignore[arg-type]

    badges.take_to_print(now=door.session.ends_at, **ask)  # type: ignore[arg-type]

    assert set(Badge.objects.values_list("printed_at", flat=True)) == {door.now}


def test_classes_of_others_are_refused_whole(door: Door) -> None:
    other = door.world.new_group(2, 1)

    for act in (
        lambda: badges.take_to_print(
            by=door.world.teacher, class_groups=[door.world.group, other], now=door.now
        ),
        lambda: badges.revoke_class(
            by=door.world.teacher, class_group=other, reason="x", now=door.now
        ),
        lambda: badges.reissue_class(
            by=door.world.teacher, class_group=other, reason="x", now=door.now
        ),
    ):
        with pytest.raises(NotAllowed):
            act()
    for blank in (badges.revoke_class, badges.reissue_class):
        with pytest.raises(RevokeReasonMissing):
            blank(by=door.world.teacher, class_group=door.world.group, reason=" ", now=door.now)

    assert Badge.objects.live().count() == 5
    assert not Badge.objects.exclude(printed_at=None).exists()


def test_a_class_form_sent_again_leaves_the_badges_that_it_made(door: Door) -> None:
    form = {
        "by": door.world.teacher,
        "class_group": door.world.group,
        "reason": "纸张打错",
        "now": door.now,
        "newest": max(badge.pk for badge in door.badges.values()),
    }

    counts = [badges.reissue_class(**form), badges.reissue_class(**form)]  # type: ignore[arg-type]

    assert counts == [5, 0]
    assert not Badge.objects.live().filter(pk__lte=form["newest"]).exists()
    assert Badge.objects.live().count() == 5
    assert AuditEntry.objects.get(verb="badges.revoked").facts == {"count": 5}


def test_a_class_is_revoked_as_the_form_showed_it(door: Door) -> None:
    shown = max(badge.pk for badge in door.badges.values())
    new = badges.reissue(
        by=door.world.teacher, student=door.students[1], reason="遗失", now=door.now
    )

    count = badges.revoke_class(
        by=door.world.teacher,
        class_group=door.world.group,
        reason="整班补发",
        now=door.now,
        newest=shown,
    )

    assert count == 4
    assert Badge.objects.live().get() == new

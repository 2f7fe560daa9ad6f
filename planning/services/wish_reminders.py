"""Reminding classes that have said nothing of the wish phase's end."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import notifications.services
from accounts.actors import SYSTEM
from accounts.choices import Role
from accounts.models import Membership, User
from bookings import wording
from courses.models import Season
from notifications.selectors import told_already
from planning.selectors.wishes import open_season, silent_classes
from rosters.models import ClassGroup, ClassTeacher
from sites import dates
from sites.calendar import SHANGHAI, local_day

# So many days before the last, and from this hour on: early enough to ask the class.
DAYS_BEFORE = (3, 1)
REMIND_FROM = time(12)


def send_due_reminders(*, now: datetime) -> int:
    """Homeroom teachers of classes that have said nothing, and their schools' coordinators, have
    been reminded: once from noon of the third day before the last, once from noon of the day
    before it. How many were, just now.

    A deadline at midnight ends the day before. Another deadline is reminded of anew. Safe to
    repeat and to run twice at the same time.
    """
    if now.astimezone(SHANGHAI).time() < REMIND_FROM:
        return 0
    season = open_season(now)
    if season is None or season.wishes_until is None:
        return 0
    last = local_day(season.wishes_until - timedelta(microseconds=1))
    passed = [days for days in DAYS_BEFORE if local_day(now) >= last - timedelta(days=days)]
    if not passed:
        return 0
    # Whoever missed the first hears only the second.
    prefix = f"wishes:{season.pk}:{last}:{passed[-1]}"
    letters = [
        (person, groups, f"{prefix}:{groups[0].school_id}:{person.pk}")
        for person, groups in _people(silent_classes(SYSTEM, season))
    ]
    told = told_already(key for _person, _groups, key in letters)
    for person, groups, key in letters:
        if key not in told:
            _remind(person, groups, season, key, now)
    return sum(key not in told for _person, _groups, key in letters)


def _people(silent: Sequence[ClassGroup]) -> list[tuple[User, list[ClassGroup]]]:
    """Who is told of which classes: a coordinator of all of the school's, a homeroom teacher of
    the own ones; who is both at a school, as its coordinator. Two queries."""
    of_school: dict[int, list[ClassGroup]] = defaultdict(list)
    for group in silent:
        of_school[group.school_id].append(group)
    found: dict[tuple[int, int], tuple[User, list[ClassGroup]]] = {}
    for membership in (
        Membership.objects.live()
        .filter(organisation__in=of_school, role=Role.SCHOOL_COORDINATOR)
        .select_related("user")
        .order_by("organisation", "pk")
    ):
        key = (membership.organisation_id, membership.user_id)
        found[key] = (membership.user, of_school[membership.organisation_id])
    coordinators = set(found)
    homeroom = {
        one.class_group_id: one.membership.user
        for one in ClassTeacher.objects.live()
        .filter(class_group__in=silent, is_homeroom=True)
        .select_related("membership__user")
    }
    for group in silent:
        teacher = homeroom.get(group.pk)
        if teacher is not None and (group.school_id, teacher.pk) not in coordinators:
            found.setdefault((group.school_id, teacher.pk), (teacher, []))[1].append(group)
    return list(found.values())


def _remind(
    person: User, groups: Sequence[ClassGroup], season: Season, key: str, now: datetime
) -> None:
    assert season.wishes_until is not None
    with translation.override(person.language):
        until = dates.moment(season.wishes_until)
        notifications.services.tell(
            recipient=person,
            kind="wishes_due",
            subject=ngettext(
                "还有 %(count)d 个班没有填志愿，%(until)s 截止",
                "还有 %(count)d 个班没有填志愿，%(until)s 截止",
                len(groups),
            )
            % {"count": len(groups), "until": until},
            body="\n".join(
                [
                    _("“%(season)s”的志愿填到 %(until)s 为止。还没有填的班级：")
                    % {"season": season.name, "until": until},
                    _("、").join(wording.class_name(group, now) for group in groups),
                    "",
                    _("有想体验的职业，请按先后填写；没有偏好，可以选“都可以”。"),
                    _("不填也可以：排课时和别的班级一样对待，不受影响。"),
                ]
            ),
            path=reverse("planning:class_wishes", args=[groups[0].pk])
            if len(groups) == 1
            else reverse("planning:wishes"),
            once_key=key,
            now=now,
        )

"""Classes as cards: how far each is, in one sentence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import planning.wording
from accounts.actors import Actor
from attendance.selectors import notices, proposals
from bookings import wording
from bookings.selectors import companions, roll
from bookings.selectors.progress import ClassProgress, progress_of_classes
from planning.selectors import wishes
from planning.services import replanning
from rosters.models import ClassGroup
from sites import dates


@dataclass(frozen=True, slots=True)
class ClassCard:
    """One class at a glance; hours are those most of its students have."""

    pk: int
    label: str
    school: str
    students: int
    required: int
    earned: int
    booked: int
    missing: int
    short: int
    short_of: str
    differing: int
    everybody_done: bool
    sentence: str
    lacks: str
    outside: str
    due: str


@dataclass(frozen=True, slots=True)
class Todo:
    text: str
    detail: str
    url: str


def cards(groups: Iterable[ClassGroup], now: datetime) -> list[ClassCard]:
    """A card for each class, in the given order; constant queries."""
    groups = list(groups)
    progress = progress_of_classes(groups, now)
    return [card_of(progress[group.pk], now) for group in groups]


def card_of(progress: ClassProgress, now: datetime) -> ClassCard:
    group = progress.class_group
    return ClassCard(
        pk=group.pk,
        label=wording.class_name(group, now),
        school=wording.organisation_name(group.school),
        students=progress.students,
        required=progress.required,
        earned=progress.earned,
        booked=progress.booked,
        missing=progress.missing,
        short=progress.short,
        short_of=_short_of(progress),
        differing=progress.differing,
        everybody_done=progress.is_done,
        sentence=_sentence(progress),
        lacks=wording.lacking(
            progress.lacking.hours, progress.lacking.kinds, progress.lacking.occupations
        ),
        outside=wording.outside(progress.outside.before, progress.outside.after),
        due=dates.day(progress.requirement.due_on) if progress.requirement else "",
    )


def _short_of(progress: ClassProgress) -> str:
    """1 人还差学时，25 人还差职业种类: what is really missing, and to how many."""
    hours, occupations = progress.short_of_hours, progress.short_of_occupations
    parts = []
    if hours:
        parts.append(
            ngettext("%(count)d 人还差学时", "%(count)d 人还差学时", hours) % {"count": hours}
        )
    if occupations:
        parts.append(
            ngettext("%(count)d 人还差职业种类", "%(count)d 人还差职业种类", occupations)
            % {"count": occupations}
        )
    return _("，").join(parts)


def _sentence(progress: ClassProgress) -> str:
    """What a teacher needs to know about the class beyond its three numbers."""
    if not progress.students:
        return _("班里还没有学生。")
    if progress.is_done:
        return ngettext("%(count)d 人全部完成。", "%(count)d 人全部完成。", progress.students) % {
            "count": progress.students
        }
    if not progress.short:
        return _("已约的都按时出席，全班就能完成。")
    if not progress.differing:
        return ngettext("%(count)d 人进度一致。", "%(count)d 人进度一致。", progress.students) % {
            "count": progress.students
        }
    return ngettext(
        "%(same)d 人进度一致，%(count)d 人不同。",
        "%(same)d 人进度一致，%(count)d 人不同。",
        progress.differing,
    ) % {"same": progress.students - progress.differing, "count": progress.differing}


def todos(cards: Sequence[ClassCard], now: datetime) -> list[Todo]:
    """What waits for a teacher: changes of the roll that coming trips do not know of, then the
    classes that still miss hours, those furthest behind first. Four queries at most."""
    return [*_changes_of_roll(cards, now), *_missing_hours(cards)][:6]


def proposed_hours(actor: Actor) -> list[Todo]:
    """Class hours proposed by hand that wait for the actor's second pair of eyes."""
    waiting = proposals.waiting_for(actor)
    if not waiting:
        return []
    return [
        Todo(
            text=ngettext(
                "%(count)d 份补记学时的申请等您复核",
                "%(count)d 份补记学时的申请等您复核",
                waiting,
            )
            % {"count": waiting},
            detail="",
            url=reverse("attendance:proposals"),
        )
    ]


def plans_to_make_good(actor: Actor, now: datetime) -> list[Todo]:
    """The actor's published plans that have lost sessions, or could not book classes, and can be
    planned anew. One query where there are none."""
    return [
        Todo(
            text=_("%(plan)s：%(lost)s")
            % {
                "plan": planning.wording.name(plan),
                "lost": planning.wording.lost_in_short(
                    extent.sessions, extent.classes, extent.refused
                ),
            },
            detail=_("可以重新统筹"),
            url=reverse("planning:plan", args=[plan.pk]),
        )
        for plan, extent in replanning.to_make_good(actor, now)
    ]


def wishes_to_say(actor: Actor, now: datetime) -> list[Todo]:
    """The actor's classes that may still say what they wish for and have said nothing. One query
    outside wish phases."""
    season = wishes.open_season(now)
    silent = wishes.silent_classes(actor, season) if season is not None else []
    if season is None or season.wishes_until is None or not silent:
        return []
    return [
        Todo(
            text=ngettext("%(count)d 个班还没有填志愿", "%(count)d 个班还没有填志愿", len(silent))
            % {"count": len(silent)},
            detail=_("%(until)s 截止，不填也没有影响")
            % {"until": dates.moment(season.wishes_until)},
            url=reverse("planning:class_wishes", args=[silent[0].pk])
            if len(silent) == 1
            else reverse("planning:wishes"),
        )
    ]


def teachers_to_name(actor: Actor, now: datetime) -> list[Todo]:
    """The actor's trips to come for which not all who accompany the class are named. One query."""
    trips = companions.trips_lacking(actor, now)
    if not trips:
        return []
    return [
        Todo(
            text=ngettext("%(count)d 个行程还缺带队教师", "%(count)d 个行程还缺带队教师", trips)
            % {"count": trips},
            detail=_("请在名单定下前补上"),
            url=f"{reverse('bookings:trips')}?show=teachers",
        )
    ]


def objections(actor: Actor) -> list[Todo]:
    """What students object to in a notice of hours, and the coordinator is to answer."""
    waiting = notices.objections_waiting(actor)
    if not waiting:
        return []
    return [
        Todo(
            text=ngettext(
                "%(count)d 条学时公示的异议等您处理",
                "%(count)d 条学时公示的异议等您处理",
                len(waiting),
            )
            % {"count": len(waiting)},
            detail="",
            url=reverse("attendance:notice", args=[waiting[0]])
            if len(set(waiting)) == 1
            else reverse("attendance:notices"),
        )
    ]


def _changes_of_roll(cards: Sequence[ClassCard], now: datetime) -> list[Todo]:
    """Who joined without seats, who left with seats: how many, in which class. No names."""
    keys = [card.pk for card in cards]
    joined, left = roll.newcomers(keys, now), roll.leavers(keys, now)
    found = []
    for card in cards:
        came, went = len(joined.get(card.pk, ())), len(left.get(card.pk, ()))
        if not came and not went:
            continue
        parts = []
        if came:
            parts.append(
                ngettext("%(count)d 人没有加入已约的行程", "%(count)d 人没有加入已约的行程", came)
                % {"count": came}
            )
        if went:
            parts.append(
                ngettext("%(count)d 人离开后还占着名额", "%(count)d 人离开后还占着名额", went)
                % {"count": went}
            )
        found.append(
            Todo(
                text=_("%(class_group)s名单有变化") % {"class_group": card.label},
                detail=_("，").join(parts),
                url=reverse("insights:class", args=[card.pk]),
            )
        )
    return found


def _missing_hours(cards: Iterable[ClassCard]) -> list[Todo]:
    waiting = [card for card in cards if card.required and card.short]
    waiting.sort(key=lambda card: (-card.missing, -card.short, card.pk))
    return [
        Todo(
            text=_("%(class_group)s还差 %(hours)d 学时")
            % {"class_group": card.label, "hours": card.missing}
            if card.missing
            else f"{card.label} {card.lacks}"
            if card.lacks
            else _("%(class_group)s有 %(people)s")
            % {"class_group": card.label, "people": card.short_of},
            detail=_("%(day)s前完成") % {"day": card.due},
            url=f"{reverse('bookings:catalogue')}?class={card.pk}"
            if card.lacks
            else f"{reverse('insights:class', args=[card.pk])}?show=short",
        )
        for card in waiting
    ]

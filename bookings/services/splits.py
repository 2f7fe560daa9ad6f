"""A class larger than a session's seats, offered in groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import F, Q

from accounts.actors import Actor
from accounts.errors import Refusal
from bookings import splitting
from bookings.errors.basket import (
    GroupTooSmall,
    NothingBeside,
    SetNotSplit,
    SplitNeedless,
    TooFewTogether,
)
from bookings.selectors.choosing import halves
from bookings.services import consents, offers
from bookings.services.offers import Offer
from courses.errors import SessionFull
from courses.models import CourseSession
from rosters.models import ClassGroup, Student
from sites.calendar import at, local_day


@dataclass(frozen=True, slots=True)
class SplitGroup:
    """One group: the session and how many go there."""

    session: CourseSession
    seats: int


@dataclass(frozen=True, slots=True)
class Split:
    """How a class can be split over a session and others of its day, nearest first; where there
    is no way, why."""

    ways: list[list[SplitGroup]]
    why_not: Refusal | None = None


def split_of(actor: Actor, offer: Offer, class_group: ClassGroup, now: datetime) -> Split:
    return splits_of(actor, [offer], class_group, now)[0]


def splits_of(
    actor: Actor,
    offered: Sequence[Offer],
    class_group: ClassGroup,
    now: datetime,
    *,
    at_most: int = 3,
) -> list[Split]:
    """For each offer how the class can be split, in ``at_most`` ways, or why it cannot. Two
    queries more than ``offers.answers``, whatever their number."""
    seat_nos = dict(
        Student.objects.current().filter(class_group=class_group).values_list("pk", "seat_no")
    )
    size = len(seat_nos)
    singles = [offer for offer in offered if offer.session_set is None]
    beside = _beside(actor, singles, class_group) if singles else []
    answers = {
        offer.first.pk: answer
        for offer, answer in zip(
            [*singles, *beside],
            offers.answers(actor, [*singles, *beside], class_group, now),
            strict=True,
        )
    }
    by_day: dict[date, dict[int, CourseSession]] = {}
    for offer in [*singles, *beside]:
        answer = answers[offer.first.pk]
        if answer.why_not is None and not answer.busy:
            by_day.setdefault(local_day(offer.first.starts_at), {})[offer.first.pk] = offer.first
    found = []
    for offer in offered:
        if offer.session_set is not None:
            found.append(Split([], SetNotSplit(set=offer.session_set.name)))
            continue
        answer = answers[offer.first.pk]
        why_not = answer.why_not or answer.clash
        if why_not is None and answer.unsigned:
            # Every student is in a group, so nobody can be left out.
            seats = sorted(seat_nos[pk] for pk in answer.unsigned)
            why_not = consents.missing(seats, offer.first, class_group)
        found.append(
            Split([], why_not)
            if why_not
            else _split(offer.first, by_day[local_day(offer.first.starts_at)], size, at_most)
        )
    return found


def _beside(actor: Actor, singles: Sequence[Offer], class_group: ClassGroup) -> list[Offer]:
    """What else has a seat on the days of the offers. One query."""
    days = Q()
    for day in {local_day(offer.first.starts_at) for offer in singles}:
        days |= Q(starts_at__gte=at(day, time()), starts_at__lt=at(day + timedelta(days=1), time()))
    near = (
        CourseSession.objects.visible_to(actor)
        .scheduled()
        .filter(
            days,
            session_set=None,
            capacity__gt=F("seats_taken") + F("seats_held"),
            version__stages__contains=[class_group.stage],
        )
        .exclude(pk__in=[offer.first.pk for offer in singles])
        .select_related("season", "version", "host", "school", "session_set", "room__site")
        .order_by("starts_at", "pk")
    )
    return [Offer((one,), None) for one in near]


def _split(
    session: CourseSession, of_day: Mapping[int, CourseSession], size: int, at_most: int
) -> Split:
    chosen = slot_of(session)
    others = [slot_of(one) for one in of_day.values() if one.pk != session.pk]
    ways = [
        [SplitGroup(of_day[group.slot.key], group.seats) for group in way]
        for way in splitting.ways(chosen, others, size, at_most=at_most)
    ]
    return Split(ways, None if ways else _why_no_way(chosen, others, size))


def _why_no_way(chosen: splitting.Slot, others: Sequence[splitting.Slot], size: int) -> Refusal:
    if chosen.seats >= size:
        return SplitNeedless(size=size)
    if not chosen.seats:
        return SessionFull(seats=1, seats_left=0)
    if not any(other.seats for other in others):
        return NothingBeside()
    together = splitting.most_together(chosen, others)
    if together < size:
        return TooFewTogether(seats=together, size=size)
    return GroupTooSmall(least=splitting.least(size, 2))


def slot_of(session: CourseSession) -> splitting.Slot:
    """The session (version and room loaded) as the splitting sees it."""
    return splitting.Slot(
        key=session.pk,
        course=session.version.course_id,
        site=session.room.site_id if session.room is not None else None,
        half=tuple(half.value for half in halves(session.starts_at, session.ends_at)),
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        seats=offers.room_for(session),
    )


def by_number(students: Sequence[Student], way: Sequence[SplitGroup]) -> dict[int, int]:
    """For each student, in seat order, the number of the group: 0, 1, 2."""
    cut = splitting.blocks([one.pk for one in students], [group.seats for group in way])
    return {pk: number for number, keys in enumerate(cut) for pk in keys}

"""A class larger than a session's seats, offered in groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from accounts.actors import Actor
from bookings import splitting
from bookings.selectors.choosing import halves
from bookings.services import offers
from bookings.services.offers import Offer
from courses.models import CourseSession
from rosters.models import ClassGroup, Student
from sites.calendar import at, local_day


@dataclass(frozen=True, slots=True)
class SplitGroup:
    """One group: the session and how many go there."""

    session: CourseSession
    seats: int


def ways_of(
    actor: Actor, session: CourseSession, class_group: ClassGroup, now: datetime
) -> list[list[SplitGroup]]:
    """How the class can be split over the session and others of its day; nearest first, none
    where it needs no splitting or there is no room. Six queries."""
    size = Student.objects.current().filter(class_group=class_group).count()
    if session.session_set_id is not None:
        return []
    day = local_day(session.starts_at)
    near = list(
        CourseSession.objects.visible_to(actor)
        .scheduled()
        .filter(
            session_set=None,
            starts_at__gte=at(day, time()),
            starts_at__lt=at(day + timedelta(days=1), time()),
        )
        .select_related("season", "version__course", "host", "school", "session_set", "room__site")
        .order_by("starts_at", "pk")
    )
    singles = [Offer((one,), None) for one in near]
    fitting = {
        offer.first.pk: offer.first
        for offer, answer in zip(
            singles, offers.answers(actor, singles, class_group, now), strict=True
        )
        if answer.why_not is None and not answer.busy
    }
    if session.pk not in fitting:
        return []
    slots = {pk: slot_of(one) for pk, one in fitting.items()}
    return [
        [SplitGroup(fitting[group.slot.key], group.seats) for group in way]
        for way in splitting.ways(slots[session.pk], list(slots.values()), size)
    ]


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

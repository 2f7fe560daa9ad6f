"""What would complete a class's hours, from what is free now; and reserving it."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from django.db.models import Exists, OuterRef, Q

from accounts.actors import Actor
from accounts.errors import NotYours, Refusal
from bookings import proposing, splitting
from bookings.errors.basket import ProposalGone
from bookings.models import Place, Reservation
from bookings.proposing import Choice, Need, Proposal, Seat
from bookings.selectors import standing
from bookings.selectors.progress import ClassProgress, StudentHours, progress_of_classes
from bookings.services import freeze, offers, reservations, splits
from bookings.services.companions import CompanionInput
from bookings.services.offers import Offer
from bookings.services.parts import Part
from bookings.services.sessions_seen import Seen
from courses.models import CourseSession
from hours.models import HourCredit
from rosters.models import ClassGroup, Student

# So many offers are looked at, the earliest first; a district has a few hundred in a season.
OFFERS_AT_MOST = 400


@dataclass(frozen=True, slots=True)
class Proposed:
    """Proposals for a class; ``offers`` by the key of a choice. ``coming`` are the students
    who still miss hours, or those of them who were asked for, in seat order."""

    progress: ClassProgress
    proposals: tuple[Proposal, ...]
    offers: dict[int, tuple[Offer, ...]]
    coming: tuple[int, ...]
    missing: dict[int, int]

    def still_short(self, proposal: Proposal) -> int:
        """How many of the class miss hours even then."""
        return sum(missing > proposal.hours for missing in self.missing.values())


def proposals_for(
    actor: Actor,
    class_group: ClassGroup,
    now: datetime,
    *,
    student_ids: Collection[int] | None = None,
) -> Proposed:
    """Up to three baskets that complete the class's hours, in as many queries whatever is on offer;
    with ``student_ids`` for those of them alone who still miss hours or occupations.

    Refused: NotYourClass, another school's class.
    """
    reservations.check_is_own_class(actor, class_group, now)
    progress = progress_of_classes([class_group], now)[class_group.pk]
    rows = _coming(progress, student_ids)
    missing = {row.student.pk: row.missing for row in rows}
    coming = tuple(missing)
    if not coming or progress.requirement is None:
        return Proposed(progress, (), {}, coming, missing)
    on_offer = _on_offer(actor, class_group, progress, now)
    taken, courses = _taken(coming, now)
    choices, by_key = _choices(on_offer, len(coming), taken)
    found = proposing.propose(choices, _need(rows, courses, now))
    return Proposed(progress, tuple(found), by_key, coming, missing)


def reserve_proposal(
    *,
    by: Actor,
    class_group: ClassGroup,
    picks: Sequence[tuple[int | None, int | None, int]],
    companions: Sequence[CompanionInput],
    contact_phone: str,
    idempotency_key: str,
    now: datetime,
    seen: Sequence[Seen] = (),
    student_ids: Collection[int] | None = None,
) -> Reservation:
    """The class has all of a proposal, or nothing. ``picks`` are session, or set, and number of
    students; those who still miss hours, or those of ``student_ids``, are shared out by their
    seat numbers.

    Refused as ``reservations.reserve`` is.
    """
    reservations.check_is_own_class(by, class_group, now)
    progress = progress_of_classes([class_group], now)[class_group.pk]
    coming = [row.student.pk for row in _coming(progress, student_ids)]
    return reservations.reserve(
        by=by,
        parts=[
            Part(
                class_group=class_group,
                session_ids=[session_id] if session_id is not None else [],
                session_set_id=set_id,
                student_ids=student_ids,
                companions=companions,
                seen=seen,
            )
            for session_id, set_id, student_ids in _shared_out(picks, coming)
        ],
        contact_phone=contact_phone,
        idempotency_key=idempotency_key,
        now=now,
    )


def _coming(progress: ClassProgress, student_ids: Collection[int] | None) -> list[StudentHours]:
    """For whom is proposed, in seat order."""
    if student_ids is None:
        return [row for row in progress.rows if row.missing]
    return [row for row in progress.rows if row.lacking and row.student.pk in student_ids]


def _shared_out(
    picks: Sequence[tuple[int | None, int | None, int]], coming: Sequence[int]
) -> list[tuple[int | None, int | None, list[int]]]:
    """Each pick with its students: groups one after the other until everybody has a seat, then
    from the front again. Refused where the class is no longer as many (ProposalGone)."""
    shared, start = [], 0
    for session_id, set_id, seats in picks:
        end = start + seats
        if end > len(coming):
            raise ProposalGone
        shared.append((session_id, set_id, list(coming[start:end])))
        start = end % len(coming)
    if start or not shared:
        raise ProposalGone
    return shared


def _on_offer(
    actor: Actor, class_group: ClassGroup, progress: ClassProgress, now: datetime
) -> list[Offer]:
    """What the class may book on the days whose hours count; of a set, all of its days."""
    assert progress.requirement is not None
    counts_from, counts_until = progress.requirement.period
    counts = Q(starts_at__gt=now, starts_at__gte=counts_from, starts_at__lt=counts_until)
    cut = CourseSession.objects.scheduled().filter(~counts, session_set=OuterRef("session_set"))
    sessions = (
        CourseSession.objects.visible_to(actor)
        .scheduled()
        .filter(
            counts,
            ~Exists(cut),
            season__opens_at__lte=now,
            season__closes_at__gt=now,
            version__stages__contains=[class_group.stage],
        )
        # Hundreds of sessions of a few dozen courses: each course is read once.
        .select_related("school", "session_set", "room__site")
        .prefetch_related("season", "version__course", "host")
        .order_by("starts_at", "pk")
    )
    found = offers.offers_of(sessions[:OFFERS_AT_MOST])
    return [offer for offer in found if _suits(offer, class_group, now)]


def _suits(offer: Offer, class_group: ClassGroup, now: datetime) -> bool:
    """What a class may still plan with: bookable, and its list not settled the moment it is."""
    try:
        for session in offer.sessions:
            freeze.check_open(session, now)
            reservations.check_session_suits(session, class_group, now)
    except Refusal:
        return False
    return True


def _taken(
    student_ids: Sequence[int], now: datetime
) -> tuple[list[tuple[datetime, datetime]], frozenset[int]]:
    """When any of the students is elsewhere, and the courses that any has booked or has class
    hours of. One query."""
    booked = Place.objects.live().filter(student__in=student_ids, ends_at__gt=now)
    credited = HourCredit.objects.filter(
        student__in=student_ids, session__isnull=False, class_hours__gt=0, reversed_by=None
    )
    rows = sorted(
        booked.values_list("starts_at", "ends_at", "session__version__course_id").union(
            credited.values_list(
                "session__starts_at", "session__ends_at", "session__version__course_id"
            )
        )
    )
    spans = [(begun, over) for begun, over, _course in rows if over > now]
    return spans, frozenset(course for _begun, _over, course in rows)


def _choices(
    on_offer: Sequence[Offer], size: int, taken: Sequence[tuple[datetime, datetime]]
) -> tuple[list[Choice], dict[int, tuple[Offer, ...]]]:
    """What seats all of the students, whole or in two groups side by side. Of equals, the same
    course at the same time and site, one is enough."""
    free = [offer for offer in on_offer if offer.room and not _clashes(offer, taken)]
    by_kind: dict[tuple[object, ...], list[Offer]] = {}
    for offer in free:
        by_kind.setdefault(_kind(offer), []).append(offer)
    choices: list[Choice] = []
    offers_of: dict[int, tuple[Offer, ...]] = {}
    for alike in by_kind.values():
        whole = [offer for offer in alike if offer.room >= size]
        if whole:
            # The tightest that suffices leaves the large ones to others.
            chosen: tuple[Offer, ...] = (min(whole, key=lambda one: (one.room, one.first.pk)),)
        else:
            chosen = next(
                (
                    pair
                    for pair in combinations(alike, 2)
                    if pair[0].session_set is None
                    and sum(one.room for one in pair) >= size
                    and splitting.is_balanced(
                        splitting.shared_out([splits.slot_of(one.first) for one in pair], size)
                    )
                ),
                (),
            )
        if chosen:
            key = chosen[0].first.pk
            choices.append(_choice(key, chosen, size))
            offers_of[key] = chosen
    return choices, offers_of


def _kind(offer: Offer) -> tuple[object, ...]:
    first = offer.first
    return (
        first.version.course_id,
        first.room.site_id if first.room is not None else None,
        tuple((one.starts_at, one.ends_at) for one in offer.sessions),
    )


def _choice(key: int, chosen: Sequence[Offer], size: int) -> Choice:
    first = chosen[0].first
    sizes = {
        group.slot.key: group.seats
        for group in splitting.shared_out([splits.slot_of(one.first) for one in chosen], size)
    }
    return Choice(
        key=key,
        hours=chosen[0].class_hours,
        spans=tuple((one.starts_at, one.ends_at) for one in chosen[0].sessions),
        course=first.version.course_id,
        occupation=first.version.occupation_zh or first.version.title_zh,
        host_kind=first.host.kind,
        site=first.room.site_id if first.room is not None else None,
        seating=tuple(
            Seat(
                session_ids=tuple(one.pk for one in offer.sessions),
                session_set_id=offer.session_set.pk if offer.session_set else None,
                seats=size if len(chosen) == 1 else sizes.get(offer.first.pk, 0),
            )
            for offer in chosen
        ),
    )


def _clashes(offer: Offer, taken: Sequence[tuple[datetime, datetime]]) -> bool:
    return any(
        session.starts_at < over and begun < session.ends_at
        for session in offer.sessions
        for begun, over in taken
    )


def _need(coming: Sequence[StudentHours], courses: frozenset[int], now: datetime) -> Need:
    """What most of those who come lack; of equally many, those who lack more hours."""
    counts = Counter(row.lacking for row in coming)
    lacking = max(counts, key=lambda one: (counts[one], one.hours, one.occupations, one.kinds))
    return Need(
        hours=lacking.hours,
        occupations=lacking.occupations,
        had=standing.occupations_of(
            Student.objects.filter(pk__in=[row.student.pk for row in coming]), now
        ),
        courses=courses,
        kinds=lacking.kinds,
    )


def check_visible(actor: Actor, class_group_id: int) -> ClassGroup:
    """The class, if it is the actor's to see (NotYours)."""
    group = ClassGroup.objects.visible_to(actor).current().filter(pk=class_group_id).first()
    if group is None:
        raise NotYours
    return group

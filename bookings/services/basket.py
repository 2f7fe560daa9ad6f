"""The basket: what somebody has chosen for her classes, checked together and reserved at once."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.errors import NotYours, Refusal
from bookings import wording
from bookings.errors.basket import BasketChanged, BasketEmpty, FullTogether, RoomFullTogether
from bookings.errors.reserving import SessionsOverlap
from bookings.models import BasketItem, Reservation
from bookings.selectors.progress import ClassProgress, progress_of_classes
from bookings.selectors.standing import Outside
from bookings.services import companions as companion_rules
from bookings.services import freeze, offers, reservations
from bookings.services import students as student_rules
from bookings.services.companions import CompanionInput
from bookings.services.offers import Answer, Offer
from bookings.services.parts import Part
from bookings.services.retries import in_one_transaction
from bookings.services.sessions_seen import Seen
from courses.choices import SessionState
from courses.errors import RoomFull, SessionFull
from courses.models import CourseSession
from courses.services import seats as seat_rules
from rosters.models import ClassGroup


@dataclass(frozen=True, slots=True)
class Line:
    """One item, and what stands in its way if it were reserved now with the others."""

    item: BasketItem
    offer: Offer
    seats: int
    why_not: Refusal | None
    is_settled: bool


@dataclass(frozen=True, slots=True)
class ClassBasket:
    """A class's items and their effect: hours it has, and would have, as far as they count."""

    class_group: ClassGroup
    lines: tuple[Line, ...]
    progress: ClassProgress

    @property
    def outside(self) -> Outside:
        """The items' hours that would not count."""
        return self.progress.outside_of(
            session for line in self.lines for session in line.offer.sessions
        )

    @property
    def hours(self) -> int:
        return sum(line.offer.class_hours for line in self.lines) - self.outside.hours

    @property
    def hours_then(self) -> int:
        return self.progress.earned + self.progress.booked + self.hours

    @property
    def why_not(self) -> str:
        """Why the items cannot be had all together, if so."""
        return next((str(line.why_not) for line in self.lines if line.why_not), "")


def add(
    *,
    by: Actor,
    class_group: ClassGroup,
    session_id: int,
    now: datetime,
    student_ids: Collection[int] | None = None,
) -> BasketItem:
    """The session, or the set it belongs to, is in the actor's basket for the class. Repeating
    it does nothing. No seat is taken.

    Refused: a class that is not the actor's, a session that is not there (NotYours).
    """
    reservations.check_is_own_class(by, class_group, now)
    session = CourseSession.objects.visible_to(by).filter(pk=session_id).first()
    if session is None:
        raise NotYours
    if student_ids is not None:
        student_ids = [
            student.pk for student in student_rules.of_class(class_group, student_ids, now)
        ]
    assert by.membership_id is not None
    in_set = session.session_set_id is not None
    item, _made = BasketItem.objects.get_or_create(
        membership_id=by.membership_id,
        class_group=class_group,
        session=None if in_set else session,
        session_set_id=session.session_set_id,
        defaults={"student_ids": student_ids, "added_at": now},
    )
    return item


def remove(*, by: Actor, item_id: int) -> BasketItem | None:
    """The item is out of the actor's basket, and returned as it was so that it can be put back;
    None where it is gone already."""
    item = BasketItem.objects.visible_to(by).filter(pk=item_id).first()
    if item is not None:
        item.delete()
    return item


def clear(*, by: Actor) -> None:
    """The actor's basket is empty."""
    with transaction.atomic():
        items = _locked(by)
        BasketItem.objects.filter(pk__in=[item.pk for item in items]).delete()


def baskets(actor: Actor, now: datetime) -> list[ClassBasket]:
    """The actor's basket class by class, the next session first, checked together. The queries
    rise with the classes, not with the items."""
    items = list(
        BasketItem.objects.visible_to(actor)
        .select_related("class_group__school")
        .order_by("class_group_id", "added_at", "pk")
    )
    of_items = _offers(actor, items)
    groups = {item.class_group_id: item.class_group for item in items}
    progress = progress_of_classes(groups.values(), now)
    return [
        ClassBasket(
            class_group=group,
            lines=tuple(
                _lines(
                    actor,
                    sorted(
                        (one for one in items if one.class_group_id == key and one.pk in of_items),
                        key=lambda one: (of_items[one.pk].first.starts_at, one.pk),
                    ),
                    of_items,
                    group,
                    progress[key].students,
                    now,
                )
            ),
            progress=progress[key],
        )
        for key, group in groups.items()
    ]


def why_not_together(found: Sequence[ClassBasket]) -> str:
    """Why the baskets of several classes cannot be reserved with one press, if so: what one class
    lacks by itself, or a session that seats each of them but not all."""
    return next((one.why_not for one in found if one.why_not), "") or next(
        (str(refusal) for refusal in _too_many_together(found)), ""
    )


def reserve_all(
    *,
    by: Actor,
    companions: Sequence[CompanionInput],
    contact_phone: str,
    idempotency_key: str,
    now: datetime,
    class_group_id: int | None = None,
    seen: Sequence[Seen] = (),
) -> Reservation:
    """Everything in the basket, of one class or of all, is reserved under one reference and
    leaves the basket; or nothing is, and it stays as it was.

    Refused: BasketEmpty; BasketChanged where something is in it that was not ``seen``, if that
    is said; and as ``reservations.reserve`` is.
    """

    def write() -> Reservation:
        # Before all other locks; whoever presses twice waits here for the first.
        chosen = _locked(by, class_group_id)
        if not chosen:
            made = Reservation.objects.filter(
                made_by_id=by.membership_id, idempotency_key=idempotency_key
            ).first()
            if made is None:
                raise BasketEmpty
            # The button was pressed twice: the first time emptied the basket.
            return made
        if seen and not _all_seen(chosen, seen):
            raise BasketChanged
        made = reservations.reserve(
            by=by,
            parts=[
                Part(
                    class_group=item.class_group,
                    session_ids=[item.session_id] if item.session_id is not None else [],
                    session_set_id=item.session_set_id,
                    student_ids=item.student_ids,
                    companions=companions,
                    seen=seen,
                )
                for item in chosen
            ],
            contact_phone=contact_phone,
            idempotency_key=idempotency_key,
            now=now,
        )
        BasketItem.objects.filter(pk__in=[item.pk for item in chosen]).delete()
        return made

    return in_one_transaction(write)


def _locked(by: Actor, class_group_id: int | None = None) -> list[BasketItem]:
    """The actor's items, or those of one class, in the order in which they were put in; ours
    until the transaction ends."""
    items = (
        BasketItem.objects.visible_to(by)
        .select_for_update(of=("self",))
        .select_related("class_group__school")
        .order_by("class_group_id", "added_at", "pk")
    )
    if class_group_id is not None:
        items = items.filter(class_group_id=class_group_id)
    return list(items)


def _all_seen(items: Sequence[BasketItem], seen: Sequence[Seen]) -> bool:
    """Of a set some day is enough: which days it has is its host's matter."""
    keys = [one.session_id for one in seen]
    sets = set(
        CourseSession.objects.filter(pk__in=keys)
        .exclude(session_set=None)
        .values_list("session_set_id", flat=True)
    )
    return all(
        item.session_id in keys if item.session_id is not None else item.session_set_id in sets
        for item in items
    )


def _adults(session: CourseSession, seats: int) -> int:
    """Who comes along when the basket is reserved: as many as the course asks for, and the
    person herself in any case."""
    return max(companion_rules.needed_for(session.version, seats), 1)


def _too_many_together(found: Sequence[ClassBasket]) -> list[Refusal]:
    """The sessions that do not take all that the baskets want of them."""
    sessions: dict[int, CourseSession] = {}
    seats: Counter[int] = Counter()
    adults: Counter[int] = Counter()
    for basket in found:
        for line in basket.lines:
            for session in line.offer.sessions:
                sessions[session.pk] = session
                seats[session.pk] += line.seats
                adults[session.pk] += _adults(session, line.seats)
    refusals: list[Refusal] = []
    for session in sorted(sessions.values(), key=lambda one: (one.starts_at, one.pk)):
        which = {"when": wording.when(session), "title": wording.title(session.version)}
        try:
            seat_rules.check_room_for(session, seats=seats[session.pk], adults=adults[session.pk])
        except SessionFull as refusal:
            refusals.append(FullTogether(**refusal.facts, **which))
        except RoomFull as refusal:
            refusals.append(RoomFullTogether(**refusal.facts, **which))
    return refusals


def _offers(actor: Actor, items: Sequence[BasketItem]) -> dict[int, Offer]:
    """Each item's offer, by the item's key; one query each for sessions and sets."""
    visible = CourseSession.objects.visible_to(actor).select_related(
        "season", "version__course", "host", "school", "session_set", "room__site"
    )
    by_session = {
        session.pk: session
        for session in visible.filter(pk__in=[one.session_id for one in items if one.session_id])
    }
    by_set: dict[int, list[CourseSession]] = {}
    for session in visible.filter(
        session_set__in=[one.session_set_id for one in items if one.session_set_id]
    ).order_by("starts_at", "pk"):
        assert session.session_set_id is not None
        by_set.setdefault(session.session_set_id, []).append(session)
    found = {}
    for item in items:
        if item.session_id is not None:
            session = by_session[item.session_id]
            found[item.pk] = Offer((session,), None)
        else:
            assert item.session_set_id is not None
            every = by_set[item.session_set_id]
            # A cancelled day is not booked; a set that was cancelled whole says why.
            days = [one for one in every if one.state == SessionState.SCHEDULED] or every
            found[item.pk] = Offer(tuple(days), days[0].session_set)
    return found


def _lines(
    actor: Actor,
    items: Sequence[BasketItem],
    of_items: dict[int, Offer],
    class_group: ClassGroup,
    size: int,
    now: datetime,
) -> list[Line]:
    offered = [of_items[item.pk] for item in items]
    answers = offers.answers(actor, offered, class_group, now)
    lines: list[Line] = []
    for item, offer, answer in zip(items, offered, answers, strict=True):
        seats = size if item.student_ids is None else len(item.student_ids)
        why_not = answer.why_not or _why_not(item, offer, answer, seats, lines)
        settled = any(freeze.is_settled(one, now) for one in offer.sessions)
        lines.append(Line(item, offer, seats, why_not, settled))
    return lines


def _why_not(
    item: BasketItem, offer: Offer, answer: Answer, seats: int, before: Sequence[Line]
) -> Refusal | None:
    """What stands in the way of this item, given those chosen before it."""
    busy = answer.busy if item.student_ids is None else answer.busy & set(item.student_ids)
    if busy:
        return answer.clash
    try:
        for session in sorted(offer.sessions, key=offers.seats_left):
            seat_rules.check_room_for(session, seats=seats, adults=_adults(session, seats))
    except Refusal as refusal:
        return refusal
    for line in before:
        shares = (
            line.item.student_ids is None
            or item.student_ids is None
            or bool(set(line.item.student_ids) & set(item.student_ids))
        )
        for first in line.offer.sessions:
            for second in offer.sessions:
                if shares and first.starts_at < second.ends_at and second.starts_at < first.ends_at:
                    return SessionsOverlap(first=wording.when(first), second=wording.when(second))
    return None

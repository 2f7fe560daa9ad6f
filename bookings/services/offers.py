"""What a class may book of what is on offer: one session, or the days of a set together."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.actors import Actor
from accounts.errors import NotYours, Refusal
from bookings import wording
from bookings.errors.reserving import AlreadyBooked, StudentBusy
from bookings.models import Booking, Place
from bookings.selectors import consents
from bookings.services import companions, reservations
from bookings.services import consents as consent_rules
from courses.errors import SessionFull
from courses.models import CourseSession, SessionSet
from rosters.models import ClassGroup, Student


@dataclass(frozen=True, slots=True)
class Offer:
    """Sessions booked together, in the order of their days; mostly one."""

    sessions: tuple[CourseSession, ...]
    session_set: SessionSet | None

    @property
    def first(self) -> CourseSession:
        return self.sessions[0]

    @property
    def class_hours(self) -> int:
        return sum(session.class_hours for session in self.sessions)

    @property
    def tightest(self) -> CourseSession:
        """The session with the fewest free seats: what the whole offer can take."""
        return min(self.sessions, key=seats_left)

    @property
    def seats_left(self) -> int:
        return seats_left(self.tightest)

    @property
    def room(self) -> int:
        """How many students of one class fit with the adults who come along (``room_for``)."""
        return min(room_for(session) for session in self.sessions)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a class may book an offer: ``why_not`` if it may not, ``booking`` if it has.

    ``busy`` are the students who are elsewhere then, and ``clash`` says where; ``unsigned`` lack
    a consent without which their school books nobody.
    """

    why_not: Refusal | None
    booking: Booking | None
    busy: frozenset[int]
    clash: StudentBusy | None = None
    unsigned: frozenset[int] = frozenset()


def seats_left(session: CourseSession) -> int:
    return session.capacity - session.seats_taken - session.seats_held


def room_for(session: CourseSession) -> int:
    """How many students of one class the session can take with as many adults as its course
    asks for: the free seats, or fewer where the room holds no more people (``version`` loaded).
    """
    return next(
        (
            students
            for students in range(seats_left(session), 0, -1)
            if session.takes(students, companions.needed_for(session.version, students))
        ),
        0,
    )


def offers_of(sessions: Iterable[CourseSession]) -> list[Offer]:
    """The sessions as they can be booked, by their first day; ``session_set`` loaded."""
    by_set: dict[tuple[str, int], list[CourseSession]] = {}
    for session in sorted(sessions, key=lambda one: (one.starts_at, one.pk)):
        key = ("set", session.session_set_id) if session.session_set_id else ("one", session.pk)
        by_set.setdefault(key, []).append(session)
    return [Offer(tuple(members), members[0].session_set) for members in by_set.values()]


def offer_of(actor: Actor, session_id: int) -> Offer:
    """The session with all that is needed to book it, and the other days of its set.

    Refused: a session that is not there (NotYours).
    """
    visible = CourseSession.objects.visible_to(actor).select_related(
        "season", "version__course", "host", "school", "session_set", "room__site"
    )
    session = visible.filter(pk=session_id).first()
    if session is None:
        raise NotYours
    if session.session_set_id is None:
        return Offer((session,), None)
    days = visible.filter(session_set_id=session.session_set_id).scheduled()
    # A set that was cancelled whole is still shown, with the reason.
    return offers_of(list(days) or [session])[0]


def answers(
    actor: Actor, offers: Sequence[Offer], class_group: ClassGroup, now: datetime
) -> list[Answer]:
    """For each offer whether the actor may book it for the class now, in five queries whatever
    their number; one more where the school books nobody without a consent. ``season``,
    ``version`` and ``school`` of the sessions loaded.

    A class of which some students may come may book; ``busy`` and ``unsigned`` are the others.
    """
    barred = _barred(actor, class_group, now)
    sessions = [session for offer in offers for session in offer.sessions]
    booked = {
        booking.session_id: booking
        for booking in Booking.objects.live()
        .filter(session__in=sessions, class_group=class_group)
        .select_related("reservation", "session")
    }
    students = dict(
        Student.objects.current().filter(class_group=class_group).values_list("pk", "seat_no")
    )
    places = _places(students, sessions)
    unsigned = {
        year: consents.unsigned(class_group.school_id, students, [year])
        for year in consent_rules.school_years_of(sessions)
    }
    return [
        _answer(offer, class_group, now, barred, booked, students, places, unsigned)
        for offer in offers
    ]


def _barred(actor: Actor, class_group: ClassGroup, now: datetime) -> Refusal | None:
    try:
        reservations.check_is_own_class(actor, class_group, now)
    except Refusal as refusal:
        return refusal
    return None


def _places(students: Collection[int], sessions: Sequence[CourseSession]) -> list[Place]:
    """The students' live places in the time the sessions lie in."""
    if not sessions:
        return []
    return list(
        Place.objects.live()
        .filter(
            student__in=students,
            starts_at__lt=max(session.ends_at for session in sessions),
            ends_at__gt=min(session.starts_at for session in sessions),
        )
        .select_related("session__version", "student")
        .order_by("starts_at", "session_id", "student__seat_no")
    )


def _answer(
    offer: Offer,
    class_group: ClassGroup,
    now: datetime,
    barred: Refusal | None,
    booked: dict[int, Booking],
    students: Mapping[int, int],
    places: Sequence[Place],
    unsigned_by_year: Mapping[int, Collection[int]],
) -> Answer:
    own = [booked[one.pk] for one in offer.sessions if one.pk in booked]
    booking = own[0] if own else None
    # Who has a place of the class's own booking of these sessions is not elsewhere.
    own_keys = {one.pk for one in own}
    clashing = [
        place
        for place in places
        if place.booking_id not in own_keys
        and any(
            place.starts_at < session.ends_at and place.ends_at > session.starts_at
            for session in offer.sessions
        )
    ]
    busy = frozenset(place.student_id for place in clashing if place.student_id is not None)
    unsigned = frozenset(
        pk
        for year in consent_rules.school_years_of(offer.sessions)
        for pk in unsigned_by_year[year]
    )
    try:
        if barred is not None:
            raise barred
        for session in offer.sessions:
            reservations.check_session_suits(session, class_group, now)
        if booking is not None:
            raise AlreadyBooked(
                class_group=wording.class_name(class_group, booking.session.starts_at),
                reference=booking.reservation.reference,
            )
        if offer.seats_left < 1:
            raise SessionFull(seats=1, seats_left=0)
        if students and busy >= set(students):
            raise _clash(clashing, class_group)
        if students and busy | unsigned >= set(students):
            raise consent_rules.missing([students[pk] for pk in unsigned], offer.first, class_group)
    except Refusal as refusal:
        return Answer(refusal, booking, busy, unsigned=unsigned)
    clash = _clash(clashing, class_group) if busy else None
    return Answer(None, booking, busy, clash, unsigned)


def _clash(clashing: Sequence[Place], class_group: ClassGroup) -> StudentBusy:
    elsewhere = clashing[0].session
    return StudentBusy(
        class_group=wording.class_name(class_group, elsewhere.starts_at),
        seats=wording.seats(
            place.student.seat_no
            for place in clashing
            if place.session_id == elsewhere.pk and place.student is not None
        ),
        when=wording.when(elsewhere),
        elsewhere=wording.title(elsewhere.version),
    )

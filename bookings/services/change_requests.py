"""Changes after the freeze: the school asks, the host answers."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.services import audit
from bookings.choices import ChangeState
from bookings.errors.requests import (
    ListStillOpen,
    NothingToChange,
    RequestOpen,
    RequestOver,
    RequestStale,
    StaleBooking,
)
from bookings.models import Booking, ChangeRequest
from bookings.services import (
    changes,
    growth,
    lists,
    plain_words,
    sessions_seen,
    standing_requests,
    telling_requests,
    together,
)
from bookings.services.companions import CompanionInput
from bookings.services.lists import Wanted
from bookings.services.retries import in_one_transaction
from bookings.services.sessions_seen import Seen
from courses import phases
from courses.choices import SeasonAction

SWEPT_AT_ONCE = 500


def check_can_ask_change(actor: Actor, booking: Booking, now: datetime) -> None:
    """As ``changes.check_can_act``, between the freeze and the session, while the season is open
    for requests.

    Refused besides: ListStillOpen, RequestOpen.
    """
    changes.check_can_act(actor, booking, now, SeasonAction.REQUEST)
    if not lists.is_settled(booking, now):
        raise ListStillOpen
    if ChangeRequest.objects.open().filter(booking__in=together.of(booking)).exists():
        raise RequestOpen


def ask_change(
    *,
    by: Actor,
    booking: Booking,
    edition: int,
    wanted: Wanted,
    reason: str,
    now: datetime,
    seen: Sequence[Seen] = (),
) -> ChangeRequest:
    """The host is asked about students, seats and adults; none of them changes before it accepts.

    Companions, if given, are named at once, since that is nobody's leave to give; where there are
    more of them than adults come now, their names wait with the request. More seats than are free
    may be asked for as far as the host could add them: ``selectors.change_requests.seats_short``
    says how many that are. Refused: ListStillOpen, RequestOpen, NothingToChange, SessionMoved,
    StaleBooking, ReasonMissing, TooFewCompanions, ConsentMissing, SeatsShortForRequest, RoomFull,
    MoreThanClass, StudentBusy, TextNamesStudent.
    """
    reason = changes.in_words(reason)
    check_can_ask_change(by, booking, now)
    adults = wanted.adults_of(booking)
    lists.check_signed(booking, wanted, [one.session for one in together.of(booking)])
    plain_words.check_names_nobody(
        reason, by=by, now=now, students=wanted.students, classes=[booking.class_group_id]
    )

    def write() -> ChangeRequest:
        rows = together.locked_open(booking, now)
        current = next(row for row in rows if row.pk == booking.pk)
        sessions_seen.check_unmoved(seen, [row.session for row in rows])
        if current.edition != edition:
            raise StaleBooking
        if not any(lists.differs_in_list(row, wanted) for row in rows):
            raise NothingToChange
        for row in rows:
            growth.check_may_be_asked(row, wanted)
        named = wanted.companions
        waits = named is not None and any(len(named) > row.adults for row in rows)
        if not waits:
            lists.name_companions(rows, wanted, by=by, now=now)
        request = ChangeRequest.objects.create(
            booking=booking,
            wanted={
                "students": sorted(wanted.students),
                "seats": wanted.seats,
                "adults": adults,
            }
            | ({"companions": [[one.name, one.phone] for one in named or ()]} if waits else {}),
            before=standing_requests.contents_of(
                [current, *(row for row in rows if row.pk != current.pk)]
            ),
            reason=reason,
            asked_at=now,
            asked_by_id=by.membership_id,
        )
        audit.record(by=by, verb="change.asked", now=now, target=booking, request=request.pk)
        telling_requests.asked(request, rows, by=by, now=now)
        return request

    try:
        return in_one_transaction(write)
    except IntegrityError as error:
        if together.constraint_of(error) != "change_request_open_once":
            raise
        raise RequestOpen from error


def check_can_withdraw_change(actor: Actor, request: ChangeRequest, now: datetime) -> None:
    """The school, while the host has not answered."""
    changes.check_can_act(actor, request.booking, now)
    _check_asked(request)


def withdraw_change(*, by: Actor, request: ChangeRequest, now: datetime) -> ChangeRequest:
    """The request stands no more, and the host is told. Refused: RequestOver."""
    check_can_withdraw_change(by, request, now)

    def write() -> ChangeRequest:
        locked = _locked(request)
        standing_requests.close(locked, ChangeState.WITHDRAWN, by=by, answer="", now=now)
        telling_requests.withdrawn(locked, by=by, now=now)
        return locked

    return in_one_transaction(write)


def check_can_answer_change(actor: Actor, request: ChangeRequest, now: datetime) -> None:
    """The manager of the host, before the session, and the other days that change with it,
    begin. Refused besides: RequestOver."""
    if not actor.is_host_manager:
        raise NotAllowed
    if request.booking.host_id != actor.organisation_id:
        raise NotYours
    _check_asked(request)
    together.of_open(request.booking, now)


def accept_change(
    *, by: Actor, request: ChangeRequest, now: datetime, answer: str = ""
) -> ChangeRequest:
    """The booking, with the days that change with it, is as the school asked, or nothing
    changes; both sides are told.

    Refused: RequestOver, RequestStale where the list has changed since (the request is over
    then), SessionFull, RoomFull, StudentBusy, NotInClass, SessionStarted, OutsideSeason,
    TextNamesStudent.
    """
    check_can_answer_change(by, request, now)
    booking = request.booking
    parts = together.of(booking)
    for part in parts:
        phases.check_is_open(SeasonAction.REQUEST, part.session.season, now)
    if standing_requests.is_stale(request):
        raise _over(request, now)
    named = request.wanted.get("companions")
    wanted = lists.look_up(
        booking,
        now,
        student_ids=request.wanted["students"],
        seats=request.wanted["seats"],
        adults=request.wanted["adults"],
        companions=None if named is None else [CompanionInput(*one) for one in named],
    )

    def write() -> ChangeRequest | None:
        lists.lock_students(booking, wanted)
        rows = together.locked_open(booking, now)
        locked = _locked(request)
        if standing_requests.is_stale(locked):
            return None
        _check_names_nobody(by, answer, locked, now)
        standing_requests.close(locked, ChangeState.ACCEPTED, by=by, answer=answer.strip(), now=now)
        lists.apply(rows, wanted, by=by, now=now)
        telling_requests.answered(locked, by=by, now=now)
        return locked

    accepted = together.translated(
        write,
        list(wanted.students.values()),
        [part.session for part in parts],
        booking.class_group,
        besides=parts,
    )
    if accepted is None:
        raise _over(request, now)
    return accepted


def _over(request: ChangeRequest, now: datetime) -> RequestStale:
    """The refusal of a request that stands on a list which is no more; the request is over, if
    nobody was faster (RequestOver)."""
    request.refresh_from_db(fields=["state"])
    _check_asked(request)

    def write() -> int:
        return standing_requests.expire_stale([request.booking_id], now=now)

    in_one_transaction(write)
    return RequestStale()


def decline_change(
    *, by: Actor, request: ChangeRequest, answer: str, now: datetime
) -> ChangeRequest:
    """The booking stays as it is, and the school reads why. Refused: RequestOver,
    ReasonMissing, TextNamesStudent."""
    answer = changes.in_words(answer)
    check_can_answer_change(by, request, now)

    def write() -> ChangeRequest:
        locked = _locked(request)
        _check_names_nobody(by, answer, locked, now)
        standing_requests.close(locked, ChangeState.DECLINED, by=by, answer=answer, now=now)
        telling_requests.answered(locked, by=by, now=now)
        return locked

    return in_one_transaction(write)


def _check_names_nobody(by: Actor, answer: str, request: ChangeRequest, now: datetime) -> None:
    """Nobody who is booked in the session. Refused: TextNamesStudent."""
    plain_words.check_names_nobody(answer, by=by, now=now, sessions=[request.booking.session])


def sweep(*, now: datetime) -> int:
    """Requests that nobody answered before their session began have expired, the booking stays
    as it is, and both sides are told: how many.

    Each in a transaction of its own; running twice at once expires each once.
    """
    waiting = ChangeRequest.objects.open().filter(booking__session__starts_at__lte=now)
    return sum(
        _expire(pk, now)
        for pk in waiting.order_by("pk").values_list("pk", flat=True)[:SWEPT_AT_ONCE]
    )


def _expire(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        locked = (
            ChangeRequest.objects.open()
            .select_for_update(of=("self",), no_key=True)
            .select_related("booking__session")
            .filter(pk=pk)
            .first()
        )
        if locked is None:
            return False
        standing_requests.expire(locked, now=now)
    return True


def _locked(request: ChangeRequest) -> ChangeRequest:
    """The request as it is now, ours until the end. Refused: RequestOver."""
    locked = (
        ChangeRequest.objects.select_for_update(of=("self",), no_key=True)
        .select_related("booking__session")
        .get(pk=request.pk)
    )
    _check_asked(locked)
    return locked


def _check_asked(request: ChangeRequest) -> None:
    if request.state != ChangeState.ASKED:
        raise RequestOver(state=ChangeState(request.state).label)

"""Opening sessions, and changing them while nobody has booked."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.choices import Role
from accounts.errors import NotAllowed, NotYours
from accounts.models import Membership, Organisation
from accounts.services import audit
from courses import phases
from courses.choices import SeasonAction, SessionState, Venue, VersionState
from courses.errors import (
    AssistantIsInstructor,
    CapacityTooLarge,
    EndsBeforeStart,
    InstructorTaken,
    InThePast,
    NoSeason,
    NotInstructor,
    NotPublished,
    OutsideRunningDays,
    RoomNotInUse,
    SchoolNotInUse,
    SessionBegun,
    SessionCancelled,
    SessionHasSeatsTaken,
    StaleSession,
    VenueMissing,
)
from courses.models import CourseSession, CourseVersion, Season, SessionSet
from courses.selectors import history
from courses.selectors.seasons import season_of_day
from sites import dates
from sites import services as sites_services
from sites.calendar import local_day
from sites.models import Room, RoomHold


class Place(NamedTuple):
    """Where a session meets: exactly one of the three."""

    room: Room | None = None
    school: Organisation | None = None
    online_url: str = ""

    @property
    def venue(self) -> Venue:
        return Venue.ROOM if self.room else Venue.SCHOOL if self.school else Venue.ONLINE


def check_can_schedule(actor: Actor, host_id: int) -> None:
    """A host's manager arranges its own sessions; nobody else's are there for her."""
    if actor.is_system:
        return
    if actor.organisation_id != host_id:
        raise NotYours
    if not actor.is_host_manager:
        raise NotAllowed


def default_capacity(version: CourseVersion, room: Room | None) -> int:
    """Most students in one session: what the room safely holds and the course can teach."""
    return min(room.safe_capacity, version.group_size_max) if room else version.group_size_max


def open_session(
    *,
    by: Actor,
    version: CourseVersion,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    season: Season | None = None,
    room: Room | None = None,
    school: Organisation | None = None,
    online_url: str = "",
    instructor: Membership | None = None,
    assistant: Membership | None = None,
    capacity: int | None = None,
    session_set: SessionSet | None = None,
    class_hours: int | None = None,
) -> CourseSession:
    """A scheduled session with free seats; its room and its people are taken for the time.

    The season is that of its day. ``class_hours`` default to the version's; a set shares them
    out. Refused: NotPublished, VenueMissing, RoomNotInUse, SchoolNotInUse, EndsBeforeStart,
    InThePast, NoSeason, OutsideRunningDays, OutsideSeason, CapacityTooLarge, NotInstructor,
    AssistantIsInstructor, RoomTaken, RoomClosed, InstructorTaken.
    """
    check_can_schedule(by, version.host_id)
    place = Place(room, school, online_url)
    if version.state != VersionState.PUBLISHED:
        raise NotPublished
    season = season or season_at(starts_at)
    check_times(season, starts_at, ends_at, now)
    seats_wanted = checked_capacity(version, place, capacity)
    check_people(version.host_id, instructor, assistant)
    with transaction.atomic():
        _wait_for(instructor, assistant)
        refuse_if_taken(instructor, assistant, starts_at=starts_at, ends_at=ends_at)
        hold = _hold(place, version, starts_at, ends_at)
        session = CourseSession.objects.create(
            version=version,
            host_id=version.host_id,
            season=season,
            session_set=session_set,
            starts_at=starts_at,
            ends_at=ends_at,
            class_hours=class_hours or version.class_hours,
            venue=place.venue,
            room=place.room,
            room_hold=hold,
            school=place.school,
            online_url=place.online_url,
            instructor=instructor,
            assistant=assistant,
            capacity=seats_wanted,
            heads_limit=place.room.heads_capacity if place.room else None,
        )
        audit.record(by=by, verb="session.opened", now=now, target=session, capacity=seats_wanted)
    return session


def change_session(
    *,
    by: Actor,
    session: CourseSession,
    sequence: int,
    starts_at: datetime,
    ends_at: datetime,
    capacity: int,
    now: datetime,
    room: Room | None = None,
    school: Organisation | None = None,
    online_url: str = "",
    instructor: Membership | None = None,
    assistant: Membership | None = None,
) -> CourseSession:
    """The session has the new time, place, people and capacity.

    ``sequence`` is that of the session the form showed. Refused: StaleSession,
    SessionHasSeatsTaken (a booked session is ``bookings.services``' to change),
    SessionCancelled, SessionBegun, and what ``open_session`` refuses.
    """
    check_can_schedule(by, session.host_id)
    place = Place(room, school, online_url)
    version = session.version
    season = season_at(starts_at)
    check_times(season, starts_at, ends_at, now)
    seats_wanted = checked_capacity(version, place, capacity)
    check_people(session.host_id, instructor, assistant)
    with transaction.atomic():
        locked = _locked(session)
        check_can_change_session(by, locked, now)
        if locked.sequence != sequence:
            raise StaleSession
        before = history.facts_of(locked)
        rearrange(
            locked,
            place=place,
            starts_at=starts_at,
            ends_at=ends_at,
            capacity=seats_wanted,
            instructor=instructor,
            assistant=assistant,
        )
        audit.record(
            by=by,
            verb=history.VERB,
            now=now,
            target=session,
            before=before,
            after=history.facts_of(locked),
        )
    session.refresh_from_db()
    return session


def rearrange(
    locked: CourseSession,
    *,
    place: Place,
    starts_at: datetime,
    ends_at: datetime,
    capacity: int,
    instructor: Membership | None,
    assistant: Membership | None,
) -> None:
    """The session, whose row is the caller's, is held there, then, by them and with so many
    seats; its sequence rises. Refused: InstructorTaken, RoomTaken, RoomClosed.

    Whether the places of it may move and who is told is the caller's to know.
    """
    _wait_for(instructor, assistant)
    refuse_if_taken(instructor, assistant, starts_at=starts_at, ends_at=ends_at, besides=locked.pk)
    hold, old_hold = locked.room_hold, None
    if hold is not None and place.room is not None:
        sites_services.move_hold(hold=hold, room=place.room, starts_at=starts_at, ends_at=ends_at)
    else:
        hold, old_hold = _hold(place, locked.version, starts_at, ends_at), hold
    for name, value in {
        "season": season_at(starts_at),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "capacity": capacity,
        "heads_limit": place.room.heads_capacity if place.room else None,
        "venue": place.venue,
        "room": place.room,
        "room_hold": hold,
        "school": place.school,
        "online_url": place.online_url,
        "instructor": instructor,
        "assistant": assistant,
        "sequence": locked.sequence + 1,
    }.items():
        setattr(locked, name, value)
    locked.save()
    if old_hold is not None:
        sites_services.release_hold(hold=old_hold)


def name_people(
    *,
    by: Actor,
    session: CourseSession,
    instructor: Membership | None,
    assistant: Membership | None,
    now: datetime,
) -> CourseSession:
    """These two hold the session, booked or not: somebody falls ill on the day.

    Refused: SessionCancelled, SessionBegun once it is over, NotInstructor,
    AssistantIsInstructor, InstructorTaken.
    """
    check_can_name_people(by, session, now)
    check_people(session.host_id, instructor, assistant)
    with transaction.atomic():
        locked = _locked(session)
        check_can_name_people(by, locked, now)
        _wait_for(instructor, assistant)
        refuse_if_taken(
            instructor,
            assistant,
            starts_at=locked.starts_at,
            ends_at=locked.ends_at,
            besides=session.pk,
        )
        locked.instructor, locked.assistant = instructor, assistant
        locked.save(update_fields=["instructor", "assistant"])
        audit.record(by=by, verb="session.people_named", now=now, target=session)
    session.refresh_from_db()
    return session


def check_can_name_people(actor: Actor, session: CourseSession, now: datetime) -> None:
    """The host's manager, until the session is over."""
    check_can_schedule(actor, session.host_id)
    if session.state == SessionState.CANCELLED:
        raise SessionCancelled(reason=session.why_cancelled)
    if session.ends_at <= now:
        raise SessionBegun(when=dates.moment(session.starts_at))


def check_can_change_session(actor: Actor, session: CourseSession, now: datetime) -> None:
    """The host's manager, before it begins and while nobody has booked."""
    check_can_schedule(actor, session.host_id)
    if session.state == SessionState.CANCELLED:
        raise SessionCancelled(reason=session.why_cancelled)
    if session.starts_at <= now:
        raise SessionBegun(when=dates.moment(session.starts_at))
    taken = session.seats_taken + session.seats_held
    if taken:
        raise SessionHasSeatsTaken(seats_taken=taken)


def _locked(session: CourseSession) -> CourseSession:
    """The session as it is now, ours until the end of the transaction."""
    return (
        CourseSession.objects.select_for_update(of=("self",))
        .select_related("room")
        .get(pk=session.pk)
    )


def season_at(starts_at: datetime) -> Season:
    """The season that a session at that time belongs to. Refused: NoSeason before there is any."""
    season = season_of_day(local_day(starts_at))
    if season is None:
        raise NoSeason
    return season


def check_times(season: Season, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """A time to come on the season's days, while its hosts may open sessions."""
    if ends_at <= starts_at:
        raise EndsBeforeStart
    if starts_at <= now:
        raise InThePast
    if not season.runs_from <= local_day(starts_at) <= season.runs_until:
        raise OutsideRunningDays(
            season=season.name,
            first=dates.day(season.runs_from),
            last=dates.day(season.runs_until),
        )
    phases.check_is_open(SeasonAction.OPEN_SESSIONS, season, now)


def checked_capacity(version: CourseVersion, place: Place, capacity: int | None) -> int:
    """The seats of a session there: the default, or a smaller wish.

    Refused: VenueMissing, another host's room, RoomNotInUse, SchoolNotInUse, CapacityTooLarge.
    """
    if sum(map(bool, place)) != 1:
        raise VenueMissing
    if place.room is not None:
        if place.room.host_id != version.host_id:
            raise NotYours
        if not (place.room.is_active and place.room.site.is_active):
            raise RoomNotInUse(room=place.room.name)
    if place.school is not None and not place.school.is_active:
        raise SchoolNotInUse(school=place.school.shown_short_name)
    most = default_capacity(version, place.room)
    if capacity is None:
        return most
    if not 0 < capacity <= most:
        raise CapacityTooLarge(most=most)
    return capacity


def check_people(
    host_id: int, instructor: Membership | None, assistant: Membership | None = None
) -> None:
    """Two of the host's own, or one, or nobody yet. Refused: NotInstructor,
    AssistantIsInstructor."""
    for person in _named(instructor, assistant):
        teaches = person.role in (Role.INSTRUCTOR, Role.HOST_MANAGER)
        if person.organisation_id != host_id or person.ended_at is not None or not teaches:
            raise NotInstructor
    if assistant is not None and assistant == instructor:
        raise AssistantIsInstructor


def _named(*people: Membership | None) -> list[Membership]:
    return [person for person in people if person is not None]


def _wait_for(*people: Membership | None) -> None:
    """Whoever else is giving these people a session is done; see ``sites.services``."""
    list(
        Membership.objects.select_for_update(no_key=True)
        .filter(pk__in=[person.pk for person in _named(*people)])
        .order_by("pk")
    )


def refuse_if_taken(
    *people: Membership | None, starts_at: datetime, ends_at: datetime, besides: int | None = None
) -> None:
    """Raises InstructorTaken, naming who teaches or helps in which session then."""
    for person in _named(*people):
        sessions = CourseSession.objects.scheduled().filter(
            Q(instructor=person) | Q(assistant=person), starts_at__lt=ends_at, ends_at__gt=starts_at
        )
        if besides is not None:
            sessions = sessions.exclude(pk=besides)
        other = sessions.select_related("version").order_by("starts_at", "pk").first()
        if other is not None:
            raise InstructorTaken(
                instructor=person.user.name,
                when=dates.period(other.starts_at, other.ends_at),
                what=_("《%(title)s》") % {"title": other.version.title_zh},
            )


def _hold(
    place: Place, version: CourseVersion, starts_at: datetime, ends_at: datetime
) -> RoomHold | None:
    if place.room is None:
        return None
    return sites_services.hold_room(
        room=place.room, starts_at=starts_at, ends_at=ends_at, what=f"《{version.title_zh}》"
    )

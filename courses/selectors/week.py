"""A host's week: what is in which room on which half-day."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from accounts.actors import Actor
from courses.models import CourseSession
from courses.naming import headline
from sites.calendar import NOON, at, local_day
from sites.choices import HoldKind
from sites.models import Room, RoomHold

DAYS = 5


@dataclass(frozen=True, slots=True)
class Block:
    """A session in the grid."""

    session: CourseSession
    occupation: str
    seats_left: int


@dataclass(slots=True)
class Cell:
    """One room (or the row of sessions without one) on one day: morning and afternoon."""

    day: date
    halves: tuple[list[Block], list[Block]] = field(default_factory=lambda: ([], []))
    whole: list[Block] = field(default_factory=list)
    closures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class WeekRow:
    room: Room | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Week:
    monday: date
    days: tuple[date, ...]
    rows: tuple[WeekRow, ...]
    sessions: int
    seats_taken: int
    has_held: bool


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week_of(actor: Actor, monday: date) -> Week:
    """The actor's host's sessions and closures of Monday to Friday, a weekend day only where
    something is on. Three queries."""
    start, end = at(monday, NOON.replace(hour=0)), at(monday, NOON.replace(hour=0)) + timedelta(7)
    sessions = list(
        CourseSession.objects.visible_to(actor)
        .owned_by(actor)
        .scheduled()
        .filter(starts_at__gte=start, starts_at__lt=end)
        .select_related("version", "room", "school", "instructor__user")
        .order_by("starts_at", "pk")
    )
    closures = list(
        RoomHold.objects.visible_to(actor)
        .filter(kind=HoldKind.CLOSURE, period__overlap=(start, end))
        .order_by("period", "pk")
    )
    last = max([DAYS - 1, *((local_day(session.starts_at) - monday).days for session in sessions)])
    days = tuple(monday + timedelta(days=offset) for offset in range(last + 1))
    rooms = list(
        Room.objects.visible_to(actor)
        .filter(is_active=True)
        .select_related("site")
        .order_by("site__name", "name", "pk")
    )
    keyed: dict[int | None, dict[date, Cell]] = {
        room: {day: Cell(day) for day in days} for room in [*(room.pk for room in rooms), None]
    }
    for session in sessions:
        cells = keyed.get(session.room_id, keyed[None])
        _put(cells[local_day(session.starts_at)], session)
    for closure in closures:
        for day, cell in keyed.get(closure.room_id, {}).items():
            if closure.period.lower < at(day, NOON.replace(hour=23)) and closure.period.upper > at(
                day, NOON.replace(hour=0)
            ):
                cell.closures.append(closure.reason)
    by_key = {room.pk: room for room in rooms}
    rows = tuple(
        WeekRow(by_key[key] if key is not None else None, tuple(cells.values()))
        for key, cells in keyed.items()
        if key is not None or any(cell.whole or any(cell.halves) for cell in cells.values())
    )
    return Week(
        monday=monday,
        days=days,
        rows=rows,
        sessions=len(sessions),
        seats_taken=sum(session.seats_taken for session in sessions),
        has_held=any(session.seats_held for session in sessions),
    )


def _put(cell: Cell, session: CourseSession) -> None:
    block = Block(
        session=session,
        occupation=headline(session.version).occupation,
        seats_left=session.capacity - session.seats_taken - session.seats_held,
    )
    noon = at(cell.day, NOON)
    if session.starts_at < noon < session.ends_at - timedelta(hours=1):
        cell.whole.append(block)
    else:
        cell.halves[0 if session.starts_at < noon else 1].append(block)

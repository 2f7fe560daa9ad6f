"""A session as it was shown to whoever books it: moved since, it is not booked unseen."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from bookings import wording
from bookings.errors.reserving import SessionMoved
from courses.choices import SessionState
from courses.models import CourseSession
from sites import dates


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page or a program had of a session when it was filled in or sent."""

    session_id: int
    sequence: int
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, session: CourseSession) -> Self:
        return cls(session.pk, session.sequence, session.starts_at, session.ends_at)


def check_unmoved(seen: Iterable[Seen], sessions: Iterable[CourseSession]) -> None:
    """Refused: a session that its host has changed since it was seen (SessionMoved, which says
    what was and what is). Of sessions that were not seen nothing is asked."""
    by_key = {one.session_id: one for one in seen}
    for session in sessions:
        one = by_key.get(session.pk)
        if one is None or one.sequence == session.sequence:
            continue
        if session.state == SessionState.CANCELLED:
            # Said elsewhere, with the reason.
            continue
        raise SessionMoved(
            was=dates.period(one.starts_at, one.ends_at),
            now=wording.when(session),
            where=wording.where(session),
        )

"""What of a session is another than before, in words. Loaded rows in, text out."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Membership
from bookings import wording
from courses.choices import Venue
from courses.models import CourseSession
from sites import dates
from sites.calendar import local_day


@dataclass(frozen=True, slots=True)
class Difference:
    """时间：9:00–11:30 → 10:30–13:00"""

    label: str
    before: str
    after: str


def of_session(before: CourseSession, after: CourseSession) -> list[Difference]:
    """Line by line: the time, the place, the people and the seats, as far as they differ.

    Both with the room's site, the school and the people's users loaded.
    """
    lines = [
        Difference(_("时间"), *_times(before, after)),
        Difference(_("地点"), _place(before), _place(after)),
        Difference(_("指导教师"), _person(before.instructor), _person(after.instructor)),
        Difference(_("助教"), _person(before.assistant), _person(after.assistant)),
        Difference(_("名额"), str(before.capacity), str(after.capacity)),
    ]
    return [line for line in lines if line.before != line.after]


def _times(before: CourseSession, after: CourseSession) -> tuple[str, str]:
    """The clock alone where the day stays."""
    if local_day(before.starts_at) == local_day(after.starts_at):
        one, other = (dates.time_range(one.starts_at, one.ends_at) for one in (before, after))
        return one, other
    return wording.when(before), wording.when(after)


def _place(session: CourseSession) -> str:
    """Where it meets; on line with the address, by which one place differs from another."""
    if session.venue == Venue.ONLINE:
        return f"{wording.where(session)} {session.online_url}".strip()
    return wording.where(session)


def _person(membership: Membership | None) -> str:
    return membership.user.name if membership is not None else _("未定")

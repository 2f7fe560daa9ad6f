"""How a booking's parts are written, in the active language. Loaded rows in, text out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Organisation
from courses.choices import Venue
from courses.models import CourseSession
from courses.naming import title as title
from rosters import naming
from rosters.models import ClassGroup
from sites import dates
from sites.calendar import local_day, school_year


def class_name(group: ClassGroup, moment: datetime) -> str:
    """七(3)班, by the school year of the moment."""
    return naming.class_label(
        stage=group.stage,
        grade=group.grade(school_year(local_day(moment))),
        entry_year=group.entry_year,
        number=group.number,
    )


def grades(first: int, last: int) -> str:
    """七年级至九年级, or one grade."""
    if first == last:
        return naming.grade_label(first)
    return _("%(first)s至%(last)s") % {
        "first": naming.grade_label(first),
        "last": naming.grade_label(last),
    }


def organisation_name(organisation: Organisation) -> str:
    """The English name on English pages, where there is one."""
    return organisation.shown_name


def when(session: CourseSession) -> str:
    return dates.period(session.starts_at, session.ends_at)


def where(session: CourseSession) -> str:
    """Where the session meets: site and room, the school it comes to, or on line."""
    if session.venue == Venue.ROOM:
        assert session.room is not None
        return f"{session.room.site.name} {session.room.name}"
    if session.venue == Venue.SCHOOL:
        assert session.school is not None
        return _("%(school)s（送教上门）") % {"school": organisation_name(session.school)}
    return _("线上")


def address(session: CourseSession) -> str:
    """The street address, or the address on line."""
    if session.venue == Venue.ROOM:
        assert session.room is not None
        return session.room.site.address
    if session.venue == Venue.SCHOOL:
        assert session.school is not None
        return session.school.address
    return session.online_url


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session in words: what, when, where."""

    title: str
    when: str
    where: str


def session_line(session: CourseSession) -> SessionLine:
    return SessionLine(title=title(session.version), when=when(session), where=where(session))


def contact(session: CourseSession) -> tuple[str, str]:
    """Whom to ask on the day: the site's contact, else the host's; name and phone."""
    if session.room is not None and session.room.site.contact_phone:
        return session.room.site.contact_name, session.room.site.contact_phone
    return session.host.contact_name, session.host.contact_phone


def directions(session: CourseSession) -> str:
    """How to get there, where the site says so."""
    return session.room.site.directions if session.room is not None else ""


def students(count: int) -> str:
    return ngettext("%(count)d 名学生", "%(count)d 名学生", count) % {"count": count}


def names(people: Iterable[str]) -> str:
    return _("、").join(people)


def seats(numbers: Iterable[int]) -> str:
    """3、7、12: class seat numbers."""
    return naming.seats_label(list(numbers))

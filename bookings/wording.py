"""How a booking's parts are written, in the active language. Loaded rows in, text out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.choices import OrganisationKind
from accounts.errors import Refusal
from accounts.models import Organisation
from bookings.models import Booking
from courses.choices import ReasonCode, Venue
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


def why(code: ReasonCode, words: str) -> str:
    """The words given, else the code's label in the active language."""
    return words or str(code.label)


def contact(session: CourseSession) -> tuple[str, str]:
    """Whom to ask on the day: the site's contact, else the host's; name and phone."""
    if session.room is not None and session.room.site.contact_phone:
        return session.room.site.contact_name, session.room.site.contact_phone
    return session.host.contact_name, session.host.contact_phone


def directions(session: CourseSession) -> str:
    """How to get there, where the site says so."""
    return session.room.site.directions if session.room is not None else ""


def refused(refusal: Refusal) -> str:
    """The sentence, after the session it is about where several were asked for at once (version,
    and room with its site or school loaded)."""
    session = refusal.about
    if not isinstance(session, CourseSession):
        return str(refusal)
    return _("%(when)s，%(title)s（%(where)s）：%(why)s") % {
        "when": when(session),
        "title": title(session.version),
        "where": where(session),
        "why": refusal,
    }


def students(count: int) -> str:
    return ngettext("%(count)d 名学生", "%(count)d 名学生", count) % {"count": count}


@dataclass(frozen=True, slots=True)
class Difference:
    """Class seat numbers of who comes newly and who does not come, and the numbers before and
    after. No name."""

    coming: tuple[int, ...]
    leaving: tuple[int, ...]
    seats_now: int
    seats_then: int
    adults_now: int
    adults_then: int


def how_many_adults(count: int) -> str:
    return ngettext("%(count)d 位", "%(count)d 位", count) % {"count": count} if count else ""


def adults(booking: Booking) -> str:
    """How many adults come, and the names known so far (companions loaded)."""
    known = names(one.name for one in booking.companions.all())
    if not known or not booking.adults:
        return known or how_many_adults(booking.adults)
    return _("%(count)s：%(names)s") % {
        "count": how_many_adults(booking.adults),
        "names": known,
    }


def companions_missing(count: int) -> str:
    """How many of the adults who are to come are not named yet."""
    return ngettext("还差 %(count)d 位", "还差 %(count)d 位", count) % {"count": count}


def difference(changed: Difference) -> list[str]:
    """A request for a change, line by line: who, how many, how many adults."""
    lines = []
    if changed.coming:
        lines.append(_("增加：%(seats)s号") % {"seats": seats(changed.coming)})
    if changed.leaving:
        lines.append(_("不来：%(seats)s号") % {"seats": seats(changed.leaving)})
    if changed.seats_now != changed.seats_then:
        lines.append(
            _("学生：%(now)d 人 → %(then)d 人")
            % {"now": changed.seats_now, "then": changed.seats_then}
        )
    if changed.adults_now != changed.adults_then:
        lines.append(
            _("带队教师：%(now)d 位 → %(then)d 位")
            % {"now": changed.adults_now, "then": changed.adults_then}
        )
    return lines


def seats_to_add(count: int) -> str:
    """What of a request for more seats than are free its host has to do first."""
    return ngettext(
        "余位不够：开课单位要先加 %(count)d 个名额才能同意。",
        "余位不够：开课单位要先加 %(count)d 个名额才能同意。",
        count,
    ) % {"count": count}


def names(people: Iterable[str]) -> str:
    return _("、").join(people)


def seats(numbers: Iterable[int]) -> str:
    """3、7、12: class seat numbers."""
    return naming.seats_label(list(numbers))


def lacking(hours: int, kinds: Iterable[tuple[str, int]], occupations: int) -> str:
    """还差 4 学时，其中 2 学时须在中等职业学校；还差 1 种职业。 Empty where nothing is missing."""
    parts: list[str] = []
    if hours:
        missing = ngettext("还差 %(count)d 学时", "还差 %(count)d 学时", hours) % {"count": hours}
        parts.append(_with_places(missing, kinds))
    if occupations:
        parts.append(
            ngettext("还差 %(count)d 种职业", "还差 %(count)d 种职业", occupations)
            % {"count": occupations}
        )
    return _sentence(parts)


def lacking_of_many(
    people: int, hours: int, kinds: Iterable[tuple[str, int]], short_of_occupations: int
) -> str:
    """The same of a class or a school: 12 人共差 48 学时；6 人还差职业种类。"""
    parts: list[str] = []
    if hours:
        missing = ngettext(
            "%(people)d 人共差 %(hours)d 学时", "%(people)d 人共差 %(hours)d 学时", people
        ) % {"people": people, "hours": hours}
        parts.append(_with_places(missing, kinds))
    if short_of_occupations:
        parts.append(
            ngettext("%(count)d 人还差职业种类", "%(count)d 人还差职业种类", short_of_occupations)
            % {"count": short_of_occupations}
        )
    return _sentence(parts)


def outside(before: int, after: int) -> str:
    """另有 2 学时在起算日以前、4 学时在截止日以后，不计入。 Empty where everything counts."""
    where = _where_outside(before, after)
    return _("另有 %(where)s，不计入。") % {"where": where} if where else ""


def outside_of_many(people: int, before: int, after: int) -> str:
    """The same of a school: 8 人另有 16 学时在截止日以后，不计入。"""
    where = _where_outside(before, after)
    if not where:
        return ""
    return ngettext(
        "%(people)d 人另有 %(where)s，不计入。", "%(people)d 人另有 %(where)s，不计入。", people
    ) % {"people": people, "where": where}


def outside_then(before: int, after: int) -> str:
    """The same of what is booked together: 其中 4 学时在截止日以后，不计入。"""
    where = _where_outside(before, after)
    return _("其中 %(where)s，不计入。") % {"where": where} if where else ""


def _where_outside(before: int, after: int) -> str:
    parts = []
    if before:
        parts.append(
            ngettext("%(count)d 学时在起算日以前", "%(count)d 学时在起算日以前", before)
            % {"count": before}
        )
    if after:
        parts.append(
            ngettext("%(count)d 学时在截止日以后", "%(count)d 学时在截止日以后", after)
            % {"count": after}
        )
    return _("、").join(parts)


def _with_places(missing: str, kinds: Iterable[tuple[str, int]]) -> str:
    places = _("、").join(
        ngettext("%(count)d 学时须在%(kind)s", "%(count)d 学时须在%(kind)s", number)
        % {"count": number, "kind": OrganisationKind(kind).label}
        for kind, number in kinds
    )
    if not places:
        return missing
    return _("%(missing)s，其中 %(places)s") % {"missing": missing, "places": places}


def _sentence(parts: list[str]) -> str:
    return _("%(parts)s。") % {"parts": _("；").join(parts)} if parts else ""

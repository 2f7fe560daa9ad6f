"""Who looks at the pages, and at which; as JSON, since each database is asked in a process of its
own.

``python -m bench.pages.lookers`` prints who opens which address, chosen in the demonstration's
database so that both are asked for the same; with addresses of mails it signs these people in and
prints their cookies.
"""

import json
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import django
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

TEACHER, OFFICE, SECRETARIAT = "teacher", "qinghe.office", "secretariat"


def sign_in(user: object, membership: int | None = None) -> str:
    """The key of a session that is the user's, acting as that membership if she has several."""
    # Only now are the models there.
    from accounts import access  # noqa: PLC0415

    session = SessionStore()
    if membership is not None:
        session[access.SESSION_KEY] = membership
    session[SESSION_KEY] = str(user.pk)  # type: ignore[attr-defined]
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()  # type: ignore[attr-defined]
    session.create()
    return str(session.session_key)


def teacher_and_class() -> tuple[Any, Any]:
    """The demonstration's teacher, and the first of her classes."""
    from accounts.models import User  # noqa: PLC0415  as above
    from accounts.selectors import DEMO_ADDRESS  # noqa: PLC0415
    from rosters.models import ClassGroup  # noqa: PLC0415

    teacher = User.objects.get(email=TEACHER + DEMO_ADDRESS)
    return teacher, ClassGroup.objects.filter(teachers__membership__user=teacher).order_by("pk")[0]


def chosen_sessions() -> list[int]:
    """Some that have room for the teacher's class: the demonstration's own, in both databases."""
    from courses.models import CourseSession  # noqa: PLC0415  as above

    return list(
        CourseSession.objects.scheduled()
        .with_seats_left()
        .filter(
            session_set=None,
            venue="room",
            version__grade_from__lte=7,
            version__grade_to__gte=7,
            seats_left__gte=30,
            starts_at__gt=timezone.now() + timedelta(days=7),
        )
        .order_by("pk")
        .values_list("pk", flat=True)[:3]
    )


def fill_basket() -> None:
    """The teacher has chosen these sessions for her class."""
    from accounts.selectors import actor_of  # noqa: PLC0415  as above
    from bookings.services import basket  # noqa: PLC0415

    teacher, group = teacher_and_class()
    actor = actor_of(teacher.memberships.get(role="teacher"))
    for session in chosen_sessions():
        basket.add(by=actor, class_group=group, session_id=session, now=timezone.now())


def pages() -> dict[str, tuple[str, str]]:
    """By the page's name, who opens which address."""
    from accounts.models import User  # noqa: PLC0415  as above
    from accounts.selectors import DEMO_ADDRESS  # noqa: PLC0415
    from bookings.models import Booking  # noqa: PLC0415
    from courses.models import Course  # noqa: PLC0415
    from sites.calendar import local_day  # noqa: PLC0415

    now = timezone.now()
    today = local_day(now)
    teacher, group = teacher_and_class()
    # Of the demonstration's courses that with the most to come.
    busiest = (
        Course.objects.filter(versions__sessions__starts_at__gt=now)
        .annotate(number=Count("versions__sessions"))
        .order_by("-number", "pk")[0]
    )
    booking = (
        Booking.objects.live()
        .filter(class_group__school=group.school_id, session__starts_at__gt=now)
        .order_by("session__starts_at", "pk")[0]
    )
    student = group.students.order_by("pk")[0]
    find = reverse("bookings:catalogue")

    def found(**asked: object) -> str:
        return f"{find}?{urlencode({'class': group.pk, **asked}, doseq=True)}"

    week = today + timedelta(days=7 - today.weekday())
    sessions = reverse("courses:api-sessions")
    host = busiest.host
    manager = host.memberships.filter(role="host_manager").order_by("pk")[0].user
    return {
        name: (who.email, address)
        for name, who, address in (
            ("catalogue", teacher, found()),
            ("catalogue, words", teacher, found(q="面包")),
            (
                "catalogue, filters",
                teacher,
                found(half="am", seats=30, kind="vocational_school", sort="seats"),
            ),
            ("catalogue, next week", teacher, found(since=week, until=week + timedelta(days=6))),
            ("catalogue, week after", teacher, found(week=week + timedelta(days=7))),
            ("catalogue, page 2", teacher, found(page=2)),
            (
                "course",
                teacher,
                f"{reverse('bookings:course', args=[busiest.pk])}?class={group.pk}",
            ),
            ("complete a class", teacher, reverse("bookings:complete", args=[group.pk])),
            ("home, teacher", teacher, reverse("insights:home")),
            ("class", teacher, reverse("insights:class", args=[group.pk])),
            ("class, hours", teacher, reverse("insights:class_hours", args=[group.pk])),
            ("API: class, hours", teacher, reverse("bookings:api-class-hours", args=[group.pk])),
            ("trips", OFFICE, reverse("bookings:trips")),
            ("trips, past", OFFICE, reverse("bookings:trips") + "?show=past"),
            ("trip", OFFICE, reverse("bookings:booking", args=[booking.pk])),
            ("trips of a teacher", teacher, reverse("bookings:trips") + "?show=past"),
            ("student", teacher, reverse("insights:student", args=[group.pk, student.pk])),
            ("API: bookings", OFFICE, reverse("bookings:api-bookings")),
            ("school", OFFICE, reverse("insights:school")),
            ("classes", OFFICE, reverse("insights:classes")),
            ("host's requests", manager, reverse("bookings:change_requests")),
            ("host's no-shows", manager, reverse("attendance:no_shows")),
            ("host's week", manager, reverse("courses:host_week")),
            ("host's day", manager, reverse("attendance:host_day", args=[today])),
            ("alliance's sessions", SECRETARIAT, reverse("insights:alliance_sessions")),
            ("API: sessions", teacher, sessions),
            ("API: sessions to come", teacher, f"{sessions}?since={today}&free=1&stage=junior"),
            ("API: courses", teacher, reverse("courses:api-courses")),
            (
                "booking form",
                teacher,
                f"{reverse('bookings:reserve', args=[chosen_sessions()[0]])}?class={group.pk}",
            ),
            ("basket", teacher, reverse("bookings:basket")),
            ("swap", OFFICE, reverse("bookings:swap", args=[booking.pk])),
            ("change", OFFICE, reverse("bookings:change", args=[booking.pk])),
            ("API: reservations", OFFICE, reverse("bookings:api-reservations")),
            ("API: host's bookings", manager, reverse("bookings:api-bookings")),
            ("API: change requests", OFFICE, reverse("bookings:api-change-requests")),
            ("overview", SECRETARIAT, reverse("insights:alliance")),
            ("overview, classes", SECRETARIAT, reverse("insights:alliance_classes")),
            ("overview, missed", SECRETARIAT, reverse("insights:alliance_missed")),
        )
        for who in [User.objects.get(email=who + DEMO_ADDRESS) if isinstance(who, str) else who]
    }


def main() -> None:
    django.setup()
    from accounts.models import User  # noqa: PLC0415  as above

    if emails := sys.argv[1:]:
        fill_basket()
        json.dump({email: sign_in(User.objects.get(email=email)) for email in emails}, sys.stdout)
    else:
        json.dump(pages(), sys.stdout)


if __name__ == "__main__":
    main()

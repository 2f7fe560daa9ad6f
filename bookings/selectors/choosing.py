"""For which class somebody is choosing, and when that class is already taken."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from accounts.actors import Actor
from bookings.models import Booking
from courses.choices import HalfDay
from courses.selectors.catalogue import LUNCH_OVER
from rosters.models import ClassGroup, ClassTeacher
from sites import dates
from sites.calendar import NOON, at, local_day


def classes_to_book_for(actor: Actor) -> list[ClassGroup]:
    """The actor's classes with ``student_count``: her homeroom class first, then from the
    youngest. Hosts and the alliance have none."""
    if not actor.is_school:
        return []
    return list(
        ClassGroup.objects.visible_to(actor)
        .current()
        .annotate(
            student_count=Count(
                "students", filter=Q(students__left_at=None, students__merged_into=None)
            ),
            is_own_homeroom=Exists(
                ClassTeacher.objects.filter(
                    Q(membership_id=actor.membership_id),
                    class_group=OuterRef("pk"),
                    is_homeroom=True,
                )
            ),
        )
        .order_by("-is_own_homeroom", "-entry_year", "number", "pk")
    )


def chosen_class(actor: Actor, groups: Sequence[ClassGroup], asked: str) -> ClassGroup | None:
    """The class asked for by its key; for a teacher who asked for none of hers, the first."""
    for group in groups:
        if str(group.pk) == asked:
            return group
    return groups[0] if groups and actor.is_teacher else None


def taken_half_days(class_group: ClassGroup, first: date, last: date) -> set[tuple[date, HalfDay]]:
    """The halves of the days from first to last in which the class has a booking."""
    taken = set()
    for starts_at, ends_at in (
        Booking.objects.live()
        .filter(
            class_group=class_group,
            session__starts_at__gte=at(first, time()),
            session__starts_at__lt=at(last + timedelta(days=1), time()),
        )
        .values_list("session__starts_at", "session__ends_at")
    ):
        taken |= {(local_day(starts_at), half) for half in halves(starts_at, ends_at)}
    return taken


def halves(starts_at: datetime, ends_at: datetime) -> list[HalfDay]:
    """Morning, afternoon, or both for a whole day."""
    if dates.local(starts_at).time() >= NOON:
        return [HalfDay.AFTERNOON]
    if dates.local(ends_at).time() > LUNCH_OVER:
        return [HalfDay.MORNING, HalfDay.AFTERNOON]
    return [HalfDay.MORNING]

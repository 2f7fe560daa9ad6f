"""Reads of the school calendar."""

from datetime import date

from .models import CalendarDay, SchoolTerm


def special_days(first: date, last: date) -> list[tuple[date, str]]:
    """The days from ``first`` to ``last``, both included, that differ from their weekday."""
    return list(
        CalendarDay.objects.filter(day__range=(first, last))
        .order_by("day")
        .values_list("day", "kind")
    )


def day_names(first: date, last: date) -> dict[date, str]:
    """What those days are called: 国庆节."""
    return dict(CalendarDay.objects.filter(day__range=(first, last)).values_list("day", "name"))


def term_week(day: date) -> int | None:
    """The week of the term the day lies in, the first being 1; None outside terms."""
    term = SchoolTerm.objects.filter(starts_on__lte=day, ends_on__gte=day).first()
    if term is None:
        return None
    first_monday = term.starts_on.toordinal() - term.starts_on.weekday()
    return (day.toordinal() - first_monday) // 7 + 1

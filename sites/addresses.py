"""A day in an address: ``<day:day>``. Importing this module makes it known."""

from datetime import date

from django.urls import register_converter

from sites.calendar import FIRST_DAY, LAST_DAY


class DayConverter:
    """2026-12-08. One that no school could mean is not there."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        day = date.fromisoformat(value)
        if not FIRST_DAY <= day <= LAST_DAY:
            raise ValueError
        return day

    def to_url(self, value: date) -> str:
        return value.isoformat()


register_converter(DayConverter, "day")

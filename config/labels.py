"""Template filters for classes, grades and masked names. Built in, beside ``pieces``."""

from django.template import Library
from django.utils import timezone

from rosters import naming
from rosters.models import ClassGroup
from sites.calendar import school_year

register = Library()


@register.filter
def class_label(group: ClassGroup) -> str:
    """七(3)班, by today's school year."""
    return naming.class_label(
        stage=group.stage,
        grade=group.grade(school_year(timezone.localdate())),
        entry_year=group.entry_year,
        number=group.number,
    )


@register.filter
def grade_label(grade: int) -> str:
    """七年级."""
    return naming.grade_label(grade)


@register.filter
def masked(name: str) -> str:
    """张○○."""
    return naming.masked(name)

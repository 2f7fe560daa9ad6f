"""The pieces that draw hours, seats and numbers (docs/pieces.md).

Arguments are plain values; nothing here asks the database.
"""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from config import drawing, looks

register = template.Library()

LONG_NAME = 5


@register.inclusion_tag("pieces/ruler.html")
def ruler(
    total: float,
    earned: float,
    booked: float,
    new: float = 0,
    size: str = "",
    numbers: bool = True,
    label: str = "",
) -> dict[str, Any]:
    """Draw hours: earned, booked, missing; `new` frames those of one booking."""
    words = label or _("共 %(total)s 学时：已得 %(earned)s，已约 %(booked)s，还差 %(missing)s") % {
        "total": drawing.plain(total),
        "earned": drawing.plain(earned),
        "booked": drawing.plain(booked),
        "missing": drawing.plain(max(total - earned - booked, 0)),
    }
    layout = drawing.ruler(
        total=total, earned=earned, booked=booked, new=new, size=size, numbers=numbers
    )
    return {"ruler": layout, "words": words, "size": size}


@register.inclusion_tag("pieces/hours_legend.html")
def hours_legend(
    total: float | None = None, earned: float = 0, booked: float = 0, new: float = 0
) -> dict[str, Any]:
    """Say the hours under a ruler in words; without numbers, only what its patterns mean.

    Where the `new` hours go beyond the total, it says how many of them do.
    """
    if total is None:
        return {"is_key": True}
    beyond = min(new, max(earned + booked - total, 0))
    return {
        "earned": drawing.plain(earned),
        "booked": drawing.plain(booked - new),
        "new": drawing.plain(new) if new else "",
        "missing": drawing.plain(max(total - earned - booked, 0)),
        "total": drawing.plain(total),
        "beyond": drawing.plain(beyond) if beyond else "",
        "has_booked": booked > 0 or earned < total,
        "is_done": earned >= total,
        "is_planned": earned < total <= earned + booked,
    }


@register.inclusion_tag("pieces/cap.html")
def cap(capacity: int, taken: int, held: int = 0) -> dict[str, Any]:
    """Draw the seats of a session: confirmed, awaiting or kept, free."""
    free = max(capacity - taken - held, 0)
    return {
        "bar": drawing.bar(capacity=capacity, taken=taken, held=held),
        "capacity": capacity,
        "taken": taken,
        "held": held,
        "free": free,
    }


@register.inclusion_tag("pieces/cap_legend.html")
def cap_legend(has_held: bool = True) -> dict[str, Any]:
    """Say what the patterns of a capacity bar mean, of kept seats only where there are some."""
    return {"has_held": has_held}


@register.inclusion_tag("pieces/free_seats.html")
def free_seats(capacity: int, taken: int, held: int = 0) -> dict[str, Any]:
    """Say how many seats are free of how many."""
    return {"capacity": capacity, "held": held, "free": max(capacity - taken - held, 0)}


@register.inclusion_tag("pieces/strip.html")
def strip(days: Sequence[dict[str, Any]], label: str) -> dict[str, Any]:
    """Show the free seats of each half-day of a week, each a link."""
    rows = [
        {"word": word, "cells": [{"day": a_day["day"], **a_day["cells"][half]} for a_day in days]}
        for half, word in enumerate((_("上午"), _("下午")))
    ]
    return {"days": days, "rows": rows, "label": label, "count": len(days)}


@register.inclusion_tag("pieces/free_chart.html")
def free_chart(weeks: Sequence[dict[str, Any]], label: str = "") -> dict[str, Any]:
    """Draw confirmed and free seats week by week, with the same numbers as a table."""
    return {
        "weeks": weeks,
        "label": label or _("每周的名额，已约与空余"),
        "wide": drawing.chart(weeks, width=620, height=236),
        "narrow": drawing.chart(weeks, width=326, height=236),
    }


@register.inclusion_tag("pieces/seat.html")
def seat(
    number: object,
    name: str,
    mark: str = "",
    field: str = "",
    value: object = "",
    now: bool = False,
    word: str = "",
    left: bool = False,
) -> dict[str, Any]:
    """Show a student's seat on the door desk; a submit button when `field` names its parameter."""
    words = {"": _("未到"), "in": _("已到"), "late": _("迟到"), "abs": _("缺席"), "exc": _("请假")}
    mark = looks.SEAT_MARKS[mark]
    word = word or words[mark]
    return {
        "number": number,
        "name": name,
        "is_long": len(name) > LONG_NAME,
        "mark": mark,
        "glyph": looks.SEAT_LEFT if left else looks.SEAT_GLYPHS.get(mark, ""),
        "word": _("%(state)s，已签退") % {"state": word} if left else word,
        "field": field,
        "value": value,
        "now": now,
        "left": left,
    }


@register.inclusion_tag("pieces/dims.html")
def dims(
    goal: str | None, content: str | None, assessment: str | None, safety: str | None
) -> dict[str, Any]:
    """Show how a review stands in its four dimensions: pass, fix, fail or not yet."""
    words = {"pass": _("通过"), "fix": _("待修改"), "fail": _("不通过"), "": _("未审")}
    named = (
        (_("目"), _("目标导向"), goal or ""),
        (_("内"), _("内容规范"), content or ""),
        (_("评"), _("评价方式"), assessment or ""),
        (_("安"), _("安全保障"), safety or ""),
    )
    return {
        "dims": [
            {
                "letter": letter,
                "name": name,
                "word": words[result],
                "look": looks.DIM_CLASSES[result],
            }
            for letter, name, result in named
        ]
    }


@register.inclusion_tag("pieces/dims_legend.html")
def dims_legend() -> dict[str, Any]:
    """Say what the looks of the four dimensions mean."""
    return {}


@register.simple_block_tag
def kpis(content: str) -> SafeString:
    """Frame a row of large numbers."""
    return format_html('<div class="kpis">{}</div>', content)


@register.inclusion_tag("pieces/kpi.html")
def kpi(label: str, value: object, unit: str = "", url: str = "") -> dict[str, Any]:
    """Show one large number with what it counts, a link to its rows when there is one."""
    number = drawing.plain(value) if isinstance(value, int | float) else value
    return {"label": label, "value": number, "unit": unit, "url": url}

"""The template tags and filters of the page frame; docs/pieces.md shows how to call each.

Built into every template by the settings. A piece takes plain values, looks nothing up and
decides nothing but how a thing is drawn.
"""

import datetime
import functools
import itertools
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from config import drawing, fields, looks, mistakes
from sites import dates

register = template.Library()

LONG_NAME = 5
EMPTY = SafeString("")


# ── the frame ──


@register.simple_tag
def html_lang() -> str:
    """Return the language of the page as HTML names it."""
    return "zh-CN" if (get_language() or "zh").startswith("zh") else "en"


@register.filter
def note_kind(level_tag: str) -> str:
    """Return the kind of note that shows a message of Django's messages framework."""
    return {"error": "bad", "warning": "warn", "success": "ok"}.get(level_tag, "info")


@register.simple_tag
def drawings(names: str) -> SafeString:
    """Put on the page, of all that ``icons.html`` draws, what it uses: for pages that are to be
    light. A name that is none fails."""
    known = _drawings()
    return SafeString(
        '<svg class="defs" aria-hidden="true" focusable="false">'
        + "".join(known[name] for name in names.split())
        + "</svg>"
    )


@functools.cache
def _drawings() -> dict[str, str]:
    drawn = render_to_string("pieces/icons.html")
    return {
        match["name"]: match[0]
        for match in re.finditer(r'<(symbol|pattern) id="(?P<name>[^"]+)".*?</\1>', drawn)
    }


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw an icon, hidden from screen readers: the word beside it says what it means."""
    return format_html(
        '<svg class="i{}" aria-hidden="true"><use href="#i-{}"/></svg>', size and f" {size}", name
    )


@register.simple_tag
def state(kind: str, word: object) -> SafeString:
    """Show a state as glyph, border and word; takes a kind of mark or one of our status values."""
    look, glyph = looks.STATE_LOOKS.get(
        looks.STATUS_KINDS.get(kind, kind), looks.STATE_LOOKS["info"]
    )
    mark = (
        format_html('<svg viewBox="0 0 16 16" aria-hidden="true"><use href="#{}"/></svg>', glyph)
        if glyph
        else EMPTY
    )
    return format_html('<span class="state {}">{}{}</span>', look, mark, word)


@register.simple_tag
def pic(family: str | int, size: str = "") -> SafeString:
    """Draw the pictogram of an occupation family, f1 to f12, beside the occupation's name."""
    code = str(family).removeprefix("f")
    return format_html(
        '<span class="pic f{}{}"><svg viewBox="0 0 32 32" aria-hidden="true">'
        '<use href="#f{}"/></svg></span>',
        code,
        size and f" {size}",
        code,
    )


@register.simple_tag
def plate(name: object, size: str = "") -> SafeString:
    """Show the name of a class or a room on its door plate."""
    return format_html('<span class="plate{}">{}</span>', size and f" {size}", name)


@register.simple_tag
def crumb(url: str, label: object) -> SafeString:
    """Link back to the page above."""
    return format_html('<p class="crumb"><a href="{}">{}{}</a></p>', url, icon("left", "sm"), label)


@register.inclusion_tag("pieces/stamp.html")
def stamp() -> dict[str, Any]:
    """Press the seal of a confirmed booking."""
    return {"words": _("名额已定")}


# ── days and times ──


def _date_filter(write: Callable[..., str]) -> Callable[..., str]:
    """Make a filter of a date format; nothing stays nothing."""

    def shown(value: Any, other: Any = None) -> str:
        if not value:
            return ""
        return write(value) if other is None else write(value, other)

    return shown


for _name in (
    "day", "day_full", "day_short", "day_range", "weekday", "half_day",
    "clock", "moment", "moment_full", "time_range", "period",
):  # fmt: skip
    register.filter(_name, _date_filter(getattr(dates, _name)))


@register.filter
def signed(value: int) -> str:
    """Write a number that may be below nothing with a true minus, not with a hyphen."""
    return str(value).replace("-", "−")


@register.simple_tag
def date_block(value: datetime.date | datetime.datetime) -> SafeString:
    """Show a day as a leaf of a calendar, the month above the day."""
    return format_html(
        '<span class="date"><i>{}</i> <b>{}</b></span>',
        dates.month_name(value),
        dates.local(value).day,
    )


# ── hours and seats ──


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


# ── panels, lists ──


@register.inclusion_tag("pieces/panel_head.html")
def panel_head(
    title: str, url: str = "", label: str = "", text: str = "", level: int = 2, id: str = ""
) -> dict[str, Any]:
    """Head a panel: its title, and at the right a link or a short text."""
    return {"title": title, "url": url, "label": label, "text": text, "tag": f"h{level}", "id": id}


@register.inclusion_tag("pieces/kv.html")
def kv(pairs: Iterable[tuple[str, object]]) -> dict[str, Any]:
    """List names and values; what is empty is left out."""
    return {"pairs": [(name, value) for name, value in pairs if value not in (None, "")]}


@register.inclusion_tag("pieces/chips.html")
def chips(items: Iterable[Sequence[Any]], label: str) -> dict[str, Any]:
    """Offer filters as links, the current one marked."""
    return {"items": drawing.normal_items(items), "label": label}


@register.inclusion_tag("pieces/tabs.html")
def tabs(items: Iterable[Sequence[Any]], label: str) -> dict[str, Any]:
    """Offer the views of one thing as links, the current one marked."""
    return {"items": drawing.normal_items(items), "label": label}


@register.inclusion_tag("pieces/pager.html")
def pager(next_url: str = "", previous_url: str = "", text: str = "") -> dict[str, Any]:
    """Link to the next and the previous part of a long list."""
    return {"next_url": next_url, "previous_url": previous_url, "text": text}


@register.simple_block_tag
def empty(content: str, title: str) -> SafeString:
    """Say that there is nothing here, and what to do next."""
    return SafeString(render_to_string("pieces/empty.html", {"content": content, "title": title}))


@register.inclusion_tag("pieces/print_head.html")
def print_head(
    title: str, text: str = "", printed_at: datetime.datetime | None = None, level: int = 1
) -> dict[str, Any]:
    """Head a printed list with mark, title and, if given, the time of printing."""
    return {"title": title, "text": text, "printed_at": printed_at, "tag": f"h{level}"}


# ── notes and buttons ──


@register.simple_block_tag
def note(content: str, kind: str = "info", icon: str = "", title: str = "") -> SafeString:
    """Frame a short message: info, warn, bad or ok."""
    context = {
        "content": content,
        "kind": kind,
        "icon": icon or looks.NOTE_ICONS[kind],
        "title": title,
    }
    return SafeString(render_to_string("pieces/note.html", context))


@register.simple_tag
def why(text: object, id: str = "", icon_name: str = "info") -> SafeString:
    """Give the reason under a disabled button."""
    return format_html(
        '<p class="why"{}>{}<span>{}</span></p>',
        format_html(' id="{}"', id) if id else EMPTY,
        icon(icon_name, "sm"),
        text,
    )


@register.inclusion_tag("pieces/action_button.html", takes_context=True)
def action_button(
    context: template.Context, label: str, why: object = "", **options: Any
) -> dict[str, Any]:
    """Offer an action, or show it barred, described by the reason under it.

    A barred button still submits its form, so that the service can explain; a barred link
    leads nowhere.
    """
    kind = options.pop("kind", "primary")
    classes = [looks.BUTTON_CLASSES[kind]]
    if options.get("big"):
        classes.append("btn-lg")
    if options.get("full"):
        classes.append("w-100")
    return {
        "label": label,
        "why": why,
        "why_id": f"why-{_next_number(context)}" if why else "",
        "classes": " ".join(classes),
        **{
            name: options.get(name, "") for name in ("url", "name", "value", "icon", "busy", "full")
        },
    }


def _next_number(context: template.Context) -> int:
    """Return a number that no other piece of this page has."""
    # The lowest layer of the render context is shared by all templates of a page.
    page: Any = context.render_context.dicts[0]
    numbers = page.setdefault("pieces_numbers", itertools.count(1))
    return next(numbers)


# ── forms ──


@register.inclusion_tag("pieces/field.html")
def field(field: BoundField, **options: Any) -> dict[str, Any]:
    """Draw a form field: label, control, hint, errors; see `fields.describe` for the options."""
    return fields.describe(field, **options)


@register.inclusion_tag("pieces/fields.html", name="fields")
def all_fields(form: BaseForm) -> dict[str, Any]:
    """Draw every field of a form."""
    return {"form": form}


@register.simple_tag
def form_mistakes(form: BaseForm) -> list[str]:
    """List what is wrong with the fields of a form, a sentence each."""
    return [sentence for bound in form for sentence in mistakes.sentences(bound)]


@register.simple_tag
def field_mistakes(field: BoundField) -> list[str]:
    """List what is wrong with one field, where it is not drawn by ``field``."""
    return mistakes.sentences(field)


@register.simple_tag
def form_key() -> str:
    """Give the form a key of its own, so that a double click is carried out once."""
    return format_html('<input type="hidden" name="form_key" value="{}">', uuid.uuid4())


@register.inclusion_tag("pieces/form_errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """Sum up what a form refused: what concerns the whole first, then a link to each field."""
    return {
        "form": form,
        "fields": [bound for bound in form.visible_fields() if bound.errors],
        "hidden": [error for bound in form.hidden_fields() for error in mistakes.sentences(bound)],
    }

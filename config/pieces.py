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

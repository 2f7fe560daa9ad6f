"""How a form field is drawn: its shape, and how hint and errors are tied to the control."""

from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.safestring import SafeString

from config import mistakes

# The browser's own pickers read and write ISO, whatever the language.
NATIVE_INPUTS = (
    (forms.DateTimeInput, "datetime-local", "%Y-%m-%dT%H:%M"),
    (forms.DateInput, "date", "%Y-%m-%d"),
    (forms.TimeInput, "time", "%H:%M"),
)


def describe(
    field: BoundField,
    *,
    label: str = "",
    hint: str = "",
    short: bool = False,
    rows: int = 0,
    plain: bool = False,
    unmarked: bool = False,
) -> dict[str, Any]:
    """Return what the field's template needs; the control comes drawn and described."""
    widget = field.field.widget
    mistakes.name_the_empty_choice(field)
    hint = hint or str(field.help_text)
    hint_id, error_id = f"{field.auto_id}_hint", f"{field.auto_id}_error"
    described_by = " ".join(
        part for part, shown in ((hint_id, hint), (error_id, field.errors)) if shown
    )
    shape = _shape(widget)
    facts = {
        "field": field,
        "shape": shape,
        "label": label or field.label,
        "hint": hint,
        "hint_id": hint_id,
        "error_id": error_id,
        "described_by": described_by,
        "optional": not field.field.required and shape != "check" and not unmarked,
        "short": short,
        "plain": plain,
        "errors": mistakes.sentences(field),
    }
    if shape == "group":
        return facts | {"choices": list(field)}
    return facts | {"control": _control(field, described_by=described_by, rows=rows)}


def _shape(widget: forms.Widget) -> str:
    """Return how a widget is laid out: hidden, a group, one check, or a control under its label."""
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "group"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    return "control"


def _control(field: BoundField, *, described_by: str, rows: int) -> SafeString:
    """Draw the control with Bootstrap's class for it, its errors announced."""
    widget = field.field.widget
    attrs: dict[str, Any] = {"class": _classes(field)}
    if described_by:
        attrs["aria-describedby"] = described_by
    if field.errors:
        attrs["aria-invalid"] = "true"
    if rows and isinstance(widget, forms.Textarea):
        attrs["rows"] = rows
    for kind, input_type, iso in NATIVE_INPUTS:
        if isinstance(widget, kind):
            widget.input_type = input_type
            widget.format = iso
            break
    return field.as_widget(attrs=attrs)


def _classes(field: BoundField) -> str:
    """Return the widget's own classes and Bootstrap's."""
    widget = field.field.widget
    match widget:
        case forms.CheckboxInput():
            name = "form-check-input"
        case forms.Select():
            name = "form-select"
        case _:
            name = "form-control"
    parts = (widget.attrs.get("class", ""), name, "is-invalid" if field.errors else "")
    return " ".join(part for part in parts if part)

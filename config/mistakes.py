"""What a form's mistakes are called: the framework's own sentences as an office would write them,
each naming its field. A sentence that a form or a rule wrote itself stands as it is."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core import validators
from django.core.exceptions import ValidationError
from django.db.models import Field
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PLEASE_CHOOSE = _("请选择")
# What Django writes first in a select from which nothing is chosen yet.
DASHES = "---------"

_REQUIRED = _("请填写“%(label)s”。")
_REQUIRED_CHOICE = _("请选择“%(label)s”。")
_NO_CHOICE = _("“%(label)s”里没有这个选项，请重新选择。")
_SHAPES: tuple[tuple[type[forms.Field], str | Promise], ...] = (
    (forms.IntegerField, _("“%(label)s”请填整数。")),
    (forms.DateTimeField, _("“%(label)s”请填日期和时间。")),
    (forms.DateField, _("“%(label)s”请填日期。")),
    (forms.TimeField, _("“%(label)s”请填时间，例如 9:00。")),
    (forms.EmailField, _("“%(label)s”请填邮箱地址，例如 name@example.org。")),
    (forms.URLField, _("“%(label)s”请填网址，以 https:// 开头。")),
)
_LIMITS: Mapping[str, str | Promise] = {
    "min_value": _("“%(label)s”不能小于 %(limit_value)s。"),
    "max_value": _("“%(label)s”不能大于 %(limit_value)s。"),
    "max_length": _("“%(label)s”最多 %(limit_value)s 个字，现在是 %(show_value)s 个字。"),
    "min_length": _("“%(label)s”至少 %(limit_value)s 个字，现在是 %(show_value)s 个字。"),
    "unique": _("已有这样的“%(label)s”，请换一个。"),
}
_VALIDATORS: Mapping[str, type[validators.BaseValidator]] = {
    "min_value": validators.MinValueValidator,
    "max_value": validators.MaxValueValidator,
    "max_length": validators.MaxLengthValidator,
    "min_length": validators.MinLengthValidator,
}


def sentences(field: BoundField) -> list[str]:
    """The mistakes of a field, a sentence each."""
    found = field.errors.as_data() if field.errors else []
    return [line for error in found for line in _lines(field, error)]


def _lines(field: BoundField, error: ValidationError) -> list[str]:
    sentence = _ours(field.field, error)
    if sentence is None:
        return [str(message) for message in error.messages]
    return [str(sentence) % {"label": field.label, **(error.params or {})}]


def _ours(field: forms.Field, error: ValidationError) -> str | Promise | None:
    """Our sentence for the framework's; None where the words are not the framework's."""
    if not _is_frameworks(field, error):
        return None
    match error.code:
        case "required":
            chooses = isinstance(field.widget, forms.Select | forms.CheckboxInput)
            many = forms.CheckboxSelectMultiple | forms.SelectMultiple
            return _REQUIRED_CHOICE if chooses or isinstance(field.widget, many) else _REQUIRED
        case "invalid_choice" | "invalid_pk_value" | "invalid_list":
            return _NO_CHOICE
        case "invalid":
            return next((words for kind, words in _SHAPES if isinstance(field, kind)), None)
        case code:
            return _LIMITS.get(code or "")


def _is_frameworks(field: forms.Field, error: ValidationError) -> bool:
    code = error.code or ""
    told = [getattr(kind, "default_error_messages", {}) for kind in (*type(field).__mro__, Field)]
    known: list[Any] = [messages[code] for messages in told if code in messages]
    if code in _VALIDATORS:
        known.append(_VALIDATORS[code].message)
    if code == "invalid":
        known += [
            validators.EmailValidator.message,
            validators.URLValidator.message,
            validators.integer_validator.message,
        ]
    # The same sentence in another part of the framework is another object: compare what is read.
    return str(error.message) in {str(message) for message in known}


def name_the_empty_choice(field: BoundField) -> None:
    """请选择 where Django would draw a row of dashes."""
    asked: Any = field.field
    if getattr(asked, "empty_label", None) == DASHES:
        asked.empty_label = PLEASE_CHOOSE
    elif isinstance(asked.widget, forms.Select):
        choices = list(asked.widget.choices)
        if choices and choices[0] == ("", DASHES):
            asked.widget.choices = [("", PLEASE_CHOOSE), *choices[1:]]

"""A refusal kept in a row: its code and facts, and the sentence they make in any language."""

from collections.abc import Iterator
from typing import Any

from accounts.errors import Refusal
from courses.models import CourseSession


def kept(refusal: Refusal) -> dict[str, Any]:
    """Plain JSON; ``session`` is the key of that which stood in the way, if one did."""
    stored: dict[str, Any] = {
        "code": refusal.code,
        "facts": {
            name: value if isinstance(value, int | float) else str(value)
            for name, value in refusal.facts.items()
        },
    }
    if isinstance(refusal.about, CourseSession):
        stored["session"] = refusal.about.pk
    return stored


def sentence(stored: dict[str, Any]) -> str:
    """What the refusal said, in the active language; its facts are as they were then. Empty where
    it is forgotten."""
    if not stored:
        return ""
    for kind in _kinds(Refusal):
        if vars(kind).get("code") == stored.get("code"):
            return str(kind(**stored["facts"]))
    return ""


def _kinds(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    """The kind and all below it, those nearer the root first."""
    layer = [kind]
    while layer:
        yield from layer
        layer = [below for one in layer for below in one.__subclasses__()]

"""What people write freely names no student: the one rule, wherever such a text is kept."""

import re
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q, QuerySet

from rosters.errors import TextNamesStudent

# What stands where a text was taken out.
TAKEN_OUT = "—"


def is_named(text: str, names: Iterable[str]) -> bool:
    """Whether one of the names stands in the text: blanks and capitals make no difference, and a
    name in Latin letters is no part of a longer word. One character alone is no name."""
    words = " ".join(text.split()).casefold()
    joined = words.replace(" ", "")
    return any(_stands_in(" ".join(name.split()).casefold(), words, joined) for name in names)


def _stands_in(name: str, words: str, joined: str) -> bool:
    if len(name) < 2:
        return False
    if name.isascii():
        return re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", words) is not None
    return name.replace(" ", "") in joined


def check_names_nobody(text: str, names: Iterable[str]) -> None:
    """Refused: TextNamesStudent."""
    if is_named(text, names):
        raise TextNamesStudent


def take_out(rows: QuerySet[Any], fields: Collection[str], names: Collection[str]) -> int:
    """Texts in these fields of the rows that name one of them are a dash; how many. In the
    caller's transaction."""
    written = Q()
    for field in fields:
        written |= ~Q(**{field: ""})
    taken = 0
    for row in rows.filter(written).order_by("pk"):
        named = [field for field in fields if is_named(getattr(row, field), names)]
        if named:
            rows.model._default_manager.filter(pk=row.pk).update(**dict.fromkeys(named, TAKEN_OUT))
        taken += len(named)
    return taken

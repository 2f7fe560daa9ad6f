"""Translations without gettext's tools: sources to .po files, .po files to .mo files.

The source language is Chinese, so only English has a catalogue (docs/decisions). ``update``
reads every string marked in Python and templates; ``compile`` is part of the set-up.
"""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
SKIPPED = {"node_modules", "var", "tests", "bench", ".venv", ".git", "migrations"}
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}

# A call as templatize writes it: a name of gettext, strings, numbers and names in brackets.
STRING = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
CALL = re.compile(rf"(?:(?:n?p?gettext)|_)\((?:{STRING}|[^()'\"]|\([^()]*\))*\)", re.DOTALL)


def sources(suffix: str) -> Iterator[Path]:
    for path in sorted(ROOT.rglob(f"*{suffix}")):
        if not SKIPPED.intersection(path.relative_to(ROOT).parts):
            yield path


def text_templates() -> Iterator[Path]:
    return (path for path in sources(".txt") if "templates" in path.parts)


def found_messages() -> Iterator[tuple[str, int, object, str | None]]:
    """Each marked string: file, line, message (a pair where it has a plural), context."""
    from django.utils.translation.template import templatize  # noqa: PLC0415 (needs settings)

    for path in sources(".py"):
        name = str(path.relative_to(ROOT))
        with path.open("rb") as file:
            for line, message, _comments, context in extract("python", file, keywords=KEYWORDS):
                yield name, line, message, context
    for path in (*sources(".html"), *text_templates()):
        name = str(path.relative_to(ROOT))
        text = templatize(path.read_text(encoding="utf-8"), origin=name)
        # Only the calls that templatize writes are Python; the rest is padding.
        text = "\n".join(match[0].replace("\n", " ") for match in CALL.finditer(text))
        for line, message, _comments, context in extract(
            "python", io.BytesIO(text.encode()), keywords=KEYWORDS
        ):
            yield name, line, message, context


def template() -> Catalog:
    catalog = Catalog(domain="django", charset="utf-8")
    for name, line, message, context in found_messages():
        catalog.add(message, None, [(name, line)], context=context)  # type: ignore[arg-type]
    return catalog


def catalogue(language: str) -> tuple[Path, Catalog]:
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    if not path.exists():
        return path, Catalog(locale=language, domain="django", charset="utf-8")
    with path.open("rb") as file:
        return path, read_po(file, locale=language, domain="django")


def update(language: str = "en") -> None:
    """The catalogue holds what the sources hold: new strings empty, gone ones dropped."""
    path, catalog = catalogue(language)
    catalog.update(template(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.revision_date = catalog.creation_date
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=100, sort_output=True, omit_header=False, no_location=True)


def compile_all() -> None:
    """Each .po has its .mo beside it."""
    for path in LOCALE.glob("*/LC_MESSAGES/django.po"):
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.parts[-3])
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalog)


def main() -> None:
    match sys.argv[1:]:
        case ["update"]:
            from django.conf import settings  # noqa: PLC0415

            settings.configure(USE_I18N=True)
            update()
            compile_all()
        case ["compile"]:
            compile_all()
        case _:
            sys.exit("usage: python -m config.messages update|compile")


if __name__ == "__main__":
    main()

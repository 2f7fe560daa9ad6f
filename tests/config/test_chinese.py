"""No Chinese of the interface stands outside gettext: it would stay Chinese for everybody."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.messages import KEYWORDS, ROOT, sources

# Characters, and the punctuation that only Chinese writes.
CHINESE = re.compile(r"[\u3001-\u303f\u3400-\u9fff\uff01-\uff5e]")

# What is Chinese by its nature, with the reason.
EXEMPT_PYTHON = {
    "accounts/choices.py": "A language is named in itself.",
    "config/settings.py": "A language is named in itself; the product's name in a mail's sender.",
    "config/stack.py": "The product's name, beside its English.",
    "config/gallery.py": "The gallery of pieces shows them with examples.",
    "config/smoke/": "Speaks to Chinese pages.",
    "courses/services/sessions.py": "What a room is held for is kept as it was named then.",
    "insights/demo/": "The demonstration's data.",
    "courses/selectors/unusual.py": "Reads the hours of a site as people write them.",
    "courses/naming.py": "Parts a Chinese title where it is Chinese.",
    "rosters/parsing/": "Knows how school offices write headers, classes and notes.",
    "rosters/services/forgetting.py": "What stands in the database where a name stood.",
    "rosters/wording.py": "Documents in both languages, beside each other.",
    "rosters/naming.py": "Writes Chinese grades and classes; English has its own branch.",
}
EXEMPT_TEMPLATES = {
    "accounts/templates/accounts/board.html": "The product's name, beside its English.",
    "templates/pieces/brand.html": "The product's name, beside its English.",
    "templates/pieces/language.html": "A language is named in itself.",
    "templates/pieces/stamp.html": "The stamp's one character, drawn; its label is translated.",
    "templates/pieces/gallery": "The gallery of pieces shows them with examples.",
}

COMMENT = r"\{%\s*comment\b.*?\{%\s*endcomment\s*%\}|\{#.*?#\}"
BLOCK = r"\{%\s*blocktrans(?:late)?\b.*?\{%\s*endblocktrans(?:late)?\s*%\}"
TAG = r"""\{%\s*trans(?:late)?\s+(?:"[^"]*"|'[^']*').*?%\}"""
CALL = r"""_\((?:"[^"]*"|'[^']*')\)"""
TRANSLATED = re.compile(f"{COMMENT}|{BLOCK}|{TAG}|{CALL}", re.DOTALL)


def untranslated_in_python(text: str) -> Iterator[tuple[int, str]]:
    """Line and value of each Chinese string that is neither a docstring nor in gettext's hands."""

    def walk(node: ast.AST) -> Iterator[tuple[int, str]]:
        if isinstance(node, ast.Call):
            called = node.func
            name = getattr(called, "id", getattr(called, "attr", ""))
            if name in KEYWORDS:
                return
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if CHINESE.search(node.value):
                yield node.lineno, node.value
            return
        for child in ast.iter_child_nodes(node):
            is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if not is_docstring:
                yield from walk(child)

    yield from walk(ast.parse(text))


def untranslated_in_template(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of what is Chinese outside translate, blocktranslate and ``_()``."""
    bare = TRANSLATED.sub(lambda found: "\n" * found[0].count("\n"), text)
    for number, line in enumerate(bare.splitlines(), start=1):
        for found in CHINESE.finditer(line):
            yield number, line[max(found.start() - 20, 0) : found.end() + 20].strip()


def exempt(path: Path, known: dict[str, str]) -> bool:
    return str(path.relative_to(ROOT)).startswith(tuple(known))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"""文"""\ndef f():\n    """文"""\n    return _("文")', []),
        ('a = "文"', [(1, "文")]),
        ('a = f"{b}、"', [(1, "、")]),
        ('a = gettext("文") + "：".join(b)', [(1, "：")]),
        ('class A:\n    b = {"c": "文"}', [(2, "文")]),
    ],
)
def test_the_walk_of_python_finds_what_is_bare(text: str, found: list[tuple[int, str]]) -> None:
    assert list(untranslated_in_python(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<p>{% translate "文" %}</p>{# 文 #}', []),
        ("{% blocktranslate trimmed with a=b %}\n文{{ a }}{% endblocktranslate %}", []),
        ('{% piece _("文") %}', []),
        ("<p>\n文</p>", [(2, "文</p>")]),
        ('<p title="文">', [(1, '<p title="文">')]),
        ('{% translate "文" %}：{{ a }}', [(1, "：{{ a }}")]),
    ],
)
def test_the_walk_of_templates_finds_what_is_bare(text: str, found: list[tuple[int, str]]) -> None:
    assert list(untranslated_in_template(text)) == found


def test_no_python_speaks_chinese_past_gettext() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sources(".py")
        if not exempt(path, EXEMPT_PYTHON)
        for line, text in untranslated_in_python(path.read_text(encoding="utf-8"))
    ]

    assert bare == []


def test_no_template_speaks_chinese_past_gettext() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for suffix in (".html", ".txt")
        for path in sources(suffix)
        if "templates" in path.parts and not exempt(path, EXEMPT_TEMPLATES)
        for line, text in untranslated_in_template(path.read_text(encoding="utf-8"))
    ]

    assert bare == []


def test_no_script_speaks_chinese_of_its_own() -> None:
    """Scripts take their sentences from the page, which has them translated."""
    bare = [
        f"{path.name}: {line.strip()}"
        for path in sorted((ROOT / "static" / "js").glob("*.js"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if CHINESE.search(line)
    ]

    assert bare == []


@pytest.mark.parametrize("known", [EXEMPT_PYTHON, EXEMPT_TEMPLATES])
def test_every_exemption_is_still_needed(known: dict[str, str]) -> None:
    for start in known:
        found = [path for path in ROOT.glob(f"{start}*") if path.exists()]
        files = [file for path in found for file in ([path] if path.is_file() else path.rglob("*"))]
        assert any(
            CHINESE.search(file.read_text(encoding="utf-8"))
            for file in files
            if file.suffix in (".py", ".html")
        ), start

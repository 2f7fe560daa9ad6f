"""What all printed sheets share: their fonts and the way from a template to a PDF."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import noto_cjk_sans_otc
import typst

MARK = Path(__file__).parents[2] / "static" / "img" / "mark.svg"
FONT = "Noto Sans CJK SC"
# A name with letters that it lacks, such as Š, is set whole in one that has them.
LATIN_FONT, LATIN = "Libertinus Serif", re.compile("[\u0100-\u024f\u1e00-\u1eff]")


def pdf_of(template: str, data: dict[str, Any]) -> bytes:
    """The PDF; the template finds ``data`` and the house's ``mark`` and ``font`` in it.

    The fonts are the packages' own: the same sheet on every machine.
    """
    given = {"font": FONT, "mark": MARK.read_text()} | data
    pdf: object = typst.compile(
        template.encode(),
        font_paths=fonts(),
        sys_inputs={"data": json.dumps(given, ensure_ascii=False)},
    )
    assert isinstance(pdf, bytes)
    return pdf


def fonts_for(name: str) -> list[str]:
    """The fonts to set a name in."""
    return [LATIN_FONT, FONT] if LATIN.search(name) else [FONT]


@cache
def fonts() -> typst.Fonts:
    """Noto Sans CJK, which has the rare characters of names, and what typst carries; nothing of
    the machine."""
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,
        font_paths=[str(noto_cjk_sans_otc.FONT_PATH.parent)],
    )

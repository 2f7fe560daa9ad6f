"""What is printed: A4 sheets of badges, 3 × 7, in class order, with cut marks. Rows in, PDF out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pylopdf_fonts_zh_cn
import typst

from attendance.qr import QUIET_ZONE, grouped, matrix

FONTS = Path(pylopdf_fonts_zh_cn.__file__).parent
PER_PAGE = 21

# A4 is 210 × 297 mm: below a head three columns of 63 mm by seven rows of 38.4 mm. A module is
# 1.2 mm, so the code measures 25.2 mm and with its quiet zone 34.8 mm. Everything is placed, so
# that nothing, however long a name, can push a badge off its page.
TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set page(paper: "a4", margin: 0mm)
#set text(font: "Noto Sans SC", size: 8.5pt, lang: "zh")
#set par(leading: 0.45em, spacing: 0.5em)
#let module = 1.2mm
#let code(rows) = box(width: data.side * module, height: data.side * module, {
  for (y, runs) in rows.enumerate() {
    for (x, length) in runs {
      place(dx: (x + data.quiet) * module, dy: (y + data.quiet) * module,
        rect(width: length * module + 0.01mm, height: module + 0.01mm, fill: black, stroke: none))
    }
  }
})
#let cut = (paint: luma(55%), thickness: 0.2mm, dash: "dashed")
#let tag(badge) = box(width: 63mm, height: 38.4mm, stroke: cut, clip: true, {
  place(left + horizon, dx: 1.2mm, code(badge.rows))
  place(left + horizon, dx: 36mm, box(width: 25.5mm, {
    text(size: badge.size * 1pt, badge.name)
    parbreak()
    text(size: 7pt, badge.school)
    parbreak()
    [#badge.class #h(0.4em) #badge.seat]
    parbreak()
    v(0.6mm, weak: true)
    text(size: 8.5pt, font: "DejaVu Sans Mono", badge.code.join(linebreak()))
  }))
})
#let of = if data.pages.len() > 1 { " / " + str(data.pages.len()) } else { none }
#for (number, tags) in data.pages.enumerate() {
  page({
    place(dx: 12.5mm, dy: 10mm, text(size: 8pt, {
      data.title
      if of != none { h(1em) + str(number + 1) + of }
    }))
    place(top + right, dx: -12.5mm, dy: 10mm, text(size: 8pt, data.hint))
    for (index, badge) in tags.enumerate() {
      place(dx: 10.5mm + calc.rem(index, 3) * 63mm, dy: 18mm + calc.quo(index, 3) * 38.4mm,
        tag(badge))
    }
  })
}
"""


@dataclass(frozen=True, slots=True)
class BadgeRow:
    """One badge as it is printed."""

    code: str
    name: str
    class_label: str
    seat: str
    school: str


def badge_sheets(badges: Sequence[BadgeRow], *, title: str, hint: str) -> bytes:
    """A PDF of as many A4 pages as the badges need, 21 a page, in the given order."""
    rows = [
        {
            "rows": [_runs(row) for row in matrix(badge.code)],
            "name": badge.name,
            # A long name is set smaller, so that it stays on few lines.
            "size": 13 if len(badge.name) <= 4 else 10 if len(badge.name) <= 14 else 7,
            "class": badge.class_label,
            "seat": badge.seat,
            "school": badge.school,
            "code": [grouped(badge.code[:8]), grouped(badge.code[8:])],
        }
        for badge in badges
    ]
    side = len(matrix(badges[0].code)) + 2 * QUIET_ZONE if badges else 1
    data = {
        "title": title,
        "hint": hint,
        "side": side,
        "quiet": QUIET_ZONE,
        "pages": [rows[start : start + PER_PAGE] for start in range(0, len(rows), PER_PAGE)],
    }
    pdf: object = typst.compile(  # type: ignore[misc]
        TEMPLATE.encode(),
        font_paths=[str(FONTS)],
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )
    assert isinstance(pdf, bytes)
    return pdf


def _runs(row: Sequence[bool]) -> list[tuple[int, int]]:
    """The dark stretches of one row of modules: where each begins and how long it is."""
    runs: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if dark and x and row[x - 1]:
            start, length = runs[-1]
            runs[-1] = (start, length + 1)
        elif dark:
            runs.append((x, 1))
    return runs

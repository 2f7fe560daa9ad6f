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

# A4 is 210 × 297 mm: a head of 9 mm and three columns of 63 mm by seven rows of 38.6 mm.
# The code with its quiet zone is 31 mm wide, so one of its 29 modules measures 1.07 mm.
TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set page(paper: "a4", margin: (x: 10.5mm, top: 9mm, bottom: 9mm))
#set text(font: "Noto Sans SC", size: 8.5pt, lang: "zh")
#set par(leading: 0.5em)
#let module = 31mm / data.side
#let code(rows) = box(width: 31mm, height: 31mm, {
  for (y, runs) in rows.enumerate() {
    for (x, length) in runs {
      place(dx: (x + data.quiet) * module, dy: (y + data.quiet) * module,
        rect(width: length * module + 0.01mm, height: module + 0.01mm, fill: black, stroke: none))
    }
  }
})
#let cut = (paint: luma(60%), thickness: 0.2mm, dash: "dashed")
#let tag(badge) = box(width: 63mm, height: 38.6mm, stroke: cut,
  inset: 2mm, grid(columns: (31mm, 1fr), column-gutter: 1.5mm, align: (horizon, horizon),
    code(badge.rows),
    {
      text(size: badge.size * 1pt, weight: "bold", badge.name)
      linebreak()
      text(badge.class)
      linebreak()
      text(badge.seat)
      linebreak()
      text(size: 7pt, badge.school)
      linebreak()
      text(size: 6.6pt, font: ("DejaVu Sans Mono", "Noto Sans SC"), badge.code)
    }))
#for (index, page) in data.pages.enumerate() {
  if index > 0 { pagebreak() }
  box(height: 9mm, width: 100%, inset: (x: 2mm, top: 1mm),
    grid(columns: (1fr, auto), text(size: 8pt, data.title), text(size: 8pt, data.hint)))
  v(-0.6em)
  grid(columns: (63mm, 63mm, 63mm), rows: 38.6mm, ..page.map(tag))
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
            # A long name is set smaller, so that it stays on two lines.
            "size": 13 if len(badge.name) <= 4 else 9.5,
            "class": badge.class_label,
            "seat": badge.seat,
            "school": badge.school,
            "code": grouped(badge.code),
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

"""A4 sheets of badges, 3 × 7, in class order, with cut marks. Rows in, PDF out."""

from collections.abc import Sequence
from dataclasses import dataclass

from attendance.documents.printing import fonts_for, pdf_of
from attendance.qr import SIDE, grouped, svg

PER_PAGE = 21

# A4 is 210 × 297 mm: below a head three columns of 63 mm by seven rows of 38.4 mm. A module is
# 1.2 mm, so the code measures 25.2 mm and with its quiet zone 34.8 mm. Everything is placed, so
# that nothing, however long a name, can push a badge off its page. The font comes in one weight;
# a name is made bold by its outline.
TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set page(paper: "a4", margin: 0mm)
#set text(font: data.font, size: 8.5pt, lang: "zh")
#set par(leading: 0.45em, spacing: 0.5em)
#let mark = image(bytes(data.mark), format: "svg", width: 4.6mm)
#let cut = (paint: luma(55%), thickness: 0.2mm, dash: "dashed")
#let tag(badge) = box(width: 63mm, height: 38.4mm, stroke: cut, clip: true, {
  place(left + horizon, dx: 1.2mm,
    image(bytes(badge.svg), format: "svg", width: data.side * 1.2mm, alt: badge.alt))
  place(left + horizon, dx: 36mm, box(width: 25.5mm, {
    mark
    parbreak()
    text(font: badge.fonts, size: badge.size * 1pt, stroke: badge.size * 0.025pt, badge.name)
    parbreak()
    text(size: 7pt, badge.school)
    parbreak()
    [#badge.class #h(0.4em) #badge.seat]
    parbreak()
    v(1.2mm, weak: true)
    text(size: 8.5pt, font: "DejaVu Sans Mono", badge.code.join(linebreak()))
  }))
})
#for (number, sheet) in data.pages.enumerate() {
  page({
    place(dx: 12.5mm, dy: 10mm, text(size: 8pt, {
      sheet.title
      if data.pages.len() > 1 { h(1em) + str(number + 1) + " / " + str(data.pages.len()) }
    }))
    place(top + right, dx: -12.5mm, dy: 10mm, text(size: 8pt, data.hint))
    for (index, badge) in sheet.badges.enumerate() {
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


@dataclass(frozen=True, slots=True)
class BadgePart:
    """Badges that begin on a page of their own, under their title."""

    title: str
    badges: Sequence[BadgeRow]


def badge_sheets(parts: Sequence[BadgePart], *, hint: str) -> bytes:
    """A PDF of as many A4 pages as the badges need, 21 a page, in the given order."""
    return pdf_of(
        TEMPLATE,
        {
            "hint": hint,
            "side": SIDE,
            "pages": [
                {
                    "title": part.title,
                    "badges": [_drawn(row) for row in part.badges[start : start + PER_PAGE]],
                }
                for part in parts
                for start in range(0, len(part.badges), PER_PAGE)
            ],
        },
    )


def _drawn(badge: BadgeRow) -> dict[str, object]:
    return {
        "svg": svg(badge.code),
        "alt": badge.code,
        "name": badge.name,
        "fonts": fonts_for(badge.name),
        # A long name is set smaller, so that it stays on few lines.
        "size": 13 if len(badge.name) <= 4 else 10 if len(badge.name) <= 14 else 7,
        "class": badge.class_label,
        "seat": badge.seat,
        "school": badge.school,
        "code": [grouped(badge.code[:8]), grouped(badge.code[8:])],
    }

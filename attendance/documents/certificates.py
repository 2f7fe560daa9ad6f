"""Certificates on A4, Chinese first and English second. Rows in, PDF out.

A certificate takes a page, or more where a student went to very many sessions; its foot says
which page of how many.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from attendance.documents.printing import fonts_for, pdf_of
from attendance.qr import address_svg, grouped

# The page is 210 × 297 mm: a green edge with a carpenter's rule along its head, 18 mm of margin
# inside. The code measures 28 mm and more with its quiet zone.
TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#let green = rgb("#173F34")
#let grey = luma(40%)
#let mark = image(bytes(data.mark), format: "svg", width: 11mm)
#let small(words) = text(size: 8pt, fill: grey, words)
#let both(words) = { words.zh; if words.en != "" { linebreak(); small(words.en) } }
#let ruled = {
  place(dx: 8mm, dy: 8mm, rect(width: 194mm, height: 281mm, stroke: 0.5mm + green))
  for n in range(98) {
    place(dx: 8mm + n * 2mm, dy: 8mm,
      line(angle: 90deg, length: if calc.rem(n, 7) == 0 { 3.2mm } else { 1.6mm },
        stroke: 0.2mm + green))
  }
}
#set text(font: data.font, size: 10.5pt, lang: "zh")
#set par(leading: 0.6em, spacing: 1em)
#for one in data.certificates {
  set page(paper: "a4", margin: (x: 26mm, top: 24mm, bottom: 26mm), background: ruled,
    footer: context {
      set text(size: 7.5pt, fill: grey)
      let last = query(metadata.where(value: "end-" + one.code)).first().location()
      grid(columns: (1fr, auto), data.note.zh + " " + data.note.en,
        [#one.grouped #h(1em) #counter(page).get().first() / #counter(page).at(last).first()])
    })
  counter(page).update(1)
  align(center, {
    mark
    v(1mm)
    text(size: 26pt, stroke: 0.4pt + green, fill: green, data.title.zh)
    linebreak()
    text(size: 11pt, fill: green, data.title.en)
    v(6mm)
    text(font: one.fonts, size: one.size * 1pt, stroke: one.size * 0.02pt, one.name)
    v(-1mm)
    text(size: 11pt, one.who.zh)
    linebreak()
    small(one.who.en)
    v(4mm)
    text(size: 12pt, one.says.zh)
    linebreak()
    text(size: 9.5pt, fill: grey, one.says.en)
  })
  v(3mm)
  set text(size: 10pt)
  table(
    columns: (46mm, 1fr, 1.2fr, 18mm),
    align: (left, left, left, right),
    stroke: (x, y) => (bottom: if y == 0 { 0.4mm + green } else { 0.15mm + luma(65%) }),
    inset: (x: 1mm, y: 1.6mm),
    table.header(..data.heads.map(both)),
    ..for line in one.lines { (both(line.on), both(line.what), both(line.host), line.hours) },
    table.cell(colspan: 3, both(data.total)), text(size: 12pt, stroke: 0.25pt, one.hours),
  )
  v(6mm)
  block(breakable: false, width: 100%, {
    grid(columns: (1fr, 72mm), align: (left + bottom, right + bottom),
      {
        both(data.school); v(1mm); both(one.school); v(16mm)
        both(data.issued); v(1mm); both(one.issued)
      },
      box(width: 72mm, align(center, {
        image(bytes(one.svg), format: "svg", width: 38mm, alt: one.address)
        v(-2mm)
        text(size: 9pt, data.scan.zh); linebreak(); small(data.scan.en); linebreak()
        text(size: 9pt, font: "DejaVu Sans Mono", one.grouped); linebreak()
        text(size: 6pt, fill: grey, one.address)
      })))
    [#metadata("end-" + one.code)]
  })
}
"""


class Both(NamedTuple):
    """The same in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """One session: its day, the occupation, the host, the class hours."""

    on: Both
    what: Both
    host: Both
    hours: int


@dataclass(frozen=True, slots=True)
class CertificateSheet:
    """One certificate as it is printed."""

    code: str
    address: str
    name: str
    who: Both
    says: Both
    school: Both
    issued: Both
    hours: int
    lines: Sequence[CertificateLine]


@dataclass(frozen=True, slots=True)
class CertificateWords:
    """What stands on all of them."""

    title: Both
    heads: tuple[Both, Both, Both, Both]
    total: Both
    school: Both
    issued: Both
    scan: Both
    note: Both


def certificate_sheets(sheets: Sequence[CertificateSheet], *, words: CertificateWords) -> bytes:
    """One PDF of all, each beginning on a page of its own, in the given order."""
    return pdf_of(
        TEMPLATE,
        {
            **{name: _words(value) for name, value in asdict(words).items()},
            "certificates": [_drawn(sheet) for sheet in sheets],
        },
    )


def _drawn(sheet: CertificateSheet) -> dict[str, object]:
    return {
        "code": sheet.code,
        "grouped": grouped(sheet.code),
        "address": sheet.address,
        "svg": address_svg(sheet.address),
        "name": sheet.name,
        "fonts": fonts_for(sheet.name),
        # A long name is set smaller, so that it stays on one line.
        "size": 24 if len(sheet.name) <= 8 else 18 if len(sheet.name) <= 20 else 12,
        "who": _words(sheet.who),
        "says": _words(sheet.says),
        "school": _words(sheet.school),
        "issued": _words(sheet.issued),
        "hours": str(sheet.hours),
        "lines": [
            {
                "on": _words(line.on),
                "what": _words(line.what),
                "host": _words(line.host),
                "hours": str(line.hours),
            }
            for line in sheet.lines
        ],
    }


def _words(both: object) -> object:
    """For the template, a pair as what it calls them; of several, each."""
    if isinstance(both, Both):
        # Words that are the same in both are said once.
        return {"zh": both.zh, "en": both.en if both.en != both.zh else ""}
    assert isinstance(both, tuple)
    return [_words(one) for one in both]

"""The sign-in sheet of a session, for a door without a device. Rows in, PDF out.

Each class has pages of its own, to be signed by its own teacher.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from attendance.documents.printing import fonts_for, pdf_of

# Rows of 7.4 mm are what a hand needs to write a time; 25 go on a page below the class's head.
TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#let words = data.words
#let grey = luma(35%)
#let rule = 0.25mm + luma(30%)
#let counted(label) = [#label #box(width: 15mm, height: 5mm, stroke: (bottom: rule))]
#set text(font: data.font, size: 10pt, lang: "zh")
#set par(leading: 0.55em, spacing: 0.8em)
#for group in data.classes {
  set page(paper: "a4", margin: (x: 14mm, top: 14mm, bottom: 18mm), footer: context {
    set text(size: 7.5pt, fill: grey)
    let last = query(metadata.where(value: "end-" + group.key)).first().location()
    grid(columns: (1fr, auto), words.origin,
      [#counter(page).get().first() / #counter(page).at(last).first()])
  })
  counter(page).update(1)
  grid(columns: (1fr, auto), align: (left + horizon, right + horizon),
    { text(size: 16pt, stroke: 0.3pt, words.title); h(0.6em); text(size: 12pt, data.what) },
    image(bytes(data.mark), format: "svg", width: 8mm))
  text(data.when + "  " + data.where)
  linebreak()
  text(size: 9pt, fill: grey, data.people)
  v(1mm)
  line(length: 100%, stroke: 0.4mm)
  text(size: 13pt, stroke: 0.25pt, group.label)
  h(1em)
  text(size: 11pt, group.expected)
  linebreak()
  text(size: 9.5pt, group.companions)
  v(1mm)
  [#counted(words.came) #h(1em) #counted(words.left) #h(1em) #words.explain]
  v(1mm)
  table(
    columns: (14mm, 34mm, 10mm, 22mm, 1fr, 22mm, 1fr),
    rows: 7.4mm,
    align: (center + horizon, left + horizon, center + horizon, ..(left + horizon,) * 4),
    stroke: rule,
    inset: (x: 1.5mm, y: 0mm),
    table.header(..words.heads.map(head => text(size: 9pt, head))),
    ..for row in group.rows {
      (row.seat, text(font: row.fonts, row.name), row.mark, [], [], [], [])
    },
  )
  if group.rows.any(row => row.mark != "") { text(size: 8.5pt, words.legend) }
  v(4mm)
  block(breakable: false, grid(columns: (1fr, 1fr), row-gutter: 6mm,
    words.teacher, words.instructor))
  [#metadata("end-" + group.key)]
}
"""


@dataclass(frozen=True, slots=True)
class SignInRow:
    """One student, or a seat without a name yet."""

    seat: str
    name: str
    has_needs: bool = False


@dataclass(frozen=True, slots=True)
class SignInClass:
    """One class at the session: how many are expected, who comes along."""

    label: str
    expected: str
    companions: str
    rows: Sequence[SignInRow]


@dataclass(frozen=True, slots=True)
class SignInWords:
    """What stands on every page; ``heads`` are those of the seven columns."""

    title: str
    origin: str
    heads: tuple[str, str, str, str, str, str, str]
    came: str
    left: str
    explain: str
    legend: str
    teacher: str
    instructor: str


def sign_in_sheet(
    classes: Sequence[SignInClass],
    *,
    what: str,
    when: str,
    where: str,
    people: str,
    words: SignInWords,
) -> bytes:
    """One PDF, each class beginning on a page of its own."""
    return pdf_of(
        TEMPLATE,
        {
            "what": what,
            "when": when,
            "where": where,
            "people": people,
            "words": asdict(words),
            "classes": [
                {
                    "key": str(number),
                    "label": group.label,
                    "expected": group.expected,
                    "companions": group.companions,
                    "rows": [
                        {
                            "seat": row.seat,
                            "name": row.name,
                            "fonts": fonts_for(row.name),
                            "mark": "◆" if row.has_needs else "",
                        }
                        for row in group.rows
                    ],
                }
                for number, group in enumerate(classes)
            ],
        },
    )

"""A school's roster, read: bytes in, rows, questions and refusals out.

What is not a student is skipped and counted: titles, headers that come again, subtotals, notes,
blanks. What a cell says is neither logged nor part of any refusal.
"""

from collections.abc import Callable
from functools import partial

from rosters.errors import HeaderMissing

from .files import Sheet, open_sheets, text_sheet
from .gathering import Gathering
from .header import find_header
from .row_kinds import is_filled, is_note_sheet
from .shapes import Reading, SchoolFacts
from .sheet_reader import SheetReader


def _nobody(_done: int, _total: int) -> None:
    return None


def read_roster(
    content: bytes,
    suffix: str,
    *,
    facts: SchoolFacts,
    progress: Callable[[int, int], None] = _nobody,
) -> Reading:
    """Everything that the file says. ``progress`` hears of rows done and rows in all.

    Refuses what cannot be read at all with a ``FileRefused``; a cell that must not be there is
    a refusal in the reading.
    """
    return read_sheets(open_sheets(content, suffix), facts=facts, progress=progress)


def read_pasted(text: str, *, facts: SchoolFacts) -> Reading:
    """The same of cells copied from a spreadsheet."""
    return read_sheets([text_sheet(text)], facts=facts)


def read_sheets(
    sheets: list[Sheet], *, facts: SchoolFacts, progress: Callable[[int, int], None] = _nobody
) -> Reading:
    """The same of sheets that are open."""
    headers = [find_header(sheet.rows) for sheet in sheets]
    if not any(headers):
        raise HeaderMissing
    gathering = Gathering(facts)
    total, done = sum(len(sheet.rows) for sheet in sheets), 0
    for sheet, head in zip(sheets, headers, strict=True):
        if head is None:
            _pass_over(sheet, gathering)
        else:
            SheetReader(gathering, sheet, head).read(partial(_tell, progress, done, total))
        done += len(sheet.rows)
        progress(done, total)
    return gathering.reading()


def _tell(progress: Callable[[int, int], None], before: int, total: int, at: int) -> None:
    progress(before + at, total)


def _pass_over(sheet: Sheet, gathering: Gathering) -> None:
    """A sheet without students: notes, or hidden lists of a form's choices."""
    filled = sum(1 for row in sheet.rows if any(map(is_filled, row)))
    gathering.skipped["blank"] += len(sheet.rows) - filled
    gathering.skipped["note"] += filled
    gathering.open(sheet, {})
    if filled and not sheet.hidden and not is_note_sheet(sheet.name):
        gathering.refuse(0, 0, "sheet_without_header")

"""What one cell says, and which cells must not be there. A cell in, a value or a code out."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from . import header

MOST_NAME = 60
MOST_NUMBER = 20
MOST_SEAT = 200

# From here on a spreadsheet's number has lost its last digits (15 are kept).
_ROUNDED = 10**15

# What a student number may be, also where one is typed: a school's own, or the 19 digits that
# the city gives. Never 18 characters of a row like an ID-card number's, however mistyped.
STUDENT_NO = re.compile(rf"(?!.*(?<!\d)\d{{17}}[\dXx](?!\d))[0-9A-Za-z-]{{1,{MOST_NUMBER}}}")
_SCIENTIFIC = re.compile(r"\s*[+-]?\d(?:\.\d+)?[Ee]\+?\d{1,3}\s*")
# Long runs of digits, as people group them.
_LONG = re.compile(r"\d(?:[ \-]*\d){9,24}[Xx]?")
# Counts of digits that something forbidden has.
_LENGTHS = frozenset({11, 15, 18})
_MOBILE = re.compile(r"1[3-9]\d{9}")
_WRITTEN_DATE = re.compile(r"((?:19|20)\d\d)[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_PHONE = re.compile(r"\+?[\d][\d \-]{5,18}\d")

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
# The first two digits of an ID-card number: the provinces.
_PROVINCE = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91")

# Columns whose dates are a child's, unless they say otherwise.
_MAY_HOLD_BIRTHS = frozenset({"", header.OTHER, header.NAME, header.STUDENT_NO})

_DOTS = str.maketrans(dict.fromkeys("•・‧∙⋅●᛫˙．｡・", "·"))
_DOT_BETWEEN = re.compile(r"(?<=[㐀-鿿])[.。](?=[㐀-鿿])")
_GAPS = re.compile(r"\s+")
_GAP_BETWEEN = re.compile(
    "(?<=[·\u2e80-\u9fff\uf900-\ufaff\U00020000-\U000323af]) "
    "| (?=[·\u2e80-\u9fff\uf900-\ufaff\U00020000-\U000323af])"
)
# Forms that NFKC would change into another character of a name.
_COMPATIBILITY = ((0xF900, 0xFAFF), (0x2F800, 0x2FA1F))


def text_of(cell: Any) -> str:
    """The cell as a person would type it; 12.0 is 12."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _ROUNDED:
        return str(int(cell))
    return str(cell)


def is_id_card(text: str) -> bool:
    """18 characters with the check digit of GB 11643-1999, or 15 of the old kind with a
    possible date in them."""
    if len(text) == 18:
        if not text[:17].isdecimal() or not _PROVINCE.match(text):
            return False
        total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
        return _CHECKS[total % 11] == text[17].upper()
    if len(text) == 15 and text.isdecimal() and _PROVINCE.match(text):
        return _is_date(1900 + int(text[6:8]), int(text[8:10]), int(text[10:12])) or _is_date(
            2000 + int(text[6:8]), int(text[8:10]), int(text[10:12])
        )
    return False


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def read_name(text: str) -> tuple[str, str]:
    """The name as it is kept, and the code of what is wrong with it or nothing.

    Blanks within Chinese go, one stays between other words; every middle dot becomes ·; rare
    characters stay as they are.
    """
    folded = "".join(
        sign
        if any(first <= ord(sign) <= last for first, last in _COMPATIBILITY)
        else unicodedata.normalize("NFKC", sign)
        for sign in text.translate(_DOTS)
    )
    name = _GAPS.sub(" ", folded.translate(_DOTS)).strip()
    name = _composed(_GAP_BETWEEN.sub("", name))
    name = _DOT_BETWEEN.sub("·", name)
    if len(name) > MOST_NAME:
        return name, "name_too_long"
    if not any(sign.isalpha() for sign in name) or any(_is_unreadable(sign) for sign in name):
        return name, "name_unreadable"
    return name, ""


def _composed(text: str) -> str:
    """NFC, save for characters that it would replace by their look-alikes."""
    if any(first <= ord(sign) <= last for sign in text for first, last in _COMPATIBILITY):
        return text
    return unicodedata.normalize("NFC", text)


def _is_unreadable(sign: str) -> bool:
    # Control, private (a character made on one computer), surrogate or unassigned; or what
    # stands for a character that was lost.
    return unicodedata.category(sign) in ("Cc", "Co", "Cs", "Cn", "Cf") or sign in "�?？□"


def read_student_no(text: str) -> tuple[str, str]:
    number = unicodedata.normalize("NFKC", text).strip().strip("'`").replace(" ", "")
    number = number.upper() if number.isascii() else number
    return number, ("" if STUDENT_NO.fullmatch(number) else "student_no_odd")


def read_seat(text: str) -> tuple[int | None, str]:
    seat = unicodedata.normalize("NFKC", text).strip().removesuffix("号")
    if not (seat.isascii() and seat.isdecimal() and len(seat) <= 4):
        return None, "seat_odd"
    number = int(seat)
    return (number, "") if 1 <= number <= MOST_SEAT else (None, "seat_odd")


def read_phone(text: str) -> tuple[str, str]:
    phone = unicodedata.normalize("NFKC", text).strip()
    return phone, ("" if _PHONE.fullmatch(phone) else "phone_odd")


def forbidden_cells(
    rows: Sequence[Sequence[Any]],
    fields: Mapping[int, str],
    *,
    school_year: int,
    keeps_phones: bool,
) -> Iterator[tuple[int, int, str]]:
    """Row, column and code of each cell that must not be there, wherever it stands; by columns,
    from 0. Columns that are refused whole are not looked at again."""
    whole = {header.ID_CARD, header.BIRTH, header.STUDENT_PHONE}
    if not keeps_phones:
        whole = whole | {header.PHONE}
    for at, column in enumerate(zip(*rows, strict=True)):
        kind = fields.get(at, "")
        if kind in whole:
            continue
        codes: dict[Any, str] = {}
        for cell in _suspects(column):
            code = _forbidden(cell, kind, school_year)
            if code == "phone" and kind == header.PHONE:
                continue
            if code:
                codes[cell] = "phone_misplaced" if code == "phone" and keeps_phones else code
        if codes:
            yield from ((row, at, codes[cell]) for row, cell in enumerate(column) if cell in codes)


def _suspects(column: Sequence[Any]) -> list[Any]:
    """The distinct cells of a column that are worth a closer look: few, and found fast."""
    return [
        cell
        for cell in set(column)
        if (
            not cell.isalpha() and (not cell.isdecimal() or len(cell) in _LENGTHS)
            if type(cell) is str
            else isinstance(cell, date) or (type(cell) in (float, int) and abs(cell) >= 10**10)
        )
    ]


def _forbidden(cell: Any, kind: str, school_year: int) -> str:
    if isinstance(cell, date):
        if kind in _MAY_HOLD_BIRTHS and _is_childs_birth(cell.year, school_year):
            return "birth_date"
        return ""
    if not isinstance(cell, str):
        if abs(cell) >= _ROUNDED:
            return "rounded_number"
        cell = text_of(cell)
    return _forbidden_text(cell, kind, school_year)


def _forbidden_text(text: str, kind: str, school_year: int) -> str:
    if len(text) < 5:
        return ""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if _SCIENTIFIC.fullmatch(text) and kind != header.CLASS:
        return "rounded_number"
    for found in _LONG.finditer(text):
        digits = found[0].replace(" ", "").replace("-", "")
        if is_id_card(digits) or (len(digits) > 18 and is_id_card(digits[:18]) and " " in found[0]):
            return "id_card"
        if len(digits) == 11 and _MOBILE.fullmatch(digits):
            return "phone"
    if kind in _MAY_HOLD_BIRTHS:
        for found in _WRITTEN_DATE.finditer(text):
            if _is_childs_birth(int(found[1]), school_year):
                return "birth_date"
    return ""


def _is_childs_birth(year: int, school_year: int) -> bool:
    return school_year - 20 <= year <= school_year - 5

"""Codes as a matrix and as SVG, and what a reader or a person hands back."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

import qrcode
from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, QRData

# Modules of white around the code (ISO/IEC 18004: at least four).
QUIET_ZONE = 4
# Modules from edge to edge of version 1, quiet zone included.
SIDE = 21 + 2 * QUIET_ZONE
# The mask is the same for all. Weighing the eight takes ten times as long as the rest and gains
# nothing here: a code is random and fills the symbol, so each mask leaves it as random as another.
MASK = 3
BASE32 = re.compile("[A-Z2-7]{16}")
HALF = re.compile("[A-Z2-7]{8}")

# What eyes and fingers take for a Base32 letter or digit (RFC 4648 has no 0, 1, 8 or 9).
MISTAKEN = str.maketrans({"0": "O", "1": "I", "8": "B"})


@lru_cache(maxsize=4096)
def matrix(code: str) -> tuple[tuple[bool, ...], ...]:
    """Rows of modules, dark where True, without the quiet zone.

    The characters alone, alphanumeric, error correction Q: version 1, 21 × 21.
    """
    made = qrcode.QRCode(version=1, error_correction=ERROR_CORRECT_Q, border=0, mask_pattern=MASK)
    made.add_data(QRData(code.encode("ascii"), mode=MODE_ALPHA_NUM))
    made.make(fit=False)
    return tuple(tuple(bool(module) for module in row) for row in made.modules)


def svg(code: str) -> str:
    """The badge's code with its quiet zone as one path, a unit a module."""
    return _drawn(matrix(code))


def letters_svg(letters: str) -> str:
    """Capital letters and digits as a code for a screen, drawn like ``svg``."""
    return _drawn(_fitted(QRData(letters.encode("ascii"), mode=MODE_ALPHA_NUM), ERROR_CORRECT_Q))


def address_svg(address: str) -> str:
    """A web address, which any phone's camera opens, drawn like ``svg``: bytes, error correction
    M."""
    return _drawn(_fitted(QRData(address.encode("ascii"), mode=MODE_8BIT_BYTE), ERROR_CORRECT_M))


def _fitted(data: QRData, correction: int) -> list[list[bool]]:
    """In as small a version as holds it, under the mask that reads best."""
    made = qrcode.QRCode(error_correction=correction, border=0)
    made.add_data(data)
    made.make(fit=True)
    return [[bool(module) for module in row] for row in made.modules]


def _drawn(rows: Sequence[Sequence[bool]]) -> str:
    """Each stretch of dark modules is a rectangle that laps over the row below, so that no printer
    draws a hairline between two.
    """
    path = "".join(
        f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h{length}v1.01h-{length}z"
        for y, row in enumerate(rows)
        for x, length in _runs(row)
    )
    side = len(rows) + 2 * QUIET_ZONE
    box = f"0 0 {side} {side}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"><path d="{path}"/></svg>'


def _runs(row: Sequence[bool]) -> list[tuple[int, int]]:
    """The dark stretches of one row of modules: where each begins and how long it is."""
    runs: list[tuple[int, int]] = []
    x = 0
    for dark, modules in groupby(row):
        length = len(list(modules))
        if dark:
            runs.append((x, length))
        x += length
    return runs


def tidy_code(text: str) -> str:
    """What was scanned or typed as the sixteen characters were meant: full-width, lower case,
    spaces, hyphens and lookalikes forgiven. Anything else stays, and will not be found."""
    folded = unicodedata.normalize("NFKC", text)[:200].upper()
    return "".join(one for one in folded if not _is_gap(one)).translate(MISTAKEN)


def _is_gap(character: str) -> bool:
    """Spaces of all kinds, hyphens, dashes and the minus sign, with which people group a code."""
    return character.isspace() or character == "−" or unicodedata.category(character) == "Pd"


def is_code(text: str) -> bool:
    """Whether the text can be a badge's code at all: sixteen Base32 characters."""
    return BASE32.fullmatch(text) is not None


def is_half_code(text: str) -> bool:
    """Whether the text can be one of the two lines in which a badge's code is printed."""
    return HALF.fullmatch(text) is not None


def grouped(code: str) -> str:
    """K7QF M2XA 9TDW R4HC: as it is printed."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))

"""The code on a badge as a matrix and as SVG, and what a reader or a person hands back."""

import re
import unicodedata

import qrcode
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.util import MODE_ALPHA_NUM, QRData

# Modules of white around the code (ISO/IEC 18004: at least four).
QUIET_ZONE = 4
BASE32 = re.compile("[A-Z2-7]{16}")

# What eyes and fingers take for a Base32 letter or digit (RFC 4648 has no 0, 1, 8 or 9).
MISTAKEN = str.maketrans({"0": "O", "1": "I", "8": "B"})


def matrix(code: str) -> list[list[bool]]:
    """Rows of modules, dark where True, without the quiet zone.

    The characters alone, alphanumeric, error correction Q: version 1, 21 × 21.
    """
    made = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=0)
    made.add_data(QRData(code.encode("ascii"), mode=MODE_ALPHA_NUM))
    made.make(fit=True)
    return [[bool(module) for module in row] for row in made.get_matrix()]


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


def grouped(code: str) -> str:
    """K7QF M2XA 9TDW R4HC: as it is printed."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))

"""The reference of a reservation: said on the phone, and scanned at the door for a whole class."""

import re
import secrets
import unicodedata

# Without the letters and digits that are mistaken for each other on paper and by phone.
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_ALL = re.compile(f"[{LETTERS}]{{8}}")


def new_reference() -> str:
    """EZ6W-8PFB: eight letters, so many that the unique constraint has never to speak."""
    return _grouped("".join(secrets.choice(LETTERS) for _ in range(8)))


def tidy(text: str) -> str:
    """The reference as it is kept, from what was scanned or typed: full-width, lower case, spaces
    and hyphens forgiven. Empty where the text cannot be one."""
    folded = unicodedata.normalize("NFKC", text)[:40].upper()
    letters = "".join(one for one in folded if one.isalnum())
    return _grouped(letters) if _ALL.fullmatch(letters) else ""


def _grouped(letters: str) -> str:
    return f"{letters[:4]}-{letters[4:]}"

"""The six characters on a room's screen: new every fifteen seconds, made by the server alone."""

import secrets
import unicodedata
from datetime import datetime

from django.utils.crypto import constant_time_compare, salted_hmac

# How long one code is shown.
STEP_SECONDS = 15
# Digits and letters without 0, 1, I and O: five bits a character.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 6
# What was shown within the last two minutes is told from what never was shown.
REMEMBERED_STEPS = 8


def new_salt() -> str:
    """32 hexadecimal digits: what tells one room's codes from another's."""
    return secrets.token_hex(16)


def step_of(now: datetime) -> int:
    """The number of the fifteen seconds in which ``now`` lies (RFC 6238, section 4.2)."""
    return int(now.timestamp()) // STEP_SECONDS


def seconds_left(now: datetime) -> int:
    """Until the next code, 1 to 15."""
    return STEP_SECONDS - int(now.timestamp()) % STEP_SECONDS


def code_at(salt: str, step: int) -> str:
    """The code of one step: thirty bits of an HMAC-SHA-256 under the server's key. Whoever knows
    ``salt`` without that key can make none."""
    digest = salted_hmac("attendance.room_codes", f"{salt} {step}", algorithm="sha256").digest()
    bits = int.from_bytes(digest[:4]) >> 2
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in reversed(range(LENGTH)))


def step_shown(salt: str, code: str, now: datetime) -> int | None:
    """The step, of those of the last two minutes, that showed the code; none if none did."""
    current = step_of(now)
    for step in range(current, current - REMEMBERED_STEPS, -1):
        if constant_time_compare(code_at(salt, step), code):
            return step
    return None


def is_current(step: int, now: datetime) -> bool:
    """The code on the screen and the one before it are taken."""
    return step_of(now) - step in (0, 1)


def tidy(text: str) -> str:
    """What was typed as it was meant: full-width, lower case, spaces and hyphens forgiven."""
    folded = unicodedata.normalize("NFKC", text)[:40].upper()
    return "".join(one for one in folded if one.isalnum())


def grouped(code: str) -> str:
    """7K4 M2P: as it is shown."""
    return f"{code[:3]} {code[3:]}"

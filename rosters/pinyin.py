"""How a name may be typed on a keyboard. Text in, text out."""

from itertools import islice, product

from pypinyin import Style, pinyin

# A name of many ambiguous characters has no more spellings than this.
MOST_SPELLINGS = 8


def initials_of(name: str) -> str:
    """The pinyin initials of a name, several where a character has several readings, each after
    a blank: `` zxm``, `` zy cy``. Letters stand for themselves; 120 characters at most."""
    readings = [
        sorted({reading[:1].lower() for reading in options if reading[:1].isalnum()}) or [""]
        for options in pinyin(name, style=Style.FIRST_LETTER, heteronym=True)
    ]
    spellings = {"".join(letters) for letters in islice(product(*readings), MOST_SPELLINGS)}
    return "".join(f" {spelling}" for spelling in sorted(spellings) if spelling)[:120]

"""How a name may be typed on a keyboard. Text in, text out."""

from functools import lru_cache
from itertools import islice, product

from pypinyin import Style, pinyin

# A name of many ambiguous characters has no more spellings than this.
MOST_SPELLINGS = 8


def initials_of(name: str) -> str:
    """The pinyin initials of a name, several where a character has several readings, each after
    a blank: `` zxm``, `` zy cy``. Letters stand for themselves; 120 characters at most."""
    readings = map(_letters, name) if _is_chinese(name) else _letters_of_parts(name)
    spellings = {"".join(letters) for letters in islice(product(*readings), MOST_SPELLINGS)}
    return "".join(f" {spelling}" for spelling in sorted(spellings) if spelling)[:120]


def _is_chinese(name: str) -> bool:
    """Whether each character is one of the common block, so that it reads by itself."""
    return all(0x4E00 <= ord(character) <= 0x9FFF for character in name)


@lru_cache(maxsize=30_000)
def _letters(character: str) -> tuple[str, ...]:
    """What a character may begin with. Kept: a school has thousands of names, but few
    characters."""
    return _letters_of_parts(character)[0]


def _letters_of_parts(text: str) -> list[tuple[str, ...]]:
    return [
        tuple(sorted({reading[:1].lower() for reading in options if reading[:1].isalnum()}))
        or ("",)
        for options in pinyin(text, style=Style.FIRST_LETTER, heteronym=True)
    ]

"""What an old .xls holds that we refuse: looked for in its records, before anything is read.

Such a file is a small file system (MS-CFB) with one stream of records (MS-XLS) in it.
"""

import struct
from collections.abc import Iterator

from rosters.errors import (
    FileBroken,
    FileEncrypted,
    FileHasFormulas,
    FileHasMacros,
    FileHasTooManyRows,
    FileKindUnknown,
)

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_LAST_SECTOR = 0xFFFFFFFA
_FORMULA = frozenset({0x0006, 0x0206, 0x0406, 0x0221, 0x04BC})
_FILEPASS = 0x002F
_MACROS = frozenset({0x00D3, 0x00D1})
_CELLS = frozenset({0x0203, 0x0204, 0x0205, 0x00FD, 0x027E, 0x00BD, 0x00D6})

# Beyond this many rows of one sheet there is no roster.
_MOST_ROWS = 50_000


class _Compound:
    """The streams of a compound file, by name."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        if len(content) < 512:
            raise FileBroken
        shift, mini_shift = struct.unpack_from("<HH", content, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise FileBroken
        self._size = 1 << shift
        first_directory, self._mini_cutoff, first_mini = struct.unpack_from("<I4xII", content, 48)
        first_difat, difats = struct.unpack_from("<II", content, 68)
        sectors = list(struct.unpack_from("<109I", content, 76))
        for _ in range(min(difats, len(content) >> shift)):
            if first_difat >= _LAST_SECTOR:
                break
            *more, first_difat = self._numbers(first_difat)
            sectors.extend(more)
        self._fat = [
            number
            for sector in sectors
            if sector < _LAST_SECTOR
            for number in self._numbers(sector)
        ]
        self._mini_fat = [n for sector in self._chain(first_mini) for n in self._numbers(sector)]
        directory = b"".join(map(self._sector, self._chain(first_directory)))
        self.entries: dict[str, tuple[int, int, int]] = {}
        for at in range(0, len(directory) - 127, 128):
            length = struct.unpack_from("<H", directory, at + 64)[0]
            name = directory[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
            kind = directory[at + 66]
            start, size = struct.unpack_from("<II", directory, at + 116)
            if kind:
                self.entries.setdefault(name, (kind, start, size))

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        found = self._content[at : at + self._size]
        if not found:
            raise FileBroken
        return found

    def _numbers(self, number: int) -> tuple[int, ...]:
        sector = self._sector(number)
        return struct.unpack(f"<{len(sector) // 4}I", sector[: len(sector) // 4 * 4])

    def _chain(self, number: int, *, mini: bool = False) -> Iterator[int]:
        fat = self._mini_fat if mini else self._fat
        for _ in range(len(fat) + 1):
            if number >= _LAST_SECTOR:
                return
            if number >= len(fat):
                raise FileBroken
            yield number
            number = fat[number]
        # A chain that bites its tail.
        raise FileBroken

    def stream(self, name: str) -> bytes:
        _kind, start, size = self.entries[name]
        if size >= self._mini_cutoff:
            return b"".join(map(self._sector, self._chain(start)))[:size]
        root = next((entry for entry in self.entries.values() if entry[0] == 5), None)
        if root is None:
            raise FileBroken
        minis = b"".join(map(self._sector, self._chain(root[1])))
        return b"".join(minis[at * 64 : at * 64 + 64] for at in self._chain(start, mini=True))[
            :size
        ]


def check(content: bytes) -> None:
    """Refused: an encrypted workbook (old or new), macros, formulas, a sheet far too long, and
    what is no workbook at all."""
    compound = _Compound(content)
    names = compound.entries
    if "EncryptedPackage" in names:
        raise FileEncrypted
    stream = next((name for name in ("Workbook", "Book", "WORKBOOK", "BOOK") if name in names), "")
    if not stream:
        raise FileKindUnknown
    if "_VBA_PROJECT_CUR" in names or "VBA" in names:
        raise FileHasMacros
    records = compound.stream(stream)
    at, end = 0, len(records) - 3
    unpack = struct.Struct("<HH").unpack_from
    while at < end:
        kind, length = unpack(records, at)
        at += 4
        if kind in _CELLS:
            if at + 2 <= len(records) and unpack(records, at)[0] > _MOST_ROWS:
                raise FileHasTooManyRows
        elif kind == _FILEPASS:
            raise FileEncrypted
        elif kind in _MACROS:
            raise FileHasMacros
        elif kind in _FORMULA:
            raise FileHasFormulas
        at += length

"""A roster file opened: bytes in, sheets of cells out. What the bytes say decides, not the name.

Whatever is refused whole is refused here, before a cell is looked at; a packed file is measured
before it is unpacked.
"""

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import python_calamine as calamine

from rosters.errors import (
    FileBroken,
    FileEmpty,
    FileEncrypted,
    FileHasFormulas,
    FileHasMacros,
    FileHasTooManyRows,
    FileIsNoSpreadsheet,
    FileIsWebPage,
    FileKindUnknown,
    FileTooLarge,
    FileUnpacksTooLarge,
)

from . import biff
from .merges import Range, merged_in_ods

MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 20_000

# A sheet of 20,000 rows and 20 columns unpacks to about 25 MB.
_MOST_UNPACKED = 120 * 1024 * 1024
_MOST_PARTS = 2_000
# Deflate packs a roster 10 to 30 times, nothing honest 300 times.
_MOST_RATIO = 300
_RATIO_COUNTS_FROM = 4 * 1024 * 1024
# What all cells together may say, a shared text counted each time.
_MOST_TEXT = 400 * 1024 * 1024
# Rows and columns of one sheet: blanks and notes below the students included.
_MOST_HEIGHT = 50_000
_MOST_WIDTH = 100

# In a sheet's XML, whatever prefix its namespace has: a formula; a cell that holds something in
# a column beyond CV or a row beyond 50,000; a cell that does not say where it stands.
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_FAR_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="(?:[A-Z]{3,}|[D-Z][A-Z]|C[W-Z])\d+"[^>]*[^/>]>')
_LOW_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="[A-Z]+(?:[1-9]\d{5,}|[5-9]\d{4})"[^>]*[^/>]>')
_ROW = re.compile(rb"<(?:\w+:)?row[\s>]")
_LOST = re.compile(rb"<c[>\s](?!r=)")
# The same, said loosely: without a match none of the above can match. 5 MB in 15 ms.
_FAR_OR_LOW = re.compile(rb'r="(?:[A-Z]{2}|[A-Z]?(?:[5-9]\d{4}|\d{6}))')
_ODS_REPEATED = re.compile(
    rb'<table:table-cell(?=[^>]*office:value-type)[^>]*columns-repeated="(\d+)"'
)
_ODS_REPEATED_ROW = re.compile(
    rb'<table:table-row[^>]*rows-repeated="(\d+)"[^>]*>(?:(?!</table:table-row).)*?office:value-type',
    re.DOTALL,
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
# How other systems write a number that Excel shall leave alone: ="0703".
_QUOTED = re.compile(r'="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Sheet:
    """``rows[0]`` is row 1, ``rows[0][0]`` cell A1; all rows are of one length.

    ``typed`` is false for text files, where a number is only what it looks like. ``merged``
    are ranges ((row, column), (row, column)), from 0, both ends included.
    """

    name: str
    rows: list[list[Any]]
    typed: bool = True
    hidden: bool = False
    merged: tuple[Range, ...] = ()


def open_sheets(content: bytes, suffix: str) -> list[Sheet]:
    """Every sheet of the file, hidden ones too. Refuses with a ``FileRefused``."""
    if len(content) > MOST_BYTES:
        raise FileTooLarge
    if not content.strip():
        raise FileEmpty
    if content.startswith(b"PK\x03\x04"):
        return _calamine_sheets(content, _check_packed(content))
    if content.startswith(biff.MAGIC):
        try:
            biff.check(content)
        except FileKindUnknown:
            if suffix.lower().endswith("et"):
                raise FileIsNoSpreadsheet from None
            raise
        return _calamine_sheets(content)
    if suffix.lower().endswith("et"):
        raise FileIsNoSpreadsheet
    text = _decoded(content)
    start = text[:200].lstrip().lower()
    if start.startswith(("<", "mime-version")):
        raise FileIsWebPage
    if start.startswith("%pdf"):
        raise FileKindUnknown
    return [text_sheet(text)]


def text_sheet(text: str) -> Sheet:
    """Cells from text: tabs, commas or semicolons between them, whichever the top has most of.
    Refuses what a spreadsheet would take for formulas."""
    if _CONTROL.search(text):
        raise FileKindUnknown
    top = "\n".join(text.split("\n", 20)[:20])
    delimiter = max("\t,;", key=top.count)
    if delimiter == "," and top.count("，") > top.count(","):
        text = text.replace("，", ",")
    try:
        rows: list[list[Any]] = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        raise FileBroken from None
    if '="' in text or "=" in text:
        rows = [[_unquoted(cell) for cell in row] for row in rows]
    if not any(cell.strip() for row in rows for cell in row):
        raise FileEmpty
    width = max(map(len, rows))
    if len(rows) > _MOST_HEIGHT:
        raise FileHasTooManyRows
    if width > _MOST_WIDTH:
        raise FileBroken
    for row in rows:
        row.extend([""] * (width - len(row)))
    return Sheet("", rows, typed=False)


def _unquoted(cell: str) -> str:
    found = _QUOTED.fullmatch(cell.strip())
    if found:
        return found[1]
    # A lone sign or a ruled line is text.
    if cell.lstrip()[:1] == "=" and re.match(r"\s*=\s*[\w(+\-@\"']", cell):
        raise FileHasFormulas
    return cell


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text
    raise FileKindUnknown


def _parts(content: bytes) -> dict[str, bytes]:
    """The parts of a packed file that hold text. Sizes are believed only once counted."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            infos = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, struct.error):
        raise FileBroken from None
    total = sum(info.file_size for info in infos)
    if total > _MOST_UNPACKED or len(infos) > _MOST_PARTS:
        raise FileUnpacksTooLarge
    parts = {}
    for info in infos:
        if info.flag_bits & 0x1:
            raise FileEncrypted
        if (
            info.file_size > _RATIO_COUNTS_FROM
            and info.file_size > _MOST_RATIO * info.compress_size
        ):
            raise FileUnpacksTooLarge
        parts[info.filename] = _unpacked(content, info)
    return parts


def _unpacked(content: bytes, info: zipfile.ZipInfo) -> bytes:
    """One part, unpacked by our own count: its declared size may be a lie."""
    header = content[info.header_offset : info.header_offset + 30]
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise FileBroken
    names, extra = struct.unpack_from("<HH", header, 26)
    start = info.header_offset + 30 + names + extra
    packed = content[start : start + info.compress_size]
    if info.compress_type == zipfile.ZIP_STORED:
        return packed
    if info.compress_type != zipfile.ZIP_DEFLATED:
        raise FileBroken
    unpacker = zlib.decompressobj(-15)
    try:
        unpacked = unpacker.decompress(packed, info.file_size + 1)
    except zlib.error:
        raise FileBroken from None
    if len(unpacked) > info.file_size:
        raise FileUnpacksTooLarge
    return unpacked


def _check_packed(content: bytes) -> list[tuple[Range, ...]]:
    """Refuses what must not be opened. Merged ranges by sheet, where only the bytes tell."""
    parts = _parts(content)
    names = {name.lower().replace("\\", "/") for name in parts}
    if "content.xml" in names:
        _check_ods(parts)
        return merged_in_ods(parts.get("content.xml", b""))
    if "xl/workbook.xml" not in names:
        raise FileKindUnknown
    _check_xlsx(parts)
    return []


def _check_xlsx(parts: dict[str, bytes]) -> None:
    if any(name.lower().endswith("vbaproject.bin") for name in parts):
        raise FileHasMacros
    if b"macroEnabled" in parts.get("[Content_Types].xml", b""):
        raise FileHasMacros
    sheets = {
        name: part
        for name, part in parts.items()
        if "sheets/" in name.lower() and name.lower().endswith(".xml")
    }
    for name, part in sheets.items():
        if "macrosheet" in name.lower():
            raise FileHasMacros
        if (b"<f" in part or b":f" in part) and _FORMULA.search(part):
            raise FileHasFormulas
        if _FAR_OR_LOW.search(part):
            if _FAR_CELL.search(part):
                raise FileUnpacksTooLarge
            if _LOW_CELL.search(part):
                raise FileHasTooManyRows
        if (_LOST.search(part) or b":sheetData" in part) and any(
            row.count(b"<c") + row.count(b":c") > _MOST_WIDTH for row in _ROW.split(part)
        ):
            raise FileUnpacksTooLarge
    shared = parts.get("xl/sharedStrings.xml", b"")
    longest = max(map(len, shared.split(b"</si>")), default=0)
    if longest > 4_000:
        cells = sum(part.count(b"</c>") + part.count(b":c>") for part in sheets.values())
        if longest * cells > _MOST_TEXT:
            raise FileUnpacksTooLarge


def _check_ods(parts: dict[str, bytes]) -> None:
    if b"opendocument.spreadsheet" not in parts.get("mimetype", b"opendocument.spreadsheet"):
        raise FileKindUnknown
    manifest = parts.get("META-INF/manifest.xml", b"")
    if b"encryption-data" in manifest:
        raise FileEncrypted
    if any(name.startswith(("Basic/", "Scripts/")) for name in parts):
        raise FileHasMacros
    content = parts.get("content.xml", b"")
    if b"table:formula=" in content:
        raise FileHasFormulas
    if any(int(times[:9]) > _MOST_WIDTH for times in _ODS_REPEATED.findall(content)):
        raise FileUnpacksTooLarge
    if any(int(times[:9]) > MOST_ROWS for times in _ODS_REPEATED_ROW.findall(content)):
        raise FileHasTooManyRows


def _calamine_sheets(content: bytes, merged: Sequence[tuple[Range, ...]] = ()) -> list[Sheet]:
    try:
        book = calamine.load_workbook(io.BytesIO(content))
        sheets = []
        for at, about in enumerate(book.sheets_metadata):
            if about.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_index(at)
            if sheet.total_height > _MOST_HEIGHT:
                raise FileHasTooManyRows
            rows = sheet.to_python(skip_empty_area=False) if sheet.height else []
            ranges = merged[at] if at < len(merged) else tuple(sheet.merged_cell_ranges or ())
            sheets.append(
                Sheet(
                    about.name,
                    rows,
                    hidden=about.visible != calamine.SheetVisibleEnum.Visible,
                    merged=ranges,
                )
            )
    except calamine.PasswordError:
        raise FileEncrypted from None
    except (calamine.CalamineError, calamine.ZipError, calamine.XmlError, OSError):
        raise FileBroken from None
    except BaseException as error:
        # The reader is compiled; on some damage it panics, which is no Exception here.
        if type(error).__name__ == "PanicException":
            raise FileBroken from None
        raise
    if not any(cell not in ("", None) for sheet in sheets for row in sheet.rows for cell in row):
        raise FileEmpty
    return sheets

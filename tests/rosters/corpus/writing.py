"""Spreadsheets written by libraries that are not ours: rows in, bytes out."""

import csv
import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

Rows = Sequence[Sequence[Any]]


def xlsx(
    sheets: Mapping[str, Rows],
    *,
    merged: Sequence[str] = (),
    hidden_rows: Sequence[int] = (),
    hidden_sheets: Sequence[str] = (),
) -> bytes:
    """By openpyxl. ``merged`` ranges are of the first sheet; a date is a date cell."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(list(row))
        if name in hidden_sheets:
            page.sheet_state = "hidden"
    first = book.worksheets[0]
    for merge in merged:
        first.merge_cells(merge)
    for row in hidden_rows:
        first.row_dimensions[row].hidden = True
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def xlsx_with_cell(sheets: Mapping[str, Rows], place: str) -> bytes:
    """The same with one cell more, anywhere."""
    book = openpyxl.load_workbook(io.BytesIO(xlsx(sheets)))
    book.worksheets[0][place] = "x"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def xlsx_by_xlsxwriter(name: str, rows: Rows, *, formula_at: str = "") -> bytes:
    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True})
    page = book.add_worksheet(name)
    for at, row in enumerate(rows):
        page.write_row(at, 0, row)
    if formula_at:
        page.write_formula(formula_at, "=1+1")
    book.close()
    return written.getvalue()


def xls(sheets: Mapping[str, Rows], *, formula: bool = False) -> bytes:
    """A real BIFF8 file."""
    book = xlwt.Workbook(encoding="utf-8")
    for name, rows in sheets.items():
        page = book.add_sheet(name)
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell not in ("", None):
                    page.write(at, column, cell)
        if formula:
            page.write(len(rows), 0, xlwt.Formula("1+1"))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def ods(sheets: Mapping[str, Rows], *, formula: bool = False, repeated: int = 1) -> bytes:
    book = OpenDocumentSpreadsheet()
    for name, rows in sheets.items():
        table = Table(name=name)
        for row in rows:
            line = TableRow()
            for cell in row:
                if isinstance(cell, int | float):
                    one = TableCell(valuetype="float", value=cell)
                elif cell:
                    one = TableCell(valuetype="string")
                else:
                    one = TableCell()
                if cell not in ("", None):
                    one.addElement(P(text=str(cell)))
                line.addElement(one)
            table.addElement(line)
        if formula:
            line = TableRow()
            line.addElement(TableCell(valuetype="float", value=2, formula="of:=1+1"))
            table.addElement(line)
        if repeated > 1:
            line = TableRow()
            line.addElement(
                TableCell(valuetype="float", value=2, numbercolumnsrepeated=str(repeated))
            )
            table.addElement(line)
        book.spreadsheet.addElement(table)
    written = io.BytesIO()
    book.write(written)
    return written.getvalue()


def text(rows: Rows, *, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return written.getvalue().encode(encoding)


def with_part(packed: bytes, name: str, content: bytes) -> bytes:
    """The same packed file with one part more, or with another content of that part."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(written, "w", 8) as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info.filename, old.read(info.filename))
        new.writestr(name, content)
    return written.getvalue()


def with_lying_size(packed: bytes, name: str, size: int) -> bytes:
    """The same packed file whose directory declares another size for that part."""
    with zipfile.ZipFile(io.BytesIO(packed)) as old:
        true = old.getinfo(name).file_size
    changed = bytearray(packed)
    at = packed.index(b"PK\x01\x02")
    while packed[at : at + 4] == b"PK\x01\x02":
        named, extra, comment = struct.unpack_from("<HHH", packed, at + 28)
        if packed[at + 46 : at + 46 + named].decode() == name:
            assert struct.unpack_from("<I", packed, at + 24)[0] == true
            struct.pack_into("<I", changed, at + 24, size)
        at += 46 + named + extra + comment
    return bytes(changed)


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file (MS-CFB) with these streams, each of 4,096 bytes or more."""
    sector = 512
    names = list(streams)
    padded = [streams[name].ljust(4096, b"\0") for name in names]
    fat: list[int] = [0xFFFFFFFD]
    entries = [("Root Entry", 5, 0xFFFFFFFE, 0)]
    body = b""
    for name, content in zip(names, padded, strict=True):
        count = -(-len(content) // sector)
        start = len(fat)
        fat += [*range(start + 1, start + count), 0xFFFFFFFE]
        body += content.ljust(count * sector, b"\0")
        entries.append((name, 2, start, len(content)))
    directory_at = len(fat)
    directory = b""
    for at, (name, kind, start, size) in enumerate(entries):
        raw = name.encode("utf-16-le") + b"\0\0"
        directory += struct.pack(
            "<64sHBB3I16xI8x8xIII",
            raw,
            len(raw),
            kind,
            1,
            0xFFFFFFFF,
            at + 1 if 0 < at < len(entries) - 1 else 0xFFFFFFFF,
            1 if at == 0 and len(entries) > 1 else 0xFFFFFFFF,
            0,
            start,
            size,
            0,
        )
    count = -(-len(directory) // sector)
    fat += [*range(directory_at + 1, directory_at + count), 0xFFFFFFFE]
    assert len(fat) <= 128
    head = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        1,
        directory_at,
        0,
        4096,
        0xFFFFFFFE,
        0,
        0xFFFFFFFE,
        0,
    ) + struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128I", *fat, *[0xFFFFFFFF] * (128 - len(fat)))
    return head + table + body + directory.ljust(count * sector, b"\0")


def record(kind: int, content: bytes = b"") -> bytes:
    """One record of an .xls."""
    return struct.pack("<HH", kind, len(content)) + content


def id_card(first: str) -> str:
    """An ID-card number of nobody: 17 digits and the check digit by ISO 7064 MOD 11-2, worked
    out as that standard does, by adding and doubling."""
    total = 0
    for digit in first:
        total = (total + int(digit)) * 2 % 11
    check = (12 - total) % 11
    return first + ("X" if check == 10 else str(check))

"""Merged cells of an .ods, which calamine does not tell: bytes of its content in, ranges out."""

import re

Range = tuple[tuple[int, int], tuple[int, int]]

_SPANS = re.compile(rb'number-rows-spanned="(?!1")\d')
_TOKEN = re.compile(
    rb"<table:(?P<kind>table|table-row|table-cell|covered-table-cell)(?P<about>(?:\s[^>]*)?)>"
)
_COLUMNS = re.compile(rb'number-columns-repeated="(\d{1,7})"')
_ROWS = re.compile(rb'number-rows-repeated="(\d{1,7})"')
_SPANNED = re.compile(rb'number-rows-spanned="(\d{1,7})"')
_SPANNED_COLUMNS = re.compile(rb'number-columns-spanned="(\d{1,7})"')


def merged_in_ods(content: bytes) -> list[tuple[Range, ...]]:
    """For each sheet the ranges that go over several rows, ((row, column), (row, column)) from
    0, both ends included. Empty if there are none at all."""
    if not _SPANS.search(content):
        return []
    sheets: list[list[Range]] = []
    row = next_row = column = 0
    for token in _TOKEN.finditer(content):
        kind, about = token["kind"], token["about"]
        if kind == b"table":
            sheets.append([])
            next_row = 0
        elif kind == b"table-row":
            row, column = next_row, 0
            next_row += _number(_ROWS, about)
        elif sheets:
            rows = _number(_SPANNED, about)
            if rows > 1:
                last = column + _number(_SPANNED_COLUMNS, about) - 1
                sheets[-1].append(((row, column), (row + rows - 1, last)))
            column += _number(_COLUMNS, about)
    return [tuple(ranges) for ranges in sheets]


def _number(pattern: re.Pattern[bytes], about: bytes) -> int:
    found = pattern.search(about)
    return int(found[1]) if found else 1

"""The least that a roster can cost. Frozen: later work is held against these, unchanged."""

import io
from typing import Any, NamedTuple

import python_calamine


def read_into_lists(content: bytes) -> list[list[object]]:
    """python-calamine reads the file into lists: no rule of ours is asked."""
    book = python_calamine.load_workbook(io.BytesIO(content))
    rows: list[list[object]] = book.get_sheet_by_index(0).to_python()
    return rows


class Rows(NamedTuple):
    """Rows of Django's models, ready to be inserted: classes, students, what changed."""

    groups: list[Any]
    students: list[Any]
    changes: list[Any]


def insert_rows(rows: Rows) -> None:
    """Each table's rows in one bulk insert, in one transaction: nothing is looked up, compared
    or worked out."""
    from django.db import transaction  # noqa: PLC0415 (reading needs no Django)

    with transaction.atomic():
        for table in rows:
            type(table[0]).objects.bulk_create(table)

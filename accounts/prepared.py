"""Queries whose SQL is made once.

Django makes a query's SQL anew each time it is asked. For a row joined with four others that costs
more than PostgreSQL takes to find it, and the look-ups that every booking makes would spend half
their time on it (``bench/booking``). Everything else asks the ordinary way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import BooleanField, Model, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.query import get_related_populators
from django.db.transaction import TransactionManagementError

Row = TypeVar("Row", bound=Model)


class _Asked:
    """Stands in a prepared query where a value is given each time."""


ASKED = _Asked()


def asked(condition: str) -> RawSQL:
    """A condition in SQL for ``filter``; what its placeholders stand for is given each time."""
    return RawSQL(  # noqa: S611  the condition is ours, values stand in its placeholders
        condition, [ASKED] * condition.count("%s"), output_field=BooleanField()
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """The SQL, what its placeholders stand for, and how a row becomes an instance."""

    sql: str
    params: Sequence[Any]
    compiler: Any
    columns: slice
    names: list[str]
    related: Sequence[Any]


class Prepared(Generic[Row]):
    """A query that is asked again and again, with other values each time.

    ``queryset`` is called once, when it is first asked; what changes in it is said by ``asked``.
    It may join (``select_related``) and lock; it does not prefetch or annotate. Called with the
    values in the order in which they stand, it asks the database once and gives the instances.
    """

    def __init__(self, queryset: Callable[[], QuerySet[Row]]) -> None:
        self._queryset = queryset
        self._made: _Made | None = None

    def __call__(self, *values: Any) -> list[Row]:
        made = self._made
        if made is None:
            made = self._made = _make(self._queryset())
        if made.compiler.query.select_for_update and not connection.in_atomic_block:
            raise TransactionManagementError("A query that locks is asked within a transaction.")
        given = iter(values)
        params = [next(given) if one is ASKED else one for one in made.params]
        with connection.cursor() as cursor:
            cursor.execute(made.sql, params)
            rows = cursor.fetchall()
        model = made.compiler.klass_info["model"]
        found = []
        for row in made.compiler.results_iter([rows]):
            instance = model.from_db(DEFAULT_DB_ALIAS, made.names, row[made.columns])
            for related in made.related:
                related.populate(row, instance)
            found.append(instance)
        return found


def _make(queryset: QuerySet[Row]) -> _Made:
    """As ``ModelIterable`` reads a query's answer, with what it works out kept."""
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, params = compiler.as_sql()
    own = compiler.klass_info["select_fields"]
    columns = slice(own[0], own[-1] + 1)
    return _Made(
        sql=sql,
        params=params,
        compiler=compiler,
        columns=columns,
        names=[one[0].target.attname for one in compiler.select[columns]],
        related=get_related_populators(  # type: ignore[call-arg]  # as of the next Django
            compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS
        ),
    )

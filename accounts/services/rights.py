"""What the application's database role may do: docs/decisions/0030.

A trigger alone is no guard, since whoever runs a statement can have it ignored. So the role that
serves lacks the rights, and another one, which migrates, owns the tables. Which tables only grow
is said once, by the ``Protect`` triggers of their models; rights follow from them.
"""

import pgtrigger
from django.apps import apps
from django.db import connection, models, transaction
from psycopg import sql

ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
# What no table of ours gives the application: emptying it, hanging triggers on it, …
NEVER = ("TRUNCATE", "TRIGGER", "REFERENCES")
# Tables without a model that are the owner's alone to write.
READ_ONLY = ("django_migrations",)


class RoleUnfitError(Exception):
    """The role cannot be the application's: the sentence says why."""


def refused_operations(model: type[models.Model]) -> set[str]:
    """What the model's own triggers refuse whoever asks: UPDATE and DELETE of what only grows."""
    refused: set[str] = set()
    for trigger in getattr(model._meta, "triggers", ()):
        if isinstance(trigger, pgtrigger.Protect):
            refused |= set(str(trigger.operation).split(" OR "))
    return refused


def append_only() -> list[type[models.Model]]:
    """The models whose rows are never changed and never removed."""
    return [
        model for model in apps.get_models() if {"UPDATE", "DELETE"} <= refused_operations(model)
    ]


def rights_of(table: str) -> tuple[str, ...]:
    """What the application may do with the table."""
    if table in READ_ONLY:
        return ("SELECT",)
    refused = {
        operation
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table == table
        for operation in refused_operations(model)
    }
    return tuple(right for right in ALL if right not in refused)


def grant(role: str) -> list[str]:
    """The role has exactly its rights, on every table that is there now; nothing is left where
    something is too much all the same (``excesses``).

    Refused: RoleUnfitError where the role is missing, or is the one that runs this.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not _value("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)", [role]):
            raise RoleUnfitError(f"There is no database role {role!r}: create it first.")
        if _value("SELECT current_user = %s", [role]):
            raise RoleUnfitError(
                f"{role!r} is the role that this runs as: the owner and the application need one"
                " each. Name the owner's in OWNER_DATABASE_URL."
            )
        name = sql.Identifier(role)
        tables = connection.introspection.table_names(cursor, include_views=True)
        statements: list[sql.Composable] = [
            sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name)
        ]
        if _value("SELECT has_schema_privilege(%s, 'public', 'CREATE')", [role]):
            statements.append(sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
        for table in sorted(tables):
            statements += [
                sql.SQL("REVOKE ALL ON TABLE {} FROM PUBLIC, {}").format(
                    sql.Identifier(table), name
                ),
                sql.SQL("GRANT {} ON TABLE {} TO {}").format(
                    sql.SQL(", ").join(map(sql.SQL, rights_of(table))), sql.Identifier(table), name
                ),
            ]
        statements.append(
            sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(name)
        )
        for function in _lent_functions():
            statements += [
                sql.SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC").format(sql.SQL(function)),
                sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(function), name),
            ]
        for statement in statements:
            cursor.execute(statement)
        found = excesses(role)
        if found:
            transaction.set_rollback(True)
    return found


def excesses(role: str) -> list[str]:
    """What the role may do and must not, by whatever way it came to it: a sentence for each."""
    found = [
        f"{role} is or may become {other}."
        for other in _column(
            "SELECT rolname FROM pg_roles WHERE rolname <> %s AND pg_has_role(%s, oid, 'MEMBER')"
            " AND (rolsuper OR rolcreaterole OR rolbypassrls OR rolname IN"
            " (SELECT pg_get_userbyid(relowner) FROM pg_class"
            "  WHERE relnamespace = 'public'::regnamespace)"
            " OR rolname IN ('pg_write_all_data', 'pg_maintain', 'pg_execute_server_program',"
            " 'pg_write_server_files')) ORDER BY 1",
            [role, role],
        )
    ]
    found += [
        f"{role} is {word}."
        for word in _column(
            "SELECT word FROM pg_roles, LATERAL (VALUES (rolsuper, 'a superuser'),"
            " (rolcreaterole, 'a maker of roles'), (rolreplication, 'a replicator'))"
            " AS too_much (is_so, word) WHERE rolname = %s AND is_so",
            [role],
        )
    ]
    if _value("SELECT has_parameter_privilege(%s, 'session_replication_role', 'SET')", [role]):
        found.append(f"{role} may switch triggers off (session_replication_role).")
    if _value("SELECT has_schema_privilege(%s, 'public', 'CREATE')", [role]):
        found.append(f"{role} may create tables and functions in the schema public.")
    found += [
        f"{role} owns {table}."
        for table in _column(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND pg_get_userbyid(relowner) = %s ORDER BY 1",
            [role],
        )
    ]
    return [*found, *_table_excesses(role)]


def _table_excesses(role: str) -> list[str]:
    """A right on one column is one too many."""
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        asked = [
            (table, right)
            for table in tables
            for right in (*ALL, *NEVER)
            if right not in rights_of(table)
        ]
        cursor.execute(
            "SELECT name, asked.right FROM unnest(%s::text[], %s::text[])"
            " AS asked (name, \"right\"), LATERAL format('public.%%I', name) AS found"
            " WHERE has_table_privilege(%s, found, asked.right)"
            " OR (asked.right IN ('INSERT', 'UPDATE', 'REFERENCES')"
            "  AND has_any_column_privilege(%s, found, asked.right)) ORDER BY 1, 2",
            [[table for table, _ in asked], [right for _, right in asked], role, role],
        )
        return [f"{role} may {right} {table}." for table, right in cursor.fetchall()]


def _lent_functions() -> list[str]:
    """Those that run with the owner's rights: each does one lawful thing."""
    return _column(
        "SELECT oid::regprocedure::text FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND prosecdef ORDER BY 1",
        [],
    )


def _column(statement: str, facts: list[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return [str(row[0]) for row in cursor.fetchall()]


def _value(statement: str, facts: list[str]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return bool(cursor.fetchone()[0])

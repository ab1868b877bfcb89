"""Temporary tables that COPY fills: a table under row level security refuses it."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from psycopg.sql import SQL, Composed, Identifier

from headwater.warehouse.pool import Connection


def stage_of(columns: Mapping[str, str], *, entity: str) -> tuple[Composed, Composed, Identifier]:
    """How to make a staging table of these columns (name: SQL type), how to copy into it, and its name.

    It is named after its entity and columns, so that entities of one page, and pooled connections that served
    another shape, keep out of each other's way. Beside them it has `id` and `version`, first and last.
    """
    digest = blake2b(repr([entity, *columns.items()]).encode(), digest_size=8).hexdigest()
    name = f"hw_stage_{digest}"
    stage = Identifier("pg_temp", name)
    definitions = SQL(", ").join(
        SQL("{} {}").format(Identifier(column), SQL(type)) for column, type in columns.items()
    )
    create = SQL(
        "create temporary table if not exists {} (id text, {}, version text) on commit delete rows"
    ).format(Identifier(name), definitions)
    copy = SQL("copy {} (id, {}, version) from stdin").format(stage, names_in(columns))
    return create, copy, stage


async def copied(conn: Connection, statement: Composed, lines: Sequence[str]) -> None:
    """Lines of COPY text, each with its newline, into a staging table."""
    async with conn.cursor() as cursor, cursor.copy(statement) as copy:
        await copy.write("".join(lines).encode())


def names_in(columns: Mapping[str, Any]) -> Composed:
    """The columns' names, as a list."""
    return SQL(", ").join(Identifier(name) for name in columns)


def updates_of(columns: Mapping[str, Any]) -> Composed:
    """`column = excluded.column` of each, as a list."""
    return SQL(", ").join(SQL("{0} = excluded.{0}").format(Identifier(name)) for name in columns)

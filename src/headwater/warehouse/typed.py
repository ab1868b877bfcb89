"""Typed tables: made and widened to fit a source's own fields while the program runs."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import orjson
import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from headwater.core import log
from headwater.core.model import EntitySpec, Field, Kind
from headwater.warehouse import sql
from headwater.warehouse.columns import LIMIT, SQL_TYPES, Column, plan
from headwater.warehouse.pool import Connection, Warehouse

LOGGER = log.get("warehouse")
VIEW_COLUMNS = 1600  # PostgreSQL lets a query return 1,664
CLOSING = SQL(
    "_more jsonb, _raw jsonb, _began bigint not null, _version text not null, _synced_at timestamptz not null"
)


async def ensure(
    warehouse: Warehouse,
    tenant: UUID,
    connection: int,
    spec: EntitySpec,
    fields: Sequence[Field],
    *,
    schema: str,
    key_column: str,
    now: datetime,
    limit: int = LIMIT,
) -> Sequence[Column]:
    """The columns of an entity's typed table, after making it fit `fields`.

    When another session holds the table for longer than two seconds, the change waits for the next run and
    the new fields live in `_more` meanwhile.
    """
    entity, key = spec.slug, spec.id_field
    have = await columns_of(warehouse, tenant, connection, entity)
    wanted = plan(have, fields, key=key, key_column=key_column, now=now, limit=limit)
    if have and not wanted.changed:
        return wanted.columns
    try:
        async with warehouse.acting_for(tenant) as conn:
            await conn.execute("set local lock_timeout = '2s'")
            await _record(conn, tenant, connection, entity, wanted.changed)
            await conn.execute("set local role hw_owner")
            table = Identifier(schema, f"crm_{entity}")
            if have and wanted.to_add:
                await conn.execute(_add_columns(table, wanted.to_add))
            elif not have:
                await _create(conn, schema, spec, key_column, wanted.columns)
            await _comment(conn, table, wanted.changed)
            await _view(conn, schema, entity, key_column, wanted.columns)
            await _admit_readers(conn, tenant, schema)
    except psycopg.errors.LockNotAvailable:
        LOGGER.warning("typed table is busy, new fields wait in _more", entity=entity, schema=schema)
        return plan(have, fields, key=key, key_column=key_column, now=now, limit=0).columns
    LOGGER.info("typed table fits", entity=entity, schema=schema, changed=len(wanted.changed))
    return wanted.columns


async def columns_of(warehouse: Warehouse, tenant: UUID, connection: int, entity: str) -> list[Column]:
    """Every column the typed table of `entity` has or had a use for, in order."""
    rows = await warehouse.rows(tenant, sql.typed_columns, {"connection": connection, "entity": entity})
    return [Column(**row | {"kind": Kind(row["kind"])}) for row in rows]


async def _record(
    conn: Connection, tenant: UUID, connection: int, entity: str, columns: Sequence[Column]
) -> None:
    rows = orjson.dumps([asdict(column) for column in columns]).decode()
    params = {"tenant": tenant, "connection": connection, "entity": entity, "columns": rows}
    await conn.execute(sql.put_typed_columns, params)


async def _create(
    conn: Connection, schema: str, spec: EntitySpec, key_column: str, columns: Sequence[Column]
) -> None:
    table = Identifier(schema, f"crm_{spec.slug}")
    keys = [SQL("tenant_id"), SQL("connection_id"), Identifier(key_column)]
    parts = [
        SQL("tenant_id uuid not null, connection_id bigint not null"),
        SQL("{} text not null").format(Identifier(key_column)),
        *[_definition(column) for column in columns if column.real],
        CLOSING,
        SQL("primary key ({})").format(SQL(", ").join(keys)),
    ]
    await conn.execute(SQL("create schema if not exists {}").format(Identifier(schema)))
    await conn.execute(SQL("grant usage on schema {} to hw_app, hw_fix").format(Identifier(schema)))
    await conn.execute(SQL("create table {} ({})").format(table, SQL(", ").join(parts)))
    place = {column.field: column.name for column in columns if column.real}
    owner = place.get(spec.owner_field or "")
    await conn.execute("select headwater.protect(%s, %s)", [table.as_string(conn), owner])
    if modified := place.get(spec.clocks[0]):
        await conn.execute(
            SQL("create index on {} (tenant_id, connection_id, {})").format(table, Identifier(modified))
        )


def _add_columns(table: Identifier, columns: Sequence[Column]) -> Composed:
    added = SQL(", ").join(SQL("add column if not exists {}").format(_definition(c)) for c in columns)
    return SQL("alter table {} {}").format(table, added)


def _definition(column: Column) -> Composable:
    return SQL("{} {}").format(Identifier(column.name), SQL(SQL_TYPES[column.kind]))


async def _comment(conn: Connection, table: Identifier, columns: Sequence[Column]) -> None:
    comments = []
    for column in columns:
        if column.real:
            text = column.label or column.field
            if column.removed_at:
                text = f"{text} (removed in the source, seen {column.removed_at:%Y-%m-%d})"
            comments.append(
                SQL("comment on column {}.{} is {}").format(table, Identifier(column.name), Literal(text))
            )
    if comments:
        await conn.execute(SQL("; ").join(comments))


async def _view(
    conn: Connection, schema: str, entity: str, key_column: str, columns: Sequence[Column]
) -> None:
    """<table>_all: every field under its name, wherever it lives (from the 1,600th on only in `_more`)."""
    view, table = Identifier(schema, f"crm_{entity}_all"), Identifier(schema, f"crm_{entity}")
    shown = [_shown(column) for column in columns if column.real or column.live][:VIEW_COLUMNS]
    selected = SQL(", ").join(
        [
            SQL("tenant_id"),
            SQL("connection_id"),
            Identifier(key_column),
            *shown,
            SQL("_raw"),
            SQL("_synced_at"),
        ]
    )
    await conn.execute(SQL("drop view if exists {}").format(view))
    await conn.execute(
        SQL("create view {} with (security_invoker = true) as select {} from {}").format(
            view, selected, table
        )
    )
    await conn.execute(SQL("grant select on {} to hw_app, hw_fix").format(view))


def _shown(column: Column) -> Composable:
    """A value may still wait in `_more` although it has a column now: rows move when they are read again."""
    kept = SQL("(_more ->> {})").format(Literal(column.name))
    if column.kind is Kind.JSON:
        kept = SQL("(_more -> {})").format(Literal(column.name))
    elif column.kind is not Kind.TEXT:
        kept = SQL("{}::{}").format(kept, SQL(SQL_TYPES[column.kind]))
    name = Identifier(column.name)
    if column.real:
        return SQL("coalesce({}, {}) as {}").format(name, kept, name)
    return SQL("{} as {}").format(kept, name)


async def _admit_readers(conn: Connection, tenant: UUID, schema: str) -> None:
    """Lets the tenant's SQL logins into the schema of his typed tables."""
    readers = await (await conn.execute(sql.readers_of, {"tenant": tenant})).fetchall()
    for (reader,) in readers:
        await conn.execute(
            SQL("grant usage on schema {} to {}").format(Identifier(schema), Identifier(reader))
        )
        await conn.execute(
            SQL("grant select on all tables in schema {} to {}").format(
                Identifier(schema), Identifier(reader)
            )
        )

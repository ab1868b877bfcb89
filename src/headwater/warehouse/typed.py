"""Typed tables: made and widened to fit a source's own fields while the program runs."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from uuid import UUID

import orjson
import psycopg
from psycopg.sql import SQL, Composed, Identifier

from headwater.core import log
from headwater.core.errors import RetryLater
from headwater.core.model import EntitySpec, Field, Kind, PrivacyMode
from headwater.warehouse import bi, columns, sql, views
from headwater.warehouse.columns import LIMIT, SQL_TYPES, Column, Plan
from headwater.warehouse.copytext import clean
from headwater.warehouse.pool import Connection, Warehouse
from headwater.warehouse.reads import next_read

LOGGER = log.get("warehouse")
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
    mode: PrivacyMode = PrivacyMode.FULL,
) -> Sequence[Column]:
    """The columns of an entity's typed table, after making it fit `fields`.

    When another session holds the table for longer than two seconds, the change waits for the next run and
    the new fields live in `_more` meanwhile. A field whose very name PostgreSQL cannot hold gets no column.
    Values of a field that is of a class now which `mode` does not keep are to be erased: the connection is
    marked so.
    """
    entity = spec.slug
    have = await columns_of(warehouse, tenant, connection, entity)
    held = [replace(one, label=clean(one.label)) for one in fields if clean(one.name) is one.name]
    planned = partial(columns.plan, have, held, key=spec.id_field, key_column=key_column, now=now, mode=mode)
    if have and not planned(limit=limit).changed:
        return have
    began = await next_read(warehouse) if have else 0
    wanted = planned(limit=limit, began=began)
    try:
        async with warehouse.acting_for(tenant) as conn:
            await conn.execute("set local lock_timeout = '2s'")
            await _record(conn, tenant, connection, entity, wanted)
            await conn.execute("set local role hw_owner")
            if not have:
                await _create(conn, schema, spec, key_column, wanted.columns)
            await _fit(conn, schema, entity, key_column, wanted, making=not have)
            await _admit_readers(conn, tenant, schema)
    except psycopg.errors.LockNotAvailable as exc:
        if not have:
            raise RetryLater(f"the schema {schema} is being changed by somebody else just now") from exc
        LOGGER.warning("typed table is busy, new fields wait in _more", entity=entity, schema=schema)
        aside = planned(limit=0, began=began)
        waiting = replace(aside, changed=[replace(column, applied=False) for column in aside.changed])
        async with warehouse.acting_for(tenant) as conn:
            await _record(conn, tenant, connection, entity, waiting)
        return aside.columns
    LOGGER.info("typed table fits", entity=entity, schema=schema, changed=len(wanted.changed))
    return wanted.columns


async def columns_of(warehouse: Warehouse, tenant: UUID, connection: int, entity: str) -> list[Column]:
    """Every column the typed table of `entity` has or had a use for, in order."""
    rows = await warehouse.rows(tenant, sql.typed_columns, {"connection": connection, "entity": entity})
    return [Column(**row | {"kind": Kind(row["kind"])}) for row in rows]


async def _record(conn: Connection, tenant: UUID, connection: int, entity: str, wanted: Plan) -> None:
    rows = orjson.dumps([asdict(column) for column in wanted.changed]).decode()
    params = {"tenant": tenant, "connection": connection, "entity": entity, "columns": rows}
    await conn.execute(sql.put_typed_columns, params)
    if wanted.erases:
        await conn.execute(sql.begin_erasing, params)


async def _create(
    conn: Connection, schema: str, spec: EntitySpec, key_column: str, made: Sequence[Column]
) -> None:
    table = Identifier(schema, f"crm_{spec.slug}")
    keys = [SQL("tenant_id"), SQL("connection_id"), Identifier(key_column)]
    parts = [
        SQL("tenant_id uuid not null, connection_id bigint not null"),
        SQL("{} text not null").format(Identifier(key_column)),
        *[_definition(column) for column in made if column.real],
        CLOSING,
        SQL("primary key ({})").format(SQL(", ").join(keys)),
    ]
    await conn.execute(SQL("create schema if not exists {}").format(Identifier(schema)))
    await conn.execute(SQL("grant usage on schema {} to hw_app, hw_fix").format(Identifier(schema)))
    await conn.execute(SQL("create table {} ({})").format(table, SQL(", ").join(parts)))
    place = {column.field: column.name for column in made if column.real}
    owner = place.get(spec.owner_field or "")
    await conn.execute(
        "select headwater.protect(%s, %s, whole => %s)",
        [table.as_string(conn), owner, owner is None and not spec.open],
    )
    if spec.clocks and (modified := place.get(spec.clocks[0])):
        await conn.execute(
            SQL("create index on {} (tenant_id, connection_id, {})").format(table, Identifier(modified))
        )


async def _fit(
    conn: Connection, schema: str, entity: str, key_column: str, wanted: Plan, *, making: bool
) -> None:
    """Columns, view and comments, as far as the plan changes them. New labels lock no reader out."""
    table, view = Identifier(schema, f"crm_{entity}"), Identifier(schema, f"crm_{entity}_all")
    if wanted.to_add and not making:
        added = [SQL("add column if not exists {}").format(_definition(column)) for column in wanted.to_add]
        # The view, then what is under it, as readers lock them: the other way round is a deadlock.
        await conn.execute(SQL("lock table {} in access exclusive mode").format(view))
        await conn.execute(SQL("alter table {} {}").format(table, SQL(", ").join(added)))
    if wanted.reshaped:
        await conn.execute(views.everything(view, table, key_column, wanted.columns))
        await conn.execute(SQL("grant select on {} to hw_app, hw_fix").format(view))
    if comments := views.comments(view, table, wanted):
        await conn.execute(comments)


def _definition(column: Column) -> Composed:
    return SQL("{} {}").format(Identifier(column.name), SQL(SQL_TYPES[column.kind]))


async def _admit_readers(conn: Connection, tenant: UUID, schema: str) -> None:
    """Lets the tenant's SQL logins into the schema of his typed tables."""
    readers = await (await conn.execute(sql.readers_of, {"tenant": tenant})).fetchall()
    for (reader,) in readers:
        await conn.execute(bi.admitting(schema, reader))

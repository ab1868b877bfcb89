"""What is kept of one record beside its row: its history, and its fields as the source names them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from headwater.warehouse import sql
from headwater.warehouse.pool import Connection


class Moment(NamedTuple):
    """A place in a history: the read number of a change, and when it was seen."""

    began: int
    seen_at: datetime


async def history(
    conn: Connection,
    tenant: UUID,
    connection: int,
    entity: str,
    id: str,
    *,
    limit: int,
    after: Moment | None = None,
) -> list[dict[str, Any]]:
    """What changed, the newest first; `diff` is JSON text. Nobody is asked whether he may see the record."""
    params: Mapping[str, Any] = {
        "tenant": tenant,
        "connection": connection,
        "entity": entity,
        "id": id,
        "began": after.began if after else None,
        "seen_at": after.seen_at if after else None,
        "limit": limit,
    }
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql.record_history, params)
        return await cursor.fetchall()


async def source_fields(
    conn: Connection, tenant: UUID, connection: int, schema: str, source: str, entity: str, id: str
) -> str | None:
    """All fields of a record by the names its source gives them, as JSON text; None where its connection has
    no typed table of them."""
    view, key = f"crm_{entity}_all", f"{source}_id"
    params = {"tenant": tenant, "connection": connection, "id": id}
    known = await conn.execute(
        "select from information_schema.columns"
        " where table_schema = %(schema)s and table_name = %(view)s and column_name = %(key)s",
        {"schema": schema, "view": view, "key": key},
    )
    if known.rowcount == 0:
        return None
    row = await (
        await conn.execute(
            SQL(
                "select (to_jsonb(t) - '{{tenant_id,connection_id,_raw,_synced_at}}'::text[])::text"
                " from {} as t"
                " where tenant_id = %(tenant)s and connection_id = %(connection)s and {} = %(id)s"
            ).format(Identifier(schema, view), Identifier(key)),
            params,
        )
    ).fetchone()
    return None if row is None else str(row[0])

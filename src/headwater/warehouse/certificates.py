"""Certificates: what each reconciliation compared, found, repaired and did not check."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from headwater.warehouse import sql
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Connection, Warehouse


async def put(
    conn: Connection,
    link: Link,
    entity: str,
    *,
    run: int,
    verdict: str,
    body: Mapping[str, Any],
    stored: int,
    in_source: int,
    now: datetime,
) -> int:
    """Keeps a certificate and sets the entity's counters to what was counted; returns its number."""
    params = {
        "tenant": link.tenant,
        "connection": link.id,
        "entity": entity,
        "run": run,
        "verdict": verdict,
        "body": orjson.dumps(body, default=str).decode(),
        "stored": stored,
        "in_source": in_source,
        "now": now,
    }
    row = await (await conn.execute(sql.put_certificate, params)).fetchone()
    if row is None:
        raise RuntimeError("put_certificate returns a row")
    await conn.execute(sql.recount, params)
    return int(row[0])


async def of(warehouse: Warehouse, tenant: UUID, connection: int, *, limit: int) -> list[dict[str, Any]]:
    """The certificates of a connection, the newest first."""
    return await warehouse.rows(tenant, sql.certificates, {"connection": connection, "limit": limit})


async def one(warehouse: Warehouse, tenant: UUID, number: int) -> dict[str, Any] | None:
    """The certificate of that number."""
    rows = await warehouse.rows(tenant, sql.certificate, {"id": number})
    return rows[0] if rows else None

"""How much a tenant keeps, and what its connections ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.sql import SQL, Identifier, Literal

from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

OURS = ("history", "gone", "changes", "inbox", "failed", "sync_logs", "certificates")
"""Tables of our own in which a tenant's rows grow with its use."""

COUNTED = 200_000
"""So far rows of a table are counted one by one."""


@dataclass(frozen=True, slots=True)
class Size:
    """A table: the tenant's rows in it and the bytes they take with their indexes. Not `exact`: more rows
    than are counted, or a share of a table that others have rows in too."""

    table: str
    connection: str | None
    rows: int
    rows_exact: bool
    bytes: int
    bytes_exact: bool


async def tables(warehouse: Warehouse, tenant: UUID, *, alone: bool) -> list[Size]:
    """Every table that the tenant may have rows in; `alone`: nobody else has any."""
    found = []
    for row in await warehouse.rows(tenant, sql.usage_tables, {"ours": list(OURS)}):
        own = alone or row["connection"] is not None
        rows, exact = await _rows(
            warehouse, tenant, row["schema"], row["name"], row["estimate"] if own else None
        )
        share = 1.0 if own else min(1.0, rows / max(row["estimate"], rows, 1))
        name = f"{row['schema']}.{row['name']}"
        found.append(Size(name, row["connection"], rows, exact, round(row["bytes"] * share), own))
    return found


async def requests(
    warehouse: Warehouse, tenant: UUID, *, day: datetime, month: datetime
) -> Mapping[int, tuple[int, int]]:
    """By connection: requests to its source since `day`, and since `month`."""
    rows = await warehouse.rows(tenant, sql.usage_requests, {"day": day, "month": month})
    return {row["connection"]: (row["day"], row["month"]) for row in rows}


async def _rows(
    warehouse: Warehouse, tenant: UUID, schema: str, name: str, estimate: int | None
) -> tuple[int, bool]:
    """Rows of the tenant, counted as far as it is quick; beyond that what the server believes, if it is all
    his."""
    statement = SQL(
        "select count(*) from (select from {} where tenant_id = %(tenant)s limit {}) as found"
    ).format(Identifier(schema, name), Literal(COUNTED))
    async with warehouse.acting_for(tenant) as conn:
        row = await (await conn.execute(statement, {"tenant": tenant})).fetchone()
    counted = int(row[0]) if row else 0
    return (counted, True) if counted < COUNTED else (max(counted, estimate or 0), False)

"""Wishes to erase a person, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from headwater.warehouse import sql
from headwater.warehouse.pool import Connection, Warehouse


@dataclass(frozen=True, slots=True)
class Erasure:
    """One wish, and what became of it. `sealed`: whom it is about, encrypted, while it is under way. `found`
    is what there was of him, `counts` how many rows of which table were emptied."""

    id: int
    status: str
    dry_run: bool
    asked_by: str
    asked_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    lifted_at: datetime | None
    sealed: str | None
    found: Mapping[str, Any]
    counts: Mapping[str, int]
    certificate: Mapping[str, Any] | None
    error: str | None

    @property
    def over(self) -> bool:
        return self.status not in ("waiting", "erasing")


async def ask(
    warehouse: Warehouse, tenant: UUID, *, sealed: str, dry_run: bool, by: str, now: datetime
) -> int:
    """Keeps a wish; its number."""
    params = {"sealed": sealed, "dry_run": dry_run, "by": by, "now": now}
    [row] = await warehouse.rows(tenant, sql.ask_erasure, params)
    return int(row["id"])


async def one(warehouse: Warehouse, tenant: UUID, number: int) -> Erasure | None:
    """The erasure of that number."""
    rows = await warehouse.rows(tenant, sql.erasure, {"id": number})
    return Erasure(**rows[0]) if rows else None


async def listed(
    warehouse: Warehouse, tenant: UUID, *, limit: int, before: int | None = None
) -> list[Erasure]:
    """The erasures of a tenant, the newest first; `before` a number."""
    rows = await warehouse.rows(tenant, sql.erasures, {"limit": limit, "before": before})
    return [Erasure(**row) for row in rows]


async def waiting(warehouse: Warehouse, tenant: UUID) -> list[int]:
    """Numbers of those that nobody finished, the oldest first."""
    return [row["id"] for row in await warehouse.rows(tenant, sql.erasures_waiting, {})]


async def begin(
    conn: Connection, tenant: UUID, number: int, *, sealed: str, found: Mapping[str, Any], now: datetime
) -> None:
    """It is known what is to be erased; in the caller's transaction."""
    params = {"tenant": tenant, "id": number, "sealed": sealed, "found": _text(found), "now": now}
    await conn.execute(sql.begin_erasure, params)


async def count(conn: Connection, tenant: UUID, number: int, table: str, rows: int) -> None:
    """So many rows of a table were emptied, in the transaction that empties them."""
    await conn.execute(sql.count_erased, {"tenant": tenant, "id": number, "table": table, "rows": rows})


async def end(
    warehouse: Warehouse,
    tenant: UUID,
    number: int,
    status: str,
    *,
    now: datetime,
    found: Mapping[str, Any] | None = None,
    certificate: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> None:
    """It is over; whom it was about is forgotten."""
    params = {
        "id": number,
        "status": status,
        "now": now,
        "found": None if found is None else _text(found),
        "certificate": None if certificate is None else _text(certificate),
        "error": error,
    }
    await warehouse.rows(tenant, sql.end_erasure, params)


async def lift(warehouse: Warehouse, tenant: UUID, number: int, *, now: datetime) -> bool:
    """From now on what a source tells of him is stored; False: there is no such erasure that holds."""
    async with warehouse.acting_for(tenant) as conn:
        params = {"tenant": tenant, "id": number, "erasure": number, "now": now}
        done = await (await conn.execute(sql.lift_erasure, params)).fetchone()
        await conn.execute(sql.lift_tombstones, params)
    return done is not None


def _text(value: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(value), default=str).decode()

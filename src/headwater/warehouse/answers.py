"""Answers that are kept under a caller's key, so that asking again does nothing again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from headwater.warehouse import sql
from headwater.warehouse.pool import Connection, Warehouse


class Slot(NamedTuple):
    """Whose key it is, and for which request."""

    tenant: UUID
    caller: str
    key: str
    digest: bytes

    def params(self, **more: Any) -> dict[str, Any]:
        return {"caller": self.caller, "key": self.key, "digest": self.digest, **more}


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands under a key. `status` None: the request is under way."""

    digest: bytes
    status: int | None
    headers: Mapping[str, str]
    body: str | None


async def claim(
    warehouse: Warehouse, slot: Slot, *, now: datetime, held_until: datetime, too_old: datetime
) -> bool:
    """Takes the key, unless somebody has it; `too_old`: what was asked before does not count."""
    params = slot.params(now=now, held_until=held_until, too_old=too_old)
    return bool(await warehouse.rows(slot.tenant, sql.claim_answer, params))


async def read(warehouse: Warehouse, slot: Slot) -> Kept | None:
    """What stands under the key."""
    rows = await warehouse.rows(slot.tenant, sql.kept_answer, slot.params())
    return Kept(**rows[0]) if rows else None


async def keep(warehouse: Warehouse, slot: Slot, status: int, headers: Mapping[str, str], body: str) -> None:
    """The answer of the request that took the key."""
    said = orjson.dumps(dict(headers)).decode()
    await warehouse.rows(slot.tenant, sql.keep_answer, slot.params(status=status, headers=said, body=body))


async def free(warehouse: Warehouse, slot: Slot) -> None:
    """The request that took the key came to nothing."""
    await warehouse.rows(slot.tenant, sql.free_answer, slot.params())


async def drop(conn: Connection, tenant: UUID) -> int:
    """Forgets every answer of a tenant that was given; how many."""
    return (await conn.execute(sql.drop_answers, {"tenant": tenant})).rowcount

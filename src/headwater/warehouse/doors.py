"""Doors by which events of a connection come in. Secrets are not kept, only their digests."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from headwater.warehouse import sql
from headwater.warehouse.pool import Connection, Warehouse

Kind = Literal["address", "application"]


class Behind(NamedTuple):
    """The connection behind a door."""

    tenant: UUID
    connection: int


@dataclass(frozen=True, slots=True)
class Door:
    """A door, with what it lets in as far as that is known. `account` is the name of the connection's
    account."""

    tenant: UUID
    connection: int
    id: int
    member: str | None
    token: bytes | None
    account: str | None


async def behind(warehouse: Warehouse, kind: Kind, digest: bytes) -> list[Behind]:
    """The connections behind a secret; more than one where several tenants connect the same account."""
    async with warehouse.connection() as conn:
        rows = await (await conn.execute(sql.door, {"kind": kind, "digest": digest})).fetchall()
    return [Behind(*row) for row in rows]


async def read(warehouse: Warehouse, behind: Behind, kind: Kind, digest: bytes) -> Door | None:
    """A door of a connection."""
    params = {"connection": behind.connection, "kind": kind, "digest": digest}
    rows = await warehouse.rows(behind.tenant, sql.read_door, params)
    return Door(behind.tenant, behind.connection, **rows[0]) if rows else None


async def put(
    conn: Connection,
    tenant: UUID,
    connection: int,
    kind: Kind,
    digest: bytes,
    member: str | None,
    *,
    now: datetime,
) -> None:
    """Opens a door, in the caller's transaction."""
    params = {
        "tenant": tenant,
        "connection": connection,
        "kind": kind,
        "digest": digest,
        "member": member,
        "now": now,
    }
    await conn.execute(sql.open_door, params)


async def close(warehouse: Warehouse, tenant: UUID, connection: int) -> int:
    """Closes all doors of a connection; how many there were."""
    return len(await warehouse.rows(tenant, sql.close_doors, {"connection": connection}))


async def trust(warehouse: Warehouse, door: Door, token: bytes, member: str) -> None:
    """Nothing but this token and this member are let in at an address from now on, unless others were
    before."""
    params = {"connection": door.connection, "door": door.id, "token": token, "member": member}
    await warehouse.rows(door.tenant, sql.trust_door, params)


async def refused(warehouse: Warehouse, behind: Behind, *, now: datetime) -> None:
    """Counts somebody who was not let in."""
    await warehouse.rows(behind.tenant, sql.refuse_event, {"connection": behind.connection, "now": now})


async def listed(warehouse: Warehouse, tenant: UUID) -> list[dict[str, Any]]:
    """The doors of a tenant's connections, without what opens them."""
    return await warehouse.rows(tenant, sql.doors, {})

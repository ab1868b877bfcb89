"""Keys, sessions and codes as they are kept: by the digest of their secret, never the secret itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

Kind = Literal["key", "session", "code"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a program, without its secret; `hint` are its first letters."""

    id: int
    name: str
    hint: str
    scopes: Sequence[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """Whose secret it is, and what it is good for."""

    tenant: UUID
    id: int
    kind: Kind
    name: str
    scopes: Sequence[str]
    last_used_at: datetime | None


async def put(
    warehouse: Warehouse,
    tenant: UUID,
    digest: bytes,
    *,
    kind: Kind,
    name: str,
    hint: str,
    scopes: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
    parent: int | None = None,
) -> int:
    """Keeps one; returns its number. Sessions and codes that are over are swept away by the next of them."""
    params = {
        "kind": kind,
        "parent": parent,
        "name": name,
        "hint": hint,
        "digest": digest,
        "scopes": list(scopes),
        "now": now,
        "expires_at": expires_at,
    }
    if kind != "key":
        await sweep(warehouse, tenant, now)
    [row] = await warehouse.rows(tenant, sql.put_key, params)
    return int(row["id"])


async def sweep(warehouse: Warehouse, tenant: UUID, now: datetime) -> None:
    """Throws away sessions and codes of a tenant that nobody can use any more."""
    await warehouse.rows(tenant, sql.forget_sessions, {"now": now})


async def found(warehouse: Warehouse, digest: bytes, now: datetime) -> Found | None:
    """Whose secret has this digest, if it may be used now. Asked before anybody knows the tenant."""
    async with warehouse.connection() as conn, conn.cursor(row_factory=class_row(Found)) as cursor:
        await cursor.execute(sql.caller, {"digest": digest, "now": now})
        return await cursor.fetchone()


async def listed(warehouse: Warehouse, tenant: UUID) -> list[Key]:
    """The keys of a tenant's programs, the oldest first, revoked ones too."""
    return [Key(**row) for row in await warehouse.rows(tenant, sql.keys, {})]


async def revoke(warehouse: Warehouse, tenant: UUID, word: str, now: datetime) -> list[Key]:
    """Ends the keys of that name or number, and the sessions opened with them; which they were."""
    return [Key(**row) for row in await warehouse.rows(tenant, sql.revoke_keys, {"word": word, "now": now})]


async def end(warehouse: Warehouse, tenant: UUID, number: int, now: datetime) -> bool:
    """Ends one key, session or code; whether it was us who did."""
    return bool(await warehouse.rows(tenant, sql.revoke_one, {"id": number, "now": now}))


async def touch(warehouse: Warehouse, tenant: UUID, number: int, now: datetime) -> None:
    """It was used."""
    await warehouse.rows(tenant, sql.touch_key, {"id": number, "now": now})

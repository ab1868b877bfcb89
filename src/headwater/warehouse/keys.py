"""Keys, sessions, codes, invitations as they are kept: by the digest of their secret, never the secret."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import class_row

from headwater.warehouse import sql
from headwater.warehouse.pool import People, Warehouse
from headwater.warehouse.visibility import read, written

Kind = Literal["key", "session", "code", "invitation"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a program, without its secret; `hint` are its first letters. `own`: whose records alone it
    sees; `made_by`: the person who made it."""

    id: int
    name: str
    hint: str
    scopes: Sequence[str]
    own: People | None
    made_by: int | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """Whose secret it is, and what it is good for; of a `person` with the role he has now."""

    tenant: UUID
    id: int
    kind: Kind
    name: str
    scopes: Sequence[str]
    own: Mapping[str, Any] | None
    person: int | None
    role: str | None
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
    own: People | None = None,
    person: int | None = None,
    made_by: int | None = None,
) -> int:
    """Keeps one; returns its number. What is over, but for keys, is swept away by the next."""
    params = {
        "kind": kind,
        "parent": parent,
        "name": name,
        "hint": hint,
        "digest": digest,
        "scopes": list(scopes),
        "own": written(own),
        "person": person,
        "made_by": made_by,
        "now": now,
        "expires_at": expires_at,
    }
    if kind != "key":
        await sweep(warehouse, tenant, now)
    [row] = await warehouse.rows(tenant, sql.put_key, params)
    return int(row["id"])


async def sweep(warehouse: Warehouse, tenant: UUID, now: datetime) -> None:
    """Throws away sessions, codes and invitations of a tenant that nobody can use any more."""
    await warehouse.rows(tenant, sql.forget_sessions, {"now": now})


async def found(warehouse: Warehouse, digest: bytes, now: datetime) -> Found | None:
    """Whose secret has this digest, if it may be used now. Asked before anybody knows the tenant."""
    async with warehouse.connection() as conn, conn.cursor(row_factory=class_row(Found)) as cursor:
        await cursor.execute(sql.caller, {"digest": digest, "now": now})
        return await cursor.fetchone()


async def listed(warehouse: Warehouse, tenant: UUID) -> list[Key]:
    """The keys of a tenant's programs, the oldest first, revoked ones too."""
    return [_key(row) for row in await warehouse.rows(tenant, sql.keys, {})]


async def revoke(
    warehouse: Warehouse, tenant: UUID, now: datetime, *, name: str | None = None, number: int | None = None
) -> list[Key]:
    """Ends the keys of that name or number, and the sessions opened with them; which they were."""
    params = {"name": name, "number": number, "now": now}
    return [_key(row) for row in await warehouse.rows(tenant, sql.revoke_keys, params)]


async def end(warehouse: Warehouse, tenant: UUID, number: int, now: datetime) -> bool:
    """Ends one key, session, code or invitation; whether it was us who did."""
    return bool(await warehouse.rows(tenant, sql.revoke_one, {"id": number, "now": now}))


async def touch(warehouse: Warehouse, tenant: UUID, number: int, now: datetime) -> None:
    """It was used."""
    await warehouse.rows(tenant, sql.touch_key, {"id": number, "now": now})


def _key(row: Mapping[str, Any]) -> Key:
    return Key(**{**row, "own": read(row["own"])})

"""People of a tenant as they are kept, and who of all tenants is meant before a tenant is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from headwater.core.errors import NeedsPerson
from headwater.warehouse import sql
from headwater.warehouse.pool import Connection, People, Warehouse
from headwater.warehouse.visibility import read, written


@dataclass(frozen=True, slots=True)
class Person:
    """One of a tenant's people. `entered`: he has chosen a password; `issuer`: whose tokens he comes with."""

    id: int
    email: str
    name: str
    role: str
    own: People
    entered: bool
    issuer: str | None
    created_at: datetime
    disabled_at: datetime | None
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who may be meant by an address or a subject, in one of the tenants."""

    tenant: UUID
    slug: str
    id: int
    email: str
    role: str
    own: Mapping[str, Any]
    password: str | None
    issuer: str | None
    subject: str | None
    disabled_at: datetime | None
    last_seen_at: datetime | None


class Session(NamedTuple):
    """Where somebody is inside."""

    id: int
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


async def put(
    warehouse: Warehouse, tenant: UUID, email: str, *, name: str, role: str, own: People, now: datetime
) -> int | None:
    """Keeps a person; returns his number, or None when the tenant has one of that address."""
    params = {"email": email, "name": name, "role": role, "own": written(own), "now": now}
    rows = await warehouse.rows(tenant, sql.put_person, params)
    return int(rows[0]["id"]) if rows else None


async def listed(warehouse: Warehouse, tenant: UUID, number: int | None = None) -> list[Person]:
    """The people of a tenant, the oldest first, those who are not let in too; or the one of that number."""
    rows = await warehouse.rows(tenant, sql.people, {"id": number})
    return [Person(**row | {"own": read(row["own"]) or {}}) for row in rows]


async def meant(
    warehouse: Warehouse, *, email: str | None = None, issuer: str | None = None, subject: str | None = None
) -> list[Candidate]:
    """Who of all tenants has this address, or is meant by this subject of an issuer."""
    params = {"email": email, "issuer": issuer, "subject": subject}
    async with warehouse.connection() as conn, conn.cursor(row_factory=class_row(Candidate)) as cursor:
        await cursor.execute(sql.persons, params)
        return await cursor.fetchall()


async def change(warehouse: Warehouse, tenant: UUID, number: int, *, role: str, own: People) -> None:
    """Gives a person another role. NeedsPerson when no owner would be left."""
    async with warehouse.acting_for(tenant) as conn:
        if role != "owner":
            await _not_the_last_owner(conn, tenant, number)
        params = {"tenant": tenant, "id": number, "role": role, "own": written(own)}
        await conn.execute(sql.change_person, params)


async def disable(warehouse: Warehouse, tenant: UUID, number: int, *, now: datetime) -> None:
    """Lets a person in no more, and ends what he is inside with. NeedsPerson when no owner would be left."""
    async with warehouse.acting_for(tenant) as conn:
        await _not_the_last_owner(conn, tenant, number)
        await conn.execute(sql.disable_person, {"tenant": tenant, "id": number, "at": now})
        await _revoked(conn, tenant, number, now)


async def enable(warehouse: Warehouse, tenant: UUID, number: int) -> None:
    """Lets a person in again."""
    await warehouse.rows(tenant, sql.disable_person, {"id": number, "at": None})


async def begin_anew(warehouse: Warehouse, tenant: UUID, number: int, *, now: datetime) -> None:
    """Forgets a person's password and whom an issuer means by him, and ends what he is inside with."""
    async with warehouse.acting_for(tenant) as conn:
        await conn.execute(sql.begin_anew, {"tenant": tenant, "id": number})
        await _revoked(conn, tenant, number, now)


async def set_password(
    warehouse: Warehouse, tenant: UUID, number: int, password: str, *, now: datetime, by: int | None
) -> bool:
    """Keeps the hash of a password, and ends whatever the person is inside with but the session `by`."""
    async with warehouse.acting_for(tenant) as conn:
        done = await conn.execute(sql.set_password, {"tenant": tenant, "id": number, "password": password})
        await _revoked(conn, tenant, number, now, but=by)
        return done.rowcount == 1


async def accept(
    warehouse: Warehouse, tenant: UUID, number: int, password: str, *, now: datetime, invitation: int
) -> bool:
    """The same with an invitation; False when that was used meanwhile."""
    async with warehouse.acting_for(tenant) as conn:
        ended = await conn.execute(sql.revoke_one, {"tenant": tenant, "id": invitation, "now": now})
        if ended.rowcount == 0:
            return False
        await conn.execute(sql.set_password, {"tenant": tenant, "id": number, "password": password})
        await _revoked(conn, tenant, number, now)
        return True


async def rehashed(warehouse: Warehouse, tenant: UUID, number: int, password: str) -> None:
    """Keeps a stronger hash of the same password."""
    await warehouse.rows(tenant, sql.set_password, {"id": number, "password": password})


async def password_of(warehouse: Warehouse, tenant: UUID, number: int) -> str | None:
    """The hash of a person's password, if he has chosen one."""
    rows = await warehouse.rows(tenant, sql.password_of, {"id": number})
    return rows[0]["password"] if rows else None


async def link(warehouse: Warehouse, tenant: UUID, number: int, *, issuer: str, subject: str) -> bool:
    """Remembers whom an issuer means by a person; False when one of them was linked meanwhile."""
    params = {"id": number, "issuer": issuer, "subject": subject}
    try:
        return bool(await warehouse.rows(tenant, sql.link_person, params))
    except psycopg.errors.UniqueViolation:  # somebody else of the tenant was linked to him
        return False


async def see(warehouse: Warehouse, tenant: UUID, number: int, *, now: datetime) -> None:
    """He was here."""
    await warehouse.rows(tenant, sql.see_person, {"id": number, "now": now})


async def sessions(warehouse: Warehouse, tenant: UUID, number: int, *, now: datetime) -> list[Session]:
    """Where a person is inside, the newest first."""
    rows = await warehouse.rows(tenant, sql.sessions, {"person": number, "now": now})
    return [Session(**row) for row in rows]


async def revoke(
    warehouse: Warehouse,
    tenant: UUID,
    number: int,
    *,
    now: datetime,
    only: int | None = None,
    but: int | None = None,
) -> int:
    """Ends one session of a person, or all of them but one, with invitations and codes; how many ended."""
    async with warehouse.acting_for(tenant) as conn:
        return await _revoked(conn, tenant, number, now, only=only, but=but)


async def _revoked(
    conn: Connection,
    tenant: UUID,
    number: int,
    now: datetime,
    *,
    only: int | None = None,
    but: int | None = None,
) -> int:
    params = {"tenant": tenant, "person": number, "now": now, "only": only, "but": but}
    return (await conn.execute(sql.revoke_of_person, params)).rowcount


async def _not_the_last_owner(conn: Connection, tenant: UUID, number: int) -> None:
    owners = await (await conn.execute(sql.owners, {"tenant": tenant})).fetchall()
    if owners == [(number,)]:
        raise NeedsPerson("nobody would be left who owns this: make somebody else an owner first")

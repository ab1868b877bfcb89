"""Everything of a tenant, or of one of its connections, goes: tables are found in the catalogue."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier

from headwater.core.errors import RetryLater
from headwater.warehouse import connections, following, sql, walk
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Connection, Warehouse
from headwater.warehouse.walk import Place

STRETCH = 10_000
LAST = ("headwater.erasures", "headwater.connections")
"""Go last, in this order: by them one knows what else there is."""

FENCES = ("headwater.leases",)
"""Stay with a connection whose data go: whoever read it before may not commit."""

Counted = Callable[[Connection, str, int], Awaitable[None]]


async def rows(
    warehouse: Warehouse, tenant: UUID, counted: Counted, *, connection: int | None = None
) -> None:
    """Deletes the rows of a tenant, or of one of its connections, in stretches that are a commit each; first
    what says only by an alert whose it is. What follows from them was said to be given up before."""
    params = {"tenant": tenant, "connection": connection}
    async with warehouse.acting_for(tenant) as conn:
        await following.shaken_off(conn, tenant, connection)
        letters = (await conn.execute(sql.drop_letters, params)).rowcount
        if letters:
            await counted(conn, "headwater.letters", letters)
    for place in _in_order(await walk.places(warehouse, tenant)):
        of_connection = place.connected and place.shown not in FENCES
        if place.tenanted and (connection is None or of_connection):
            await _emptied(warehouse, tenant, place, counted, connection)


def _in_order(places: Collection[Place]) -> list[Place]:
    return sorted(places, key=lambda one: (LAST.index(one.shown) + 1 if one.shown in LAST else 0, one.shown))


async def _emptied(
    warehouse: Warehouse, tenant: UUID, place: Place, counted: Counted, connection: int | None
) -> None:
    part = SQL("") if connection is None else SQL(" and t.connection_id = %(connection)s")
    statement = SQL(sql.delete_stretch).format(table=place.table, part=part)
    params = {"tenant": tenant, "connection": connection, "size": STRETCH}
    done = STRETCH
    while done == STRETCH:
        async with warehouse.acting_for(tenant) as conn:
            await conn.execute("set local role hw_owner")
            done = (await conn.execute(statement, params)).rowcount
            if done:
                await counted(conn, place.shown, done)


async def schema(warehouse: Warehouse, link: Link) -> None:
    """Drops the typed tables of a connection. Raises RetryLater while somebody reads them for long."""
    try:
        async with warehouse.acting_for(link.tenant) as conn:
            await conn.execute("set local lock_timeout = '10s'")
            await conn.execute("set local role hw_owner")
            await conn.execute(SQL("drop schema if exists {} cascade").format(Identifier(link.slug)))
    except psycopg.errors.LockNotAvailable as exc:
        raise RetryLater(f"somebody reads the tables of {link.slug} just now: try again in a moment") from exc


async def logins(warehouse: Warehouse, tenant: UUID) -> list[str]:
    """The SQL logins of a tenant."""
    async with warehouse.acting_for(tenant) as conn:
        await conn.execute("set local role hw_owner")
        rows = await (await conn.execute(sql.readers_of, {"tenant": tenant})).fetchall()
    return [row[0] for row in rows]


async def portals(warehouse: Warehouse, gone: Collection[str]) -> None:
    """Forgets the pace of portals that no connection of anybody has any more."""
    used = {
        link.portal
        for tenant in await connections.tenants(warehouse)
        for link in await connections.links(warehouse, tenant.id)
    }
    async with warehouse.connection() as conn, conn.transaction():
        await conn.execute("set local role hw_owner")
        await conn.execute(sql.drop_pacers, {"portals": sorted({*gone} - used)})


async def numbers(warehouse: Warehouse, links: Collection[Link]) -> None:
    """Forgets what was counted under the names of these connections."""
    async with warehouse.connection() as conn:
        await conn.execute(sql.drop_tallies, {"connections": [link.slug for link in links]})


async def begin(warehouse: Warehouse, tenant: UUID, *, now: datetime) -> None:
    """It goes on to its end from now on."""
    async with warehouse.connection() as conn:
        await conn.execute(sql.begin_deletion, {"tenant": tenant, "now": now})


async def count(conn: Connection, tenant: UUID, table: str, rows_: int) -> None:
    """So many rows went, in the commit that deletes them."""
    await conn.execute(sql.count_deleted, {"tenant": tenant, "table": table, "rows": rows_})


async def end(warehouse: Warehouse, tenant: UUID, *, now: datetime) -> None:
    """The tenant itself goes."""
    async with warehouse.connection() as conn, conn.transaction():
        await conn.execute("set local role hw_owner")
        await conn.execute(sql.end_deletion, {"tenant": tenant, "now": now})

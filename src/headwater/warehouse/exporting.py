"""Everything of a tenant, table by table, as lines of JSON, and nothing that opens a door."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

from psycopg.sql import SQL

from headwater.warehouse import sql, walk
from headwater.warehouse.pool import Connection, Warehouse
from headwater.warehouse.walk import Place

AT_ONCE = 1_000
LEFT_OUT: Mapping[str, str] = {
    "headwater.child_sets": "bookkeeping of what is to be read again",
    "headwater.unread_sets": "bookkeeping of what is to be read again",
    "headwater.pairs": "a reconciliation under way",
    "headwater.leases": "which process reads",
    "headwater.jobs": "which process works",
    "headwater.feeds": "where the feed of changes was cut",
    "headwater.feed_places": "how far those who follow the changes have come",
    "headwater.rolled": "records that are handed out, counted beforehand",
    "headwater.rollups": "records that are handed out, counted beforehand",
    "headwater.rollup_months": "records that are handed out, counted beforehand",
    "headwater.rollup_deals": "records that are handed out, counted beforehand",
    "headwater.rollup_marks": "records that are handed out, counted beforehand",
    "headwater.pattern_marks": "whose patterns are to be counted anew",
    "headwater.search": "made of the records that are exported",
    "headwater.search_words": "made of the records that are exported",
    "headwater.search_spellings": "made of the records that are exported",
    "headwater.search_fills": "how far what is searched was made anew",
    "headwater.role_tenants": "logins of the database",
    "headwater.doors": "digests of the secrets by which events come in",
    "headwater.answers": "answers of a day to programs, encrypted: one may tell a secret",
    "headwater.tombstones": "digests of erased people",
    "headwater.tombstone_keys": "opens the digests of erased people",
}
"""Tables of ours that tell nothing of the tenant's data, or would open a door."""

SECRET = re.compile(
    r"credentials|settings|sealed|digest|password|secret|token|.*_(digest|password|secret|token|hash)"
)
"""Columns of our own tables that are never handed out."""


def handed_out(place: Place) -> bool:
    """Whether a table is exported."""
    return place.tenanted and place.shown not in LEFT_OUT


def kept_back(place: Place) -> list[str]:
    """The columns of a table that are not exported."""
    return [name for name in place.columns if place.schema == "headwater" and SECRET.fullmatch(name)]


@asynccontextmanager
async def moment(warehouse: Warehouse, tenant: UUID) -> AsyncIterator[Connection]:
    """A connection that sees everything of the tenant as it is now, whatever is written meanwhile."""
    async with warehouse.acting_for(tenant) as conn:
        await conn.execute("set transaction isolation level repeatable read, read only")
        yield conn


async def lines(conn: Connection, tenant: UUID, place: Place) -> AsyncIterator[list[str]]:
    """The rows of a table as JSON texts, a thousand at a time."""
    statement = SQL(sql.exported_rows).format(table=place.table)
    async with conn.cursor(name="export") as cursor:
        await cursor.execute(statement, {"tenant": tenant, "kept_back": kept_back(place)})
        while rows := await cursor.fetchmany(AT_ONCE):
            yield [row[0] for row in rows]


async def tables(warehouse: Warehouse, tenant: UUID) -> list[Place]:
    """The tables that are exported."""
    return [place for place in await walk.places(warehouse, tenant) if handed_out(place)]

"""The documents that search finds: made from records as they are stored, their words counted.

A document is made in SQL, by the functions that read a query, so that both are understood alike.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from headwater.core.errors import Unfit
from headwater.warehouse import following, sql
from headwater.warehouse.connections import Link
from headwater.warehouse.corners import SEARCH
from headwater.warehouse.pool import Connection, People, Warehouse

ENTITIES = ("leads", "deals", "contacts", "companies", "activities")
READER = "search"
"""What it is called among those who follow the changes."""

TABLES = ("search", "search_words", "search_spellings")
STRETCH = 5_000  # documents in one commit


async def hold(conn: Connection, tenant: UUID) -> None:
    """Keeps others from changing the tenant's documents until the transaction ends: what a record says is
    read after that, so that nothing older is written over something newer."""
    await conn.execute(sql.lock_search, {"tenant": tenant, "corner": SEARCH})


async def renew(conn: Connection, tenant: UUID, connection: int, entity: str, ids: Sequence[str]) -> None:
    """Makes the documents of these records anew, in the caller's transaction; of those that are gone, none
    stays. What is not searched is left alone."""
    if entity in ENTITIES and ids:
        await hold(conn, tenant)
        params = {"tenant": tenant, "connection": connection, "entity": entity, "ids": sorted(set(ids))}
        await conn.execute(sql.renew_documents, params)


async def renew_rows(conn: Connection, tenant: UUID, table: str, keys: Iterable[Sequence[str]]) -> None:
    """The same for rows of a table of records, or of documents, by their primary keys."""
    which: dict[tuple[int, str], list[str]] = defaultdict(list)
    for key in keys:
        if table == "headwater.search":
            which[int(key[1]), key[2]].append(key[3])
        elif table.startswith("public.crm_"):
            which[int(key[1]), table.removeprefix("public.crm_")].append(key[-1])
    for (connection, entity), ids in sorted(which.items()):
        await renew(conn, tenant, connection, entity, ids)


async def forget(warehouse: Warehouse, tenant: UUID, connection: int) -> int:
    """Empties what is searched of a connection, a stretch a commit; how many documents went. They are made
    anew when its changes are followed next."""
    params = {"tenant": tenant, "connection": connection, "reader": READER, "size": STRETCH}
    total, went = 0, STRETCH
    while went == STRETCH:
        async with warehouse.acting_for(tenant) as conn:
            await hold(conn, tenant)
            await conn.execute(sql.drop_feed_place, params)
            [went] = await (await conn.execute(sql.forget_documents, params)).fetchone() or (0,)
        total += went
    return total


async def next_rows(conn: Connection, statement: Any, params: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a statement, as dictionaries, within a transaction."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        return await (await cursor.execute(statement, params)).fetchall()


async def follow(warehouse: Warehouse, link: Link, *, size: int = STRETCH) -> bool:
    """Works in the next changes of a connection, or a stretch of its records when it has just begun or the
    feed was cut behind its place: `size` documents, one commit, with the place. Whether anything may be
    left."""
    base = {"tenant": link.tenant, "connection": link.id, "reader": READER}
    async with warehouse.acting_for(link.tenant) as conn:
        await hold(conn, link.tenant)
        batch = await following.changed(conn, link, READER, entities=ENTITIES, limit=size)
        if batch is None:
            await following.moved(conn, link, READER, await following.head(conn))
            for entity in ENTITIES:
                await conn.execute(sql.begin_fill, {**base, "entity": entity})
            return True
        fill = await next_rows(conn, sql.next_fill, base)
        if fill:
            await _filled(conn, base, fill[0], size)
            return True
        which: dict[str, list[str]] = defaultdict(list)
        for one in batch.records:
            which[one.entity].append(one.id)
        for entity, ids in which.items():
            await renew(conn, link.tenant, link.id, entity, ids)
        await following.moved(conn, link, READER, batch.place)
        return not batch.last


async def _filled(conn: Connection, base: dict[str, Any], fill: dict[str, Any], size: int) -> None:
    params = {**base, **fill, "size": size}
    ids = [row["id"] for row in await next_rows(conn, sql.searchable_ids, params)]
    await renew(conn, base["tenant"], base["connection"], fill["entity"], ids)
    if len(ids) == size:
        await conn.execute(sql.move_fill, {**params, "after": ids[-1]})
    else:
        await conn.execute(sql.end_fill, params)


async def search(
    warehouse: Warehouse, tenant: UUID, own: People | None, query: str, *, among: str | None, most: int
) -> list[dict[str, Any]]:
    """What is found, in its order. Raises Unfit when the query is too long or no text of a database."""
    if "\0" in query:
        raise Unfit("a search is text without NUL characters")
    params = {"query": query, "among": among, "most": most}
    try:
        return await warehouse.rows(tenant, sql.search, params, own=own)
    except psycopg.errors.StringDataRightTruncation as exc:
        raise Unfit(f"{exc.diag.message_primary}: search for the words that matter") from exc

"""Patterns of deals and leads: what has to be counted anew, and counting it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg.rows import dict_row

from headwater.warehouse import arrays, sql
from headwater.warehouse.connections import Link
from headwater.warehouse.origin import Origin
from headwater.warehouse.pool import Connection

READER = "patterns"
"""In this name they follow the changes."""

MARKING: Mapping[tuple[str, str | None], LiteralString] = {
    ("activities", None): sql.mark_activities,
    ("activity_links", None): sql.mark_activities,
    ("stage_history", "deals"): sql.mark_stages,
}
"""How to find whose patterns the rows of a table are part of: by its name after crm_, and its part."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far patterns have followed the changes; `cut` where some of what comes after was thrown away."""

    era: int
    xid: str
    id: int
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Stale:
    """Deals and leads whose patterns may not be what their records say."""

    deals: Sequence[str]
    leads: Sequence[str]


async def mark(conn: Connection, table: str, scope: str | None, ids: Sequence[str], origin: Origin) -> None:
    """Remembers what these rows of a crm_* table belong to before that changes, in the commit that changes
    it: nothing tells it afterwards. Of rows that patterns are not made of there is nothing to remember."""
    statement = MARKING.get((table, scope))
    if statement is not None and ids:
        params = {"tenant": origin.tenant, "connection": origin.connection, "ids": arrays.texts(ids)}
        await conn.execute(statement, params)


async def place(conn: Connection, link: Link) -> Place | None:
    """How far they are; None before the first time. Held until the transaction ends."""
    found = await _rows(conn, link, sql.feed_place, reader=READER)
    return Place(**found[0]) if found else None


async def head(conn: Connection, link: Link) -> Place:
    """The place after which everything comes that is not committed yet."""
    [found] = await _rows(conn, link, sql.changes_head)
    return Place(found["era"], found["xid"], 0)


async def is_far(conn: Connection, link: Link, behind: Place, many: int) -> bool:
    """Whether so many changes or more wait after a place."""
    [row] = await _rows(conn, link, sql.many_changes, many=many, era=behind.era, xid=behind.xid, id=behind.id)
    return bool(row["found"])


async def changed(
    conn: Connection, link: Link, after: Place, *, limit: int
) -> tuple[Stale, Place, int] | None:
    """What the next changes are about, the place after them, and how many they are; None: there are none."""
    params = {"era": after.era, "xid": after.xid, "id": after.id, "limit": limit}
    found = await _rows(conn, link, sql.changed_patterns, **params)
    if not found:
        return None
    [row] = found
    return Stale(row["deals"], row["leads"]), Place(row["era"], row["xid"], row["id"]), row["many"]


async def marked(conn: Connection, link: Link) -> Stale:
    """What something was taken from; its marks are gone with the caller's commit."""
    [row] = await _rows(conn, link, sql.take_pattern_marks)
    return Stale(row["deals"], row["leads"])


async def count(conn: Connection, link: Link, stale: Stale | None) -> int:
    """Counts these anew, or all of the connection; how many rows changed."""
    params: dict[str, Any] = {"connection": link.id, "deals": None, "leads": None}
    if stale is not None:
        params |= {"deals": arrays.texts(stale.deals), "leads": arrays.texts(stale.leads)}
    row = await (await conn.execute(sql.update_patterns, params)).fetchone()
    return int(row[0]) if row else 0


async def arrive(conn: Connection, link: Link, at: Place) -> None:
    """They have come so far."""
    await _rows(conn, link, sql.put_feed_place, reader=READER, era=at.era, xid=at.xid, id=at.id)


async def _rows(
    conn: Connection, link: Link, statement: LiteralString, **params: Any
) -> list[dict[str, Any]]:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, {"tenant": link.tenant, "connection": link.id, **params})
        return await cursor.fetchall() if cursor.description else []

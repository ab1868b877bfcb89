"""Following the changes of a connection: what is derived from its rows is brought up to date by them.

async with warehouse.acting_for(link.tenant) as conn:
    batch = await following.changed(conn, link, "search", limit=2_000)
    if batch is None:
        ...                                    # the first time, or too late: from the rows, as they are
    else:
        ...                                    # these records, as they are now
        await following.moved(conn, link, "search", batch.place)
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from psycopg.rows import dict_row

from headwater.core.errors import StopSync
from headwater.warehouse import sql
from headwater.warehouse.connections import Link
from headwater.warehouse.corners import FOLLOWERS
from headwater.warehouse.pool import Connection, Warehouse


class Follow(Protocol):
    """One who follows the changes of connections."""

    async def __call__(self, warehouse: Warehouse, link: Link) -> bool:
        """Works in the next changes of one connection: a bounded batch, one commit. Whether anything may be
        left. Killed anywhere, it may be called again."""


class Place(NamedTuple):
    """After this change of the feed."""

    era: int
    xid: int
    id: int


class Changed(NamedTuple):
    """A record that was created, changed or deleted."""

    entity: str
    id: str


class Batch(NamedTuple):
    """The next records that changed, each once, in the order of their first change; where the feed goes on
    after them; and whether that was all there is."""

    records: Sequence[Changed]
    place: Place
    last: bool


async def changed(
    conn: Connection, link: Link, reader: str, *, entities: Collection[str] | None = None, limit: int
) -> Batch | None:
    """What changed in a connection since the reader's place, of all entities or of these: `limit` changes at
    the most. Others who work in his name wait until this transaction ends.

    Only what no commit can come before any more is told. None: he has no place, or what came after it was
    thrown away: he has to begin from the rows. Raises StopSync when the connection was given up.
    """
    await held(conn, link)
    params = _params(link, reader)
    async with conn.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(sql.follower_place, params)).fetchone()
        if row is None:
            return None
        place = Place(row["era"], int(row["xid"]), row["id"])
        more = {"entities": None if entities is None else list(entities), "limit": limit}
        rows = await (await cursor.execute(sql.changed_after, params | place._asdict() | more)).fetchall()
        cut = await (await cursor.execute(sql.changes_cut, params)).fetchone()  # asked last, as in the feed
    if cut is not None and place < Place(cut["era"], int(cut["xid"]), cut["id"]):
        return None
    found = [row for row in rows if row["id"] is not None]
    if len(found) < limit:
        return Batch(_records(found), Place(rows[0]["head_era"], int(rows[0]["head_xid"]), 0), last=True)
    end = found[-1]
    return Batch(_records(found), Place(end["era"], int(end["xid"]), end["id"]), last=False)


async def head(conn: Connection) -> Place:
    """After everything that is committed for good. Who begins from the rows asks this before he reads the
    first of them, and puts it as his place when he has read the last."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(sql.changes_head)).fetchone()
    assert row is not None  # noqa: S101 (it has no condition)
    return Place(row["era"], int(row["xid"]), 0)


async def moved(conn: Connection, link: Link, reader: str, place: Place) -> None:
    """The reader has worked in everything up to this place, in the transaction that does so."""
    await held(conn, link)
    await conn.execute(sql.put_follower_place, _params(link, reader) | place._asdict())


async def held(conn: Connection, link: Link) -> None:
    """To be called in every transaction that writes what follows from a connection (`changed` and `moved` do
    so): its data cannot begin to go meanwhile. Raises StopSync when it was given up."""
    await conn.execute(sql.hold_follower, {"corner": FOLLOWERS, "connection": link.id})
    row = await (await conn.execute(sql.follows, {"tenant": link.tenant, "connection": link.id})).fetchone()
    if row is None:
        raise StopSync(f"{link.slug} was given up: nothing follows it any more")


async def shaken_off(conn: Connection, tenant: UUID, connection: int | None) -> None:
    """Nobody writes what follows from a tenant's connections, or from this one, from now on. To be called
    after it was said that they are given up."""
    params = {"corner": FOLLOWERS, "tenant": tenant, "connection": connection}
    await conn.execute(sql.shake_off, params)


async def waiting(warehouse: Warehouse, link: Link, readers: Collection[str]) -> bool:
    """Whether one of these readers has something to work in, or has not begun; also what is not told yet."""
    params = {"connection": link.id, "readers": list(readers)}
    [row] = await warehouse.rows(link.tenant, sql.followed, params)
    return bool(row["waits"])


def _records(rows: Sequence[Mapping[str, Any]]) -> list[Changed]:
    return list(dict.fromkeys(Changed(row["entity"], row["external_id"]) for row in rows))


def _params(link: Link, reader: str) -> dict[str, Any]:
    return {"tenant": link.tenant, "connection": link.id, "reader": reader}

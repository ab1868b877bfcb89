"""The profiles of connections: kept, read, and how old each is by time and by changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from headwater.warehouse import sql
from headwater.warehouse.connections import Link
from headwater.warehouse.following import Place
from headwater.warehouse.pool import Connection, Warehouse


@dataclass(frozen=True, slots=True)
class Standing:
    """How a connection's profile stands. `begun`: something of the connection was read whole; `reading`:
    something is being read for the first time."""

    made_at: datetime | None
    records: int | None
    begun: bool
    reading: bool


async def standing(warehouse: Warehouse, link: Link) -> Standing:
    """How the profile of a connection stands."""
    [row] = await warehouse.rows(link.tenant, sql.profile_standing, {"connection": link.id})
    return Standing(**row)


async def changes(warehouse: Warehouse, link: Link, *, most: int) -> int | None:
    """How many changes came since a profile was made, `most` for so many or more; None where that cannot be
    told."""
    params = {"connection": link.id, "most": most}
    [row] = await warehouse.rows(link.tenant, sql.profile_changes, params)
    found: int | None = row["changes"]
    return found


async def put(
    conn: Connection, link: Link, profile: bytes, place: Place, *, records: int, now: datetime
) -> bool:
    """Keeps the profile of a connection, made from `now` on, with the place in the feed before that. False,
    and nothing is kept, when a person was being erased meanwhile: it may tell of him."""
    params = {
        "tenant": link.tenant, "connection": link.id, "now": now, "records": records,
        "profile": profile.decode(), **place._asdict(),
    }  # fmt: skip
    return await (await conn.execute(sql.put_profile, params)).fetchone() is not None


async def put_whole(conn: Connection, tenant: UUID, profile: Any) -> None:
    """Keeps what all of a tenant's data is like; None when there is no profile of it any more."""
    text = None if profile is None else orjson.dumps(profile, option=orjson.OPT_UTC_Z).decode()
    await conn.execute(sql.put_crm_profile, {"tenant": tenant, "profile": text})


async def kept(conn: Connection, tenant: UUID) -> dict[int, Any]:
    """The profiles of a tenant, by connection."""
    rows = await (await conn.execute(sql.profiles, {"tenant": tenant})).fetchall()
    return {row[0]: orjson.loads(row[3]) for row in rows}

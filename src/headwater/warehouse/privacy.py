"""What a connection keeps of what it reads: its privacy mode, and changing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from headwater.core.model import Privacy, PrivacyMode
from headwater.warehouse import sql
from headwater.warehouse.pool import Connection, Warehouse


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a connection keeps. `erasing`: something that it does not keep any more may still be here.
    What was read before `kept_from` was read when less was kept."""

    mode: PrivacyMode = PrivacyMode.FULL
    erasing: bool = False
    kept_from: int = 0


async def read(warehouse: Warehouse, tenant: UUID, connection: int) -> Keeping:
    """What a connection keeps now."""
    [row] = await warehouse.rows(tenant, sql.read_privacy, {"connection": connection})
    return Keeping(PrivacyMode(row["mode"]), row["erasing"], row["kept_from"])


async def put(
    conn: Connection, tenant: UUID, connection: int, mode: PrivacyMode, *, again: Sequence[str]
) -> bool:
    """Changes what a connection keeps from now on; whether that is news.

    With less, what it does not keep any more is marked to be erased. With more, everything is read again,
    also the sets of the kinds `again`.
    """
    params = {"tenant": tenant, "connection": connection, "mode": mode.value}
    row = await (await conn.execute(sql.put_privacy, params)).fetchone()
    if row is None:
        raise RuntimeError("put_privacy returns a row")
    await conn.execute(sql.copy_privacy, params)
    classes = [one.value for one in Privacy if mode.keeps(one)]
    columns = {"all": mode.keeps(None), "classes": classes}
    await conn.execute(sql.withhold_columns, params | columns)
    if row[0] and mode is PrivacyMode.FULL:
        await conn.execute(sql.start_over, params)
        await conn.execute(sql.start_sets_over, params | {"slugs": list(again)})
    return bool(row[0])

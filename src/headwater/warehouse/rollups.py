"""Activities and calls counted by the day: commits mark the days they change, a follower counts those anew.

A day is one of the tenant's time zone; whole months are added up from days. Rows without a time are of no
day, and in no rollup. Whoever reads goes through headwater.rolled_activities, rolled_calls and the same by
month, which are exact at every moment: marked days are counted from rows, and so is everything where nothing
was counted yet, or in another zone (decision 0022).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Composed, Identifier

from headwater.warehouse import following, sql
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Connection, Warehouse

READER = "rollups"
AT_ONCE = 40  # days in one commit


class Rolled(NamedTuple):
    """A table that is counted, by these of its columns."""

    type: str
    outcome: str


ROLLED: Mapping[str, Rolled] = MappingProxyType(
    {"activities": Rolled("type", "completed"), "calls": Rolled("direction", "answered")}
)
"""By the name after crm_."""

COUNTED = frozenset({"employee_id", *(column for one in ROLLED.values() for column in one)})
"""Columns of which a change moves rows from one bucket to another: those of texts."""


def page_marks(place: str, names: Mapping[str, Composable], staged: Composable) -> Composed | None:
    """The statement that marks what a staged page changes; None where nothing is counted. `changed` are the
    ids of records that are stored already."""
    return None if place not in ROLLED else _marks(sql.days_of_page, place, **names, staged=staged)


def gone_marks(place: str, names: Mapping[str, Composable]) -> Composed | None:
    """The statement that marks what goes with the records `ids`; None where nothing is counted."""
    return None if place not in ROLLED else _marks(sql.days_of_gone, place, **names)


async def mark_row(
    conn: Connection, tenant: UUID, table: tuple[str, str], place: str, columns: Collection[str]
) -> None:
    """Marks what a change of these columns of the row at a place of a table moves."""
    entity = table[1].removeprefix("crm_")
    if table[0] == "public" and entity in ROLLED and COUNTED.intersection(columns):
        params = {"tenant": tenant, "entity": entity, "place": place}
        await conn.execute(_marks(sql.days_of_row, entity), params)


async def follow(warehouse: Warehouse, link: Link) -> bool:
    """Counts the next marked days of a connection anew: one commit. When none was counted yet, or the
    tenant's zone is another one, all days are marked first. Whether anything may be left."""
    base = {"tenant": link.tenant, "connection": link.id}
    async with warehouse.acting_for(link.tenant) as conn:
        place = await following.head(conn)
        zone, wanted = await _zones(conn, link)
        if zone != wanted:
            await _begin(conn, base, wanted)
            return True
        async with conn.cursor(row_factory=dict_row) as cursor:
            marks = await (await cursor.execute(sql.rollup_marks, base | {"limit": AT_ONCE})).fetchall()
        if marks:
            await _count(conn, base, marks)
        else:
            await following.moved(conn, link, READER, place)
        return bool(marks)


async def _zones(conn: Connection, link: Link) -> tuple[str | None, str]:
    """The zone that was counted in, and the one that is wanted; nobody else counts until the transaction
    ends."""
    await following.held(conn, link)
    found = await conn.execute(sql.rolled_zone, {"tenant": link.tenant, "connection": link.id})
    zone, wanted = await found.fetchone() or (None, "UTC")
    return zone, wanted


async def _begin(conn: Connection, base: Mapping[str, Any], zone: str) -> None:
    """Everything is marked, in this zone: from now on commits mark what they change. Whoever is committing is
    waited for, and waits, so that nobody marks days of another zone after this."""
    await conn.execute(sql.hold_writers, base)
    await conn.execute(sql.drop_rollups, base)
    for entity in ROLLED:
        marks = _marks(sql.days_of_all, entity)
        await conn.execute(marks, {**base, "entity": entity, "zone": zone})
    await conn.execute(sql.put_rolled, {**base, "zone": zone})


async def _count(conn: Connection, base: Mapping[str, Any], marks: Sequence[Mapping[str, Any]]) -> None:
    """Counts these days, and adds up their months. Marks are taken away last: whoever sets one meanwhile
    waits no longer than the commit takes."""
    days: dict[str, list[str]] = defaultdict(list)
    versions: dict[str, list[int]] = defaultdict(list)
    for mark in marks:
        days[mark["entity"]].append(mark["day"])
        versions[mark["entity"]].append(mark["version"])
    for entity, its in days.items():
        params = {**base, "entity": entity, "days": its}
        await conn.execute(sql.empty_rollups, params)
        await conn.execute(_of(sql.put_rollups, entity), params)
        await conn.execute(sql.empty_rollup_months, params)
        await conn.execute(sql.put_rollup_months, params)
    for entity, its in days.items():
        params = {**base, "entity": entity, "days": its, "versions": versions[entity]}
        await conn.execute(sql.settle_marks, params)


def _marks(days: LiteralString, place: str, **names: Composable) -> Composed:
    """The statement that marks these days of a table."""
    return SQL(sql.mark_days).format(days=_of(days, place, **names))


def _of(statement: LiteralString, place: str, **names: Composable) -> Composed:
    made = {"normal": Identifier("public", f"crm_{place}")} | names
    about = ROLLED[place]
    return SQL(statement).format(type=Identifier(about.type), outcome=Identifier(about.outcome), **made)

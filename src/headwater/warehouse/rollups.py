"""Activities and calls counted by the day, deals by the month: commits mark the buckets that they change, a
follower counts those anew.

A day is one of the tenant's time zone, and so is a month; months of activities and calls are added up from
days. Rows without a time are of none, and in no rollup. Whoever reads goes through the views
headwater.rolled_activities, rolled_calls and the same by month, and through the functions
headwater.rolled_deals_created and rolled_deals_closed, which are exact at every moment: what is marked is
counted from rows, and so is everything where nothing was counted yet, or in another zone (decisions 0022 and
0025).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Composed, Identifier

from headwater.warehouse import following, sql
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Connection, Warehouse

READER = "rollups"
AT_ONCE = 40  # buckets in one commit


@dataclass(frozen=True, slots=True)
class Rolled:
    """A table that is counted. The first four statements find what moves: by a page, with records that go,
    with one row, all rows. `buckets` finds the buckets of that, `counts` count buckets anew. `texts` are the
    columns of texts of which a change moves rows from one bucket to another. `names` are those of its
    columns. `entities` are what marks call the buckets, each with what `counts` say of it beside that."""

    of_page: LiteralString
    of_gone: LiteralString
    of_row: LiteralString
    of_all: LiteralString
    buckets: LiteralString
    counts: Sequence[LiteralString]
    texts: frozenset[str]
    names: Mapping[str, Composable]
    entities: Mapping[str, Mapping[str, Composable]]


def _by_day(entity: str, *, type: str, outcome: str) -> Rolled:
    return Rolled(
        sql.days_of_page, sql.days_of_gone, sql.days_of_row, sql.days_of_all, "{moved}",
        (sql.empty_rollups, sql.put_rollups, sql.empty_rollup_months, sql.put_rollup_months),
        frozenset({"employee_id", type}), {"type": Identifier(type), "outcome": Identifier(outcome)},
        {entity: {}},
    )  # fmt: skip


CYCLE = SQL("headwater.cycle_days(t.created_at, t.closed_at)")

ROLLED: Mapping[str, Rolled] = MappingProxyType(
    {
        "activities": _by_day("activities", type="type", outcome="completed"),
        "calls": _by_day("calls", type="direction", outcome="answered"),
        "deals": Rolled(
            sql.moments_of_page, sql.moments_of_gone, sql.moments_of_row, sql.moments_of_all,
            sql.months_around, (sql.empty_rollup_deals, sql.put_rollup_deals),
            frozenset({"pipeline", "stage", "assigned_to", "currency"}), {},
            {
                "deals_created": {"clock": Identifier("created_at"), "cycle": SQL("null::numeric")},
                "deals_closed": {"clock": Identifier("closed_at"), "cycle": CYCLE},
            },
        ),
    }
)  # fmt: skip
"""By the name after crm_."""

TABLE_OF: Mapping[str, str] = MappingProxyType(
    {entity: place for place, one in ROLLED.items() for entity in one.entities}
)


def page_marks(place: str, names: Mapping[str, Composable], staged: Composable) -> Composed | None:
    """The statement that marks what a staged page changes; None where nothing is counted. `changed` are the
    ids of records that are stored already."""
    return _marks(ROLLED[place].of_page, place, **names, staged=staged) if place in ROLLED else None


def gone_marks(place: str, names: Mapping[str, Composable]) -> Composed | None:
    """The statement that marks what goes with the records `ids`; None where nothing is counted."""
    return _marks(ROLLED[place].of_gone, place, **names) if place in ROLLED else None


async def mark_row(
    conn: Connection, tenant: UUID, table: tuple[str, str], place: str, columns: Collection[str]
) -> None:
    """Marks what a change of these columns of the row at a place of a table moves."""
    name = table[1].removeprefix("crm_")
    if table[0] == "public" and name in ROLLED and ROLLED[name].texts.intersection(columns):
        params = {"tenant": tenant, "entity": name, "place": place}
        await conn.execute(_marks(ROLLED[name].of_row, name), params)


async def mark_rates(conn: Connection, tenant: UUID, connection: int, now: datetime) -> None:
    """Marks what rates that were recorded at this moment change: amounts are counted by the rates of their
    time, and those of one bucket have the same."""
    marks = SQL(sql.mark_rolled).format(changed=SQL(sql.months_of_rates))
    await conn.execute(marks, {"tenant": tenant, "connection": connection, "now": now})


async def follow(warehouse: Warehouse, link: Link) -> bool:
    """Counts the next marked buckets of a connection anew: one commit. When none was counted yet, or the
    tenant's zone is another one, all are marked first. Whether anything may be left."""
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
    for place, one in ROLLED.items():
        await conn.execute(_marks(one.of_all, place), {**base, "entity": place, "zone": zone})
    await conn.execute(sql.put_rolled, {**base, "zone": zone})


async def _count(conn: Connection, base: Mapping[str, Any], marks: Sequence[Mapping[str, Any]]) -> None:
    """Counts these buckets. Marks are taken away last: whoever sets one meanwhile waits no longer than the
    commit takes."""
    days: dict[str, list[str]] = defaultdict(list)
    versions: dict[str, list[int]] = defaultdict(list)
    for mark in marks:
        days[mark["entity"]].append(mark["day"])
        versions[mark["entity"]].append(mark["version"])
    for entity, its in days.items():
        place = TABLE_OF[entity]
        params = {**base, "entity": entity, "days": its}
        for count in ROLLED[place].counts:
            await conn.execute(_of(count, place, **ROLLED[place].entities[entity]), params)
    for entity, its in days.items():
        params = {**base, "entity": entity, "days": its, "versions": versions[entity]}
        await conn.execute(sql.settle_marks, params)


def _marks(moved: LiteralString, place: str, **names: Composable) -> Composed:
    """The statement that marks the buckets of what moves in a table."""
    changed = SQL(ROLLED[place].buckets).format(moved=_of(moved, place, **names))
    return SQL(sql.mark_rolled).format(changed=changed)


def _of(statement: LiteralString, place: str, **names: Composable) -> Composed:
    known = {"normal": Identifier("public", f"crm_{place}"), **ROLLED[place].names}
    return SQL(statement).format(**known | names)

"""Looking for a person in all that the database keeps: tables of his tenant, and the planner's statistics."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier

from headwater.core.persons import Eye
from headwater.warehouse import sql, walk
from headwater.warehouse.pool import Warehouse, translated


@dataclass(slots=True)
class Searched:
    """Where he was looked for, and where he was found: how many rows of which table."""

    tables: int = 0
    rows: dict[str, int] = field(default_factory=dict)


async def in_tables(warehouse: Warehouse, tenant: UUID, eye: Eye, pattern: str) -> Searched:
    """Every table in which rows of the tenant may be, column by column."""
    found = Searched()
    for place in await walk.places(warehouse, tenant):
        found.tables += 1
        if place.shown in walk.OURS:
            continue
        count = 0
        async for _ in walk.mentioning(warehouse, tenant, place, eye, pattern):
            count += 1
        if count:
            found.rows[place.shown] = count
    return found


async def in_statistics(admin_url: str, tenant: UUID, eye: Eye, pattern: str) -> list[str]:
    """Tables of whose common values the planner remembers him, though no other tenant's row holds the same.

    Raises psycopg.Error where the login may not look.
    """
    found = []
    with translated():
        async with await psycopg.AsyncConnection.connect(admin_url, autocommit=True) as admin:
            rows = await (await admin.execute(sql.statistics_naming, {"pattern": pattern})).fetchall()
            for schema, name, said in rows:
                if eye.hits(said) and not await _others(admin, schema, name, tenant, eye, pattern):
                    found.append(f"{schema}.{name}")
    return sorted(set(found))


async def _others(
    admin: psycopg.AsyncConnection[Any], schema: str, name: str, tenant: UUID, eye: Eye, pattern: str
) -> bool:
    statement = SQL(sql.others_naming).format(table=Identifier(schema, name))
    rows = await admin.execute(statement, {"tenant": tenant, "pattern": pattern})
    return any(eye.hits(text) for (text,) in await rows.fetchall())


def tables_of(counts: Collection[str], places: Sequence[walk.Place]) -> list[Identifier]:
    """Those of these tables that are there, as names in statements."""
    known = {place.shown for place in places} | {"headwater.history"}
    return [Identifier(*name.split(".", 1)) for name in sorted(set(counts)) if name in known]

"""Every table in which rows of a tenant may be, looked through for a person: counted, or taken out."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed, Identifier, Placeholder

from headwater.core.persons import ERASED, Eye, leaves, mapped, unescaped
from headwater.warehouse import rollups, sql
from headwater.warehouse.pool import Connection, Warehouse

AT_ONCE = 500  # rows in one commit
OURS = frozenset({"headwater.erasures", "headwater.tombstones"})
"""What says of an erasure itself whom it is about, encrypted or in digests."""

LOGINS = frozenset({"headwater.people", "headwater.role_tenants", "headwater.keys"})
"""Who may enter here. To erase somebody there is to lock him out: he is found, and left to a person."""

JSON = frozenset({"json", "jsonb"})
BODIES = frozenset({"inbox"})
"""Tables that keep what arrived as it arrived, in whatever escapes."""


@dataclass(frozen=True, slots=True)
class Place:
    """A table, and those of its columns that may name somebody: their types, and whether they may be null."""

    schema: str
    name: str
    tenanted: bool
    connected: bool
    columns: Sequence[str]
    keys: Sequence[str]
    texts: Mapping[str, tuple[str, bool]]

    @property
    def shown(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def table(self) -> Identifier:
        return Identifier(self.schema, self.name)

    @property
    def part(self) -> SQL:
        """What is added to conditions so that only the tenant's rows are meant."""
        return SQL(" and t.tenant_id = %(tenant)s") if self.tenanted else SQL(" and t.id = %(tenant)s")


async def places(warehouse: Warehouse, tenant: UUID) -> list[Place]:
    """Every table in which rows of the tenant may be, and that of the tenants themselves."""
    schemas = [row["slug"] for row in await warehouse.rows(tenant, sql.connections, {})]
    found = await warehouse.rows(tenant, sql.tables_of_tenant, {"schemas": schemas})
    found = [row for row in found if row["tenanted"] or row["name"] == "tenants"]
    return [Place(**row | {"texts": {k: tuple(v) for k, v in row["texts"].items()}}) for row in found]


async def mentioning(
    warehouse: Warehouse, tenant: UUID, place: Place, eye: Eye, pattern: str
) -> AsyncIterator[Mapping[str, Any]]:
    """The rows of a place that name him, whatever the column: their texts, and `keys`."""
    after: str | None = "(0,0)"
    while after is not None:
        async with warehouse.acting_for(tenant) as conn:
            await conn.execute("set local role hw_owner")
            rows = await _next(conn, tenant, place, pattern, after, lock=False)
        for row in rows:
            if named_in(row, eye):
                yield row
        after = rows[-1]["place"] if len(rows) == AT_ONCE else None


async def unmentioned(
    warehouse: Warehouse,
    tenant: UUID,
    place: Place,
    eye: Eye,
    pattern: str,
    counted: Callable[[Connection, str, int], Any],
) -> int:
    """Takes him out of every text of a place; how many rows held him. `counted` is told in each commit."""
    after: str | None = "(0,0)"
    total = 0
    while after is not None:
        async with warehouse.acting_for(tenant) as conn:
            rows = await _next(conn, tenant, place, pattern, after, lock=True)
            done = 0
            for row in rows:
                done += await _cleaned(conn, tenant, place, row, eye)
            if done:
                await counted(conn, place.shown, done)
        total += done
        after = rows[-1]["place"] if len(rows) == AT_ONCE else None
    return total


def named_in(row: Mapping[str, Any], eye: Eye) -> bool:
    """Whether a row names him in any of its columns, in escapes, too."""
    return any(_named_in(value, eye) for name, value in row.items() if name != "place")


def _named_in(value: Any, eye: Eye) -> bool:
    texts = list(leaves(value))
    return any(eye.hits(form) for text in texts for form in (text, *unescaped(text)))


async def _next(
    conn: Connection, tenant: UUID, place: Place, pattern: str, after: str, *, lock: bool
) -> list[dict[str, Any]]:
    shown = [
        SQL("t.{0}::{1} as {0}").format(Identifier(name), SQL(_as_read(kind)))
        for name, (kind, _) in place.texts.items()
    ]
    keys = [SQL("t.{}::text").format(Identifier(name)) for name in place.keys]
    statement = SQL(sql.mentioning_rows).format(
        columns=SQL(", ").join([SQL("array[{}]::text[] as keys").format(SQL(", ").join(keys)), *shown]),
        table=place.table, part=place.part, lock=SQL(" for update") if lock else SQL(""),
    )  # fmt: skip
    params = {"tenant": tenant, "after": after, "pattern": pattern, "limit": AT_ONCE}
    async with conn.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(statement, params)).fetchall()
    parsed = [name for name, (kind, _) in place.texts.items() if kind in JSON]
    return [row | {name: exact(row[name]) for name in parsed} for row in rows]


def exact(text: str | None) -> Any:
    """A JSON text as values; its numbers stay as they are written."""
    return None if text is None else json.loads(text, parse_float=orjson.Fragment, parse_int=orjson.Fragment)


def _as_read(kind: str) -> str:
    return "text[]" if kind == "_text" else "text"


async def _cleaned(conn: Connection, tenant: UUID, place: Place, row: Mapping[str, Any], eye: Eye) -> bool:
    changed = {
        name: _cell(kind, cleaned, nullable=nullable)
        for name, (kind, nullable) in place.texts.items()
        if (cleaned := _without(row[name], eye, body=place.name in BODIES)) != row[name]
    }
    if not changed:
        return False
    await rollups.mark_row(conn, tenant, (place.schema, place.name), row["place"], changed)
    statement = SQL(sql.unmention_row).format(
        table=place.table, part=place.part, sets=_sets(place, list(changed))
    )  # fmt: skip
    params = {f"new_{at}": value for at, value in enumerate(changed.values())}
    await conn.execute(statement, {"tenant": tenant, "place": row["place"], **params})
    return True


def _without(value: Any, eye: Eye, *, body: bool) -> Any:
    return mapped(value, eye.cleaned_body if body else eye.cleaned)


def _cell(kind: str, value: Any, *, nullable: bool) -> Any:
    """A value as its column takes it; where that may not be empty, it says why it tells nothing."""
    if kind in JSON:
        return None if value is None and nullable else orjson.dumps(value).decode()
    if value is None and not nullable:
        return ERASED
    return value


def _sets(place: Place, names: Sequence[str]) -> Composed:
    parts = []
    for at, name in enumerate(names):
        kind = place.texts[name][0]
        cast = {"json": "::json", "jsonb": "::jsonb", "_text": "::text[]"}.get(kind, "::text")
        parts.append(SQL("{} = {}{}").format(Identifier(name), Placeholder(f"new_{at}"), SQL(cast)))
    return SQL(", ").join(parts)

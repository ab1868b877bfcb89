"""Erases what a connection does not keep any more, in stretches of rows, each one commit.

Nothing here asks the source: the classes of fields are those that typed_columns remembers. Every statement
finds only rows that still hold something, so that doing it again finishes what was cut short.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, LiteralString, TypeAlias

import orjson
import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from headwater.core import log
from headwater.core.model import EntitySpec, PrivacyMode, SetSpec
from headwater.warehouse import crm, documents, sql, typed
from headwater.warehouse.columns import Column
from headwater.warehouse.connections import Link
from headwater.warehouse.failed import REFUSED
from headwater.warehouse.lease import Lease
from headwater.warehouse.places import names_of, table_of
from headwater.warehouse.pool import Connection, Warehouse, translated

LOGGER = log.get("warehouse")
STRETCH = 5_000  # rows in one commit: the change feed waits for everybody's longest
MODE = PrivacyMode.ANALYTICS
OURS = ("_began", "_version", "_synced_at")
ALL = Composed([])
NOTED = "a value did not fit; the field is not kept any more"
BY_RECORD: Sequence[tuple[str, LiteralString]] = (
    ("history", sql.erase_history), ("gone", sql.erase_gone),
)  # fmt: skip
"""What is kept of records that are not as they were: a commit for each stretch of them."""
ASIDE: Sequence[tuple[str, LiteralString]] = (
    ("failed", sql.erase_failed), ("sync_logs", sql.erase_notes), ("certificates", sql.erase_certificates),
)  # fmt: skip
"""What is kept beside rows and is little: a commit for each entity."""

Stretch: TypeAlias = Mapping[str, str | None]
"""The bounds of a stretch of rows: keys above `after`, up to `upto` (None: to the end)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays of an entity, by name: `columns` of its typed table, `fields` of its records, `customs`
    among custom_fields. `emptied` are the real columns that do not stay, `gone` the fields."""

    columns: Sequence[str]
    fields: Sequence[str]
    customs: Sequence[str]
    emptied: Sequence[str]
    gone: Sequence[str]


def withheld(column: Column) -> bool:
    """Whether the privacy mode does not keep a column."""
    return column.withheld


def kept(columns: Sequence[Column], goes: Callable[[Column], bool] = withheld) -> Kept:
    """What stays of an entity with these columns. A field of which any column does not stay goes whole."""
    gone = {column.field for column in columns if goes(column)}
    stay = [column for column in columns if not goes(column)]
    fields = {column.field for column in stay} - gone
    return Kept(
        columns=[column.name for column in stay],
        fields=sorted(fields),
        customs=sorted({c.name for c in stay if c.field in fields} | {name.lower() for name in fields}),
        emptied=[column.name for column in columns if goes(column) and column.real],
        gone=sorted(gone),
    )


def tellable(columns: Sequence[Column], spec: EntitySpec, *, schema: str) -> frozenset[str]:
    """The fields and columns whose values a certificate may tell."""
    stay = kept(columns)
    return frozenset(
        {*stay.fields, *(f"{schema}.crm_{spec.slug}.{name}" for name in stay.columns)}
        | {f"public.crm_{spec.place}.{name}" for name in table_of(spec).kept(MODE)}
    )


async def erase(
    warehouse: Warehouse, held: Lease, link: Link, entities: Mapping[str, EntitySpec], *, key_column: str
) -> Counter[str]:
    """Erases all that the connection does not keep, and then remembers that nothing is left of it; how many
    rows of which table were written anew. `entities` are those that its source knows.

    Old versions of the rows and the planner's statistics of their values go, too.
    """
    work = _Work(warehouse, held, link, entities, key_column)
    await work.do()
    return work.found


class _Work:
    """One erasing under way."""

    def __init__(
        self,
        warehouse: Warehouse,
        held: Lease,
        link: Link,
        entities: Mapping[str, EntitySpec],
        key_column: str,
    ) -> None:
        self.warehouse = warehouse
        self.held = held
        self.link = link
        self.entities = entities
        self.key_column = key_column
        self.found: Counter[str] = Counter()
        self.base = {"tenant": link.tenant, "connection": link.id}

    async def do(self) -> None:
        tenant, sets = self.link.tenant, [one for spec in self.entities.values() for one in spec.sets]
        columns = {
            row["entity"]: await typed.columns_of(self.warehouse, tenant, self.link.id, row["entity"])
            for row in await self.warehouse.rows(tenant, sql.kept_entities, self.base)
        }
        tables = [name for name in columns if columns[name]]
        for name in tables:
            await self._records(name, kept(columns[name]))
        await self._strangers([kept(columns[name]) for name in tables if name not in self.entities])
        for table in crm.SETS:
            await self._set_rows(table)
        for name, have in columns.items():
            await self._aside(name, have, next((one for one in sets if one.slug == name), None))
        if gone := await documents.forget(self.warehouse, tenant, self.link.id):
            self.found["headwater.search"] += gone
        await self._swept(tables)
        async with self.warehouse.acting_for(tenant) as conn:
            await self.held.hold(conn)
            await conn.execute(sql.drop_profile, self.base)
            await conn.execute(sql.end_erasing, self.base)
        LOGGER.info("erased what is not kept", connection=self.link.slug, rows=self.found.total())

    async def _records(self, entity: str, stay: Kept) -> None:
        """The typed and the normalised rows of an entity together, so that they go on to agree."""
        table, key = Identifier(self.link.slug, f"crm_{entity}"), Identifier(self.key_column)
        names: dict[str, Composable] = {"typed": table, "key": key}
        spec = self.entities.get(entity)
        if spec is not None:
            names = names_of(spec, schema=self.link.slug, key_column=self.key_column)
        typed_rows = SQL(sql.erase_typed).format(
            **names, **emptying(stay.emptied), those=in_stretch("t", key)
        )
        params = {"columns": list(stay.columns), "fields": list(stay.fields)}

        async def both(conn: Connection, stretch: Stretch) -> None:
            table = f"{self.link.slug}.crm_{entity}"
            first = await self._run(table, typed_rows, params, conn, stretch)
            if spec is not None:
                normal = {"customs": list(stay.customs), "distrusted": first}
                second = await self._normal(spec.place, names["t_part"], normal, conn, stretch)
                torn = sorted(set(second) - set(first))
                await conn.execute(SQL(sql.distrust_typed).format(**names), self.base | {"ids": torn})

        await self._each(table, key, ALL, both)

    async def _strangers(self, orphans: Sequence[Kept]) -> None:
        """Normalised rows of entities that the source does not know any more."""
        customs = sorted({name for one in orphans for name in one.customs})
        for place, table in crm.TABLES.items():
            specs = [one for one in self.entities.values() if one.place == place]
            part = ALL
            if table.scope is not None:
                part = SQL(" and t.{} <> all ({}::text[])").format(
                    Identifier(table.scope), Literal([one.scope for one in specs])
                )
            elif specs:
                continue
            await self._each(
                Identifier("public", f"crm_{place}"), Identifier(table.key), part,
                partial(self._normal, place, part, {"customs": customs, "distrusted": []}),
            )  # fmt: skip

    async def _normal(
        self, place: str, part: Composable, params: Mapping[str, Any], conn: Connection, stretch: Stretch
    ) -> list[str]:
        table = crm.TABLES[place]
        statement = SQL(sql.erase_normal).format(
            normal=Identifier("public", f"crm_{place}"), id=Identifier(table.key), t_part=part,
            those=in_stretch("t", Identifier(table.key)),
            **emptying([name for name in table.columns if name not in table.kept(MODE)]),
        )  # fmt: skip
        return await self._run(f"public.crm_{place}", statement, params, conn, stretch)

    async def _set_rows(self, name: str) -> None:
        table = crm.SETS[name]
        emptied = [Identifier(column) for column in table.columns if column not in table.kept(MODE)]
        if not emptied:
            return
        place, owner = Identifier("public", f"crm_{name}"), Identifier(table.owner)
        statement = SQL(sql.erase_set_rows).format(
            table=place, key=owner, those=in_stretch("t", owner),
            emptied=SQL(", ").join(SQL("{} = null").format(one) for one in emptied),
            filled=SQL(" or ").join(SQL("t.{} is not null").format(one) for one in emptied),
        )  # fmt: skip
        await self._each(place, owner, ALL, partial(self._run, f"public.crm_{name}", statement, {}))

    async def _aside(self, entity: str, columns: Sequence[Column], kind: SetSpec | None) -> None:
        """What else is kept of an entity or of a kind of set: history, vanished records, failures, notes,
        certificates."""
        stay, spec = kept(columns), self.entities.get(entity)
        sets = {one.slug: _row_names(one) for one in spec.sets} if spec else {}
        params = {
            "entity": entity,
            "columns": list(stay.columns),
            "fields": list(stay.fields),
            "gone": list(stay.gone),
            "words": NOTED,
            "quoting": REFUSED,
            "rows": _row_names(kind) if kind else [],
            "sets": orjson.dumps(sets).decode(),
            "row": [*stay.columns, self.key_column, *OURS],
            "record": [*stay.fields, *([spec.id_field] if spec else [])],
            "told": sorted(tellable(columns, spec, schema=self.link.slug)) if spec else [],
        }
        of_entity = SQL(" and t.entity = {}").format(Literal(entity))
        for table, statement in BY_RECORD:
            key = Identifier("external_id")
            stretched = SQL(statement).format(those=in_stretch("t" if table == "history" else "g", key))
            await self._each(
                Identifier("headwater", table), key, of_entity,
                partial(self._run, f"headwater.{table}", stretched, params),
            )  # fmt: skip
        for table, statement in ASIDE:
            async with self.warehouse.acting_for(self.link.tenant) as conn:
                await self.held.hold(conn)
                await self._run(f"headwater.{table}", SQL(statement), params, conn, {})

    async def _each(
        self,
        table: Identifier,
        key: Identifier,
        part: Composed,
        work: Callable[[Connection, Stretch], Awaitable[Any]],
    ) -> None:
        """Does the work on one stretch of rows after the other, each in a transaction of its own."""
        ends = SQL(sql.stretch_end).format(key=key, table=table, part=part)
        after: str | None = ""
        while after is not None:
            async with self.warehouse.acting_for(self.link.tenant) as conn:
                await self.held.hold(conn)
                found = await conn.execute(ends, self.base | {"after": after, "size": STRETCH})
                row = await found.fetchone()
                upto = None if row is None else row[0]
                await work(conn, {"after": after, "upto": upto})
            after = upto

    async def _run(
        self,
        table: str,
        statement: SQL | Composed,
        params: Mapping[str, Any],
        conn: Connection,
        stretch: Stretch,
    ) -> list[str]:
        """One statement over one stretch; the keys of the rows that held something."""
        rows = await (await conn.execute(statement, {**self.base, **params, **stretch})).fetchall()
        if rows:
            self.found[table] += len(rows)
        return [row[0] for row in rows]

    async def _swept(self, entities: Sequence[str]) -> None:
        """Frees old versions of rows, and makes the planner forget the most common values."""
        places = [
            *(Identifier(self.link.slug, f"crm_{name}") for name in entities),
            *(Identifier("public", f"crm_{name}") for name in (*crm.TABLES, *crm.SETS)),
            *(Identifier("headwater", name) for name in ("history", "gone", *dict(ASIDE), *documents.TABLES)),
        ]
        await swept(self.warehouse, places)


async def swept(warehouse: Warehouse, places: Sequence[Identifier]) -> None:
    """Frees old versions of rows of these tables, and makes the planner forget their most common values."""
    if not places:
        return
    with translated():
        direct = await psycopg.AsyncConnection.connect(warehouse.direct_url, autocommit=True)
        async with direct:
            await direct.execute("set role hw_owner")
            await direct.execute(SQL("vacuum (analyze) {}").format(SQL(", ").join(places)))


def in_stretch(alias: str, key: Identifier) -> Composed:
    """That a row is of the stretch between `after` and `upto`."""
    return SQL("{0}.{1} > %(after)s and (%(upto)s::text is null or {0}.{1} <= %(upto)s)").format(
        Identifier(alias), key
    )


def in_ids(alias: str, key: Identifier) -> Composed:
    """That a row is one of `ids`."""
    return SQL("{}.{} = any (%(ids)s)").format(Identifier(alias), key)


def emptying(columns: Sequence[str]) -> dict[str, Composable]:
    """The beginnings of `set` and of the condition that says whether there is anything to set."""
    names = [Identifier(name) for name in columns]
    return {
        "emptied": SQL("").join(SQL("{} = null, ").format(one) for one in names),
        "filled": SQL("").join(SQL("t.{} is not null or ").format(one) for one in names),
    }


def _row_names(spec: SetSpec) -> list[str]:
    """What stays of the rows of a set."""
    table = crm.SETS[spec.table]
    return ["place", table.owner, *table.scope, *table.kept(MODE)]

"""One page's records into the warehouse: rows, history, change notices, failures, all or nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from psycopg.sql import SQL

from headwater.warehouse import arrays, failed, patterns, rollups, sets, sql
from headwater.warehouse.columns import SQL_TYPES
from headwater.warehouse.origin import Origin
from headwater.warehouse.places import names_of
from headwater.warehouse.pool import Connection
from headwater.warehouse.rows import Made
from headwater.warehouse.shape import Shape
from headwater.warehouse.staging import copied, names_in, stage_of, updates_of

CONTROL = ["tenant_id", "connection_id", "_began", "_version", "_synced_at", "_more", "id", "version"]
"""Columns of the typed and of the staging table that are no fields."""


@dataclass(slots=True)
class Stored:
    """What became of records. `older` were not written: a later read is already here."""

    created: int = 0
    updated: int = 0
    same: int = 0
    older: int = 0
    failed: int = 0
    deleted: int = 0

    def add(self, other: "Stored") -> None:
        self.created += other.created
        self.updated += other.updated
        self.same += other.same
        self.older += other.older
        self.failed += other.failed
        self.deleted += other.deleted


@dataclass(frozen=True, slots=True)
class Decision:
    """Ids by what is to be done with them."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    older: list[str] = field(default_factory=list)


def decide(
    made: Sequence[Made], stored: Mapping[str, tuple[int, str]], gone: Collection[str], began: int
) -> Decision:
    """Newer wins: a read writes only over what an earlier read brought, and brings nothing back that a
    later one found `gone`."""
    decision = Decision()
    for record in made:
        known = stored.get(record.id)
        if record.id in gone:
            decision.older.append(record.id)
        elif known is None:
            decision.new.append(record.id)
        elif known[0] >= began:
            decision.older.append(record.id)
        elif known[1] == record.version:
            decision.same.append(record.id)
        else:
            decision.changed.append(record.id)
    return decision


async def store(conn: Connection, shape: Shape, made: Sequence[Made], origin: Origin) -> Stored:
    """Stores records inside the caller's transaction; ids must be unique.

    Rows that PostgreSQL refuses are found by halving, under savepoints, and go to the failed queue.
    """
    if not made:
        return Stored()
    try:
        async with conn.transaction():
            return await _store(conn, shape, made, origin)
    except failed.REFUSALS as exc:
        if len(made) == 1:
            await failed.put(conn, origin, shape.spec.slug, [failed.refused(made[0].id, made[0].record, exc)])
            return Stored(failed=1)
    half = len(made) // 2
    total = await store(conn, shape, made[:half], origin)
    total.add(await store(conn, shape, made[half:], origin))
    return total


async def _store(conn: Connection, shape: Shape, made: Sequence[Made], origin: Origin) -> Stored:
    entity = shape.spec.slug
    base = {"tenant": origin.tenant, "connection": origin.connection, "began": origin.began, "entity": entity}
    statements = Statements(shape)
    known = await _known(conn, statements, base, [record.id for record in made])
    decision = decide(made, known.stored, known.gone, origin.began)

    fresh = {*decision.new, *decision.changed}
    writing = sorted((record for record in made if record.id in fresh), key=lambda record: record.id)
    if writing:
        await conn.execute(statements.stage_typed)
        await copied(conn, statements.copy_typed, [f"{r.typed}\t{r.version}\n" for r in writing])
        if decision.changed:
            changed = {
                "ids": arrays.texts(decision.changed),
                "now": origin.seen_at,
                "seen_by": origin.seen_by,
                "run": origin.run,
                "ignored": [*CONTROL, shape.key_column, *sorted(shape.ticking | shape.withheld)],
                "known": shape.known_then if shape.kept_from else [],
                "kept_from": shape.kept_from,
            }
            await conn.execute(statements.put_history, base | changed)
        await conn.execute(statements.put_typed, base | {"now": origin.seen_at})
        await patterns.mark(conn, shape.spec.place, shape.spec.scope, decision.changed, origin)
        await conn.execute(statements.stage_normal)
        await copied(conn, statements.copy_normal, [f"{r.normal}\t{r.version}\n" for r in writing])
        if statements.mark_page is not None:
            await conn.execute(
                statements.mark_page,
                base | {"entity": shape.spec.place, "changed": arrays.texts(decision.changed)},
            )
        await conn.execute(statements.put_normal, base | {"source": shape.source, "now": origin.seen_at})
        ids = decision.new + decision.changed
        actions = ["create"] * len(decision.new) + ["update"] * len(decision.changed)
        changes = {"ids": arrays.texts(ids), "actions": arrays.texts(actions)}
        await conn.execute(sql.put_changes, base | changes)
        for at, spec in enumerate(shape.within):
            await sets.replace(conn, spec, {record.id: record.sets[at] for record in writing}, origin)
        await sets.expect(conn, shape.spec.asked, decision.new, origin)
        await sets.touch(conn, shape.spec.asked, decision.changed, origin)
    if decision.same:
        same = base | {"ids": arrays.texts(decision.same)}
        await conn.execute(statements.touch_typed, same)
        await conn.execute(statements.touch_normal, same)
    if healed := known.failed.difference(decision.older):
        await failed.heal(conn, origin, entity, list(healed))
    return Stored(len(decision.new), len(decision.changed), len(decision.same), len(decision.older))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of records before they are stored: read number and content hash of those that are here,
    those that a later read found gone, and those in the failed queue."""

    stored: Mapping[str, tuple[int, str]]
    gone: Collection[str]
    failed: frozenset[str]


async def _known(
    conn: Connection, statements: "Statements", base: Mapping[str, Any], ids: Sequence[str]
) -> Known:
    found = await conn.execute(statements.known, {**base, "ids": arrays.texts(ids)})
    stored: dict[str, tuple[int, str]] = {}
    others: dict[str, set[str]] = {"gone": set(), "failed": set()}
    for id, what, began, version in await found.fetchall():
        if what == "stored":
            stored[id] = began, version
        else:
            others[what].add(id)
    return Known(stored, others["gone"] - stored.keys(), frozenset(others["failed"]))


async def drifted(
    conn: Connection, shape: Shape, made: Sequence[Made], origin: Origin
) -> list[tuple[str, str, str, str]]:
    """Where stored rows are not what storing these records would make of them now, though nobody read
    anything else: (id, table.column, stored, expected), the values as JSON texts."""
    params = {"tenant": origin.tenant, "connection": origin.connection}
    statements, found = Statements(shape), []
    for table, stage, copy, lines, drift, fixed in (
        (f"{shape.schema}.{shape.table}", statements.stage_typed, statements.copy_typed,
         [m.typed for m in made], statements.drifted_typed, {}),
        (f"public.crm_{shape.spec.place}", statements.stage_normal, statements.copy_normal,
         [m.normal for m in made], statements.drifted_normal, {"crm_source": shape.source}),
    ):  # fmt: skip
        await conn.execute(stage)
        await copied(conn, copy, [f"{line}\t\n" for line in lines])
        known = params | {"fixed": orjson.dumps(fixed).decode()}
        rows = await (await conn.execute(drift, known)).fetchall()
        found += [(id, f"{table}.{key}", old, new) for id, key, old, new in rows]
    return found


async def here(conn: Connection, shape: Shape, ids: Sequence[str], origin: Origin) -> list[str]:
    """Those of these records that are stored."""
    base = {"tenant": origin.tenant, "connection": origin.connection, "entity": shape.spec.slug}
    known = await _known(conn, Statements(shape), base | {"began": origin.began}, ids)
    return list(known.stored)


async def distrust(conn: Connection, shape: Shape, ids: Sequence[str], origin: Origin) -> None:
    """Makes the next store of these records write them, even if what is stored says that it is the same."""
    params = {"tenant": origin.tenant, "connection": origin.connection, "ids": list(ids)}
    await conn.execute(Statements(shape).distrust, params)


async def vanish(conn: Connection, shape: Shape, ids: Sequence[str], origin: Origin, *, noticed: str) -> int:
    """Moves records that the source does not have any more to headwater.gone; how many there were.

    `noticed` says how it was found: event, reconcile or merge. A record that a later read brought stays.
    """
    base = {"tenant": origin.tenant, "connection": origin.connection, "entity": shape.spec.slug}
    await patterns.mark(conn, shape.spec.place, shape.spec.scope, ids, origin)
    statements = Statements(shape)
    if statements.mark_gone is not None:
        await conn.execute(statements.mark_gone, base | {"entity": shape.spec.place, "ids": list(ids)})
    moved = await conn.execute(
        statements.put_gone,
        base | {"ids": list(ids), "began": origin.began, "noticed": noticed, "now": origin.seen_at},
    )
    gone = [row[0] for row in await moved.fetchall()]
    if gone:
        for spec in shape.spec.sets:
            await sets.vanish(conn, shape.spec.slug, spec, gone, origin)
        await conn.execute(sql.put_changes, base | {"ids": gone, "actions": ["delete"] * len(gone)})
    await failed.heal(conn, origin, shape.spec.slug, list(ids))
    return len(gone)


class Statements:
    """The statements of one shape, with its own tables and columns; names from the source are quoted."""

    def __init__(self, shape: Shape) -> None:
        typed = {c.name: SQL_TYPES[c.kind] for c in shape.cells} | {"_more": "jsonb", "_raw": "jsonb"}
        normal = {name: SQL_TYPES[kind] for name, kind in shape.place.columns.items()}
        normal |= {"value_rounded": "boolean"} if shape.place.money else {}
        normal |= {"custom_fields": "jsonb"}
        names = names_of(shape.spec, schema=shape.schema, key_column=shape.key_column)
        self.known = SQL(sql.known_records).format(**names)
        self.stage_typed, self.copy_typed, staged = stage_of(typed, entity=shape.spec.slug)
        self.put_typed = SQL(sql.put_typed).format(
            **names, columns=names_in(typed), sets=updates_of(typed), staged=staged
        )
        self.put_history = SQL(sql.put_history).format(**names, staged=staged)
        self.drifted_typed = SQL(sql.drifted).format(
            table=names["typed"], key=names["key"], t_part=SQL(""), staged=staged
        )
        self.stage_normal, self.copy_normal, staged = stage_of(normal, entity=shape.spec.slug)
        self.drifted_normal = SQL(sql.drifted).format(
            table=names["normal"], key=names["id"], t_part=names["t_part"], staged=staged
        )
        self.put_normal = SQL(sql.put_normal).format(
            **names, columns=names_in(normal), sets=updates_of(normal), staged=staged
        )
        self.mark_page = rollups.page_marks(shape.spec.place, names, staged)
        self.mark_gone = rollups.gone_marks(shape.spec.place, names)
        self.put_gone = SQL(sql.put_gone).format(**names)
        self.distrust = SQL(sql.distrust).format(**names)
        self.touch_typed = SQL(sql.touch_typed).format(**names)
        self.touch_normal = SQL(sql.touch_normal).format(**names)

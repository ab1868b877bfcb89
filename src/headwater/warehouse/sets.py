"""Rows that belong to a record and are replaced all together: product rows, links, comments.

Newer wins for a set as it does for a record: it is written only by an answer that was asked for later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

from psycopg.sql import SQL, Composed, Identifier, Literal

from headwater.core.model import EntitySpec, Kind, SetSpec, Text, Values
from headwater.warehouse import arrays, crm, failed, patterns, sql
from headwater.warehouse.columns import SQL_TYPES
from headwater.warehouse.copytext import clean, clean_json, is_clean, line
from headwater.warehouse.origin import Origin
from headwater.warehouse.places import names_of
from headwater.warehouse.pool import Connection, Warehouse
from headwater.warehouse.staging import copied, names_in, stage_of


@dataclass(slots=True)
class Kept:
    """What became of sets: how many were written, how many were here already, and their rows."""

    changed: int = 0
    same: int = 0
    rows: int = 0
    failed: int = 0

    def add(self, other: "Kept") -> None:
        self.changed += other.changed
        self.same += other.same
        self.rows += other.rows
        self.failed += other.failed


async def touch(conn: Connection, specs: Sequence[SetSpec], ids: Sequence[str], origin: Origin) -> None:
    """These records changed: what the source has to be asked for beside them is due."""
    if specs and ids:
        slugs = [one.slug for one in specs]
        params = {"slugs": slugs, "ids": arrays.texts(ids), "began": origin.began}
        await conn.execute(sql.touch_sets, _scope(origin) | params)


async def expect(conn: Connection, specs: Sequence[SetSpec], ids: Sequence[str], origin: Origin) -> None:
    """These records are new: what the source has to be asked for beside them was never read."""
    if specs and ids:
        slugs = [one.slug for one in specs]
        params = {"slugs": slugs, "ids": arrays.texts(ids), "began": origin.began}
        await conn.execute(sql.expect_sets, _scope(origin) | params)


async def seed(conn: Connection, entity: EntitySpec, spec: SetSpec, origin: Origin) -> None:
    """Every stored record of the entity waits for its set of this kind."""
    names = names_of(entity, schema="", key_column="")
    statement = SQL(sql.seed_sets).format(id=names["id"], normal=names["normal"], part=names["part"])
    await conn.execute(statement, _scope(origin) | {"slug": spec.slug})


async def due(
    warehouse: Warehouse, tenant: UUID, connection: int, slug: str, *, limit: int
) -> dict[str, int]:
    """Records whose sets are to be read, the last changed first; and the read number of the answer that
    brought that change, negative for those of which the source said nothing when it was asked."""
    params = {"connection": connection, "slug": slug, "limit": limit}
    rows = await warehouse.rows(tenant, sql.due_sets, params)
    return {row["external_id"]: row["touched"] for row in rows}


async def touched_since(warehouse: Warehouse, tenant: UUID, connection: int, since: int) -> bool:
    """Whether sets are due for what an answer brought that was asked for after read number `since`."""
    [row] = await warehouse.rows(tenant, sql.sets_touched_since, {"connection": connection, "since": since})
    return bool(row["found"])


async def asked(conn: Connection, spec: SetSpec, origin: Origin) -> None:
    """The source was asked for sets that were due, and what became of each is stored."""
    await conn.execute(sql.clear_unread_sets, _scope(origin) | {"slug": spec.slug})


async def kinds_due(warehouse: Warehouse, tenant: UUID, connection: int) -> set[str]:
    """Kinds of sets of which some are to be read."""
    rows = await warehouse.rows(tenant, sql.kinds_of_due_sets, {"connection": connection})
    return {row["entity"] for row in rows}


async def store(
    conn: Connection,
    spec: SetSpec,
    sets: Mapping[str, Sequence[Values]],
    origin: Origin,
    *,
    kept_from: int = 0,
) -> Kept:
    """Stores whole sets by the id of their record, in the caller's transaction.

    Of what was stored before `kept_from`, when less was kept, there is no history.
    Sets that PostgreSQL refuses are found by halving, under savepoints, and go to the failed queue.
    """
    if not sets:
        return Kept()
    try:
        async with conn.transaction():
            return await _store(conn, spec, sets, origin, kept_from)
    except failed.REFUSALS as exc:
        if len(sets) == 1:
            [(id, rows)] = sets.items()
            await failed.put(conn, origin, spec.slug, [failed.refused(id, [dict(row) for row in rows], exc)])
            await skip(conn, spec, [id], origin)
            return Kept(failed=1)
    half = len(sets) // 2
    kept = await store(conn, spec, dict(list(sets.items())[:half]), origin, kept_from=kept_from)
    kept.add(await store(conn, spec, dict(list(sets.items())[half:]), origin, kept_from=kept_from))
    return kept


async def _store(
    conn: Connection, spec: SetSpec, sets: Mapping[str, Sequence[Values]], origin: Origin, kept_from: int
) -> Kept:
    base = _scope(origin) | {"slug": spec.slug, "ids": list(sets)}
    rows = await (await conn.execute(sql.known_sets, base)).fetchall()
    known = {id: (began, version) for id, began, version in rows}
    versions = {id: _version(spec, one) for id, one in sets.items()}
    changed = {
        id: sets[id]
        for id, version in versions.items()
        if known.get(id, (0, ""))[1] != version and known.get(id, (0, ""))[0] < origin.began
    }
    before = [id for id in changed if known.get(id, (0, ""))[0] >= max(1, kept_from)]
    was = await _rows(conn, spec, before, origin)
    await patterns.mark(conn, spec.table, None, list(changed), origin)
    await replace(conn, spec, changed, origin)
    if before:
        kept = {
            "ids": before, "rows": [was.get(id, "[]") for id in before], "now": origin.seen_at,
            "seen_by": origin.seen_by, "run": origin.run, "began": origin.began,
        }  # fmt: skip
        await conn.execute(_Statements.of(spec).put_history, base | kept)
    if changed:
        changes = {"entity": spec.slug, "ids": list(changed), "actions": ["update"] * len(changed)}
        await conn.execute(sql.put_changes, _scope(origin) | changes)
    settled = {"began": origin.began, "versions": [versions[id] for id in sets]}
    await conn.execute(sql.settle_sets, base | settled)
    await failed.heal(conn, origin, spec.slug, list(sets))
    return Kept(len(changed), len(sets) - len(changed), sum(map(len, changed.values())))


async def replace(
    conn: Connection, spec: SetSpec, sets: Mapping[str, Sequence[Values]], origin: Origin
) -> None:
    """Puts these sets in the place of what is stored of the same records."""
    if not sets:
        return
    statements = _Statements.of(spec)
    base = _scope(origin) | {"ids": arrays.texts(sets), "began": origin.began}
    await conn.execute(statements.clear, base)
    if any(sets.values()):
        await _stage(conn, statements, sets)
        await conn.execute(statements.put, base)


async def skip(conn: Connection, spec: SetSpec, ids: Sequence[str], origin: Origin) -> None:
    """There is nothing to read of these records now."""
    await conn.execute(
        sql.skip_sets, _scope(origin) | {"slug": spec.slug, "ids": list(ids), "began": origin.began}
    )


async def postpone(conn: Connection, spec: SetSpec, ids: Sequence[str], origin: Origin) -> None:
    """The source says nothing of these records now: their sets stay due, behind all others."""
    await conn.execute(
        sql.postpone_sets, _scope(origin) | {"slug": spec.slug, "ids": list(ids), "began": origin.began}
    )


async def vanish(conn: Connection, entity: str, spec: SetSpec, ids: Sequence[str], origin: Origin) -> None:
    """The records are gone; what belonged to them moves to their entries in headwater.gone."""
    statements = _Statements.of(spec)
    params = {"slug": spec.slug, "entity": entity, "ids": list(ids), "began": origin.began}
    await conn.execute(statements.gone, _scope(origin) | params)
    await conn.execute(statements.clear, _scope(origin) | params)
    await conn.execute(sql.forget_sets, _scope(origin) | params)
    await failed.heal(conn, origin, spec.slug, list(ids))


async def drifted(
    conn: Connection, spec: SetSpec, sets: Mapping[str, Sequence[Values]], origin: Origin
) -> list[tuple[str, str, str]]:
    """Sets that are stored otherwise than as these: (id of the record, stored, expected), as JSON texts."""
    statements = _Statements.of(spec)
    await _stage(conn, statements, sets)
    return await (await conn.execute(statements.drifted, _scope(origin) | {"ids": list(sets)})).fetchall()


async def waiting(conn: Connection, spec: SetSpec, ids: Sequence[str], origin: Origin) -> set[str]:
    """Those of these records whose sets were never read, or are due: what is stored of them may be old."""
    params = _scope(origin) | {"slug": spec.slug, "ids": list(ids)}
    return {row[0] for row in await (await conn.execute(sql.waiting_sets, params)).fetchall()}


async def owners(conn: Connection, spec: SetSpec, rows: Sequence[str], origin: Origin) -> list[str]:
    """Records whose stored sets of this kind hold rows of these ids."""
    statement = _Statements.of(spec).owners
    if statement is None or not rows:
        return []
    found = await conn.execute(statement, _scope(origin) | {"ids": list(rows)})
    return [row[0] for row in await found.fetchall()]


async def distrust(conn: Connection, spec: SetSpec, ids: Sequence[str], origin: Origin) -> None:
    """Makes the next store of these sets write them, and have them read again."""
    await conn.execute(sql.distrust_sets, _scope(origin) | {"slug": spec.slug, "ids": list(ids)})


async def start_over(conn: Connection, spec: SetSpec, origin: Origin) -> None:
    """The same for all sets of this kind."""
    await conn.execute(sql.start_sets_over, _scope(origin) | {"slugs": [spec.slug]})


async def _rows(conn: Connection, spec: SetSpec, ids: Sequence[str], origin: Origin) -> dict[str, str]:
    if not ids:
        return {}
    found = await conn.execute(_Statements.of(spec).rows, _scope(origin) | {"ids": list(ids)})
    return dict(await found.fetchall())


async def _stage(conn: Connection, statements: "_Statements", sets: Mapping[str, Sequence[Values]]) -> None:
    await conn.execute(statements.stage)
    await conn.execute(statements.empty)
    lines = [
        f"{_line(statements.columns, id, place, row)}\n"
        for id, rows in sets.items()
        for place, row in enumerate(rows)
    ]
    await copied(conn, statements.copy, lines)


def _line(columns: Mapping[str, Kind], id: str, place: int, row: Values) -> str:
    texts = list(map(row.get, columns))
    if not is_clean("".join(filter(None, texts))):
        texts = [_cleaned(text, kind) for text, kind in zip(texts, columns.values(), strict=True)]
    return line([id, str(place), *texts, ""])


def _cleaned(text: Text, kind: Kind) -> Text:
    if text is None:
        return None
    return clean_json(text) if kind is Kind.JSON else clean(text)


def _version(spec: SetSpec, rows: Sequence[Values]) -> str:
    names = crm.SETS[spec.table].columns
    content = [[row.get(name) for name in names] for row in rows]
    return blake2b(repr(content).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _scope(origin: Origin) -> dict[str, Any]:
    return {"tenant": origin.tenant, "connection": origin.connection}


class _Statements:
    """The statements of one kind of set."""

    @staticmethod
    def of(spec: SetSpec) -> "_Statements":
        return _made(spec.table, tuple(sorted(spec.scope.items())))

    def __init__(self, table: str, scope: Sequence[tuple[str, str]]) -> None:
        place = crm.SETS[table]
        self.columns = place.columns
        types = {"place": "integer"} | {name: SQL_TYPES[kind] for name, kind in place.columns.items()}
        self.stage, self.copy, staged = stage_of(types, entity=table)
        self.empty = SQL("delete from {}").format(staged)
        names = {
            "table": Identifier("public", f"crm_{table}"),
            "owner": Identifier(place.owner),
            "part": Composed(
                [SQL(" and {} = {}").format(Identifier(name), Literal(value)) for name, value in scope]
            ),
            "set": Literal([place.owner, *place.scope]),
        }
        constants = (
            SQL("").join(SQL("{}, ").format(Identifier(name)) for name, _ in scope),
            SQL("").join(SQL("{}, ").format(Literal(value)) for _, value in scope),
        )
        self.rows = SQL(sql.set_rows).format(**names)
        self.clear = SQL(sql.clear_sets).format(**names)
        self.owners = place.row and SQL(sql.set_owners).format(**names, row=Identifier(place.row))
        self.put = SQL(sql.put_sets).format(
            **names, columns=names_in(place.columns), scope=constants[0], scoped=constants[1], staged=staged
        )
        self.put_history = SQL(sql.put_set_history).format(**names)
        self.gone = SQL(sql.gone_sets).format(**names)
        self.drifted = SQL(sql.drifted_sets).format(**names, staged=staged)


@cache
def _made(table: str, scope: tuple[tuple[str, str], ...]) -> _Statements:
    return _Statements(table, scope)

"""Rows that wait for a column: their value of a new field lies elsewhere until they are read again."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from psycopg.sql import SQL, Composed, Identifier, Literal, Placeholder

from headwater.warehouse import sql
from headwater.warehouse.columns import Column
from headwater.warehouse.origin import Origin
from headwater.warehouse.pool import Connection
from headwater.warehouse.rows import more_key
from headwater.warehouse.shape import Shape


def below(shape: Shape) -> int | None:
    """Rows with a lower read number may wait; None when no column of this shape waits for rows."""
    return max((column.heal_below for column in _waiting(shape) if column.heal_below), default=None)


def whole(shape: Shape) -> int:
    """Every row with a lower read number waits; 0 when it depends on what the row holds."""
    return max(
        (column.heal_below for column in _waiting(shape) if column.heal_below and column.heal_all), default=0
    )


def _waiting(shape: Shape) -> list[Column]:
    return [column for column in shape.columns if column.live and column.heal_below is not None]


async def ids(
    conn: Connection, shape: Shape, origin: Origin, *, whole: int, after: str = "", limit: int
) -> list[str]:
    """The next rows that may hold the value of a waiting column in `_more`, in `_raw` or in a column of the
    same field, and those below `whole`, in order of their ids. To be asked while there is a `below`."""
    bound: dict[str, list[str]] = {}
    waits = SQL("t._began < {} or {}").format(Literal(whole), _elsewhere(shape, bound))
    return await _ids(conn, shape, origin, waits, bound | {"after": after, "limit": limit})


async def probe(conn: Connection, shape: Shape, origin: Origin, *, below: int, limit: int) -> list[str]:
    """Some of the other rows from before `below`: those that show nothing of a waiting column."""
    bound: dict[str, list[str]] = {}
    plain = SQL("t._began < {} and ({}) is not true").format(Literal(below), _elsewhere(shape, bound))
    return await _ids(conn, shape, origin, plain, bound | {"after": "", "limit": limit})


async def _ids(
    conn: Connection, shape: Shape, origin: Origin, waits: Composed, params: Mapping[str, Any]
) -> list[str]:
    statement = SQL(sql.waiting_rows).format(
        typed=Identifier(shape.schema, shape.table), key=Identifier(shape.key_column), waits=waits
    )
    found = await conn.execute(statement, {**_scope(shape, origin), **params})
    return [row[0] for row in await found.fetchall()]


def _elsewhere(shape: Shape, bound: dict[str, list[str]]) -> Composed:
    """Where the values of the waiting columns may lie, by read number; keys go into `bound` as parameters."""
    keys = {field.name: field.key for field in shape.fields}
    waiting = _waiting(shape)
    conditions = []
    for below in sorted({column.heal_below for column in waiting if column.heal_below is not None}):
        fields = {column.field for column in waiting if column.heal_below == below}
        known = {keys[name] for name in fields if name in keys}
        places = [column for column in shape.columns if column.field in fields]
        bound[f"raw_{below}"] = sorted(known)
        bound[f"more_{below}"] = sorted({column.name for column in places} | {more_key(key) for key in known})
        where = [
            SQL("t._more ?| {}").format(Placeholder(f"more_{below}")),
            SQL("t._raw ?| {}").format(Placeholder(f"raw_{below}")),
            *(SQL("t.{} is not null").format(Identifier(one.name)) for one in places if one.real),
        ]
        conditions.append(SQL("(t._began < {} and ({}))").format(Literal(below), SQL(" or ").join(where)))
    return SQL(" or ").join(conditions)


async def found_filled(conn: Connection, shape: Shape, origin: Origin, ids: Sequence[str]) -> bool:
    """Whether any of these rows, just read again, has a value for a waiting column; if so, every row read
    before the column was there waits for it from now on."""
    statement = SQL(sql.typed_rows).format(
        typed=Identifier(shape.schema, shape.table), key=Identifier(shape.key_column)
    )
    params = {**_scope(shape, origin), "ids": list(ids)}
    rows = [orjson.loads(row) for _, row in await (await conn.execute(statement, params)).fetchall()]
    keys = {field.name: field.key for field in shape.fields}
    filled = {
        column.name
        for column in _waiting(shape)
        for row in rows
        if row.get(column.name) is not None
        or column.name in (row["_more"] or ())
        or keys.get(column.field) in (row["_raw"] or ())
    }
    if filled:
        await conn.execute(sql.heal_all, {**_scope(shape, origin), "names": sorted(filled)})
    return bool(filled)


async def healed(conn: Connection, shape: Shape, origin: Origin, *, below: int) -> None:
    """No row read before `below` waits any more."""
    await conn.execute(sql.healed, {**_scope(shape, origin), "below": below})


def _scope(shape: Shape, origin: Origin) -> dict[str, Any]:
    return {"tenant": origin.tenant, "connection": origin.connection, "entity": shape.spec.slug}

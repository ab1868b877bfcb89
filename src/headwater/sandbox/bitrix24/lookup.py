"""Finding records by what they refer to."""

from collections.abc import Sequence
from typing import Any

import orjson

from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.filters import expression
from headwater.sandbox.bitrix24.store import Store, Stored


def where(store: Store, table: Table, field: str, values: Sequence[Any]) -> list[Stored]:
    """The records whose field has one of these values, in order of id."""
    found = store.select(
        f"select id, data from {table.entity.name}"  # noqa: S608 (declared names)
        f" where {expression(table, table.fields[field])} in (select value from json_each(?)) order by id",
        (orjson.dumps(list(values)).decode(),),
    )
    return [(record_id, table.padded(orjson.loads(data))) for record_id, data in found]


def bound_to(store: Store, table: Table, kept: str, first: str, other: int) -> list[int]:
    """The ids of the records bound to another one, by the field of the first or by the kept list."""
    name = table.entity.name
    primary = expression(table, table.fields[first])
    several = expression(table, table.fields[kept])
    found = store.select(
        f"select id from {name} where {primary} = ?1 union"  # noqa: S608 (declared names)
        f" select id from {name} where {several} > '' and exists"
        f" (select 1 from json_each({several}) where value ->> 0 = ?1) order by 1",
        (other,),
    )
    return [int(one) for (one,) in found]


def near(store: Store, table: Table, record_id: int) -> Stored | None:
    """The first record at or after an id, else the last one; None when there is none."""
    found = store.walk(table, after=record_id - 1, limit=1)
    if not found and (last := store.last_id(table)):
        found = store.walk(table, after=last - 1, limit=1)
    return found[0] if found else None

"""What a source says it has, kept beside what is stored while the two are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import orjson
from psycopg.sql import SQL, Identifier

from headwater.core.model import Text
from headwater.warehouse import sql
from headwater.warehouse.places import names_of
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.shape import Shape

Kind = Literal["missing", "extra", "stale", "recent", "torn"]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many records the source has, as read, and how many are stored."""

    in_source: int
    stored: int


class Pairs:
    """Pairs of (id, times) of one entity of a connection; a new reading begins with `clear`."""

    def __init__(self, warehouse: Warehouse, tenant: UUID, connection: int, shape: Shape) -> None:
        self._warehouse = warehouse
        self._tenant = tenant
        self._base = {"tenant": tenant, "connection": connection, "entity": shape.spec.slug}
        kept = {column.field: column.name for column in shape.cells}
        self.clocks = {clock: kept[clock] for clock in shape.spec.clocks if clock in kept}
        """The entity's clocks that have a column, and the column; `put` wants their times of each record."""
        names = names_of(shape.spec, schema=shape.schema, key_column=shape.key_column)
        names["clocks"] = SQL(", ").join(map(Identifier, self.clocks.values()))
        self._differing = SQL(sql.differing_pairs).format(**names)
        self._count = SQL(sql.count_pairs).format(**names)

    async def clear(self) -> None:
        """Forgets what was read."""
        await self._warehouse.rows(self._tenant, sql.clear_pairs, self._base)

    async def put(self, pairs: Mapping[str, Sequence[Text]], *, began: int) -> None:
        """Keeps a page: by id, the times of `clocks` in the text form of moments."""
        rows = [{"id": id, "clocks": list(clocks)} for id, clocks in pairs.items()]
        params = self._base | {"began": began, "pairs": orjson.dumps(rows).decode()}
        await self._warehouse.rows(self._tenant, sql.put_pairs, params)

    async def differing(self, *, since: int, until: datetime) -> dict[Kind, list[str]]:
        """Ids by how source and replica disagree.

        `since` is the read number of the first page: what was stored later is right by itself. `until` is
        the moment up to which the replica says it is complete.
        """
        async with self._warehouse.acting_for(self._tenant) as conn:
            cursor = await conn.execute(self._differing, self._base | {"since": since, "until": until})
            found: dict[Kind, list[str]] = {}
            async for id, kind in cursor:
                found.setdefault(kind, []).append(id)
        return found

    async def failed(self, *, run: int) -> int:
        """How many of these records, and of those that this run could not store, wait in the failed queue."""
        [row] = await self._warehouse.rows(self._tenant, sql.count_failed, self._base | {"run": run})
        return int(row["count"])

    async def sample(self, *, seed: int, size: int) -> list[str]:
        """At most `size` ids, the same ones for the same seed and the same records."""
        params = self._base | {"seed": seed, "size": size}
        rows = await self._warehouse.rows(self._tenant, sql.sample_pairs, params)
        return [row["external_id"] for row in rows]

    async def count(self) -> Counted:
        async with self._warehouse.acting_for(self._tenant) as conn:
            row = await (await conn.execute(self._count, self._base)).fetchone()
        if row is None:
            raise RuntimeError("count_pairs returns a row")
        return Counted(*row)

"""Stored rows as they are, for comparing them with the source."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.sql import SQL

from headwater.core.model import EntitySpec
from headwater.warehouse import sql
from headwater.warehouse.places import names_of
from headwater.warehouse.pool import Warehouse


class Stored:
    """The rows of one entity of a connection, read for comparison."""

    def __init__(
        self,
        warehouse: Warehouse,
        tenant: UUID,
        connection: int,
        *,
        schema: str,
        spec: EntitySpec,
        key_column: str,
    ) -> None:
        self.warehouse = warehouse
        self.tenant = tenant
        self.connection = connection
        names = names_of(spec, schema=schema, key_column=key_column)
        self._rows = SQL(sql.compared_rows).format(**names)
        self._ids = SQL(sql.stored_ids).format(**names)

    async def rows(self, ids: Sequence[str]) -> dict[str, tuple[str, str | None]]:
        """By id: the typed row and the normalised one, each as JSON text; ids not stored are absent."""
        params = {"tenant": self.tenant, "connection": self.connection, "ids": list(ids)}
        async with self.warehouse.acting_for(self.tenant) as conn:
            found = await (await conn.execute(self._rows, params)).fetchall()
        return {key: (typed, normal) for key, typed, normal in found}

    async def ids(self) -> set[str]:
        """Every stored id."""
        params = {"tenant": self.tenant, "connection": self.connection}
        async with self.warehouse.acting_for(self.tenant) as conn:
            return {row[0] for row in await (await conn.execute(self._ids, params)).fetchall()}

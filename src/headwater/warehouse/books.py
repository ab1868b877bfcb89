"""The small lists of an account: what ids are called, stages, pipelines, currencies, departments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import orjson

from headwater.core.model import Books
from headwater.warehouse import rollups, sql
from headwater.warehouse.copytext import clean
from headwater.warehouse.pool import Connection


async def put(
    conn: Connection,
    tenant: UUID,
    connection: int,
    books: Books,
    *,
    entities: Sequence[str],
    now: datetime,
) -> None:
    """Keeps the lists as they were read: new and changed entries are written, absent ones marked as gone.

    A list that could not be read stays as it is, and so do labels of others than `entities`. Of currencies
    every change of the rate is kept.
    """
    lists: Sequence[tuple[LiteralString, Sequence[Any] | None]] = (
        (sql.put_labels, books.labels),
        (sql.put_stages, books.stages),
        (sql.put_pipelines, books.pipelines),
        (sql.put_currencies, books.currencies),
        (sql.put_departments, books.departments),
    )
    for statement, entries in lists:
        if entries is not None:
            kept = orjson.dumps([_clean(entry._asdict()) for entry in entries]).decode()
            await conn.execute(
                statement,
                {"tenant": tenant, "connection": connection, "entries": kept, "now": now}
                | {"entities": list(entities)},
            )
    if books.currencies is not None:
        await rollups.mark_rates(conn, tenant, connection, now)


def _clean(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: clean(value) if isinstance(value, str) else value for name, value in entry.items()}

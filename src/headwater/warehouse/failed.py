"""The failed queue: what could not be stored, why, and the record as the source gave it."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import psycopg

from headwater.warehouse import sql
from headwater.warehouse.origin import Origin
from headwater.warehouse.pool import Connection
from headwater.warehouse.rows import json_text


@dataclass(frozen=True, slots=True)
class Failure:
    """One record that did not make it. `raw` is JSON text, None when the source did not hand it over."""

    external_id: str | None
    reason: str
    raw: str | None
    field: str | None = None

    @property
    def key(self) -> str:
        """The record's id, or a hash of the record when it has none."""
        if self.external_id:
            return self.external_id
        return "#" + blake2b((self.raw or self.reason).encode(), digest_size=12).hexdigest()


def unusable(external_id: str | None, reason: str, record: Any) -> Failure:
    """A record that we cannot turn into a row."""
    return Failure(external_id, reason, None if record is None else json_text(record))


def refused(external_id: str, record: Any, exc: psycopg.Error) -> Failure:
    """A row that PostgreSQL would not take, in its own words."""
    diag = exc.diag
    words = [diag.message_primary or str(exc), diag.message_detail or ""]
    field = diag.column_name or _copied_column(diag.context or "")
    reason = "PostgreSQL refused it: " + " ".join(word for word in words if word)
    return Failure(external_id, reason, json_text(record), field)


def _copied_column(context: str) -> str | None:
    """The column named by `COPY stage, line 1, column opportunity: "…"`."""
    _, found, rest = context.partition(", column ")
    return rest.partition(":")[0] if found else None


async def put(conn: Connection, origin: Origin, entity: str, failures: Sequence[Failure]) -> None:
    """Keeps failures; one that is known already counts another try."""
    for failure in failures:
        await conn.execute(
            sql.put_failed,
            {
                "tenant": origin.tenant,
                "connection": origin.connection,
                "entity": entity,
                "key": failure.key,
                "external_id": failure.external_id,
                "reason": failure.reason,
                "field": failure.field,
                "raw": failure.raw,
                "run": origin.run,
                "now": origin.seen_at,
            },
        )


async def heal(conn: Connection, origin: Origin, entity: str, ids: Sequence[str]) -> None:
    """Takes records out of the queue that are stored now."""
    params = {"tenant": origin.tenant, "connection": origin.connection, "entity": entity, "ids": ids}
    await conn.execute(sql.heal_failed, params)

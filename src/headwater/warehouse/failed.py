"""The failed queue: what could not be stored, why, and the record as the source gave it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import psycopg

from headwater.core import log
from headwater.warehouse import sql
from headwater.warehouse.copytext import clean, json_text
from headwater.warehouse.origin import Origin
from headwater.warehouse.pool import Connection, Warehouse

LOGGER = log.get("warehouse")
REFUSED = "PostgreSQL refused it"
REFUSALS = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.RaiseException,
)
"""What PostgreSQL says about rows it will not have. Anything else is not the rows' fault."""


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


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the queue as it is kept; `raw` is the parsed record, None when there is none."""

    number: int
    entity: str
    key: str
    external_id: str | None
    reason: str
    raw: Any
    began: int
    tries: int


@dataclass(frozen=True, slots=True)
class Discarded:
    """One entry that was thrown away."""

    number: int
    entity: str
    external_id: str | None


def unusable(external_id: str | None, reason: str, record: Any) -> Failure:
    """A record that we cannot turn into a row."""
    return Failure(external_id, reason, None if record is None else json_text(record))


def refused(external_id: str, record: Any, exc: psycopg.Error) -> Failure:
    """A row that PostgreSQL would not take, in its own words."""
    diag = exc.diag
    words = [diag.message_primary or str(exc), diag.message_detail or ""]
    field = diag.column_name or _copied_column(diag.context or "")
    reason = f"{REFUSED}: " + " ".join(word for word in words if word)
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
                "reason": clean(failure.reason),
                "field": failure.field,
                "raw": failure.raw,
                "began": origin.began,
                "run": origin.run,
                "now": origin.seen_at,
            },
        )


async def heal(conn: Connection, origin: Origin, entity: str, ids: Sequence[str]) -> None:
    """Takes records out of the queue that are stored now."""
    params = {"tenant": origin.tenant, "connection": origin.connection, "entity": entity, "ids": ids}
    await conn.execute(sql.heal_failed, params)


async def postpone(conn: Connection, origin: Origin, entity: str, keys: Sequence[str], reason: str) -> None:
    """Counts a try that led nowhere, for those of `keys` that are in the queue."""
    params = {
        "tenant": origin.tenant,
        "connection": origin.connection,
        "entity": entity,
        "keys": list(keys),
        "reason": clean(reason),
        "run": origin.run,
        "now": origin.seen_at,
    }
    await conn.execute(sql.postpone_failed, params)


async def reasons(conn: Connection, origin: Origin, entity: str, keys: Sequence[str]) -> dict[str, str]:
    """Those of `keys` that are in the queue, each with its reason."""
    params = {
        "tenant": origin.tenant,
        "connection": origin.connection,
        "entity": entity,
        "keys": list(keys),
    }
    return dict(await (await conn.execute(sql.failed_reasons, params)).fetchall())


async def due(
    warehouse: Warehouse, tenant: UUID, connection: int, entity: str, *, now: datetime, limit: int
) -> list[str]:
    """Ids of failed records whose time to be tried again has come, the longest waiting first."""
    params = {"connection": connection, "entity": entity, "now": now, "limit": limit}
    return [row["external_id"] for row in await warehouse.rows(tenant, sql.due_failed, params)]


async def chosen(
    warehouse: Warehouse, tenant: UUID, connection: int, *, numbers: Sequence[int] | None, entity: str | None
) -> list[Entry]:
    """The entries of a connection with these numbers (None: all), of one entity if it is named."""
    params = {"connection": connection, "numbers": _numbers(numbers), "entity": entity}
    return [Entry(**row) for row in await warehouse.rows(tenant, sql.chosen_failed, params)]


async def numbers_of(
    warehouse: Warehouse, tenant: UUID, connection: int, *, numbers: Sequence[int] | None, entity: str | None
) -> list[int]:
    """The numbers of the entries that `chosen` would bring."""
    params = {"connection": connection, "numbers": _numbers(numbers), "entity": entity}
    return [row["number"] for row in await warehouse.rows(tenant, sql.failed_numbers, params)]


async def discard(
    warehouse: Warehouse, tenant: UUID, connection: int, *, numbers: Sequence[int] | None, entity: str | None
) -> list[Discarded]:
    """Throws entries away, chosen as in `chosen`; a line of the log tells which."""
    params = {"connection": connection, "numbers": _numbers(numbers), "entity": entity}
    gone = [Discarded(**row) for row in await warehouse.rows(tenant, sql.discard_failed, params)]
    if gone:
        LOGGER.warning(
            "failed records discarded", connection=connection, count=len(gone),
            numbers=[one.number for one in gone[:100]],
        )  # fmt: skip
    return gone


def _numbers(numbers: Sequence[int] | None) -> list[int] | None:
    return None if numbers is None else [number for number in numbers if 0 < number < 2**63]

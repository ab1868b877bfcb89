"""What is to be done and who does it: a row for each connection and kind, made due by whoever wants it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from headwater.warehouse import sql
from headwater.warehouse.pool import Connection

Kind = Literal["sync", "drain", "sets", "reconcile", "housekeeping", "backup"]
HOUSE = 0  # the connection of what concerns no connection


async def wake(
    conn: Connection,
    tenant: UUID | None,
    connection: int,
    kind: Kind,
    *,
    due_at: datetime,
    payload: Mapping[str, Any] | None = None,
) -> None:
    """Makes work due, in the caller's transaction: workers hear of it when that is committed.

    A wish while the work is under way is another wish: it is done again. `payload` is laid over what was
    wished for before.
    """
    params = {
        "tenant": tenant,
        "connection": connection,
        "kind": kind,
        "due_at": due_at,
        "payload": orjson.dumps(payload or {}).decode(),
    }
    await conn.execute(sql.wake_job, params)

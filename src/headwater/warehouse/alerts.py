"""What is wrong and who was told: a row while it lasts, and letters that are kept until they are sent."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import dict_row

from headwater.warehouse import sql
from headwater.warehouse.corners import ALERTS
from headwater.warehouse.pool import Connection, Warehouse


@dataclass(frozen=True, slots=True)
class Alert:
    """Something wrong. `opened_at` None: not for long enough; `clear_since`: it is not found any more;
    `closed_at`: for long enough. `id` 0: not kept yet. Of the whole house: no tenant, connection 0."""

    tenant: UUID | None
    connection: int
    kind: str
    facts: Mapping[str, Any]
    since: datetime
    seen_at: datetime
    opened_at: datetime | None = None
    told_at: datetime | None = None
    clear_since: datetime | None = None
    closed_at: datetime | None = None
    id: int = 0

    @property
    def key(self) -> tuple[int, str]:
        """What it is about: there is one at a time."""
        return self.connection, self.kind


@dataclass(frozen=True, slots=True)
class Notice:
    """A letter that is due: `what` is opened, still or recovered; `tries` counts this one."""

    id: int
    channel: str
    what: str
    facts: Mapping[str, Any]
    made_at: datetime
    tries: int
    alert: int
    kind: str
    connection: int
    since: datetime
    opened_at: datetime
    closed_at: datetime | None


@asynccontextmanager
async def judging(warehouse: Warehouse) -> AsyncIterator[tuple[Connection, dict[tuple[int, str], Alert]]]:
    """One transaction in which nobody else judges, with what is wrong or was until a moment ago."""
    async with warehouse.connection() as conn, conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(%s)", [ALERTS])
        async with conn.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(sql.open_alerts)
            known = [Alert(**row) for row in await cursor.fetchall()]
        yield conn, {one.key: one for one in known}


async def put(conn: Connection, alert: Alert) -> int:
    """Keeps how an alert stands; its number."""
    params = {
        "id": alert.id,
        "tenant": alert.tenant,
        "connection": alert.connection,
        "kind": alert.kind,
        "facts": orjson.dumps(dict(alert.facts)).decode(),
        "since": alert.since,
        "seen_at": alert.seen_at,
        "opened_at": alert.opened_at,
        "told_at": alert.told_at,
        "clear_since": alert.clear_since,
        "closed_at": alert.closed_at,
    }
    row = await (await conn.execute(sql.change_alert if alert.id else sql.put_alert, params)).fetchone()
    return int(row[0]) if row else alert.id


async def drop(conn: Connection, alert: Alert) -> None:
    """Forgets what did not hold long enough to count."""
    await conn.execute(sql.drop_alert, {"id": alert.id})


async def tell(
    conn: Connection,
    number: int,
    what: str,
    facts: Mapping[str, Any],
    channels: Sequence[str],
    *,
    now: datetime,
) -> None:
    """Something is to be told of an alert, by each of these channels."""
    params = {
        "alert": number,
        "what": what,
        "facts": orjson.dumps(dict(facts)).decode(),
        "channels": list(channels),
        "now": now,
    }
    await conn.execute(sql.put_letters, params)


async def take(
    warehouse: Warehouse, channels: Sequence[str], *, now: datetime, until: datetime, limit: int = 20
) -> list[Notice]:
    """Letters that are due; nobody else takes them before `until`, when they are due again unless settled."""
    params = {"channels": list(channels), "now": now, "until": until, "limit": limit}
    async with warehouse.connection() as conn, conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql.take_letters, params)
        found = [Notice(**row) for row in await cursor.fetchall()]
    return sorted(found, key=lambda one: one.id)


async def settle(
    warehouse: Warehouse,
    number: int,
    *,
    sent_at: datetime | None = None,
    due_at: datetime | None = None,
    error: str | None = None,
) -> None:
    """A letter was sent, is due again, or is given up (neither)."""
    params = {"id": number, "sent_at": sent_at, "due_at": due_at, "error": error}
    async with warehouse.connection() as conn:
        await conn.execute(sql.settle_letter, params)


async def listed(warehouse: Warehouse, tenant: UUID, *, only_open: bool, limit: int = 100) -> list[Alert]:
    """Alerts of a tenant and of the house, those that last first."""
    rows = await warehouse.rows(tenant, sql.alerts, {"open": only_open, "limit": limit})
    return [Alert(**row) for row in rows]


async def letters(warehouse: Warehouse, alerts: Sequence[Alert]) -> dict[int, list[dict[str, Any]]]:
    """What was told of alerts, and what is still to be told, by alert."""
    async with warehouse.connection() as conn, conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql.letters, {"alerts": [one.id for one in alerts]})
        rows = await cursor.fetchall()
    found: dict[int, list[dict[str, Any]]] = {one.id: [] for one in alerts}
    for row in rows:
        found[row.pop("alert")].append(row)
    return found


async def counts(warehouse: Warehouse) -> dict[str, dict[str, int]]:
    """Open `alerts` by kind, and `letters` that wait by channel."""
    found: dict[str, dict[str, int]] = {"alerts": {}, "letters": {}}
    async with warehouse.connection() as conn:
        for what, name, number in await (await conn.execute(sql.count_alerts)).fetchall():
            found[what][name] = number
    return found


async def forget(warehouse: Warehouse, *, before: datetime) -> None:
    """Throws away what was over before then."""
    async with warehouse.connection() as conn:
        await conn.execute(sql.forget_alerts, {"before": before})

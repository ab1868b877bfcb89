"""How connections live: what is stored and how old it is, how they learn of changes, why one stands still."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from headwater.sync.overview import Standing, standings
from headwater.warehouse import jobs, sql, workers
from headwater.warehouse.connections import Link
from headwater.warehouse.corners import WORKERS
from headwater.warehouse.jobs import HOUSE, Line
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.workers import Worker

__all__ = [
    "HOUSE", "Line", "Living", "Load", "Scheduler", "Worker", "Working", "living", "loads", "scheduler",
    "troubles", "working",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Living:
    """One connection. `listening`: polling, events or silent, since when and why. `troubles`: work of it that
    fails, since when and why."""

    link: Link
    paused_at: datetime | None
    paused_reason: str | None
    listening: str
    reason: str | None
    since: datetime | None
    last_event_at: datetime | None
    events: int
    standings: Sequence[Standing]
    troubles: Sequence[Line]

    @property
    def errors(self) -> Sequence[tuple[str, str]]:
        """What is wrong with single entities, beyond what keeps the whole from going on."""
        known = {one.error for one in self.troubles}
        return [(one.entity, one.error) for one in self.standings if one.error and one.error not in known]

    @property
    def failed(self) -> int:
        """Records kept aside."""
        return sum(one.failed for one in self.standings)

    def behind_seconds(self, now: datetime) -> float | None:
        """How old its data may be at worst, of what was read whole once; None when nothing was."""
        ages = [age for one in self.standings if (age := one.behind_seconds(now)) is not None]
        return max(ages, default=None)


async def living(warehouse: Warehouse, tenant: UUID, links: Sequence[Link]) -> list[Living]:
    """How these connections of a tenant live."""
    rows = {row.pop("id"): row for row in await warehouse.rows(tenant, sql.lives, {})}
    wrong = await troubles(warehouse, tenant)
    return [
        Living(
            link=link,
            standings=await standings(warehouse, tenant, [link]),
            troubles=[one for one in wrong if one.connection == link.id],
            **rows[link.id],
        )
        for link in links
        if link.id in rows
    ]


async def troubles(warehouse: Warehouse, tenant: UUID) -> list[Line]:
    """Work of a tenant's connections and of the whole house that failed when it was last tried."""
    return [one for one in await jobs.listed(warehouse, tenant) if one.error is not None]


@dataclass(frozen=True, slots=True)
class Load:
    """A full read under way: `rate` records a second, `left_seconds` at that rate, where both can be said."""

    connection: int
    entity: str
    done: int
    total: int | None
    rate: float | None
    left_seconds: float | None


async def loads(warehouse: Warehouse, tenant: UUID, *, now: datetime) -> list[Load]:
    """The full reads of a tenant that are under way."""
    return [_load(now, **row) for row in await warehouse.rows(tenant, sql.loads, {})]


def _load(
    now: datetime,
    *,
    connection: int,
    entity: str,
    done: int,
    total: int | None,
    processed: int,
    started_at: datetime,
) -> Load:
    seconds = (now - started_at).total_seconds()
    rate = processed / seconds if seconds > 0 and processed else None
    left = None if rate is None or total is None else max(0.0, (total - done) / rate)
    return Load(connection, entity, done, total, rate, left)


class Scheduler(NamedTuple):
    """Who works and on how much, in the whole house."""

    workers: int
    jobs: int
    due: int


async def scheduler(warehouse: Warehouse, *, now: datetime) -> Scheduler:
    """How many workers live, how much work waits or is under way, how much of it is due."""
    async with warehouse.connection() as conn:
        row = await (await conn.execute(sql.scheduler, {"corner": WORKERS, "now": now})).fetchone()
    return Scheduler(*row) if row else Scheduler(0, 0, 0)


class Working(NamedTuple):
    """Work of a tenant's connections and of the house, and who works."""

    lines: Sequence[Line]
    workers: Sequence[Worker]


async def working(warehouse: Warehouse, tenant: UUID) -> Working:
    """What is under way, what waits, and who lives."""
    return Working(await jobs.listed(warehouse, tenant), await workers.listed(warehouse))

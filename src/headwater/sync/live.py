"""How connections live: what is stored and how old it is, how they learn of changes, why one stands still."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from headwater.sync.overview import Standing, standings
from headwater.warehouse import sql
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse

CORNER = 0x4858 << 48  # of the advisory lock space: where workers lock their numbers


@dataclass(frozen=True, slots=True)
class Living:
    """One connection. `listening`: polling, events or silent, since when and why."""

    link: Link
    paused_at: datetime | None
    paused_reason: str | None
    listening: str
    reason: str | None
    since: datetime | None
    last_event_at: datetime | None
    events: int
    standings: Sequence[Standing]

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
    rows = {row.pop("id"): row for row in await warehouse.rows(tenant, sql.listening, {})}
    return [
        Living(link=link, standings=await standings(warehouse, tenant, [link]), **rows[link.id])
        for link in links
        if link.id in rows
    ]


class Scheduler(NamedTuple):
    """Who works and on how much, in the whole house."""

    workers: int
    jobs: int
    due: int


async def scheduler(warehouse: Warehouse, *, now: datetime) -> Scheduler:
    """How many workers live, how much work waits or is under way, how much of it is due."""
    async with warehouse.connection() as conn:
        row = await (await conn.execute(sql.scheduler, {"corner": CORNER, "now": now})).fetchone()
    return Scheduler(*row) if row else Scheduler(0, 0, 0)

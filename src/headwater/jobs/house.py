"""What is done for the whole house: what is of no use any more goes, and every night a copy is made."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from headwater.core import log
from headwater.core.ports import Clock
from headwater.jobs import schedule
from headwater.jobs.turn import Done, Turn, Work
from headwater.warehouse import alerts, connections, delays, jobs, keys, retention, schedules, state, tallies
from headwater.warehouse.connections import Link
from headwater.warehouse.jobs import HOUSE, Kind
from headwater.warehouse.pool import Warehouse

LOGGER = log.get("jobs")
ALERTS = timedelta(days=90)
"""So long alerts that are over are kept."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long what is kept: days by the names of retention's rules, where the house differs from them.
    `history_months` drops whole months of every tenant; None: for ever."""

    days: Mapping[str, int | None] = field(default_factory=dict)
    history_months: int | None = None


async def planned(warehouse: Warehouse, link: Link, *, now: datetime) -> None:
    """Gives work of a connection its first times, if it never had any: a sync and what follows from its rows
    now, a comparison at night."""
    await jobs.plan(warehouse, link.tenant, link.id, "sync", due_at=now)
    await jobs.plan(warehouse, link.tenant, link.id, "refresh", due_at=now)
    night = schedule.quiet(link.id, now, link.memory.get("region"))
    await jobs.plan(warehouse, link.tenant, link.id, "reconcile", due_at=night)


class Household:
    """Work on the whole house. `back_up` makes a copy; None: `no_backup` says why there is none. `look` finds
    what is wrong, and tells of it. `rights` does what people have a right to and wait for, and says when it
    is to be looked at again."""

    def __init__(
        self,
        warehouse: Warehouse,
        clock: Clock,
        terms: Terms,
        *,
        back_up: Callable[[datetime], Awaitable[Path]] | None = None,
        no_backup: str = "",
        look: Callable[[], Awaitable[None]] | None = None,
        rights: Callable[[], Awaitable[datetime | None]] | None = None,
    ) -> None:
        self.warehouse = warehouse
        self.clock = clock
        self.terms = terms
        self._back_up = back_up
        self._no_backup = no_backup
        self._look = look
        self._rights = rights

    def works(self) -> dict[Kind, Work]:
        """What is done of each kind."""
        works: dict[Kind, Work] = {
            "housekeeping": self.housekeeping, "backup": self.backup, "rights": self.rights,
        }  # fmt: skip
        return works if self._look is None else works | {"watch": self.watch}

    async def looked_over(self, jumped: bool) -> None:
        """Every connection has its work planned, and nothing waits for a time that a wrong clock named.

        To be called when a worker begins, and when a clock `jumped`: then nothing is held any more.
        """
        now = self.clock.now()
        for tenant in await connections.tenants(self.warehouse):
            for link in await connections.links(self.warehouse, tenant.id):
                if link.disconnected:
                    continue
                await planned(self.warehouse, link, now=now)
                if await schedules.draw_in(self.warehouse, tenant.id, link.id, now=now):
                    async with self.warehouse.connection() as conn:
                        await jobs.wake(conn, tenant.id, link.id, "sync", due_at=now)
        await jobs.plan(self.warehouse, None, HOUSE, "housekeeping", due_at=now)
        if self._rights is not None:
            await jobs.plan(self.warehouse, None, HOUSE, "rights", due_at=now)
        backup_at = schedule.daily(schedule.BACKUP, now)
        await jobs.plan(self.warehouse, None, HOUSE, "backup", due_at=backup_at)
        if self._look is not None:
            await jobs.plan(self.warehouse, None, HOUSE, "watch", due_at=now)
        longest = now if jumped else now + schedule.LONGEST_HOLD
        await jobs.drawn_in(self.warehouse, now=now, latest=now + schedule.A_DAY_AHEAD, longest=longest)
        if self._back_up is None:
            LOGGER.warning("no backups are made", reason=self._no_backup)

    async def housekeeping(self, _: Turn) -> Done:
        """Throws away what is too old, of every tenant, and makes room for the next month's history."""
        now, terms = self.clock.now(), self.terms
        known: list[str] = []
        for tenant in await connections.tenants(self.warehouse):
            await state.ensure_history(self.warehouse, tenant.id, now)
            await keys.sweep(self.warehouse, tenant.id, now)
            own = await retention.own(self.warehouse, tenant.id)
            gone = await retention.forget(
                self.warehouse, tenant.id, {**retention.HOUSE, **terms.days, **own}, now=now
            )
            known += [link.slug for link in await connections.links(self.warehouse, tenant.id)]
            LOGGER.info("old things thrown away", tenant=tenant.slug, **gone)
        await delays.sweep(self.warehouse, now=now)
        await alerts.forget(self.warehouse, before=now - ALERTS)
        await tallies.forget(self.warehouse, [*known, ""])
        if terms.history_months is not None:
            before = schedule.months_ago(now, terms.history_months)
            dropped = await retention.drop_history(self.warehouse, before=before)
            LOGGER.info("old history dropped", months=dropped)
        return Done(schedule.daily(schedule.HOUSEKEEPING, now))

    async def rights(self, _: Turn) -> Done:
        """Erases the people and the closed accounts that wait for it."""
        return Done(None if self._rights is None else await self._rights())

    async def backup(self, _: Turn) -> Done:
        """A copy of the database, once a night; the work's own row says when the last one was made."""
        now = self.clock.now()
        payload: dict[str, Any] = {}
        if self._back_up is not None:
            copy = await self._back_up(now)
            size = copy.stat().st_size
            LOGGER.info("backup made", file=copy.name, bytes=size)
            payload = {"made_at": now.isoformat(), "bytes": size}
        return Done(schedule.daily(schedule.BACKUP, now), payload)

    async def watch(self, _: Turn) -> Done:
        """Looks what is wrong, once a minute."""
        if self._look is not None:
            await self._look()
        return Done(self.clock.now() + schedule.LOOKS)

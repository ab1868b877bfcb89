"""Closed accounts: everything pauses, keys open nothing, and after thirty days all of it goes."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from headwater.access.audit import logged
from headwater.core import log
from headwater.core.errors import HeadwaterError, NeedsPerson
from headwater.core.ports import Clock
from headwater.warehouse import bi, connections, deleting, erasing, jobs, lease, searching, sql, walk
from headwater.warehouse.alone import alone
from headwater.warehouse.pool import Warehouse

LOGGER = log.get("access")
GRACE = timedelta(days=30)
AT_ONCE = timedelta()
CLOSED = "the account is closed"
WAIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an account is closed, by whom, and when everything of it is deleted."""

    closed_at: datetime | None
    closed_by: str | None
    delete_at: datetime | None


async def standing(warehouse: Warehouse, tenant: UUID) -> Standing:
    """How an account stands."""
    [row] = await warehouse.rows(tenant, sql.tenant_standing, {})
    return Standing(**row)


async def close(
    warehouse: Warehouse, tenant: UUID, *, by: str, now: datetime, grace: timedelta = GRACE
) -> datetime:
    """Closes an account: nothing is read for it any more, no key or session opens anything, and everything of
    it is deleted after the grace; when that is. Saying it again can only bring the day nearer."""
    async with warehouse.acting_for(tenant) as conn:
        params = {"tenant": tenant, "by": by, "now": now, "delete_at": now + grace, "reason": CLOSED}
        row = await (await conn.execute(sql.close_tenant, params)).fetchone()
        if row is None:
            raise NeedsPerson("there is no such tenant any more")
        await conn.execute(sql.pause_connections, params)
        await conn.execute(sql.revoke_all, params)
    await logged(warehouse, tenant, by, "close" if grace else "delete", now=now)
    LOGGER.warning("an account was closed", tenant=str(tenant), delete_at=row[0].isoformat())
    moment: datetime = row[0]
    return moment


async def reopen(warehouse: Warehouse, tenant: UUID, *, by: str, now: datetime) -> None:
    """A closed account lives again; keys have to be made anew. Raises NeedsPerson when it is not closed, or
    its deletion has begun."""
    async with warehouse.acting_for(tenant) as conn:
        params = {"tenant": tenant, "reason": CLOSED}
        if await (await conn.execute(sql.reopen_tenant, params)).fetchone() is None:
            raise NeedsPerson("this account is not closed, or its deletion has begun: nothing was reopened")
        for (link,) in await (await conn.execute(sql.resume_connections, params)).fetchall():
            await jobs.wake(conn, tenant, link, "sync", due_at=now)
    await logged(warehouse, tenant, by, "reopen", now=now)


@dataclass(frozen=True, slots=True)
class Remover:
    """Deletes what was closed. `admin`: the address of a login that may drop others; NeedsPerson says why
    there is none."""

    warehouse: Warehouse
    clock: Clock
    admin: Callable[[], str]

    async def due(self) -> None:
        """Deletes every tenant whose time has come."""
        async with self.warehouse.connection() as conn:
            rows = await (await conn.execute(sql.tenants_to_delete, {"now": self.clock.now()})).fetchall()
        for (tenant,) in rows:
            try:
                await self.delete(tenant)
            except HeadwaterError as exc:
                LOGGER.warning("a deletion waits on", tenant=str(tenant), reason=str(exc))

    async def delete(self, tenant: UUID) -> None:
        """Deletes everything of a closed tenant. Killed at any moment, it may be called again. Raises
        RetryLater when another process is at it, or reads its tables; NeedsPerson when it is not closed."""
        if (await standing(self.warehouse, tenant)).delete_at is None:
            raise NeedsPerson("only a closed account is deleted: headwater tenant close")
        async with alone(self.warehouse, _number(tenant), "deleting this tenant"), AsyncExitStack() as stack:
            await deleting.begin(self.warehouse, tenant, now=self.clock.now())
            links = await connections.links(self.warehouse, tenant)
            for link in links:
                await stack.enter_async_context(
                    lease.taken(
                        self.warehouse, tenant, link.id, now=self.clock.now(), wait_seconds=WAIT_SECONDS
                    )
                )
            await self._shut(tenant)
            for link in links:
                await deleting.schema(self.warehouse, link)
            await deleting.numbers(self.warehouse, links)
            await deleting.rows(self.warehouse, tenant, partial(_counted, tenant))
            await deleting.portals(self.warehouse, {link.portal for link in links})
            await deleting.end(self.warehouse, tenant, now=self.clock.now())
        await self._sweep(tenant)
        LOGGER.warning("a tenant was deleted", tenant=str(tenant))

    async def _shut(self, tenant: UUID) -> None:
        """Drops the tenant's SQL logins. Where we cannot, they are logins of nobody: they see nothing."""
        for name in await deleting.logins(self.warehouse, tenant):
            try:
                await asyncio.to_thread(bi.remove, await asyncio.to_thread(self.admin), name)
            except HeadwaterError as exc:
                LOGGER.warning("a login of a deleted tenant stays, and sees nothing", reason=str(exc))

    async def _sweep(self, tenant: UUID) -> None:
        """Old versions of rows go, and the planner looks anew at what is common."""
        places = await walk.places(self.warehouse, tenant)
        names = [one.shown for one in places if one.tenanted]
        await erasing.swept(self.warehouse, searching.tables_of(names, places))


async def _counted(tenant: UUID, conn: Any, table: str, rows: int) -> None:
    await deleting.count(conn, tenant, table, rows)


def _number(tenant: UUID) -> int:
    """A number of the tenant's own, apart from those of erasures."""
    return 1 << 46 | tenant.int & ((1 << 46) - 1)


async def deletions(warehouse: Warehouse) -> list[Mapping[str, Any]]:
    """Which tenants were deleted, who wished it, how many rows of which table went."""
    async with warehouse.connection() as conn:
        rows = await (await conn.execute(sql.deletions)).fetchall()
    names = ("tenant", "slug", "asked_by", "begun_at", "ended_at", "counts")
    return [dict(zip(names, row, strict=True)) for row in rows]

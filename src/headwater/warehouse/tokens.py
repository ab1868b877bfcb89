"""Credentials that wear out: renewed by one process at a time, and stored before anybody uses them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from headwater.core import log
from headwater.core.errors import RetryLater, StopSync
from headwater.core.ports import Clock
from headwater.warehouse import sql
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault

LOGGER = log.get("warehouse")
TRIES = 8  # with pauses of 1 to 64 seconds: a database that restarts is back by then


class Tokens:
    """The credentials of one connection. Its row is locked while they are renewed."""

    def __init__(self, warehouse: Warehouse, vault: Vault, clock: Clock, link: Link) -> None:
        self._warehouse = warehouse
        self._vault = vault
        self._clock = clock
        self._link = link

    async def renewed(self, stale: str, renew: Callable[[str], Awaitable[str]]) -> str:
        """Credentials to go on with, as `stale` ones were refused: somebody else's renewal, or our own.

        What is renewed may exist nowhere else, and what it was made of may be worth nothing: being stopped
        waits until it is stored, and a database that fails just then is asked again for two minutes.
        """
        return await unbroken(self._renewed(stale, renew))

    async def _renewed(self, stale: str, renew: Callable[[str], Awaitable[str]]) -> str:
        link, sealed, fresh = self._link, "", ""
        try:
            async with AsyncExitStack() as held:
                # No key goes while something that is sealed with it is not stored yet.
                held.enter_context(self._vault.steady())
                conn = await held.enter_async_context(self._warehouse.acting_for(link.tenant))
                params = {"tenant": link.tenant, "connection": link.id}
                row = await (await conn.execute(sql.lock_credentials, params)).fetchone()
                if row is None:
                    raise StopSync(f"the connection {link.slug} was removed; nothing is synced for it")
                [sealed] = row
                kept = self._vault.open(sealed)
                if kept != stale:
                    return kept
                fresh = await renew(kept)
                params |= {"stale": sealed, "fresh": self._vault.seal(fresh)}
                await conn.execute(sql.put_credentials, params)
        except RetryLater:
            if not fresh:
                raise
            return await self._insisted(sealed, fresh)
        return fresh

    async def _insisted(self, stale: str, fresh: str) -> str:
        """Stores what the database lost, or could not say if it had; what a person gave meanwhile holds."""
        params = {"connection": self._link.id, "stale": stale, "fresh": self._vault.seal(fresh)}
        for attempt in range(TRIES):
            LOGGER.warning("renewed credentials are not stored yet", connection=self._link.slug)
            await self._clock.sleep(2.0**attempt)
            try:
                if await self._warehouse.rows(self._link.tenant, sql.put_credentials, params):
                    return fresh
                [row] = await self._warehouse.rows(self._link.tenant, sql.lock_credentials, params)
            except RetryLater:
                continue
            return self._vault.open(row["credentials"])
        raise RetryLater(
            f"{self._link.slug}: the access was renewed, and the database could not store it; if the next "
            "try says that the refresh token is not valid, connect the application again with a fresh one"
        )


async def unbroken(work: Awaitable[str]) -> str:
    """What the work comes to. Being cancelled takes effect only when it has ended."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at: being stopped is what the caller hears of
        raise

"""Work that one process does at a time: whoever dies doing it lets go of it at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headwater.core.errors import RetryLater
from headwater.warehouse.corners import ALONE
from headwater.warehouse.lease import session
from headwater.warehouse.pool import Warehouse


@asynccontextmanager
async def alone(warehouse: Warehouse, number: int, what: str) -> AsyncIterator[None]:
    """Nobody else does the work of that number meanwhile. Raises RetryLater when somebody does; `what` says
    what it is."""
    async with await session(warehouse, "headwater alone") as held:
        found = await held.execute("select pg_try_advisory_lock(%s)", [ALONE + number])
        if await found.fetchone() != (True,):
            raise RetryLater(f"another process is {what} just now; look again in a moment")
        yield

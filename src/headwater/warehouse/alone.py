"""Work that one process does at a time: whoever dies doing it lets go of it at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headwater.core.errors import RetryLater
from headwater.warehouse.corners import ALONE
from headwater.warehouse.lease import session
from headwater.warehouse.pool import Warehouse


class Busy(RetryLater):
    """Another process does this work just now."""


@asynccontextmanager
async def alone(warehouse: Warehouse, number: int, what: str, *, corner: int = ALONE) -> AsyncIterator[None]:
    """Nobody else does the work of that number meanwhile, among work of its kind (`corner`). Raises Busy when
    somebody does; `what` says what it is."""
    async with await session(warehouse, "headwater alone") as held:
        found = await held.execute("select pg_try_advisory_lock(%s)", [corner + number])
        if await found.fetchone() != (True,):
            raise Busy(f"another process is {what} just now; look again in a moment")
        yield

"""Events that arrive at once are stored at once: many requests wait for one commit."""

import asyncio
from collections import deque
from collections.abc import Sequence

from headwater.core.errors import HeadwaterError, RetryLater
from headwater.core.ports import Clock
from headwater.warehouse import inbox
from headwater.warehouse.inbox import Arrival
from headwater.warehouse.pool import Warehouse

ROOM = 10_000  # events that wait for their commit
AT_ONCE = 1_000  # of one commit


class Receiver:
    """Takes events from any number of requests of one process.

    While a commit is under way others gather for the next one. Nothing is acknowledged that is not stored: a
    failed commit fails everybody in it.
    """

    def __init__(self, warehouse: Warehouse, clock: Clock, *, room: int = ROOM) -> None:
        self._warehouse = warehouse
        self._clock = clock
        self._room = room
        self._waiting: deque[tuple[Sequence[Arrival], asyncio.Future[None]]] = deque()
        self._storing: asyncio.Task[None] | None = None

    async def receive(self, arrivals: Sequence[Arrival]) -> None:
        """Returns when these events are stored. RetryLater: they are not."""
        if len(self._waiting) >= self._room:
            raise RetryLater("more events arrive than can be stored", wait=5)
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrivals, stored))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store())
        await stored

    async def _store(self) -> None:
        while self._waiting:
            taken = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            failure: HeadwaterError | None = RetryLater("the events could not be stored")
            try:
                events = [one for arrivals, _ in taken for one in arrivals]
                await inbox.store(self._warehouse, events, now=self._clock.now())
                failure = None
            except HeadwaterError as exc:
                failure = exc
            finally:
                for _, stored in taken:
                    _settle(stored, failure)


def _settle(stored: asyncio.Future[None], failure: HeadwaterError | None) -> None:
    """Tells a request how its event fared, unless it is gone."""
    if stored.done():
        return
    if failure is None:
        stored.set_result(None)
    else:
        stored.set_exception(failure)

"""What waits for each handler of events until its time comes, and what lets itself be overtaken."""

from collections.abc import Mapping
from heapq import heappop, heappush
from itertools import count
from typing import Any, NamedTuple

from headwater.sandbox.bitrix24.clock import PortalClock

HELD_SECONDS = 2.0
"""How long an event lets itself be overtaken when nothing follows it."""


class Waiting(NamedTuple):
    """An event for a handler: when it is due, its place among all, what happened, and who did it."""

    due: float
    number: int
    event: str
    data: Mapping[str, Any]
    user_id: int


class Outbox:
    """A queue for each handler, by its number, in order of what is due."""

    def __init__(self, clock: PortalClock) -> None:
        self._clock = clock
        self._queues: dict[int, list[Waiting]] = {}
        self._held: dict[int, Waiting] = {}
        self._numbers = count()

    def __len__(self) -> int:
        return sum(map(len, self._queues.values())) + len(self._held)

    def put(self, handler_id: int, waiting: Waiting, room: int) -> list[Waiting]:
        """Adds an event behind those of its time; the oldest, when there are more than `room`, which go."""
        queue = self._queues.setdefault(handler_id, [])
        heappush(queue, waiting._replace(number=next(self._numbers)))
        return [heappop(queue) for _ in range(len(queue) - room)]

    def hold(self, handler_id: int, waiting: Waiting) -> None:
        """Keeps an event back until another has overtaken it, or nothing has for a while."""
        self._held[handler_id] = waiting._replace(due=self._clock.steady() + HELD_SECONDS)

    def held(self, handler_id: int) -> Waiting | None:
        """What was kept back for a handler, which is free to go now."""
        return self._held.pop(handler_id, None)

    def ready(self) -> dict[int, Waiting]:
        """The first event of each handler for whom something is due."""
        now = self._clock.steady()
        for handler_id in [one for one, held in self._held.items() if held.due <= now]:
            overdue = self._held.pop(handler_id)
            heappush(self._queues.setdefault(handler_id, []), overdue._replace(number=next(self._numbers)))
        return {number: queue[0] for number, queue in self._queues.items() if queue and queue[0].due <= now}

    def pop(self, handler_id: int) -> Waiting:
        return heappop(self._queues[handler_id])

    def forget(self, handler_id: int) -> None:
        """Nothing is to be told to this handler any more."""
        self._queues.pop(handler_id, None)
        self._held.pop(handler_id, None)

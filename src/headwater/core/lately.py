"""What was found out a moment ago: kept for some seconds, found out once at a time."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Once(Generic[K, V]):
    """One finding out of each thing at a time: whoever asks meanwhile waits for the same, and may leave
    without ending it for the others."""

    def __init__(self) -> None:
        self._under_way: dict[K, asyncio.Task[V]] = {}

    async def of(self, key: K, find: Callable[[], Awaitable[V]]) -> V:
        """What `find` finds, or what somebody else's finds just now."""
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.ensure_future(_found(find))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._over(key, done))
        return await asyncio.shield(task)

    def _over(self, key: K, task: "asyncio.Task[V]") -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # whoever waited has it; nobody may have


async def _found(find: Callable[[], Awaitable[V]]) -> V:
    return await find()


class Found(NamedTuple, Generic[V]):
    """What was found, and since when it holds."""

    at: float
    value: V


class Lately(Generic[K, V]):
    """Things by key, each for `seconds` since its finding out began, the `most` that were asked for last."""

    def __init__(self, *, seconds: float, most: int, clock: Callable[[], float]) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._known: OrderedDict[K, Found[V]] = OrderedDict()
        self._once: Once[K, Found[V]] = Once()

    async def of(self, key: K, find: Callable[[], Awaitable[V]]) -> V:
        """What is known of `key`, or what `find` finds now."""
        known = self._known.get(key)
        if known is None or not 0 <= self._clock() - known.at < self._seconds:
            known = await self._once.of(key, lambda: self._asked(key, find))
        return known.value

    def forget(self, which: Callable[[K], bool]) -> None:
        """These are found out anew."""
        for key in [key for key in self._known if which(key)]:
            del self._known[key]

    async def _asked(self, key: K, find: Callable[[], Awaitable[V]]) -> Found[V]:
        at = self._clock()
        found = Found(at, await find())
        self._known[key] = found
        self._known.move_to_end(key)
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        return found

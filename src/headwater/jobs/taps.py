"""Sources of connections, kept open between two turns: what they learnt is of use."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from headwater.core.ports import Source
from headwater.warehouse.connections import Link

ROOM = 16


class Taps:
    """Opens sources by `opened`. A few that nobody uses stay open, unless their connection changed."""

    def __init__(self, opened: Callable[[Link], Source]) -> None:
        self._opened = opened
        self._idle: OrderedDict[int, tuple[Link, Source]] = OrderedDict()

    @asynccontextmanager
    async def using(self, link: Link) -> AsyncIterator[Source]:
        """The source of a connection, for one at a time. After any trouble the next one gets a new one."""
        source = await self._of(link)
        try:
            yield source
        except BaseException:
            await source.close()
            raise
        self._idle[link.id] = link, source
        while len(self._idle) > ROOM:
            _, (_, oldest) = self._idle.popitem(last=False)
            await oldest.close()

    async def close(self) -> None:
        """Closes what is open."""
        while self._idle:
            _, (_, source) = self._idle.popitem()
            await source.close()

    async def _of(self, link: Link) -> Source:
        known, source = self._idle.pop(link.id, (None, None))
        if known is None or source is None:
            return self._opened(link)
        if (known.sealed, known.settings, source.portal) == (link.sealed, link.settings, link.portal):
            return source
        await source.close()
        return self._opened(link)

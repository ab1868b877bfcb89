"""One bucket per portal, shared by every process: a request waits here until it may be sent."""

from collections.abc import Callable
from datetime import datetime

from headwater.core.ports import Clock
from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

DEPTH = 50.0  # requests a portal takes at once; facts: leaky bucket, counter above 50 is refused
DRAIN = 2.0  # requests per second that leave it


class Pacer:
    """Takes turns in a portal's leaky bucket, of which we use no more than `share`.

    A portal without a row starts with a full bucket: nobody knows what was sent before a crash. Time is the
    database's, the same for all processes, unless `now` is handed in.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        clock: Clock,
        *,
        share: float,
        depth: float = DEPTH,
        drain: float = DRAIN,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.warehouse = warehouse
        self.clock = clock
        self.now = now
        self.depth = max(1.0, depth * share)
        self.drain = drain * share

    async def turn(self, portal: str) -> int:
        """Waits until a request may be sent; returns its read number."""
        while True:
            granted, level, began = await self._take(portal)
            if granted:
                return began
            await self.clock.sleep(max(0.01, (level + 1 - self.depth) / self.drain))

    async def refused(self, portal: str) -> None:
        """The portal's bucket is fuller than we thought: count it as full."""
        async with self.warehouse.connection() as conn:
            params = {"portal": portal, "depth": self.depth, "now": self.now and self.now()}
            await conn.execute(sql.fill_bucket, params)

    async def _take(self, portal: str) -> tuple[bool, float, int]:
        params = {"portal": portal, "depth": self.depth, "drain": self.drain, "now": self.now and self.now()}
        async with self.warehouse.connection() as conn:
            row = await (await conn.execute(sql.take_turn, params)).fetchone()
        if row is None:
            raise RuntimeError("take_turn returns a row")
        return row[0], row[1], row[2]

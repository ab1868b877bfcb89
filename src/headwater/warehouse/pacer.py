"""The budget of a portal, shared by every process: places in its bucket, operating time of its methods."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from headwater.core import tally
from headwater.core.metrics import REFUSALS, REQUESTS, WAIT_SECONDS, WAITS
from headwater.core.model import Cost
from headwater.core.ports import Clock
from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

DEPTH = 50.0  # requests a portal takes at once; facts: leaky bucket, counter above 50 is refused
DRAIN = 2.0  # requests per second that leave it
SLACK = 1.0  # requests arrive closer together than they were sent, when they are late unlike
YIELDS = 0.8  # what is left of our share after a refusal: the vendor's own client gives a fifth away
LEAST = 0.2
RECOVERY = 0.2 / 3600  # of our share, a second


class Pacer:
    """Takes turns in a portal's leaky bucket, of which we use no more than `share`, and less for some hours
    after it refused one.

    A portal without a row starts with a full bucket: nobody knows what was sent before a crash. Time is the
    database's, the same for all processes, unless `now` is handed in. What it does is counted under `name`.
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
        name: str = "",
    ) -> None:
        self.warehouse = warehouse
        self.clock = clock
        self.share = share
        self.now = now
        self.name = name
        self.depth = max(1.0, min(depth * share, depth - SLACK))
        self.drain = drain * share

    async def turn(self, portal: str) -> int:
        """Waits until a request may be sent; returns its read number."""
        waited = 0.0
        while True:
            granted, began, level, part = await self._take(portal)
            if granted:
                tally.add(REQUESTS, connection=self.name)
                tally.add(WAITS, float(waited > 0), connection=self.name)
                tally.add(WAIT_SECONDS, waited, connection=self.name)
                return began
            over = level + 1 - max(1.0, part * self.depth)
            pause = max(0.01, over / (part * self.drain))
            await self.clock.sleep(pause)
            waited += pause

    async def refused(self, portal: str) -> None:
        """The portal's bucket is fuller than we thought: count it as full, and use less of it."""
        tally.add(REFUSALS, connection=self.name)
        async with self.warehouse.connection() as conn:
            params = {"depth": self.depth, "yields": YIELDS, "least": LEAST, "recovery": RECOVERY}
            await conn.execute(sql.fill_bucket, self._of(portal) | params)

    async def unasked(self, portal: str) -> None:
        """The portal was begun a moment ago: its bucket is empty, and there is nothing to wait for."""
        async with self.warehouse.connection() as conn:
            await conn.execute(sql.empty_bucket, self._of(portal))

    async def costs(self, portal: str) -> Mapping[str, Cost]:
        """What methods have used of their operating time, as last told to any process."""
        async with self.warehouse.connection() as conn:
            rows = await (await conn.execute(sql.costs, self._of(portal))).fetchall()
        return {method: Cost(used, left) for method, used, left in rows}

    async def spent(self, portal: str, costs: Mapping[str, Cost]) -> None:
        """Keeps what the portal told of its methods, for all processes."""
        params = {
            "methods": list(costs),
            "used": [one.used for one in costs.values()],
            "left": [one.left for one in costs.values()],
        }
        async with self.warehouse.connection() as conn:
            await conn.execute(sql.put_costs, self._of(portal) | params)

    async def _take(self, portal: str) -> tuple[bool, int, float, float]:
        params = {"depth": self.depth, "drain": self.drain, "recovery": RECOVERY}
        async with self.warehouse.connection() as conn:
            row = await (await conn.execute(sql.take_turn, self._of(portal) | params)).fetchone()
        if row is None:
            raise RuntimeError("take_turn returns a row")
        return row[0], row[1], row[2], row[3]

    def _of(self, portal: str) -> dict[str, Any]:
        return {"portal": portal, "now": self.now and self.now()}

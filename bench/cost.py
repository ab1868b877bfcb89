"""How much of a portal's operating budget a reading takes: 480 seconds per method and ten minutes.

Portal and client share one virtual clock that moves while somebody waits and while the portal works: an hour
passes in moments.
Pages cost this portal eight times the usual, 0.96 s: 25,000 records use up a method's ten minutes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpx2
import orjson

from bench.ground import Ground
from bench.measure import Sample
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options
from headwater.sources.bitrix24 import Bitrix24
from headwater.sync.engine import Engine
from headwater.testing.fakes import FakeClock
from headwater.warehouse import connections
from headwater.warehouse.pacer import Pacer
from headwater.warehouse.pool import Warehouse

BUDGET_SECONDS = 480.0
SLOW = 8.0
STEP_SECONDS = 5.0
METHODS = {"deals": "crm.deal.list", "contacts": "crm.contact.list"}
SHARES = (1.0, 0.7)
CREDENTIAL = "1/bench"


@dataclass(slots=True)
class Use:
    """How full the ten minutes of a method were, from its first command to its last."""

    area: float = 0.0
    seconds: float = 0.0
    most: float = 0.0
    pending: tuple[float, float] = (0.0, 0.0)
    commands: int = 0

    def passed(self, level: float, seconds: float) -> None:
        """Time at a level; it counts once another command follows."""
        self.pending = (self.pending[0] + level * seconds, self.pending[1] + seconds)

    def asked(self, level: float, commands: int) -> None:
        """The method was called so many times by now."""
        if commands == self.commands:
            return
        if self.commands:
            self.area += self.pending[0]
            self.seconds += self.pending[1]
        self.pending, self.commands, self.most = (0.0, 0.0), commands, max(self.most, level)


@dataclass(slots=True)
class Meter:
    """Moves the portal's clock along with ours, and looks at its accounts meanwhile."""

    portal: bitrix24.Portal
    clock: FakeClock = field(init=False)
    uses: Mapping[str, Use] = field(default_factory=lambda: {method: Use() for method in METHODS.values()})

    def moved(self, seconds: float) -> None:
        """Ours moved by so many seconds."""
        while seconds > 0:
            step = min(STEP_SECONDS, seconds)
            for method, use in self.uses.items():
                use.passed(self.portal.limits.operating(CREDENTIAL, method), step)
            self.portal.clock.advance(step)
            seconds -= step

    def answered(self) -> None:
        """The portal answered a request."""
        for method, use in self.uses.items():
            level = self.portal.limits.operating(CREDENTIAL, method)
            use.asked(level, self.portal.stats.commands[method])


class Metered(httpx2.AsyncBaseTransport):
    """A portal in this process, whose accounts are looked at after every request."""

    def __init__(self, meter: Meter) -> None:
        self.inner = httpx2.ASGITransport(bitrix24.app(meter.portal))
        self.meter = meter

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self.inner.handle_async_request(request)
        self.meter.answered()
        self.meter.clock.advance(orjson.loads(await answer.aread())["time"]["duration"])
        return answer


async def once(ground: Ground) -> list[Sample]:
    """One run with the whole limit, and one with the usual share of it."""
    sizes = {"deals": ground.size(50_000, 10_000, 75_000), "contacts": ground.size(25_000, 5_000, 50_000)}
    return [sample for share in SHARES for sample in await _read(ground, sizes, share)]


async def _read(ground: Ground, sizes: Mapping[str, int], share: float) -> list[Sample]:
    portal = bitrix24.built(Options(sizes=sizes, virtual=True, code="bench"))
    portal.limits.rules.slowness = SLOW
    meter = Meter(portal)
    clock = meter.clock = FakeClock(portal.clock.now(), also=meter.moved)
    began = clock.now()
    with ground.database() as database:
        async with Warehouse(database.url(), size=4) as warehouse:
            tenant = await connections.put_tenant(warehouse, "main", "Main")
            link = await connections.put_link(
                warehouse,
                tenant,
                source="bitrix24",
                portal="bench.bitrix24.ru",
                title="",
                sealed="",
                account={},
            )
            pace = Pacer(warehouse, clock, share=share, now=clock.now)
            source = Bitrix24(
                "https://bench.bitrix24.ru/rest/1/bench/", pace=pace, clock=clock, transport=Metered(meter)
            )
            database.only(sizes)
            runs = await Engine(warehouse, clock).sync(link, source)
            await source.close()
    portal.close()
    assert {run.entity: run.stored.created for run in runs} == sizes, runs
    return list(_told(meter, share, (clock.now() - began).total_seconds()))


def _told(meter: Meter, share: float, seconds: float) -> Iterator[Sample]:
    for entity, method in METHODS.items():
        use = meter.uses[method]
        average = use.area / use.seconds if use.seconds else use.most
        yield Sample(f"share {share}: {entity}, of 480 s, on average", average / BUDGET_SECONDS * 100, "%")
        yield Sample(f"share {share}: {entity}, of 480 s, at the most", use.most / BUDGET_SECONDS * 100, "%")
    stats: Counter[str] = meter.portal.stats.errors
    yield Sample(f"share {share}: commands refused", stats["OPERATION_TIME_LIMIT"], "")
    yield Sample(f"share {share}: requests refused", stats["QUERY_LIMIT_EXCEEDED"], "")
    yield Sample(f"share {share}: the whole reading, virtual", seconds, "s")

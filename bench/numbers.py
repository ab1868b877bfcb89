"""Figures of a company: the standard tiles, from rows and from what is kept, beside DuckDB on the same rows;
charts at random. What both say is compared first."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from bench.charts import charts
from bench.company import Company, company
from bench.ground import Database, Ground
from bench.measure import Sample
from headwater.analytics.kept import Board
from headwater.analytics.query import Answer, answered
from headwater.analytics.questions import Misasked
from headwater.analytics.records import Looking
from headwater.analytics.tiles import STANDARD
from headwater.analytics.vocabulary import Vocabulary, vocabulary
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse.pool import Warehouse

SEED = 8
CENT = 0.011
"""So far apart two ways of rounding may be."""


async def once(ground: Ground) -> list[Sample]:
    """One run. Tiles are asked one after the other, as somebody who sees the whole tenant, with its words at
    hand and nothing kept."""
    with ground.database() as database:
        one = await company(database, part=ground.size(0.25, 0.005, 1.0))
        found = await _measured(ground, database, one)
    if ground.big:
        with ground.database() as database:
            one = await company(database, activities=5_000_000)
            found += await _large(database, one)
    return found


async def _measured(ground: Ground, database: Database, one: Company) -> list[Sample]:
    times, many = ground.size(11, 2, 21), ground.size(300, 40, 1_000)
    async with Warehouse(database.url(), size=2) as warehouse:
        looking = Looking(warehouse, one.tenant)
        known = await vocabulary(warehouse, one.tenant)

        async def of(name: str) -> Answer:
            return await answered(looking, STANDARD[name].config, known)

        ours = await _taken(of, times)
        theirs = await _duck(database, one, known, of, times)
        abreast = await _abreast(of, times)
        kept = await _kept(looking, times)
        random, failed = await _random(looking, known, many)
    deals = f"{one.rows['deals']:,} deals, {one.rows['activities']:,} activities"
    worst, tile = _worst(ours)
    together, beside = _together(ours), _together(theirs)
    return [
        Sample(f"the dearest of 20 tiles, p95 ({deals}): {tile}", worst, "ms"),
        Sample("20 tiles one after the other, nothing kept", together, "ms"),
        Sample("the same in DuckDB, two threads", beside, "ms"),
        Sample("ours against DuckDB", together / beside, "times"),
        Sample("20 tiles two at a time, as a page asks for them", abreast, "ms"),
        Sample("ours two at a time against DuckDB", abreast / beside, "times"),
        Sample("20 tiles of what is kept", kept, "ms"),
        Sample(f"{many:,} charts at random, p95", _p95(random), "ms"),
        Sample("the dearest of them", max(random), "ms"),
        Sample("refused as too dear, or cut off", failed, "charts"),
    ]


async def _large(database: Database, one: Company) -> list[Sample]:
    async with Warehouse(database.url(), size=2) as warehouse:
        looking = Looking(warehouse, one.tenant)
        known = await vocabulary(warehouse, one.tenant)
        taken = await _taken(lambda name: answered(looking, STANDARD[name].config, known), 11)
    worst, tile = _worst(taken)
    many = f"{one.rows['activities']:,}"
    return [Sample(f"the dearest of 20 tiles at {many} activities, p95: {tile}", worst, "ms")]


async def _taken(of: Callable[[str], Awaitable[Any]], times: int) -> dict[str, list[float]]:
    """Milliseconds of each tile; the first round warms up."""
    found: dict[str, list[float]] = {name: [] for name in STANDARD}
    for turn in range(times + 1):
        for name in STANDARD:
            began = time.perf_counter()
            await of(name)
            if turn:
                found[name].append((time.perf_counter() - began) * 1000)
    return found


async def _abreast(of: Callable[[str], Awaitable[Any]], times: int) -> float:
    """Milliseconds of all tiles, two of them under way: on two cores, as DuckDB's two threads are."""

    async def some(names: Iterator[str]) -> None:
        for name in names:
            await of(name)

    rounds = []
    for _ in range(times + 1):
        names = iter(STANDARD)
        began = time.perf_counter()
        await asyncio.gather(some(names), some(names))
        rounds.append((time.perf_counter() - began) * 1000)
    return statistics.median(rounds[1:])


async def _duck(
    database: Database, one: Company, known: Vocabulary, of: Callable[[str], Awaitable[Answer]], times: int
) -> dict[str, list[float]]:
    """Milliseconds of each tile in DuckDB. Raises when it says something else than we do."""
    from bench.duck import Duck, bounds  # noqa: PLC0415 (DuckDB is there for benchmarks alone)

    params = bounds(known)
    with tempfile.TemporaryDirectory(prefix="headwater-duck-") as folder, Duck(Path(folder)) as duck:
        duck.fill(database, one)
        for name in STANDARD:
            _same(name, await of(name), duck.answered(name, params))

        async def theirs(name: str) -> Sequence[Sequence[Any]]:
            return duck.answered(name, params)

        return await _taken(theirs, times)


def _same(name: str, answer: Answer, rows: Sequence[Sequence[Any]]) -> None:
    """Every group that we show is theirs, with the same figure."""
    if STANDARD[name].config.chart_type == "kpi":
        pairs = list(zip((answer.value, answer.before and answer.before[0].value), rows[0], strict=True))
    else:
        known: Mapping[Any, Any] = {(None if x is None else str(x), g): value for x, g, value in rows}
        pairs = [(one.value, known.get((one.x, one.g))) for one in answer.figures]
    for ours, theirs in pairs:
        if abs(float(ours or 0) - float(theirs or 0)) > CENT + 1e-9 * abs(float(ours or 0)):
            raise RuntimeError(f"{name}: {ours} here, {theirs} in DuckDB")


async def _kept(looking: Looking, times: int) -> float:
    board = Board()
    rounds = []
    for _ in range(times + 1):
        began = time.perf_counter()
        for tile in STANDARD.values():
            await board.figures(looking, tile.config)
        rounds.append((time.perf_counter() - began) * 1000)
    return statistics.median(rounds[1:])


async def _random(looking: Looking, known: Vocabulary, many: int) -> tuple[list[float], int]:
    """Milliseconds of charts at random, and how many of them the database would not answer."""
    taken, failed = [], 0
    for config in islice(charts(known, SEED), many * 2):
        began = time.perf_counter()
        try:
            await answered(looking, config, known)
        except Misasked:
            continue  # what was asked contradicts itself: nothing was measured
        except (NeedsPerson, RetryLater):
            failed += 1
        taken.append((time.perf_counter() - began) * 1000)
        if len(taken) == many:
            break
    return taken, failed


def _worst(taken: Mapping[str, Sequence[float]]) -> tuple[float, str]:
    return max((_p95(each), name) for name, each in taken.items())


def _together(taken: Mapping[str, Sequence[float]]) -> float:
    return sum(map(statistics.median, taken.values()))


def _p95(taken: Sequence[float]) -> float:
    return sorted(taken)[max(0, round(0.95 * len(taken)) - 1)]

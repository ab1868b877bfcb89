"""What a load pays for what follows it: days marked in its commits, and the job that counts days and patterns
and makes documents for search while it goes on.

Pages of deals and activities as a portal sends them are stored for a connection that is followed and for one
that is not, in turns.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

import httpx2

from bench.adapter import portal, read, source
from bench.ground import Ground
from bench.loader import NOW, Loader, loader, narrowed, pages
from bench.measure import Sample, Spent, watched
from bench.tenants import connected
from headwater.core.model import Field, Row
from headwater.jobs.refreshing import refreshed
from headwater.sandbox import bitrix24
from headwater.sources.bitrix24 import Bitrix24
from headwater.warehouse import lease
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse
from headwater.wiring import FOLLOWERS

SAMPLES = 2_500  # deals, and what belongs to them, whose records stand for all
LOOK_SECONDS = 0.5  # between two turns of what follows
BLOCKS: Mapping[str, int] = {"deals": 30, "activities": 30}
"""Pages of each, stored one after another."""

Recorded: TypeAlias = Mapping[str, tuple[Sequence[Field], list[Row]]]
"""Fields and records, by entity."""


@dataclass(frozen=True, slots=True)
class Side:
    """A connection with its loaders, by entity, and what each took."""

    link: Link
    loaders: Mapping[str, Loader]
    spent: Mapping[str, Spent]


async def once(ground: Ground) -> list[Sample]:
    """One run."""
    reader = source(httpx2.ASGITransport(bitrix24.app(portal(SAMPLES, whole=True))))
    records = {entity: await _recorded(reader, entity) for entity in BLOCKS}
    with ground.database() as database:
        async with Warehouse(database.url(), size=3) as warehouse:
            plain, followed = [
                await _side(warehouse, reader, slug, records) for slug in ("plain", "followed")
            ]
            await refreshed(warehouse, followed.link, FOLLOWERS)
            for turn in range(ground.size(2, 1)):
                for side in (plain, followed) if turn % 2 else (followed, plain):
                    await _stored(ground, warehouse, side, records, turn, follows=side is followed)
            with watched(postmaster=ground.postmaster) as left:
                await refreshed(warehouse, followed.link, FOLLOWERS)
    await reader.close()
    return [
        *(
            Sample(f"pages of {name} with all that follows them / without", ratio, "times")
            for name, ratio in ((name, _seconds(followed, name) / _seconds(plain, name)) for name in BLOCKS)
        ),
        Sample("both", _seconds(followed, *BLOCKS) / _seconds(plain, *BLOCKS), "times"),
        Sample("what is left to be worked in after that", left.seconds, "s"),
    ]


async def _recorded(reader: Bitrix24, entity: str) -> tuple[Sequence[Field], list[Row]]:
    every, whole = await read(reader, entity)
    fields = narrowed(every, reader.entities[entity]) if entity == "deals" else every
    return fields, [{one.name: row[one.name] for one in fields if one.name in row} for row in whole]


async def _side(
    warehouse: Warehouse,
    reader: Bitrix24,
    slug: str,
    records: Recorded,
) -> Side:
    link = await connected(warehouse, slug, f"{slug}.example")
    loaders = {
        entity: await loader(warehouse, link, reader, fields, entity)
        for entity, (fields, _) in records.items()
    }
    return Side(link, loaders, {entity: Spent() for entity in loaders})


async def _stored(
    ground: Ground,
    warehouse: Warehouse,
    side: Side,
    records: Recorded,
    turn: int,
    *,
    follows: bool,
) -> None:
    """Stores a block of pages of each entity, with the job of the connection beside it or without."""
    for entity, (_, rows) in records.items():
        many = ground.size(BLOCKS[entity], 1)
        bodies = list(pages(rows, turn * many, many))
        async with lease.taken(warehouse, side.link.tenant, side.link.id, now=NOW):
            with watched(postmaster=ground.postmaster) as spent:
                job = asyncio.create_task(_follow(warehouse, side.link)) if follows else None
                await side.loaders[entity].load(bodies)
            if job is not None:
                job.cancel()
                with suppress(asyncio.CancelledError):
                    await job
        side.spent[entity].seconds += spent.seconds


async def _follow(warehouse: Warehouse, link: Link) -> None:
    """The job of a connection that is being read, always due again."""
    while True:
        await refreshed(warehouse, link, FOLLOWERS)
        await asyncio.sleep(LOOK_SECONDS)


def _seconds(side: Side, *entities: str) -> float:
    return sum(side.spent[entity].seconds for entity in entities)

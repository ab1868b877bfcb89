"""An increment with nothing new: the requests and the milliseconds of a sync that finds no change."""

import tempfile
from pathlib import Path

import orjson

from bench.ground import Ground
from bench.measure import Sample
from bench.river import drained, headwater
from headwater.sandbox.control import Control


async def once(ground: Ground) -> list[Sample]:
    """One run: a full sync, then one that has nothing to do."""
    with (
        ground.portal(ground.size(10_000, 1_000), limits=False) as portal,
        ground.database() as database,
        tempfile.TemporaryDirectory() as folder,
    ):
        home = Path(folder)
        headwater(ground, database, home, portal, "connect", "bitrix24", portal.webhook)
        drained(database)
        headwater(ground, database, home, portal, "sync", "--entity", "deals", "--json")
        async with Control(portal.root, portal.token) as control:
            before = (await control.stats())["requests"]
            said, spent = headwater(ground, database, home, portal, "sync", "--entity", "deals", "--json")
            requests = (await control.stats())["requests"] - before
        [run] = orjson.loads(said)
    assert (run["created"], run["updated"]) == (0, 0), run
    return [
        Sample("requests", requests, ""),
        Sample("the run alone", run["seconds"] * 1000, "ms"),
        Sample("the whole process", spent.seconds * 1000, "ms", spent.cpu),
    ]

"""The memory of a first sync, with letters of 100 KB among the activities."""

import orjson

from bench.client import connected, size_of
from bench.ground import Ground, company
from bench.measure import Sample, peak_memory


async def once(ground: Ground) -> list[Sample]:
    """One run: the peak of the process tree without PostgreSQL, beside that of an empty portal."""
    sizes = company(ground.size(50_000, 2_500, 1_000_000))
    letters = ground.size(250, 50, 5_000)
    command = ["sync", "--json"]
    with ground.portal({"leads": 1}, limits=False) as portal, connected(ground, portal, only=sizes) as client:
        client.database.drained()
        _, empty = peak_memory(client.command(*command), env=client.environment, cwd=client.home)
    given = sizes | {"letters": letters}
    with ground.portal(given, limits=False) as portal, connected(ground, portal, only=sizes) as client:
        client.database.drained()
        said, peak = peak_memory(client.command(*command), env=client.environment, cwd=client.home)
    runs = orjson.loads(said)
    assert {run["entity"]: run["created"] for run in runs} == sizes, runs
    return [
        Sample("memory of a sync with nothing to read", empty, "MB"),
        Sample(f"{size_of(sizes)}, {letters:,} letters of 100 KB among them", peak, "MB"),
        Sample("the run alone", sum(sizes.values()) / max(run["seconds"] for run in runs), "records/s"),
    ]

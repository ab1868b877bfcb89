"""Letters of 100 KB each and nothing else: how much memory reading them takes."""

import orjson

from bench.client import connected
from bench.ground import Ground
from bench.measure import Sample, peak_memory


async def once(ground: Ground) -> list[Sample]:
    """A first sync of activities that are all letters: its peak of memory."""
    count = ground.size(3_000, 200)
    sizes = {"activities": count, "letters": count}
    with ground.portal(sizes, limits=False) as portal, connected(ground, portal, only=sizes) as client:
        client.database.drained()
        command = client.command("sync", "--json")
        said, peak = peak_memory(command, env=client.environment, cwd=client.home)
    [run] = orjson.loads(said)
    assert run["created"] == count, run
    return [
        Sample(f"memory while {count:,} letters of 100 KB are read", peak, "MB"),
        Sample("letters", count / run["seconds"], "records/s"),
    ]

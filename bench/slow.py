"""A portal that takes its time: answers come two seconds later, as recorded ones of 50 full pages did."""

import orjson

from bench.client import ANSWER, cheap, connected, size_of, told
from bench.ground import Ground
from bench.measure import Sample, peak_memory
from headwater.sandbox.control import Control

SECONDS = 2.0


async def once(ground: Ground) -> list[Sample]:
    """One first sync of deals with the portal's real limit of requests."""
    sizes = {"deals": ground.size(100_000, 5_000, 400_000)}
    with ground.portal(sizes, limits=True) as portal, connected(ground, portal, only=sizes) as client:
        await cheap(portal)
        async with Control(portal.root, portal.token) as control:
            await control.add_fault("slow", method="batch", seconds=SECONDS, count=None)
        await client.rest(sizes)
        before = await told(portal)
        command = client.command("sync", "--entity", "deals", "--json")
        said, peak = peak_memory(command, env=client.environment, cwd=client.home)
        [run] = orjson.loads(said)
        after = await told(portal)
    assert run["created"] == sizes["deals"], run
    alone = ANSWER / SECONDS
    return [
        Sample(f"{size_of(sizes)}, every answer {SECONDS:.0f} s late", run["seconds"], "s"),
        Sample("speed", sizes["deals"] / run["seconds"], "records/s"),
        Sample("one request after another could not be faster than", alone, "records/s"),
        Sample("speed / that", sizes["deals"] / run["seconds"] / alone, "times"),
        Sample("memory at its peak", peak, "MB"),
        Sample("requests", after["requests"] - before["requests"], ""),
        Sample("503s received", after["refused_503"], ""),
    ]

"""A reconciliation that finds everything equal: the pairs of all deals, beside the floor of the limit."""

from bench.client import cheap, connected, floor_seconds, size_of, told
from bench.ground import Ground
from bench.measure import Sample


async def once(ground: Ground) -> list[Sample]:
    """One run with the portal's real limits, after 25 idle seconds."""
    sizes = {"deals": ground.size(50_000, 2_500, 200_000)}
    floor = floor_seconds(sizes)
    with ground.portal(sizes, limits=True) as portal, connected(ground, portal, only=sizes) as client:
        await cheap(portal)
        await client.rest(sizes)
        client.run("sync", "--entity", "deals")
        await client.rest(sizes)
        before = await told(portal)
        [found], spent = client.run("reconcile", "--entity", "deals")
        after = await told(portal)
    body = found["body"]
    assert (found["verdict"], body["in_source"]) == ("equal", sizes["deals"]), found
    samples = [
        Sample(f"pairs of {size_of(sizes)}: the whole process", spent.seconds, "s", spent.cpu),
        Sample("the comparison alone", body["seconds"], "s"),
        Sample("floor of the portal's limit", floor, "s"),
        Sample("requests", after["requests"] - before["requests"], ""),
        Sample("503s received", after["refused_503"], ""),
    ]
    if floor:
        samples.append(Sample("the comparison alone / floor", body["seconds"] / floor, "times"))
    return samples

"""The whole river over HTTP: a first `headwater sync`; portal, client and server in own processes."""

from bench.client import cheap, connected, floor_seconds, size_of, told
from bench.ground import MILLION, Ground, company
from bench.measure import Sample


async def once(ground: Ground) -> list[Sample]:
    """One run with the portal's real limits, after 25 idle seconds. What pages cost the portal is not counted
    here: at a tenth of a second each, a million records are a matter of hours (see `cost`)."""
    sizes = company(ground.size(200_000, 5_000, MILLION))
    floor = floor_seconds(sizes)
    with ground.portal(sizes, limits=True) as portal, connected(ground, portal, only=sizes) as client:
        await cheap(portal)
        await client.rest(sizes)
        before = await told(portal)
        runs, spent = client.run("sync")
        after = await told(portal)
    created = {run["entity"]: run["created"] for run in runs}
    assert created == sizes, runs
    records, seconds = sum(sizes.values()), max(run["seconds"] for run in runs)
    found = [
        Sample(f"{size_of(sizes)}: the whole process", spent.seconds, "s", spent.cpu),
        Sample("the run alone", seconds, "s"),
        Sample("floor of the portal's limit", floor, "s"),
    ]
    if floor:
        found.append(Sample("the whole process / floor", spent.seconds / floor, "times"))
    return [
        *found,
        Sample("speed of the run", records / seconds, "records/s"),
        Sample("CPU of the client, a record", spent.cpu["client"] / records * 1e6, "µs"),
        Sample("CPU of PostgreSQL, a record", spent.cpu["PostgreSQL"] / records * 1e6, "µs"),
        Sample("CPU of the sandbox, a record", spent.cpu["sandbox"] / records * 1e6, "µs"),
        Sample("requests", after["requests"] - before["requests"], ""),
        Sample("503s received", after["refused_503"], ""),
        Sample("429s received", after["refused_429"] + after["errors"].get("OPERATION_TIME_LIMIT", 0), ""),
    ]

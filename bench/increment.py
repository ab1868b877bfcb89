"""An increment with nothing new, on a connection of all entities: its requests and its milliseconds."""

from bench.client import connected, told
from bench.ground import Ground
from bench.measure import Sample

SETTLED = 20  # so many runs bring everything in, comments too, of which a run reads a few hundred


async def once(ground: Ground) -> list[Sample]:
    """One run: syncs until nothing is left to read, then one that has nothing to do."""
    deals = ground.size(500, 50)
    with ground.portal(deals=deals, limits=False) as portal, connected(ground, portal) as client:
        last = 0
        for _ in range(SETTLED):
            client.database.drained()
            before = (await told(portal))["requests"]
            runs, spent = client.run("sync")
            requests = (await told(portal))["requests"] - before
            if requests == last:
                break
            last = requests
    assert all((run["created"], run["updated"]) == (0, 0) for run in runs), runs
    return [
        Sample("requests", requests, ""),
        Sample("entities", len(runs), ""),
        Sample("the run alone", max(run["seconds"] for run in runs) * 1000, "ms"),
        Sample("the whole process", spent.seconds * 1000, "ms", spent.cpu),
    ]

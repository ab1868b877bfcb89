"""A service that is killed at random moments while events arrive, and started again."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

from headwater.testing.service import Part, Service
from headwater.testing.site import Place, Site
from headwater.testing.storm import Storm

UNTIL_SECONDS = 1.0  # after so long at the latest it is killed: one to two drains
STARTING = 0.3  # the share of kills that do not wait until there is a worker


async def struck(
    site: Site,
    place: Place,
    storm: Storm,
    service: Service,
    dice: random.Random,
    *,
    rounds: int,
    parts: Sequence[Part] = tuple(Part),
) -> tuple[Counter[Part], Service]:
    """So many kills; how often what was killed, and the service that works in the end."""
    kills: Counter[Part] = Counter()
    before: Part | None = None  # a worker that dies again and again is waited for longer and longer
    while kills.total() < rounds:
        if dice.random() > STARTING:
            await site.works(service)
        await asyncio.sleep(dice.uniform(0, UNTIL_SECONDS))
        part = dice.choice([one for one in parts if one is not before or one is not Part.WORKER])
        if not await service.kill(part):
            continue
        kills[part] += 1
        before = part
        if part is not Part.WORKER:
            service = await site.begin()
            storm.addresses = [await service.listens() + place.path]
    await site.works(service)
    return kills, service

"""kill -9 of a running service, whole or in part, at random moments of a storm of events."""

import os
import random

import pytest

from headwater.testing.calm import calmed, check
from headwater.testing.poster import Poster
from headwater.testing.service import Part
from headwater.testing.storm import Storm
from headwater.testing.struck import struck

pytestmark = pytest.mark.long

SEED = int(os.environ.get("HEADWATER_TEST_SEED", random.randrange(1_000_000)))
ROUNDS = 20
WORDS = f"HEADWATER_TEST_SEED={SEED}"


@pytest.mark.timeout(300)
async def test_events_that_got_their_answer_are_applied_once_whenever_the_service_is_killed(ground):
    dice = random.Random(f"storm {SEED}")
    print(WORDS)  # noqa: T201 (shown when it fails)
    place = await ground.connected()
    service = await ground.begin()
    address = await service.listens()
    await ground.loaded()
    async with Poster() as poster:
        storm = Storm(ground.control, poster, dice)
        storm.addresses = [address + place.path]
        async with storm.blowing():
            kills, service = await struck(ground, place, storm, service, dice, rounds=ROUNDS)
        found = await calmed(ground, place, storm)
    await service.stop()

    told = f"{WORDS}: {kills}, {len(storm.events)} events, {storm.acknowledged} acknowledged"
    check(found, told)
    assert kills.total() == ROUNDS
    assert set(kills) == set(Part), told
    assert ROUNDS * 10 < storm.acknowledged < len(storm.events), told

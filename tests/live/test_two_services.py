"""Two services and a worker on one database: nothing is done twice, and nothing waits for somebody who is dead."""

import asyncio
import os
import random
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from headwater.testing.calm import calmed, check
from headwater.testing.poster import Poster, form
from headwater.testing.service import Service
from headwater.testing.site import Place, Site
from headwater.testing.storm import Storm

pytestmark = pytest.mark.long

SEED = int(os.environ.get("HEADWATER_TEST_SEED", random.randrange(1_000_000)))
WORDS = f"HEADWATER_TEST_SEED={SEED}"
TENANTS = ("one", "two", "three")
FIRED = 6
PAIRS = 30
FIRST_GUESS_SECONDS = 0.25
BEFORE_SECONDS = 0.008  # from a post's beginning to its commit, and a little more

RUNS = """
    select connection_id, entity_type, count(*), bool_and(status = 'completed') as completed
      from headwater.sync_logs
     where sync_type = 'incremental'
     group by connection_id, entity_type
"""
DONE = "select from headwater.jobs where kind = 'sync' and done_at is not null and taken_by is null and due_at > now()"
MARKED = """
    select applied_at from headwater.inbox
     where body like %(number)s and applied_at is not null
"""
HELD = """
    select from headwater.jobs as j join headwater.workers as w on w.id = j.taken_by
     where j.kind = 'drain' and w.pid = %(pid)s
"""
TITLE = """
    select title from public.crm_deals where connection_id = %(connection)s and external_id = %(id)s
"""


@pytest.fixture
def portal() -> tuple[str, ...]:
    return ("--deals-only", "--deals", "40")


async def crew(ground: Site, places: int) -> tuple[list[Service], list[str]]:
    """Two services that work, when everything is read once, and where they answer."""
    services = [await ground.begin(), await ground.begin()]
    addresses = [await one.listens() for one in services]
    for one in services:
        await ground.works(one)
    await ground.loaded(places)
    return services, addresses


async def more(ground: Site) -> Service:
    """One more worker, without a service."""
    worker = await ground.begin("worker")
    await ground.works(worker, itself=True)
    return worker


async def stopped(services: list[Service]) -> None:
    await asyncio.gather(*(one.stop() for one in services))


async def test_a_schedule_fires_once_however_many_could_do_it(ground):
    places = [await ground.connected(name) for name in TENANTS]
    services, _ = await crew(ground, len(places))
    services.append(await more(ground))
    before = {(row["connection_id"], row["entity_type"]): row["count"] for row in await ground.rows(RUNS)}

    for _ in range(FIRED):
        for place in places:
            await ground.due(place)
        await ground.until(DONE, lambda rows: len(rows) == len(places), what="what is due")
    await stopped(services)

    after = {(row["connection_id"], row["entity_type"]): row for row in await ground.rows(RUNS)}
    fired = {key: row["count"] - before.get(key, 0) for key, row in after.items()}
    assert {key[0] for key in fired} == {place.link.id for place in places}
    assert set(fired.values()) == {FIRED}, fired
    assert all(row["completed"] for row in after.values())


async def test_events_at_both_addresses_are_applied_once_though_one_service_is_killed_at_its_work(ground):
    print(WORDS)  # noqa: T201 (shown when it fails)
    place = await ground.connected()
    services, addresses = await crew(ground, 1)
    await ground.control.add_fault("slow", method="batch", count=None, seconds=0.3)
    async with Poster() as poster:
        storm = Storm(ground.control, poster, random.Random(f"two {SEED}"), slugs=["deals"])
        storm.addresses = [address + place.path for address in addresses]
        async with storm.blowing():
            dead = await killed_at_its_work(ground, services)
            # Not before: while events arrive, one who drains goes on and on, and that might be this one.
            services.append(await more(ground))
            at = services.index(dead)
            before = storm.acknowledged
            while storm.acknowledged < before + 50:  # noqa: ASYNC110 (the storm makes it true)
                await asyncio.sleep(0.01)
            storm.addresses.pop(at)
        await ground.control.clear_faults()
        found = await calmed(ground, place, storm)
    services.remove(dead)
    await stopped(services)

    check(found, WORDS)
    assert poster.answers[0] > 0, "nobody called on the dead"
    assert "work of a dead worker is taken over" in ground.said.read_text()


async def killed_at_its_work(ground: Site, services: list[Service]) -> Service:
    """The first of these whose worker is seen at a drain. It is dead by then, and has not ended it."""
    async with ground.patience("a service at its work"):
        while True:
            for one in services:
                worker = one.worker
                if worker and await ground.rows(HELD, pid=worker.pid):
                    worker.suspend()
                    if await ground.rows(HELD, pid=worker.pid):
                        await one.kill()
                        return one
                    worker.resume()
            await asyncio.sleep(0.01)


async def test_an_event_that_comes_while_a_drain_ends_is_applied_without_another_one(ground):
    print(WORDS)  # noqa: T201 (shown when it fails)
    places = [await ground.connected(name) for name in TENANTS]
    services, addresses = await crew(ground, len(places))
    services.append(await more(ground))
    ids = [int(record["ID"]) async for record in ground.control.truth()]
    async with Poster() as poster:
        await asyncio.gather(*(
            told_in_pairs(ground, poster, place, addresses, ids[at], number=1000 * (at + 1))
            for at, place in enumerate(places)
        ))  # fmt: skip
    await stopped(services)

    assert poster.answers == {200: len(places) * PAIRS * 2}


async def told_in_pairs(
    ground: Site, poster: Poster, place: Place, addresses: list[str], id: int, *, number: int
) -> None:
    """The second event of a pair is posted about when the drain of the first ends, as the pairs before it
    tell. No third one brings what was overlooked."""
    dice = random.Random(f"{number} {SEED}")
    took = [FIRST_GUESS_SECONDS]

    async def post(at: int) -> datetime:
        posted_at = datetime.now(UTC)
        body = form("ONCRMDEALUPDATE", str(id), number=at)
        assert await poster.post(dice.choice(addresses) + place.path, body)
        return posted_at

    for at in range(number, number + 2 * PAIRS, 2):
        posted_at = await post(at)
        await ground.control.change(id, {"TITLE": f"pair {at}"})
        ends_at = posted_at + timedelta(seconds=median(took[-9:]) + dice.uniform(-BEFORE_SECONDS, 0))
        await asyncio.sleep((ends_at - datetime.now(UTC)).total_seconds())
        await post(at + 1)
        await ground.until(MARKED, bool, what=f"event {at + 1}", number=f"%event_handler_id={at + 1}&%")
        [first] = await ground.rows(MARKED, number=f"%event_handler_id={at}&%")
        took.append((first["applied_at"] - posted_at).total_seconds())
        title = await ground.one(TITLE, connection=place.link.id, id=str(id))
        assert title == {"title": f"pair {at}"}

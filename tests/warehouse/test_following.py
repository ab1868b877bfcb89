"""Who follows the changes of a connection misses none, gets none twice, and is told when he has to begin anew."""

import asyncio
from collections.abc import Sequence

import pytest

from headwater.core.errors import StopSync
from headwater.testing.sample import NOW, Bench, bench
from headwater.testing.settled import settled
from headwater.warehouse import deleting, following, retention, sql
from headwater.warehouse.following import Batch, Changed
from headwater.warehouse.pool import Warehouse

ME = "me"


@pytest.fixture
async def one(warehouse: Warehouse) -> Bench:
    return await bench(warehouse)


async def told(one: Bench, *ids: str, entity: str = "deals", connection: int | None = None) -> None:
    """A commit that changed these records."""
    params = {
        "tenant": one.tenant.id,
        "connection": connection or one.link.id,
        "entity": entity,
        "ids": list(ids),
        "actions": ["update"] * len(ids),
    }
    async with one.warehouse.acting_for(one.tenant.id) as conn:
        await conn.execute(sql.put_changes, params)


async def begun(one: Bench) -> None:
    """The reader begins here."""
    await settled(one.warehouse)
    async with one.warehouse.acting_for(one.tenant.id) as conn:
        await following.moved(conn, one.link, ME, await following.head(conn))


async def read(one: Bench, *, limit: int = 100, entities: Sequence[str] | None = None) -> Batch | None:
    """The next batch, worked in."""
    await settled(one.warehouse)
    async with one.warehouse.acting_for(one.tenant.id) as conn:
        batch = await following.changed(conn, one.link, ME, entities=entities, limit=limit)
        if batch is not None:
            await following.moved(conn, one.link, ME, batch.place)
    return batch


def ids(batch: Batch | None) -> list[str]:
    assert batch is not None
    return [record.id for record in batch.records]


async def test_changes_come_in_batches_each_once_and_those_of_others_not_at_all(one: Bench):
    await told(one, "0")
    await begun(one)
    await told(one, "1", "2", "1")
    await told(one, "8", connection=one.link.id + 1)
    await told(one, "3", entity="leads")

    first, second, third = [await read(one, limit=3) for _ in range(3)]

    assert (ids(first), ids(second), ids(third)) == (["1", "2"], ["3"], [])
    assert second is not None
    assert list(second.records) == [Changed("leads", "3")]
    assert [batch.last for batch in (first, second, third) if batch] == [False, True, True]


async def test_whoever_follows_some_entities_passes_over_the_others(one: Bench):
    await begun(one)
    await told(one, "1", "2")
    await told(one, "3", entity="leads")

    assert ids(await read(one, entities=["leads"])) == ["3"]
    assert ids(await read(one)) == []


async def test_who_never_began_or_comes_too_late_begins_from_the_rows(one: Bench):
    assert await read(one) is None
    await begun(one)
    await told(one, "1")
    await settled(one.warehouse)

    days = {**dict.fromkeys(retention.HOUSE), "changes": 0}
    await retention.forget(one.warehouse, one.tenant.id, days, now=NOW.replace(year=NOW.year + 9))

    assert await read(one) is None


async def test_a_change_that_is_committed_late_is_waited_for(one: Bench):
    await begun(one)
    async with one.warehouse.acting_for(one.tenant.id) as late:
        params = {"tenant": one.tenant.id, "connection": one.link.id, "entity": "deals"}
        await late.execute(sql.put_changes, params | {"ids": ["late"], "actions": ["update"]})
        await told(one, "early")
        async with one.warehouse.acting_for(one.tenant.id) as conn:
            batch = await following.changed(conn, one.link, ME, limit=9)
            assert ids(batch) == []
            assert batch is not None
            await following.moved(conn, one.link, ME, batch.place)
        assert await following.waiting(one.warehouse, one.link, [ME])

    assert ids(await read(one)) == ["late", "early"]
    assert not await following.waiting(one.warehouse, one.link, [ME])


async def test_two_who_work_in_one_name_do_it_one_after_the_other(one: Bench):
    await begun(one)
    await told(one, "1")
    await settled(one.warehouse)
    async with one.warehouse.acting_for(one.tenant.id) as conn:
        batch = await following.changed(conn, one.link, ME, limit=9)
        assert batch is not None
        other = asyncio.create_task(_changed(one))
        await _somebody_waits(one)
        await following.moved(conn, one.link, ME, batch.place)

    assert ids(batch) == ["1"]
    assert ids(await other) == []


async def test_what_is_given_up_is_not_followed_and_its_data_goes_when_nobody_writes(one: Bench):
    async with one.warehouse.acting_for(one.tenant.id) as conn:
        await following.moved(conn, one.link, ME, await following.head(conn))
        params = {"connection": one.link.id, "now": NOW, "reason": "x"}
        await one.warehouse.rows(one.tenant.id, sql.disconnect, params)
        going = asyncio.create_task(
            deleting.rows(one.warehouse, one.tenant.id, _nothing, connection=one.link.id)
        )
        await _somebody_waits(one)
    await going

    assert await one.rows("select from headwater.feed_places") == []
    with pytest.raises(StopSync, match="given up"):
        await read(one)


async def _changed(one: Bench) -> Batch | None:
    async with one.warehouse.acting_for(one.tenant.id) as conn:
        return await following.changed(conn, one.link, ME, limit=9)


async def _nothing(*_: object) -> None:
    """Nobody counts."""


async def _somebody_waits(one: Bench) -> None:
    """Returns when a transaction of this database waits for a lock."""
    asked = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    async with one.warehouse.connection() as conn:
        while (await conn.execute(asked)).rowcount == 0:  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.01)

"""Many events at once: one commit for all who wait, and nobody is told what is not so."""

import asyncio
from uuid import uuid4

import psycopg
import pytest
from psycopg import AsyncCursor

from headwater.core.errors import RetryLater
from headwater.sync.receiving import Receiver
from headwater.testing.fakes import FakeClock
from headwater.warehouse import connections, inbox
from headwater.warehouse.inbox import Arrival
from headwater.warehouse.pool import Warehouse


class Breaking(AsyncCursor):
    """The database says no to one statement in so many."""

    broken = False

    async def execute(self, query, params=None, **words):
        if type(self).broken and "insert into headwater.inbox" in str(query):
            raise psycopg.errors.DiskFull("No space left on device")
        return await super().execute(query, params, **words)


@pytest.fixture
async def house(newest_database):
    Breaking.broken = False
    async with Warehouse(newest_database.url(), size=3, cursor_factory=Breaking) as warehouse:
        yield warehouse
    Breaking.broken = False


async def link_of(warehouse, slug):
    tenant = await connections.put_tenant(warehouse, slug, slug)
    return await connections.put_link(
        warehouse, tenant, source="bitrix24", portal=f"{slug}.bitrix24.ru", title=slug, sealed="", account={}
    )


def arrival(link, number):
    return Arrival(link.tenant, link.id, "ONCRMDEALUPDATE", "deals", str(number), "event=ONCRMDEALUPDATE")


async def stored(warehouse, link):
    return await warehouse.rows(
        link.tenant, "select xid::text, external_id from headwater.inbox order by id", {}
    )


async def test_who_comes_during_a_commit_shares_the_next_one(house):
    link, receiver = await link_of(house, "main"), Receiver(house, FakeClock())

    await asyncio.gather(*(receiver.receive([arrival(link, number)]) for number in range(500)))

    rows = await stored(house, link)
    assert [row["external_id"] for row in rows] == [str(number) for number in range(500)]
    assert len({row["xid"] for row in rows}) <= 3
    [job] = await house.rows(link.tenant, "select kind, due_at from headwater.jobs", {})
    assert job["kind"] == "drain"


async def test_events_of_two_tenants_share_a_commit_and_stay_apart(house):
    links = [await link_of(house, slug) for slug in ("one", "two")]
    receiver = Receiver(house, FakeClock())

    await asyncio.gather(*(receiver.receive([arrival(links[n % 2], n)]) for n in range(20)))

    rows = [await stored(house, link) for link in links]
    assert [len(one) for one in rows] == [10, 10]
    assert {row["external_id"] for row in rows[0]} == {str(n) for n in range(0, 20, 2)}


async def test_everybody_returns_only_when_his_event_is_stored(house):
    link, receiver = await link_of(house, "main"), Receiver(house, FakeClock())

    async def one(number):
        await receiver.receive([arrival(link, number)])
        rows = await stored(house, link)
        return str(number) in {row["external_id"] for row in rows}

    assert all(await asyncio.gather(*(one(number) for number in range(40))))


async def test_a_failed_commit_fails_everybody_in_it_and_nobody_after_it(house):
    link, receiver = await link_of(house, "main"), Receiver(house, FakeClock())
    Breaking.broken = True

    ended = await asyncio.gather(
        *(receiver.receive([arrival(link, number)]) for number in range(50)), return_exceptions=True
    )

    assert {type(one) for one in ended} == {RetryLater}
    assert await stored(house, link) == []
    Breaking.broken = False
    await receiver.receive([arrival(link, 99)])
    assert [row["external_id"] for row in await stored(house, link)] == ["99"]


async def test_more_than_can_wait_is_sent_away(house):
    link, receiver = await link_of(house, "main"), Receiver(house, FakeClock(), room=10)

    ended = await asyncio.gather(
        *(receiver.receive([arrival(link, number)]) for number in range(30)), return_exceptions=True
    )

    refused = [one for one in ended if isinstance(one, RetryLater)]
    assert len(refused) + len(await stored(house, link)) == 30
    assert refused
    assert refused[0].wait


async def test_who_leaves_while_he_waits_takes_nobody_with_him(house):
    link, receiver = await link_of(house, "main"), Receiver(house, FakeClock())
    tasks = [asyncio.create_task(receiver.receive([arrival(link, number)])) for number in range(10)]
    await asyncio.sleep(0)
    tasks[3].cancel()

    ended = await asyncio.gather(*tasks, return_exceptions=True)

    assert sum(one is None for one in ended) == 9
    assert len(await stored(house, link)) >= 9


async def test_an_event_of_a_tenant_who_is_not_there_is_nobodys(house):
    """Row security lets nobody write for a tenant but himself; a connection of another tenant is not reached."""
    link = await link_of(house, "main")
    stranger = Arrival(uuid4(), link.id, "ONCRMDEALUPDATE", "deals", "1", "")

    await inbox.store(house, [stranger], now=FakeClock().now())

    assert await stored(house, link) == []

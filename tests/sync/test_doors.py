"""Whom the doors let in."""

from datetime import timedelta

import pytest

from headwater.core.model import Notice, Tells
from headwater.sync import doors, hearing
from headwater.sync.doors import REMEMBERED, Doors, digest_of
from headwater.sync.receiving import Receiver
from headwater.testing.fakes import FakeClock
from headwater.warehouse import connections, listening
from headwater.warehouse import doors as kept
from headwater.warehouse.pool import Warehouse

CLOCK = FakeClock()


def notice(member="m1", token="t1", tells=Tells.RECORD, event="ONCRMDEALADD"):
    return Notice(event, tells, "deals", "5", member, token, "event=x")


@pytest.fixture
async def house(newest_database):
    async with Warehouse(newest_database.url(), size=3) as warehouse:
        yield warehouse


async def link_of(warehouse, slug="main", account=None):
    tenant = await connections.put_tenant(warehouse, slug, slug)
    return await connections.put_link(
        warehouse, tenant, source="bitrix24", portal=f"{slug}.bitrix24.ru", title=slug, sealed="",
        account=account or {},
    )  # fmt: skip


async def test_an_address_trusts_its_first_token_and_no_other_from_then_on(house):
    link, door = await link_of(house), Doors(house, CLOCK)
    secret = await doors.opened(house, link, now=CLOCK.now())

    [first] = await door.at(secret, notice())
    assert (first.tenant, first.connection, first.external_id) == (link.tenant, link.id, "5")
    assert await door.at(secret, notice(token="t2")) == []
    assert await door.at(secret, notice(member="m2")) == []
    assert await Doors(house, CLOCK).at(secret, notice(token="t2")) == []
    assert len(await Doors(house, CLOCK).at(secret, notice())) == 1
    assert (await listening.read(house, link.tenant, link.id)).refused == 3


async def test_neither_secret_nor_token_is_kept(house, newest_database):
    link = await link_of(house)
    secret = await doors.opened(house, link, now=CLOCK.now())
    arrivals = await Doors(house, CLOCK).at(
        secret, notice(token="a-token-to-look-for", tells=Tells.INSTALLED)
    )
    await Receiver(house, CLOCK).receive(arrivals)

    assert newest_database.holding("a-token-to-look-for") == []
    assert newest_database.holding(secret) == []


async def test_an_address_of_a_known_account_lets_in_no_other(house):
    link = await link_of(house, account={"key": "ours"})
    secret = await doors.opened(house, link, now=CLOCK.now())
    door = Doors(house, CLOCK)

    assert await door.at(secret, notice(member="theirs")) == []
    assert len(await door.at(secret, notice(member="ours"))) == 1


async def test_an_address_that_nobody_made_opens_nothing(house):
    await link_of(house)
    door = Doors(house, CLOCK)

    assert await door.at("x" * 43, notice()) == []
    assert await door.at("", notice()) == []
    assert not door.knows("x" * 43, notice())


async def test_the_common_address_knows_applications_by_account_and_token(house):
    link, door = await link_of(house), Doors(house, CLOCK)
    secret = await doors.opened(house, link, now=CLOCK.now())
    assert await door.at(None, notice()) == []
    installed = await door.at(secret, notice(tells=Tells.INSTALLED, event="ONAPPINSTALL"))
    await Receiver(house, CLOCK).receive(installed)

    assert len(await door.at(None, notice())) == 1
    assert await door.at(None, notice(member="m2")) == []
    assert await door.at(None, notice(token="t2")) == []
    assert await door.at(None, notice(member="m1\0t", token="1")) == []


async def test_a_token_of_another_tenant_reaches_that_tenant_alone(house):
    one, two = await link_of(house, "one"), await link_of(house, "two")
    secrets = [await doors.opened(house, link, now=CLOCK.now()) for link in (one, two)]
    door = Doors(house, CLOCK)
    [mine] = await door.at(secrets[0], notice("m1", "t1"))
    [theirs] = await door.at(secrets[1], notice("m2", "t2"))

    assert (mine.tenant, theirs.tenant) == (one.tenant, two.tenant)
    assert await door.at(secrets[0], notice("m2", "t2")) == []
    assert await door.at(secrets[1], notice("m1", "t1")) == []


async def test_an_application_of_two_tenants_tells_both(house):
    links = [await link_of(house, slug) for slug in ("one", "two")]
    for link in links:
        async with house.acting_for(link.tenant) as conn:
            await kept.put(
                conn, link.tenant, link.id, "application", digest_of("m1", "t1"), "m1", now=CLOCK.now()
            )

    found = await Doors(house, CLOCK).at(None, notice())

    assert {one.tenant for one in found} == {link.tenant for link in links}


async def test_known_doors_are_remembered_for_a_moment_and_unknown_ones_never(house):
    link, clock = await link_of(house), FakeClock()
    secret = await doors.opened(house, link, now=clock.now())
    door = Doors(house, clock)
    await door.at(secret, notice())
    assert door.knows(secret, notice())

    await house.rows(link.tenant, "delete from headwater.doors", {})
    assert len(await door.at(secret, notice())) == 1
    clock.advance((REMEMBERED + timedelta(seconds=1)).total_seconds())

    assert await door.at(secret, notice()) == []


async def test_a_closed_door_lets_nobody_in_after_half_a_minute(house):
    clock = FakeClock()
    link, other, door = await link_of(house), await link_of(house, "other"), Doors(house, clock)
    secret = await doors.opened(house, link, now=clock.now())
    theirs = await doors.opened(house, other, now=clock.now())
    assert await door.at(secret, notice())

    assert await hearing.closed(house, link) == 1
    clock.advance(REMEMBERED.total_seconds() + 1)

    assert await door.at(secret, notice()) == []
    assert await door.at(theirs, notice())
    assert await hearing.closed(house, link) == 0

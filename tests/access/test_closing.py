"""A company's data goes whole, and nobody else's: closed accounts, deletion, connections that are given up."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from headwater.access import closing, keys
from headwater.access.audit import accesses
from headwater.access.closing import Remover
from headwater.access.disconnecting import disconnect
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.jobs.house import Household, Terms, planned
from headwater.testing.fakes import FakeClock
from headwater.testing.sample import NOW, Bench, bench
from headwater.warehouse import bi, connections, jobs, lease, walk
from headwater.warehouse.pool import Warehouse

DEAL = {"ID": "1", "TITLE": "secret", "OWNER": "5", "MODIFIED": "2026-11-20T18:00:00+03:00"}
TABLES = """
    select format('%I.%I', n.nspname, c.relname) as name
      from pg_class as c
      join pg_namespace as n on n.oid = c.relnamespace
      join pg_attribute as a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relkind = 'r' and n.nspname !~ '^pg_'
     order by 1
"""
BESIDE = (
    "insert into headwater.people (tenant_id, email, role, created_at) "
    "values (%(tenant)s, %(name)s || '@example.com', 'owner', now())",
    "insert into headwater.answers (tenant_id, caller, key, digest, asked_at, held_until) "
    "values (%(tenant)s, '1', 'k', 'x', now(), now())",
    "with alert as (insert into headwater.alerts (tenant_id, connection_id, kind, since, seen_at) "
    "values (%(tenant)s, %(link)s, 'late', now(), now()) returning id) "
    "insert into headwater.letters (alert_id, channel, what, facts, made_at) "
    "select id, 'mail', 'opened', '{}', now() from alert",
    "insert into headwater.tallies (name, labels, value) "
    "values ('headwater_runs_total', jsonb_build_object('connection', %(slug)s::text), 1)",
)
"""What there is of a tenant that no page of a source makes."""

LOOSE = """
    select (select count(*) from headwater.letters) as letters,
           (select array_agg(labels ->> 'connection') from headwater.tallies) as counted
"""
"""What no column says whose it is: the letters of alerts, and counts under names of connections."""


@pytest.fixture
async def warehouse(newest_database: Any) -> AsyncIterator[Warehouse]:
    async with Warehouse(newest_database.url(), size=3) as opened:
        yield opened


@pytest.fixture
async def two(warehouse: Warehouse) -> tuple[Bench, Bench]:
    """Two tenants with deals, history, keys, jobs and vanished records."""
    found = [await bench(warehouse, tenant=name) for name in ("ours", "theirs")]
    for one in found:
        await one.store(DEAL, {**DEAL, "ID": "2"}, began=1)
        await one.store({**DEAL, "TITLE": "secret 2"}, began=2)
        await one.vanish("2", began=3)
        await keys.add(warehouse, one.tenant.id, "bot", ["read"], now=NOW)
        await planned(warehouse, one.link, now=NOW)
        for statement in BESIDE:
            await one.rows(statement, link=one.link.id, slug=one.link.slug, name=one.tenant.slug)
    return found[0], found[1]


def remover(warehouse: Warehouse, database: Any, *, days: int = 0) -> Remover:
    return Remover(warehouse, FakeClock(NOW + timedelta(days=days)), lambda: database.url("postgres"))


def held(database: Any, tenant: Any) -> dict[str, str]:
    """What there is of a tenant, by table: a hash of its rows."""
    with database.as_admin() as admin:
        found = {}
        for (name,) in admin.execute(TABLES).fetchall():
            statement = f"select count(*), md5(string_agg(t::text, '|' order by t::text)) from {name} as t where tenant_id = %s"
            count, digest = admin.execute(statement, [tenant]).fetchone()
            if count:
                found[name] = digest
        return found


async def test_everything_of_a_tenant_goes_and_nothing_of_another(
    warehouse: Warehouse, two: tuple[Bench, Bench], newest_database: Any
) -> None:
    ours, theirs = two
    login = f"bi_{newest_database.name}"
    bi.add(newest_database.url("postgres"), login, bi.Terms(ours.tenant.id, [ours.link.slug]))
    kept = held(newest_database, theirs.tenant.id)

    await closing.close(warehouse, ours.tenant.id, by="Anna", now=NOW, grace=closing.AT_ONCE)
    await remover(warehouse, newest_database).delete(ours.tenant.id)

    assert held(newest_database, ours.tenant.id) == {}
    assert held(newest_database, theirs.tenant.id) == kept
    assert {"public.crm_deals", "headwater.people", "headwater.answers", "headwater.alerts"} <= {*kept}
    assert await theirs.rows(LOOSE) == [{"letters": 1, "counted": [theirs.link.slug]}]
    assert newest_database.holding(str(ours.tenant.id)) == ["headwater.deletions"]
    assert [tenant.slug for tenant in await connections.tenants(warehouse)] == ["theirs"]
    [gone] = await closing.deletions(warehouse)
    assert (gone["slug"], gone["asked_by"], gone["counts"]["public.crm_deals"]) == ("ours", "Anna", 1)
    assert gone["ended_at"] is not None
    with newest_database.as_admin() as admin:
        left = admin.execute(
            "select (select count(*) from pg_namespace where nspname = %s), "
            "(select count(*) from pg_roles where rolname = %s)", [ours.link.slug, login],
        ).fetchone()  # fmt: skip
    assert left == (0, 0)


async def test_every_table_with_a_tenant_is_found_in_the_catalogue(
    warehouse: Warehouse, two: tuple[Bench, Bench], newest_database: Any
) -> None:
    ours, theirs = two
    with newest_database.as_admin() as admin:
        known = {name for (name,) in admin.execute(TABLES).fetchall()}

    found = {one.shown for one in await walk.places(warehouse, ours.tenant.id) if one.tenanted}

    assert found == {name for name in known if not name.startswith(f"{theirs.link.slug}.")}


async def test_a_deletion_that_was_cut_short_goes_on(
    warehouse: Warehouse, two: tuple[Bench, Bench], newest_database: Any
) -> None:
    ours, theirs = two
    kept = held(newest_database, theirs.tenant.id)
    await closing.close(warehouse, ours.tenant.id, by="Anna", now=NOW, grace=closing.AT_ONCE)
    with newest_database.as_admin() as admin:  # what it does in the middle is refused
        admin.execute(
            "create function headwater.no() returns trigger language plpgsql as $$ begin raise 'no'; end $$"
        )
        admin.execute(
            "create trigger no before delete on public.crm_deals for each statement execute function headwater.no()"
        )
        with pytest.raises(Exception, match="no"):
            await remover(warehouse, newest_database).delete(ours.tenant.id)
        admin.execute("drop trigger no on public.crm_deals")
    halfway = held(newest_database, ours.tenant.id)
    with pytest.raises(NeedsPerson, match="deletion has begun"):
        await closing.reopen(warehouse, ours.tenant.id, by="Anna", now=NOW)

    await remover(warehouse, newest_database).due()

    assert "public.crm_deals" in halfway
    assert "headwater.history_rest" not in halfway
    assert held(newest_database, ours.tenant.id) == {}
    assert held(newest_database, theirs.tenant.id) == kept


async def test_a_closed_account_rests_thirty_days_and_may_be_opened_again(
    warehouse: Warehouse, two: tuple[Bench, Bench], newest_database: Any
) -> None:
    ours, theirs = two
    delete_at = await closing.close(warehouse, ours.tenant.id, by="Anna", now=NOW)
    [link] = await ours.rows("select paused_reason from headwater.connections")
    [key] = await ours.rows("select revoked_at from headwater.keys")
    await remover(warehouse, newest_database, days=29).due()

    assert delete_at == NOW + timedelta(days=30)
    assert (link["paused_reason"], key["revoked_at"]) == (closing.CLOSED, NOW)
    assert (await closing.standing(warehouse, ours.tenant.id)).closed_by == "Anna"
    assert await ours.rows("select count(*) from crm_deals") == [{"count": 1}]

    await closing.reopen(warehouse, ours.tenant.id, by="Boris", now=NOW)
    await remover(warehouse, newest_database, days=31).due()

    [link] = await ours.rows("select paused_at from headwater.connections")
    assert link == {"paused_at": None}
    assert await ours.rows("select count(*) from crm_deals") == [{"count": 1}]
    assert [one.action for one in await accesses(warehouse, ours.tenant.id, limit=5)] == ["reopen", "close"]
    with pytest.raises(NeedsPerson, match="not closed"):
        await closing.reopen(warehouse, theirs.tenant.id, by="Boris", now=NOW)
    with pytest.raises(NeedsPerson, match="only a closed account"):
        await remover(warehouse, newest_database).delete(theirs.tenant.id)


async def test_the_house_deletes_what_is_due(
    warehouse: Warehouse, two: tuple[Bench, Bench], newest_database: Any
) -> None:
    ours, _ = two
    await closing.close(warehouse, ours.tenant.id, by="Anna", now=NOW)
    works = remover(warehouse, newest_database, days=30)
    looked = []

    async def rights() -> Any:
        looked.append(await works.due())
        return NOW

    household = Household(warehouse, FakeClock(NOW), Terms(), rights=rights, no_backup="none")
    await household.works()["rights"](None)  # type: ignore[arg-type]

    assert held(newest_database, ours.tenant.id) == {}


async def test_a_connection_is_given_up_and_its_data_stay_until_somebody_says_otherwise(
    warehouse: Warehouse, two: tuple[Bench, Bench], newest_database: Any
) -> None:
    ours, theirs = two
    kept = held(newest_database, theirs.tenant.id)
    await ours.rows(
        "update headwater.connections set credentials = 'sealed', settings = '{\"proxy\": \"sealed\"}'"
    )

    gone = await disconnect(warehouse, ours.link, by="Anna", now=NOW)

    [link] = await connections.links(warehouse, ours.tenant.id)
    assert gone == {}
    assert (link.disconnected, link.sealed, link.settings) == (True, "", {})
    assert await ours.rows("select count(*) from bitrix24.crm_deals") == [{"count": 1}]
    lines = await jobs.listed(warehouse, ours.tenant.id)
    assert [line for line in lines if line.connection == ours.link.id] == []

    gone = await disconnect(warehouse, link, by="Anna", now=NOW, delete_data=True)

    assert gone["public.crm_deals"] == 1
    left = held(newest_database, ours.tenant.id)
    assert "headwater.alerts" not in left
    assert (await theirs.rows(LOOSE))[0]["letters"] == 1
    assert {name for name in left if name.startswith(("public.", "bitrix24."))} == set()
    assert held(newest_database, theirs.tenant.id) == kept
    [back] = [
        await connections.put_link(
            warehouse, ours.tenant, source="bitrix24", portal=link.portal, title="", sealed="new", account={}
        )
    ]
    assert (back.id, back.disconnected) == (link.id, False)


async def test_a_connection_under_way_is_waited_for(warehouse: Warehouse, two: tuple[Bench, Bench]) -> None:
    ours, _ = two
    async with lease.taken(warehouse, ours.tenant.id, ours.link.id, now=NOW):
        with pytest.raises(RetryLater, match="is syncing this connection"):
            await disconnect(warehouse, ours.link, by="Anna", now=NOW, wait_seconds=1)

    [link] = await connections.links(warehouse, ours.tenant.id)
    assert not link.disconnected

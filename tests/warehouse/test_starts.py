import pytest

from headwater.core.errors import NeedsPerson
from headwater.testing.sample import NOW, bench
from headwater.warehouse import connections, starts
from headwater.warehouse.pool import Warehouse

JOBS = "select kind, due_at from headwater.jobs where connection_id = %(connection)s order by kind"


async def test_a_wish_and_its_work_are_kept_together(warehouse: Warehouse):
    deals = await bench(warehouse)
    tenant, link = deals.tenant.id, deals.link.id

    number = await starts.ask(warehouse, tenant, link, "full", ["deals"], "key: crm", NOW)
    await starts.ask(warehouse, tenant, link, "reconcile", None, "a person", NOW)

    found = await starts.read(warehouse, tenant, number)
    assert found is not None
    assert (found.status, found.entities, found.asked_by, found.over) == (
        "queued",
        ["deals"],
        "key: crm",
        False,
    )
    due = [(row["kind"], row["due_at"]) for row in await warehouse.rows(tenant, JOBS, {"connection": link})]
    assert due == [("reconcile", NOW), ("sync", NOW)]


async def test_nobody_starts_what_is_another_tenants(warehouse: Warehouse):
    deals = await bench(warehouse)
    other = await connections.put_tenant(warehouse, "other", "Other")

    with pytest.raises(NeedsPerson, match="no connection of the number"):
        await starts.ask(warehouse, other.id, deals.link.id, "full", None, "a stranger", NOW)

    assert await warehouse.rows(other.id, JOBS, {"connection": deals.link.id}) == []
    number = await starts.ask(warehouse, deals.tenant.id, deals.link.id, "full", None, "its owner", NOW)
    assert await starts.read(warehouse, other.id, number) is None
    assert await starts.listed(warehouse, other.id, 10) == []


async def test_a_wish_is_watched_from_its_asking_to_its_end(warehouse: Warehouse):
    deals = await bench(warehouse)
    tenant, link = deals.tenant.id, deals.link.id
    for entities in (["deals"], None):
        await starts.ask(warehouse, tenant, link, "incremental", entities, "a person", NOW)
    await starts.ask(warehouse, tenant, link, "reconcile", None, "a person", NOW)

    first, second = await starts.waiting(warehouse, tenant, link, starts.SYNCS)
    await starts.begin(warehouse, first, NOW)
    await starts.note(warehouse, first, [5, 4])
    await starts.note(warehouse, first, [5, 6])
    assert [one.id for one in await starts.waiting(warehouse, tenant, link, starts.SYNCS)] == [
        first.id,
        second.id,
    ]
    await starts.finish(warehouse, first, NOW)
    await starts.finish(warehouse, second, NOW, error="the portal is closed")

    assert await starts.waiting(warehouse, tenant, link, starts.SYNCS) == []
    _, failed, done = await starts.listed(warehouse, tenant, 10)
    assert (done.status, done.runs, done.begun_at, done.ended_at) == ("completed", [4, 5, 6], NOW, NOW)
    assert (failed.status, failed.error, failed.over) == ("failed", "the portal is closed", True)

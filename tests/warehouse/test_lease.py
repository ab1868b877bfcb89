import pytest

from headwater.core.errors import RetryLater, StopSync
from headwater.testing.sample import NOW, bench
from headwater.warehouse import lease, state
from headwater.warehouse.pool import Warehouse


async def test_a_second_process_is_told_who_holds_the_connection(warehouse: Warehouse):
    deals = await bench(warehouse)
    async with lease.taken(warehouse, deals.tenant.id, deals.link.id, now=NOW):
        with pytest.raises(RetryLater, match="is syncing this connection"):
            async with lease.taken(warehouse, deals.tenant.id, deals.link.id, now=NOW):
                pass


async def test_a_finished_holder_leaves_the_door_open(warehouse: Warehouse):
    deals = await bench(warehouse)
    async with lease.taken(warehouse, deals.tenant.id, deals.link.id, now=NOW) as first:
        pass

    async with lease.taken(warehouse, deals.tenant.id, deals.link.id, now=NOW) as second:
        assert second.fence == first.fence + 1


async def test_a_holder_that_lost_its_session_cannot_commit_any_more(warehouse: Warehouse, database):
    deals = await bench(warehouse)
    holder = lease.taken(warehouse, deals.tenant.id, deals.link.id, now=NOW)
    old = await holder.__aenter__()
    with database.as_admin() as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'headwater lease' "
            "and datname = current_database()"
        )

    async with lease.taken(warehouse, deals.tenant.id, deals.link.id, now=NOW):
        with pytest.raises(StopSync, match="took this connection over"):
            async with warehouse.acting_for(deals.tenant.id) as conn:
                await old.hold(conn)
    await holder.__aexit__(None, None, None)


async def test_a_holder_whose_place_was_taken_cannot_move_a_cursor_by_closing_its_run(warehouse: Warehouse):
    deals = await bench(warehouse)
    tenant, link = deals.tenant.id, deals.link.id
    async with lease.taken(warehouse, tenant, link, now=NOW) as old:
        pass
    async with lease.taken(warehouse, tenant, link, now=NOW):
        before = await state.read(warehouse, tenant, link, "deals")
        with pytest.raises(StopSync, match="took this connection over"):
            await state.finish(
                warehouse, tenant, link, "deals", run=1, sync_type="full", cursor={"top": 99}, until=NOW,
                notes={}, error=None, now=NOW, hold=old.hold,
            )  # fmt: skip

        assert await state.read(warehouse, tenant, link, "deals") == before


async def test_others_see_whether_somebody_holds_it(warehouse: Warehouse):
    one = await bench(warehouse)
    tenant, link = one.tenant.id, one.link.id

    assert not await lease.is_taken(warehouse, tenant, link)
    async with lease.taken(warehouse, tenant, link, now=NOW):
        assert await lease.is_taken(warehouse, tenant, link)
        assert not await lease.is_taken(warehouse, tenant, link + 1)
    assert not await lease.is_taken(warehouse, tenant, link)

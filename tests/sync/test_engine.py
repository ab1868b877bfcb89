"""The whole river in one process: portal, adapter, engine, database. Only time is not real."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from headwater.core.errors import HeadwaterError, NeedsPerson
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Fault, Kind, Options, UserField
from headwater.sync import plan
from headwater.sync.runs import Run
from headwater.testing.river import River, river


@pytest.fixture
async def stream(database) -> AsyncIterator[River]:
    async with river(database.url(), deals=300) as flowing:
        yield flowing


async def test_the_first_sync_makes_the_replica_equal(stream: River):
    run = await stream.sync()

    found = await stream.compare()
    assert run.reading.sync_type == "full"
    assert (found.equal, found.compared) == (True, 300)
    assert found.fields > 300 * 60


async def test_an_increment_brings_what_changed_and_no_more(stream: River):
    await stream.sync()
    changed = stream.portal.work(40)
    stream.settle()

    run = await stream.sync()

    assert (await stream.compare()).equal
    assert run.reading.sync_type == "incremental"
    assert run.stored.created + run.stored.updated == len(set(changed))


async def test_nothing_new_costs_two_requests(stream: River):
    await stream.sync()
    stream.settle()
    await stream.sync()  # the rest of the comments
    stream.settle()
    before = stream.portal.stats.shown()["requests"]

    await stream.sync()

    assert stream.portal.stats.shown()["requests"] - before == 2


async def test_a_thousand_changes_in_one_second_are_all_seen(database):
    async with river(database.url(), deals=1200) as stream:
        await stream.sync()
        for id in [int(record["ID"]) for record in stream.portal.truth()][:1000]:
            stream.portal.change(id, {"TITLE": f"mass edit {id}"})
        stream.settle()

        run = await stream.sync()

        assert (await stream.compare()).equal
        assert run.stored.updated == 1000


async def test_a_new_record_with_old_times_is_found_by_its_id(stream: River):
    await stream.sync()
    stream.settle()
    sample = next(iter(stream.portal.truth()))
    new = stream.portal.store.last_id(stream.portal.deals) + 5
    old = {name: sample[name] for name in ("DATE_CREATE", "DATE_MODIFY", "LAST_ACTIVITY_TIME", "STAGE_ID")}
    stream.portal.change(new, {"TITLE": "imported", **old}, touch=False)

    await stream.sync()

    assert (await stream.compare()).equal


async def test_an_activity_that_leaves_the_modified_time_alone_is_seen(stream: River):
    await stream.sync()
    stream.settle()
    stream.settle()
    first = next(iter(stream.portal.truth()))
    stamp = stream.portal.clock.shown()
    stream.portal.change(int(first["ID"]), {"LAST_ACTIVITY_TIME": stamp}, touch=False)
    stream.settle()

    run = await stream.sync()

    assert run.stored.updated == 1
    assert (await stream.compare()).equal
    assert await stream.rows("select * from headwater.history") == []


async def test_changes_while_pages_are_read_are_there_after_the_next_run(database):
    async with river(database.url(), deals=6000) as stream:

        def meddle(_: Run) -> None:
            stream.portal.work(50)
            stream.clock.advance(1)

        await stream.sync(report=meddle)
        stream.settle()
        await stream.sync(report=meddle)
        stream.settle()
        await stream.sync()

        assert (await stream.compare()).equal


async def test_a_run_cut_in_the_middle_goes_on_after_its_last_page(database):
    async with river(database.url(), deals=6000) as stream:
        stream.portal.add_fault(Fault(Kind.HTML, status=403, skip=2))
        with pytest.raises(HeadwaterError):
            await stream.sync()
        [cut] = await stream.rows("select * from sync_state")

        await stream.sync()

        [log] = await stream.rows("select * from sync_logs where status = 'failed'")
        [state] = await stream.rows("select * from crm_sync_status")
        assert 0 < cut["total_records"] < 6000
        assert log["error_message"]
        assert state["synced_records"] == 6000
        assert (await stream.compare()).equal


async def test_a_full_read_asked_for_later_repairs_a_row_that_was_altered_here(stream: River):
    await stream.sync()
    async with stream.warehouse.acting_for(stream.tenant.id) as conn:
        await conn.execute("update bitrix24.crm_deals set title = 'tampered', _version = 'x'")
        await conn.execute("update crm_deals set version = 'x'")
    assert not (await stream.compare()).equal

    await stream.sync(full=True)

    assert (await stream.compare()).equal


async def test_a_comparison_sees_one_altered_field_of_one_record(stream: River):
    await stream.sync()
    victim = next(iter(stream.portal.truth()))["ID"]
    async with stream.warehouse.acting_for(stream.tenant.id) as conn:
        await conn.execute(
            "update bitrix24.crm_deals set opportunity = opportunity + 0.01 where bitrix_id = %s", [victim]
        )

    found = await stream.compare()

    assert (found.equal, found.differing) == (False, 1)
    assert found.differences[0][:2] == (victim, "OPPORTUNITY")


async def test_a_comparison_sees_a_missing_and_an_extra_record(stream: River):
    await stream.sync()
    ids = [str(record["ID"]) for record in stream.portal.truth()]
    async with stream.warehouse.acting_for(stream.tenant.id) as conn:
        await conn.execute("delete from bitrix24.crm_deals where bitrix_id = %s", [ids[0]])
    stream.portal.remove([int(ids[5])])

    found = await stream.compare()

    assert (found.missing, found.extra) == ([ids[0]], [ids[5]])


async def test_values_no_column_can_hold_stay_beside_it_and_are_told_once(stream: River):
    ids = [int(record["ID"]) for record in stream.portal.truth()]
    stream.portal.change(ids[0], {"OPPORTUNITY": "сто рублей", "TITLE": "nul \0 inside"})
    stream.portal.change(ids[1], {"OPPORTUNITY": "1e400", "DATE_CREATE": "20245-01-01T00:00:00+03:00"})
    stream.portal.change(ids[2], {"BEGINDATE": "0000-00-00T00:00:00+03:00", "COMMENTS": "ы" * 5_000_000})

    run = await stream.sync()

    assert (await stream.compare()).equal
    assert run.notes["OPPORTUNITY"]["count"] == 2
    [log] = await stream.rows("select notes from sync_logs order by id desc limit 1")
    assert log["notes"]["OPPORTUNITY"]["example"] in {str(ids[0]), str(ids[1])}
    [kept] = await stream.rows("select _raw from bitrix24.crm_deals where bitrix_id = %(id)s", id=str(ids[1]))
    assert kept["_raw"]["OPPORTUNITY"] == "1e400"


async def test_a_row_without_an_id_is_kept_aside_and_the_rest_lands(stream: River):
    stream.portal.add_fault(Fault(Kind.NO_ID, method="crm.deal.list", skip=3))

    run = await stream.sync()

    kept = await stream.rows("select external_id, reason, raw from headwater.failed")
    assert (run.stored.failed, len(kept)) == (1, 1)
    assert kept[0]["external_id"] is None
    assert "STAGE_ID" in kept[0]["raw"]
    stored = await stream.rows("select count(*) as n from deals")
    assert stored[0]["n"] == 299


async def test_twins_in_one_answer_are_stored_once(stream: River):
    stream.portal.add_fault(Fault(Kind.DUPLICATE_ROW, method="crm.deal.list", skip=3))

    await stream.sync()

    assert (await stream.compare()).equal


async def test_a_new_field_in_the_middle_gets_its_column_with_the_next_run(stream: River):
    await stream.sync()
    stream.portal.add_user_field(UserField(900, "CRM_DEAL", "UF_CRM_NEW", "double", "Новое поле"))
    first = next(iter(stream.portal.truth()))
    stream.portal.change(int(first["ID"]), {"UF_CRM_NEW": "12.5"})
    stream.settle()

    await stream.sync()

    [row] = await stream.rows("select uf_crm_new from bitrix24.crm_deals where uf_crm_new is not null")
    assert str(row["uf_crm_new"]) == "12.5"
    assert (await stream.compare()).equal


async def test_a_portal_that_locks_us_out_says_so_and_keeps_what_is_here(stream: River):
    await stream.sync()
    stream.portal.set_state("deleted")

    with pytest.raises(NeedsPerson):
        await stream.sync()

    stream.portal.set_state("open")
    stream.settle()
    await stream.sync()
    assert (await stream.compare()).equal


async def test_the_status_tells_how_fresh_the_data_is(stream: River):
    await stream.sync()

    [state] = await stream.rows("select * from crm_sync_status")
    [fresh] = await stream.rows("select last_modified_date from sync_state")
    assert (state["status"], state["total_records"], state["synced_records"]) == ("complete", 300, 300)
    assert timedelta(0) < stream.clock.now() - fresh["last_modified_date"] < timedelta(minutes=1)


async def test_two_tenants_read_two_portals_with_equal_ids_into_one_database(database):
    async with (
        river(database.url(), deals=100, seed=1, tenant="one", host="one.bitrix24.ru") as first,
        river(database.url(), deals=100, seed=2, tenant="two", host="two.bitrix24.ru") as second,
    ):
        await first.sync()
        await second.sync()

        assert (await first.compare()).equal
        assert (await second.compare()).equal
        assert {first.link.slug, second.link.slug} == {"bitrix24", "bitrix24_two"}


async def test_records_named_by_id_are_read_again_and_the_vanished_move_aside(stream: River):
    await stream.sync()
    ids = [str(record["ID"]) for record in stream.portal.truth()]
    stream.portal.change(int(ids[0]), {"TITLE": "edited behind the clock"}, touch=False)
    stream.portal.remove([int(ids[1])])

    run = await stream.sync_ids(ids[0], ids[1], ids[2])

    [gone] = await stream.rows("select external_id, last_row from headwater.gone")
    [state] = await stream.rows("select total_records from sync_state")
    assert (run.read, run.stored.updated, run.stored.deleted) == (2, 1, 1)
    assert gone["external_id"] == ids[1]
    assert state["total_records"] == 299
    assert (await stream.compare()).equal


async def test_a_portal_that_does_not_answer_leaves_its_words_in_the_log(stream: River):
    stream.portal.set_state("deleted")

    with pytest.raises(NeedsPerson):
        await stream.sync()

    [log] = await stream.rows("select status, error_message from sync_logs")
    [state] = await stream.rows("select status, error_message from crm_sync_status")
    assert (log["status"], state["status"]) == ("failed", "error")
    assert log["error_message"] == state["error_message"] != ""


async def test_an_entity_that_is_switched_off_is_left_alone(stream: River):
    await stream.sync()
    async with stream.warehouse.acting_for(stream.tenant.id) as conn:
        await conn.execute("update headwater.sync_config set enabled = false")
    stream.portal.work(10)
    stream.settle()

    assert await stream.sync_all("deals") == []
    assert not (await stream.compare()).equal


async def test_the_secret_of_the_webhook_is_nowhere_in_the_database(newest_database):
    portal = bitrix24.built(Options(deals=40, seed=3, virtual=True))
    async with river(newest_database.url(), portal=portal) as stream:
        await stream.sync_all()

        files = await stream.rows("select files from bitrix24.crm_activities where files is not null")
    portal.close()
    code = portal.books.webhooks[0].code

    assert files
    assert {key for row in files for file in row["files"] for key in file} == {"id"}
    assert newest_database.holding(code) == []


async def test_ranges_that_are_cut_go_on_each_where_it_was(newest_database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(plan, "RANGE_IDS", 1_500)
    async with river(newest_database.url(), deals=6000) as stream:
        stream.portal.add_fault(Fault(Kind.HTML, status=403, skip=3))
        with pytest.raises(HeadwaterError):
            await stream.sync()
        [cut] = await stream.rows("select * from sync_state")

        await stream.sync()

        left = {span["name"]: span["after"] for span in cut["cursor"]["spans"]}
        assert 0 < cut["total_records"] < 6000
        assert 1 <= len(left) <= 3
        assert left.keys() < {"all", "all1", "all2", "all3"}
        [state] = await stream.rows("select * from crm_sync_status")
        assert state["synced_records"] == 6000
        assert (await stream.compare()).equal

"""Reconciliation: ghosts, losses, silent edits and tampering are found, put right, and told."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from headwater.core.errors import NeedsPerson
from headwater.sync.certificate import Alarm
from headwater.testing.river import River, river

DEALS = 300
IDS = "select external_id as id from crm_deals order by length(external_id), external_id"
GONE = "select external_id as id, noticed from headwater.gone order by length(external_id), external_id"


@pytest.fixture
async def stream(newest_database) -> AsyncIterator[River]:
    async with river(newest_database.url(), deals=DEALS) as flowing:
        await flowing.sync()
        yield flowing


async def ids(stream: River) -> list[str]:
    return [row["id"] for row in await stream.rows(IDS)]


async def meddle(stream: River, statement: str) -> None:
    """Somebody with the owner's rights writes behind the engine's back."""
    async with stream.warehouse.acting_for(stream.tenant.id) as conn:
        await conn.execute("set local role hw_owner")
        await conn.execute(statement)


async def test_an_untouched_replica_is_certified_equal(stream: River):
    first = await stream.reconcile(seed=7)
    again = await stream.reconcile(seed=8)

    assert (first.verdict, first.in_source, first.stored_before, first.stored_after) == (
        "equal", DEALS, DEALS, DEALS,
    )  # fmt: skip
    assert (first.sampled, first.seed, first.mismatches) == (DEALS, 7, [])
    assert first.pairs_hash == again.pairs_hash
    [run] = await stream.rows("select * from sync_logs where sync_type = 'reconcile' limit 1")
    assert (run["status"], run["created"], run["updated"]) == ("completed", 0, 0)


async def test_the_hash_is_that_of_what_was_read(stream: River):
    before = await stream.reconcile()
    stream.portal.remove([int((await ids(stream))[5])])

    after = await stream.reconcile()

    assert before.pairs_hash != after.pairs_hash


async def test_deleted_records_move_to_gone_and_to_the_feed(stream: River):
    lost = (await ids(stream))[3:9]
    stream.portal.remove(map(int, lost))

    found = await stream.reconcile()

    assert (found.verdict, found.extra, found.deleted, found.stored_after) == ("repaired", 6, 6, DEALS - 6)
    assert await stream.rows(GONE) == [{"id": id, "noticed": "reconcile"} for id in lost]
    feed = await stream.rows("select external_id as id from headwater.changes where action = 'delete'")
    assert sorted(row["id"] for row in feed) == sorted(lost)
    assert (await stream.reconcile()).verdict == "equal"
    assert (await stream.compare()).equal


async def test_counters_are_what_was_counted(stream: River):
    stream.portal.remove(map(int, (await ids(stream))[:4]))
    await meddle(stream, "update headwater.sync_state set total_records = 7")

    await stream.reconcile()

    [state] = await stream.rows("select total_records, source_records, status from headwater.sync_state")
    assert state == {"total_records": DEALS - 4, "source_records": DEALS - 4, "status": "complete"}


async def test_lost_records_are_read_again(stream: River):
    lost = (await ids(stream))[10:15]
    listed = ", ".join(f"'{id}'" for id in lost)
    await meddle(stream, f"delete from crm_deals where external_id in ({listed})")
    await meddle(stream, f"delete from bitrix24.crm_deals where bitrix_id in ({listed})")

    found = await stream.reconcile()

    assert (found.verdict, found.missing, found.repaired) == ("repaired", 5, 5)
    assert found.examples["missing"] == lost
    assert (await stream.compare()).equal


@pytest.mark.parametrize("table", ["crm_deals", "bitrix24.crm_deals"])
async def test_a_record_in_one_of_its_two_tables_is_made_whole(stream: River, table):
    key = "bitrix_id" if "." in table else "external_id"
    [one, *_] = await ids(stream)
    await meddle(stream, f"delete from {table} where {key} = '{one}'")

    found = await stream.reconcile()

    assert (found.verdict, found.torn, found.examples["torn"]) == ("repaired", 1, [one])
    assert (await stream.compare()).equal
    [state] = await stream.rows("select total_records from headwater.sync_state")
    assert state["total_records"] == DEALS


async def test_an_edit_that_the_windows_lost_is_read_again(stream: River):
    [one, two, *_] = await ids(stream)
    await meddle(
        stream,
        "update bitrix24.crm_deals set title = 'old', date_modify = date_modify - interval '1 day' "
        f"where bitrix_id in ('{one}', '{two}')",
    )

    found = await stream.reconcile()

    assert (found.verdict, found.stale, found.repaired) == ("repaired", 2, 2)
    assert (await stream.compare()).equal


async def test_an_edit_after_the_last_window_is_no_fault(stream: River):
    stream.settle()
    await stream.sync()
    stream.clock.advance(3600)
    [one, *_] = await ids(stream)
    stream.portal.change(int(one), {"TITLE": "later"})

    found = await stream.reconcile()

    assert (found.verdict, found.recent, found.stale) == ("equal", 1, 0)
    assert (await stream.compare()).equal


async def test_an_edit_that_leaves_the_times_alone_is_found_by_the_sample(stream: River):
    [one, *_] = await ids(stream)
    stream.portal.change(int(one), {"TITLE": "silent"}, touch=False)

    found = await stream.reconcile(seed=42)

    assert (found.verdict, found.stale, found.mismatched, found.seed) == ("repaired", 0, 1, 42)
    [mismatch] = found.mismatches
    assert (mismatch.id, mismatch.field, mismatch.in_source) == (one, "TITLE", "silent")
    assert (await stream.compare()).equal
    [history] = await stream.rows("select diff, seen_by from headwater.history")
    assert history["seen_by"] == "reconcile"
    assert history["diff"]["title"][1] == "silent"


async def test_a_silent_edit_of_a_record_dated_ahead_is_a_mismatch_too(stream: River):
    [one, *_] = await ids(stream)
    stream.portal.change(int(one), {"DATE_MODIFY": "2031-01-01T10:00:00+03:00"}, touch=False)
    await stream.sync(full=True)
    stream.portal.change(int(one), {"TITLE": "silent"}, touch=False)

    found = await stream.reconcile()

    assert (found.verdict, found.mismatched) == ("repaired", 1)
    assert (await stream.compare()).equal


async def test_a_time_altered_here_of_a_record_dated_ahead_is_no_edit_of_today(stream: River):
    [one, *_] = await ids(stream)
    stream.portal.change(int(one), {"DATE_MODIFY": "2031-01-01T10:00:00+03:00"}, touch=False)
    await stream.sync(full=True)
    await meddle(
        stream, f"update bitrix24.crm_deals set date_modify = '2030-01-01' where bitrix_id = '{one}'"
    )

    found = await stream.reconcile()

    assert (found.verdict, found.recent, found.mismatched) == ("repaired", 1, 1)
    assert (await stream.compare()).equal


@pytest.mark.parametrize(
    "change",
    [
        "update bitrix24.crm_deals set title = 'nobody wrote this' where bitrix_id = '{id}'",
        "update bitrix24.crm_deals set opportunity = opportunity + 0.01 where bitrix_id = '{id}'",
        "update bitrix24.crm_deals set comments = null, title = null where bitrix_id = '{id}'",
        "update bitrix24.crm_deals set _more = '{{\"note\": 1}}' where bitrix_id = '{id}'",
        "update bitrix24.crm_deals set _raw = '{{\"TITLE\": 1}}' where bitrix_id = '{id}'",
        "update crm_deals set value = coalesce(value, 0) + 0.01 where external_id = '{id}'",
        "update crm_deals set won = not coalesce(won, false) where external_id = '{id}'",
        "update crm_deals set custom_fields = '{{}}', title = 'x' where external_id = '{id}'",
        "update crm_deals set value_rounded = not value_rounded where external_id = '{id}'",
    ],
)
async def test_one_altered_field_of_one_record_is_never_certified_equal(stream: River, change):
    one = (await ids(stream))[77]
    await meddle(stream, change.format(id=one))

    found = await stream.reconcile()

    assert (found.verdict, found.mismatched) == ("repaired", 1)
    assert {mismatch.id for mismatch in found.mismatches} == {one}
    assert (await stream.compare()).equal
    assert (await stream.reconcile()).verdict == "equal"


OTHER = {
    "bigint": "coalesce({0}, 0) + 1",
    "boolean": "({0} is not true)",
    "date": "coalesce({0}, current_date) + 1",
    "jsonb": "coalesce({0}, '{{}}') || '{{\"x\": 1}}'",
    "numeric": "coalesce({0}, 0) + 0.01",
    "text": "coalesce({0}, '') || '?'",
    "timestamp with time zone": "coalesce({0}, now()) + interval '1 second'",
}
"""Another value than a column has, by its type."""
ALTERABLE = """
    select c.table_schema || '.' || c.table_name as name, c.column_name as column, c.data_type as type
      from information_schema.columns as c
     where (c.table_schema, c.table_name) in (('public', 'crm_deals'), ('bitrix24', 'crm_deals'))
       and c.column_name not in ('tenant_id', 'connection_id', 'external_id', 'bitrix_id',
                                 'synced_at', '_synced_at')
     order by 1, c.ordinal_position
"""


async def test_no_column_of_either_table_can_be_altered_unseen(stream: River, newest_database):
    altered = dict(zip(await ids(stream), await stream.rows(ALTERABLE), strict=False))
    with newest_database.as_admin() as admin:
        for id, at in altered.items():
            key = "external_id" if at["name"].startswith("public") else "bitrix_id"
            value = OTHER[at["type"]].format(f'"{at["column"]}"')
            admin.execute(f'update {at["name"]} set "{at["column"]}" = {value} where {key} = %s', [id])

    found = await stream.reconcile()

    rewritten = await stream.rows("select external_id as id from headwater.changes where action = 'update'")
    assert {id: at for id, at in altered.items() if {"id": id} not in rewritten} == {}
    assert (found.verdict, found.stale + found.torn + found.mismatched) == ("repaired", len(altered))
    assert (await stream.compare()).equal
    assert (await stream.reconcile()).verdict == "equal"


async def test_the_sample_is_as_big_as_asked_and_drawn_by_its_seed(stream: River):
    """An altered record is in the sample of a seed always or never."""
    one = (await ids(stream))[0]
    found: dict[int, set[int]] = {}
    for seed in [*range(6), *range(6)]:
        await meddle(stream, f"update crm_deals set title = 'x' where external_id = '{one}'")
        certificate = await stream.reconcile(seed=seed, sample=DEALS // 3)
        found.setdefault(seed, set()).add(certificate.mismatched)
        assert certificate.sampled == DEALS // 3

    assert all(len(outcomes) == 1 for outcomes in found.values())
    assert {mismatched for outcomes in found.values() for mismatched in outcomes} == {0, 1}


async def test_where_the_sample_differs_everything_is_compared(stream: River):
    await meddle(stream, "update crm_deals set title = 'x' where external_id like '%1'")
    [altered] = await stream.rows("select count(*) from crm_deals where title = 'x'")

    found = await stream.reconcile(sample=100)

    assert 0 < altered["count"] == found.mismatched
    assert (found.verdict, found.sampled, found.deepened, found.not_compared) == ("repaired", 100, DEALS, 0)
    assert (await stream.compare()).equal
    assert (await stream.reconcile()).verdict == "equal"


CHOKING = "".join(f"{number:x}" for number in range(3000))  # too long for an index, as random as it can be


async def test_a_record_that_cannot_be_stored_is_counted_once_and_told_in_short(stream: River):
    one = (await ids(stream))[5]
    stream.portal.change(int(one), {"STAGE_ID": CHOKING})
    stream.settle()
    await stream.sync()

    found = await stream.reconcile()

    [kept] = await stream.rows("select external_id as id from headwater.failed")
    assert kept == {"id": one}
    assert (found.verdict, found.failed, found.wrong) == ("unequal", 1, 1)
    told = found.body()["mismatches"]
    assert {"STAGE_ID"} <= {mismatch["field"] for mismatch in told}
    assert all(len(str(mismatch["in_source"])) < 350 for mismatch in told)


async def test_what_waits_in_the_failed_queue_is_never_certified_equal(stream: River):
    """Its times are those that are stored, and the sample does not hit it."""
    one = (await ids(stream))[5]
    stream.portal.change(int(one), {"STAGE_ID": CHOKING}, touch=False)
    await stream.sync(full=True)

    found = await stream.reconcile(sample=0)
    stream.portal.change(int(one), {"STAGE_ID": "NEW"})
    await stream.sync_ids(one)
    mended = await stream.reconcile(sample=0)

    assert (found.verdict, found.failed) == ("unequal", 1)
    assert (mended.verdict, mended.failed) == ("equal", 0)


async def test_many_deletions_at_once_are_alarmed_and_not_applied(stream: River):
    lost = (await ids(stream))[:100]
    stream.portal.remove(map(int, lost))

    found = await stream.reconcile()
    after = await stream.rows(IDS)
    accepted = await stream.reconcile(accept_deletions=True)

    assert (found.verdict, found.extra, found.withheld, found.deleted) == ("unequal", 100, 100, 0)
    facts = {"extra": 100, "stored": DEALS, "asked": 100, "gone": 100, "hidden": 0}
    assert found.alarms == [Alarm("many_gone", facts)]
    assert len(after) == DEALS
    assert (accepted.verdict, accepted.deleted, accepted.stored_after) == ("repaired", 100, DEALS - 100)
    assert (await stream.compare()).equal


async def test_a_loss_of_rights_is_alarmed_and_nothing_vanishes(stream: River):
    stream.link = replace(stream.link, account={"admin": True, "scopes": ["crm", "user"]})
    [person] = [p for p in stream.portal.books.people if p.id == stream.portal.books.webhooks[0].user_id]
    person.admin = False

    found = await stream.reconcile(accept_deletions=True)

    assert found.verdict == "unequal"
    assert found.extra == found.hidden > 0
    assert found.alarms == [Alarm("admin_lost", {"person": f"{person.name} {person.last_name}"})]
    assert (await stream.rows("select count(*) from crm_deals")) == [{"count": DEALS}]
    assert await stream.rows(GONE) == []


async def test_a_record_that_came_back_is_stored_again(stream: River):
    [one, *_] = await ids(stream)
    record = dict(next(r for r in stream.portal.truth() if r["ID"] == one))
    stream.portal.remove([int(one)])
    await stream.reconcile()
    stream.portal.restore(int(one), same_id=True, touch=False)

    found = await stream.reconcile()

    assert (found.verdict, found.missing) == ("repaired", 1)
    assert record["ID"] in await ids(stream)
    assert (await stream.compare()).equal


async def test_a_merge_is_a_vanished_loser_and_a_changed_survivor(stream: River):
    [survivor, loser, *_] = await ids(stream)
    stream.portal.merge([int(survivor), int(loser)])
    stream.settle()
    await stream.sync()

    found = await stream.reconcile()

    assert (found.extra, found.deleted, found.stale) == (1, 1, 0)
    assert [row["id"] for row in await stream.rows(GONE)] == [loser]
    assert (await stream.compare()).equal


async def test_before_the_first_sync_there_is_nothing_to_certify(newest_database):
    async with river(newest_database.url(), deals=5) as stream:
        with pytest.raises(NeedsPerson, match="never read whole; sync first"):
            await stream.reconcile()


async def test_certificates_are_kept(stream: River):
    await stream.reconcile(seed=5)

    [kept] = await stream.rows("select entity, verdict, body from headwater.certificates")

    assert (kept["entity"], kept["verdict"]) == ("deals", "equal")
    assert (kept["body"]["seed"], kept["body"]["in_source"]) == (5, DEALS)
    assert await stream.rows("select from headwater.pairs") == []

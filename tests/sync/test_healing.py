"""What heals by itself: records of the failed queue when they are due, rows when their column is there."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Fault, Kind
from headwater.sync import healing
from headwater.testing.river import River, river

CALM = 700  # seconds after which a window does not reach back to what was changed


@pytest.fixture
async def stream(database) -> AsyncIterator[River]:
    async with river(database.url(), deals=60) as flowing:
        await flowing.sync()
        flowing.clock.advance(CALM)
        await flowing.sync()
        yield flowing


def ids(stream: River) -> list[int]:
    return [int(record["ID"]) for record in stream.portal.truth()]


async def refuse(stream: River, below: int) -> None:
    """From now on the database takes no deal over an amount."""
    async with stream.warehouse.acting_for(stream.tenant.id) as conn:
        await conn.execute("set local role hw_owner")
        await conn.execute("alter table bitrix24.crm_deals drop constraint if exists sane")
        await conn.execute(
            f"alter table bitrix24.crm_deals add constraint sane check (opportunity < {below}) not valid"
        )


async def poisoned(stream: River, count: int = 1) -> list[int]:
    """Records that cannot be stored, in the failed queue."""
    await refuse(stream, 10**9)
    bad = ids(stream)[:count]
    for record in bad:
        stream.portal.change(record, {"OPPORTUNITY": "5000000000"})
    stream.settle()
    await stream.sync()
    stream.clock.advance(CALM)
    await stream.sync()  # their change lies in the overlap of this window; from now on only their time counts
    return bad


async def queue(stream: River) -> list[dict]:
    return await stream.rows("select * from headwater.failed order by id")


def requests(stream: River) -> int:
    return int(stream.portal.stats.shown()["requests"])


async def test_a_poison_record_is_tried_again_ever_more_rarely_and_stops_nothing(stream: River):
    await poisoned(stream)
    stream.clock.advance(CALM)
    tried = []

    for _ in range(60):
        run = await stream.sync()
        tried.append(run.again)
        stream.clock.advance(60)

    gaps = [at for at, again in enumerate(tried) if again]
    assert gaps == [0, 20]
    assert (await stream.rows("select status from crm_sync_status"))[0]["status"] == "complete"


@pytest.mark.parametrize(
    ("tries", "minutes"), [(1, 5), (2, 10), (3, 20), (8, 640), (9, 1280), (10, 1440), (40, 1440)]
)
async def test_the_wait_doubles_from_five_minutes_to_a_day(stream: River, tries: int, minutes: int):
    await poisoned(stream)
    stream.clock.advance(CALM)
    now = stream.clock.now()
    async with stream.warehouse.acting_for(stream.tenant.id) as conn:
        await conn.execute("update headwater.typed_columns set added_at = added_at - interval '9 days'")
    for age, due in ((timedelta(minutes=minutes, seconds=-1), 0), (timedelta(minutes=minutes), 1)):
        async with stream.warehouse.acting_for(stream.tenant.id) as conn:
            await conn.execute("update headwater.failed set tries = %s, last_at = %s", [tries, now - age])

        run = await stream.sync()

        assert run.again == due


async def test_a_record_that_can_be_stored_again_leaves_the_queue_by_itself(stream: River):
    await poisoned(stream, count=3)
    await refuse(stream, 10**12)
    stream.clock.advance(CALM)

    run = await stream.sync()

    assert (run.read, run.again, run.stored.updated) == (0, 3, 3)
    assert await queue(stream) == []
    assert (await stream.compare()).equal


async def test_what_is_due_costs_one_request(stream: River):
    await poisoned(stream, count=30)
    stream.clock.advance(CALM)
    before = requests(stream)

    run = await stream.sync()

    assert run.again == 30
    assert requests(stream) - before == 2 + 1
    assert len(await queue(stream)) == 30


async def test_a_new_column_makes_every_failed_record_due_at_once_and_only_once(stream: River):
    await poisoned(stream, count=2)
    stream.clock.advance(CALM)
    await stream.sync()
    async with stream.warehouse.acting_for(stream.tenant.id) as conn:
        await conn.execute("update headwater.failed set tries = 30")
    stream.clock.advance(60)
    stream.portal.add_field("SIZE", "double")

    first = await stream.sync()
    tries = {row["tries"] for row in await queue(stream)}
    stream.clock.advance(60)
    second = await stream.sync()

    assert (first.stored.failed, tries, second.again) == (2, {31}, 0)


async def test_a_failed_record_that_is_gone_leaves_the_queue_and_moves_aside(stream: River):
    [bad] = await poisoned(stream)
    stream.portal.remove([bad])
    stream.clock.advance(CALM)

    await stream.sync()

    [gone] = await stream.rows("select external_id from headwater.gone")
    assert (await queue(stream), gone["external_id"]) == ([], str(bad))
    assert (await stream.compare()).equal


async def test_a_failed_record_that_is_hidden_from_us_waits_longer(stream: River):
    await poisoned(stream)
    stream.portal.set_rights(admin=False, sees="own")
    stream.clock.advance(CALM)
    before = (await queue(stream))[0]["tries"]

    await stream.sync()

    [entry] = await queue(stream)
    assert entry["tries"] == before + 1
    assert "does not show this record" in entry["reason"]


async def test_a_portal_that_does_not_answer_for_due_records_does_not_fail_the_run(stream: River):
    await poisoned(stream)
    stream.clock.advance(CALM)
    before = (await queue(stream))[0]["tries"]
    stream.portal.add_fault(Fault(Kind.ERROR, key="i*", count=None, code="INTERNAL_SERVER_ERROR", status=500))

    run = await stream.sync()

    assert run.notes[healing.DUE]["count"] == 1
    assert (await queue(stream))[0]["tries"] == before + 1
    assert (await stream.rows("select status from crm_sync_status"))[0]["status"] == "complete"


async def test_a_flag_that_is_false_in_records_nobody_changed_arrives_too(stream: River):
    stream.portal.add_field("VIP", "boolean")

    run = await stream.sync()

    values = await stream.rows("select distinct uf_crm_vip from bitrix24.crm_deals")
    assert (run.read, run.again) == (0, 60)
    assert [row["uf_crm_vip"] for row in values] == [False]
    assert (await stream.compare()).equal


async def test_a_column_without_values_costs_one_more_request_and_then_none(stream: River):
    before = requests(stream)
    await stream.sync()
    usual = requests(stream) - before
    stream.portal.add_field("SIZE", "double")

    before = requests(stream)
    await stream.sync()
    first = requests(stream) - before
    before = requests(stream)
    await stream.sync()

    assert (first, requests(stream) - before) == (usual + 1, usual)


async def test_rows_wait_for_their_column_however_often_the_reading_is_cut(stream: River):
    field = stream.portal.add_field("SIZE", "string").name
    for record in ids(stream):
        stream.portal.change(record, {field: str(record)})
    stream.settle()
    await stream.sync()
    stream.clock.advance(CALM)
    await stream.sync()
    stream.portal.retype_field(field, "double")
    stream.portal.add_fault(Fault(Kind.HTML, status=401, skip=2))
    with pytest.raises(NeedsPerson):
        await stream.sync()
    left = await stream.rows("select heal_below from headwater.typed_columns where heal_below is not null")

    await stream.sync()

    assert len(left) == 1
    assert (await stream.compare()).equal
    assert await stream.rows("select from headwater.typed_columns where heal_below is not null") == []


async def test_rows_hidden_from_us_are_kept_aside_until_they_show_again(stream: River):
    field = stream.portal.add_field("SIZE", "string").name
    first = ids(stream)[0]
    stream.portal.change(first, {field: "12", "OPENED": "N", "ASSIGNED_BY_ID": "999"})
    stream.settle()
    await stream.sync()
    stream.clock.advance(CALM)
    stream.portal.retype_field(field, "double")
    stream.portal.set_rights(admin=False, sees="open")
    await stream.sync()
    kept = [entry["external_id"] for entry in await queue(stream)]
    stream.portal.set_rights(admin=True)
    stream.clock.advance(CALM)

    await stream.sync()

    assert str(first) in kept
    assert await queue(stream) == []
    assert (await stream.compare()).equal


async def test_no_more_than_one_request_is_spent_on_failed_records(stream: River):
    async with stream.warehouse.acting_for(stream.tenant.id) as conn:
        await conn.execute(
            """insert into headwater.failed
                      (tenant_id, connection_id, entity, key, external_id, reason, run_id, first_at, last_at)
               select %s, %s, 'deals', 1000000 + n, 1000000 + n, 'kept', 1, %s, %s
                 from generate_series(1, 2600) as n""",
            [stream.tenant.id, stream.link.id, *[stream.clock.now() - timedelta(days=2)] * 2],
        )

    await stream.sync()

    assert len(await queue(stream)) == 100

import asyncio
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from headwater.core.model import Field, Kind
from headwater.testing.sample import FIELDS, Bench, bench
from headwater.warehouse.pool import Warehouse

TYPED = "select * from bitrix24.crm_deals order by bitrix_id"
DEALS = "select * from deals order by external_id"
DEAL = {
    "ID": "7", "TITLE": "Насосы", "AMOUNT": "100.50", "COUNT": "3", "OPEN": "true", "OWNER": "5",
    "MODIFIED": "2026-11-20T18:00:00+03:00", "BORN": "2026-11-01", "UF_TAGS": ["а", "б"],
}  # fmt: skip


@pytest.fixture
async def deals(warehouse: Warehouse) -> Bench:
    return await bench(warehouse)


async def test_a_record_lands_typed_and_normalised(deals: Bench):
    stored = await deals.store(DEAL, began=1)

    [typed], [normal] = await deals.rows(TYPED), await deals.rows(DEALS)
    assert stored.created == 1
    assert (typed["amount"], typed["count"], typed["open"]) == (Decimal("100.50"), 3, True)
    assert (str(typed["born"]), typed["uf_tags"]) == ("2026-11-01", ["а", "б"])
    assert (normal["title"], normal["value"], normal["custom_fields"]) == (
        "Насосы", Decimal("100.50"), {"uf_tags": ["а", "б"]},
    )  # fmt: skip


async def test_the_same_again_changes_nothing_but_the_read_number(deals: Bench):
    await deals.store(DEAL, began=1)

    stored = await deals.store(DEAL, began=2)

    assert (stored.created, stored.updated, stored.same) == (0, 0, 1)
    assert [row["_began"] for row in await deals.rows(TYPED)] == [2]
    assert await deals.rows("select * from headwater.history") == []


async def test_a_change_is_written_with_its_history(deals: Bench):
    await deals.store(DEAL, began=1)

    await deals.store(DEAL | {"TITLE": "Насосы и трубы", "AMOUNT": "200"}, began=2)

    [change] = await deals.rows("select * from headwater.history")
    assert change["diff"] == {"title": ["Насосы", "Насосы и трубы"], "amount": [100.5, 200]}
    assert (change["external_id"], change["began"], change["seen_by"]) == ("7", 2, "poll")


async def test_fields_that_only_tick_are_stored_but_make_no_history(deals: Bench):
    await deals.store(DEAL | {"SEEN": "2026-11-20T18:00:00+03:00"}, began=1)

    stored = await deals.store(DEAL | {"SEEN": "2026-11-20T19:00:00+03:00"}, began=2)

    [row] = await deals.rows("select seen from bitrix24.crm_deals")
    assert (stored.updated, row["seen"].hour) == (1, 16)
    assert await deals.rows("select * from headwater.history") == []


@pytest.mark.parametrize("late", [1, 2])
async def test_an_older_or_equal_read_never_writes_over_a_newer_one(deals: Bench, late: int):
    await deals.store(DEAL | {"TITLE": "new"}, began=2)

    stored = await deals.store(DEAL | {"TITLE": "old"}, began=late)

    assert stored.older == 1
    assert [row["title"] for row in await deals.rows(TYPED)] == ["new"]
    assert [row["title"] for row in await deals.rows(DEALS)] == ["new"]


async def test_a_value_that_does_not_fit_is_null_and_kept(deals: Bench):
    await deals.store(DEAL | {"AMOUNT": "много", "COUNT": "1.5.2"}, began=1)

    [typed] = await deals.rows(TYPED)
    assert (typed["amount"], typed["count"]) == (None, None)
    assert typed["_raw"] == {"AMOUNT": "много", "COUNT": "1.5.2"}


async def test_characters_postgresql_cannot_hold_are_replaced_and_kept(deals: Bench):
    await deals.store(DEAL | {"TITLE": "a\0b", "UF_TAGS": ["x\0"], "OWNER": "\ud800"}, began=1)

    [typed] = await deals.rows(TYPED)
    assert typed["title"] == "a\N{REPLACEMENT CHARACTER}b"
    assert bytes.fromhex(typed["_raw"]["TITLE"]["$utf16"]).decode("utf-16-be") == "a\0b"
    assert bytes.fromhex(typed["_raw"]["UF_TAGS"][0]["$utf16"]).decode("utf-16-be") == "x\0"
    assert set(typed["_raw"]) == {"TITLE", "UF_TAGS", "OWNER"}


async def test_copy_specials_and_long_texts_arrive_as_they_are(deals: Bench):
    text = "tab\t newline\n return\r backslash\\ \\N \\. " + "я" * 2_500_000

    await deals.store(DEAL | {"TITLE": text}, began=1)

    assert [row["title"] for row in await deals.rows(TYPED)] == [text]


async def test_a_field_metadata_does_not_know_lands_in_more(deals: Bench):
    await deals.store(DEAL | {"FACE_ID": 12, "NEW": {"a": [1]}}, began=1)

    [typed] = await deals.rows(TYPED)
    assert typed["_more"] == {"face_id": 12, "new": {"a": [1]}}


async def test_an_amount_with_more_than_two_decimals_is_shown_rounded_and_kept_exactly(deals: Bench):
    await deals.store(DEAL | {"AMOUNT": "22175.32850000"}, began=1)

    [normal], [typed] = await deals.rows(DEALS), await deals.rows(TYPED)
    assert (normal["value"], normal["value_rounded"]) == (Decimal("22175.33"), True)
    assert typed["amount"] == Decimal("22175.3285")


async def test_a_row_postgresql_refuses_is_set_aside_and_the_rest_lands(deals: Bench):
    async with deals.warehouse.acting_for(deals.tenant.id) as conn:
        await conn.execute("set local role hw_owner")
        await conn.execute("alter table bitrix24.crm_deals add constraint sane check (amount < 1000)")

    stored = await deals.store(
        *({"ID": str(n), "AMOUNT": "5000" if n in (13, 77) else "10"} for n in range(1, 101)), began=1
    )

    kept = await deals.rows("select external_id, reason, raw from headwater.failed order by external_id::int")
    assert (stored.created, stored.failed) == (98, 2)
    assert [row["external_id"] for row in kept] == ["13", "77"]
    assert "sane" in kept[0]["reason"]
    assert kept[0]["raw"] == {"ID": "13", "AMOUNT": "5000"}


async def test_a_failed_record_that_is_stored_later_leaves_the_queue(deals: Bench):
    async with deals.warehouse.acting_for(deals.tenant.id) as conn:
        await conn.execute("set local role hw_owner")
        await conn.execute("alter table bitrix24.crm_deals add constraint sane check (amount < 1000)")
    await deals.store({"ID": "1", "AMOUNT": "5000"}, began=1)
    await deals.store({"ID": "1", "AMOUNT": "6000"}, began=2)
    [before] = await deals.rows("select tries from headwater.failed")

    await deals.store({"ID": "1", "AMOUNT": "10"}, began=3)

    assert before["tries"] == 2
    assert await deals.rows("select * from headwater.failed") == []


async def test_every_change_is_told_in_the_feed(deals: Bench):
    await deals.store(DEAL, began=1)
    await deals.store(DEAL | {"TITLE": "x"}, began=2)
    await deals.store(DEAL | {"TITLE": "x"}, began=3)

    # Another test's open transaction, anywhere in the cluster, holds the readable end of the feed back.
    for _ in range(6_000):
        told = await deals.rows(
            "select external_id, action from headwater.changes "
            "where xid < pg_snapshot_xmin(pg_current_snapshot()) order by era, xid, id"
        )
        if len(told) == 2:
            break
        await asyncio.sleep(0.01)
    assert [tuple(row.values()) for row in told] == [("7", "create"), ("7", "update")]


async def test_new_fields_widen_the_table_while_rows_are_in_it(deals: Bench):
    await deals.store(DEAL, began=1)
    wider = await deals.widened([*FIELDS, Field("UF_SIZE", Kind.NUMBER, label="Размер", custom=True)])

    await wider.store(DEAL | {"UF_SIZE": "12.5"}, began=2)

    [row] = await deals.rows("select uf_size, title from bitrix24.crm_deals_all")
    [change] = await deals.rows("select diff from headwater.history")
    assert (row["uf_size"], change["diff"]) == (Decimal("12.5"), {"uf_size": [None, 12.5]})


async def test_a_removed_field_keeps_its_last_value_and_makes_no_history(deals: Bench):
    await deals.store(DEAL, began=1)
    narrow = await deals.widened([field for field in FIELDS if field.name != "COUNT"])

    await narrow.store({key: DEAL[key] for key in DEAL if key != "COUNT"} | {"TITLE": "x"}, began=100)

    [row] = await deals.rows(TYPED)
    [change] = await deals.rows("select diff from headwater.history")
    assert (row["count"], change["diff"]) == (3, {"title": ["Насосы", "x"]})


async def test_what_comes_to_more_and_leaves_it_is_in_the_history(deals: Bench):
    await deals.store(DEAL | {"NEW": 1, "STAYS": "s"}, began=1)

    await deals.store(DEAL | {"NEWER": [2], "STAYS": "s"}, began=2)

    [change] = await deals.rows("select diff from headwater.history")
    assert change["diff"] == {"new": [1, None], "newer": [None, [2]]}


async def test_a_page_of_everything_at_once_tells_each_fate(deals: Bench):
    await deals.store(*({"ID": id, "TITLE": id} for id in ("same", 'ch"an\\ged', "gone")), began=1)
    await deals.store({"ID": "late"}, began=9)
    await deals.vanish("gone", began=9)

    stored = await deals.store(
        *({"ID": id, "TITLE": title} for id, title in (
            ("same", "same"), ('ch"an\\ged', "x"), ("gone", "gone"), ("late", "x"), ("NULL", "{}"),
        )), began=2,
    )  # fmt: skip

    assert (stored.created, stored.updated, stored.same, stored.older) == (1, 1, 1, 2)
    rows = {row["external_id"]: row["began"] for row in await deals.rows(DEALS)}
    assert rows == {"same": 2, 'ch"an\\ged': 2, "late": 9, "NULL": 2}


async def test_a_busy_table_makes_new_fields_wait_in_more_and_nothing_is_lost(deals: Bench):
    await deals.store(DEAL, began=1)
    with psycopg.connect(deals.warehouse.direct_url) as reader:
        reader.execute("set role hw_owner")
        reader.execute("lock table bitrix24.crm_deals in access share mode")
        waiting = await deals.widened([*FIELDS, Field("UF_SIZE", Kind.NUMBER)])
    await waiting.store(DEAL | {"UF_SIZE": "12.5"}, began=2)
    [row] = await deals.rows(TYPED)
    assert row["_more"] == {"uf_size": 12.5}

    wider = await deals.widened([*FIELDS, Field("UF_SIZE", Kind.NUMBER)])

    [before] = await deals.rows("select uf_size from bitrix24.crm_deals_all")
    await wider.store(DEAL | {"UF_SIZE": "12.5"}, began=3)
    [after] = await deals.rows(TYPED)
    assert (before["uf_size"], after["uf_size"], after["_more"]) == (Decimal("12.5"), Decimal("12.5"), None)


async def test_fields_beyond_the_columns_are_stored_and_shown(warehouse: Warehouse):
    fields = [Field("ID", Kind.TEXT), *(Field(f"UF_{n}", Kind.NUMBER) for n in range(1500))]
    wide = await bench(warehouse, fields=fields)

    await wide.store({"ID": "1"} | {f"UF_{n}": str(n) for n in range(1500)}, began=1)

    [row] = await wide.rows("select * from bitrix24.crm_deals_all")
    assert all(row[f"uf_{n}"] == n for n in range(1500))


async def test_a_row_too_wide_for_postgresql_moves_its_last_fields_to_more(warehouse: Warehouse):
    fields = [Field("ID", Kind.TEXT), *(Field(f"UF_{n}", Kind.TEXT) for n in range(400))]
    wide = await bench(warehouse, fields=fields)
    values: dict[str, Any] = {f"UF_{n}": f"{n:_>23}" for n in range(400)}

    stored = await wide.store({"ID": "1"} | values, began=1)

    [row] = await wide.rows("select * from bitrix24.crm_deals_all")
    assert stored.created == 1
    assert all(row[f"uf_{n}"] == f"{n:_>23}" for n in range(400))


async def test_a_vanished_record_moves_aside_with_its_last_row(deals: Bench):
    await deals.store(DEAL, {**DEAL, "ID": "8"}, began=1)

    gone = await deals.vanish("7", "9", began=2)

    [kept] = await deals.rows("select * from headwater.gone")
    told = await deals.rows("select external_id from headwater.changes where action = 'delete'")
    assert (gone, [row["external_id"] for row in await deals.rows(DEALS)]) == (1, ["8"])
    assert [row["bitrix_id"] for row in await deals.rows(TYPED)] == ["8"]
    assert (kept["external_id"], kept["noticed"], kept["last_row"]["title"]) == ("7", "reconcile", "Насосы")
    assert [row["external_id"] for row in told] == ["7"]


async def test_a_read_from_before_does_not_bring_a_vanished_record_back(deals: Bench):
    await deals.store(DEAL, began=1)
    await deals.vanish("7", began=5)

    late = await deals.store(DEAL, began=3)
    restored = await deals.store(DEAL, began=6)

    assert (late.older, late.created, restored.created) == (1, 0, 1)


async def test_a_record_read_after_it_was_missed_stays(deals: Bench):
    await deals.store(DEAL, began=7)

    gone = await deals.vanish("7", began=5)

    assert (gone, len(await deals.rows(DEALS))) == (0, 1)

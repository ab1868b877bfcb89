"""Rows in typed tables that change under them: versions, unknown keys, wide rows, views, busy tables."""

import json
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.model import Field, Kind
from headwater.testing.sample import FIELDS, NOW, SPEC, Bench, bench, decoder, id_of
from headwater.warehouse.columns import plan
from headwater.warehouse.copytext import json_text, restored
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.rows import make
from headwater.warehouse.shape import Shape

ALL = "select * from bitrix24.crm_deals_all order by bitrix_id"


@pytest.fixture
async def deals(warehouse: Warehouse) -> Bench:
    return await bench(warehouse)


def shape(*fields: Field, have: Any = (), began: int = 0, limit: int = 400) -> Shape:
    """A shape without a database."""
    every = [Field("ID", Kind.TEXT), *fields]
    planned = plan(
        list(have), every, key="ID", key_column="bitrix_id", now=NOW, began=began, limit=limit
    )  # fmt: skip
    return Shape(
        source="bitrix24", key_column="bitrix_id", spec=SPEC, schema="bitrix24", fields=every,
        columns=planned.columns, decode={one.name: decoder(one) for one in every}, id_of=id_of,
    )  # fmt: skip


def test_a_new_column_without_a_value_makes_no_record_another_one():
    before = shape(Field("A", Kind.TEXT))
    after = shape(Field("A", Kind.TEXT), Field("B", Kind.TEXT), have=before.columns, began=5)
    record = {"ID": "1", "A": "x", "B": None}

    assert make(before, record).version == make(after, record).version
    assert make(before, record).version != make(after, record | {"B": "y"}).version


def test_the_same_text_in_another_column_is_another_version():
    """A retyped last column: the line looks the same, and must be written all the same."""
    before = shape(Field("A", Kind.TEXT))
    after = shape(Field("A", Kind.NUMBER), have=before.columns, began=5)

    assert make(before, {"ID": "1", "A": "12"}).version != make(after, {"ID": "1", "A": "12"}).version


def test_a_field_that_came_back_empty_is_written_over_its_former_life():
    first = shape(Field("A", Kind.TEXT))
    without = shape(have=first.columns, began=5)
    again = shape(Field("A", Kind.TEXT), have=without.columns, began=9)

    assert make(without, {"ID": "1"}).version != make(again, {"ID": "1"}).version


def test_unknown_keys_make_the_same_version_in_any_order():
    one = make(shape(), {"ID": "1", "X": 1, "Y": 2, "Z": 3})
    other = make(shape(), {"Z": 3, "Y": 2, "ID": "1", "X": 1})

    assert one.version == other.version


def test_unknown_keys_never_take_the_place_of_a_known_field_or_of_each_other():
    made = make(
        shape(Field("A", Kind.TEXT), limit=0), {"ID": "1", "A": "known", "a": "unknown", "B": 1, "b": 2}
    )

    assert '{"a":"known","b":1,"a_":"unknown","b_":2}' in made.typed


def test_unknown_keys_that_hold_nothing_leave_nothing():
    made = make(shape(), {"ID": "1", "X": "", "Y": [], "Z": {}, "N": None, "F": False, "0": 0})

    assert '{"0":0,"f":false}' in made.typed


raws = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(codec=None), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab$", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(raws)
def test_a_raw_value_comes_back_as_it_was(value: Any):
    assert restored(json.loads(json_text(value))) == value


async def test_rows_of_400_small_lists_fit_or_move_their_last_fields(warehouse: Warehouse):
    """Small lists and maps take far more room in a row than in their text."""
    fields = [Field("ID", Kind.TEXT), *(Field(f"UF_{n}", Kind.JSON) for n in range(400))]
    wide = await bench(warehouse, fields=fields)

    stored = await wide.store({"ID": "1"} | {f"UF_{n}": [n, "ab"] for n in range(400)}, began=1)

    [row] = await wide.rows(ALL)
    assert (stored.created, stored.failed) == (1, 0)
    assert all(row[f"uf_{n}"] == [n, "ab"] for n in range(400))


async def test_values_of_removed_fields_leave_less_room_in_a_row(warehouse: Warehouse):
    fields = [Field("ID", Kind.TEXT), *(Field(f"UF_{n}", Kind.TEXT) for n in range(400))]
    wide = await bench(warehouse, fields=fields)
    await wide.store({"ID": "1"} | {f"UF_{n}": "x" * 22 for n in range(200)}, began=1)
    narrow = await wide.widened([fields[0], *fields[201:]])

    stored = await narrow.store({"ID": "1"} | {f"UF_{n}": "y" * 22 for n in range(200, 400)}, began=100)

    [row] = await narrow.rows(ALL)
    assert (stored.updated, stored.failed) == (1, 0)
    assert {row[f"uf_{n}"] for n in range(200)} == {"x" * 22}
    assert {row[f"uf_{n}"] for n in range(200, 400)} == {"y" * 22}


@pytest.mark.parametrize("kind", [Kind.NUMBER, Kind.INTEGER, Kind.FLAG, Kind.MOMENT, Kind.DATE])
async def test_raw_values_under_a_later_columns_name_never_break_the_view(deals: Bench, kind: Kind):
    raws: list[Any] = ["100|RUB", "", [1], {"a": 1}, 1.5]
    await deals.store(*({"ID": str(at), "UF_NEW": raw} for at, raw in enumerate(raws, start=1)), began=0)
    wider = await deals.widened([*FIELDS, Field("UF_NEW", kind)])

    rows = await wider.rows(ALL)

    assert [row["uf_new"] for row in rows] == [None] * 5


async def test_a_value_of_a_removed_field_that_still_comes_does_not_break_the_view(deals: Bench):
    await deals.store({"ID": "7", "AMOUNT": "5"}, began=1)
    without = await deals.widened([field for field in FIELDS if field.name != "AMOUNT"])

    await without.store({"ID": "7", "AMOUNT": "100|RUB"}, {"ID": "8", "AMOUNT": "100|RUB"}, began=100)

    assert [row["amount"] for row in await without.rows(ALL)] == [5, None]


async def test_a_column_whose_name_the_database_cannot_hold_leaves_its_value_in_more(deals: Bench):
    fields = [*FIELDS, Field("bad\0name", Kind.TEXT, label="nul \0 too"), Field("half\ud800", Kind.TEXT)]
    wider = await deals.widened(fields)

    stored = await wider.store({"ID": "7", "bad\0name": "x", "half\ud800": "y"}, began=100)

    [row] = await wider.rows("select _more from bitrix24.crm_deals")
    assert stored.created == 1
    assert row["_more"] == {"bad\N{REPLACEMENT CHARACTER}name": "x", "half\N{REPLACEMENT CHARACTER}": "y"}


async def test_a_change_of_columns_lasts_through_a_busy_table_with_removed_and_renamed_fields(deals: Bench):
    await deals.store({"ID": "7", "AMOUNT": "5"}, began=1)
    fields = [replace(one, label=f"new {one.name}") for one in FIELDS if one.name != "AMOUNT"]
    with psycopg.connect(deals.warehouse.direct_url) as reader:
        reader.execute("set role hw_owner")
        reader.execute("lock table bitrix24.crm_deals_all in access share mode")
        await deals.widened([*fields, Field("UF_SIZE", Kind.NUMBER)])

    await deals.widened([*fields, Field("UF_SIZE", Kind.NUMBER)])

    said = {
        row["name"]: row["comment"]
        for row in await deals.rows(
            "select attname::text as name, col_description(attrelid, attnum) as comment from pg_attribute"
            " where attrelid = 'bitrix24.crm_deals'::regclass and attnum > 0"
        )
    }
    assert said["title"] == "new TITLE"
    assert said["amount"].startswith("AMOUNT (removed in the source")
    assert said["uf_size"] == "UF_SIZE"

"""Fields that come, go, change their label and their type while the program runs."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from headwater.sandbox.bitrix24.samples import _draw
from headwater.sandbox.bitrix24.userfields import SETTINGS
from headwater.sync.compare import EMPTY
from headwater.testing.river import River, river

TYPES = [*SETTINGS, "rest_7_rating"]
COMMENT = """
select col_description('bitrix24.crm_deals'::regclass, attnum) as on_table,
       (select col_description(v.attrelid, v.attnum) from pg_attribute as v
         where v.attrelid = 'bitrix24.crm_deals_all'::regclass and v.attname = a.attname) as on_view
  from pg_attribute as a
 where attrelid = 'bitrix24.crm_deals'::regclass and attname = %(name)s
"""


@pytest.fixture
async def stream(database) -> AsyncIterator[River]:
    async with river(database.url(), deals=60) as flowing:
        await flowing.sync()
        flowing.settle()
        yield flowing


def ids(stream: River) -> list[int]:
    return [int(record["ID"]) for record in stream.portal.truth()]


async def comment(stream: River, name: str) -> tuple[str, str]:
    [row] = await stream.rows(COMMENT, name=name)
    return row["on_table"], row["on_view"]


async def all_of(stream: River, name: str, record: int) -> Any:
    query = f'select "{name}" as value from bitrix24.crm_deals_all where bitrix_id = %(id)s'
    [row] = await stream.rows(query, id=str(record))
    return row["value"]


async def test_a_new_field_gets_its_column_its_label_and_its_values(stream: River):
    field = stream.portal.add_field("SIZE", "double", label="Размер, 100%").name
    first = ids(stream)[0]
    stream.portal.change(first, {field: "12.5"})
    stream.settle()

    await stream.sync()

    assert await all_of(stream, field.lower(), first) == Decimal("12.5")
    assert await comment(stream, field.lower()) == ("Размер, 100%", "Размер, 100%")
    assert (await stream.compare()).equal


async def test_a_renamed_field_gets_a_new_label_though_people_read_the_table(stream: River):
    field = stream.portal.add_field("SIZE", "double", label="before").name
    await stream.sync()
    stream.portal.rename_field(field, "после")
    with psycopg.connect(stream.warehouse.direct_url) as reader:
        reader.execute("set role hw_owner")
        reader.execute("select * from bitrix24.crm_deals_all").fetchall()

        await stream.sync()

        assert await comment(stream, field.lower()) == ("после", "после")


async def test_a_removed_field_keeps_its_column_and_its_values_and_says_so(stream: River):
    field = stream.portal.add_field("SIZE", "double", label="Размер").name
    first = ids(stream)[0]
    stream.portal.change(first, {field: "12.5"})
    stream.settle()
    await stream.sync()
    stream.portal.remove_field(field)
    stream.portal.change(first, {"TITLE": "changed later"})
    stream.settle()

    await stream.sync()

    [row] = await stream.rows(
        "select uf_crm_size, title from bitrix24.crm_deals where bitrix_id = %(id)s", id=str(first)
    )
    said = (await comment(stream, "uf_crm_size"))[0]
    assert row == {"uf_crm_size": Decimal("12.5"), "title": "changed later"}
    assert said.startswith("Размер (removed in the source, seen 20")
    assert await all_of(stream, "uf_crm_size", first) == Decimal("12.5")
    assert (await stream.compare()).equal


async def test_a_field_that_comes_back_shows_no_value_from_its_former_life(stream: River):
    field = stream.portal.add_field("SIZE", "double").name
    first, second = ids(stream)[:2]
    stream.portal.change(first, {field: "12.5"})
    stream.settle()
    await stream.sync()
    stream.portal.remove_field(field)
    await stream.sync()
    stream.portal.add_field("SIZE", "double")
    stream.portal.change(second, {field: "7"})
    stream.settle()

    await stream.sync()

    columns = await stream.rows(
        "select column_name from headwater.typed_columns where field = %(field)s", field=field
    )
    assert len(columns) == 1
    assert (await all_of(stream, "uf_crm_size", first), await all_of(stream, "uf_crm_size", second)) == (
        None,
        7,
    )
    assert (await stream.compare()).equal


@pytest.mark.parametrize("at_the_end", [True, False], ids=["last column", "column in the middle"])
async def test_a_retyped_field_moves_all_its_values_though_no_record_was_touched(
    stream: River, at_the_end: bool
):
    field = stream.portal.add_field("SIZE", "string").name
    if not at_the_end:
        stream.portal.add_field("AFTER", "string")
    for record in ids(stream)[:20]:
        stream.portal.change(record, {field: str(record)})
    stream.settle()
    await stream.sync()
    stream.clock.advance(600)
    await stream.sync()
    stream.portal.retype_field(field, "double")

    run = await stream.sync()

    assert (run.read, run.again) == (0, 20 + 40)  # those with a value, and a probe of the others
    assert await all_of(stream, "uf_crm_size_2", ids(stream)[0]) == ids(stream)[0]
    assert (await stream.compare()).equal


async def test_a_field_retyped_there_and_back_finds_its_first_column_with_new_values(stream: River):
    field = stream.portal.add_field("SIZE", "string").name
    first = ids(stream)[0]
    stream.portal.change(first, {field: "12"})
    stream.settle()
    await stream.sync()
    stream.portal.retype_field(field, "double")
    await stream.sync()
    stream.portal.change(first, {field: "13"}, touch=False)
    stream.portal.retype_field(field, "string")

    await stream.sync()

    assert await all_of(stream, "uf_crm_size", first) == "13"
    assert (await stream.compare()).equal


async def test_a_retyped_field_takes_over_what_did_not_fit_before(stream: River):
    field = stream.portal.add_field("SIZE", "integer").name
    first = ids(stream)[0]
    stream.portal.change(first, {field: "12.5"})
    stream.settle()
    await stream.sync()
    stream.portal.retype_field(field, "double")

    await stream.sync()

    assert await all_of(stream, "uf_crm_size_2", first) == Decimal("12.5")
    [row] = await stream.rows("select _raw from bitrix24.crm_deals where bitrix_id = %(id)s", id=str(first))
    assert row["_raw"] is None


@pytest.mark.parametrize(
    ("type", "value"),
    [("money", "100|RUB"), ("double", "12.5"), ("datetime", "2026-11-01T10:00:00+03:00"), ("string", "x"),
     ("boolean", "1"), ("integer", "7"), ("date", "2026-11-01T03:00:00+03:00"), ("url", "")],
)  # fmt: skip
async def test_a_field_that_appears_in_the_middle_of_a_read_heals_with_the_next_run(
    stream: River, type: str, value: str
):
    """What the field list did not know lay in _more as it came; no view breaks over it."""
    first, field, done = ids(stream)[0], "UF_CRM_LATE", []

    def appear(_: Any) -> None:
        if not done:
            done.append(stream.portal.add_field("LATE", type))
            stream.portal.change(first, {field: value}, touch=False)

    stream.portal.work(3)
    stream.settle()
    await stream.sync(report=appear)
    await stream.sync_ids(str(first))
    await stream.sync()

    await stream.rows("select * from bitrix24.crm_deals_all")
    [row] = await stream.rows("select _more from bitrix24.crm_deals where bitrix_id = %(id)s", id=str(first))
    assert row["_more"] is None
    assert (await stream.compare()).equal


async def test_raw_values_under_a_new_fields_name_do_not_break_the_view_before_they_are_read_again(
    stream: River,
):
    field = stream.portal.add_field("LATE", "money").name
    first = ids(stream)[0]
    async with stream.warehouse.acting_for(stream.tenant.id) as conn:
        await conn.execute(
            "update bitrix24.crm_deals set _more = %s where bitrix_id = %s",
            ['{"uf_crm_late": "100|RUB"}', str(first)],
        )
    stream.portal.change(first, {field: "100|RUB"}, touch=False)
    stream.portal.set_rights(admin=False, sees="own")  # it cannot be read again now

    await stream.sync()

    assert await all_of(stream, "uf_crm_late", first) is None
    stream.portal.set_rights(admin=True)


async def test_a_busy_table_waits_in_more_and_is_healed_when_it_is_free(stream: River):
    field = stream.portal.add_field("SIZE", "double", label="Размер").name
    retyped = stream.portal.books.user_fields[0].name
    stream.portal.retype_field(retyped, "enumeration", options=("a", "b"))
    first = ids(stream)[0]
    stream.portal.change(first, {field: "12.5"})
    stream.settle()
    with psycopg.connect(stream.warehouse.direct_url) as reader:
        reader.execute("set role hw_owner")
        reader.execute("lock table bitrix24.crm_deals in access share mode")
        await stream.sync()
    [row] = await stream.rows("select _more from bitrix24.crm_deals where bitrix_id = %(id)s", id=str(first))
    assert row["_more"] == {"uf_crm_size": 12.5}
    assert (await stream.compare()).equal

    run = await stream.sync()

    [row] = await stream.rows(
        "select uf_crm_size, _more from bitrix24.crm_deals where bitrix_id = %(id)s", id=str(first)
    )
    assert (row["uf_crm_size"], row["_more"]) == (Decimal("12.5"), None)
    assert run.stored.updated == 1
    assert (await comment(stream, "uf_crm_size"))[0] == "Размер"
    assert (await stream.compare()).equal


async def test_the_view_is_never_absent_while_it_is_replaced_and_keeps_grants_and_views_on_it(
    stream: River, database
):
    with database.as_admin() as admin:
        admin.execute("create role bi_reader" if not _role(admin) else "select 1")
        admin.execute("grant usage on schema bitrix24 to bi_reader")
        admin.execute("grant select on bitrix24.crm_deals_all to bi_reader")
        admin.execute("create view public.mine as select bitrix_id, title from bitrix24.crm_deals_all")
    told: list[int] = []
    over = asyncio.Event()

    async def look() -> None:
        while not over.is_set():
            [row] = await stream.rows("select count(*) as n from bitrix24.crm_deals_all")
            told.append(row["n"])

    looking = asyncio.create_task(look())
    for number in range(5):
        stream.portal.add_field(f"N{number}", "double")
        await stream.sync()
    over.set()
    await looking

    with database.as_admin() as admin:
        [granted] = admin.execute(
            "select has_table_privilege('bi_reader', 'bitrix24.crm_deals_all', 'select')"
        )
        [mine] = admin.execute("select count(*) from public.mine")
        admin.execute("drop owned by bi_reader")
    assert set(told) == {60}
    assert (granted, mine) == ((True,), (60,))


def _role(admin: Any) -> bool:
    return admin.execute("select 1 from pg_roles where rolname = 'bi_reader'").fetchone() is not None


HOSTILE = [
    "Ж" * 60 + "1", "Ж" * 60 + "2", "select", "user", "A\"B'C", "per%s cent%", "a b;c--", "{braces}", "_RAW",
    "İstanbul", "ёлка", "字段", "tab\tname", "ID", "VERSION", "TENANT_ID", "BITRIX_ID", "CTID", "$1", "?",
]  # fmt: skip


async def test_names_of_every_kind_become_columns_and_hold_their_values(stream: River):
    """Long, equal after cutting, reserved, quoted, with placeholders, in other alphabets, and ours."""
    fields = [stream.portal.add_field(name, "string", label=f"label of {name} %s").name for name in HOSTILE]
    first = ids(stream)[0]
    stream.portal.change(first, {name: f"value of {name}" for name in fields})
    stream.settle()

    run = await stream.sync()

    columns = await stream.rows("select column_name::text as name, field from headwater.typed_columns")
    place = {row["field"]: row["name"] for row in columns}
    [row] = await stream.rows("select * from bitrix24.crm_deals_all where bitrix_id = %(id)s", id=str(first))
    assert run.stored.updated == 1
    assert {name: row[place[name]] for name in fields} == {name: f"value of {name}" for name in fields}
    assert (await stream.compare()).equal


async def test_fifteen_hundred_filled_fields_of_every_type_arrive_and_are_equal(database):
    async with river(database.url(), deals=20) as stream:
        dice, zone, books = stream.portal._dice, stream.portal.clock.zone, stream.portal.books
        stream.portal.add_fields(
            {"name": f"W{n}", "type": TYPES[n % len(TYPES)], "label": f"Поле {n}", "multiple": n % 3 == 0,
             "options": ("a", "b") if TYPES[n % len(TYPES)] == "enumeration" else ()}
            for n in range(1500)
        )  # fmt: skip
        table = stream.portal.deals
        for record in ids(stream):
            values = {}
            for n in range(1500):
                field = table.fields[f"UF_CRM_W{n}"]
                value = _draw(field, books, dice, zone)(1_770_000_000)
                values[field.name] = value if isinstance(value, list) or not field.multiple else [value]
            stream.portal.change(record, values)

        run = await stream.sync()

        found = await stream.compare()
        [row] = await stream.rows("select count(*) as n from headwater.typed_columns where place = 'column'")
        [seen] = await stream.rows("select * from bitrix24.crm_deals_all limit 1")
        assert (run.stored.created, run.stored.failed) == (20, 0)
        assert (found.equal, found.compared) == (True, 20)
        assert found.fields >= 20 * 1560
        assert row["n"] == 400
        truth = stream.portal.get(int(seen["bitrix_id"]))
        filled = {
            name.lower()
            for name, value in truth.items()
            if name.startswith("UF_CRM_W") and value not in EMPTY
        }
        assert len(filled) > 1400
        assert {name for name in filled if seen[name] is None} == set()

"""A portal after ten years, 286 fields of 33 types in every form there is: its table is readable, nothing is lost."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from headwater.core.model import Field, Row
from headwater.sandbox.bitrix24 import Options, Portal, built, widen
from headwater.sandbox.bitrix24.wide import DIRTY, WIDTH
from headwater.sync import proof
from headwater.sync.compare import Comparison
from headwater.sync.overview import standings
from headwater.sync.runs import Run
from headwater.testing.river import River, river
from headwater.warehouse.columns import LIMIT

DEALS = 2 * 8 * len(DIRTY)
"""So many that every form of a value, also of several, meets every dirty record."""
NOT_LISTED = {"CONTACT_IDS", "OBSERVERS"}  # told of a deal, or of an item, and shown in no list of deals
PLACES = "select column_name as name, field, kind, place from headwater.typed_columns where entity = 'deals' order by position"
SHOWN = """
    select a.attname as name, col_description(a.attrelid, a.attnum) as comment
      from pg_attribute as a
     where a.attrelid = %(relation)s::regclass and a.attnum > 0 and not a.attisdropped
"""


@pytest.fixture
def portal(request: pytest.FixtureRequest) -> Iterator[Portal]:
    made = built(Options(deals=DEALS, whole=False, virtual=True))
    widen(made, width=getattr(request, "param", WIDTH))
    yield made
    made.close()


@pytest.fixture
async def wide(newest_database: Any, portal: Portal) -> AsyncIterator[River]:
    async with river(newest_database.url(), portal=portal) as flowing:
        yield flowing


async def fields_of(flowing: River) -> dict[str, Field]:
    source = flowing.source()
    try:
        return {one.name: one for one in (await source.survey(["deals"])).fields["deals"]}
    finally:
        await source.close()


async def compared(flowing: River) -> Comparison:
    """What is stored against what the portal's lists can be made to show."""

    async def truth() -> AsyncIterator[Row]:
        for record in flowing.portal.truth(listed=True):
            yield record

    source = flowing.source()
    try:
        found = await proof.all_compared(flowing.warehouse, flowing.link, source, {"deals": truth()})
    finally:
        await source.close()
    return found["deals"]


async def deals(flowing: River) -> Run:
    [run] = await flowing.sync_all("deals")
    return run


async def test_every_field_has_a_column_and_nothing_is_lost(wide: River) -> None:
    run = await deals(wide)

    fields = await fields_of(wide)
    places = await wide.rows(PLACES)
    found = await compared(wide)
    assert {one.key for one in fields.values()} == set(wide.portal.deals.fields) - NOT_LISTED
    assert len({one.type for one in fields.values()}) == 33
    assert {row["field"] for row in places} == set(fields) - {"ID"}
    assert {row["place"] for row in places} == {"column"}
    assert run.stored.created == run.read == found.compared == DEALS
    assert found.equal, found.differences
    assert found.fields == DEALS * (len(fields) - 1)
    assert await wide.rows("select * from headwater.failed") == []


async def test_columns_are_called_as_in_the_portal(wide: River) -> None:
    await deals(wide)

    for relation in ("bitrix24.crm_deals", "bitrix24.crm_deals_all"):
        comments = {row["name"]: row["comment"] for row in await wide.rows(SHOWN, relation=relation)}
        assert {one.name: comments[one.name.lower()] for one in wide.portal.books.fields_of("CRM_DEAL")} == {
            one.name: one.label for one in wide.portal.books.fields_of("CRM_DEAL")
        }


async def test_options_are_called_as_in_the_portal_and_others_stay_as_they_are(wide: River) -> None:
    await deals(wide)

    customs = wide.portal.books.fields_of("CRM_DEAL")
    enumerations = [one for one in customs if one.type == "enumeration"]
    directories = [one for one in customs if one.type == "crm_status"]
    labels = await wide.rows(
        "select field, id, label from crm_labels where entity = 'deals' and lang = '' and field like 'uf_crm_%%'"
    )
    assert len(enumerations) > 30
    assert len(directories) > 5
    assert {(row["field"], row["id"]): row["label"] for row in labels} == {
        (one.name.lower(), str(option)): label for one in enumerations for option, label in one.options
    } | {
        (one.name.lower(), entry.code): entry.name
        for one in directories
        for entry in wide.portal.books.entries(str(one.settings["ENTITY_TYPE"]))
    }
    single = [one.name.lower() for one in enumerations if not one.multiple]
    said = " union all ".join(
        f"select {name} as id, '{name}' as field from bitrix24.crm_deals" for name in single
    )
    unknown = await wide.rows(
        f"select distinct v.id, k.label from ({said}) as v left join crm_labels as k"
        " on k.entity = 'deals' and k.field = v.field and k.id = v.id and k.lang = '' where v.id is not null"
    )
    assert "999999" in {row["id"] for row in unknown if row["label"] is None}
    assert {row["label"] for row in unknown if row["label"]} <= {
        label for one in enumerations for _, label in one.options
    }


async def test_what_nobody_knows_the_type_of_is_kept_and_reported(wide: River) -> None:
    run = await deals(wide)

    strange = {name: one for name, one in (await fields_of(wide)).items() if one.unknown}
    [standing] = [
        one for one in await standings(wide.warehouse, wide.tenant.id, [wide.link]) if one.entity == "deals"
    ]
    assert {one.type for one in strange.values()} == {
        "rest_7_rating", "rest_12_rating", "video", "hlblock", "disk_file", "string_formatted",
    }  # fmt: skip
    assert {one.multiple for one in strange.values()} == {True, False}
    assert set(strange) == set(run.notes) == set(standing.notes)
    for name, one in strange.items():
        assert one.type in standing.notes[name]["reason"]
        assert ("json" if one.multiple else "text") in standing.notes[name]["reason"]


@pytest.mark.parametrize("portal", [450], indirect=True)
async def test_a_table_wider_than_a_table_can_be_shows_everything_all_the_same(wide: River) -> None:
    await deals(wide)

    places = await wide.rows(PLACES)
    aside = [row["name"] for row in places if row["place"] == "more"]
    shown = {row["name"] for row in await wide.rows(SHOWN, relation="bitrix24.crm_deals_all")}
    found = await compared(wide)
    assert len(places) - len(aside) == LIMIT
    assert len(aside) > 40
    assert {row["name"] for row in places} <= shown
    assert found.equal, found.differences
    last = aside[-1]
    kept = await wide.rows(
        f"select count(*) filter (where _more ? '{last}') as aside, count({last}) as shown"
        " from bitrix24.crm_deals as t join bitrix24.crm_deals_all as v using (bitrix_id)"
    )
    assert kept[0]["aside"] == kept[0]["shown"] > 0


ODD = [
    True, False, 0, 1, -1.5, 1e25, 2**53, "", "0", "true", "null", '{"a":1}', [], {}, [1, [2]], [None],
    {"path": "/v.mp4", "width": 640}, {"deep": {"deeper": [1.0, "ы"]}}, "a\0b",
]  # fmt: skip


async def test_any_value_of_an_unknown_type_is_kept_exactly(wide: River) -> None:
    strange = [one for one in wide.portal.books.fields_of("CRM_DEAL") if one.type == "rest_12_rating"]
    single, several = (next(one for one in strange if one.multiple is many) for many in (False, True))
    ids = [int(row["ID"]) for row in wide.portal.truth()]
    for id, value in zip(ids, ODD, strict=False):
        wide.portal.change(id, {single.name: value, several.name: [value]})

    run = await deals(wide)

    found = await compared(wide)
    assert run.stored.failed == 0
    assert found.equal, found.differences
    assert run.notes[single.name]["count"] == 1  # PostgreSQL cannot hold a zero character

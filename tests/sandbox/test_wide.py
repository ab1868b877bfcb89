"""A portal after ten years: 286 fields of 33 types on deals, and every form of value there is."""

from collections import Counter

import orjson
import pytest

from headwater.sandbox.bitrix24 import Portal, PortalClock, wide
from headwater.sandbox.bitrix24.books import load
from headwater.sandbox.bitrix24.wide import DIRTY, FORMS, WIDTH, widen


@pytest.fixture
def broad(portal):
    portal.limits.rules.on = False
    widen(portal, seed=3)
    return portal


@pytest.fixture
def fields(broad, tell):
    return tell("crm.deal.fields")["result"]


def everything(tell, method, **params):
    """All rows of a list, page by page."""
    rows, start = [], 0
    while start is not None:
        page = tell(method, {**params, "start": start})
        rows += page["result"]["items"] if isinstance(page["result"], dict) else page["result"]
        start = page.get("next")
    return rows


def test_deals_have_286_fields_of_33_types(fields):
    types = Counter(one["type"] for one in fields.values())

    assert len(fields) == WIDTH == 286
    assert len(types) == 33
    assert {"rest_12_rating", "money", "address", "file", "resourcebooking", "iblock_element", "iblock_section",
            "enumeration", "employee", "crm", "crm_status", "url", "boolean", "datetime", "video"} <= set(types)  # fmt: skip
    assert {one["type"] for one in fields.values() if not one["isDynamic"]} == {
        "integer", "string", "crm_status", "crm_currency", "double", "char", "crm_lead", "crm_company",
        "crm_contact", "crm_quote", "date", "user", "datetime", "location", "crm_category", "crm_entity",
    }  # fmt: skip


def test_the_portal_as_a_whole_has_every_word_for_a_type_that_records_have(broad, tell):
    words = set()
    for family in ("lead", "deal", "contact", "company", "activity", "product"):
        words |= {one["type"] for one in tell(f"crm.{family}.fields")["result"].values()}
    words |= {
        one["type"] for one in tell("crm.item.fields", {"entityTypeId": 177})["result"]["fields"].values()
    }

    assert words >= {
        "integer", "string", "text", "char", "double", "date", "datetime", "boolean", "user", "file", "location",
        "object", "crm_status", "crm_category", "crm_currency", "crm_company", "crm_contact", "crm_lead",
        "crm_deal", "crm_quote", "crm_entity", "crm_multifield", "crm_activity_binding",
        "crm_activity_communication", "crm_enum_activitytype", "crm_enum_activitystatus",
        "crm_enum_activitypriority", "crm_enum_activitynotifytype", "crm_enum_activitydirection",
        "crm_enum_contenttype", "crm_enum_ownertype", "diskfile", "product_file",
    }  # fmt: skip


def test_the_custom_fields_are_described_alike_everywhere(broad, tell, fields):
    listed = everything(tell, "crm.deal.userfield.list", filter={"LANG": "ru"})
    items = tell("crm.item.fields", {"entityTypeId": 2})["result"]["fields"]

    custom = {name: one for name, one in fields.items() if one["isDynamic"]}
    assert {one["FIELD_NAME"]: one["USER_TYPE_ID"] for one in listed} == {
        name: one["type"] for name, one in custom.items()
    }
    assert {one["upperName"] for one in items.values()} >= set(custom)
    several = {one["type"] for one in custom.values() if one["isMultiple"]}
    assert several >= {"string", "enumeration", "integer", "double", "date", "crm", "resourcebooking"}
    labels = Counter(one["LIST_COLUMN_LABEL"] for one in listed)
    assert max(labels.values()) > 1  # the same label twice, as happens
    options = [option["ID"] for one in listed for option in one.get("LIST", ())]
    assert len(options) == len(set(options))


def test_every_form_of_a_single_value_occurs(broad, tell, fields):
    rows = everything(tell, "crm.deal.list", select=["*", "UF_*"], order={"ID": "ASC"})
    seen: dict[str, set[str]] = {}
    for name, one in fields.items():
        if one["isDynamic"] and not one["isMultiple"]:
            seen.setdefault(one["type"], set()).update(orjson.dumps(row[name]).decode() for row in rows)

    options = {item["ID"] for one in fields.values() for item in one.get("items", ())}
    drawn = {"{option}": options, "{person}": {"1"}, "{industry}": {"IT"}}
    missing = {
        (kind, str(form))
        for kind, forms in FORMS.items()
        if kind != "resourcebooking"  # always of several values
        for form in forms
        if not seen[kind] & {orjson.dumps(one).decode() for one in drawn.get(str(form), [form])}
    }
    assert missing == set()
    assert {orjson.dumps(one).decode() for one in wide._BARE} <= seen["crm"]


def test_every_form_of_several_values_occurs(broad, tell, fields):
    rows = everything(tell, "crm.deal.list", select=["*", "UF_*"])

    for name, one in fields.items():
        if one["isDynamic"] and one["isMultiple"]:
            kinds = {len(row[name]) if isinstance(row[name], list) else row[name] for row in rows}
            assert {False, 1} <= kinds, (name, one["type"])
            assert max(size for size in kinds if isinstance(size, int)) >= 2, (name, one["type"])


def test_items_show_native_values_of_everything(broad, tell, fields):
    names = {one["upperName"]: name for name, one in
             tell("crm.item.fields", {"entityTypeId": 2})["result"]["fields"].items()}  # fmt: skip
    items = everything(tell, "crm.item.list", entityTypeId=2, select=["*"])
    of = {kind: [names[name] for name, one in fields.items()
                 if one["type"] == kind and one["isDynamic"] and not one["isMultiple"]]
          for kind in FORMS}  # fmt: skip

    assert len(items) == broad.store.count(broad.deals)
    assert {item[name] for item in items for name in of["boolean"]} <= {"Y", "N"}
    assert {type(item[name]) for item in items for name in of["integer"]} == {int, type(None)}
    assert {type(item[name]) for item in items for name in of["employee"]} == {int, type(None)}
    lists = [names[name] for name, one in fields.items() if one["isDynamic"] and one["isMultiple"]]
    assert all(isinstance(item[name], list) for item in items for name in lists)


def test_deals_are_dirty_in_every_way(broad):
    deals = list(broad.truth())

    for way in DIRTY:
        assert any(all(deal[name] == value for name, value in way.items()) for deal in deals), way


def test_a_wide_portal_goes_on_working(broad, tell):
    first = next(broad.truth())
    broad.work(30)
    name = next(one.name for one in broad.deals.columns if one.custom and one.type == "string")
    tell("crm.deal.update", {"id": first["ID"], "fields": {name: "новое"}})

    assert tell("crm.deal.list", {"filter": {f"={name}": "новое"}})["total"] == 1
    assert broad.get(int(first["ID"]))[name] == "новое"


def test_the_same_seed_widens_alike_and_a_wider_portal_is_refused(broad, believable):
    again = Portal(load(believable["books"]), clock=PortalClock(broad.clock.now()), seed=7)
    again.store.put(again.deals, believable["deals"])
    widen(again, seed=3)

    assert list(again.truth()) == list(broad.truth())
    with pytest.raises(ValueError, match="286 fields already, more than 100"):
        widen(again, width=100)
    widen(again, width=300)
    assert sum(not one.modern for one in again.deals.fields.values()) == 300
    again.close()

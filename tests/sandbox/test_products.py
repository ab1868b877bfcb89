"""The catalogue in both its forms, and the products of deals."""

import json
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
ROWS = [
    {"PRODUCT_ID": 450, "PRODUCT_NAME": "Насос", "PRICE": 899.1, "DISCOUNT_RATE": 10, "QUANTITY": 2},
    {"PRODUCT_NAME": "Доставка", "PRICE": "100", "TAX_RATE": 20, "TAX_INCLUDED": "Y"},
]


@pytest.fixture
def sold(tell):
    """A deal with two rows; its id."""
    number = tell("crm.deal.add", {"fields": {"TITLE": "sold"}})["result"]
    assert tell("crm.deal.productrows.set", {"id": number, "rows": ROWS})["result"] is True
    return number


@pytest.fixture
def product(tell):
    """A product; its id."""
    fields = {"NAME": "Насос", "PRICE": 999, "PROPERTY_258": {"valueId": "9735", "value": "A-1"}}
    return tell("crm.product.add", {"fields": fields})["result"]


def test_classic_rows_mix_texts_and_numbers(tell, sold):
    first, second = tell("crm.deal.productrows.get", {"id": sold})["result"]

    assert (first["ID"], first["OWNER_ID"], first["OWNER_TYPE"]) == ("1", str(sold), "D")
    assert (first["PRODUCT_ID"], first["PRICE"], first["PRICE_ACCOUNT"]) == (450, 899.1, "899.10")
    assert (first["PRICE_BRUTTO"], first["DISCOUNT_SUM"], first["QUANTITY"]) == (999, 99.9, 2)
    assert (second["PRICE"], second["PRICE_EXCLUSIVE"], second["TAX_RATE"]) == (100, 83.33, 20)


def test_new_rows_have_the_recorded_form(tell, sold):
    golden = json.loads((GOLDEN / "crm_item_productrow_list.json").read_text())
    recorded = golden["result"]["result"]["cmd0000000000"]["productRows"][0]
    given = tell("crm.item.productrow.list", {"filter": {"=ownerType": "D", "=ownerId": [sold, 999_999]}})

    row = given["result"]["productRows"][0]
    assert given["total"] == 2
    assert list(row) == list(recorded)
    for name, value in recorded.items():
        assert value is None or isinstance(row[name], str) == isinstance(value, str), name


def test_the_amount_follows_the_rows_unless_it_is_manual(tell, portal, sold):
    followed = portal.get(sold)
    portal.clock.advance(60)
    tell("crm.deal.update", {"id": sold, "fields": {"IS_MANUAL_OPPORTUNITY": "Y", "OPPORTUNITY": 5}})
    portal.clock.advance(60)
    tell("crm.deal.productrows.set", {"id": sold, "rows": ROWS[:1]})
    manual = portal.get(sold)

    assert followed["OPPORTUNITY"] == "1898.20"
    assert manual["OPPORTUNITY"] == "5.00"
    assert manual["DATE_MODIFY"] == "2026-11-20T12:01:00+03:00"


def test_a_recalculated_amount_is_a_change_of_the_deal(tell, portal, sold):
    portal.add_handler("http://handler.example/", events=["ONCRMDEALUPDATE"])
    portal.clock.advance(60)
    tell("crm.deal.productrows.set", {"id": sold, "rows": []})

    assert (portal.get(sold)["OPPORTUNITY"], portal.get(sold)["DATE_MODIFY"]) == (
        "0.00",
        "2026-11-20T12:01:00+03:00",
    )
    assert len(portal.events.take()) == 1


def test_rows_get_new_ids_with_every_save(tell, sold):
    before = [row["ID"] for row in tell("crm.deal.productrows.get", {"id": sold})["result"]]
    rows = [{"productName": "x", "price": 10, "quantity": 3}]
    asked = {"ownerType": "D", "ownerId": sold, "productRows": rows}
    given = tell("crm.item.productrow.set", asked)["result"]["productRows"]

    assert [row["price"] * row["quantity"] for row in given] == [30]
    assert not {str(row["id"]) for row in given} & set(before)


def test_rows_go_and_come_with_their_deal(tell, portal, sold):
    portal.remove([sold])
    back = portal.restore(sold)

    assert len(tell("crm.deal.productrows.get", {"id": back})["result"]) == 2
    gone = tell("crm.deal.productrows.get", {"id": sold})
    assert gone["error_description"] == "The parameter id is invalid or not defined."


def test_a_product_is_the_same_in_both_forms(tell, product):
    old = tell("crm.product.get", {"id": product})["result"]
    asked = {"select": ["id", "iblockId", "name", "property258"], "filter": {"iblockId": 23, "id": product}}
    new = tell("catalog.product.list", asked)

    assert (old["NAME"], old["PRICE"], old["CATALOG_ID"]) == ("Насос", "999.00", "23")
    assert new["result"]["products"] == [
        {"id": product, "iblockId": 23, "name": "Насос", "property258": {"valueId": "9735", "value": "A-1"}}
    ]
    assert new["total"] == 1


def test_properties_are_listed_when_named(tell, product):
    plain = tell("crm.product.list")["result"][0]
    named = tell("crm.product.list", {"select": ["ID", "PROPERTY_258"]})["result"][0]

    assert "PROPERTY_258" not in plain
    assert named["PROPERTY_258"]["value"] == "A-1"


@pytest.mark.parametrize(
    "asked", [{}, {"select": ["id"], "filter": {"iblockId": 23}}, {"select": ["id", "iblockId"]}]
)
def test_the_new_catalogue_insists_on_its_fields(tell, asked):
    assert "error" in tell("catalog.product.list", asked)


def test_a_changed_product_is_found_by_its_time(tell, portal, product):
    portal.clock.advance(60)
    tell("crm.product.update", {"id": product, "fields": {"PRICE": 1}})
    later = "2026-11-20T12:01:00+03:00"

    asked = {"select": ["id", "iblockId"], "filter": {"iblockId": 23, ">=timestampX": later}}
    assert len(tell("catalog.product.list", asked)["result"]["products"]) == 1
    assert portal.get(product, "product")["TIMESTAMP_X"] == later

"""Orders of the online shop, what belongs to them, and what may be written."""

import json

import pytest

from headwater.sandbox.bitrix24 import Portal, PortalClock, found, live


def order_of(hear, number):
    return hear("sale.order.get", {"id": number})["result"]["order"]


def test_an_order_adds_up_and_is_whole(whole, hear):
    for listed in hear("sale.order.list", {"order": {"id": "ASC"}})["result"]["orders"]:
        order = order_of(hear, listed["id"])
        basket, (payment,), (shipment,) = order["basketItems"], order["payments"], order["shipments"]

        assert listed.items() <= order.items()
        assert order["price"] == sum(item["price"] * item["quantity"] for item in basket) == payment["sum"]
        assert (payment["paid"], shipment["deducted"]) == (order["payed"], order["deducted"])
        assert {item["orderId"] for item in basket} == {str(order["id"])}
        assert [item["basketId"] for item in shipment["shipmentItems"]] == [
            int(item["id"]) for item in basket
        ]
        assert {client["entityTypeId"] for client in order["clients"]} <= {3, 4}


def test_every_order_is_of_a_deal_there_is(whole, hear):
    bonds = hear("crm.orderentity.list", {"order": {"orderId": "ASC"}})["result"]["orderEntity"]

    assert [bond["orderId"] for bond in bonds] == whole.store.ids(whole.tables["sale_order"])
    assert all(whole.get(bond["ownerId"]) and bond["ownerTypeId"] == 2 for bond in bonds)
    narrow = hear("crm.orderentity.list", {"select": ["orderId", "ownerId"], "filter": {">orderId": 1}})[
        "result"
    ]
    assert narrow["orderEntity"] == [
        {"orderId": bond["orderId"], "ownerId": bond["ownerId"]} for bond in bonds[1:]
    ]


def test_whoever_is_no_admin_sees_the_orders_of_the_deals_they_see(whole, hear):
    whole.set_rights(sees="own", code="seller")
    seen = {
        int(deal["ID"])
        for deal in hear("crm.deal.list", {"select": ["ID"], "start": -1}, code="seller")["result"]
    }

    bonds = hear("crm.orderentity.list", code="seller")["result"]["orderEntity"]

    every = {bond["ownerId"] for bond in hear("crm.orderentity.list")["result"]["orderEntity"]}
    assert {bond["ownerId"] for bond in bonds} == every & seen != every


def test_a_merge_of_deals_takes_the_orders_along(whole, hear):
    first, second = hear("crm.orderentity.list", {"order": {"orderId": "ASC"}})["result"]["orderEntity"][:2]

    whole.merge([first["ownerId"], second["ownerId"]])

    moved = hear("crm.orderentity.list", {"filter": {"ownerId": first["ownerId"]}})["result"]["orderEntity"]
    assert [bond["orderId"] for bond in moved] == [first["orderId"], second["orderId"]]


def test_parts_are_found_by_their_order(whole, hear):
    ids = whole.store.ids(whole.tables["sale_order"])[:2]
    listed = {"basketItems": "basketitem", "payments": "payment", "shipments": "shipment"}

    for wrapper, kind in listed.items():
        rows = hear(f"sale.{kind}.list", {"filter": {"orderId": ids}, "select": ["id", "orderId"]})["result"][
            wrapper
        ]
        assert {row["orderId"] for row in rows} == set(ids)
        assert all(set(row) == {"id", "orderId"} for row in rows)


def test_a_status_is_written_dated_and_counted(whole, hear):
    before = order_of(hear, 1)
    whole.clock.advance(3600)
    fields = {"statusId": "P", "canceled": "Y", "reasonCanceled": "передумали", "payed": "Y", "price": 1}

    after = hear("sale.order.update", {"id": 1, "fields": fields})["result"]["order"]

    now = whole.clock.shown()
    changed = {name for name, value in after.items() if value != before[name]} - {"requisiteLink"}
    assert changed <= {
        "statusId", "canceled", "reasonCanceled", "version", "dateUpdate", "dateStatus", "dateCanceled",
        "empStatusId", "empCanceledId",
    }  # fmt: skip
    assert (after["statusId"], after["canceled"], after["version"]) == ("P", "Y", before["version"] + 1)
    assert (after["dateUpdate"], after["dateCanceled"]) == (now, now)
    assert after.items() >= {"payed": before["payed"], "price": before["price"]}.items()
    changed_since = hear("sale.order.list", {"filter": {">=dateUpdate": now}})["result"]["orders"]
    assert [order["id"] for order in changed_since] == [1]


@pytest.mark.parametrize(
    ("method", "params", "code", "seller"),
    [
        ("sale.order.get", {"id": 99_999}, 200540400001, False),
        ("sale.order.get", {}, "100", False),
        ("sale.order.update", {"id": 1}, "100", False),
        ("sale.order.update", {"id": 1, "fields": {"statusId": "ZZ"}}, 0, False),
        ("sale.order.list", {}, 200040300010, True),
        ("sale.order.update", {"id": 1, "fields": {"comments": "x"}}, 200040300020, True),
    ],
)
def test_refusals_have_numbers(whole, hear, method, params, code, seller):
    given = hear(method, params, code="seller" if seller else "admin")

    assert given["error"] == code


def test_statuses_have_names_in_a_list_of_their_own(hear):
    statuses = hear("sale.status.list", {"filter": {"type": "O"}, "order": {"sort": "DESC"}})["result"][
        "statuses"
    ]
    names = hear("sale.statuslang.list", {"filter": {"lid": "ru"}})["result"]["statusLangs"]

    assert [one["id"] for one in statuses] == ["F", "P", "N"]
    assert {one["id"] for one in statuses} < {one["statusId"] for one in names}
    assert hear("sale.status.get", {"id": "N"})["result"]["status"] in statuses


def test_a_webhook_without_the_scope_gets_no_orders(whole, hear):
    whole.set_rights(scopes=["crm"])

    assert hear("sale.order.list")["error"] == "insufficient_scope"


def test_the_same_seed_sells_the_same(whole):
    again = Portal(found(7, code="admin"), clock=PortalClock(whole.clock.now()), seed=7)
    live(again, 70, seed=7)

    for name in ("sale_order", "sale_basketitem", "task", "requisite"):
        assert json.dumps(list(again.truth(name))) == json.dumps(list(whole.truth(name)))
    again.close()

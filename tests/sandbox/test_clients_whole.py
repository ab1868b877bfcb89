"""The judges read and write everything a portal has: so many records, so many ids, and what was written is there."""

import pytest
from fast_bitrix24 import BitrixAsync

from headwater.sandbox.bitrix24 import Options, served

LISTS = {
    "lead": ("crm.lead.list", {}),
    "deal": ("crm.deal.list", {}),
    "contact": ("crm.contact.list", {}),
    "company": ("crm.company.list", {}),
    "activity": ("crm.activity.list", {}),
    "call": ("voximplant.statistic.get", {}),
    "product": ("crm.product.list", {}),
    "requisite": ("crm.requisite.list", {}),
    "deal_stages": ("crm.stagehistory.list", {"entityTypeId": 2}),
    "lead_stages": ("crm.stagehistory.list", {"entityTypeId": 1}),
    "dynamic_177": ("crm.item.list", {"entityTypeId": 177, "select": ["id", "title"]}),
    "sale_order": ("sale.order.list", {}),
    "sale_basketitem": ("sale.basketitem.list", {}),
    "sale_payment": ("sale.payment.list", {}),
    "sale_shipment": ("sale.shipment.list", {}),
    "task": ("tasks.task.list", {}),
}
"""Tables by what lists them."""


def books_of(portal):
    """The ids of what is no record."""
    books = portal.books
    return {
        "user.get": [str(one.id) for one in books.people],
        "department.get": [str(one.id) for one in books.departments],
        "crm.status.list": [str(one.id) for one in books.statuses],
        "crm.category.list": [str(one.id) for one in books.pipelines],
        "crm.currency.list": [one.code for one in books.currencies],
        "userfieldconfig.list": [str(one.id) for one in books.user_fields],
    }


BOOKS = {"crm.category.list": {"entityTypeId": 2}, "userfieldconfig.list": {"moduleId": "crm"}}


def ids(rows):
    """The ids of rows, whatever they are called."""
    return [str(next(row[name] for name in ("ID", "id", "CURRENCY") if name in row)) for row in rows]


def sold(portal):
    """The owners of product rows, and the deals with comments."""
    owners = sorted({row["OWNER_ID"] for row in portal.truth("productrow")})
    told = sorted({row["ENTITY_ID"] for row in portal.truth("comment")}, key=int)
    return owners, told


def same(given, wanted):
    """So many rows, each once, and no others."""
    assert len(given) == len(set(given)) == len(wanted)
    assert sorted(given) == sorted(wanted)


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore:You are selecting all fields"
)
async def test_fast_bitrix24_reads_and_writes_all_there_is(whole):
    owners, told = sold(whole)
    truth = {name: [row["ID"] for row in whole.truth(name)] for name in (*LISTS, "comment", "productrow")}
    deal, order = truth["deal"][0], int(truth["sale_order"][0])
    async with served(whole, Options()) as address:
        client = BitrixAsync(address.webhook, verbose=False)
        read = {name: await client.get_all(method, params=params) for name, (method, params) in LISTS.items()}
        books = {method: await client.get_all(method, params=BOOKS.get(method)) for method in books_of(whole)}
        comments = [
            await client.get_all(
                "crm.timeline.comment.list", params={"filter": {"ENTITY_TYPE": "deal", "ENTITY_ID": one}}
            )
            for one in told
        ]
        mine = {"=ownerType": "D", "ownerId": owners}  # its own encoding breaks arrays under a name with =
        rows = await client.get_all("crm.item.productrow.list", params={"filter": mine})

        activity = {"OWNER_TYPE_ID": 2, "OWNER_ID": deal, "TYPE_ID": 3, "SUBJECT": "сделать"}
        comment = {"ENTITY_TYPE": "deal", "ENTITY_ID": deal, "COMMENT": "слово"}
        made = {
            "activity": await client.call("crm.activity.add", [{"fields": activity}] * 3),
            "comment": await client.call("crm.timeline.comment.add", [{"fields": comment}] * 3),
            "product": await client.call("crm.product.add", [{"fields": {"NAME": "Насос"}}] * 3),
        }
        items = await client.call(
            "crm.item.add", [{"entityTypeId": 177, "fields": {"title": "x", "observers": [2]}}] * 3
        )
        await client.call(
            "crm.item.productrow.set",
            [{"ownerType": "D", "ownerId": deal, "productRows": [{"productName": "x", "price": 5}]}],
        )
        await client.call("sale.order.update", [{"id": order, "fields": {"statusId": "P"}}])

    for name, found in read.items():
        same(ids(found), truth[name])
    for method, found in books.items():
        same(ids(found), books_of(whole)[method])
    same(ids(row for rows_of_one in comments for row in rows_of_one), truth["comment"])
    same(ids(rows), truth["productrow"])
    for name, numbers in made.items():
        assert len({*numbers}) == 3
        written = {
            "activity": ("SUBJECT", "сделать"),
            "comment": ("COMMENT", "слово"),
            "product": ("NAME", "Насос"),
        }
        assert all(whole.get(one, name)[written[name][0]] == written[name][1] for one in numbers)
    assert all(item["observers"] == [2] and whole.get(item["id"], "dynamic_177") for item in items)
    assert [row["PRICE"] for row in whole.truth("productrow") if str(row["OWNER_ID"]) == deal] == [5]
    assert whole.get(order, "sale_order")["STATUS_ID"] == "P"


READ = """
    import json, sys
    from b24pysdk import BitrixWebhook, Client, Config
    Config().configure(default_timeout=(3.05, 60), default_max_retries=3)
    hook = BitrixWebhook(domain=sys.argv[1], webhook_token=sys.argv[2])
    client = Client(hook)
    crm, sale = client.crm, client.sale
    asked = json.loads(sys.argv[3])
    fast = {
        "lead": crm.lead.list(select=["ID"]),
        "deal": crm.deal.list(select=["ID"]),
        "contact": crm.contact.list(select=["ID"]),
        "company": crm.company.list(select=["ID"]),
        "activity": crm.activity.list(select=["ID"]),
        "requisite": crm.requisite.list(select=["ID"]),
        "deal_stages": crm.stagehistory.list(entity_type_id=2),
        "lead_stages": crm.stagehistory.list(entity_type_id=1),
        "dynamic_177": crm.item.list(entity_type_id=177, select=["id"]),
        "sale_order": sale.order.list(select=["id"]),
        "sale_basketitem": sale.basketitem.list(select=["id"]),
        "sale_payment": sale.payment.list(select=["id"]),
        "sale_shipment": sale.shipment.list(select=["id"]),
        "task": client.tasks.task.list(select=["ID"]),
        "productrow": crm.item.productrow.list(filter={"=ownerType": "D", "=ownerId": asked["owners"]}),
    }
    books = {
        "user.get": client.user.get(),
        "department.get": client.department.get(),
        "crm.status.list": crm.status.list(),
        "crm.category.list": crm.category.list(2),
        "crm.currency.list": crm.currency.list(),
        "userfieldconfig.list": client.userfieldconfig.list("crm"),
        "call": client.voximplant.statistic.get(sort="ID", order="ASC"),
        "sale_order": sale.order.list(),
        "task": client.tasks.task.list(),
    }
    told = {"fast": {}, "books": {}}
    for name, request in fast.items():
        told["fast"][name] = list(request.as_list_fast().result)
    for name, request in books.items():
        told["books"][name] = list(request.as_list().result)
    told["books"]["product"] = hook.call_list(api_method="crm.product.list", params={})["result"]
    several = client.call_batches([
        crm.timeline.comment.list({"ENTITY_TYPE": "deal", "ENTITY_ID": one}) for one in asked["told"]
    ]).result.result
    told["comments"] = [row for rows in several for row in rows]
    deal = asked["deal"]
    activity = {"OWNER_TYPE_ID": 2, "OWNER_ID": deal, "TYPE_ID": 3, "SUBJECT": "do"}
    told["activity"] = crm.activity.add(activity).result
    told["updated"] = crm.activity.update(told["activity"], {"SUBJECT": "done"}).result
    told["comment"] = crm.timeline.comment.add(
        {"ENTITY_TYPE": "deal", "ENTITY_ID": deal, "COMMENT": "word"}
    ).result
    told["bound"] = crm.deal.contact.add(deal, {"CONTACT_ID": asked["contact"]}).result
    told["item"] = crm.item.add(entity_type_id=177, fields={"title": "x"}).result["item"]["id"]
    told["rows"] = crm.item.productrow.set(deal, "D", [{"productName": "x", "price": 5}]).result
    told["order"] = sale.order.update(asked["order"], {"statusId": "P"}).result["order"]["statusId"]
    told["user_fields"] = len(client.user.fields().result)
    told["phones"] = crm.duplicate.findbycomm("PHONE", [asked["phone"]]).result
    told["imported"] = crm.item.batch_import(2, [{"title": "a"}, {"title": "b"}]).result["items"]
    print(json.dumps(told))
"""


async def test_b24pysdk_reads_and_writes_all_there_is(whole, tmp_path, told_by):
    owners, told_of = sold(whole)
    truth = {name: [row["ID"] for row in whole.truth(name)] for name in (*LISTS, "comment", "productrow")}
    deal, order = int(truth["deal"][0]), int(truth["sale_order"][0])
    contact = next(row for row in whole.truth("contact") if row.get("PHONE"))
    (free,) = whole.insert({}, entity="contact")
    asked = {
        "owners": owners, "told": told_of, "deal": deal, "contact": free, "order": order,
        "phone": contact["PHONE"][0]["VALUE"],
    }  # fmt: skip
    truth["contact"].append(str(free))
    ca = tmp_path / "ca.pem"
    books = books_of(whole)
    async with served(whole, Options(tls=True, ca_file=ca)) as address:
        told = await told_by(READ, address, ca, asked)

    for name, rows in told["fast"].items():
        same(ids(rows), truth[name])
    for name, rows in told["books"].items():
        same(ids(rows), books.get(name) or truth[name])
    same(ids(told["comments"]), truth["comment"])
    assert whole.get(told["activity"], "activity")["SUBJECT"] == "done"
    assert whole.get(told["comment"], "comment")["COMMENT"] == "word"
    assert whole.get(told["item"], "dynamic_177")["TITLE"] == "x"
    assert [row["price"] for row in told["rows"]["productRows"]] == [5]
    assert whole.get(order, "sale_order")["STATUS_ID"] == told["order"] == "P"
    assert int(contact["ID"]) in told["phones"]["CONTACT"]
    assert [whole.get(one["item"]["id"])["TITLE"] for one in told["imported"]] == ["a", "b"]
    assert (told["updated"], told["bound"], told["user_fields"]) == (True, True, 64)

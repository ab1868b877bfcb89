"""The judges: the vendors' own clients, unchanged, against a live portal."""

import subprocess
import sys
from datetime import datetime

import pytest
from fast_bitrix24 import BitrixAsync

from headwater.sandbox.bitrix24 import Options, served

NOW = datetime.fromisoformat("2026-11-20T12:00:00+03:00")


@pytest.fixture
def generous(portal):
    """Many requests in no time of a virtual clock need a portal without limits."""
    portal.limits.rules.on = False
    return portal


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
async def test_fast_bitrix24_reads_batches_and_writes(generous):
    async with served(generous, Options()) as address:
        client = BitrixAsync(address.webhook, verbose=False)
        deals = await client.get_all("crm.deal.list", params={"filter": {">ID": 0}})
        items = await client.get_all("crm.item.list", params={"entityTypeId": 2, "select": ["id", "title"]})
        users = await client.get_all("user.get")
        chosen = [int(deal["ID"]) for deal in deals[:60]]
        by_id = await client.get_by_ID("crm.deal.get", chosen)
        changed = await client.call(
            "crm.deal.update", [{"ID": number, "fields": {"TITLE": f"new {number}"}} for number in chosen]
        )
        profile = await client.call("profile", raw=True)
        linked = await client.call_batch(
            {
                "halt": 0,
                "cmd": {
                    "d": "crm.deal.list?select[]=ID&filter[>ID]=100&order[ID]=ASC",
                    "g": "crm.deal.get?id=$result[d][0][ID]",
                },
            }
        )

    truth = {deal["ID"]: deal for deal in generous.truth()}
    assert sorted(deal["ID"] for deal in deals) == sorted(truth)
    assert sorted(item["id"] for item in items) == sorted(map(int, truth))
    assert len(users) == len(generous.books.people)
    assert sorted(by_id) == sorted(map(str, chosen))
    assert changed == (True,) * 60
    assert {truth[str(number)]["TITLE"] for number in chosen} == {f"new {number}" for number in chosen}
    assert profile["result"]["ID"] == "1"
    assert linked["g"]["ID"] == linked["d"][0]["ID"]


async def test_b24pysdk_reads_batches_and_writes(generous, tmp_path, told_by):
    script = """
        import json, sys
        from b24pysdk import BitrixWebhook, Client, Config
        Config().configure(default_timeout=(3.05, 60), default_max_retries=3)
        hook = BitrixWebhook(domain=sys.argv[1], webhook_token=sys.argv[2])
        client = Client(hook)
        page = client.crm.deal.list(select=["ID", "TITLE"], filter={">ID": 0})
        told = {"page": [len(page.result), page.response.total, page.response.next]}
        told["every"] = [deal["ID"] for deal in client.crm.deal.list(select=["ID"]).as_list().result]
        told["fast"] = [deal["ID"] for deal in client.crm.deal.list(select=["ID"]).as_list_fast().result]
        items = client.crm.item.list(entity_type_id=2, select=["id", "title"])
        told["items"] = [item["id"] for item in items.as_list_fast().result]
        get = client.crm.deal.get
        batch = client.call_batch({"a": get(bitrix_id=1), "b": get(bitrix_id=999999)})
        told["batch"] = [sorted(batch.result.result), sorted(batch.result.result_error)]
        first = [int(one) for one in told["every"][:100]]
        many = client.call_batches([client.crm.deal.get(bitrix_id=one) for one in first]).result.result
        told["many"] = len(many)
        told["added"] = client.crm.deal.add(fields={"TITLE": "from the SDK", "OPPORTUNITY": 5}).result
        told["updated"] = client.crm.deal.update(bitrix_id=told["added"], fields={"TITLE": "again"}).result
        told["deleted"] = client.crm.deal.delete(bitrix_id=1).result
        told["fields"] = len(client.crm.item.fields(entity_type_id=2).result["fields"])
        told["profile"] = hook.call_method(api_method="profile", params={})["result"]["ADMIN"]
        print(json.dumps(told))
    """
    ca = tmp_path / "ca.pem"
    ids = [deal["ID"] for deal in generous.truth()]
    async with served(generous, Options(tls=True, ca_file=ca)) as address:
        told = await told_by(script, address, ca)

    assert told["page"] == [50, 160, 50]
    assert sorted(told["every"], key=int) == told["fast"] == ids
    assert told["items"] == [int(one) for one in ids]
    assert told["batch"] == [["a"], ["b"]]
    assert told["many"] == 100
    assert generous.get(told["added"])["TITLE"] == "again"
    assert (told["updated"], told["deleted"], told["profile"]) == (True, True, True)
    assert generous.get(1) is None


CLASSIC = {"lead": 1, "contact": 3, "company": 4}


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore:You are selecting all fields"
)
async def test_fast_bitrix24_reads_and_writes_every_entity(whole):
    read, items, written = {}, {}, {}
    async with served(whole, Options()) as address:
        client = BitrixAsync(address.webhook, verbose=False)
        for entity, number in CLASSIC.items():
            select = {"select": ["*", "UF_*", "PHONE", "EMAIL", "WEB", "IM", "LINK"]}
            read[entity] = await client.get_all(f"crm.{entity}.list", params=select)
            items[entity] = await client.get_all("crm.item.list", params={"entityTypeId": number})
            made = await client.call(f"crm.{entity}.add", [{"fields": {"TITLE": "t", "NAME": "n"}}] * 3)
            phones = {"PHONE": [{"VALUE": "+1 555 0100", "VALUE_TYPE": "WORK"}]}
            await client.call(f"crm.{entity}.update", [{"ID": one, "fields": phones} for one in made])
            written[entity] = await client.get_by_ID(f"crm.{entity}.get", made)
        tables = {
            "activity": await client.get_all("crm.activity.list"),
            "deal_stages": await client.get_all("crm.stagehistory.list", params={"entityTypeId": 2}),
            "product": await client.get_all("crm.product.list"),
            "dynamic_177": await client.get_all("crm.item.list", params={"entityTypeId": 177}),
        }
        bound = await client.get_by_ID(
            "crm.deal.contact.items.get", [deal["ID"] for deal in whole.truth() if deal["CONTACT_ID"]]
        )
        departments = await client.get_all("department.get")

    for entity in CLASSIC:
        truth = {record["ID"]: record for record in whole.truth(entity)}
        new = set(written[entity])
        assert {row["ID"]: row for row in read[entity]} == {
            number: record for number, record in truth.items() if number not in new
        }
        assert {item["id"] for item in items[entity]} == {int(row["ID"]) for row in read[entity]}
        assert all(record["PHONE"][0]["VALUE"] == "+1 555 0100" for record in written[entity].values())
    for name, rows in tables.items():
        ids = sorted(int(row.get("ID") or row["id"]) for row in rows)
        assert ids == whole.store.ids(whole.tables[name]), name
    assert bound
    assert len(departments) == len(whole.books.departments)


async def test_b24pysdk_reads_every_entity(whole, tmp_path, told_by):
    script = """
        import json, sys
        from b24pysdk import BitrixWebhook, Client, Config
        Config().configure(default_timeout=(3.05, 60), default_max_retries=3)
        hook = BitrixWebhook(domain=sys.argv[1], webhook_token=sys.argv[2])
        client = Client(hook)
        told = {}
        for name in ("lead", "contact", "company"):
            family = getattr(client.crm, name)
            told[name] = [one["ID"] for one in family.list(select=["ID"]).as_list_fast().result]
            page = family.list(select=["ID", "PHONE"]).result
            told[name + "_phones"] = sum("PHONE" in one for one in page)
            told[name + "_fields"] = len(family.fields().result)
            told[name + "_customs"] = len(family.userfield.list().result)
        told["activity"] = [one["ID"] for one in client.crm.activity.list(select=["ID"]).as_list_fast().result]
        history = client.crm.stagehistory.list(entity_type_id=2).as_list_fast().result
        told["deal_stages"] = [str(one["ID"]) for one in history]
        items = client.crm.item.list(entity_type_id=177, select=["id"]).as_list_fast().result
        told["dynamic_177"] = [str(one["id"]) for one in items]
        print(json.dumps(told))
    """
    ca = tmp_path / "ca.pem"
    async with served(whole, Options(tls=True, ca_file=ca)) as address:
        told = await told_by(script, address, ca)

    for name in ("lead", "contact", "company", "activity", "deal_stages", "dynamic_177"):
        assert told[name] == [record["ID"] for record in whole.truth(name)], name
    for name in CLASSIC:
        assert told[f"{name}_phones"] > 0
        assert told[f"{name}_customs"] == len(whole.books.fields_of(f"CRM_{name.upper()}"))


def test_the_server_says_where_it_is_and_stops_when_told(tmp_path):
    script = (
        "from headwater.sandbox.bitrix24 import Options, serve\n"
        "serve(Options(deals=5, working=50.0, control_token='t', code='c'))"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    first, second = running.stdout.readline(), running.stdout.readline()
    running.terminate()
    out, err = running.communicate(timeout=30)

    assert first.startswith("http://127.0.0.1:")
    assert first.endswith("/rest/1/c/\n")
    assert second == "control token: t\n"
    assert (running.returncode, out, err) == (0, "", "")

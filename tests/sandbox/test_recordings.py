"""Real portals as judges: what they answered is what a portal with the same records answers."""

import json
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from headwater.sandbox.bitrix24 import Portal, PortalClock, Rules
from headwater.sandbox.bitrix24.books import Books, Person, Pipeline, Process, Status, UserField, Webhook
from headwater.sandbox.bitrix24.rest import Request, answer

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime.fromisoformat("2026-11-20T12:00:00+03:00")
NAMES = {str: "text", int: "number", float: "number", bool: "flag", type(None): "null"}
BATCH_KEYS = {"result", "result_error", "result_total", "result_next", "result_time"}


def recorded(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


def inside(recording):
    """The one result of a recorded batch."""
    (found,) = recording["result"]["result"].values()
    return found


def new(**books):
    made = Books(people=[Person(1, "Анна", admin=True)], webhooks=[Webhook(1, "admin")], **books)
    return Portal(made, clock=PortalClock(NOW), rules=Rules(on=False))


@pytest.fixture
def ask():
    """Asks a portal, and closes it afterwards."""
    used = []

    def call(portal, method, params=None):
        used.append(portal)
        path = f"/rest/1/admin/{method}"
        made = answer(portal, Request("1", "admin", method, params or {}, client="10.0.0.1", path=path))
        return orjson.loads(made.body)

    yield call
    for portal in used:
        portal.close()


def same_envelope(given, golden):
    """Beside the result everything is of the recorded form; what portals send by now may be there too."""
    for took in (given["time"], *(_times(given))):
        assert {name: type(value) for name, value in took.items() if name in golden["time"]}.keys() >= (
            golden["time"].keys() - {"operating", "operating_reset_at"}
        )
    assert {name: NAMES[type(value)] for name, value in given.items() if name in ("total", "next")} == {
        name: NAMES[type(value)] for name, value in golden.items() if name in ("total", "next")
    }
    if isinstance(golden["result"], dict) and golden["result"].keys() == BATCH_KEYS:
        assert given["result"].keys() == BATCH_KEYS
        for name in BATCH_KEYS - {"result", "result_time"}:
            assert given["result"][name] == golden["result"][name]
        times = given["result"]["result_time"], golden["result"]["result_time"]
        assert len(times[0]) == len(times[1])
        assert type(times[0]) is type(times[1])
    return True


def _times(given):
    times = given["result"].get("result_time") if isinstance(given["result"], dict) else None
    return times.values() if isinstance(times, dict) else times or []


def pipelines(portal, recording):
    """Gives a portal the pipelines whose stages were recorded."""
    for number, stages in recording.items():
        pipeline = Pipeline(int(number), f"Воронка {number}", 10)
        portal.books.pipelines.append(pipeline)
        statuses(portal, pipeline.book, stages)


def statuses(portal, book, entries):
    for entry in entries:
        portal.books.statuses.append(
            Status(len(portal.books.statuses) + 1, book, entry["STATUS_ID"], entry["NAME"], entry["SORT"])
        )


def test_an_empty_list_in_a_batch(ask):
    golden = recorded("batch_list_empty")
    key = next(iter(golden["result"]["result"]))

    given = ask(new(), "batch", {"halt": 0, "cmd": {key: "crm.deal.list?filter[TITLE]=nobody"}})

    assert given["result"]["result"] == golden["result"]["result"]
    assert same_envelope(given, golden)


def test_stages_of_several_pipelines_in_one_batch(ask):
    golden, portal = recorded("crm_dealcategory_stage_list.response"), new()
    request = recorded("crm_dealcategory_stage_list.request")
    pipelines(portal, golden["result"]["result"])

    given = ask(portal, request["method"], request["params"])

    assert given["result"]["result"] == golden["result"]["result"]
    assert same_envelope(given, golden)


def test_stages_of_one_pipeline_in_a_batch_of_one(ask):
    golden, portal = recorded("crm_dealcategory_stage_list_batch_of_one.response"), new()
    pipelines(portal, {"0": golden["result"]["result"][0]})

    given = ask(portal, "batch", recorded("crm_dealcategory_stage_list_batch_of_one.request"))

    assert given["result"]["result"] == golden["result"]["result"]
    assert same_envelope(given, golden)


def test_lists_in_a_batch_of_a_caller(ask):
    golden, portal = recorded("call_batch"), new()
    books = {"statuses": "STATUS", "sources": "SOURCE"}
    for name, book in books.items():
        statuses(portal, book, golden["result"]["result"][name])
    commands = {name: f"crm.status.entity.items?entityId={book}" for name, book in books.items()}

    given = ask(portal, "batch", {"halt": 0, "cmd": commands})

    assert given["result"]["result"] == golden["result"]["result"]
    assert same_envelope(given, golden)


def test_pipelines(ask):
    golden, portal = recorded("crm_category_list"), new()
    portal.books.pipelines = [
        Pipeline(one["id"], one["name"], one["sort"]) for one in golden["result"]["categories"]
    ]

    given = ask(portal, "crm.category.list", {"entityTypeId": 2})

    assert given["result"] == golden["result"]
    assert given["total"] == golden["total"]
    assert same_envelope(given, golden)


def test_one_page_of_leads(ask):
    golden, portal = recorded("crm_lead_list_one_page_success"), new()
    for lead in golden["result"]:
        portal.change(int(lead["ID"]), {"TITLE": lead["TITLE"]}, entity="lead")

    given = ask(portal, "crm.lead.list", {"select": ["ID", "TITLE"], "order": {"ID": "ASC"}})

    assert given["result"] == golden["result"]
    assert given["total"] == golden["total"]
    assert same_envelope(given, golden)


def test_leads_one_by_one_in_a_batch(ask):
    golden, portal = recorded("call_several_success"), new()
    leads = golden["result"]["result"]
    for lead in leads.values():
        portal.change(int(lead["ID"]), {"TITLE": lead["TITLE"]}, entity="lead")
    commands = {key: f"crm.lead.get?ID={lead['ID']}" for key, lead in leads.items()}

    given = ask(portal, "batch", {"halt": 0, "cmd": commands})

    shown = {
        key: {name: lead[name] for name in leads[key]} for key, lead in given["result"]["result"].items()
    }
    assert shown == leads
    assert same_envelope(given, golden)


def test_one_whole_lead_in_a_batch(ask):
    golden, portal = recorded("call_single_success"), new()
    ((key, lead),) = golden["result"]["result"].items()
    kept = {name: value for name, value in lead.items() if name != "ID"}
    portal.change(int(lead["ID"]), kept, touch=False, entity="lead")

    given = ask(portal, "batch", {"halt": 0, "cmd": {key: f"crm.lead.get?ID={lead['ID']}"}})

    shown = given["result"]["result"][key]
    assert {name: shown[name] for name in lead} == lead
    assert set(shown) - set(lead) == {"PARENT_ID_177", "LAST_ACTIVITY_TIME", "LAST_ACTIVITY_BY"}
    assert same_envelope(given, golden)


def test_a_failure_in_a_batch(ask):
    golden = recorded("crm_lead_get_batch_error")

    given = ask(new(), "batch", {"cmd": {"0": "crm.lead.get?ID=abc"}})

    assert given["result"] == golden["result"]


def test_two_failures_in_a_batch(ask):
    golden = recorded("crm_get_batch_of_two_error")

    given = ask(new(), "batch", {"cmd": {"0": "crm.lead.get?ID=abc", "1": "crm.lead.get?ID=999999"}})

    assert given["result"] == golden["result"]


def test_a_success_among_failures(ask):
    golden, portal = recorded("crm_get_batch_mix_success_and_errors"), new()
    ((key, lead),) = golden["result"]["result"].items()
    portal.change(int(lead["ID"]), {}, entity="lead")
    commands = {"0": "crm.lead.get?ID=abc", "1": "crm.lead.get?ID=999999", key: f"crm.lead.get?ID={key}"}

    given = ask(portal, "batch", {"cmd": commands})

    assert given["result"]["result"][key]["ID"] == lead["ID"]
    assert same_envelope(given, golden)


def test_the_contacts_of_a_company(ask):
    golden, portal = recorded("crm_company_contact_items_get"), new()
    ((company, contacts),) = golden["result"]["result"].items()
    portal.change(int(company), {}, entity="company")
    for one in contacts:
        portal.change(one["CONTACT_ID"], {"COMPANY_ID": company}, entity="contact")

    given = ask(portal, "batch", {"cmd": {company: f"crm.company.contact.items.get?ID={company}"}})

    assert given["result"]["result"] == golden["result"]["result"]
    assert same_envelope(given, golden)


def test_a_new_contact(ask):
    golden, portal = recorded("crm_contact_add_batch"), new()
    ((key, number),) = golden["result"]["result"].items()
    portal.change(number - 1, {}, entity="contact")

    given = ask(portal, "batch", {"cmd": {key: "crm.contact.add?fields[NAME]=Олег"}})

    assert given["result"]["result"] == golden["result"]["result"]
    assert same_envelope(given, golden)


def a_process(number, type_id):
    """A smart process with one stage."""
    pipeline = Pipeline(5, "Общая", 500, type_id)
    stage = Status(1, pipeline.book, f"DT{type_id}_5:NEW", "Новая", 10)
    return {"processes": [Process(number, type_id, "Процесс", [pipeline])], "statuses": [stage]}


def test_a_new_item_of_a_smart_process(ask):
    golden = recorded("crm_item_add")
    item = inside(golden)["item"]
    portal = new(**a_process(11, item["entityTypeId"]))
    portal.change(item["id"] - 1, {}, entity=f"dynamic_{item['entityTypeId']}")
    command = f"crm.item.add?entityTypeId={item['entityTypeId']}&fields[title]=Андрей Макарцев%0A"

    given = ask(portal, "batch", {"cmd": {"order0000000000": command}})

    made = inside(given)["item"]
    assert {name: NAMES[type(made[name])] for name in item} == {
        name: NAMES[type(value)] for name, value in item.items()
    }
    assert {name: made[name] for name in ("id", "xmlId", "title", "entityTypeId")} == {
        name: item[name] for name in ("id", "xmlId", "title", "entityTypeId")
    }
    assert same_envelope(given, golden)


def test_items_of_a_smart_process(ask):
    golden = recorded("crm_item_list")
    field = UserField(1, "CRM_11", "UF_CRM_11_1712074666", "date", "Дата")
    portal = new(user_fields=[field], **a_process(11, 1036))
    for item in golden["result"]["items"]:
        fields = {"TITLE": item["title"], "UF_CRM_11_1712074666": item["ufCrm11_1712074666"]}
        portal.change(item["id"], fields, entity="dynamic_1036")

    select = ["id", "title", "ufCrm11_1712074666"]
    given = ask(portal, "crm.item.list", {"entityTypeId": 1036, "select": select})

    assert given["result"] == golden["result"]
    assert given["total"] == golden["total"]
    assert same_envelope(given, golden)


def test_product_rows_of_an_item(ask):
    golden = recorded("crm_item_productrow_list")
    rows = inside(golden)["productRows"]
    portal = new(**a_process(11, 179))
    portal.change(rows[0]["ownerId"], {}, entity="dynamic_179")
    for row in rows:
        fields = {
            "OWNER_ID": row["ownerId"], "OWNER_TYPE_ID": 179, "PRODUCT_ID": row["productId"],
            "PRODUCT_NAME": row["productName"], "QUANTITY": row["quantity"], "SORT": row["sort"],
            "MEASURE_CODE": row["measureCode"], "MEASURE_NAME": row["measureName"], "TYPE": row["type"],
        }  # fmt: skip
        portal.change(row["id"], fields, entity="productrow")
    command = "crm.item.productrow.list?filter[%3DownerType]=Tb3&filter[%3DownerId]=2003"

    given = ask(portal, "batch", {"cmd": {"cmd0000000000": command}})

    assert inside(given)["productRows"] == rows
    assert same_envelope(given, golden)


def test_stage_history(ask):
    golden = recorded("crm_stagehistory_list")
    rows, portal = inside(golden)["items"], new()
    for row in rows:
        fields = {name: row[name] for name in ("STAGE_ID", "CREATED_TIME")}
        portal.change(
            int(row["ID"]), fields | {"OWNER_ID": int(row["OWNER_ID"])}, touch=False, entity="deal_stages"
        )
    select = "&".join(f"select[]={name}" for name in rows[0])
    command = f"crm.stagehistory.list?entityTypeId=2&filter[STAGE_ID]=EXECUTING&order[ID]=ASC&{select}"

    given = ask(portal, "batch", {"cmd": {"order0000000000": command}})

    shown = inside(given)["items"]
    assert [row | {"ID": str(row["ID"]), "OWNER_ID": str(row["OWNER_ID"])} for row in shown] == rows
    assert {type(row["ID"]) for row in shown} == {int}  # texts in 2022, numbers by the documentation of 2024
    assert same_envelope(given, golden)


def test_the_fields_of_leads(ask):
    golden = recorded("crm_lead_fields_success")["result"]
    custom = {name: told for name, told in golden.items() if name.startswith("UF_")}
    fields = [
        UserField(
            at, "CRM_LEAD", name, told["type"], told["listLabel"], told["isMultiple"], told["isRequired"],
            settings=told["settings"] or {}, options=[[int(o["ID"]), o["VALUE"]] for o in told.get("items", ())],
        )
        for at, (name, told) in enumerate(custom.items(), 1)
    ]  # fmt: skip

    given = ask(new(user_fields=fields), "crm.lead.fields")["result"]

    def untitled(told):
        return {name: value for name, value in told.items() if name != "title"}

    assert {name: untitled(given[name]) for name in golden} == {
        name: untitled(told) for name, told in golden.items()
    }
    assert {name: given[name]["title"] for name in custom} == {
        name: told["title"] for name, told in custom.items()
    }
    assert set(given) - set(golden) == {"PARENT_ID_177", "LAST_ACTIVITY_TIME", "LAST_ACTIVITY_BY"}


def test_the_fields_of_people(ask):
    golden = recorded("user_fields")

    given = ask(new(), "user.fields")

    assert given["result"] == golden["result"]
    assert same_envelope(given, golden)


def test_every_recording_has_its_judge():
    judged = Path(__file__).read_text()
    names = {path.name.removesuffix(".json") for path in GOLDEN.glob("*.json")}

    assert {name for name in names if f'"{name}"' not in judged} == set()

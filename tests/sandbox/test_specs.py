"""The vendor's own documentation as a judge: parameters and answers of every method that it describes."""

import json
import re
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from headwater.sandbox.bitrix24 import Portal, PortalClock, Rules, found, live, php
from headwater.sandbox.bitrix24.calls import Call, Caller
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.methods import METHODS

NOW = datetime.fromisoformat("2026-11-20T12:00:00+03:00")
SPECS = {
    spec["method"].lower(): spec
    for spec in map(json.loads, (Path(__file__).parent / "golden" / "methods.jsonl").read_text().splitlines())
}
EVENTS = ("event.", "app.", "events")
"""What is for applications only and has its own judges."""

UNDOCUMENTED = {
    "profile", "scope", "server.time", "user.current", "user.admin", "user.fields", "department.fields",
    "methods", "crm.lead.contact.fields", "crm.contact.company.fields", "crm.contact.fields",
    "crm.dealcategory.status", "crm.dealcategory.list", "crm.dealcategory.default.get",
    "crm.dealcategory.fields", "crm.currency.base.get", "crm.deal.productrows.get",
    "crm.deal.productrows.set", "crm.product.list", "crm.product.fields", "crm.requisite.fields",
    "crm.timeline.comment.fields", "disk.file.get",
}  # fmt: skip
"""Methods of which the documentation has no machine-readable page."""

OTHERS_OWN = re.compile(
    r"\.(UF_CRM_|ufCrm|PARENT_ID_|parentId|rest_)\w+ missing$"  # the fields of the portal in the sample
    r"|\.SETTINGS\.\w+ missing$|\.settings\.\w+ missing$"  # the settings of another type of field
    r"|\.FILES\.\d+ missing$"  # files have ids for keys
    r"|\[\]\.(PARENT|PERSONAL_\w+|WORK_PHONE) missing$"  # there only when there is a value
    r"|(auditorsData|tags|requisiteLink): \[\] for a map$"  # nobody watches the first task
    r"|ufTaskWebdavFiles: list, given bool$"  # false when empty
)
"""Differences that come from what is in the sample's portal and not in this one."""

OPTIONAL = {
    "select": ["*"], "filter": {}, "order": {"ID": "ASC"}, "start": 0, "useOriginalUfNames": "Y",
    "params": {"REGISTER_SONET_EVENT": "N"}, "FILTER": {}, "SORT": "ID", "ORDER": "ASC", "sort": "ID",
    "ADMIN_MODE": "N", "IMAGE_RESIZE": "small", "CALL_START_DATE": "2026-11-20T10:00:00+03:00",
    "CRM_SOURCE": "CALL", "CRM_ENTITY_TYPE": "CONTACT", "entity_type": "CONTACT", "COST_CURRENCY": "RUB",
    "STATUS_CODE": "200", "FILENAME": "call.mp3", "FILE_CONTENT": "SUQzAw==", "RECORD_URL": "",
}  # fmt: skip
"""A sensible value of each optional parameter; 1 of all others."""


def company():
    """A whole company of 150 deals, and its admin."""
    portal = Portal(found(7, code="admin"), clock=PortalClock(NOW), rules=Rules(on=False), seed=7)
    live(portal, 150, seed=7)
    return portal


def by_webhook(portal):
    """Who calls with the first webhook."""
    webhook, person = portal.books.credential()
    return Caller("1/admin", webhook.code, person, tuple(webhook.scopes))


@pytest.fixture(scope="module")
def portal():
    made = company()
    yield made
    made.close()


@pytest.fixture(scope="module")
def examples(portal):
    return documented_calls(portal)


def answered(portal, method, params):
    """What a method answers an admin, as it goes over the wire."""
    outcome = METHODS[method].run(Call(portal, by_webhook(portal), params))
    return orjson.loads(php.encode(outcome.result)), outcome


def some(portal, entity, want=bool):
    return next(record for record in portal.truth(entity) if want(record))


def documented_calls(portal):
    """A call of every documented method with what it requires; writes have records of their own."""
    ways = {"PHONE": [{"VALUE": "+1 555 0100"}], "IM": [{"VALUE": "imol|x", "VALUE_TYPE": "OPENLINE"}]}
    reached = answered(portal, "crm.lead.add", {"fields": ways})[0]
    made = {}
    for name, type_id in (("deal", 2), ("lead", 1), ("contact", 3), ("company", 4)):
        first = some(portal, name)
        doomed, changed = portal.insert({}, count=2, entity=name)
        code = f"CRM_{name.upper()}"
        fields = portal.books.fields_of(code)
        new = portal.add_fields(
            [{"name": f"UF_CRM_SPEC_{at}", "type": "string", "label": "x"} for at in range(2)], entity=name
        )
        made |= {
            f"crm.{name}.list": {"select": ["*", "UF_*", "PHONE", "EMAIL"]},
            f"crm.{name}.get": {"id": reached if name == "lead" else first["ID"]},
            f"crm.{name}.fields": {},
            f"crm.{name}.add": {"fields": {"TITLE": "t"}},
            f"crm.{name}.update": {"id": changed, "fields": {"TITLE": "t"}},
            f"crm.{name}.delete": {"id": doomed},
            f"crm.{name}.userfield.list": {"filter": {"LANG": "ru"}},
            f"crm.{name}.userfield.get": {"id": fields[0].id},
            f"crm.{name}.userfield.add": {"fields": {"FIELD_NAME": f"MADE_{type_id}"}},
            f"crm.{name}.userfield.update": {"id": new[0].id, "fields": {"SORT": 7}},
            f"crm.{name}.userfield.delete": {"id": new[1].id},
        }
    bound = {"deal": "contact", "lead": "contact", "company": "contact", "contact": "company"}
    for owner, other in bound.items():
        key, one = f"{other.upper()}_ID", some(portal, other)["ID"]
        mine = portal.insert({}, entity=owner)[0]
        stem = f"crm.{owner}.{other}"
        made |= {
            f"{stem}.fields": {},
            f"{stem}.add": {"id": mine, "fields": {key: one}},
            f"{stem}.delete": {"id": mine, "fields": {key: one}},
            f"{stem}.items.set": {"id": mine, "items": [{key: one}]},
            f"{stem}.items.get": {"id": mine},
            f"{stem}.items.delete": {"id": mine},
        }
    return made | _items(portal) | _happenings(portal) | _books(portal) | _shop()


def _items(portal):
    doomed, owner = portal.insert({"TITLE": "i"}, count=2, entity="lead")
    spa = {"entityTypeId": 177}
    row = {"ownerType": "L", "ownerId": owner, "productName": "x", "price": 5}
    lead = some(portal, "lead", lambda one: "PHONE" in one)
    product = some(portal, "productrow")
    pair = portal.insert({}, count=2, entity="contact")
    return {
        "crm.item.list": {"entityTypeId": 1},
        "crm.item.get": {"entityTypeId": 1, "id": lead["ID"]},
        "crm.item.fields": spa,
        "crm.item.add": {"entityTypeId": 2, "fields": {"title": "x"}},
        "crm.item.update": {"entityTypeId": 2, "id": portal.insert()[0], "fields": {"title": "x"}},
        "crm.item.delete": {"entityTypeId": 1, "id": doomed},
        "crm.item.import": spa | {"fields": {"title": "x"}},
        "crm.item.batchimport": spa | {"data": [{"title": "x"}]},
        "crm.item.productrow.list": {"filter": {"=ownerType": "D", "=ownerId": product["OWNER_ID"]}},
        "crm.item.productrow.get": {"id": product["ID"]},
        "crm.item.productrow.add": {"fields": row},
        "crm.item.productrow.update": {"id": product["ID"], "fields": {"price": 7}},
        "crm.item.productrow.delete": {"id": portal.store.last_id(portal.tables["productrow"])},
        "crm.item.productrow.set": {"ownerType": "L", "ownerId": owner, "productRows": [row]},
        "crm.lead.productrows.get": {"id": owner},
        "crm.lead.productrows.set": {"id": owner, "rows": [{"PRODUCT_NAME": "x", "PRICE": 1}]},
        "crm.entity.mergebatch": {"params": {"entityTypeId": 3, "entityIds": pair}},
        "crm.duplicate.findbycomm": {"type": "PHONE", "values": [lead["PHONE"][0]["VALUE"]]},
        "crm.type.list": {},
        "crm.type.get": {"id": 44},
        "crm.type.getbyentitytypeid": {"entityTypeId": 177},
    }


def _happenings(portal):
    activity, comment = portal.truth("activity"), portal.truth("comment")
    doomed, changed = next(activity)["ID"], next(activity)["ID"]
    with_file = some(portal, "comment", lambda one: one["FILES"])
    written, dropped = next(comment)["ID"], next(comment)["ID"]
    said = some(portal, "call", lambda one: one["TRANSCRIPT_ID"])
    call = {"CALL_ID": said["CALL_ID"]}
    new = {"OWNER_TYPE_ID": 2, "OWNER_ID": 1, "TYPE_ID": 3, "SUBJECT": "x"}
    registered = {"USER_ID": 1, "PHONE_NUMBER": "+998 90 000-00-01", "TYPE": 2}
    open_call = answered(portal, "telephony.externalcall.register", registered)[0]["CALL_ID"]
    return {
        "crm.activity.list": {},
        "crm.activity.get": {"id": some(portal, "activity", lambda one: one["TYPE_ID"] == "4")["ID"]},
        "crm.activity.fields": {},
        "crm.activity.add": {"fields": new},
        "crm.activity.update": {"id": changed, "fields": {"SUBJECT": "y"}},
        "crm.activity.delete": {"id": doomed},
        "crm.activity.binding.list": {"activityId": changed},
        "crm.activity.call.gettranscript": {"activityId": said["CRM_ACTIVITY_ID"]},
        "crm.activity.communication.fields": {},
        "crm.timeline.comment.list": {
            "filter": {"ENTITY_TYPE": "deal", "ENTITY_ID": with_file["ENTITY_ID"], "ID": with_file["ID"]}
        },
        "crm.timeline.comment.get": {"id": with_file["ID"]},
        "crm.timeline.comment.add": {"fields": {"ENTITY_TYPE": "deal", "ENTITY_ID": 1, "COMMENT": "x"}},
        "crm.timeline.comment.update": {"id": written, "fields": {"COMMENT": "y"}},
        "crm.timeline.comment.delete": {"id": dropped},
        "crm.stagehistory.list": {"entityTypeId": 2},
        "voximplant.statistic.get": {},
        "telephony.externalcall.register": registered,
        "telephony.externalcall.finish": {"CALL_ID": open_call, "USER_ID": 1, "DURATION": 9},
        "telephony.externalcall.attachrecord": call | {"FILENAME": "a.mp3", "FILE_CONTENT": "SUQz"},
        "telephony.externalcall.searchcrmentities": {"PHONE_NUMBER": said["PHONE_NUMBER"]},
        "telephony.externalcall.show": {"CALL_ID": open_call},
        "telephony.externalcall.hide": {"CALL_ID": open_call},
        "telephony.call.attachtranscription": call | {"MESSAGES": [{"SIDE": "User", "MESSAGE": "x"}]},
        "tasks.task.list": {"select": ["*", "UF_CRM_TASK"]},
        "tasks.task.get": {"taskId": 1},
    }


def _books(portal):
    listed = next(one for one in portal.books.user_fields if one.type == "enumeration")
    product, *_ = portal.insert({"NAME": "n"}, entity="product")
    enums = {name: {} for name in SPECS if name.startswith("crm.enum.")}
    return enums | {
        "feature.get": {"code": "rest_offline_extended"},
        "method.get": {"name": "crm.deal.list"},
        "user.get": {},
        "department.get": {},
        "crm.category.list": {"entityTypeId": 2},
        "crm.category.get": {"entityTypeId": 2, "id": 1},
        "crm.category.fields": {"entityTypeId": 2},
        "crm.dealcategory.get": {"id": 1},
        "crm.dealcategory.stage.list": {"id": 1},
        "crm.settings.mode.get": {},
        "crm.currency.list": {},
        "crm.currency.get": {"id": "RUB"},
        "crm.status.list": {},
        "crm.status.get": {"id": 101},
        "crm.status.fields": {},
        "crm.status.entity.types": {},
        "crm.status.entity.items": {"entityId": "SOURCE"},
        "crm.multifield.fields": {},
        "crm.product.get": {"id": product},
        "crm.product.add": {"fields": {"NAME": "x"}},
        "crm.product.update": {"id": product, "fields": {"NAME": "y"}},
        "crm.product.delete": {"id": portal.insert({"NAME": "n"}, entity="product")[0]},
        "catalog.product.list": {"select": ["*"], "filter": {"iblockId": 23}},
        "crm.requisite.get": {"id": 1},
        "crm.requisite.list": {},
        "userfieldconfig.list": {"moduleId": "crm", "select": {"0": "*", "language": "ru"}},
        "userfieldconfig.get": {"moduleId": "crm", "id": listed.id},
        "userfieldconfig.gettypes": {"moduleId": "crm"},
    }


def _shop():
    made = {"crm.orderentity.list": {}}
    for kind in ("order", "basketitem", "payment", "shipment"):
        made |= {f"sale.{kind}.list": {}, f"sale.{kind}.get": {"id": 1}}
    return made | {
        "sale.order.update": {"id": 1, "fields": {"comments": "x"}},
        "sale.status.list": {},
        "sale.status.get": {"id": "N"},
        "sale.statuslang.list": {},
        "sale.persontype.list": {},
        "sale.persontype.get": {"id": 3},
    }


CALLED = sorted(name for name in SPECS if not name.startswith(EVENTS))
REQUIRED = [
    (name, parameter)
    for name in CALLED
    for parameter, need in SPECS[name]["params"].items()
    if need == "required" and "." not in parameter and parameter != "USER_PHONE_INNER"  # instead of USER_ID
]
SCALARS = {str: "text", int: "number", float: "number", bool: "flag", type(None): "null"}


def differences(documented, given, path=""):
    """Where an answer lacks what the documented one has, or has it in another form; null fits everything."""
    if given is None or documented in (None, "null"):
        return
    if isinstance(documented, dict):
        if not isinstance(given, dict):
            yield f"{path}: {json.dumps(given)[:40]} for a map"
            return
        for key, inside in documented.items():
            if key not in given:
                yield f"{path}.{key} missing"
            else:
                yield from differences(inside, given[key], f"{path}.{key}")
    elif isinstance(documented, list):
        if not isinstance(given, list):
            if documented or not isinstance(given, dict):  # an empty map is an empty list
                yield f"{path}: list, given {type(given).__name__}"
        elif documented and given:
            yield from differences(documented[0], given[0], f"{path}[]")
    elif SCALARS.get(type(given)) != documented:
        yield f"{path}: {documented}, given {type(given).__name__}"


def test_every_method_is_documented_or_known_not_to_be():
    unnamed = {name for name in METHODS if not name.startswith(EVENTS)} - set(SPECS)

    assert unnamed == UNDOCUMENTED


def test_every_documented_method_is_called_here(examples):
    assert set(examples) - UNDOCUMENTED == set(CALLED)


@pytest.mark.parametrize("method", CALLED)
def test_an_answer_has_the_documented_shape(portal, examples, method):
    given, outcome = answered(portal, method, examples[method])

    spec = SPECS[method]
    found = [one for one in differences(spec["result"], given) if not OTHERS_OWN.search(one)]
    assert found == []
    if spec["total"]:
        assert outcome.total is not None


@pytest.mark.parametrize(("method", "parameter"), REQUIRED)
def test_what_is_required_is_missed(portal, examples, method, parameter):
    assert parameter.lower() in {name.lower() for name in examples[method]}
    params = {name: value for name, value in examples[method].items() if name.lower() != parameter.lower()}

    with pytest.raises(Refused) as refused:
        answered(portal, method, params)
    assert refused.value.status == 400


@pytest.mark.parametrize("method", [name for name in CALLED if "list" in name or "get" in name])
def test_documented_parameters_are_accepted(portal, examples, method):
    optional = {name: OPTIONAL.get(name, 1) for name, need in SPECS[method]["params"].items()}
    given = {name.lower(): value for name, value in examples[method].items()}
    filters = {name for name in optional if method == "department.get" and name.isupper() and name != "START"}
    params = {name: value for name, value in optional.items() if name not in filters}

    answered(portal, method, params | given)


WRAPPERS = {
    "crm.item.list": "items", "crm.stagehistory.list": "items", "crm.item.productrow.list": "productRows",
    "catalog.product.list": "products", "sale.order.list": "orders", "sale.basketitem.list": "basketItems",
    "sale.payment.list": "payments", "sale.shipment.list": "shipments", "tasks.task.list": "tasks",
    "crm.orderentity.list": "orderEntity", "userfieldconfig.list": "fields", "crm.type.list": "types",
    "sale.status.list": "statuses", "sale.statuslang.list": "statusLangs",
    "sale.persontype.list": "personTypes",
}  # fmt: skip
IDS = {"crm.orderentity.list": "orderId", "sale.statuslang.list": "statusId", "crm.currency.list": "CURRENCY"}
BOOKS = {"crm.status.list", "crm.type.list", "crm.currency.list"}
"""Lists that come whole, whatever `start` says."""

LISTS = [name for name in CALLED if name.endswith(".list") and "order" in SPECS[name]["params"]]


def id_of(method, row):
    return next(row[name] for name in (IDS.get(method), "id", "ID") if name in row)


def rows_of(portal, method, params):
    result, outcome = answered(portal, method, params)
    return (result[WRAPPERS[method]] if method in WRAPPERS else result), outcome


@pytest.mark.parametrize("method", LISTS)
def test_order_turns_a_list_around(portal, examples, method):
    name = IDS.get(method) or ("id" if method in WRAPPERS else "ID")
    if method == "crm.stagehistory.list":
        name = "ID"
    up, _ = rows_of(portal, method, examples[method] | {"order": {name: "ASC"}})
    down, found = rows_of(portal, method, examples[method] | {"order": {name: "desc"}})

    ids = [id_of(method, row) for row in up]
    assert len(set(ids)) == len(ids)
    if not found.next:
        assert [id_of(method, row) for row in down] == ids[::-1]
    else:
        assert id_of(method, down[0]) != ids[0]


@pytest.mark.parametrize("method", [one for one in LISTS if "filter" in SPECS[one]["params"]])
def test_a_filter_by_id_finds_one(portal, examples, method):
    rows, _ = rows_of(portal, method, examples[method])
    wanted = id_of(method, rows[-1])
    name = IDS.get(method) or next(name for name in ("id", "ID") if name in rows[-1])
    given = examples[method].get("filter", {}) | {name: wanted}

    again, outcome = rows_of(portal, method, examples[method] | {"filter": given})

    assert [id_of(method, row) for row in again] == [wanted]
    assert outcome.total == 1


@pytest.mark.parametrize("method", [one for one in LISTS if "select" in SPECS[one]["params"]])
def test_select_chooses_fields(portal, examples, method):
    required = {"catalog.product.list": ["iblockId"]}.get(method, [])
    names = {
        *required,
        IDS.get(method) or ("ID" if method == "crm.stagehistory.list" or method not in WRAPPERS else "id"),
    }

    rows, _ = rows_of(portal, method, examples[method] | {"select": sorted(names)})

    assert all(set(row) == names for row in rows)


@pytest.mark.parametrize(
    "method", [one for one in LISTS if "start" in SPECS[one]["params"] and one not in BOOKS]
)
def test_start_turns_pages_and_minus_one_counts_nothing(portal, examples, method):
    first, counted = rows_of(portal, method, examples[method] | {"start": 0})
    same, uncounted = rows_of(portal, method, examples[method] | {"start": -1})

    assert same == first
    assert (uncounted.total, uncounted.next) == (0, None)
    assert counted.total >= len(first)
    if counted.next:
        second, _ = rows_of(portal, method, examples[method] | {"start": counted.next})
        ids = [id_of(method, row) for row in first + second]
        assert len(set(ids)) == len(ids) > 50


@pytest.fixture(scope="module")
def abused():
    """A portal of its own, since nobody knows what becomes of it."""
    made = company()
    yield made, documented_calls(made)
    made.close()


NASTY = [
    None,
    "",
    "x" * 3000,
    -1,
    10**30,
    1.5,
    True,
    [],
    {},
    {"a": {"b": ["c"]}},
    [["x"]],
    [None],
    {"ID": {"x": 1}},
    "é\x00",
]


@pytest.mark.parametrize("method", sorted(name for name in METHODS if not name.startswith(EVENTS)))
def test_whatever_is_sent_is_answered_or_refused(abused, method):
    portal, examples = abused
    given = {name.lower(): value for name, value in examples.get(method, {}).items()}
    names = {name.lower() for name in SPECS.get(method, {}).get("params", ())} | {
        *given,
        "filter",
        "order",
        "select",
        "start",
        "id",
    }
    calls = [given | {name: value} for name in names for value in NASTY]
    calls += [
        given | {name: {"ID": value, "id": value, ">ID": value, "title": value}}
        for name in ("filter", "fields", "order")
        for value in NASTY
    ]

    codes = set()
    for params in calls:
        try:
            answered(portal, method, params)
            codes.add(200)
        except Refused as refused:
            codes.add(refused.status)

    assert codes <= {200, 400, 403}

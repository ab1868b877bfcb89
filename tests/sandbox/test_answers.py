"""Envelopes, errors, and the order of checks."""

import json
from pathlib import Path

import pytest

from headwater.sandbox.bitrix24 import State
from headwater.sandbox.bitrix24.rest import Request, answer

GOLDEN = Path(__file__).parent / "golden"
SCALARS = {str: "text", int: "number", float: "number", bool: "flag", type(None): "null"}


def recorded(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


def shape(value, depth=9):
    """Keys and types of a value, `depth` levels deep."""
    if depth == 0:
        return "…"
    if isinstance(value, dict):
        return {key: shape(inside, depth - 1) for key, inside in value.items()}
    if isinstance(value, list):
        return [shape(value[0], depth - 1)] if value else []
    return SCALARS[type(value)]


def test_a_batch_with_a_hole_is_a_map(tell, portal):
    one = list(portal.truth())[9]["ID"]
    given = tell(
        "batch",
        {"cmd": {"0": "crm.deal.get?ID=abc", "1": "crm.deal.get?ID=999999", one: f"crm.deal.get?ID={one}"}},
    )

    golden = recorded("crm_get_batch_mix_success_and_errors")["result"]
    assert list(given["result"]["result"]) == [one]
    assert given["result"]["result_error"] == golden["result_error"]
    assert given["result"]["result_total"] == given["result"]["result_next"] == []
    assert list(given["result"]["result_time"]) == [one]


def test_items_are_wrapped_and_native_as_recorded(tell):
    given = tell("crm.item.list", {"entityTypeId": 2, "select": ["id", "title"]})

    golden = recorded("crm_item_list")
    assert list(given["result"]) == list(golden["result"])
    assert shape(given["result"]["items"][0]) == {"id": "number", "title": "text"}
    assert shape(given["total"]) == "number"


def test_a_new_item_comes_back_whole(tell):
    given = tell("batch", {"cmd": {"k": "crm.item.add?entityTypeId=2&fields[title]=Андрей"}})

    item = given["result"]["result"]["k"]["item"]
    golden = recorded("crm_item_add")["result"]["result"]["order0000000000"]["item"]
    common = set(golden) & set(item)
    assert common >= {
        "id",
        "title",
        "createdBy",
        "updatedBy",
        "movedBy",
        "createdTime",
        "updatedTime",
        "movedTime",
    }
    assert {key: shape(item[key]) for key in common} == {key: shape(golden[key]) for key in common}


def test_fields_are_described_as_recorded(tell):
    given = tell("crm.deal.fields")["result"]

    golden = recorded("crm_lead_fields_success")["result"]
    for name in ("ID", "TITLE", "SOURCE_ID", "ASSIGNED_BY_ID", "DATE_CREATE", "OPPORTUNITY", "UTM_TERM"):
        assert set(given[name]) == set(golden[name]), name
        assert given[name]["type"] == golden[name]["type"], name


def test_a_page_says_where_the_next_one_starts(tell):
    first, last = tell("crm.deal.list", {"start": 0}), tell("crm.deal.list", {"start": "150"})

    assert list(first) == ["result", "next", "total", "time"]
    assert (len(first["result"]), first["next"], first["total"]) == (50, 50, 160)
    assert (len(last["result"]), last["total"], "next" in last) == (10, 160, False)


def test_without_counting_there_is_no_next_and_a_total_of_0(tell):
    given = tell("crm.deal.list", {"start": -1})

    assert (given["total"], "next" in given) == (0, False)


def test_numbers_are_texts_in_classic_rows_and_numbers_in_items(tell, portal):
    record = next(portal.truth())

    item = tell("crm.item.get", {"entityTypeId": 2, "id": record["ID"]})["result"]["item"]
    assert record == tell("crm.deal.get", {"id": record["ID"]})["result"]
    assert item["id"] == int(record["ID"])
    assert item["opportunity"] == float(record["OPPORTUNITY"])
    assert item["ufCrm_1721590134"] in ("Y", "N")


def test_method_names_ignore_case_and_format(tell):
    assert tell("CRM.Deal.List.json", {"SELECT": ["ID"]})["total"] == 160


def test_a_deleted_item_leaves_an_empty_list(tell, portal):
    assert tell("crm.item.delete", {"entityTypeId": 2, "id": next(portal.truth())["ID"]})["result"] == []


@pytest.mark.parametrize(
    ("method", "params", "status", "code", "text"),
    [
        ("crm.nothing.list", {}, 404, "ERROR_METHOD_NOT_FOUND", "Method not found!"),
        ("app.info", {}, 403, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method"),
        ("feature.get", {}, 400, "CODE_EMPTY", "Code can't be empty"),
        ("crm.deal.get", {}, 400, "", "ID is not defined or invalid."),
        ("crm.deal.get", {"id": 999999}, 400, "", "Not found"),
        ("crm.deal.list", {"filter": "x"}, 400, "", "Parameter 'filter' must be array."),
        ("crm.deal.list", {"order": "x"}, 400, "", "Parameter 'order' must be array."),
        ("crm.deal.add", {}, 400, "", "Parameter 'fields' must be array."),
        (
            "crm.category.list",
            {"entityTypeId": 1},
            400,
            "ENTITY_TYPE_NOT_SUPPORTED",
            "Entity type is not supported",
        ),
        ("crm.item.list", {"entityTypeId": 178}, 400, "NOT_FOUND", "Smart process not found"),
        (
            "crm.item.list",
            {"entityTypeId": 2, "filter": {"nope": 1}},
            400,
            "INVALID_ARG_VALUE",
            "Invalid filter: field 'nope' is not allowed in filter",
        ),
        (
            "crm.item.list",
            {"entityTypeId": 2, "order": {"nope": "ASC"}},
            400,
            "INVALID_ARG_VALUE",
            "Invalid order: field 'nope' is not allowed in order",
        ),
    ],
)
def test_a_refusal_has_the_vendors_words(ask, method, params, status, code, text):
    given = ask(method, params)

    assert given.status == status
    assert json.loads(given.body) == {"error": code, "error_description": text}


def test_a_webhook_without_the_scope_is_told_so(ask):
    given = ask("crm.deal.list", code="noscope")

    assert (given.status, json.loads(given.body)["error"]) == (403, "insufficient_scope")


def test_checks_come_in_the_vendors_order(ask, portal):
    seen = []
    portal.strict_https = True
    portal.limits.rules.on = True
    for _ in range(50):
        ask("profile")
    portal.state = State.DELETED
    portal.limits._used[("1/noscope", "crm.deal.list")] = [(portal.clock.steady(), 500.0)]

    def next_refusal(method="crm.deal.list", code="noscope", **more):
        given = ask(method, {"filter": "x"}, code=code, **more)
        seen.append((given.status, json.loads(given.body)["error"]))

    next_refusal(https=False)
    next_refusal()
    portal.clock.advance(5)
    next_refusal()
    portal.state = State.OPEN
    next_refusal("crm.nothing")
    next_refusal()
    portal.books.webhook("1", "noscope").scopes.append("crm")
    next_refusal()
    portal.limits.forget()
    next_refusal()
    assert seen == [
        (400, "INVALID_REQUEST"),
        (503, "QUERY_LIMIT_EXCEEDED"),
        (410, "PORTAL_DELETED"),
        (404, "ERROR_METHOD_NOT_FOUND"),
        (403, "insufficient_scope"),
        (429, "OPERATION_TIME_LIMIT"),
        (400, ""),
    ]


@pytest.mark.parametrize(("user", "code"), [("1", "wrong"), ("77", "admin")])
def test_a_wrong_webhook_is_refused(portal, user, code):
    given = answer(portal, Request(user, code, "profile", {}, "x", "/"))

    assert (given.status, json.loads(given.body)["error"]) == (401, "INVALID_CREDENTIALS")


def test_who_am_i_and_what_may_i(tell):
    assert tell("profile")["result"]["ADMIN"] is True
    assert tell("user.admin", code="seller")["result"] is False
    assert tell("scope")["result"] == [
        "crm", "user", "department", "telephony", "catalog", "sale", "task", "disk", "userfieldconfig",
    ]  # fmt: skip
    assert tell("server.time")["result"] == "2026-11-20T12:00:00+03:00"
    assert tell("method.get", {"name": "crm.item.list"})["result"] == {
        "isExisting": True,
        "isAvailable": True,
    }
    assert "EMAIL" not in tell("user.current", code="noscope")["result"]
    assert (
        tell("user.get", {"FILTER": {"ACTIVE": "true"}, "order": {"ID": "DESC"}})["result"][0]["ACTIVE"]
        is True
    )


def test_user_fields_have_labels_only_when_a_language_is_asked_for(tell):
    plain = tell("crm.deal.userfield.list")["result"][0]
    labelled = tell("crm.deal.userfield.list", {"filter": {"LANG": "ru"}})["result"][0]
    whole = tell("crm.deal.userfield.get", {"id": plain["ID"]})["result"]

    assert "EDIT_FORM_LABEL" not in plain
    assert labelled["EDIT_FORM_LABEL"] == "Город"
    assert whole["EDIT_FORM_LABEL"]["ru"] == "Город"


def test_every_type_of_user_field_is_there(tell):
    types = {row["USER_TYPE_ID"] for row in tell("crm.deal.userfield.list")["result"]}

    assert types >= {
        "string", "integer", "double", "boolean", "date", "datetime", "money", "url", "address",
        "enumeration", "file", "employee", "crm_status", "crm", "iblock_section", "iblock_element",
        "resourcebooking",
    }  # fmt: skip
    assert any(kind.startswith("rest_") for kind in types)

"""The history of stages: one entry for every stage a record reached, in the order it did."""

import json
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def history(tell):
    """The entries of one record, oldest first."""

    def entries(number, type_id=2):
        asked = {"entityTypeId": type_id, "filter": {"OWNER_ID": number}, "order": {"ID": "ASC"}}
        return tell("crm.stagehistory.list", asked)["result"]["items"]

    return entries


def test_a_deals_way_is_remembered_step_by_step(tell, portal, history):
    number = tell("crm.deal.add", {"fields": {"TITLE": "way"}})["result"]
    for stage in ("PREPARATION", "EXECUTING", "WON"):
        portal.clock.advance(3600)
        tell("crm.deal.update", {"id": number, "fields": {"STAGE_ID": stage}})
    tell("crm.deal.update", {"id": number, "fields": {"COMMENTS": "no move"}})
    given = history(number)

    assert [(one["TYPE_ID"], one["STAGE_ID"], one["STAGE_SEMANTIC_ID"]) for one in given] == [
        (1, "NEW", "P"), (2, "PREPARATION", "P"), (2, "EXECUTING", "P"), (3, "WON", "S"),
    ]  # fmt: skip
    assert [one["CREATED_TIME"][11:13] for one in given] == ["12", "13", "14", "15"]
    assert given[0] == {
        "ID": given[0]["ID"], "TYPE_ID": 1, "OWNER_ID": number, "CREATED_TIME": "2026-11-20T12:00:00+03:00",
        "CATEGORY_ID": 0, "STAGE_SEMANTIC_ID": "P", "STAGE_ID": "NEW",
    }  # fmt: skip
    assert isinstance(given[0]["ID"], int)


def test_another_pipeline_is_an_entry_of_its_own_kind(tell, history):
    number = tell("crm.deal.add", {"fields": {"TITLE": "way"}})["result"]
    tell("crm.item.update", {"entityTypeId": 2, "id": number, "fields": {"categoryId": 1}})

    last = history(number)[-1]
    assert (last["TYPE_ID"], last["CATEGORY_ID"], last["STAGE_ID"]) == (5, 1, "C1:NEW")


def test_leads_have_statuses_and_no_pipelines(tell, history):
    number = tell("crm.lead.add", {"fields": {"TITLE": "way"}})["result"]
    tell("crm.lead.update", {"id": number, "fields": {"STATUS_ID": "CONVERTED"}})
    given = history(number, 1)

    assert [(one["TYPE_ID"], one["STATUS_ID"], one["STATUS_SEMANTIC_ID"]) for one in given] == [
        (1, "NEW", "P"), (3, "CONVERTED", "S"),
    ]  # fmt: skip
    assert "CATEGORY_ID" not in given[0]


def test_what_a_test_does_is_remembered_too(portal, history):
    ids = portal.insert(count=2)
    portal.burst(ids, {"STAGE_ID": "EXECUTING"})
    portal.change(ids[0], {"STAGE_ID": "WON", "STAGE_SEMANTIC_ID": "S"}, touch=False, silent=True)

    assert [one["STAGE_ID"] for one in history(ids[0])] == ["NEW", "EXECUTING", "WON"]
    assert [one["STAGE_ID"] for one in history(ids[1])] == ["NEW", "EXECUTING"]


def test_it_is_selected_filtered_and_paged_as_recorded(tell, portal):
    portal.insert(count=60)
    golden = json.loads((GOLDEN / "crm_stagehistory_list.json").read_text())
    select = list(golden["result"]["result"]["order0000000000"]["items"][0])
    first = tell("crm.stagehistory.list", {"entityTypeId": 2, "select": select, "order": {"ID": "ASC"}})
    last = first["result"]["items"][-1]["ID"]
    rest = tell("crm.stagehistory.list", {"entityTypeId": 2, "filter": {">ID": last}, "start": -1})

    assert set(first["result"]["items"][0]) == set(select)
    assert (len(first["result"]["items"]), first["total"], first["next"]) == (50, 60, 50)
    assert len(rest["result"]["items"]) == 10


@pytest.mark.parametrize("type_id", [3, 4, 999, ""])
def test_what_has_no_stages_has_no_history(tell, type_id):
    assert tell("crm.stagehistory.list", {"entityTypeId": type_id})["error"] == "ENTITY_TYPE_NOT_SUPPORTED"


def test_others_history_is_hidden_with_their_deals(tell, portal):
    seller = next(hook.user_id for hook in portal.books.webhooks if hook.code == "seller")
    portal.insert({"ASSIGNED_BY_ID": str(seller)}, count=2)
    portal.insert({"ASSIGNED_BY_ID": "1", "OPENED": "N"}, count=3)

    assert tell("crm.stagehistory.list", {"entityTypeId": 2}, code="seller")["total"] == 2
    assert tell("crm.stagehistory.list", {"entityTypeId": 2})["total"] == 5

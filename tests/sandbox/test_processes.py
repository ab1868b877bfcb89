"""Smart processes: their two numbers, their items, their events."""

import pytest

TYPE = 177


@pytest.fixture
def item(tell):
    """Adds an item of the smart process; what came back."""

    def add(**fields):
        return tell("crm.item.add", {"entityTypeId": TYPE, "fields": fields})["result"]["item"]

    return add


def test_a_process_has_two_numbers(tell):
    (listed,) = tell("crm.type.list")["result"]["types"]
    whole = tell("crm.type.get", {"id": listed["id"]})["result"]["type"]
    owners = {row["ID"]: row for row in tell("crm.enum.ownertype")["result"]}

    assert (listed["id"], listed["entityTypeId"], listed["isStagesEnabled"]) == (44, TYPE, "Y")
    assert listed.items() <= whole.items()
    assert {"relations", "linkedUserFields"} <= set(whole)
    assert tell("crm.type.getByEntityTypeId", {"entityTypeId": TYPE})["result"]["type"] == whole
    assert (owners[TYPE]["SYMBOL_CODE"], owners[TYPE]["SYMBOL_CODE_SHORT"]) == ("DYNAMIC_177", "Tb1")


def test_processes_are_for_admins(tell):
    assert tell("crm.type.list", code="seller")["error"] == "ACCESS_DENIED"


def test_a_new_item_stands_at_the_first_stage(item):
    made = item(title="Не качает")

    assert (made["stageId"], made["categoryId"], made["entityTypeId"]) == ("DT177_7:NEW", 7, TYPE)
    assert (made["companyId"], made["contactIds"], made["previousStageId"]) == (0, [], None)
    assert {"id", "xmlId", "title", "createdBy", "updatedBy", "movedBy", "createdTime"} <= set(made)
    assert "stageSemanticId" not in made


def test_its_custom_fields_are_named_by_the_process(tell, portal, item):
    field = next(one for one in portal.books.user_fields if one.entity == "CRM_44")
    number = field.name.removeprefix("UF_CRM_44_")
    made = item(**{f"ufCrm44_{number}": "2026-11-10"})
    fields = tell("crm.item.fields", {"entityTypeId": TYPE})["result"]["fields"]
    asked = {"entityTypeId": TYPE, "select": ["id", f"ufCrm44_{number}"]}
    original = tell("crm.item.get", {"entityTypeId": TYPE, "id": made["id"], "useOriginalUfNames": "Y"})

    assert made[f"ufCrm44_{number}"] == "2026-11-10T03:00:00+03:00"
    assert fields[f"ufCrm44_{number}"]["upperName"] == field.name
    assert fields["stageId"]["statusType"] == "DYNAMIC_177_STAGE_7"
    assert set(tell("crm.item.list", asked)["result"]["items"][0]) == {"id", f"ufCrm44_{number}"}
    assert field.name in original["result"]["item"]


def test_a_move_is_history_and_remembers_the_stage_before(tell, portal, item):
    made = item(title="x")
    portal.clock.advance(60)
    asked = {"entityTypeId": TYPE, "id": made["id"], "fields": {"stageId": "DT177_7:SUCCESS"}}
    moved = tell("crm.item.update", asked)["result"]["item"]
    history = tell("crm.stagehistory.list", {"entityTypeId": TYPE})["result"]["items"]

    assert (moved["previousStageId"], moved["movedTime"]) == ("DT177_7:NEW", "2026-11-20T12:01:00+03:00")
    assert [(one["TYPE_ID"], one["STAGE_ID"], one["CATEGORY_ID"]) for one in history] == [
        (1, "DT177_7:NEW", 7), (3, "DT177_7:SUCCESS", 7),
    ]  # fmt: skip


def test_its_stages_and_pipelines_are_in_the_books(tell):
    pipelines = tell("crm.category.list", {"entityTypeId": TYPE})["result"]["categories"]
    lists = {row["ID"]: row for row in tell("crm.status.entity.types")["result"]}

    assert [(one["id"], one["entityTypeId"]) for one in pipelines] == [(7, TYPE)]
    assert lists["DYNAMIC_177_STAGE_7"]["SEMANTIC_INFO"] == []
    assert lists["DYNAMIC_177_STAGE_7"]["PREFIX"] == "DT177_7"


def test_handlers_hear_of_items_in_two_ways(tell, portal, item):
    names = ["ONCRMDYNAMICITEMADD", "ONCRMDYNAMICITEMADD_177", "ONCRMDYNAMICITEMDELETE"]
    portal.add_handler("http://handler.example/", events=names)
    made = item(title="x")
    tell("crm.item.delete", {"entityTypeId": TYPE, "id": made["id"]})
    taken = portal.events.take()

    assert sorted(one.event for one in taken) == names
    assert all(b"data%5BFIELDS%5D%5BENTITY_TYPE_ID%5D=177" in one.body for one in taken)


def test_it_has_activities_and_comments_too(tell, portal, item):
    made = item(title="x")
    portal.clock.advance(60)
    comment = {"ENTITY_TYPE": "DYNAMIC_177", "ENTITY_ID": made["id"], "COMMENT": "hi"}
    tell("crm.timeline.comment.add", {"fields": comment})
    asked = {"filter": {"ENTITY_TYPE": "dynamic_177", "ENTITY_ID": made["id"]}}

    assert tell("crm.timeline.comment.list", asked)["result"][0]["ENTITY_TYPE"] == "dynamic_177"
    assert portal.get(made["id"], "dynamic_177")["LAST_ACTIVITY_TIME"] == "2026-11-20T12:01:00+03:00"

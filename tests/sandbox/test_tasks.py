"""Tasks: texts for numbers, people beside their ids, and whose they are."""

import pytest


def tasks_of(hear, params=None, **more):
    return hear("tasks.task.list", params or {}, **more)["result"]["tasks"]


def test_a_task_is_what_an_activity_stands_for(whole, hear):
    activity = next(one for one in whole.truth("activity") if one["TYPE_ID"] == "3")

    task = hear("tasks.task.get", {"taskId": activity["ASSOCIATED_ENTITY_ID"]})["result"]["task"]

    assert task["title"] == activity["SUBJECT"]
    assert task["responsible"]["id"] == task["responsibleId"] == activity["RESPONSIBLE_ID"]
    assert f"D_{activity['OWNER_ID']}" in task["ufCrmTask"]
    assert (task["status"] == "5") == (activity["COMPLETED"] == "Y") == bool(task["closedDate"])
    assert task["action"]["edit"] is True


def test_every_number_is_a_text_and_maps_are_lists_when_empty(whole, hear):
    rows = tasks_of(hear, {"select": ["*"]})

    numbers = ("id", "status", "subStatus", "responsibleId", "createdBy", "groupId", "priority")
    assert all(isinstance(row[name], str) for row in rows for name in numbers)
    tagged = [row for row in rows if row["tags"]]
    watched = [row for row in rows if row["auditors"]]
    assert tagged[0]["tags"] == {"35": {"id": 35, "title": "клиент"}}
    assert watched[0]["auditorsData"]["1"]["id"] == "1"
    assert all(row["tags"] == [] for row in rows if row not in tagged)


def test_custom_fields_come_only_when_asked_for(hear):
    assert "ufCrmTask" not in tasks_of(hear)[0]
    assert set(tasks_of(hear, {"select": ["ID", "UF_CRM_TASK"]})[0]) == {"id", "ufCrmTask"}


def test_tasks_of_a_deal_and_tasks_that_changed(whole, hear):
    deal = next(one["OWNER_ID"] for one in whole.truth("activity") if one["TYPE_ID"] == "3")
    mine = tasks_of(hear, {"filter": {"UF_CRM_TASK": f"D_{deal}"}, "select": ["ID", "UF_CRM_TASK"]})
    whole.change(3, {"TITLE": "x"}, entity="task")

    changed = tasks_of(hear, {"filter": {">=CHANGED_DATE": whole.clock.shown()}, "select": ["ID", "TITLE"]})

    assert mine
    assert all(f"D_{deal}" in row["ufCrmTask"] for row in mine)
    assert changed == [{"id": "3", "title": "x"}]


def test_whoever_is_no_admin_sees_their_own(whole, hear):
    seller = str(whole.books.webhook(str(whole.books.webhooks[1].user_id), "seller").user_id)
    hidden = next(
        one for one in whole.truth("task") if seller not in (one["RESPONSIBLE_ID"], one["CREATED_BY"])
    )

    rows = tasks_of(hear, {"select": ["*"]}, code="seller")
    refused = hear("tasks.task.get", {"taskId": hidden["ID"]}, code="seller")

    assert all(seller in (row["responsibleId"], row["createdBy"]) for row in rows)
    assert refused["error"] == "0"
    whole.change(int(hidden["ID"]), {"AUDITORS": [seller]}, entity="task")
    assert (
        hear("tasks.task.get", {"taskId": hidden["ID"]}, code="seller")["result"]["task"]["id"]
        == hidden["ID"]
    )


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("tasks.task.list", {"order": {"NOPE": "asc"}}, "Invalid sorting key (internal error)"),
        ("tasks.task.get", {}, "Could not find value for parameter {taskId}"),
        ("tasks.task.get", {"taskId": 999_999}, "Task not found or access denied."),
    ],
)
def test_a_wrong_question_is_refused(hear, method, params, words):
    assert hear(method, params)["error_description"] == words


def test_a_page_of_tasks_is_slow(whole, hear):
    assert hear("tasks.task.list")["time"]["processing"] == pytest.approx(1.4)

"""Reference books: people and departments, lists, pipelines, currencies."""

import pytest


def test_people_come_in_pages_of_fifty(tell, portal):
    people = portal.books.people
    for number in range(60):
        people.append(type(people[0])(1000 + number, f"n{number}", active=False))
    first = tell("user.get", {"sort": "ID", "order": "ASC"})
    second = tell("user.get", {"sort": "ID", "order": "ASC", "start": 50})
    active = tell("user.get", {"FILTER": {"ACTIVE": True}})

    assert (len(first["result"]), first["next"], first["total"]) == (50, 50, 84)
    assert len(second["result"]) == 34
    assert {row["ACTIVE"] for row in active["result"]} == {True}
    assert active["total"] == sum(person.active for person in people)


def test_everybody_is_in_a_department_there_is(tell):
    departments = tell("department.get")["result"]
    whole = next(row for row in departments if row["ID"] == "1")
    sales = tell("department.get", {"NAME": "Продажи"})["result"]

    assert "PARENT" not in whole
    assert all(row["PARENT"] == "1" for row in departments if row is not whole)
    assert any("UF_HEAD" not in row for row in departments)
    assert [row["NAME"] for row in sales] == ["Продажи"]
    assert all(isinstance(row["SORT"], int) for row in departments)
    ids = {int(row["ID"]) for row in departments}
    assert all(set(user["UF_DEPARTMENT"]) <= ids for user in tell("user.get")["result"])


def test_departments_need_their_scope(tell):
    assert tell("department.get", code="noscope")["error"] == "insufficient_scope"


def test_the_lists_are_listed(tell, portal):
    rows = {row["ID"]: row for row in tell("crm.status.entity.types")["result"]}

    assert rows["STATUS"]["SEMANTIC_INFO"] == {
        "START_FIELD": "NEW", "FINAL_SUCCESS_FIELD": "CONVERTED", "FINAL_UNSUCCESS_FIELD": "JUNK",
        "FINAL_SORT": 0,
    }  # fmt: skip
    assert rows["DEAL_STAGE"]["CATEGORY_ID"] == 0
    assert rows["DEAL_STAGE_1"] == {
        "ID": "DEAL_STAGE_1", "NAME": "Стадии сделок (Опт)", "PARENT_ID": "DEAL_STAGE",
        "SEMANTIC_INFO": {
            "START_FIELD": "C1:NEW", "FINAL_SUCCESS_FIELD": "C1:WON", "FINAL_UNSUCCESS_FIELD": "C1:LOSE",
            "FINAL_SORT": 0,
        },
        "PREFIX": "C1", "FIELD_ATTRIBUTE_SCOPE": "category_1", "ENTITY_TYPE_ID": 2, "CATEGORY_ID": "1",
    }  # fmt: skip
    assert set(rows) == {status.book for status in portal.books.statuses}


def test_the_entries_of_a_list_have_numbers_for_places(tell):
    given = tell("crm.status.entity.items", {"entityId": "DEAL_STAGE"})["result"]
    listed = tell("crm.status.list", {"filter": {"ENTITY_ID": "DEAL_STAGE"}})["result"]

    assert given[0] == {"NAME": "Новая", "SORT": 10, "STATUS_ID": "NEW"}
    assert [(one["STATUS_ID"], str(one["SORT"])) for one in given] == [
        (row["STATUS_ID"], row["SORT"]) for row in listed
    ]
    assert set(listed[0]) == set(tell("crm.status.fields")["result"])


def test_every_stage_and_status_of_the_data_is_in_a_list(tell):
    books = {row["ENTITY_ID"] for row in tell("crm.status.list")["result"]}
    wanted = {
        field["statusType"]
        for entity in ("lead", "deal", "contact", "company")
        for field in tell(f"crm.{entity}.fields")["result"].values()
        if field.get("statusType")
    }

    assert wanted <= books


def test_a_pipeline_is_asked_for_in_three_ways(tell):
    new = tell("crm.category.get", {"entityTypeId": 2, "id": 1})["result"]["category"]
    old = tell("crm.dealcategory.get", {"id": 1})["result"]

    assert new == {
        "id": 1, "name": "Опт", "sort": 200, "entityTypeId": 2, "isDefault": "N", "originId": "",
        "originatorId": "",
    }  # fmt: skip
    assert (old["ID"], old["NAME"], old["SORT"]) == ("1", "Опт", "200")
    assert tell("crm.dealcategory.status", {"id": 1})["result"] == "DEAL_STAGE_1"
    assert tell("crm.dealcategory.default.get")["result"] == {"ID": 0, "NAME": "Общая"}


@pytest.mark.parametrize(
    ("method", "answer"), [("crm.currency.base.get", "RUB"), ("crm.settings.mode.get", 1)]
)
def test_a_portal_has_a_base_currency_and_works_with_leads(tell, method, answer):
    assert tell(method)["result"] == answer


def test_a_currency_has_texts_only(tell):
    row = tell("crm.currency.list")["result"][1]

    assert row["CURRENCY"] == "UZS"
    assert all(isinstance(value, str) for value in row.values())

"""Records brought in by administrators with their own dates; settings of fields; enumerations; bindings."""

import pytest


def test_an_import_keeps_its_dates_and_authors(whole, hear):
    old = "2019-05-04T10:00:00+03:00"
    fields = {"title": "старое", "createdTime": old, "updatedTime": old, "createdBy": 7, "observers": [2]}

    made = hear("crm.item.import", {"entityTypeId": 2, "fields": fields})["result"]["item"]

    item = hear("crm.item.get", {"entityTypeId": 2, "id": made["id"]})["result"]["item"]
    assert list(made) == ["id"]
    assert item.items() >= {"title": "старое", "createdTime": old, "updatedTime": old, "createdBy": 7}.items()
    assert item["observers"] == [2]


def test_of_many_imports_each_stands_alone(whole, hear):
    data = [{"title": "ООО Аква"}, {"industry": "IT"}, {"title": "АО Вега"}]

    items = hear("crm.item.batchImport", {"entityTypeId": 4, "data": data})["result"]["items"]

    assert [list(one) for one in items] == [["item"], ["error", "error_description"], ["item"]]
    assert items[1]["error"] == "CRM_FIELD_ERROR_REQUIRED"
    assert whole.get(items[2]["item"]["id"], "company")["TITLE"] == "АО Вега"


@pytest.mark.parametrize(
    ("params", "code", "error"),
    [
        ({"entityTypeId": 2, "fields": {"title": "x"}}, "seller", "ACCESS_DENIED"),
        ({"entityTypeId": 999, "fields": {"title": "x"}}, "admin", "NOT_FOUND"),
        ({"entityTypeId": 2, "fields": "x"}, "admin", ""),
        ({"entityTypeId": 2, "fields": {"currencyId": "???"}}, "admin", ""),
    ],
)
def test_a_wrong_import_is_refused(hear, params, code, error):
    assert hear("crm.item.import", params, code=code)["error"] == error


def test_no_more_than_twenty_at_a_time(whole, hear):
    before = whole.store.count(whole.deals)

    assert (
        hear("crm.item.batchImport", {"entityTypeId": 2, "data": [{"title": "x"}] * 21})["error"]
        == "INVALID_ARG_VALUE"
    )
    assert whole.store.count(whole.deals) == before


def fields_of(hear, **params):
    return hear("userfieldconfig.list", {"moduleId": "crm", **params})["result"]["fields"]


def test_the_fields_of_a_smart_process_are_listed_with_labels_of_a_language(whole, hear):
    asked = {"filter": {"entityId": "CRM_44"}, "order": {"id": "ASC"}, "select": {"0": "*", "language": "ru"}}
    rows = fields_of(hear, **asked)

    assert [row["fieldName"] for row in rows] == [one.name for one in whole.books.fields_of("CRM_44")]
    assert rows[0]["editFormLabel"] == {"ru": "Дата визита"}
    assert rows[0]["errorMessage"] is None
    assert all(isinstance(row["id"], str) and isinstance(row["sort"], str) for row in rows)
    assert "editFormLabel" not in fields_of(hear)[0]
    assert [set(row) for row in fields_of(hear, select=["id", "fieldName"])][:1] == [{"id", "fieldName"}]


def test_one_field_has_its_labels_in_every_language_and_its_options(whole, hear):
    listed = next(one for one in whole.books.user_fields if one.type == "enumeration")

    field = hear("userfieldconfig.get", {"moduleId": "crm", "id": listed.id})["result"]["field"]

    assert field["editFormLabel"]["ru"] == field["editFormLabel"]["en"] == listed.label
    assert [(int(one["id"]), one["value"]) for one in field["enum"]] == [tuple(one) for one in listed.options]
    assert {one["userFieldId"] for one in field["enum"]} == {str(listed.id)}


def test_settings_need_both_scopes_and_a_module_that_has_fields(whole, hear):
    assert (
        hear("userfieldconfig.list", {"moduleId": "tasks"})["error_description"]
        == "No settings for UserFieldAccess"
    )
    whole.set_rights(scopes=["userfieldconfig"])
    assert "(crm)" in hear("userfieldconfig.list", {"moduleId": "crm"})["error_description"]
    whole.set_rights(scopes=["crm"])
    assert hear("userfieldconfig.list", {"moduleId": "crm"})["error"] == "insufficient_scope"


def test_numbers_of_activities_are_explained(whole, hear):
    kinds = {row["ID"] for row in hear("crm.enum.activitytype")["result"]}
    assert {int(one["TYPE_ID"]) for one in whole.truth("activity")} <= kinds
    assert hear("crm.enum.settings.mode")["result"][0]["ID"] == hear("crm.settings.mode.get")["result"]


@pytest.mark.parametrize(
    ("owner", "other", "kept"),
    [
        ("deal", "contact", "CONTACT_ID"),
        ("lead", "contact", "CONTACT_ID"),
        ("contact", "company", "COMPANY_ID"),
        ("company", "contact", "CONTACT_ID"),
    ],
)
def test_one_more_is_bound_and_taken_out(whole, hear, owner, other, kept):
    (record,) = whole.insert({}, entity=owner)
    first, second = whole.insert({}, count=2, entity=other)

    def bind(verb, one, **more):
        return hear(f"crm.{owner}.{other}.{verb}", {"id": record, "fields": {kept: one, **more}})["result"]

    def bound():
        return [row[kept] for row in hear(f"crm.{owner}.{other}.items.get", {"id": record})["result"]]

    assert (bind("add", first), bind("add", second), bind("add", second)) == (True, True, False)
    assert bound() == [first, second]
    assert (bind("delete", first), bind("delete", first)) == (True, False)
    assert bound() == [second]


def test_the_first_contact_changes_when_another_one_is_primary(whole, hear):
    (deal,) = whole.insert({})
    first, second = whole.insert({}, count=2, entity="contact")
    hear("crm.deal.contact.add", {"id": deal, "fields": {"CONTACT_ID": first}})
    hear("crm.deal.contact.add", {"id": deal, "fields": {"CONTACT_ID": second, "IS_PRIMARY": "Y"}})

    assert whole.get(deal)["CONTACT_ID"] == str(second)

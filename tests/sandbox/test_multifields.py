"""Phones and e-mails: how both families write them, and when they are shown."""

import pytest


@pytest.fixture
def contact(tell):
    """A contact with two phones and an e-mail; its id."""
    fields = {
        "NAME": "Олег",
        "PHONE": [{"VALUE": "+998901112233", "VALUE_TYPE": "MOBILE"}, {"VALUE": "(495) 123-45-67"}],
        "EMAIL": [{"VALUE": "oleg@example.com"}],
    }
    return tell("crm.contact.add", {"fields": fields})["result"]


def phones(portal, number):
    return [one["VALUE"] for one in portal.get(number, "contact").get("PHONE", [])]


def test_an_entry_has_the_documented_shape(tell, contact):
    first = tell("crm.contact.get", {"id": contact})["result"]["PHONE"][0]

    assert first == {"ID": first["ID"], "VALUE_TYPE": "MOBILE", "VALUE": "+998901112233", "TYPE_ID": "PHONE"}
    assert first["ID"].isdigit()


def test_they_are_listed_only_when_named_and_only_when_there_are_any(tell, contact):
    def row(*select):
        return tell("crm.contact.list", {"select": list(select), "filter": {"ID": contact}})["result"][0]

    assert not {"PHONE", "EMAIL"} & set(row("*", "UF_*"))
    assert set(row("ID", "PHONE", "WEB")) == {"ID", "PHONE"}


def test_the_flags_follow(tell, portal, contact):
    added = portal.get(contact, "contact")
    number = added["EMAIL"][0]["ID"]
    tell(
        "crm.contact.update",
        {
            "id": contact,
            "fields": {
                "EMAIL": [{"ID": number, "VALUE": ""}],
                "IM": [{"VALUE": "imol|livechat|1|67|21", "VALUE_TYPE": "OPENLINE"}],
            },
        },
    )
    changed = portal.get(contact, "contact")

    assert (added["HAS_PHONE"], added["HAS_EMAIL"], added["HAS_IMOL"]) == ("Y", "Y", "N")
    assert (changed["HAS_PHONE"], changed["HAS_EMAIL"], changed["HAS_IMOL"]) == ("Y", "N", "Y")
    assert "EMAIL" not in changed


def test_a_value_sent_again_without_its_id_is_doubled(tell, portal, contact):
    tell("crm.contact.update", {"id": contact, "fields": {"PHONE": [{"VALUE": "+998901112233"}]}})

    assert phones(portal, contact) == ["+998901112233", "(495) 123-45-67", "+998901112233"]


@pytest.mark.parametrize("order", [{"VALUE": ""}, {"DELETE": "Y", "VALUE": "x"}])
def test_an_entry_is_changed_and_removed_by_its_id(tell, portal, contact, order):
    first, second = (one["ID"] for one in portal.get(contact, "contact")["PHONE"])
    given = [{"ID": first, "VALUE": "+1 555 0100"}, {"ID": second, **order}]
    tell("crm.contact.update", {"id": contact, "fields": {"PHONE": given}})

    assert phones(portal, contact) == ["+1 555 0100"]


def test_an_item_carries_them_all_together(tell, contact):
    item = tell("crm.item.get", {"entityTypeId": 3, "id": contact})["result"]["item"]

    assert [(one["typeId"], one["valueType"], one["value"]) for one in item["fm"]] == [
        ("PHONE", "MOBILE", "+998901112233"),
        ("PHONE", "WORK", "(495) 123-45-67"),
        ("EMAIL", "WORK", "oleg@example.com"),
    ]
    assert (item["phoneMobile"], item["phoneWork"], item["emailWork"]) == (
        "+998901112233",
        "(495) 123-45-67",
        "oleg@example.com",
    )
    assert all(isinstance(one["id"], int) for one in item["fm"])


def test_an_item_is_given_and_rid_of_them(tell, portal):
    fm = [{"typeId": "PHONE", "valueType": "WORK", "value": "1"}, {"typeId": "EMAIL", "value": "a@b.c"}]
    item = tell("crm.item.add", {"entityTypeId": 3, "fields": {"name": "n", "fm": fm}})["result"]["item"]
    phone, mail = (str(one["id"]) for one in item["fm"])
    change = {phone: {"value": "2"}, mail: {"value": ""}, "n0": {"typeId": "WEB", "value": "x.example"}}
    tell("crm.item.update", {"entityTypeId": 3, "id": item["id"], "fields": {"fm": change}})
    record = portal.get(item["id"], "contact")

    assert [one["VALUE"] for one in record["PHONE"]] == ["2"]
    assert record["PHONE"][0]["ID"] == phone
    assert "EMAIL" not in record
    assert record["WEB"][0]["VALUE"] == "x.example"


def test_items_name_the_field_and_its_parts_are_unknown_to_them(tell):
    fields = tell("crm.item.fields", {"entityTypeId": 3})["result"]["fields"]
    chosen = tell("crm.item.list", {"entityTypeId": 3, "select": ["id", "fm"]})

    assert fields["fm"]["type"] == "crm_multifield"
    assert "phone" not in fields
    assert all(set(item) == {"id"} for item in chosen["result"]["items"])


def test_they_are_found_by_their_exact_value(tell, contact):
    def found(**given):
        rows = tell("crm.contact.list", {"filter": given, "select": ["ID"]})["result"]
        return [row["ID"] for row in rows]

    assert found(PHONE="(495) 123-45-67") == [str(contact)]
    assert found(PHONE="(495)") == []
    assert found(EMAIL=["x@y.z", "oleg@example.com"]) == [str(contact)]

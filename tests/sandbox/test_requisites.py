"""Requisites of companies, and who else has a phone number or an e-mail."""

import pytest


def test_every_second_company_has_told_its_tax_number(whole, hear):
    rows = hear(
        "crm.requisite.list", {"filter": {"ENTITY_TYPE_ID": 4}, "select": ["ID", "ENTITY_ID", "RQ_INN"]}
    )

    companies = {int(row["ENTITY_ID"]) for row in rows["result"]}
    assert companies == {one for one in whole.store.ids(whole.tables["company"]) if one % 2}
    assert all(row["RQ_INN"].isdigit() and len(row["RQ_INN"]) in (9, 10) for row in rows["result"])


def test_a_requisite_is_texts_and_nothings(hear):
    row = hear("crm.requisite.get", {"id": 1})["result"]

    assert row["DATE_MODIFY"] == ""
    assert {type(value) for value in row.values()} == {str, type(None)}
    assert row["RQ_COMPANY_REG_DATE"].count(".") == 2
    assert set(hear("crm.requisite.fields")["result"]) == set(row)


def test_requisites_are_seen_with_their_company_and_go_with_it(whole, hear):
    row = hear("crm.requisite.get", {"id": 2})["result"]
    company = int(row["ENTITY_ID"])
    whole.change(company, {"ASSIGNED_BY_ID": "1", "OPENED": "N"}, entity="company")

    hidden = hear("crm.requisite.get", {"id": 2}, code="seller")
    listed = hear("crm.requisite.list", {"filter": {"ID": 2}}, code="seller")
    whole.remove([company], "company")
    gone = hear("crm.requisite.get", {"id": 2})

    assert (hidden["error"], hidden["error_description"]) == (0, "Access denied.")
    assert listed["result"] == []
    assert (gone["error"], gone["error_description"]) == ("", "The Requisite with ID '2' is not found")


def test_a_merge_of_companies_hands_requisites_over(whole, hear):
    first, second = (int(hear("crm.requisite.get", {"id": one})["result"]["ENTITY_ID"]) for one in (1, 3))

    whole.merge([first, second], entity="company")

    assert hear("crm.requisite.get", {"id": 3})["result"]["ENTITY_ID"] == str(first)


def people_with(whole, *phones):
    return [
        whole.insert(
            {"PHONE": [{"ID": "1", "VALUE": one, "VALUE_TYPE": "WORK", "TYPE_ID": "PHONE"}]}, entity=entity
        )[0]
        for entity, one in phones
    ]


def test_a_number_is_found_however_it_was_written(whole, hear):
    contact, company, other = people_with(
        whole,
        ("contact", "+7 (495) 000-11-22 доб. 5"),
        ("company", "74950001122"),
        ("contact", "7 495 000 11 23"),
    )

    found = hear("crm.duplicate.findbycomm", {"type": "PHONE", "values": ["+7 495 0001122"]})["result"]
    contacts = hear(
        "crm.duplicate.findbycomm",
        {"type": "PHONE", "values": ["+7 495 0001122", "74950001123"], "entity_type": "CONTACT"},
    )["result"]

    assert found == {"CONTACT": [contact], "COMPANY": [company]}
    assert contacts == {"CONTACT": [contact, other]}


def test_addresses_are_found_without_regard_to_case_and_nobody_is_an_empty_list(whole, hear):
    email = [{"ID": "1", "VALUE": "Oleg@Example.com", "VALUE_TYPE": "WORK", "TYPE_ID": "EMAIL"}]
    (lead,) = whole.insert({"EMAIL": email}, entity="lead")

    assert hear("crm.duplicate.findbycomm", {"type": "EMAIL", "values": ["oleg@example.COM"]})["result"] == {
        "LEAD": [lead]
    }
    assert (
        hear("crm.duplicate.findbycomm", {"type": "EMAIL", "values": ["nobody@example.com"]})["result"] == []
    )


def test_after_twenty_of_a_kind_the_search_ends(whole, hear):
    people_with(whole, *[("lead", "+1 555 0101")] * 20, ("contact", "+1 555 0101"))

    found = hear("crm.duplicate.findbycomm", {"type": "PHONE", "values": ["15550101"]})["result"]

    assert list(found) == ["LEAD"]
    assert len(found["LEAD"]) == 20


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"values": ["1"]}, "Communication type is not defined"),
        ({"type": "WEB", "values": ["1"]}, "Communication type 'WEB' is not supported in current context"),
        ({"type": "PHONE"}, "Communication values is not defined"),
        ({"type": "PHONE", "values": {"a": {"b": ["c"]}}}, "Communication values is not defined"),
    ],
)
def test_a_wrong_search_is_refused(hear, params, words):
    assert hear("crm.duplicate.findbycomm", params)["error_description"] == words

"""Leads, contacts and companies: their rows, whom they are bound to, what happens when they are merged."""

import json
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
PEOPLE = ("lead", "contact", "company")
NUMBERS = {"lead": 1, "deal": 2, "contact": 3, "company": 4}


@pytest.fixture
def added(tell):
    """Adds a record by REST; its id."""

    def add(entity, **fields):
        return tell(f"crm.{entity}.add", {"fields": {"TITLE": "t", "NAME": "n"} | fields})["result"]

    return add


def test_leads_have_the_recorded_fields(tell):
    golden = json.loads((GOLDEN / "crm_lead_fields_success.json").read_text())["result"]
    given = tell("crm.lead.fields")["result"]

    for name, described in golden.items():
        if not name.startswith("UF_"):
            assert given[name] == described, name


def test_a_page_of_leads_has_the_recorded_rows(tell, added):
    golden = json.loads((GOLDEN / "crm_lead_list_one_page_success.json").read_text())
    added("lead")
    given = tell("crm.lead.list", {"select": ["ID", "TITLE"]})

    assert set(golden) == set(given)
    assert {name: type(value) for name, value in given["result"][0].items()} == {
        name: type(value) for name, value in golden["result"][0].items()
    }


@pytest.mark.parametrize("entity", PEOPLE)
def test_a_row_has_every_field_and_none_of_the_named_ones(tell, added, entity):
    added(entity, PHONE=[{"VALUE": "+998901234567"}])
    row = tell(f"crm.{entity}.list")["result"][0]

    fields = tell(f"crm.{entity}.fields")["result"]
    silent = {"PHONE", "EMAIL", "WEB", "IM", "LINK", "CONTACT_IDS", "COMPANY_IDS"}
    silent |= {"CONTACT_ID"} if entity == "company" else set()
    assert set(row) == set(fields) - silent


@pytest.mark.parametrize("entity", PEOPLE)
def test_a_record_is_the_same_by_list_get_and_truth(tell, portal, added, entity):
    number = added(entity, EMAIL=[{"VALUE": "a@example.com", "VALUE_TYPE": "HOME"}])
    select = ["*", "UF_*", "PHONE", "EMAIL", "WEB", "IM", "LINK"]
    row = tell(f"crm.{entity}.list", {"select": select, "filter": {"ID": number}})["result"][0]

    assert row == tell(f"crm.{entity}.get", {"id": number})["result"]
    assert row in list(portal.truth(entity))
    assert row["EMAIL"][0]["VALUE"] == "a@example.com"
    assert "PHONE" not in row


@pytest.mark.parametrize("entity", PEOPLE)
def test_records_are_paged_by_id_changed_and_deleted(tell, portal, entity):
    portal.insert({"COMMENTS": "x"}, count=120, entity=entity)
    seen, after = [], 0
    while rows := tell(
        f"crm.{entity}.list",
        {"filter": {">ID": after, "COMMENTS": "x"}, "order": {"ID": "ASC"}, "start": -1},
    )["result"]:
        seen += [int(row["ID"]) for row in rows]
        after = seen[-1]
    portal.clock.advance(60)
    tell(f"crm.{entity}.update", {"id": seen[0], "fields": {"COMMENTS": "y"}})
    tell(f"crm.{entity}.delete", {"id": seen[1]})

    assert seen == sorted(set(seen))
    assert len(seen) == 120
    assert portal.get(seen[0], entity)["DATE_MODIFY"] == "2026-11-20T12:01:00+03:00"
    assert portal.get(seen[1], entity) is None
    assert portal.bin(entity) == [seen[1]]


def test_a_lead_in_a_final_status_is_closed(tell, portal, added):
    number = added("lead")
    tell("crm.lead.update", {"id": number, "fields": {"STATUS_ID": "JUNK"}})
    junk = portal.get(number, "lead")
    tell("crm.lead.update", {"id": number, "fields": {"STATUS_ID": "IN_PROCESS"}})
    again = portal.get(number, "lead")

    assert (junk["STATUS_SEMANTIC_ID"], junk["DATE_CLOSED"]) == ("F", "2026-11-20T12:00:00+03:00")
    assert (again["STATUS_SEMANTIC_ID"], again["DATE_CLOSED"]) == ("P", "")


def test_a_leads_status_is_the_stage_of_its_item(tell, added):
    number = added("lead", STATUS_ID="PROCESSED")
    item = tell("crm.item.get", {"entityTypeId": 1, "id": number})["result"]["item"]
    found = tell("crm.item.list", {"entityTypeId": 1, "filter": {"stageId": "PROCESSED", "id": number}})

    assert (item["stageId"], item["stageSemanticId"]) == ("PROCESSED", "P")
    assert (item["companyId"], item["contactIds"], item["fm"]) == (0, [], [])
    assert found["total"] == 1


def test_the_companies_type_has_another_name_as_an_item(tell, added):
    number = added("company", COMPANY_TYPE="PARTNER")

    assert tell("crm.item.get", {"entityTypeId": 4, "id": number})["result"]["item"]["typeId"] == "PARTNER"


@pytest.mark.parametrize("entity", PEOPLE)
def test_custom_fields_come_and_go_for_every_entity(tell, portal, added, entity):
    number = added(entity)
    made = portal.add_field("MOOD", "integer", entity=entity)
    tell(f"crm.{entity}.update", {"id": number, "fields": {"UF_CRM_MOOD": "7 or so"}})
    kept = portal.get(number, entity)["UF_CRM_MOOD"]
    listed = tell(f"crm.{entity}.userfield.list", {"filter": {"FIELD_NAME": "UF_CRM_MOOD"}})["result"]
    portal.remove_field("UF_CRM_MOOD", entity=entity)

    assert kept == "7"
    assert [row["ID"] for row in listed] == [str(made.id)]
    assert "UF_CRM_MOOD" not in portal.get(number, entity)


def test_the_contacts_of_a_deal_are_set_and_asked_for(tell, portal):
    items = [
        {"CONTACT_ID": 55, "SORT": 100, "IS_PRIMARY": "Y"},
        {"CONTACT_ID": 54, "SORT": 200},
        {"CONTACT_ID": 56, "SORT": 400},
    ]
    tell("crm.deal.contact.items.set", {"id": 3 if portal.get(3) else 1, "items": items})
    deal = 3 if portal.get(3) else 1
    given = tell("crm.deal.contact.items.get", {"id": deal})["result"]

    assert given == [
        {"CONTACT_ID": 55, "SORT": 100, "ROLE_ID": 0, "IS_PRIMARY": "Y"},
        {"CONTACT_ID": 54, "SORT": 200, "ROLE_ID": 0, "IS_PRIMARY": "N"},
        {"CONTACT_ID": 56, "SORT": 400, "ROLE_ID": 0, "IS_PRIMARY": "N"},
    ]
    assert portal.get(deal)["CONTACT_ID"] == "55"
    assert "CONTACT_IDS" not in portal.get(deal)
    assert tell("crm.item.get", {"entityTypeId": 2, "id": deal})["result"]["item"]["contactIds"] == [
        55,
        54,
        56,
    ]


def test_writing_the_first_contact_keeps_the_others(tell, portal, added):
    number = added("lead", CONTACT_IDS=[7, 8])
    tell("crm.lead.update", {"id": number, "fields": {"CONTACT_ID": 9}})
    given = tell("crm.lead.contact.items.get", {"id": number})["result"]

    assert {one["CONTACT_ID"]: one["IS_PRIMARY"] for one in given} == {9: "Y", 8: "N"}
    assert portal.get(number, "lead")["CONTACT_ID"] == "9"


def test_contacts_and_companies_know_of_each_other(tell, added):
    company, other = added("company"), added("company")
    one, two = added("contact", COMPANY_ID=company), added("contact", COMPANY_IDS=[other, company])
    three = added("contact")
    before = tell("crm.company.contact.items.get", {"id": company})["result"]
    tell(
        "crm.company.contact.items.set",
        {"id": company, "items": [{"CONTACT_ID": two}, {"CONTACT_ID": three}]},
    )
    after = tell("crm.company.contact.items.get", {"id": company})["result"]

    assert [item["CONTACT_ID"] for item in before] == [one, two]
    assert [item["CONTACT_ID"] for item in after] == [two, three]
    assert tell("crm.contact.company.items.get", {"id": one})["result"] == []
    assert [item["COMPANY_ID"] for item in tell("crm.contact.company.items.get", {"id": two})["result"]] == [
        other,
        company,
    ]


def test_bindings_survive_the_recycle_bin(tell, portal, added):
    number = added("lead", CONTACT_IDS=[7, 8])
    portal.remove([number], "lead")
    back = portal.restore(number, entity="lead")

    given = tell("crm.lead.contact.items.get", {"id": back})["result"]
    assert [one["CONTACT_ID"] for one in given] == [7, 8]


def test_what_pointed_at_a_merged_contact_points_at_the_survivor(tell, portal, added):
    phone = [{"VALUE": "+998901112233"}]
    stays, goes = added("contact", PHONE=phone), added("contact", PHONE=phone, EMAIL=[{"VALUE": "b@c.d"}])
    deal = tell("crm.deal.add", {"fields": {"CONTACT_IDS": [goes, 77]}})["result"]
    before = portal.get(deal)["DATE_MODIFY"]
    portal.clock.advance(60)
    tell("crm.entity.mergeBatch", {"params": {"entityTypeId": 3, "entityIds": [stays, goes]}})

    bound = tell("crm.deal.contact.items.get", {"id": deal})["result"]
    contact = portal.get(stays, "contact")
    assert [one["CONTACT_ID"] for one in bound] == [stays, 77]
    assert (portal.get(deal)["CONTACT_ID"], portal.get(deal)["DATE_MODIFY"]) == (str(stays), before)
    assert len(contact["PHONE"]) == 1
    assert (contact["HAS_EMAIL"], contact["DATE_MODIFY"]) == ("Y", "2026-11-20T12:01:00+03:00")
    assert portal.get(goes, "contact") is None


@pytest.mark.parametrize("entity", PEOPLE)
def test_the_control_door_rules_every_entity(portal, entity):
    first, *others = portal.insert(count=5, entity=entity)
    portal.clock.advance(60)
    portal.burst([first], {"COMMENTS": "burst"}, entity=entity)
    gone = portal.merge([first, others[0]], entity=entity)
    portal.remove([others[1]], entity)
    back = portal.restore(others[1], same_id=True, entity=entity)
    portal.change(others[2], {"COMMENTS": "changed"}, touch=False, entity=entity)
    kept = portal.get(first, entity)["COMMENTS"]
    worked = portal.work(10, entity=entity)

    assert kept == "burst"
    assert (gone, back) == ([others[0]], others[1])
    assert portal.get(others[2], entity) is not None
    assert len(worked) == 10


async def test_the_control_door_is_told_which_entity(door, portal):
    async with door() as (control, _):
        ids = await control.insert({"NAME": "Олег"}, count=3, entity="contact")
        await control.change(ids[0], {"NAME": "Jasur"}, entity="contact")
        await control.delete([ids[1]], entity="contact")
        there = await control.bin(entity="contact")
        back = await control.restore(ids[1], entity="contact")
        field = await control.add_field("AGE", "integer", entity="contact")
        truth = [record async for record in control.truth(entity="contact")]
        state = await control.state()

    assert there == [ids[1]]
    assert {record["ID"] for record in truth} == {str(one) for one in (ids[0], ids[2], back)}
    assert truth[0]["NAME"] == "Jasur"
    assert field == next(one.id for one in portal.books.user_fields if one.name == "UF_CRM_AGE")
    assert state["records"]["contact"] == 3


@pytest.mark.parametrize("entity", PEOPLE)
def test_events_tell_of_every_entity(portal, entity):
    name = f"ONCRM{entity.upper()}"
    portal.add_handler(
        "http://handler.example/", events=[f"{name}{verb}" for verb in ("ADD", "UPDATE", "DELETE")]
    )
    (number,) = portal.insert(entity=entity)
    portal.change(number, {"COMMENTS": "x"}, entity=entity)
    portal.remove([number], entity)

    taken = portal.events.take()
    assert [one.event for one in taken] == [f"{name}ADD", f"{name}UPDATE", f"{name}DELETE"]
    assert all(f"data%5BFIELDS%5D%5BID%5D={number}".encode() in one.body for one in taken)


def test_a_busy_company_disturbs_the_entity_it_is_told_to(tell, portal):
    portal.insert(count=3, entity="lead")
    portal.busy(inserts=2, entity="lead")
    tell("crm.lead.list")

    assert portal.store.count(portal.tables["lead"]) == 5
    assert portal.store.count(portal.deals) == 160

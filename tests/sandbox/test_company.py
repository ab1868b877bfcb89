from datetime import datetime

import pytest

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Options, Portal, PortalClock, built, found, live

NOW = datetime.fromisoformat("2026-11-20T12:00:00+03:00")


def grown(seed, now, count=400):
    portal = Portal(found(seed, code="x"), clock=PortalClock(now), seed=seed)
    live(portal, count, seed=seed)
    return portal


def test_the_same_seed_makes_the_same_company(portal):
    now = portal.clock.now()
    one, two, other = grown(3, now), grown(3, now), grown(4, now)

    assert one.books.dump() == two.books.dump()
    for entity in one.tables:
        assert list(one.truth(entity)) == list(two.truth(entity)), entity
    assert list(one.truth()) != list(other.truth())


def test_the_company_is_believable(portal):
    deals = list(grown(3, portal.clock.now(), 3000).truth())
    ids = [int(deal["ID"]) for deal in deals]
    wins = {}
    for deal in deals:
        if deal["CLOSED"] == "Y":
            wins.setdefault(deal["ASSIGNED_BY_ID"], []).append(deal["STAGE_SEMANTIC_ID"] == "S")
    rates = [sum(won) / len(won) for won in wins.values() if len(won) > 40]

    assert 1.1 < ids[-1] / len(ids) < 2
    assert {deal["CATEGORY_ID"] for deal in deals} == {"0", "1", "2", "5"}
    assert {deal["STAGE_SEMANTIC_ID"] for deal in deals} == {"P", "S", "F"}
    assert max(rates) - min(rates) > 0.2
    assert all(deal["DATE_CREATE"] <= deal["DATE_MODIFY"] <= "2026-11-20T12:00:00+03:00" for deal in deals)
    assert all(deal["DATE_MODIFY"] <= deal["LAST_ACTIVITY_TIME"] for deal in deals)
    assert all((deal["CLOSED"] == "Y") == (deal["STAGE_SEMANTIC_ID"] != "P") for deal in deals)


def test_the_data_is_as_dirty_as_in_real_portals(portal):
    deals = list(grown(3, portal.clock.now(), 3000).truth())

    def some(field, *values):
        return any(deal[field] in values for deal in deals)

    assert some("COMPANY_ID", "0")
    assert some("BEGINDATE", "")
    assert some("STAGE_ID", "C9:UC_GONE01")
    assert some("OPPORTUNITY", "22175.32800000")
    assert some("CURRENCY_ID", "KZT")
    assert some("ASSIGNED_BY_ID", "9999")
    assert any("🙂" in deal["TITLE"] for deal in deals)
    assert any("\r\n" in (deal["COMMENTS"] or "") for deal in deals)
    assert any("[B]" in (deal["COMMENTS"] or "") for deal in deals)


@pytest.fixture(scope="module")
def world():
    """A whole company of 300 deals, made once and only looked at."""
    return grown(3, NOW, 300)


def all_of(portal, entity):
    return list(portal.truth(entity))


def test_what_deals_refer_to_is_there(world):
    deals = all_of(world, "deal")
    leads = {lead["ID"]: lead for lead in all_of(world, "lead")}
    known = {name: {one["ID"] for one in all_of(world, name)} for name in ("contact", "company")}
    converted = [leads[deal["LEAD_ID"]] for deal in deals if deal["LEAD_ID"]]

    assert {deal["CONTACT_ID"] for deal in deals} - {None} <= known["contact"]
    assert {deal["COMPANY_ID"] for deal in deals} - {None, "0"} <= known["company"]
    assert len(converted) > 100
    assert {lead["STATUS_ID"] for lead in converted} == {"CONVERTED"}
    assert {lead["STATUS_SEMANTIC_ID"] for lead in leads.values()} == {"P", "S", "F"}
    companies = {contact["COMPANY_ID"] for contact in all_of(world, "contact")} - {None}
    assert companies <= known["company"]


@pytest.mark.parametrize(
    ("entity", "stage", "meaning"),
    [
        ("deal", "STAGE_ID", "STAGE_SEMANTIC_ID"),
        ("lead", "STATUS_ID", "STATUS_SEMANTIC_ID"),
        ("dynamic_177", "STAGE_ID", "STAGE_SEMANTIC_ID"),
    ],
)
def test_every_history_begins_with_the_record_and_ends_where_it_stands(world, entity, stage, meaning):
    histories = {}
    for step in all_of(world, f"{entity}_stages"):
        histories.setdefault(str(step["OWNER_ID"]), []).append(step)
    records = all_of(world, entity)

    assert set(histories) == {one["ID"] for one in records}
    for record in records:
        steps = histories[record["ID"]]
        assert [one["CREATED_TIME"] for one in steps] == sorted(one["CREATED_TIME"] for one in steps)
        assert (steps[0]["TYPE_ID"], steps[0]["CREATED_TIME"]) == (1, record["DATE_CREATE"])
        assert (steps[-1][stage], steps[-1]["CREATED_TIME"]) == (record[stage], record["MOVED_TIME"])
        assert all(one[meaning] == "P" for one in steps[:-1])


def test_every_deal_has_its_activities_and_calls_their_rows(world):
    deals = {deal["ID"]: deal for deal in all_of(world, "deal")}
    activities = all_of(world, "activity")
    by_deal = {}
    for one in activities:
        if one["OWNER_TYPE_ID"] == "2":
            by_deal.setdefault(one["OWNER_ID"], []).append(one)
    lost = set(by_deal) - set(deals)
    calls = {one["ID"] for one in activities if one["TYPE_ID"] == "2"}

    assert set(deals) <= set(by_deal)
    assert {len(held) for number, held in by_deal.items() if number in deals} <= set(range(1, 9))
    assert 0 < len(lost) < len(activities) / 50
    assert all(
        deal["DATE_CREATE"] <= one["CREATED"] <= deal["LAST_ACTIVITY_TIME"]
        for number, deal in deals.items()
        for one in by_deal[number]
    )
    assert {call["CRM_ACTIVITY_ID"] for call in all_of(world, "call")} == calls
    letters = [one for one in activities if one["TYPE_ID"] == "4"]
    assert all(one["DESCRIPTION_TYPE"] == "3" and "<" in one["DESCRIPTION"] for one in letters)
    assert all(one["SETTINGS"]["EMAIL_META"]["from"] for one in letters)


def test_leads_are_answered_after_they_came_and_before_they_became_a_deal(world):
    leads = {lead["ID"]: lead for lead in all_of(world, "lead")}
    made = {deal["LEAD_ID"]: deal["DATE_CREATE"] for deal in all_of(world, "deal")}
    answers = [one for one in world.truth("activity", listed=True) if one["OWNER_TYPE_ID"] == "1"]
    calls = {call["CRM_ACTIVITY_ID"]: call for call in all_of(world, "call")}

    assert len(leads) / 2 < len({one["OWNER_ID"] for one in answers}) < len(leads)
    for one in answers:
        lead = leads[one["OWNER_ID"]]
        assert lead["DATE_CREATE"] < one["CREATED"] <= lead["LAST_ACTIVITY_TIME"]
        assert one["CREATED"] <= made.get(lead["ID"], one["CREATED"])
        assert one["BINDINGS"] == [{"OWNER_TYPE_ID": "1", "OWNER_ID": lead["ID"]}]
        assert one["ID"] not in calls or calls[one["ID"]]["CRM_ENTITY_TYPE"] in ("LEAD", None)


def test_amounts_are_the_sums_of_their_products(world):
    sums = {}
    for row in all_of(world, "productrow"):
        owner = str(row["OWNER_ID"])
        sums[owner] = sums.get(owner, 0) + row["PRICE"] * row["QUANTITY"]

    for deal in all_of(world, "deal"):
        assert (deal["IS_MANUAL_OPPORTUNITY"] == "N") == (deal["ID"] in sums)
        if deal["ID"] in sums:
            assert sums[deal["ID"]] == pytest.approx(float(deal["OPPORTUNITY"]), abs=0.01)


def test_phones_are_as_people_type_them(world):
    contacts = all_of(world, "contact")
    phones = [one["PHONE"][0]["VALUE"] for one in contacts if "PHONE" in one]
    forms = {"".join("9" if sign.isdigit() else sign for sign in phone) for phone in phones}
    digits = ["".join(filter(str.isdigit, phone))[-7:] for phone in phones if "доб" not in phone]
    ids = [
        entry["ID"] for one in contacts for kind in ("PHONE", "EMAIL", "IM") for entry in one.get(kind, [])
    ]

    assert len(forms) == 8
    assert len(set(digits)) < len(digits)
    assert len(set(ids)) == len(ids)
    assert all((one["HAS_PHONE"] == "Y") == ("PHONE" in one) for one in contacts)


def test_ids_given_by_the_company_are_never_given_again():
    world = grown(3, NOW, 40)
    made = world.records.add(world.tables["contact"], {"PHONE": [{"VALUE": "1"}]}, 1)
    number = int(world.get(made, "contact")["PHONE"][0]["ID"])
    (activity,) = world.insert(entity="activity")
    world.remove([activity], "activity")
    world.remove([made], "contact")

    held = [
        entry
        for name in ("contact", "company", "lead")
        for one in world.truth(name)
        for entry in one.get("PHONE", [])
    ]
    assert number > max(int(entry["ID"]) for entry in held)
    assert activity > max(int(one["ID"]) for one in world.truth("activity"))


def test_calls_are_as_dirty_as_in_real_portals():
    calls = all_of(grown(3, NOW, 600), "call")

    assert any(call["CRM_ENTITY_ID"] is None for call in calls)
    assert any(call["CALL_DURATION"] == "0" and call["CALL_FAILED_CODE"] == "200" for call in calls)
    assert {call["CALL_FAILED_CODE"] for call in calls} > {"200", "304"}


def test_a_company_may_be_made_of_deals_alone():
    portal = built(Options(deals=20, whole=False, virtual=True))

    assert portal.store.count(portal.deals) == 20
    assert portal.store.count(portal.tables["contact"]) == 0
    portal.close()


def test_a_portal_in_a_file_survives_a_restart(tmp_path):
    options = Options(store=tmp_path / "portal.sqlite", deals=30, virtual=True)
    first = built(options)
    first.records.add(first.deals, {"TITLE": "kept"}, 1)
    truth, code = list(first.truth()), first.books.webhooks[0].code
    first.close()
    second = built(options)

    assert list(second.truth()) == truth
    assert second.books.webhooks[0].code == code
    second.close()


def test_half_a_portal_is_not_taken_for_a_whole_one(tmp_path):
    path = tmp_path / "portal.sqlite"
    Portal(found(1), store=path).close()

    with pytest.raises(NeedsPerson, match="half a portal: delete it"):
        built(Options(store=path))


def test_a_portal_of_another_version_is_refused(tmp_path):
    options = Options(store=tmp_path / "portal.sqlite", deals=3, virtual=True)
    first = built(options)
    first.store.write("layout.deal", "TITLE,STAGE_ID")
    first.close()

    with pytest.raises(NeedsPerson, match="written by another version"):
        built(options)


def test_a_file_that_is_no_portal_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, just notes" * 100)

    with pytest.raises(NeedsPerson, match="name another file"):
        built(Options(store=path))

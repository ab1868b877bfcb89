import pytest


def test_thousands_change_within_one_second(portal, tell):
    portal.insert(count=4000)
    portal.clock.advance(60)
    changed = portal.burst(3000, {"UF_CRM_1721244482": "Buxoro"})

    since = {"filter": {">=DATE_MODIFY": "2026-11-20T12:01:00+03:00"}}
    assert len(set(changed)) == 3000
    assert tell("crm.deal.list", since)["total"] == 3000
    assert {portal.get(one)["UF_CRM_1721244482"] for one in changed[:20]} == {"Buxoro"}


def test_chosen_deals_change_and_missing_ones_are_not_made(portal):
    portal.clock.advance(60)
    before = list(portal.truth())
    ids = [int(deal["ID"]) for deal in before[:2]]

    assert portal.burst([*ids, 999_999], {"TITLE": "x"}) == ids
    assert portal.store.count(portal.deals) == len(before)
    assert [deal["TITLE"] for deal in portal.truth()][:3] == ["x", "x", before[2]["TITLE"]]


def test_a_burst_is_never_larger_than_the_portal(portal):
    assert len(portal.burst(10_000)) == 160


def test_new_deals_are_born_in_one_second(portal):
    first, *rest = portal.insert({"TITLE": "import", "STAGE_ID": "C9:GONE"}, count=1000)

    made = [portal.get(one) for one in (first, rest[-1])]
    assert len(rest) == 999
    assert {deal["DATE_CREATE"] for deal in made} == {"2026-11-20T12:00:00+03:00"}
    assert {(deal["TITLE"], deal["STAGE_ID"], deal["CURRENCY_ID"]) for deal in made} == {
        ("import", "C9:GONE", "RUB")
    }


def test_an_import_may_be_dated_back(portal):
    [number] = portal.insert(
        {"DATE_CREATE": "2019-01-01T00:00:00+03:00", "DATE_MODIFY": "2019-01-02T00:00:00+03:00"}
    )

    assert portal.get(number)["DATE_MODIFY"] == "2019-01-02T00:00:00+03:00"


def test_a_burst_of_an_unknown_field_changes_nothing(portal):
    before = list(portal.truth())

    with pytest.raises(KeyError, match="NOPE"):
        portal.burst(10, {"NOPE": 1})
    with pytest.raises(KeyError, match="NOPE"):
        portal.insert({"NOPE": 1})
    assert list(portal.truth()) == before


async def test_the_control_door_bursts_and_inserts(door, portal):
    async with door() as (control, _):
        made = await control.insert({"TITLE": "new"}, count=3)
        changed = await control.burst(made[:2], {"COMMENTS": "all at once"})
        some = await control.burst(5)

    assert [portal.get(one)["TITLE"] for one in made] == ["new"] * 3
    assert changed == made[:2]
    assert portal.get(made[1])["COMMENTS"] == "all at once"
    assert len(some) == 5

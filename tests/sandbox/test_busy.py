import pytest

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Portal


def snapshot(portal):
    return {deal["ID"]: deal for deal in portal.truth()}


def difference(before, after):
    """How many deals were changed, deleted, added."""
    changed = sum(after[one] != before[one] for one in before.keys() & after.keys())
    return changed, len(before.keys() - after.keys()), len(after.keys() - before.keys())


def test_records_change_before_every_list(tell, portal):
    before = snapshot(portal)
    portal.clock.advance(60)
    portal.busy(deletes=2, inserts=3)
    for _ in range(4):
        tell("crm.deal.list")

    assert difference(before, snapshot(portal)) == (0, 8, 12)


def test_edits_only_edit(tell, portal):
    before = snapshot(portal)
    portal.clock.advance(60)
    portal.busy(changes=5)
    tell("batch", {"cmd": ["profile"]})
    changed, deleted, added = difference(before, snapshot(portal))

    assert 1 <= changed <= 5
    assert (deleted, added) == (0, 0)


def test_only_every_third_page_is_disturbed_and_other_methods_are_not(tell, portal):
    portal.busy(inserts=1, every=3)
    for _ in range(3):
        tell("profile")
        tell("crm.deal.get", {"id": 3})
    first = portal.store.count(portal.deals)
    for _ in range(7):
        tell("crm.deal.list")

    assert first == 160
    assert portal.store.count(portal.deals) == 162


def test_offset_paging_loses_records_and_keyset_paging_does_not(tell, portal):
    portal.limits.rules.on = False
    portal.busy(deletes=3)
    there, by_offset = set(snapshot(portal)), set()
    for start in range(0, 200, 50):
        by_offset |= {
            row["ID"] for row in tell("crm.deal.list", {"order": {"ID": "ASC"}, "start": start})["result"]
        }
    kept = set(snapshot(portal))

    assert kept < there
    assert kept - by_offset
    last, by_key = 0, set()
    while page := tell("crm.deal.list", {"order": {"ID": "ASC"}, "filter": {">ID": last}, "start": -1})[
        "result"
    ]:
        last = int(page[-1]["ID"])
        by_key |= {row["ID"] for row in page}
    assert set(snapshot(portal)) <= by_key


def test_pages_within_a_batch_may_be_disturbed_too(tell, portal):
    portal.busy(deletes=1, inside=True)
    tell("batch", {"cmd": ["crm.deal.list", "crm.item.list?entityTypeId=2", "profile"]})

    assert portal.store.count(portal.deals) == 157


def test_zeros_end_it(tell, portal):
    portal.busy(inserts=1)
    portal.busy()
    tell("crm.deal.list")

    assert portal.store.count(portal.deals) == 160


def test_an_empty_portal_has_nothing_to_change(portal, tell):
    portal.remove([int(deal["ID"]) for deal in portal.truth()])
    portal.busy(changes=2, deletes=2)
    tell("crm.deal.list")

    assert portal.store.count(portal.deals) == 0


def test_nobody_is_busy_where_nobody_works():
    portal = Portal()

    with pytest.raises(ValueError, match="nobody works here"):
        portal.busy(changes=1)
    with pytest.raises(ValueError, match="1 or more"):
        portal.busy(changes=1, every=0)
    portal.close()


async def test_the_control_door_makes_the_company_busy(door, portal):
    async with door() as (control, client):
        await control.busy(inserts=2, every=2)
        for _ in range(4):
            await client.get("crm.deal.list")
        await control.busy()
        await client.get("crm.deal.list")
        with pytest.raises(NeedsPerson, match="busy"):
            await control.busy(changes=-1)

    assert portal.store.count(portal.deals) == 164

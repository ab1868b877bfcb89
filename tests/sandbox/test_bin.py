import pytest

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Options, built


def test_what_is_deleted_is_in_the_bin_and_nowhere_else(tell, portal):
    tell("crm.deal.delete", {"id": 3})

    assert portal.bin() == [3]
    assert "3" not in [deal["ID"] for deal in portal.truth()]
    assert tell("crm.deal.list", {"filter": {"ID": 3}})["total"] == 0


def test_a_deal_comes_back_under_a_new_id(portal):
    before, last = portal.get(3), portal.store.last_id(portal.deals)
    portal.remove([3])
    portal.clock.advance(60)
    back = portal.restore(3)

    assert back == last + 1
    assert portal.get(back) == before | {"ID": str(back)}
    assert (portal.get(3), portal.bin()) == (None, [])


def test_a_deal_may_come_back_as_it_was(portal):
    before = list(portal.truth())
    portal.remove([3])

    assert portal.restore(3, same_id=True) == 3
    assert list(portal.truth()) == before


def test_a_restore_may_move_the_modified_time(portal):
    portal.remove([3])
    portal.clock.advance(60)
    portal.restore(3, same_id=True, touch=True)

    assert portal.get(3)["DATE_MODIFY"] == "2026-11-20T12:01:00+03:00"


def test_an_id_is_not_given_to_somebody_else_when_its_deal_is_in_the_bin(portal):
    last = portal.store.last_id(portal.deals)
    portal.remove([last])

    assert portal.insert() == [last + 1]


def test_what_is_not_in_the_bin_is_not_restored(portal):
    with pytest.raises(KeyError, match="not in the recycle bin"):
        portal.restore(3)


def test_a_restore_never_overwrites(portal):
    portal.remove([3])
    portal.change(3, {"TITLE": "somebody else"})

    with pytest.raises(ValueError, match="deal 3 again"):
        portal.restore(3, same_id=True)
    assert portal.bin() == [3]
    assert portal.get(3)["TITLE"] == "somebody else"


def test_the_bin_survives_a_restart(tmp_path):
    options = Options(store=tmp_path / "portal.sqlite", deals=10, virtual=True)
    first = built(options)
    deal = next(first.truth())
    first.remove([int(deal["ID"])])
    first.close()
    second = built(options)

    assert second.restore(int(deal["ID"]), same_id=True) == int(deal["ID"])
    assert next(second.truth()) == deal
    second.close()


async def test_the_control_door_restores(door, portal):
    async with door() as (control, _):
        await control.delete([3, 4])
        there = await control.bin()
        same = await control.restore(3, same_id=True)
        other = await control.restore(4, touch=True)
        with pytest.raises(NeedsPerson, match="not in the recycle bin"):
            await control.restore(4)

    assert set(there) >= {3}
    assert same == 3
    assert portal.get(other)["DATE_MODIFY"] == "2026-11-20T12:00:00+03:00"

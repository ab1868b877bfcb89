import pytest

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Options, Portal, PortalClock, built, found, live


def grown(seed, now, count=400):
    portal = Portal(found(seed, code="x"), clock=PortalClock(now), seed=seed)
    live(portal, count, seed=seed)
    return portal


def test_the_same_seed_makes_the_same_company(portal):
    now = portal.clock.now()
    one, two, other = grown(3, now), grown(3, now), grown(4, now)

    assert one.books.dump() == two.books.dump()
    assert list(one.truth()) == list(two.truth())
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


def test_a_file_that_is_no_portal_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, just notes" * 100)

    with pytest.raises(NeedsPerson, match="name another file"):
        built(Options(store=path))

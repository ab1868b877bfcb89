"""A big portal made in little time: exact numbers, unlike ids, records that hang together."""

from datetime import datetime, timedelta

import pytest

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Portal, PortalClock, crowd, found, sizes_of

NOW = datetime.fromisoformat("2026-11-20T12:00:00+03:00")
SIZES = {"leads": 30, "deals": 20, "contacts": 10, "companies": 5, "activities": 2_500, "letters": 25}
TABLES = {"leads": "lead", "deals": "deal", "contacts": "contact", "companies": "company"}


@pytest.fixture(scope="module")
def crowded():
    portal = Portal(found(7, code="admin"), clock=PortalClock(NOW), seed=7)
    crowd(portal, SIZES)
    yield portal
    portal.close()


def test_there_are_exactly_so_many_of_each_and_of_nothing_else(crowded):
    counts = {name: crowded.store.count(table) for name, table in crowded.tables.items()}

    wanted = {"lead": 30, "deal": 20, "contact": 10, "company": 5, "activity": 2_500}
    assert {name: count for name, count in counts.items() if count} == wanted


def test_records_refer_to_records_there_are(crowded):
    ids = {slug: set(crowded.store.ids(crowded.tables[name])) for slug, name in TABLES.items()}

    for deal in crowded.truth("deal"):
        assert int(deal["CONTACT_ID"] or min(ids["contacts"])) in ids["contacts"]
        assert int(deal["LEAD_ID"] or min(ids["leads"])) in ids["leads"]
    for activity in crowded.truth("activity", listed=True):
        kind = activity["OWNER_TYPE_ID"]
        assert int(activity["OWNER_ID"]) in ids[{"1": "leads", "2": "deals"}[kind]]
        assert activity["BINDINGS"][0] == {"OWNER_TYPE_ID": kind, "OWNER_ID": activity["OWNER_ID"]}


def test_letters_are_long_and_spread_evenly(crowded):
    letters = [len((one["DESCRIPTION"] or "").encode()) > 99_000 for one in crowded.truth("activity")]

    assert [at for at, one in enumerate(letters) if one] == list(range(99, 2_500, 100))


def test_nothing_is_younger_than_a_day_so_that_an_increment_finds_nothing(crowded):
    yesterday = (NOW - timedelta(days=1)).isoformat()

    assert max(one["LAST_UPDATED"] for one in crowded.truth("activity")) <= yesterday
    assert max(one["DATE_MODIFY"] for one in crowded.truth("deal")) <= yesterday


def test_sizes_are_told_in_words():
    assert sizes_of("leads=20,activities=9,letters=1") == {"leads": 20, "activities": 9, "letters": 1}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("leads", "'leads' is not NAME=COUNT"),
        ("calls=5", "one of companies, contacts, leads, deals, activities, letters"),
        ("deals=-5", "is not NAME=COUNT"),
        ("activities=5,letters=6", "there cannot be more of them"),
    ],
)
def test_sizes_that_mean_nothing_are_told(text, complaint):
    with pytest.raises(NeedsPerson, match=complaint):
        sizes_of(text)


def test_a_slow_portal_charges_more_for_its_pages(ask, portal):
    ask("crm.deal.list")
    usual = portal.limits.operating("1/admin", "crm.deal.list")
    portal.limits.rules.slowness = 8.0
    ask("crm.deal.list")

    assert portal.limits.operating("1/admin", "crm.deal.list") == pytest.approx(9 * usual)

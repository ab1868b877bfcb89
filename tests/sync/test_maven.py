"""Real sales data nobody here made: what is stored adds up to the CSV, to the cent."""

import csv
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options
from headwater.testing.river import River, river

MAPPING = Path(str(files("headwater.sandbox"))) / "mappings" / "crm_maven.toml"
WON = {"Won": True, "Lost": False, "Engaging": None, "Prospecting": None}


@pytest.fixture
def opportunities(shared_data: Path) -> list[dict[str, str]]:
    path = shared_data / "crm_maven" / "sales_pipeline.csv"
    if not path.is_file():
        pytest.skip("the data set crm_maven is not here")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
async def stream(newest_database, shared_data: Path, opportunities) -> AsyncIterator[River]:
    portal = bitrix24.built(Options(fill=MAPPING, data=shared_data / "crm_maven", virtual=True))
    async with river(newest_database.url(), portal=portal) as flowing:
        await flowing.sync()
        yield flowing
    portal.close()


async def test_what_is_stored_adds_up_to_the_file(stream: River, opportunities):
    people = {person.id: f"{person.name} {person.last_name}".strip() for person in stream.portal.books.people}
    closed: dict[tuple[str, bool | None], Decimal] = defaultdict(Decimal)
    counted: Counter[tuple[str, bool | None]] = Counter()
    for row in opportunities:
        key = (row["sales_agent"], WON[row["deal_stage"]])
        closed[key] += Decimal(row["close_value"] or 0)
        counted[key] += 1

    normal = await stream.rows(
        "select assigned_to as agent, won, sum(value) as total, count(*) from crm_deals group by 1, 2"
    )
    typed = await stream.rows(
        "select assigned_by_id as agent, stage_id, sum(opportunity) as total, count(*)"
        f" from {stream.link.slug}.crm_deals group by 1, 2"
    )

    assert sum(counted.values()) == sum(row["count"] for row in normal) == 8_800
    assert {(people[int(row["agent"])], row["won"]): row["total"] for row in normal} == closed
    assert {(people[int(row["agent"])], row["won"]): row["count"] for row in normal} == counted
    by_stage = {"WON": True, "LOSE": False}
    totals: dict[tuple[str, bool | None], Decimal] = defaultdict(Decimal)
    for row in typed:
        totals[people[int(row["agent"])], by_stage.get(row["stage_id"])] += row["total"]
    assert totals == closed


async def test_stages_and_revenue_are_those_of_the_file(stream: River, opportunities):
    stages = Counter(row["deal_stage"] for row in opportunities)
    revenue = sum(Decimal(row["close_value"]) for row in opportunities if row["deal_stage"] == "Won")

    found = await stream.rows(
        "select stage, won, currency, count(*), sum(value) as total from crm_deals group by 1, 2, 3"
    )

    assert {(row["stage"], row["won"], row["currency"]): row["count"] for row in found} == {
        ("NEW", None, "USD"): stages["Prospecting"],
        ("EXECUTING", None, "USD"): stages["Engaging"],
        ("WON", True, "USD"): stages["Won"],
        ("LOSE", False, "USD"): stages["Lost"],
    }
    assert [row["total"] for row in found if row["won"]] == [revenue]
    assert revenue > 10_000_000


async def test_every_opportunity_is_found_by_its_own_number(stream: River, opportunities):
    rows = await stream.rows(
        f"select origin_id, opportunity, uf_crm_product, uf_crm_account from {stream.link.slug}.crm_deals"
    )

    assert {
        (row["origin_id"], row["opportunity"], row["uf_crm_product"], row["uf_crm_account"] or "")
        for row in rows
    } == {
        (row["opportunity_id"], Decimal(row["close_value"] or 0), row["product"], row["account"])
        for row in opportunities
    }

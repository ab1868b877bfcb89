"""The views on deals that BI tools read: funnel, averages, distributions."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row
from tests.api.company import Company, begun

from headwater.warehouse import bi

STAGES = {
    "NEW": (10, "open"),
    "TALK": (20, "open"),
    "OFFER": (30, "open"),
    "WON": (5, "won"),
    "LOSE": (40, "lost"),
}
WAYS: dict[str, tuple[str, ...]] = {
    "1": ("NEW", "TALK", "OFFER", "WON"),
    "2": ("NEW", "WON"),
    "3": ("NEW", "TALK", "LOSE"),
    "4": ("NEW", "TALK"),
    "5": ("NEW", "OFFER", "TALK"),
    "6": ("LOSE",),
}
"""Which stages each deal was on, a day each; the pipeline's won stage comes first in the order people see."""

DEALS: dict[str, dict[str, Any]] = {
    "a": {"value": 50, "currency": "USD", "won": True, "created_at": "2026-01-31T20:00:00Z", "closed_at": "2026-02-02T20:00:00Z"},
    "b": {"value": 150, "currency": "USD", "won": False, "created_at": "2026-01-31T22:00:00Z", "closed_at": "2026-02-09T20:00:00Z"},
    "c": {"value": 100, "currency": "USD", "won": True, "created_at": "2026-02-01T12:00:00Z", "closed_at": "2026-02-07T12:00:00Z"},
    "d": {"value": 100, "currency": "EUR", "won": None, "created_at": "2026-02-01T12:00:00Z"},
    "e": {"value": None, "currency": "EUR", "won": None, "created_at": "2026-02-01T12:00:00Z"},
    "f": {"value": 3, "currency": "EUR", "won": None, "created_at": "2026-02-01T12:00:00Z"},
}  # fmt: skip


@dataclass
class Reader:
    """A BI login of the company."""

    conn: Any

    def rows(self, query: str) -> list[Any]:
        return [tuple(row.values()) for row in self.conn.execute(query.encode()).fetchall()]


@pytest.fixture(scope="module")
def reader(module_database: Any) -> Any:
    """In pipeline 0 the ways through the stages, in pipeline 1 the amounts; in Tashkent it is five hours later."""
    with module_database.as_admin() as admin:
        [one] = begun(admin, "ours", "bitrix24")
        admin.execute(
            "insert into headwater.dashboard_configs (tenant_id, timezone) values (%s, 'Asia/Tashkent')",
            [one.tenant],
        )
        filled(one)
    name = f"bi-{uuid4().hex[:12]}"
    bi.add(module_database.url("postgres"), name, bi.Terms(one.tenant, []))
    with psycopg.connect(module_database.url(name), autocommit=True, row_factory=dict_row) as conn:
        yield Reader(conn)
    bi.remove(module_database.url("postgres"), name)


def filled(one: Company) -> None:
    for id, (sort, semantics) in STAGES.items():
        one.put(
            "stages", entity="deals", pipeline="0", id=id, name=id.title(), sort=sort, semantics=semantics
        )
    one.put("pipelines", entity="deals", id="0", name="Sales", sort=1, main=True)
    for id, way in WAYS.items():
        won = {"WON": True, "LOSE": False}.get(way[-1])
        one.put("deals", external_id=id, stage=way[-1], pipeline="0", won=won)
        for day, stage in enumerate(way, start=1):
            one.put(
                "stage_history", id=f"{id}-{day}", entity="deals", external_id=id, stage=stage,
                entered_at=f"2026-01-0{day}T00:00:00Z",
            )  # fmt: skip
    one.put("deals", external_id="7", stage="TALK", pipeline="0")  # nobody told how it came there
    for id, values in DEALS.items():
        one.put("deals", external_id=id, pipeline="1", stage="X", **values)


def test_who_skips_a_stage_has_reached_it_and_winning_comes_after_all(reader: Reader) -> None:
    found = reader.rows(
        "select stage, reached, went_on, lost, waiting, conversion from v_sales_funnel order by reached desc"
    )

    assert found == [
        ("NEW", 6, 6, 0, 0, Decimal("1.0000")),
        ("TALK", 6, 3, 1, 2, Decimal("0.5000")),
        ("OFFER", 3, 2, 0, 1, Decimal("0.6667")),
        ("WON", 2, None, None, None, None),
    ]


def test_every_step_of_the_funnel_adds_up(reader: Reader) -> None:
    for reached, went_on, lost, waiting in reader.rows(
        "select reached, went_on, lost, waiting from v_sales_funnel where semantics = 'open'"
    ):
        assert reached == went_on + lost + waiting


def test_days_on_a_stage_are_those_until_the_next_move(reader: Reader) -> None:
    found = reader.rows("select stage, pipeline_name, median_days from v_sales_funnel order by sort")

    assert found == [("WON", "Sales", None), *((stage, "Sales", 1) for stage in ("NEW", "TALK", "OFFER"))]


def test_averages_and_medians_by_currency(reader: Reader) -> None:
    found = reader.rows(
        "select currency, deals, won, lost, average_value, median_value, average_won_value, median_won_value,"
        " average_cycle_days, median_cycle_days from v_deal_averages where pipeline = '1' order by currency"
    )

    assert found == [
        ("EUR", 3, 0, 0, Decimal("51.50"), Decimal("51.50"), None, None, None, None),
        ("USD", 3, 2, 1, 100, 100, 75, 75, 4, 4),
    ]


def test_months_are_the_companys_and_amounts_fall_into_powers_of_ten(reader: Reader) -> None:
    found = reader.rows(
        "select currency, month, amount_from, amount_below, deals, won, lost, amount, won_amount from v_deal_distribution"
        " where currency is not null order by currency, month, amount_from nulls first"
    )

    february, january = date(2026, 2, 1), date(2026, 1, 1)
    assert found == [
        ("EUR", february, None, None, 1, 0, 0, None, None),
        ("EUR", february, 0, 10, 1, 0, 0, 3, None),
        ("EUR", february, 100, 1000, 1, 0, 0, 100, None),
        ("USD", february, 10, 100, 1, 1, 0, 50, 50),
        ("USD", february, 100, 1000, 2, 1, 1, 250, 100),
    ]
    assert january not in {row[1] for row in found}  # it was the 1st in Tashkent already

"""Charts as the statements they become: kept as text, so that whoever changes the compiler sees what he changed.

To renew them after a change that is meant, and read what `git diff` then says:

    HEADWATER_TEST_RENEW=1 pytest tests/analytics/test_statements.py
"""

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest

from headwater.analytics.compiling import Compiler, cuts
from headwater.analytics.configs import ChartConfig
from headwater.analytics.data import DATA
from headwater.analytics.understood import understood
from headwater.analytics.vocabulary import Name, Own, Vocabulary
from headwater.core.model import Kind
from headwater.warehouse.counting import rendered
from headwater.warehouse.pool import Connection
from headwater.warehouse.question import Question

KEPT = Path(__file__).parent / "sql"
NOBODY = cast("Connection", None)
"""Nothing is asked of the database: periods have both ends here, or axes no time."""

TENANT = cast("Any", None)
KNOWN = Vocabulary(
    zone="Asia/Tashkent", today=date(2026, 11, 26), minutes=600, week_start="monday", currency="UZS", connections=[1, 2],
    names={
        ("connections",): {(1, "1"): Name("Main", 0, "bitrix24 bitrix24"), (2, "2"): Name("Old", 0, "hub hubspot")},
        ("users",): {(1, "5"): Name("Анна Фёдорова", 0, ""), (2, "5"): Name("Ivan", 0, ""), (2, "9"): Name("Анна Фёдорова", 0, "")},
        ("stages", "deals"): {(1, "NEW"): Name("Новая; drop table", 1, "open"), (1, "WON"): Name("Won", 2, "won")},
    },
    own=[Own("deals", 1, "uf_crm_'; --", "Город %s", Kind.TEXT), Own("deals", 1, "uf_score", "Score", Kind.NUMBER)],
)  # fmt: skip

CHARTS: Mapping[str, dict[str, Any]] = {
    "leads_as_one_figure": {"metric": "total_leads", "chart_type": "kpi"},
    "open_deals_as_of_now": {"metric": "open_deals", "x_field": "stage", "chart_type": "funnel"},
    "revenue_by_month": {"metric": "won_revenue", "x_field": "time:month", "date_from": "2026-01-01", "date_to": "2026-06-30"},
    "revenue_apart_by_employee": {"metric": "won_revenue", "x_field": "employee", "currency": "apart", "limit": 5},
    "deals_by_stage_and_week": {"metric": "total_deals", "x_field": "stage", "group_by": "week", "time_range_days": 28},
    "conversion_by_source": {"metric": "conversion_rate", "x_field": "source", "crm_source": "bitrix24", "sort_order": "asc"},
    "calls_from_rollups": {"metric": "calls", "x_field": "day", "time_range_days": 7, "filters": [{"field": "employee", "value": "Анна Фёдорова"}]},
    "talk_time_from_rows": {"metric": "talk_time", "x_field": "hour", "time_range_days": 7},
    "share_of_products": {"data_source": "deal_products", "aggregation": "share", "y_field": "amount", "x_field": "product", "chart_type": "pie"},
    "median_of_a_field_of_ones_own": {"data_source": "deals", "aggregation": "median", "y_field": "Score", "x_field": "Город %s"},
    "filters_of_every_kind": {
        "data_source": "deals",
        "filters": [
            {"field": "stage", "operator": "in", "value": ["Новая; drop table", "WON"]}, {"field": "employee", "operator": "ne", "value": "Ivan"},
            {"field": "Город %s", "operator": "contains", "value": "Таш"}, {"field": "value", "operator": "gte", "value": "1 000,50"},
            {"field": "uf_score", "operator": "lt", "value": 5}, {"field": "closed_at", "operator": "lte", "value": "2026-11-01"},
            {"field": "source", "operator": "null", "value": False}, {"field": "outcome", "operator": "ne", "value": "open"},
            {"field": "connection", "value": "hubspot"},
        ],
    },
    "customers_who_came_back": {"metric": "repeat_customers", "x_field": "connection"},
    "moves_of_stages": {"metric": "reached_stage", "x_field": "stage", "group_by": "employee", "chart_type": "funnel"},
    "revenue_of_three_quarters_from_rollups": {"metric": "won_revenue", "x_field": "month", "group_by": "pipeline", "date_from": "2026-01-15", "date_to": "2026-10-31"},
    "win_rate_of_all_time_from_rollups": {"metric": "win_rate", "x_field": "employee", "time_range_days": None, "filters": [{"field": "outcome", "value": "won"}]},
    "cycle_by_week_from_rows": {"metric": "sales_cycle", "x_field": "week", "time_range_days": 182},
    "response_by_employee": {"metric": "response_time", "x_field": "employee", "time_field": "modified_at"},
}  # fmt: skip


def text(question: Question) -> str:
    """A statement, and what is bound to it."""
    statement, params = rendered(question)
    bound = (f"-- {name} = {value!r}" for name, value in sorted(params.items()))
    return "\n".join((statement.as_string(None), *bound, ""))


async def of(config: dict[str, Any]) -> tuple[Compiler, Question]:
    chart = ChartConfig.model_validate(config)
    asked = understood(chart, KNOWN)
    compiler = Compiler(
        chart, KNOWN, asked, await cuts(NOBODY, TENANT, asked, KNOWN), rolled=True, all_dated=True
    )
    return compiler, compiler.question(asked.window)


@pytest.mark.parametrize("name", CHARTS)
async def test_a_chart_becomes_the_statement_that_is_kept(name: str):
    _, question = await of(CHARTS[name])
    kept = KEPT / f"{name}.sql"
    if os.environ.get("HEADWATER_TEST_RENEW"):
        kept.write_text(text(question), encoding="utf-8")

    assert text(question) == kept.read_text(encoding="utf-8")


async def test_the_period_before_ends_at_the_same_time_of_day():
    compiler, question = await of({"metric": "won_revenue", "x_field": "employee", "time_range_days": 7})
    earlier = compiler.asked.window.earlier(7, KNOWN.today)
    assert earlier is not None
    before = compiler.before(earlier)
    kept = KEPT / "the_period_before.sql"
    if os.environ.get("HEADWATER_TEST_RENEW"):
        kept.write_text(text(before), encoding="utf-8")

    assert text(before) == kept.read_text(encoding="utf-8")
    assert before.parts[0].period != question.parts[0].period


def test_rows_are_chosen_by_their_tenant_in_the_statement_or_in_what_is_made_for_it():
    for one in DATA.values():
        assert one.tenanted == ("%(tenant)s" not in one.relation), one.name


def test_no_kept_statement_is_of_no_chart():
    assert {path.stem for path in KEPT.iterdir()} == {*CHARTS, "the_period_before"}


async def test_nothing_anybody_said_is_part_of_a_statement():
    said = ("drop table", "uf_crm_", "Анна", "Таш", "Score", "hubspot", "2026", "Asia", "UZS")

    for config in CHARTS.values():
        statement, _ = rendered((await of(config))[1])
        written = statement.as_string(None)
        assert not [word for word in said if word in written]

"""What is counted beforehand gives the figures that rows give, whatever is asked."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from tests.analytics.conftest import Figures

from headwater.analytics import query
from headwater.analytics.compiling import Compiler
from headwater.analytics.metrics import METRICS, Metric
from headwater.analytics.query import Answer
from headwater.warehouse.question import Question

METRICS_BEFOREHAND = [one for one in METRICS.values() if isinstance(one, Metric) and one.rolled is not None]
PERIODS: list[dict[str, Any]] = [
    {"time_range_days": None}, {"time_range_days": 400}, {"date_from": "2025-01-01"}, {"date_to": "2026-08-17"},
]  # fmt: skip
AXES: list[dict[str, Any]] = [
    {}, {"x_field": "time:month"}, {"x_field": "time:quarter", "group_by": "employee"}, {"x_field": "connection"},
    {"x_field": "employee", "limit": 1000}, {"x_field": "time:week"},
]  # fmt: skip
OWN: Mapping[str, list[dict[str, Any]]] = {
    "deals": [
        {"x_field": "pipeline", "group_by": "stage"}, {"x_field": "stage", "chart_type": "funnel"},
        {"x_field": "currency"}, {"x_field": "time:month", "currency": "apart"}, {"x_field": "outcome"},
        {"x_field": "employee", "filters": [{"field": "outcome", "value": "won"}]},
        {"x_field": "pipeline", "currency": "EUR", "filters": [{"field": "employee", "operator": "null", "value": False}]},
    ],
    "activities": [{"x_field": "time:month", "group_by": "type"}],
    "calls": [{"x_field": "direction", "group_by": "answered"}],
}  # fmt: skip


@pytest.mark.parametrize("metric", METRICS_BEFOREHAND, ids=lambda one: one.slug)
async def test_it_is_what_rows_give(figures: Figures, metric: Metric, monkeypatch: pytest.MonkeyPatch):
    asked: list[Question] = []

    def from_rows(*args: Any, **_: bool) -> Compiler:
        return Compiler(*args, rolled=False, all_dated=False)

    class Watched(Compiler):
        def question(self, *args: Any) -> Question:
            asked.append(super().question(*args))
            return asked[-1]

    used = 0
    for period, axes in product(PERIODS, (*AXES, *OWN[metric.data])):
        config = {"metric": metric.slug} | period | axes
        monkeypatch.setattr(query, "Compiler", Watched)
        beforehand = await figures(**config)
        used += "rolled_" in asked[-1].parts[0].relation
        monkeypatch.setattr(query, "Compiler", from_rows)

        assert told(beforehand) == told(await figures(**config)), config
    assert used > 15


def told(answer: Answer) -> Any:
    """All that an answer says."""
    groups = {
        (one.x, one.g, one.currency, one.label, one.group): (one.value, one.records) for one in answer.figures
    }
    whole = {one.currency: (one.value, one.records) for one in answer.whole}
    return groups, whole, answer.rest, answer.notes

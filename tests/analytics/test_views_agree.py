"""What an analyst reads in the views on deals is what the metrics say."""

from decimal import Decimal
from typing import Any

import pytest
from tests.analytics.company import Company
from tests.analytics.conftest import Figures

MANAGERS = {
    "win_rate": "win_rate",
    "won": "won_deals",
    "lost": "lost_deals",
    "open": "open_deals",
    "revenue": "revenue",
    "average_deal": "average_deal",
    "average_cycle_days": "sales_cycle",
    "touches_per_deal": "touches_per_deal",
}
"""The columns of v_top_managers, and the metrics that say the same of each employee."""

PIPELINES = {
    "won": "won_deals",
    "lost": "lost_deals",
    "average_won_value": "average_deal",
    "average_cycle_days": "sales_cycle",
    "median_cycle_days": "median_sales_cycle",
}
"""The same of v_deal_averages and pipelines."""

VIEWS = [
    *(("v_top_managers", "assigned_to", "employee", *one) for one in MANAGERS.items()),
    *(("v_deal_averages", "pipeline", "pipeline", *one) for one in PIPELINES.items()),
]


@pytest.fixture
async def rows(made_up: Company, module_database: Any) -> Any:
    """What a view says of the company, where a currency is told."""

    def found(view: str, key: str, column: str) -> dict[tuple[str, str], Any]:
        with module_database.as_admin() as admin:
            rows = admin.execute(
                f"select connection_id, {key}, currency, {column} from {view}"
                " where tenant_id = %s and currency is not null",
                [made_up.tenant],
            ).fetchall()
        return {
            (f"{link}/{id}" if id is not None else "", currency): value for link, id, currency, value in rows
        }

    return found


@pytest.mark.parametrize(("view", "key", "dimension", "column", "slug"), VIEWS)
async def test_a_view_says_what_the_metric_says(
    figures: Figures, rows: Any, view: str, key: str, dimension: str, column: str, slug: str
) -> None:
    said = rows(view, key, column)
    assert len(said) > 5

    for currency in {currency for _, currency in said}:
        answer = await figures(
            metric=slug, x_field=dimension, limit=1000, currency="apart",
            filters=[{"field": "currency", "value": currency}],
        )  # fmt: skip
        ours = {f"{one.connection}/{one.x}" if one.x is not None else "": one.value for one in answer.figures}
        theirs = {key: value for (key, said_in), value in said.items() if said_in == currency}
        for group in ours.keys() | theirs.keys():
            if group:  # those of nobody stand once in figures, and once a connection in the view
                assert (ours.get(group) or 0) == pytest.approx(theirs.get(group) or 0, abs=Decimal("0.0101"))

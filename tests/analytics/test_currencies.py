"""Amounts: by the rate of their time, in one currency or apart, never mixed, and what was assumed is told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from tests.analytics import company
from tests.analytics.company import Company
from tests.analytics.conftest import Figures, figures_of, rolled_up

from headwater.analytics.query import Answer
from headwater.analytics.vocabulary import Own
from headwater.core.model import Kind
from headwater.warehouse.pool import Warehouse

NOW = datetime.now(UTC).replace(microsecond=0)
NUMBERS = count()


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.fixture(scope="module")
def sold(module_database: Any) -> Any:
    """Makes a tenant whose deals were won: connections with their rates, and deals as (amount, currency, days ago)."""
    with module_database.as_admin() as admin:

        def selling(
            *portals: tuple[dict[str, list[tuple[float, str]]], list[tuple[str | None, str | None, float]]],
        ) -> Company:
            one = company.empty(admin, f"t{next(NUMBERS)}")
            for rates, deals in portals:
                link = one.connect(f"c{next(NUMBERS)}", f"Portal {len(one.links)}")
                for at, (id, several) in enumerate(rates.items()):
                    for days, rate in several:
                        one.rate(link, id, rate, ago(days), base=at == 0)
                one.put("deals", link, (
                    {"external_id": str(at), "won": True, "value": value, "currency": currency, "assigned_to": str(at % 2), "created_at": ago(days + 1), "closed_at": ago(days)}
                    for at, (value, currency, days) in enumerate(deals)
                ))  # fmt: skip
            return one

        yield selling


@pytest.fixture
def asked(opened: Warehouse, sold: Callable[..., Company]) -> Any:
    async def asking(*portals: Any) -> Figures:
        return await figures_of(opened, sold(*portals).tenant)

    return asking


def whole(answer: Answer) -> dict[str | None, Decimal | None]:
    return {one.currency: one.value for one in answer.whole}


def said(answer: Answer) -> dict[str, Any]:
    return {note.word: dict(note.facts) for note in answer.notes}


RATES = {"RUB": [(100, "1")], "USD": [(100, "90"), (50, "100"), (10, "80")]}


async def test_an_amount_is_worth_what_it_was_worth_then(asked):
    figures = await asked(
        (RATES, [("1", "USD", 70), ("1", "USD", 50), ("1", "USD", 20), ("1", "USD", 5), ("7", "RUB", 5)])
    )

    in_roubles = await figures(metric="won_revenue")
    in_dollars = await figures(metric="won_revenue", currency="usd")

    assert whole(in_roubles) == {"RUB": Decimal(90 + 100 + 100 + 80 + 7)}
    assert whole(in_dollars) == {"USD": round(Decimal(4) + Decimal(7) / 80, 2)}
    assert "assumed" not in said(in_roubles)
    assert "no_rate" not in said(in_dollars)


async def test_before_the_first_rate_that_one_is_taken_and_told(asked):
    figures = await asked(
        (
            RATES,
            [("1", "USD", 300), ("2", "USD", 101), ("5", "RUB", 300), ("1", "USD", 99), (None, "USD", 300)],
        )
    )

    answer = await figures(metric="won_revenue")

    assert whole(answer) == {"RUB": Decimal(3 * 90 + 5 + 90)}
    assert said(answer)["assumed"] == {"count": "2"}, "neither its own currency nor nothing needs a rate"


async def test_a_currency_without_rate_is_apart_and_told(asked):
    figures = await asked(
        (RATES | {"BAD": [(100, "0")]}, [("1", "USD", 1), ("3", "GEL", 1), ("4", None, 1), ("5", "BAD", 1)])
    )

    answer = await figures(metric="won_revenue")
    by_employee = await figures(metric="won_revenue", x_field="employee")

    assert whole(answer) == {"RUB": 80, "GEL": 3, "": 4, "BAD": 5}
    assert answer.value == 80
    assert said(answer)["no_rate"]["display"] == "RUB"
    assert set(said(answer)["no_rate"]["currencies"].split(", ")) == {"GEL", "no currency", "BAD"}
    assert {(one.x, one.currency, one.value) for one in by_employee.figures} == {
        ("0", "RUB", 80), ("1", "GEL", 3), ("0", "", 4), ("1", "BAD", 5)
    }  # fmt: skip
    assert by_employee.figures[0].currency == "RUB", "what is shown comes first, whatever its size"


async def test_amounts_that_are_nothing_together_stay_in_their_currency(
    opened: Warehouse, module_database: Any, sold
):
    one = sold(
        (RATES, [("5", "XXX", 40), ("-5", "XXX", 40), ("0", "XXX", 40), (None, "XXX", 40), ("8", "RUB", 40)])
    )
    await rolled_up(module_database.url(), one)
    answer = await (await figures_of(opened, one.tenant))(metric="won_revenue")

    assert [(each.currency, each.value, each.records) for each in answer.whole] == [
        ("RUB", 8, 3),
        ("XXX", 0, 2),
    ]


@pytest.mark.parametrize("amount", [None, "0"])
async def test_nothing_needs_no_rate(asked, amount: str | None):
    figures = await asked((RATES, [("1", "USD", 1), (amount, "GEL", 1), (amount, None, 1)]))

    answer = await figures(metric="won_revenue")

    assert whole(answer) == {"RUB": 80}
    assert "no_rate" not in said(answer)
    assert answer.whole[0].records == 3


async def test_a_currency_the_crm_does_not_know_leaves_all_as_they_are(asked):
    figures = await asked((RATES, [("1", "USD", 1), ("2", "RUB", 1), ("9", "JPY", 1)]))

    answer = await figures(metric="won_revenue", currency="JPY")

    assert whole(answer) == {"USD": 1, "RUB": 2, "JPY": 9}
    assert answer.whole[0].currency == "JPY"
    assert set(said(answer)["no_rate"]["currencies"].split(", ")) == {"USD", "RUB"}


async def test_apart_each_stays_in_its_own(asked):
    figures = await asked((RATES, [("1", "USD", 1), ("2", "RUB", 1), ("3", "RUB", 300)]))

    answer = await figures(metric="won_revenue", currency="apart")

    assert whole(answer) == {"USD": 1, "RUB": 5}
    assert said(answer) == {"own_currencies": {}}


async def test_portals_have_rates_of_their_own(asked):
    figures = await asked(
        (RATES, [("2", "USD", 5), ("80", "RUB", 5)]),
        (
            {"USD": [(60, "1")], "EUR": [(60, "1.5")], "RUB": [(60, "0.01")]},
            [("2", "EUR", 5), ("100", "RUB", 5), ("1", "USD", 5)],
        ),
    )

    in_dollars = await figures(metric="won_revenue", currency="USD")
    by_portal = await figures(metric="won_revenue", currency="USD", x_field="connection")
    in_euros = await figures(metric="won_revenue", currency="EUR")

    assert figures.known.currency == "RUB", "the base of the first portal"
    assert whole(in_dollars) == {"USD": 3 + 5}
    assert sorted(one.value for one in by_portal.figures) == [3, 5]
    assert whole(in_euros) == {"EUR": round(2 + 2 / Decimal("1.5"), 2), "USD": 2, "RUB": 80}


@pytest.mark.parametrize(
    ("metric", "converted", "apart"), [("average_deal", Decimal("24.5"), 14), ("median_deal", 17, 10)]
)
async def test_averages_and_medians_never_mix(asked, metric: str, converted: Decimal, apart: Decimal):
    roubles = [("8", "RUB", 1), ("10", "RUB", 1), (None, "RUB", 1), ("24", "RUB", 1)]
    figures = await asked((RATES, [*roubles, ("1", "GEL", 1), ("3", "GEL", 1), ("0.7", "USD", 1)]))

    assert whole(await figures(metric=metric)) == {"GEL": 2, "RUB": converted}
    assert whole(await figures(metric=metric, currency="apart")) == {
        "GEL": 2, "USD": Decimal("0.7"), "RUB": apart
    }  # fmt: skip


async def test_amounts_are_compared_in_the_currency_that_is_shown(asked):
    figures = await asked((RATES, [("1", "USD", 1), ("50", "RUB", 1), ("81", "RUB", 1)]))
    big = [{"field": "value", "operator": "gte", "value": 80}]

    assert (await figures(metric="won_deals", filters=big)).value == 2
    assert (await figures(metric="won_deals", filters=big, currency="apart")).value == 1


async def test_a_state_is_worth_what_it_is_worth_now_however_it_is_grouped(asked):
    figures = await asked((RATES, [("1", "USD", 70)]))
    link = figures.known.connections[0]
    async with figures.looking.warehouse.acting_for(figures.looking.tenant) as conn:
        await conn.execute(
            "update crm_deals set won = null, closed_at = null where tenant_id = %s and connection_id = %s",
            [figures.looking.tenant, link],
        )

    answer = await figures(metric="pipeline_value", x_field="created_at", grain="month")

    assert answer.value == answer.figures[0].value == (await figures(metric="pipeline_value")).value == 80


async def test_what_is_compared_is_of_one_currency(asked):
    figures = await asked((RATES, [("1", "GEL", 1), ("5", "JPY", 8)]))

    answer = await figures(metric="won_revenue", time_range_days=5, comparison_period_days=7)

    assert [one.currency for one in answer.whole] == ["GEL"]
    assert answer.before
    assert [one.currency for one in answer.before] == ["JPY"]
    assert answer.change is None


async def test_without_any_currency_amounts_are_as_they_are(asked):
    figures = await asked(({}, [("1", None, 1), ("2", "EUR", 1)]))

    assert figures.known.currency is None
    assert whole(await figures(metric="won_revenue")) == {"": 1, "EUR": 2}
    assert whole(await figures(metric="won_revenue", currency="EUR")) == {"EUR": 2, "": 1}


async def test_numbers_may_be_as_long_as_the_database_has_them(asked):
    figures = await asked((RATES, [("9999999999999999.99", "USD", 5)] * 3))

    answer = await figures(metric="won_revenue", x_field="employee")

    assert answer.value == 3 * 80 * Decimal("9999999999999999.99")
    assert answer.rest == 0


async def test_fields_of_ones_own_may_hold_any_number(asked, module_database: Any):
    figures = await asked((RATES, [("1", "USD", 5)] * 2))
    with module_database.as_admin() as admin:
        admin.execute(
            "update crm_deals set custom_fields = '{\"uf_big\": 1e300}' where tenant_id = %s",
            [figures.looking.tenant],
        )
    own = [Own("deals", figures.known.connections[0], "uf_big", "Big", Kind.NUMBER)]

    for aggregation in ("sum", "max", "average", "median"):
        answer = await figures.but(own=own)(
            data_source="deals", aggregation=aggregation, y_field="uf_big", x_field="employee"
        )
        assert answer.value == pytest.approx(Decimal("2e300" if aggregation == "sum" else "1e300"))

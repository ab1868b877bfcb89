"""The parts make up the whole: over every dimension, every grain, every filter and its complement."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.analytics.company import Company
from tests.analytics.conftest import Figures

from headwater.analytics.catalog import Catalog
from headwater.analytics.countable import Data
from headwater.analytics.data import DATA
from headwater.analytics.metrics import METRICS, Metric

ADDING = [slug for slug, metric in METRICS.items() if metric.adds_up]
MOST = 1000
"""Groups that are asked for: all there are."""


def sums(figures: Any) -> Mapping[str | None, Decimal]:
    """By currency."""
    found: dict[str | None, Decimal] = {}
    for one in figures:
        found[one.currency] = found.get(one.currency, Decimal()) + (one.value or 0)
    return found


def near(parts: Mapping[str | None, Decimal], whole: Mapping[str | None, Decimal], groups: int) -> bool:
    """Whether they are the same but for the rounding of each group."""
    each = Decimal("0.005") * (groups + 1)
    return all(abs(parts.get(one, 0) - whole.get(one, 0)) <= each for one in {*parts, *whole})


async def adds_up(figures: Figures, **config: Any) -> None:
    answer = await figures(limit=MOST, **config)
    assert near(sums(answer.figures), sums(answer.whole), len(answer.figures)), config
    assert answer.rest in (None, 0), config
    assert sum(one.records for one in answer.figures) == sum(one.records for one in answer.whole), config
    axes = ("x_field", "group_by", "grain")
    alone = await figures(**{name: value for name, value in config.items() if name not in axes})
    assert sums(alone.whole) == sums(answer.whole), config


@pytest.mark.parametrize("slug", ADDING)
async def test_nothing_is_lost_over_any_dimension(figures: Figures, slug: str):
    for dimension in Catalog([METRICS[slug].about], figures.known).dimensions:  # type: ignore[union-attr]
        await adds_up(figures, metric=slug, x_field=dimension)
    await adds_up(figures, metric=slug, x_field="connection", currency="apart")
    await adds_up(figures, metric=slug, x_field="connection", group_by="time:quarter")


@pytest.mark.parametrize("slug", ADDING)
async def test_nothing_is_lost_over_time(figures: Figures, slug: str):
    metric = METRICS[slug]
    assert isinstance(metric, Metric)
    for grain in ("day", "week", "month", "quarter", "year"):
        await adds_up(figures, metric=slug, x_field="time", grain=grain)
    for axis in ("weekday", "hour", *metric.about.times):
        await adds_up(figures, metric=slug, x_field=axis)


@pytest.mark.parametrize(
    "slug", ["total_deals", "won_revenue", "total_leads", "activities", "calls", "talk_time"]
)
@pytest.mark.parametrize("days", [None, 200])
async def test_who_sees_his_own_sees_the_same_of_it(
    figures: Figures, made_up: Company, slug: str, days: int | None
):
    north, south = made_up.links.values()
    his = {(north, "1"), (north, "4"), (south, "2")}
    asked = {"metric": slug, "x_field": "employee", "limit": MOST, "time_range_days": days}

    whole = await figures(**asked)
    own = await (await figures.of({north: ["1", "4"], south: ["2"]}))(**asked)

    def of_his(figures_: Any) -> Any:
        return {
            (one.connection, one.x, one.currency): one.value
            for one in figures_
            if (one.connection, one.x) in his
        }

    assert of_his(own.figures) == of_his(whole.figures)
    assert {(one.connection, one.x) for one in own.figures} <= his


@pytest.mark.parametrize("slug", ADDING)
@pytest.mark.parametrize("limit", [1, 3])
async def test_what_is_not_shown_is_the_rest(figures: Figures, slug: str, limit: int):
    answer = await figures(metric=slug, x_field="connection", limit=limit, currency="apart")
    shown = [one for one in answer.figures if one.currency == answer.whole[0].currency]

    assert answer.rest is not None
    assert near(
        {None: sum((one.value or 0 for one in shown), Decimal()) + answer.rest}, {None: answer.whole[0].value or Decimal()}, len(shown) + 1
    )  # fmt: skip
    assert len(answer.figures) <= limit


async def test_shares_of_everything_make_up_everything(figures: Figures):
    for config in (
        {"metric": "total_deals"},
        {"data_source": "deals", "y_field": "value"},
        {"data_source": "leads"},
    ):
        answer = await figures(x_field="employee", aggregation="share", limit=MOST, currency="USD", **config)
        ours = [one.value or 0 for one in answer.figures if one.currency in (None, "USD")]

        assert sum(ours) == pytest.approx(1, abs=len(ours) * Decimal("0.0000005"))


async def test_parts_of_parts_make_up_the_parts(figures: Figures):
    for g in ("stage", "outcome", "uf_city", "connection", "weekday"):
        rows = {
            (one.connection, one.x): one.value
            for one in (await figures(metric="total_deals", x_field="employee", limit=MOST)).figures
        }
        cells = (await figures(metric="total_deals", x_field="employee", group_by=g, limit=MOST)).figures

        found: dict[Any, Decimal] = {}
        for one in cells:
            found[one.connection, one.x] = found.get((one.connection, one.x), Decimal()) + (one.value or 0)
        assert found == rows


FILTERED = [(data, name) for data in DATA.values() for name in data.dimensions]
SIZED = [(data, name) for data in DATA.values() for name in data.amounts]
CLOCKED = [(data, name) for data in DATA.values() for name in data.times]


async def parted(figures: Figures, data: Data, *filters: Mapping[str, Any]) -> None:
    """Filters that leave nothing out and have nothing in common."""
    counts = [(await figures(data_source=data.name, filters=[one])).value for one in filters]
    assert sum(one or 0 for one in counts) == (await figures(data_source=data.name)).value, (
        data.name,
        filters,
    )


@pytest.mark.parametrize(("data", "name"), FILTERED, ids=lambda one: getattr(one, "name", one))
async def test_a_value_and_all_others_are_everything(figures: Figures, data: Data, name: str):
    groups = (await figures(data_source=data.name, x_field=name, limit=MOST)).figures
    keys = sorted({one.x for one in groups if one.x is not None})

    await parted(
        figures,
        data,
        {"field": name, "operator": "null"},
        {"field": name, "operator": "null", "value": False},
    )
    for key in keys[:2]:
        is_it, is_not = [{"field": name, "operator": way, "value": key} for way in ("eq", "ne")]
        await parted(figures, data, is_it, is_not)
        shown = sum(one.value or 0 for one in groups if one.x == key)
        assert (await figures(data_source=data.name, filters=[is_it])).value == shown
    if keys:
        answer = await figures(
            data_source=data.name, filters=[{"field": name, "operator": "in", "value": keys[:100]}]
        )
        missing = await figures(data_source=data.name, filters=[{"field": name, "operator": "null"}])
        assert (answer.value or 0) + (missing.value or 0) == sum(
            one.value or 0 for one in groups
        ) or name == "outcome"


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from([*SIZED, (DATA["deals"], "uf_score")]),
    st.sampled_from(["0", -15.5, 100, "2500,25", 3, 55.5, "99999.99"]),
)
async def test_smaller_same_and_bigger_are_everything(figures: Figures, sized: tuple[Data, str], value: Any):
    data, name = sized
    less, same, other, more = [
        {"field": name, "operator": way, "value": value} for way in ("lt", "eq", "ne", "gt")
    ]
    at_most, at_least = [{"field": name, "operator": way, "value": value} for way in ("lte", "gte")]
    none = (
        {"field": name, "operator": "null"}
        if name != "uf_score"
        else {"field": name, "operator": "ne", "value": 1}
    )

    await parted(figures, data, same, other)
    if name != "uf_score":
        await parted(figures, data, none, less, same, more)
        await parted(figures, data, none, at_most, more)
        await parted(figures, data, none, less, at_least)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(CLOCKED), st.integers(0, 430))
async def test_before_on_and_after_a_day_are_everything(
    figures: Figures, clocked: tuple[Data, str], ago: int
):
    data, name = clocked
    day = (figures.known.today - timedelta(days=ago)).isoformat()
    before, on, not_on, after = [
        {"field": name, "operator": way, "value": day} for way in ("lt", "eq", "ne", "gt")
    ]
    until, since = [{"field": name, "operator": way, "value": day} for way in ("lte", "gte")]
    none = {"field": name, "operator": "null"}

    await parted(figures, data, on, not_on)
    await parted(figures, data, none, before, on, after)
    await parted(figures, data, none, until, after)
    await parted(figures, data, none, before, since)
    period = await figures(data_source=data.name, time_field=name, date_from=day, date_to=day)
    assert period.value == (await figures(data_source=data.name, filters=[on])).value


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
async def test_filters_together_leave_what_each_of_them_leaves(figures: Figures, data: Any):
    first, second = [
        {"field": "employee", "operator": data.draw(st.sampled_from(["eq", "ne"])), "value": data.draw(st.sampled_from(["1", "4"]))},
        {"field": "outcome", "operator": "in", "value": data.draw(st.sampled_from([["won"], ["lost", "open"], ["проиграна"]]))},
    ]  # fmt: skip
    both = await figures(metric="total_deals", filters=[first, second])
    turned = await figures(metric="total_deals", filters=[second, first])
    only = (await figures(metric="total_deals", x_field="outcome", filters=[first])).figures

    wanted = {"won": "true", "lost": "false", "open": None, "проиграна": "false"}
    keys = {wanted[one] for one in second["value"]}
    assert both.value == turned.value == sum(one.value or 0 for one in only if one.x in keys)

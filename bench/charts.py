"""Charts at random, all of them within the grammar: any metric or amount, by anything, of any period."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, get_args

from headwater.analytics.catalog import Catalog
from headwater.analytics.configs import Aggregation, ChartConfig, ChartType, Filter, Grain
from headwater.analytics.countable import Data, Dimension
from headwater.analytics.data import DATA
from headwater.analytics.metrics import METRICS, parts
from headwater.analytics.vocabulary import Vocabulary

PERIODS = (7, 30, 90, 365, 730, None)
OF_CLOCKS = ("weekday", "hour")


def charts(known: Vocabulary, seed: int) -> Iterator[ChartConfig]:
    """Charts without end; the same for the same seed."""
    chance = Random(seed)
    while True:
        yield _chart(known, chance)


def _chart(known: Vocabulary, chance: Random) -> ChartConfig:
    counted, data = _counted(known, chance)
    catalog = Catalog(data, known)
    kind = chance.choice(get_args(ChartType))
    axes = [*catalog.dimensions, *catalog.times, *OF_CLOCKS]
    x = None if kind == "kpi" else chance.choice(axes)
    g = chance.choice([one for one in axes if one != x]) if x and chance.random() < 0.3 else None
    return ChartConfig(
        **counted, chart_type=kind, x_field=x, group_by=g,
        grain=chance.choice([None, *get_args(Grain)]),
        time_range_days=chance.choice(PERIODS),
        comparison_period_days=chance.choice((None, 30, 365)),
        filters=[_filter(catalog, known, chance) for _ in range(chance.choice((0, 0, 0, 1, 1, 2)))],
        sort_order=chance.choice(("asc", "desc")), limit=chance.choice((None, 5, 50)),
        currency=chance.choice((None, None, "USD", "apart")),
    )  # fmt: skip


def _counted(known: Vocabulary, chance: Random) -> tuple[dict[str, Any], Sequence[Data]]:
    """What is counted, and the data it comes from."""
    if chance.random() < 0.6:
        metric = chance.choice(list(METRICS.values()))
        return {"metric": metric.slug}, [one.about for one in parts(metric)]
    data = chance.choice(list(DATA.values()))
    catalog = Catalog([data], known)
    aggregation = chance.choice(get_args(Aggregation))
    fields = catalog.dimensions if aggregation == "distinct" else catalog.amounts
    if aggregation == "count" or not fields:
        return {"data_source": data.name, "aggregation": "count"}, [data]
    named = {"data_source": data.name, "aggregation": aggregation, "y_field": chance.choice(list(fields))}
    return named, [data]


def _filter(catalog: Catalog, known: Vocabulary, chance: Random) -> Filter:
    name = chance.choice(list(catalog.dimensions))
    dimension = catalog.dimensions[name]
    values = _values(dimension, known)
    if not values or chance.random() < 0.1:
        return Filter(field=name, operator="null", value=chance.random() < 0.5)
    if chance.random() < 0.4:
        several = chance.sample(values, min(len(values), 3))
        return Filter(field=name, operator="in", value=list(several))
    return Filter(field=name, operator=chance.choice(("eq", "ne")), value=chance.choice(values))


def _values(dimension: Dimension, known: Vocabulary) -> list[str]:
    if dimension.values:
        return [one for one in dimension.values if one]
    return sorted({id for _, id in known.of(dimension.book)}) if dimension.book else []

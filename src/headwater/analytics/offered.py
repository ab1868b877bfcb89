"""Everything that can be asked of figures, as people and programs are told of it: the words of a chart."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from headwater.analytics.catalog import TIMES, Catalog
from headwater.analytics.charts import CHARTS
from headwater.analytics.configs import Aggregation, Operator
from headwater.analytics.countable import Data, Dimension
from headwater.analytics.data import DATA
from headwater.analytics.metrics import METRICS, Metric, Ratio
from headwater.analytics.told import MADE
from headwater.analytics.understood import CLOCKS, GRAINS
from headwater.analytics.vocabulary import Vocabulary

Entry = dict[str, Any]


def everything(known: Vocabulary, language: str) -> Entry:
    """The catalogue of a tenant, with the fields it added to its CRM."""
    return {
        "metrics": [described(one, language) for one in METRICS.values()],
        "data_sources": [_data(one, known, language) for one in DATA.values()],
        "chart_types": [
            {
                "chart_type": one.name, "title": one.title.to(language), "about": one.about.to(language),
                "fields": {"least": one.least, "most": one.most}, "usual": list(one.usual),
            }
            for one in CHARTS.values()
        ],
        "aggregations": [
            {"aggregation": name, "about": MADE[name].to(language)} for name in get_args(Aggregation)
        ],
        "grains": list(GRAINS),
        "clocks": [{"field": name, "title": title.to(language)} for name, (_, title) in CLOCKS.items()],
        "operators": list(get_args(Operator)),
        "counting": {
            "zone": known.zone, "today": known.today.isoformat(), "week_start": known.week_start,
            "currency": known.currency,
        },
    }  # fmt: skip


def described(metric: Metric | Ratio, language: str) -> Entry:
    """A metric: what exactly it counts."""
    about: Entry = {
        "metric": metric.slug,
        "title": metric.title.to(language),
        "description": metric.description.to(language),
        "unit": metric.unit,
        "good": metric.good,
        "adds_up": metric.adds_up,
    }
    if isinstance(metric, Ratio):
        return about | {"data_source": None, "time_field": None, "over": metric.over, "under": metric.under}
    return about | {"data_source": metric.data, "time_field": metric.time, "over": None, "under": None}


def _data(data: Data, known: Vocabulary, language: str) -> Entry:
    catalog = Catalog([data], known)
    return {
        "data_source": data.name,
        "title": data.title.to(language),
        "records": f"/api/v1/records/{data.listing}",
        "times": [{"field": name, "title": TIMES[name].to(language)} for name in data.times],
        "amounts": [
            {
                "field": name,
                "title": one.title.to(language),
                "unit": one.unit,
                "custom": one.custom is not None,
            }
            for name, one in catalog.amounts.items()
        ],
        "dimensions": [_dimension(one, language) for one in _sorted(catalog.dimensions)],
    }


def _dimension(one: Dimension, language: str) -> Entry:
    return {
        "field": one.name,
        "title": one.title.to(language),
        "custom": one.custom is not None,
        "values": [{"value": key or "null", "title": said.to(language)} for key, said in one.values.items()],
    }


def _sorted(dimensions: Mapping[str, Dimension]) -> Sequence[Dimension]:
    """Those that everybody has before those of one's own."""
    return sorted(dimensions.values(), key=lambda one: one.custom is not None)

"""What a chart's words mean: each field, value and period looked up among what there is.

Nothing passes that is not declared here or known of the tenant.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, NamedTuple, get_args

from headwater.analytics.catalog import TIMES, Catalog
from headwater.analytics.configs import ChartConfig, Grain
from headwater.analytics.countable import Data, Dimension, Unit
from headwater.analytics.data import DATA
from headwater.analytics.filters import Chosen, chosen
from headwater.analytics.lookup import Lookup, Repair, plain
from headwater.analytics.metrics import COUNT, METRICS, Metric, Ratio, parts
from headwater.analytics.periods import Window, window
from headwater.analytics.questions import Misasked
from headwater.analytics.rolled import Summed
from headwater.analytics.vocabulary import Vocabulary
from headwater.core.said import Said

CLOCKS: Mapping[str, tuple[LiteralString, Said]] = {
    "weekday": ("isodow", Said("Day of the week", "День недели", "Hafta kuni")),
    "hour": ("hour", Said("Hour of the day", "Час дня", "Kun soati")),
}
GRAINS: Sequence[Grain] = get_args(Grain)
TIMELY = frozenset({"time", "date", "period"})
"""Words for an axis that is each metric's own clock."""

EVERYTHING = frozenset({"*", "count", "id", "external_id", "records"})
"""Words for rows themselves, where a field is asked for."""

FORMULAS: Mapping[str, LiteralString] = {
    "sum": "sum({})",
    "average": "avg({})",
    "median": "percentile_cont(0.5) within group (order by {})",
    "min": "min({})",
    "max": "max({})",
    "share": "sum({})",
}
OWN_VALUES: LiteralString = "count(distinct r.custom_fields ->> {name})"
ADDING = frozenset({"sum", "share"})


@dataclass(frozen=True, slots=True)
class Axis:
    """What groups are made by: a dimension, a clock cut by a grain, or the day of the week or the hour of a
    clock (`part`). `clock` is a time of the data; None: each metric's own."""

    title: Said
    dimension: Dimension | None = None
    clock: str | None = None
    grain: Grain | None = None
    part: LiteralString | None = None


class Counted(NamedTuple):
    """What is counted: a declared metric, or one made of data and an amount; whether as shares of the whole;
    the field of one's own whose numbers it takes."""

    metric: Metric | Ratio
    share: bool = False
    custom: str | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """A question with every word looked up. `connections` None: all there are. `display` is the currency that
    amounts are shown in; None: each in its own."""

    counted: Counted
    x: Axis | None
    g: Axis | None
    chosen: Sequence[Chosen]
    window: Window
    time_field: str | None
    connections: Sequence[int] | None
    display: str | None
    repairs: Sequence[Repair]

    @property
    def metric(self) -> Metric | Ratio:
        return self.counted.metric

    @property
    def unit(self) -> Unit:
        return "share" if self.counted.share else self.metric.unit

    @property
    def money(self) -> bool:
        return self.metric.unit == "money"

    @property
    def parts(self) -> Sequence[Metric]:
        return parts(self.metric)


def understood(config: ChartConfig, known: Vocabulary) -> Understood:
    """What a chart asks for. Raises Misasked, which names the field and what it may be."""
    lookup = Lookup()
    counted = _counted(config, known, lookup)
    catalog = Catalog([one.about for one in parts(counted.metric)], known)
    x = _axis("x_field", config.x_field, config.grain, catalog, lookup)
    g = _axis("group_by", config.group_by, config.grain, catalog, lookup)
    if x is None:
        x, g = g, None
    time_field = config.time_field and lookup.found("time_field", config.time_field, catalog.titles_of_times)
    return Understood(
        counted, x, g,
        [chosen(f"filters.{at}", one, catalog, lookup) for at, one in enumerate(config.conditions)],
        window(known.today, days=config.time_range_days, since=config.date_from, until=config.date_to),
        time_field, _connections(config.crm_source, known, lookup), _display(config.currency, known),
        lookup.repairs,
    )  # fmt: skip


def _counted(config: ChartConfig, known: Vocabulary, lookup: Lookup) -> Counted:
    named = config.metric or _metric_in(config)
    if named is not None:
        metric = METRICS[lookup.found("metric", named, METRIC_TITLES)]
        _agree(config, metric, lookup)
        return Counted(metric, config.aggregation == "share")
    if config.data_source is None:
        raise Misasked("data_source", f"say what is counted: a `metric`, or one of {', '.join(DATA)}")
    data = DATA[lookup.found("data_source", config.data_source, DATA_TITLES)]
    aggregation, word = config.aggregation, config.y_field
    share = aggregation == "share"
    catalog = Catalog([data], known)
    if aggregation == "count" and word is not None and word not in EVERYTHING:
        lookup.found("y_field", word, {**catalog.titles_of_amounts, **_axes(catalog)})
    if aggregation == "count" or (
        aggregation in ("share", "distinct") and (word is None or word in EVERYTHING)
    ):
        return Counted(_made(data, data.title, COUNT, rolled=Summed(), adds_up=True), share)
    if word is None:
        listed = ", ".join(catalog.amounts) or "it has none"
        raise Misasked("y_field", f"say of what the {aggregation} is taken: {listed}")
    if aggregation == "distinct":
        return _different(
            data, catalog.dimensions[lookup.found("y_field", word, catalog.titles_of_dimensions)]
        )
    amount = catalog.amounts[lookup.found("y_field", word, catalog.titles_of_amounts)]
    formula, adds_up = FORMULAS[aggregation], aggregation in ADDING
    if amount.custom is not None:
        return Counted(_made(data, amount.title, formula, adds_up=adds_up), share, amount.custom)
    filled = formula.replace("{}", amount.column)
    return Counted(
        _made(data, amount.title, filled, unit=amount.unit, needs=amount.needs, adds_up=adds_up), share
    )


def _agree(config: ChartConfig, metric: Metric | Ratio, lookup: Lookup) -> None:
    """Whatever else is said of what is counted is what the metric says. Raises Misasked: another figure than
    was asked for is worse than none."""
    if config.data_source is not None:
        data = lookup.found("data_source", config.data_source, DATA_TITLES)
        if data not in (own := [one.data for one in parts(metric)]):
            lookup.repairs.append(Repair("data_source", data, ", ".join(own)))
    word = plain(config.y_field or metric.slug)
    if word not in EVERYTHING and word not in map(plain, (metric.slug, *METRIC_TITLES[metric.slug])):
        raise Misasked("y_field", f"{metric.slug} says itself what is counted: leave y_field out")
    formula = metric.formula if isinstance(metric, Metric) else ""
    fits = {
        "count": True,
        "share": metric.adds_up,
        "sum": metric.adds_up,
        "average": "avg(" in formula,
        "median": "percentile_cont(0.5)" in formula,
    }
    if not fits.get(config.aggregation, False):
        remedy = "leave aggregation out, or name a data_source and a y_field"
        raise Misasked("aggregation", f"{metric.slug} has a formula of its own: {remedy}")


def _metric_in(config: ChartConfig) -> str | None:
    """The metric that `y_field` names, where it does."""
    data = DATA.get(config.data_source or "")
    if config.y_field is None or (data is not None and config.y_field in data.amounts):
        return None
    return config.y_field if config.y_field in METRICS or config.data_source is None else None


def _different(data: Data, dimension: Dimension) -> Counted:
    """How many different values a dimension has."""
    column, title = dimension.column, dimension.title
    if dimension.custom is not None:
        return Counted(_made(data, title, OWN_VALUES), custom=dimension.custom)
    formula: LiteralString = f"count(distinct {column})"
    if dimension.book is not None:
        formula = f"count(distinct (r.connection_id, {column})) filter (where {column} is not null)"
    return Counted(_made(data, title, formula, needs=dimension.needs))


def _made(
    data: Data, title: Said, formula: LiteralString, *, unit: Any = "number",
    rolled: Summed | None = None, needs: LiteralString | None = None, adds_up: bool = False,
) -> Metric:  # fmt: skip
    """A metric that nobody declared: rows of some data counted, or an amount of theirs."""
    return Metric(
        data.name, title, title, data.name, formula, Said("", "", ""), unit=unit, good=None, time=data.time,
        rolled=rolled, needs=needs, adds_up=adds_up,
    )  # fmt: skip


def _axis(where: str, word: str | None, usual: Grain | None, catalog: Catalog, lookup: Lookup) -> Axis | None:
    if word is None:
        return None
    known = _axes(catalog)
    name, _, grained = word.partition(":")
    if grained and any(plain(word) in map(plain, (one, *titles)) for one, titles in known.items()):
        name, grained = word, ""
    if grained and grained not in GRAINS:
        raise Misasked(where, f"{grained!r} is no grain: time is cut by {', '.join(GRAINS)}")
    grain = next((one for one in GRAINS if one in (grained, plain(name))), usual)
    if plain(name) in TIMELY or plain(name) in GRAINS:
        return Axis(Said("Time", "Время", "Vaqt"), grain=grain)
    if plain(name) in CLOCKS:
        part, title = CLOCKS[plain(name)]
        return Axis(title, part=part)
    slug = lookup.found(where, name, known)
    if slug in catalog.dimensions:
        if grained:
            raise Misasked(where, f"{slug} is no time, and is not cut by {grained}")
        return Axis(catalog.dimensions[slug].title, dimension=catalog.dimensions[slug])
    return Axis(TIMES[slug], clock=slug, grain=grain)


def _axes(catalog: Catalog) -> Mapping[str, Sequence[str]]:
    return {**catalog.titles_of_times, **catalog.titles_of_dimensions}


def _connections(word: str, known: Vocabulary, lookup: Lookup) -> Sequence[int] | None:
    """The connections of a CRM, or the one of that name; None: all of them."""
    if plain(word) == "all":
        return None
    names = {link: name for (link, _), name in known.of(("connections",)).items()}
    if of_source := [link for link, name in names.items() if plain(word) == plain(name.kind.split()[-1])]:
        return of_source
    slugs = {name.kind.split()[0]: link for link, name in names.items()}
    words = {slug: (str(link), names[link].label) for slug, link in slugs.items()}
    return [slugs[lookup.found("crm_source", word, words)]]


def _display(word: str | None, known: Vocabulary) -> str | None:
    """The currency that is meant; None: each amount in its own."""
    if word is None:
        return known.currency
    if plain(word) == "apart":
        return None
    if not re.fullmatch(r"[A-Za-z]{3}", word):
        raise Misasked("currency", f"{word!r} is no code of a currency: write USD, EUR, … or apart")
    return word.upper()


METRIC_TITLES: Mapping[str, Sequence[str]] = {slug: (*m.title, *m.phrases) for slug, m in METRICS.items()}
DATA_TITLES: Mapping[str, Sequence[str]] = {name: (*one.title, *one.words) for name, one in DATA.items()}

"""Whatever the grammar can say is answered; whatever it cannot say never reaches the database."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from random import Random
from typing import Any, get_args

import pytest
from psycopg import AsyncCursor
from pydantic import ValidationError
from tests.analytics.company import SOURCES, Company
from tests.analytics.conftest import Figures, figures_of

from headwater.analytics.catalog import RECORD_BOOKS, Catalog
from headwater.analytics.configs import Aggregation, ChartConfig, ChartType, Filter, Grain, KPIConfig
from headwater.analytics.data import DATA
from headwater.analytics.metrics import METRICS, parts
from headwater.analytics.query import answered
from headwater.analytics.questions import Misasked
from headwater.warehouse.pool import Warehouse

CHARTS = 160
"""So many are asked by who sees all, and as many by who sees his own."""

CHART_TYPES, GRAINS, AGGREGATIONS = get_args(ChartType), get_args(Grain), get_args(Aggregation)


@pytest.fixture(scope="module")
def module_database(shared_databases: Any) -> Any:
    """Whatever can be said is said to the oldest server as well."""
    return shared_databases


class Said:
    """Configs of the grammar, from dice."""

    def __init__(self, figures: Figures, dice: Random) -> None:
        self.known, self.dice = figures.known, dice

    def maybe(self, *choices: Any, chance: float = 0.5) -> Any:
        return self.dice.choice(choices) if self.dice.random() < chance else None

    def config(self) -> dict[str, Any]:
        counted, catalog = self.counted()
        axes = [*catalog.dimensions, *catalog.times, "time", "weekday", "hour", *GRAINS]
        axes += [f"{time}:{grain}" for time in catalog.times for grain in GRAINS]
        said = {
            **counted,
            "chart_type": self.dice.choice(CHART_TYPES), "crm_source": self.dice.choice(["all", "bitrix24", "ours_north", "South"]),
            "x_field": self.maybe(*axes, chance=0.8), "group_by": self.maybe(*axes, chance=0.4), "grain": self.maybe(*GRAINS),
            "time_field": self.maybe(*catalog.times, chance=0.2), "sort_order": self.dice.choice(["asc", "desc"]),
            "limit": self.maybe(1, 5, 1000), "currency": self.maybe("USD", "eur", "apart", "UZS", "JPY"),
            "comparison_period_days": self.maybe(1, 30, 36600, chance=0.3), "title": self.maybe("'; --"),
            "filters": [self.filter(catalog) for _ in range(self.dice.choice([0, 0, 1, 1, 2, 3]))], **self.period(),
        }  # fmt: skip
        return {name: value for name, value in said.items() if value is not None or name == "time_range_days"}

    def counted(self) -> tuple[dict[str, Any], Catalog]:
        if self.dice.random() < 0.5:
            metric = METRICS[self.dice.choice(list(METRICS))]
            word = self.dice.choice([metric.slug, *metric.title, *metric.phrases])
            catalog = Catalog([one.about for one in parts(metric)], self.known)
            return {
                "metric": word,
                "aggregation": "share" if metric.adds_up and self.dice.random() < 0.2 else "count",
            }, catalog
        data = DATA[self.dice.choice(list(DATA))]
        catalog = Catalog([data], self.known)
        aggregation = self.dice.choice(AGGREGATIONS if catalog.amounts else ("count", "distinct", "share"))
        field = {
            "count": self.maybe("id", *catalog.dimensions), "distinct": self.maybe(*catalog.dimensions), "share": self.maybe(*catalog.amounts or ["*"]),
        }.get(aggregation, self.dice.choice(list(catalog.amounts) or ["*"]))  # fmt: skip
        return {"data_source": data.name, "aggregation": aggregation, "y_field": field}, catalog

    def period(self) -> dict[str, Any]:
        return self.dice.choice([
            {}, {"time_range_days": None}, {"time_range_days": 1}, {"time_range_days": 36600}, {"date_from": "2025-11-01"},
            {"date_to": "2026-05-31"}, {"date_from": "2025-01-01", "date_to": "2026-12-31"}, {"date_from": "0001-01-01", "date_to": "9999-12-31"},
        ])  # type: ignore[no-any-return]  # fmt: skip

    def filter(self, catalog: Catalog) -> dict[str, Any]:
        kind = self.dice.choice(["dimension", "dimension", "dimension", "amount", "time"])
        if kind == "amount" and catalog.amounts:
            return {
                "field": self.dice.choice(list(catalog.amounts)), "operator": self.dice.choice(["eq", "ne", "lt", "lte", "gt", "gte"]),
                "value": self.dice.choice([0, -3.5, "1 000,5", 10**30, "1e-9"]),
            }  # fmt: skip
        if kind == "time":
            return {
                "field": self.dice.choice(list(catalog.times)), "operator": self.dice.choice(["eq", "ne", "lt", "lte", "gt", "gte"]),
                "value": self.dice.choice(["2026-03-29", "0001-01-01", "9999-12-31"]),
            }  # fmt: skip
        name = self.dice.choice(list(catalog.dimensions))
        values = self.values(catalog, name)
        operator = self.dice.choice(["eq", "ne", "in", "null", "contains"])
        dimension = catalog.dimensions[name]
        wordy = not dimension.values and (dimension.book or ("",))[0] not in RECORD_BOOKS
        if operator == "null" or not values or (operator == "contains" and not wordy):
            return {"field": name, "operator": "null", "value": self.dice.choice([None, True, False])}
        value = self.dice.choice(values)
        return {
            "field": self.dice.choice([name, dimension.title.ru]),
            "operator": operator,
            "value": [value] if operator == "in" else value,
        }

    def values(self, catalog: Catalog, name: str) -> list[Any]:
        """Some that there are."""
        dimension = catalog.dimensions[name]
        if dimension.values:
            return [word for said in dimension.values.values() for word in said]
        if dimension.book is None:
            return ["USD", "200", "MAIL", "'"]
        if dimension.book[0] in RECORD_BOOKS:
            return ["5", 5]
        if dimension.custom is not None:
            return ["Ташкент", "O'sh", "100% {x}", "много", 2.5]
        labels = {name.label for name in self.known.of(dimension.book).values()}
        return sorted(labels) or sorted(SOURCES)


@pytest.mark.parametrize("scope", ["all", "own"])
async def test_whatever_can_be_said_is_answered(figures: Figures, made_up: Company, scope: str):
    north, south = made_up.links.values()
    asking = await figures.of({north: ["1", "2"], south: ["1"]}) if scope == "own" else figures
    said = Said(figures, Random(f"said {scope}"))

    for _ in range(CHARTS):
        config = said.config()
        try:
            answer = await answered(
                asking.looking, ChartConfig.model_validate(config), asking.known, language="ru"
            )
        except Exception as exc:
            if scope == "own" and isinstance(exc, Misasked) and exc.where.startswith("filters."):
                continue  # he does not see whom he names
            raise AssertionError(json.dumps(config, ensure_ascii=False)) from exc
        assert all(one.to(language) for one in answer.notes for language in ("en", "ru", "uz"))
        assert all(one.value is None or one.value.is_finite() for one in (*answer.figures, *answer.whole))


async def test_key_figures_are_charts_without_axes(figures: Figures):
    said = Said(figures, Random("key figures"))

    for _ in range(20):
        config = said.config()
        kept = {name: value for name, value in config.items() if name in KPIConfig.model_fields}
        if "y_field" in config:
            kept["metric_field"] = config["y_field"]
        answer = await answered(figures.looking, KPIConfig.model_validate(kept).chart, figures.known)
        assert answer.figures == []


NESTED: Any = {}
for _ in range(200):
    NESTED = {"field": NESTED}
HUGE = "я" * 100_000
JUNK: list[Any] = [
    HUGE, NESTED, [], {}, [[]], 10**400, float("nan"), float("inf"), "a\0b", "\ud800", b"bytes", object(), "DROP TABLE crm_deals", "'; select 1; --",
    "r.tenant_id", "%(tenant)s", "{}", "*/ or 1=1 /*", "нет такого поля вовсе",
]  # fmt: skip
"""What no field of a config means."""

STATEMENTS: list[Any] = []


class Counting(AsyncCursor[Any]):
    """Keeps what is asked of the database."""

    async def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        STATEMENTS.append(query)
        return await super().execute(query, *args, **kwargs)


@pytest.fixture
async def counting(module_database: Any, made_up: Company) -> AsyncIterator[Figures]:
    """Asks, and counts the statements that this takes."""
    async with Warehouse(module_database.url(), size=1, cursor_factory=Counting) as warehouse:
        yield await figures_of(warehouse, made_up.tenant)


def put(config: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    return {**config, name: value}


def filtered(config: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    one = {"field": "employee", "operator": "eq", "value": "1"}
    return {**config, "filters": [{**one, name: value}]}


NAMES = (
    "metric",
    "data_source",
    "x_field",
    "group_by",
    "time_field",
    "crm_source",
    "currency",
    "grain",
    "chart_type",
    "sort_order",
    "size",
)
NUMBERS = ("time_range_days", "limit", "comparison_period_days")
BAD_NUMBERS: list[Any] = [0, -1, 10**12, "many", 1.5, [], {}, float("nan"), "1 day"]
MUTATIONS: Mapping[str, tuple[Callable[[dict[str, Any], str, Any], dict[str, Any]], tuple[str, ...], list[Any]]] = {
    "names": (put, NAMES, JUNK),
    "numbers": (put, NUMBERS, BAD_NUMBERS),
    "days": (put, ("date_from", "date_to"), ["yesterday", "2026-02-30", "10000-01-01", {}, [], 10**20, "2026-01-01; drop"]),
    "filters": (filtered, ("field", "operator"), JUNK),
    "values": (filtered, ("value",), [NESTED, [[]], {}, ["x"] * 101, HUGE, "a\0b", "\ud800", 10**400, None, []]),
    "lists": (put, ("filters",), [[{"field": "employee", "value": "1"}] * 21, "employee", [1], [None], {"field": "employee"}, NESTED]),
    "unknown": (put, ("sql", "where", "tenant", "tenant_id", "__class__", "own", "offset"), [1, "x", {}]),
}  # fmt: skip


async def test_whatever_cannot_be_said_never_reaches_the_database(counting: Figures):
    said, dice = Said(counting, Random("others")), Random("mutations")
    mutations = [
        (kind, name, value)
        for kind, (_, names, values) in MUTATIONS.items()
        for name in names
        for value in values
    ]
    dice.shuffle(mutations)
    assert len(mutations) >= 300
    STATEMENTS.clear()

    for kind, name, value in mutations:
        base = {**said.config(), "filters": []}
        config = MUTATIONS[kind][0](base, name, value)
        with pytest.raises((ValidationError, Misasked)) as refused:
            await answered(counting.looking, ChartConfig.model_validate(config), counting.known)
        error = refused.value
        where = (
            error.where
            if isinstance(error, Misasked)
            else ".".join(str(part) for part in error.errors()[0]["loc"])
        )
        assert name in where or (kind == "lists" and "filters" in where), (name, str(value)[:50], where)
    assert STATEMENTS == []


def test_a_filter_is_as_long_as_it_may_be():
    with pytest.raises(ValidationError):
        Filter(field="x" * 101)
    assert Filter(field="x", value=["y"] * 100).value == ["y"] * 100


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"date_from": "2026-02-01", "date_to": "2026-01-01"}, "lies after"),
        ({"filter_value": "x"}, "filter_field"),
    ],
)
def test_what_does_not_go_together_is_refused(config: dict[str, Any], says: str):
    with pytest.raises(ValidationError, match=says):
        ChartConfig.model_validate({"metric": "total_leads", **config})


async def test_what_does_not_add_up_is_answered_over_every_dimension_too(figures: Figures):
    for slug, metric in METRICS.items():
        if metric.adds_up:
            continue
        for name in Catalog([one.about for one in parts(metric)], figures.known).dimensions:
            answer = await figures(metric=slug, x_field=name)
            assert answer.whole
            assert answer.rest is None

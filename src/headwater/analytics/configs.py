"""What a chart is: the fields people, pages and models fill in, before anything is looked up."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)


def _storable(text: str) -> str:
    if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        raise ValueError("holds a character that no database stores")
    return text


STORABLE = AfterValidator(_storable)
Text = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), STORABLE]
Name = Annotated[str, StringConstraints(max_length=100, strip_whitespace=True), STORABLE]
ChartType = Literal[
    "bar", "line", "area", "pie", "donut", "stacked_bar", "funnel", "kpi", "heatmap", "cohort", "table",
    "scatter",
]  # fmt: skip
Aggregation = Literal["count", "sum", "average", "median", "min", "max", "distinct", "share"]
Grain = Literal["day", "week", "month", "quarter", "year"]
Operator = Literal["eq", "ne", "in", "lt", "lte", "gt", "gte", "contains", "null"]
Number = Annotated[int, Field(ge=-(10**30), le=10**30)]
Literally = Annotated[str, StringConstraints(max_length=200), STORABLE]
"""A text with the spaces it has: so it may be kept."""

Value = Literally | bool | Number | float | None

CHART: dict[str, JsonValue] = {
    "metric": "won_revenue", "chart_type": "bar", "x_field": "employee", "time_range_days": 90,
    "comparison_period_days": 90,
}  # fmt: skip
LONGEST_DAYS = 36_600
MOST_ROWS = 1_000


class Filter(BaseModel):
    """Only rows whose field compares so with a value; several values for `in`, true or false for `null`."""

    model_config = ConfigDict(extra="forbid")

    field: Name
    operator: Operator = "eq"
    value: Value | Annotated[list[Value], Field(max_length=100)] = None


class Asked(BaseModel):
    """What charts and key figures have in common."""

    model_config = ConfigDict(extra="forbid")

    chart_id: Name | None = None
    title: Text = ""
    data_source: Name | None = None
    crm_source: Name = "all"
    metric: Name | None = None
    aggregation: Aggregation = "count"
    filter_field: Name | None = None
    filter_value: Value = None
    filters: Annotated[list[Filter], Field(max_length=20)] = []
    time_field: Name | None = None
    time_range_days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] | None = 30
    date_from: date | None = None
    date_to: date | None = None
    currency: Annotated[str, StringConstraints(max_length=10)] | None = None

    @model_validator(mode="after")
    def _coherent(self) -> "Asked":
        if self.filter_field is None and self.filter_value is not None:
            raise ValueError("filter_value is compared with a filter_field: name one")
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise ValueError("date_from lies after date_to")
        return self

    @property
    def conditions(self) -> list[Filter]:
        """All filters, the short form of one among them."""
        if self.filter_field is None:
            return self.filters
        return [Filter(field=self.filter_field, value=self.filter_value), *self.filters]


class ChartConfig(Asked):
    """A chart: rows of a source counted, or a metric, by one or two fields in a period.

    `time_range_days` ends today; null is all time. `date_from` and `date_to`, both included, go before it.
    `currency`: amounts in that currency; `apart` keeps each in its own.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [CHART]})

    description: Annotated[str, StringConstraints(max_length=1000), STORABLE] = ""
    chart_type: ChartType = "bar"
    x_field: Name | None = None
    y_field: Name | None = None
    group_by: Name | None = None
    grain: Grain | None = None
    sort_order: Literal["asc", "desc"] = "desc"
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] | None = None
    size: Literal["small", "medium", "large"] = "medium"
    comparison_period_days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] | None = None


class KPIConfig(Asked):
    """One figure, beside that of `comparison_period_days` before."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"metric": "total_leads", "time_range_days": 7}]}
    )

    metric_field: Name | None = None
    format: Literal["number", "currency", "percentage"] | None = None
    comparison_period_days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] | None = 7
    size: Literal["small", "medium", "large"] = "small"

    @property
    def chart(self) -> ChartConfig:
        """The same as a chart without axes."""
        common = {name: getattr(self, name) for name in Asked.model_fields}
        return ChartConfig(
            **common, chart_type="kpi", y_field=self.metric_field, size=self.size,
            comparison_period_days=self.comparison_period_days,
        )  # fmt: skip


class ChartResponse(BaseModel):
    """Charts with what they show, and what is to be said of them."""

    charts: list[dict[str, Any]]
    explanation: str

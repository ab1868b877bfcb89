"""The twenty tiles every company begins with: what a director of sales looks at in the morning."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from headwater.analytics.configs import ChartConfig, ChartType
from headwater.core.said import Said

MONTH, QUARTER, YEAR, EVER = 30, 90, 365, None


class Tile(NamedTuple):
    """A chart, and what it is called in each language."""

    title: Said
    config: ChartConfig

    def to(self, language: str) -> ChartConfig:
        """The chart with its title in that language."""
        return self.config.model_copy(update={"title": self.title.to(language)})


def _tile(title: Said, metric: str, days: int | None, x: str, type: ChartType = "bar", **fields: Any) -> Tile:
    return Tile(title, ChartConfig(metric=metric, time_range_days=days, x_field=x, chart_type=type, **fields))


def _figure(title: Said, metric: str) -> Tile:
    return Tile(
        title, ChartConfig(metric=metric, chart_type="kpi", size="small", comparison_period_days=MONTH)
    )


_TILES: Mapping[str, Tile] = {
    "total_leads": _figure(Said("Leads", "Лиды", "Lidlar"), "total_leads"),
    "total_deals": _figure(Said("Deals", "Сделки", "Bitimlar"), "total_deals"),
    "pipeline_value": _figure(Said("Pipeline value", "Сумма в работе", "Voronka summasi"), "pipeline_value"),
    "conversion_rate": _figure(Said("Conversion rate", "Конверсия", "Konversiya"), "conversion_rate"),
    "leads_by_source": _tile(
        Said("Leads by source", "Лиды по источникам", "Manbalar bo‘yicha lidlar"),
        "total_leads", QUARTER, "source",
    ),
    "leads_by_day": _tile(
        Said("Leads by day", "Лиды по дням", "Kunlar bo‘yicha lidlar"),
        "total_leads", MONTH, "day", "line",
    ),
    "deals_by_month": _tile(
        Said("New deals by month", "Новые сделки по месяцам", "Oylar bo‘yicha yangi bitimlar"),
        "total_deals", EVER, "month", "area",
    ),
    "revenue_by_month": _tile(
        Said("Revenue by month", "Выручка по месяцам", "Oylar bo‘yicha tushum"),
        "won_revenue", EVER, "month",
    ),
    "revenue_by_employee": _tile(
        Said("Revenue by employee", "Выручка по сотрудникам", "Xodimlar bo‘yicha tushum"),
        "won_revenue", QUARTER, "employee",
    ),
    "win_rate_by_employee": _tile(
        Said("Win rate by employee", "Доля выигранных по сотрудникам", "Xodimlar bo‘yicha yutuq ulushi"),
        "win_rate", YEAR, "employee",
    ),
    "win_rate_by_pipeline": _tile(
        Said("Win rate by pipeline", "Доля выигранных по воронкам", "Voronkalar bo‘yicha yutuq ulushi"),
        "win_rate", EVER, "pipeline",
    ),
    "pipeline_by_stage": _tile(
        Said("Pipeline by stage", "Сумма в работе по стадиям", "Bosqichlar bo‘yicha voronka summasi"),
        "pipeline_value", MONTH, "stage", "funnel",
    ),
    "sales_funnel": _tile(
        Said("Sales funnel", "Воронка продаж", "Sotuv voronkasi"),
        "reached_stage", QUARTER, "stage", "funnel",
    ),
    "lost_by_stage": _tile(
        Said("Lost deals by stage", "Проигранные сделки по стадиям", "Yutqazilgan bitimlar, bosqichlar"),
        "lost_deals", YEAR, "stage", "donut",
    ),
    "average_deal_by_month": _tile(
        Said("Average deal by month", "Средний чек по месяцам", "Oylar bo‘yicha o‘rtacha chek"),
        "average_deal", EVER, "month", "line",
    ),
    "sales_cycle_by_month": _tile(
        Said("Sales cycle by month", "Цикл сделки по месяцам", "Oylar bo‘yicha sotuv sikli"),
        "sales_cycle", EVER, "month", "line",
    ),
    "activities_by_type": _tile(
        Said("Activities by type", "Дела по типам", "Turlar bo‘yicha faoliyatlar"),
        "activities", EVER, "month", "stacked_bar", group_by="type",
    ),
    "activities_by_employee": _tile(
        Said("Activities by employee", "Дела по сотрудникам", "Xodimlar bo‘yicha faoliyatlar"),
        "activities", MONTH, "employee",
    ),
    "answered_by_day": _tile(
        Said("Answered calls by day", "Доля отвеченных звонков по дням", "Javob berilgan qo‘ng‘iroqlar"),
        "answered_share", MONTH, "day", "line",
    ),
    "stagnating_by_employee": _tile(
        Said("Stagnating deals", "Застрявшие сделки", "Turib qolgan bitimlar"),
        "stagnating_deals", MONTH, "employee",
    ),
}  # fmt: skip

STANDARD: Mapping[str, Tile] = MappingProxyType(
    {
        name: tile._replace(config=tile.config.model_copy(update={"chart_id": name}))
        for name, tile in _TILES.items()
    }
)
"""By chart_id, in the order in which a dashboard shows them; the four key figures stay, the rest may go."""

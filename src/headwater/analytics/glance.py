"""A company at a glance: five figures, by the same definitions as every chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from headwater.analytics.configs import ChartConfig
from headwater.analytics.kept import Board
from headwater.analytics.query import Answer
from headwater.analytics.records import Looking


class Money(NamedTuple):
    """An amount in one currency, and of how many records."""

    currency: str
    value: Decimal
    records: int


@dataclass(frozen=True, slots=True)
class Glance:
    """Leads, and deals won, of this month; what is open; calls and activities of today, in the tenant's zone.
    Amounts are in their own currencies, those of most records first."""

    leads: int
    open_deals: int
    pipeline: Sequence[Money]
    won: int
    won_value: Sequence[Money]
    calls: int
    activities: int


async def glance(board: Board, looking: Looking) -> Glance:
    """The figures as the board has them. Raises RetryLater."""
    month = (await board.known(looking)).today.replace(day=1)

    async def of(metric: str, **period: Any) -> Answer:
        config = ChartConfig(metric=metric, chart_type="kpi", currency="apart", **period)
        return (await board.figures(looking, config)).answer

    return Glance(
        leads=_count(await of("total_leads", date_from=month)),
        open_deals=_count(await of("open_deals")),
        pipeline=_amounts(await of("pipeline_value")),
        won=_count(await of("won_deals", date_from=month)),
        won_value=_amounts(await of("won_revenue", date_from=month)),
        calls=_count(await of("calls", time_range_days=1)),
        activities=_count(await of("activities", time_range_days=1)),
    )


def _count(answer: Answer) -> int:
    return int(answer.value or 0)


def _amounts(answer: Answer) -> list[Money]:
    return [Money(one.currency or "", one.value, one.records) for one in answer.whole if one.value]

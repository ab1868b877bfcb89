"""Managers compared fairly: what each won against what anybody would have won of the same leads and deals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, TypeAlias
from uuid import UUID

from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

Standing: TypeAlias = Literal["above", "as_expected", "below", "too_few"]

NOTES: Mapping[str, str] = MappingProxyType(
    {
        "easier_mix": "what he closed is easier to win than what his colleagues closed, by ten points",
        "leaves_open": "more of his deals than of theirs are still open, by ten points beyond chance",
        "leaves_untouched": "more of what is open for a week was never touched, by ten points beyond chance",
    }
)
"""What is noticed of how somebody came to his figures."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A manager and his figures; shares are 0 to 1.

    `expected_won` is indirect standardisation (Breslow and Day, Statistical Methods in Cancer Research II,
    1987, chapter 2): the win rate of each stratum of source, pipeline and size (quarters of the amounts of a
    currency), times his closed deals in it. Rates of strata are drawn towards everybody's rate as if ten more
    deals had ended like the average (the m-estimate of Cestnik, 1990), and scaled so that expected wins add
    up to the won ones. `ratio` is won to expected; its 95 % bounds are those of the score interval of the win
    rate (Wilson, 1927) over the expected rate. `adjusted_win_rate` is the ratio times everybody's win rate.

    `standing` is above or below where the interval leaves 1 out; too_few below 30 closed deals, or where
    fewer than 5 would be won or lost. `place` orders by ratio whoever has enough: intervals that overlap tell
    nobody apart. The size is left out of `adjusted_for` where fewer than 80 % of the won or of the lost deals
    carry an amount: then an amount tells how a deal ended.
    """

    connection: str
    assigned_to: str
    assigned_to_name: str | None
    place: int | None
    standing: Standing
    closed: int
    won: int
    win_rate: Decimal | None
    expected_won: Decimal | None
    expected_rate: Decimal | None
    ratio: Decimal | None
    ratio_low: Decimal | None
    ratio_high: Decimal | None
    adjusted_win_rate: Decimal | None
    others_expected_rate: Decimal | None
    open_share: Decimal | None
    others_open_share: Decimal | None
    waiting: int
    untouched: int
    untouched_share: Decimal | None
    others_untouched_share: Decimal | None
    notes: Sequence[str]
    adjusted_for: Sequence[str] | None


async def ranked(
    warehouse: Warehouse,
    tenant: UUID,
    *,
    connection: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Ranked]:
    """The managers of a tenant, or of one of its connections, by the deals closed from `since` on and before
    `until`; the best first, those with too few last. What is open or untouched is counted as it is now."""
    params = {"connection": connection, "since": since, "until": until}
    rows = await warehouse.rows(tenant, sql.manager_ranking, params)
    return [Ranked(**row) for row in rows]

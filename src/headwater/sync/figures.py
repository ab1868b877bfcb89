"""Five figures of a company at a glance: counted in the database, currencies apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from headwater.warehouse import sql
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse


class Money(NamedTuple):
    """An amount in one currency, and of how many records."""

    currency: str
    value: Decimal
    records: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Since `month` and of the day of `day`: both begin at midnight where the portal is, or where this
    machine is while no portal has told."""

    month: datetime
    day: datetime
    leads: int
    open_deals: int
    pipeline: Sequence[Money]
    won: int
    won_value: Sequence[Money]
    calls: int
    activities: int


def zone_of(links: Sequence[Link]) -> tzinfo | None:
    """Where a tenant's days begin: at the first of its connections that told; None: nobody knows."""
    told = (link.memory.get("offset_minutes") for link in links)
    return next((timezone(timedelta(minutes=one)) for one in told if one is not None), None)


async def figures(warehouse: Warehouse, tenant: UUID, *, now: datetime, zone: tzinfo | None) -> Figures:
    """The figures of a tenant as they are now; days of `zone`, or of this machine."""
    day = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    rows = await warehouse.rows(
        tenant, sql.figures, {"month": month, "day": day, "tomorrow": day + timedelta(days=1)}
    )
    counts: dict[str, int] = {}
    money: dict[str, list[Money]] = {"open": [], "won": []}
    for row in rows:
        name = row["figure"]
        counts[name] = counts.get(name, 0) + row["records"]
        if name in money and row["value"]:
            money[name].append(Money(row["currency"] or "", row["value"], row["records"]))
    for amounts in money.values():
        amounts.sort(key=lambda one: (-one.records, one.currency))
    return Figures(
        month, day, counts.get("leads", 0), counts.get("open", 0), money["open"], counts.get("won", 0),
        money["won"], counts.get("calls", 0), counts.get("activities", 0),
    )  # fmt: skip

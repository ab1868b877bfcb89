"""What a tenant uses: rows and bytes of its tables, requests to its sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from headwater.sync.overview import Standing, standings
from headwater.warehouse import usage
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.usage import Size

__all__ = ["DAY", "MONTH", "Size", "Usage", "used"]

DAY, MONTH = timedelta(days=1), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Usage:
    """`requests`: by connection, of the last day and the last thirty."""

    tables: Sequence[Size]
    standings: Sequence[Standing]
    requests: Mapping[int, tuple[int, int]]

    @property
    def bytes(self) -> int:
        return sum(one.bytes for one in self.tables)


async def used(
    warehouse: Warehouse, tenant: UUID, links: Sequence[Link], *, now: datetime, alone: bool
) -> Usage:
    """What these connections of a tenant use now; `alone`: there is no other tenant."""
    return Usage(
        await usage.tables(warehouse, tenant, alone=alone),
        await standings(warehouse, tenant, links),
        await usage.requests(warehouse, tenant, day=now - DAY, month=now - MONTH),
    )

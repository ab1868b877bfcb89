"""The failed queue over several connections: which entries a person means, and throwing them away."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from headwater.warehouse import failed
from headwater.warehouse.connections import Link
from headwater.warehouse.failed import Discarded
from headwater.warehouse.pool import Warehouse

__all__ = ["Choice", "Discarded", "chosen", "discarded"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Entries of the queue: those with these `numbers` (None: all), of one entity if it is named."""

    numbers: Sequence[int] | None = None
    entity: str | None = None

    def unknown(self, found: Sequence[int]) -> list[int]:
        """Numbers that were chosen and are not among those found."""
        return sorted(set(self.numbers or ()) - set(found))


async def chosen(
    warehouse: Warehouse, tenant: UUID, links: Sequence[Link], choice: Choice
) -> list[list[int]]:
    """For each connection, the numbers of its chosen entries."""
    return [
        await failed.numbers_of(warehouse, tenant, link.id, numbers=choice.numbers, entity=choice.entity)
        for link in links
    ]


async def discarded(
    warehouse: Warehouse, tenant: UUID, links: Sequence[Link], choice: Choice
) -> list[Discarded]:
    """Throws the chosen entries away; says which they were."""
    found: list[Discarded] = []
    for link in links:
        found += await failed.discard(
            warehouse, tenant, link.id, numbers=choice.numbers, entity=choice.entity
        )
    return found

"""The fields of an entity, as its source described them and as they are kept."""

from collections.abc import Sequence
from uuid import UUID

from headwater.warehouse import typed
from headwater.warehouse.columns import Column
from headwater.warehouse.pool import Warehouse

__all__ = ["Column", "fields_of"]


async def fields_of(warehouse: Warehouse, tenant: UUID, connection: int, entity: str) -> Sequence[Column]:
    """The fields in the order of their columns, removed ones too; none before the first sync."""
    return await typed.columns_of(warehouse, tenant, connection, entity)

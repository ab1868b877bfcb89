"""The replica of a connection against the source's own account of itself."""

from collections.abc import AsyncIterator

from headwater.core.model import Row
from headwater.core.ports import Source
from headwater.sync.compare import Comparison, compare
from headwater.warehouse import typed
from headwater.warehouse.compared import Stored
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse


async def compared(
    warehouse: Warehouse, link: Link, source: Source, entity: str, truth: AsyncIterator[Row]
) -> Comparison:
    """Compares every record of `truth` with every stored row of an entity, both ways, field by field."""
    survey = await source.survey([entity])
    columns = await typed.columns_of(warehouse, link.tenant, link.id, entity)
    spec = source.entities[entity]
    stored = Stored(
        warehouse, link.tenant, link.id, schema=link.slug, spec=spec, key_column=source.key_column
    )
    return await compare(truth, stored, spec, survey.fields[entity], columns)

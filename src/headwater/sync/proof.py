"""The replica of a connection against the source's own account of itself."""

from collections.abc import AsyncIterator, Mapping

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
    found = await all_compared(warehouse, link, source, {entity: truth})
    return found[entity]


async def all_compared(
    warehouse: Warehouse, link: Link, source: Source, truths: Mapping[str, AsyncIterator[Row]]
) -> dict[str, Comparison]:
    """The same for several entities, with one survey."""
    survey = await source.survey(list(truths))
    found = {}
    for entity, truth in truths.items():
        spec, fields = source.entities[entity], survey.fields[entity]
        columns = await typed.columns_of(warehouse, link.tenant, link.id, entity)
        stored = Stored(
            warehouse, link.tenant, link.id, schema=link.slug, spec=spec, key_column=source.key_column
        )
        found[entity] = await compare(truth, stored, spec, fields, columns)
    return found

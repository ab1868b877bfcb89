"""The replica of a connection against the source's own account of itself."""

from collections.abc import AsyncIterator, Collection, Mapping

from headwater.core.model import Row
from headwater.core.ports import Source
from headwater.sync.compare import Comparison, compare
from headwater.warehouse import privacy, typed
from headwater.warehouse.compared import Stored
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.shape import cut, kept_keys


async def compared(
    warehouse: Warehouse, link: Link, source: Source, entity: str, truth: AsyncIterator[Row]
) -> Comparison:
    """Compares every record of `truth` with every stored row of an entity, both ways, field by field.

    What the connection's privacy mode does not keep has to be absent.
    """
    found = await all_compared(warehouse, link, source, {entity: truth})
    return found[entity]


async def all_compared(
    warehouse: Warehouse, link: Link, source: Source, truths: Mapping[str, AsyncIterator[Row]]
) -> dict[str, Comparison]:
    """The same for several entities, with one survey."""
    survey = await source.survey(list(truths))
    keeping = await privacy.read(warehouse, link.tenant, link.id)
    found = {}
    for entity, truth in truths.items():
        spec, fields = source.entities[entity], survey.fields[entity]
        columns = await typed.columns_of(warehouse, link.tenant, link.id, entity)
        kept = kept_keys(spec, fields, columns, keeping.mode)
        stored = Stored(
            warehouse, link.tenant, link.id, schema=link.slug, spec=spec, key_column=source.key_column
        )
        shown = truth if kept is None else _cut(truth, kept)
        found[entity] = await compare(shown, stored, spec, fields, columns)
    return found


async def _cut(truth: AsyncIterator[Row], kept: Collection[str]) -> AsyncIterator[Row]:
    async for record in truth:
        yield cut(record, kept)

"""What names records that are gone: after a merge it names the survivor, and no time of its own tells."""

from collections.abc import Iterable, Mapping, Sequence

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from headwater.core.model import EntitySpec, SetSpec
from headwater.warehouse import crm, sets, sql
from headwater.warehouse.origin import Origin
from headwater.warehouse.places import names_of
from headwater.warehouse.pool import Connection

COLUMNS: Mapping[str, str] = {
    "leads": "lead_id",
    "deals": "deal_id",
    "contacts": "contact_id",
    "companies": "company_id",
}
"""What crm_* tables call the record of an entity that a row names."""


async def due(
    conn: Connection, specs: Iterable[EntitySpec], entity: str, gone: Sequence[str], origin: Origin
) -> None:
    """These records of an entity are gone: of `specs`, records that name one are to be read again by their
    ids, and sets that hold one with their records."""
    for spec in specs:
        names = names_of(spec, schema="", key_column="")
        column = COLUMNS.get(entity, "")
        if column in {one.column for one in spec.normal}:
            place = {"id": names["id"], "table": names["normal"], "column": Identifier(column)}
            await _mark(conn, spec, entity, gone, origin, place | {"part": names["part"]})
        for one in spec.sets:
            if one.table == "activity_links":
                await _mark(conn, spec, entity, gone, origin, _linked(one, entity))
            elif one.table == "links" and one.scope["to_entity"] == entity:
                holding = await sets.owners(conn, one, gone, origin)
                await sets.touch(conn, [one], sorted(holding), origin)


def _linked(spec: SetSpec, entity: str) -> dict[str, Composable]:
    """Records by the sets that are read out of them, which hold more than their columns do."""
    return {
        "id": Identifier(crm.SETS[spec.table].owner),
        "table": Identifier("public", f"crm_{spec.table}"),
        "column": Identifier("external_id"),
        "part": Composed([SQL(" and entity = "), Literal(entity)]),
    }


async def _mark(
    conn: Connection,
    spec: EntitySpec,
    entity: str,
    gone: Sequence[str],
    origin: Origin,
    place: Mapping[str, Composable],
) -> None:
    params = {
        "tenant": origin.tenant,
        "connection": origin.connection,
        "entity": spec.slug,
        "ids": list(gone),
        "reason": f"some of the {entity} that it names are gone: it is read again",
        "began": origin.began,
        "run": origin.run,
        "now": origin.seen_at,
    }
    await conn.execute(SQL(sql.mark_mentions).format(**place), params)

"""Records by their names, and names by their ids, where there are too many of them to know by heart."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg.sql import SQL, Identifier

from headwater.warehouse import sql
from headwater.warehouse.pool import Connection

TABLES = {"companies": "crm_companies", "contacts": "crm_contacts", "products": "crm_products"}


async def called(conn: Connection, tenant: UUID, book: str, names: Sequence[str]) -> list[tuple[int, str]]:
    """Connection and id of records that have one of these ids or are called so, whatever the case."""
    statement = SQL(sql.records_called).format(table=Identifier("public", TABLES[book]))
    lowered = [name.lower() for name in names]
    rows = await conn.execute(statement, {"tenant": tenant, "names": list(names), "lowered": lowered})
    return [(link, id) for link, id in await rows.fetchall()]


async def labelled(
    conn: Connection, tenant: UUID, book: str, ids: Sequence[str]
) -> Mapping[tuple[int, str], str]:
    """What records with these ids are called, by connection and id."""
    statement = SQL(sql.names_of_records).format(table=Identifier("public", TABLES[book]))
    rows = await conn.execute(statement, {"tenant": tenant, "ids": list(ids)})
    return {(link, id): name for link, id, name in await rows.fetchall() if name is not None}

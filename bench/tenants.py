"""Tenants of a benchmark: each has one connection, its rows are written straight into the tables."""

from collections.abc import Iterable, Mapping, Sequence

import psycopg

from bench.ground import Database
from headwater.warehouse import connections
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse


async def connected(warehouse: Warehouse, slug: str, portal: str) -> Link:
    """A tenant with one connection."""
    tenant = await connections.put_tenant(warehouse, slug, slug)
    return await connections.put_link(
        warehouse, tenant, source="bitrix24", portal=portal, title="", sealed="", account={}
    )


async def beside_another(
    database: Database,
    warehouse: Warehouse,
    statements: Sequence[str],
    sizes: Mapping[str, int],
    *,
    share: int,
    tables: Iterable[str],
) -> Link:
    """A tenant with rows of these sizes, in tables that also hold another's, a `share`th as many. They are
    written by the statements, which are told `tenant`, `connection` and the sizes, vacuumed and analysed."""
    with psycopg.connect(database.url("postgres"), autocommit=True) as admin:
        for slug, part in (("other", share), ("main", 1)):
            link = await connected(warehouse, slug, f"{slug}.example")
            told = {name: many // part for name, many in sizes.items()}
            for statement in statements:
                admin.execute(statement.encode(), {"tenant": link.tenant, "connection": link.id, **told})
        admin.execute(f"vacuum analyze {', '.join(f'public.{name}' for name in tables)}".encode())
    return link

"""What PostgreSQL knows of how much tables hold: renewed after a big read, to plan questions well.

A server does this by itself after a minute or so. Until then it takes a table that was just filled for an
empty one, and a join of two of them for nothing to worry about: it compares every row with every other.
"""

from psycopg.sql import SQL, Identifier

from headwater.warehouse.pool import Warehouse
from headwater.warehouse.shape import Shape

MANY = 1_000
"""Rows that make a table worth it: below that no plan is slow."""


async def renew(warehouse: Warehouse, shape: Shape) -> None:
    """Renews it of all tables that records of this shape go into. Tables that somebody else works on just now
    are passed over."""
    spec = shape.spec
    tables = [Identifier(shape.schema, shape.table), Identifier("public", f"crm_{spec.place}")]
    tables += [Identifier("public", f"crm_{name}") for name in sorted({one.table for one in spec.sets})]
    async with warehouse.connection() as conn, conn.transaction():
        await conn.execute("set local role hw_owner")
        await conn.execute(SQL("analyze (skip_locked) {}").format(SQL(", ").join(tables)))

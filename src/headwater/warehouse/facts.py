"""What a database is and can, for `headwater doctor`."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from headwater.warehouse import sql
from headwater.warehouse.address import local
from headwater.warehouse.pool import Warehouse


@dataclass(frozen=True, slots=True)
class Facts:
    """`knows_cyrillic`: letters outside ASCII count as letters; Russian search finds nothing otherwise."""

    version: str
    encoding: str
    knows_cyrillic: bool
    now: datetime
    bytes: int


async def facts(warehouse: Warehouse) -> Facts:
    async with warehouse.connection() as conn, conn.cursor(row_factory=class_row(Facts)) as cursor:
        await cursor.execute(sql.database_facts)
        found = await cursor.fetchone()
    if found is None:
        raise RuntimeError("a session has a database")
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """How we are connected. `proven`: the server showed who it is, not only that it can encrypt."""

    local: bool
    encrypted: bool
    proven: bool


async def line(warehouse: Warehouse) -> Line:
    async with warehouse.connection() as conn:
        parts = conn.info.get_parameters()
        here = local(parts | {"hostaddr": conn.info.hostaddr})
        return Line(here, conn.pgconn.ssl_in_use, parts.get("sslmode") in ("verify-ca", "verify-full"))

"""One reader of a connection at a time, and none that comes back from the dead."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Literal

from headwater.core.errors import RetryLater, StopSync
from headwater.warehouse import sql
from headwater.warehouse.corners import CONNECTIONS
from headwater.warehouse.pool import Connection, Warehouse, translated

# A machine that vanished without a word is noticed in half a minute, not in the hours the system would take.
NOTICING = "set tcp_keepalives_idle = 15; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write what a connection brings. Every commit proves that it is still ours."""

    tenant: UUID
    connection: int
    fence: int

    async def hold(self, conn: Connection) -> None:
        """Makes the transaction fail if somebody else took over; nobody can until it has ended."""
        params = {"tenant": self.tenant, "connection": self.connection}
        row = await (await conn.execute(sql.hold_lease, params)).fetchone()
        if row != (self.fence,):
            raise StopSync("another process took this connection over; it goes on from where this one was")


async def session(warehouse: Warehouse, name: str) -> Connection:
    """A connection of its own past any pooler, for locks that live as long as it does."""
    with translated():
        made = await psycopg.AsyncConnection.connect(
            warehouse.direct_url, autocommit=True, application_name=name,
            keepalives_idle=10, keepalives_interval=5, keepalives_count=3,
        )  # fmt: skip
        try:
            await made.execute(NOTICING)
        except BaseException:
            await made.close()
            raise
    return made


async def is_taken(warehouse: Warehouse, tenant: UUID, connection: int) -> bool:
    """Whether some process holds a connection just now."""
    [row] = await warehouse.rows(tenant, sql.lease_taken, {"lock": CONNECTIONS + connection})
    return bool(row["taken"])


@asynccontextmanager
async def taken(
    warehouse: Warehouse, tenant: UUID, connection: int, *, now: datetime, wait_seconds: int = 3
) -> AsyncIterator[Lease]:
    """Holds a connection for this process; RetryLater says who else does after `wait_seconds`.

    A session lock tells whether the holder lives (the server frees it the moment the process dies); the
    fence keeps a holder that lost its session, and does not know it yet, from committing.
    """
    async with await session(warehouse, "headwater lease") as held:
        params = {
            "tenant": tenant,
            "connection": connection,
            "holder": f"{socket.gethostname()}:{os.getpid()}",
            "now": now,
        }
        try:
            with translated():
                # The lock of a process that died a moment ago is freed when the server notices: soon.
                await held.execute(SQL("set lock_timeout = {}").format(Literal(f"{wait_seconds}s")))
                await held.execute("select pg_advisory_lock(%s)", [CONNECTIONS + connection])
        except psycopg.errors.LockNotAvailable:
            known = await warehouse.rows(tenant, sql.lease_holder, params)
            who = (
                f"{known[0]['holder']} since {known[0]['taken_at']:%H:%M:%S}" if known else "another process"
            )
            raise RetryLater(f"{who} is syncing this connection; wait for it or stop it") from None
        [taken_row] = await warehouse.rows(tenant, sql.take_lease, params)
        yield Lease(tenant, connection, taken_row["fence"])

"""Who works: a number, and a lock on it that lives as long as the worker does."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from headwater.core.errors import RetryLater
from headwater.warehouse import lease, sql
from headwater.warehouse.corners import WORKERS
from headwater.warehouse.pool import Connection, Warehouse, translated


@dataclass(frozen=True, slots=True)
class Station:
    """A registered worker: his number, and the session that holds its lock and hears of work."""

    id: int
    session: Connection

    async def heard(self, *, seconds: float) -> bool:
        """Waits so long for word that something is due. RetryLater: the session is lost, and with it the
        number; what was taken under it is everybody's."""
        with translated():
            async for _ in self.session.notifies(timeout=seconds, stop_after=1):
                return True
        return False

    async def beat(self, *, now: datetime, memory: int = 0, cpu: float = 0.0) -> None:
        """Says that the worker lives, and what its process costs in bytes and seconds. RetryLater as in
        `heard`."""
        with translated():
            params = {"worker": self.id, "now": now, "memory": memory, "cpu": cpu}
            cursor = await self.session.execute(sql.beat_worker, params)
        if cursor.rowcount != 1:
            raise RetryLater(f"worker {self.id} was taken for dead: it goes on under another number")


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker as others see him."""

    id: int
    host: str
    pid: int
    slots: int
    started_at: datetime
    seen_at: datetime
    memory_bytes: int
    cpu_seconds: float


@asynccontextmanager
async def registered(warehouse: Warehouse, *, slots: int, now: datetime) -> AsyncIterator[Station]:
    """A worker from now until the end of the block; what he has not finished by then is let go.

    The lock is taken before anybody can see the number: a number that is seen and not locked is dead.
    """
    async with await lease.session(warehouse, "headwater worker") as session:
        params: dict[str, Any] = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "slots": slots,
            "now": now,
        }
        with translated():
            await session.execute("listen headwater_work")
            async with session.transaction():
                row = await (await session.execute(sql.register_worker, params)).fetchone()
                number = int(row[0]) if row else 0
                await session.execute("select pg_advisory_lock(%s)", [WORKERS + number])
        try:
            yield Station(number, session)
        finally:
            with suppress(psycopg.OperationalError):  # without its session the server frees it all the same
                async with session.transaction():
                    params = {"worker": number, "now": now}
                    await session.execute(sql.release_jobs, params)
                    await session.execute(sql.forget_worker, params)


async def listed(warehouse: Warehouse) -> list[Worker]:
    """Everybody who works; somebody who died a moment ago may be among them."""
    async with warehouse.connection() as conn, conn.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(sql.workers)).fetchall()
    return [Worker(**row) for row in rows]

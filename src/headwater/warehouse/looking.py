"""Transactions that only look, and not for longer than they are given."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import LiteralString
from uuid import UUID

from headwater.warehouse.pool import Connection, People, TookTooLong, Warehouse


@asynccontextmanager
async def looking(
    warehouse: Warehouse,
    tenant: UUID,
    own: People | None = None,
    *,
    seconds: int,
    advice: str,
    settings: LiteralString,
) -> AsyncIterator[Connection]:
    """A transaction that reads, as somebody who sees all or his own; it begins with these settings, and with
    times in UTC. Raises TookTooLong, with the advice, when a statement takes longer than `seconds`."""
    terms: LiteralString = f"""
        set local transaction_read_only = on;
        set local statement_timeout = '{seconds}s';
        set local timezone = 'UTC';
        {settings}"""
    try:
        async with warehouse.acting_for(tenant, own, terms=terms) as conn:
            yield conn
    except TookTooLong as exc:
        raise TookTooLong(
            f"the database thought about this for {seconds} seconds: {advice}", wait=seconds
        ) from exc

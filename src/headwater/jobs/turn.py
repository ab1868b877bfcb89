"""One turn of work: what was taken, when it is enough, and what became of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from headwater.core import log
from headwater.warehouse import connections
from headwater.warehouse.connections import Link
from headwater.warehouse.jobs import Job
from headwater.warehouse.pool import Warehouse


@dataclass(frozen=True, slots=True)
class Turn:
    """Work that was taken. `enough` is asked after commits: when it says so, others wait, and the work ends
    where it can be gone on with."""

    job: Job
    enough: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Done:
    """The work is due again then (None: when somebody wishes it). `payload` is what its next turn is told,
    laid over what it was told before."""

    due_at: datetime | None
    payload: Mapping[str, Any] = field(default_factory=dict)


Work: TypeAlias = Callable[[Turn], Awaitable[Done | None]]
"""Does a turn; None: its connection is no more."""


async def link_of(warehouse: Warehouse, turn: Turn) -> Link | None:
    """The connection a turn is about; None: it is no more, or was given up. From now on the log names it."""
    if turn.job.tenant is None:
        return None
    links = await connections.links(warehouse, turn.job.tenant)
    found = next((link for link in links if link.id == turn.job.connection), None)
    if found is None or found.disconnected:
        return None
    log.bind(tenant=str(found.tenant), connection=found.slug)  # a turn is a task of its own
    return found

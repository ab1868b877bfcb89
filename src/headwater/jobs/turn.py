"""One turn of work: what was taken, when it is enough, and what became of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from headwater.warehouse.jobs import Job


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

"""Alerts as people look at them: what is wrong, since when, and whether anybody was told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from headwater.jobs.conditions import severity
from headwater.warehouse import alerts
from headwater.warehouse.alerts import Alert
from headwater.warehouse.pool import Warehouse


@dataclass(frozen=True, slots=True)
class Told:
    """One notice of an alert: `sent_at` None with `due_at`: it is tried then; with neither: given up."""

    channel: str
    what: str
    made_at: datetime
    due_at: datetime | None
    tries: int
    sent_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert. `connection` None: of the whole service. `closed_at` None: it lasts."""

    id: int
    kind: str
    severity: str
    connection: str | None
    facts: Mapping[str, Any]
    since: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    told: Sequence[Told]


async def entries(warehouse: Warehouse, tenant: UUID, *, only_open: bool, limit: int = 100) -> list[Entry]:
    """Alerts of a tenant and of the service, those that last first."""
    found = await alerts.listed(warehouse, tenant, only_open=only_open, limit=limit)
    letters = await alerts.letters(warehouse, found) if found else {}
    return [_entry(one, letters.get(one.id, [])) for one in found]


def _entry(one: Alert, letters: Sequence[Mapping[str, Any]]) -> Entry:
    return Entry(
        one.id,
        one.kind,
        severity(one.kind),
        one.facts.get("name"),
        one.facts,
        one.since,
        one.opened_at,
        one.closed_at,
        [Told(**row) for row in letters],
    )

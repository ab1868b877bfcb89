"""Reports of a service in order, with one thing or another out of it."""

from typing import Any
from uuid import UUID

from headwater.sync.report import ConnectionReport, EntityReport, HouseReport, TenantReport, WorkerReport

TENANT = UUID(int=7)


def entity(**other: Any) -> EntityReport:
    """Deals that are as young as promised."""
    fine: dict[str, Any] = {
        "entity": "deals",
        "status": "complete",
        "stored": 60,
        "age_seconds": 300.0,
        "promise_seconds": 1_200.0,
        "failed": 0,
        "failed_lately": 0,
    }
    return EntityReport(**fine | other)


def connection(**other: Any) -> ConnectionReport:
    """A connection that hears of changes by events, and of which nothing is to be told."""
    fine: dict[str, Any] = {
        "connection": 3,
        "slug": "acme",
        "source": "bitrix24",
        "portal": "acme.example",
        "paused_seconds": None,
        "failing_seconds": None,
        "tries": 0,
        "error_kind": None,
        "answered_seconds": 300.0,
        "changed_seconds": 300.0,
        "credentials_seconds": 86_400.0,
        "listening": "events",
        "event_seconds": 60.0,
        "events": 1_000,
        "events_refused": 0,
        "events_waiting": 0,
        "events_oldest_seconds": 0.0,
        "doors": 1,
        "alarms": 0,
        "entities": [entity()],
        "followers": {},
    }
    return ConnectionReport(**fine | other)


def tenant(*connections: ConnectionReport) -> TenantReport:
    """A tenant with these connections."""
    return TenantReport(TENANT, "main", connections)


def house(**other: Any) -> HouseReport:
    """A house with a worker, room and a backup of last night."""
    fine: dict[str, Any] = {
        "jobs": {"sync": {"planned": 1, "due": 0, "taken": 0, "failing": 0}},
        "workers": [WorkerReport(1, "here", 2, 3.0, 100_000_000, 12.5)],
        "database_bytes": 10**9,
        "skew_seconds": 0.2,
        "backup_seconds": 40_000.0,
        "age_seconds": 10**7,
        "disk_free": 50 * 10**9,
        "disk_bytes": 100 * 10**9,
    }
    return HouseReport(**fine | other)

"""Whether the service can do its work: for load balancers, containers, people in a hurry, and those who
watch."""

import asyncio
from dataclasses import asdict
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from headwater import __version__, wiring
from headwater.api.callers import Opened, Reader
from headwater.core.errors import HeadwaterError, NeedsPerson
from headwater.jobs.alert_words import remedy, sentence
from headwater.jobs.conditions import Condition, conditions, severity
from headwater.sync.live import scheduler
from headwater.sync.report import ConnectionReport, HouseReport, everybody, house_report, report
from headwater.wiring import House, Tenant

SECONDS = 2.0
AWAY = "database does not answer"

router = APIRouter(tags=["health"])


@router.get(
    "/health",
    summary="How the service is",
    responses={503: {"description": "The database does not answer. Nothing is lost: it is tried again."}},
)
async def health(house: Opened, response: Response) -> dict[str, Any]:
    """Needs no key and tells nothing of any tenant. `scheduler.running`: a worker lives, here or elsewhere;
    `scheduler.jobs_count`: work that waits for its time or is under way."""
    try:
        async with asyncio.timeout(SECONDS):
            working = await scheduler(house.warehouse, now=house.clock.now())
    except (HeadwaterError, TimeoutError):
        _away(response)
        return {
            "status": AWAY,
            "version": __version__,
            "scheduler": {"running": False, "jobs_count": None},
        }
    return {
        "status": "ok",
        "version": __version__,
        "scheduler": {
            "running": working.workers > 0,
            "jobs_count": working.jobs,
            "workers": working.workers,
            "due": working.due,
        },
    }


@router.get("/health/live", summary="Whether the process answers")
async def live() -> dict[str, str]:
    """Needs no key and asks nobody: a process that does not answer this is to be started again."""
    return {"status": "ok", "version": __version__}


@router.get(
    "/health/ready",
    summary="Whether requests can be answered",
    responses={503: {"description": "The database does not answer, or has another schema."}},
)
async def ready(house: Opened, response: Response) -> dict[str, str]:
    """Needs no key. The database answers, and has the schema of this program: send requests here."""
    try:
        async with asyncio.timeout(SECONDS):
            await house.warehouse.admissible()
    except NeedsPerson:
        _away(response)
        return {"status": "the database has not the schema of this program", "version": __version__}
    except (HeadwaterError, TimeoutError):
        _away(response)
        return {"status": AWAY, "version": __version__}
    return {"status": "ok", "version": __version__}


@router.get("/health/report", summary="How everything is, for those who watch")
async def whole(who: Reader, house: Opened) -> dict[str, Any]:
    """The service, this machine, and every connection of the key's tenant: how old its data is against its
    promise, since when it fails, when its portal last answered, what waits. `wrong` lists what deserves a
    look, with what helps; `status` is `ok` while it is empty. Ages are seconds; null: never, or nothing to
    tell."""
    now = house.clock.now()
    mine = await _tenant(house, who.tenant)
    own = await house_report(house.warehouse, house.clock, house.settings.home)
    [found] = await report(house.warehouse, [mine], now=now)
    wrong = list(conditions(own, [found], wiring.bounds(house.settings)))
    return {
        "status": "look" if wrong else "ok",
        "version": __version__,
        "at": now,
        "wrong": [_wrong(one) for one in wrong],
        "scheduler": {
            "running": bool(own.workers),
            **{state: own.count(state) for state in ("planned", "due", "taken", "failing")},
            "by_kind": own.jobs,
        },
        "workers": [asdict(one) for one in own.workers],
        "database": {"bytes": own.database_bytes, "skew_seconds": round(own.skew_seconds, 3)},
        "machine": _machine(own),
        "connections": [_connection(one) for one in found.connections],
    }


async def _tenant(house: House, tenant: UUID) -> Tenant:
    return next(one for one in await everybody(house.warehouse) if one.id == tenant)


def _wrong(one: Condition) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "severity": severity(one.kind),
        "connection": one.facts.get("name"),
        "text": sentence(one.kind, one.facts, "en"),
        "remedy": remedy(one.kind, "en"),
        "facts": one.facts,
    }


def _machine(own: HouseReport) -> dict[str, Any]:
    return {
        "disk_free_bytes": own.disk_free,
        "disk_bytes": own.disk_bytes,
        "backup_seconds": own.backup_seconds,
    }


def _connection(one: ConnectionReport) -> dict[str, Any]:
    return {
        "connection": one.slug,
        "source": one.source,
        "portal": one.portal,
        "paused_seconds": one.paused_seconds,
        "failing": None
        if one.failing_seconds is None
        else {"seconds": one.failing_seconds, "tries": one.tries, "kind": one.error_kind},
        "outside": {
            "answered_seconds": one.answered_seconds,
            "changed_seconds": one.changed_seconds,
            "credentials_seconds": one.credentials_seconds,
            "credentials": _credentials(one),
        },
        "events": {
            "state": one.listening,
            "last_seconds": one.event_seconds,
            "received": one.events,
            "refused": one.events_refused,
            "doors": one.doors,
            "waiting": one.events_waiting,
            "oldest_seconds": one.events_oldest_seconds,
        },
        "failed": one.failed,
        "failed_last_hour": one.failed_lately,
        "alarms": one.alarms,
        "entities": [
            {
                "entity": each.entity,
                "status": each.status,
                "stored": each.stored,
                "age_seconds": each.age_seconds,
                "promise_seconds": each.promise_seconds,
                "late": each.late,
                "failed": each.failed,
            }
            for each in one.entities
        ],
    }


def _credentials(one: ConnectionReport) -> str:
    """As last seen: `taken`, `refused`, or `untried`."""
    if one.refused:
        return "refused"
    return "untried" if one.answered_seconds is None else "taken"


def _away(response: Response) -> None:
    response.status_code = 503
    response.headers["retry-after"] = "5"

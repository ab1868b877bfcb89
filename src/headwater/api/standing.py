"""How things stand: every connection and entity, its age, its errors, how it learns of changes."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from headwater.api.callers import Opened, Reader
from headwater.api.links import links_of
from headwater.sync.live import HOUSE, Line, Living, living, troubles
from headwater.sync.overview import Standing

router = APIRouter(tags=["sync"])


@router.get("/api/v1/sync/status", summary="How every connection and entity stands")
async def status(who: Reader, house: Opened, connection: str | None = None) -> dict[str, Any]:
    """What is stored and how old it may be at worst (`behind_seconds`), what was kept aside, what went wrong,
    and how each connection learns of changes: `polling`, `events`, or `silent` with the reason. `troubles`:
    work that fails, since when, why, and when it is tried again; of connections, and of the whole house."""
    links = await links_of(house, who.tenant, connection)
    now = house.clock.now()
    found = await living(house.warehouse, who.tenant, links)
    wrong = await troubles(house.warehouse, who.tenant)
    return {
        "at": now,
        "connections": [of_connection(one, now) for one in found],
        "troubles": [_trouble(one) for one in wrong if one.connection == HOUSE],
    }


def _trouble(one: Line) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "since": one.failing_since,
        "tries": one.tries,
        "again_at": one.held_until or one.due_at,
        "error": one.error,
    }


def of_connection(one: Living, now: datetime) -> dict[str, Any]:
    return {
        "connection": one.link.slug,
        "source": one.link.source,
        "portal": one.link.portal,
        "title": one.link.title,
        "paused_at": one.paused_at,
        "paused_reason": one.paused_reason,
        "listening": {
            "state": one.listening,
            "reason": one.reason,
            "since": one.since,
            "last_event_at": one.last_event_at,
            "events": one.events,
        },
        "troubles": [_trouble(each) for each in one.troubles],
        "behind_seconds": one.behind_seconds(now),
        "failed": one.failed,
        "entities": [of_entity(each, now) for each in one.standings],
    }


def of_entity(one: Standing, now: datetime) -> dict[str, Any]:
    return {
        "entity": one.entity,
        "status": one.status,
        "stored": one.stored,
        "in_source": one.in_source,
        "failed": one.failed,
        "due": one.due,
        "complete_to": one.complete_to,
        "behind_seconds": one.behind_seconds(now),
        "last_full_sync_at": one.last_full_sync_at,
        "last_incremental_at": one.last_incremental_at,
        "error": one.error,
    }

"""What is read and how often, changed while the service runs; and what runs now."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from headwater.api.callers import Administrator, Opened, Reader
from headwater.api.links import link_of, links_of
from headwater.api.problems import Refusal, absent
from headwater.core.errors import NeedsPerson
from headwater.core.words import entity_of
from headwater.sync import config, live
from headwater.sync.config import LONGEST, SHORTEST, Line

router = APIRouter(tags=["sync"])


class Changing(BaseModel):
    """What to change of one entity; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"entity": "deals", "sync_interval_minutes": 5}]}
    )

    entity: str = Field(max_length=64)
    connection: str | None = Field(
        None, max_length=64, description="The connection's name; not needed while there is one."
    )
    sync_interval_minutes: int | None = Field(None, ge=SHORTEST, le=LONGEST, strict=True)
    enabled: bool | None = Field(None, strict=True)
    webhook_enabled: bool | None = Field(None, strict=True)

    @model_validator(mode="after")
    def _changes(self) -> "Changing":
        if self.sync_interval_minutes is None and self.enabled is None and self.webhook_enabled is None:
            raise ValueError("name what to change: sync_interval_minutes, enabled or webhook_enabled")
        return self


@router.get("/api/v1/sync/config", summary="What is read, and how often")
async def settings(
    who: Reader, house: Opened, connection: Annotated[str | None, Query(max_length=64)] = None
) -> dict[str, Any]:
    """A line for each entity of each connection; none before its first sync."""
    found = []
    for link in await links_of(house, who.tenant, connection):
        lines = await config.lines(house.warehouse, who.tenant, link.id)
        found += [_line(link.slug, line) for line in lines]
    return {"config": found}


@router.patch("/api/v1/sync/config", summary="Change how often an entity is read, or whether")
async def change(changing: Changing, who: Administrator, house: Opened) -> dict[str, Any]:
    """Workers heed it at once, without a restart. An interval has 1 to 1,440 minutes."""
    link = await link_of(house, who.tenant, changing.connection)
    known = [line.entity for line in await config.lines(house.warehouse, who.tenant, link.id)]
    if not known:
        raise Refusal(409, "person", f"{link.slug} was never synced: there is nothing to set before that")
    try:
        entity = entity_of(changing.entity, known)
    except NeedsPerson as exc:
        raise absent(str(exc)) from exc
    line = await config.change(
        house.warehouse, who.tenant, link.id, entity, now=house.clock.now(),
        interval_minutes=changing.sync_interval_minutes, enabled=changing.enabled,
        webhook_enabled=changing.webhook_enabled,
    )  # fmt: skip
    return _line(link.slug, line)


@router.get("/api/v1/sync/running", summary="What is under way and what waits")
async def running(who: Reader, house: Opened) -> dict[str, Any]:
    """Work of the tenant's connections and of the house (`connection` null), and who works."""
    names = {link.id: link.slug for link in await house.kept(who.tenant)}
    now = house.clock.now()
    found = await live.working(house.warehouse, who.tenant)
    return {
        "at": now,
        "running": [_job(one, names) for one in found.lines if one.worker is not None],
        "waiting": [
            _job(one, names) | {"late_seconds": max(0.0, (now - one.due_at).total_seconds())}
            for one in found.lines
            if one.worker is None and one.due_at is not None
        ],
        "workers": [
            {"id": one.id, "slots": one.slots, "started_at": one.started_at, "seen_at": one.seen_at}
            for one in found.workers
        ],
    }


def _line(connection: str, line: Line) -> dict[str, Any]:
    return {
        "connection": connection,
        "entity": line.entity,
        "enabled": line.enabled,
        "sync_interval_minutes": line.interval_minutes,
        "webhook_enabled": line.webhook_enabled,
        "due_at": line.due_at,
        "last_sync_at": line.last_sync_at,
    }


def _job(one: live.Line, names: dict[int, str]) -> dict[str, Any]:
    return {
        "connection": names.get(one.connection),
        "kind": one.kind,
        "due_at": one.due_at,
        "held_until": one.held_until,
        "worker": one.worker,
        "since": one.taken_at,
        "tries": one.tries,
        "error": one.error,
        "failing_since": one.failing_since,
        "done_at": one.done_at,
    }

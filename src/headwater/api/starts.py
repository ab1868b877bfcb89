"""Starting a sync and watching it: POST says where, JSON and server-sent events say how far."""

from collections.abc import AsyncIterator, Sequence
from operator import itemgetter
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from headwater.access.keys import Caller
from headwater.api.callers import Opened, Reader, Syncer
from headwater.api.links import link_of
from headwater.api.once import OnceRoute
from headwater.api.paging import After, paged, place
from headwater.api.paging import number as whole_number
from headwater.api.problems import absent
from headwater.api.streams import Event, Streams, streams_of
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.core.words import entity_of
from headwater.sync import watching
from headwater.sync.watching import Start, Watched
from headwater.wiring import House, Link

LOOK_SECONDS = 0.5
ALL = "all"

router = APIRouter(tags=["sync"], route_class=OnceRoute)

Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="The number that the start answered with.")]


class Asking(BaseModel):
    """`full` reads everything again, `incremental` what changed, `reconcile` compares and repairs."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"sync_type": "full"}]})

    sync_type: Literal["full", "incremental", "reconcile"] = "incremental"
    connection: str | None = Field(
        None, max_length=64, description="The connection's name; not needed while there is one."
    )


@router.post(
    "/api/v1/sync/start/{entity}",
    status_code=202,
    summary="Have an entity synced",
    response_description="The start's number, and where to watch it.",
)
async def start(
    entity: Annotated[str, Path(max_length=64, description="deals, deal, … or all")],
    who: Syncer,
    house: Opened,
    response: Response,
    asking: Asking | None = None,
) -> dict[str, Any]:
    """Asks for a sync or a reconciliation of one entity (singular or plural) or of `all`. A worker takes it
    up at once, or when it is done with that connection. Asking again while it waits is another start."""
    wanted = asking or Asking.model_validate({})
    link = await link_of(house, who.tenant, wanted.connection)
    entities = None if entity.strip().lower() == ALL else [await _entity(house, link, entity)]
    number = await watching.asked(
        house.warehouse, who.tenant, link.id, wanted.sync_type, entities, by=who.name, now=house.clock.now()
    )
    response.headers["location"] = _place(number)
    found = await watching.watched(house.warehouse, who.tenant, number)
    if found is None:
        raise absent(f"there is no start {number}")
    return described(found, {link.id: link.slug})


@router.get("/api/v1/sync/starts", summary="What was asked for lately")
async def listed(
    who: Reader,
    house: Opened,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> dict[str, Any]:
    """Starts, the newest first."""
    names = await _names(house, who)
    [before] = place(after, whole_number) or [None]
    starts = await watching.recent(house.warehouse, who.tenant, limit=limit + 1, before=before)
    return paged("starts", [_start(one, names) for one in starts], limit, itemgetter("id"))


@router.get("/api/v1/sync/starts/{number}", summary="How far a start is")
async def watched(number: Number, who: Reader, house: Opened) -> dict[str, Any]:
    """The start with each of its entities: what was read of how much, what became of it."""
    return described(await _found(house, who, number), await _names(house, who))


@router.get(
    "/api/v1/sync/starts/{number}/events",
    summary="Watch a start",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}, "description": "`progress` events, then `end`."}},
)
async def events(
    number: Number, who: Reader, house: Opened, streams: Annotated[Streams, Depends(streams_of)]
) -> Response:
    """Server-sent events: `progress` whenever something moved ("12,450 / 200,000 leads"), then `end`."""
    await _found(house, who, number)
    return streams.response(_told(house, who, number, streams))


async def _told(house: House, who: Caller, number: int, streams: Streams) -> AsyncIterator[Event | None]:
    names, before = await _names(house, who), None
    while True:
        try:
            found = await watching.watched(house.warehouse, who.tenant, number)
        except RetryLater:  # the database is away: the reader waits with us
            yield None
        else:
            if found is None:
                return
            told = described(found, names)
            yield Event("progress", told) if told != before else None
            before = told
            if found.start.over:
                yield Event("end", told)
                return
        if not await streams.pause(LOOK_SECONDS):
            return


async def _found(house: House, who: Caller, number: int) -> Watched:
    found = await watching.watched(house.warehouse, who.tenant, number)
    if found is None:
        raise absent(f"there is no start {number}")
    return found


async def _entity(house: House, link: Link, word: str) -> str:
    try:
        return entity_of(word, await house.entities(link))
    except NeedsPerson as exc:
        raise absent(f"{exc}, {ALL}") from exc


async def _names(house: House, who: Caller) -> dict[int, str]:
    return {link.id: link.slug for link in await house.kept(who.tenant)}


def described(found: Watched, names: dict[int, str]) -> dict[str, Any]:
    """A start for the outside."""
    progress: Sequence[dict[str, Any]] = [
        {
            "entity": one.entity,
            "sync_type": one.sync_type,
            "status": one.status,
            "done": one.done,
            "total": one.total,
            "text": one.words,
            "created": one.created,
            "updated": one.updated,
            "deleted": one.deleted,
            "failed": one.failed,
            "error": one.error,
        }
        for one in found.progress
    ]
    return _start(found.start, names) | {"progress": progress}


def _start(start: Start, names: dict[int, str]) -> dict[str, Any]:
    return {
        "id": start.id,
        "status": start.status,
        "connection": names.get(start.connection),
        "sync_type": start.sync_type,
        "entities": start.entities,
        "asked_at": start.asked_at,
        "asked_by": start.asked_by,
        "begun_at": start.begun_at,
        "ended_at": start.ended_at,
        "runs": start.runs,
        "error": start.error,
        "watch": {"json": _place(start.id), "events": f"{_place(start.id)}/events"},
    }


def _place(number: int) -> str:
    return f"/api/v1/sync/starts/{number}"

"""The stream of committed changes: pages of JSON, or server-sent events that go on."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request

from headwater.access.keys import Caller
from headwater.api.callers import Opened, Reader
from headwater.api.links import links_of
from headwater.api.problems import Refusal
from headwater.api.streams import Event, Streams, streams_of
from headwater.core.errors import RetryLater, Unfit
from headwater.sync import feed
from headwater.sync.feed import Change, Passed, Position
from headwater.wiring import House

LOOK_SECONDS = 1.0
PAGE = 500
NOW = "now"

router = APIRouter(tags=["changes"])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose changes are asked for, and since when."""

    house: House
    who: Caller
    connection: str | None

    async def after(self, position: Position, *, limit: int) -> Sequence[Change]:
        return await feed.after(
            self.house.warehouse, self.who.tenant, position, limit=limit, connection=self.connection
        )


@router.get(
    "/api/v1/changes",
    summary="Committed changes, in order",
    responses={
        200: {
            "content": {
                "application/json": {
                    "example": {
                        "changes": [
                            {
                                "position": "1.8123.99", "connection": "bitrix24", "entity": "deals",
                                "id": "7", "action": "update", "at": "2026-11-26T12:00:00Z",
                            }
                        ],
                        "next": "1.8123.99",
                        "more": False,
                    }
                },
                "text/event-stream": {},
            }
        },
        410: {"description": "The position is older than what is kept."},
    },
)  # fmt: skip
async def changes(
    request: Request,
    who: Reader,
    house: Opened,
    streams: Annotated[Streams, Depends(streams_of)],
    after: Annotated[
        str | None,
        Query(max_length=64, description="A position from an answer; `now`: only what is yet to come. "
                                         "Without it: from the oldest change that is kept."),
    ] = None,
    connection: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = PAGE,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> Any:  # fmt: skip
    """Which record of which entity was created, updated or deleted. Nothing is missed: a change shows when no
    commit can come before it any more. Ask on with `after=` the `next` of the last answer; with
    `Accept: text/event-stream` the changes come as they are committed, and `Last-Event-ID` goes on. 410 says
    that changes after this position were thrown away: read the tables anew, then go on from the oldest."""
    await links_of(house, who.tenant, connection)
    wanted = Wanted(house, who, connection)
    try:
        position = await _position(wanted, last_event_id or after)
        found = await wanted.after(position, limit=limit)
    except Passed as exc:
        raise _passed(exc) from exc
    if "text/event-stream" in request.headers.get("accept", ""):
        return streams.response(_told(wanted, position, streams))
    return {
        "changes": [_change(one) for one in found],
        "next": str(found[-1].position if found else position),
        "more": len(found) == limit,
    }


async def _position(wanted: Wanted, text: str | None) -> Position:
    house, tenant = wanted.house, wanted.who.tenant
    if text is None:
        return await feed.oldest(house.warehouse, tenant)
    if text == NOW:
        return await feed.newest(house.warehouse, tenant)
    try:
        return Position.of(text)
    except Unfit as exc:
        raise Refusal(422, "not-understood", str(exc)) from exc


async def _told(wanted: Wanted, position: Position, streams: Streams) -> AsyncIterator[Event | None]:
    while True:
        try:
            found = await wanted.after(position, limit=PAGE)
        except RetryLater:
            found = []
        except Passed as exc:  # so slow a reader that what he was to be told is gone
            yield Event("passed", {"oldest": str(exc.oldest)})
            return
        for one in found:
            yield Event("change", _change(one), str(one.position))
        if found:
            position = found[-1].position
        else:
            yield None
        if not await streams.pause(0 if len(found) == PAGE else LOOK_SECONDS):
            return


def _passed(exc: Passed) -> Refusal:
    return Refusal(
        410, "passed", str(exc),
        help=f"Read the tables anew, then go on from the oldest position that is kept: {exc.oldest}",
    )  # fmt: skip


def _change(one: Change) -> dict[str, Any]:
    return {
        "position": str(one.position),
        "connection": one.connection,
        "entity": one.entity,
        "id": one.id,
        "action": one.action,
        "at": one.at,
    }

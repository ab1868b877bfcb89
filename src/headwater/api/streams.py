"""Server-sent events: answers that go on until nothing more is to be told, the reader leaves, or we stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from headwater.api.problems import Refusal

PING_SECONDS = 15.0
AT_ONCE = 100
"""Streams of one process. Each asks the database about once a second."""


class Event(NamedTuple):
    """One event; `id` is what a reader sends in Last-Event-ID when he comes again."""

    name: str
    data: Any
    id: str | None = None


@dataclass(slots=True)
class Streams:
    """The streams of an application. Once `closing` is set they all end."""

    closing: asyncio.Event = field(default_factory=asyncio.Event)
    open: int = 0

    async def pause(self, seconds: float) -> bool:
        """Waits; whether to go on then."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.closing.wait(), seconds)
        return not self.closing.is_set()

    def response(self, events: AsyncIterator[Event | None]) -> Response:
        """The events as a response. None stands for a look that found nothing: after some, a comment keeps
        the line from being taken for dead."""
        if self.open >= AT_ONCE:
            raise Refusal(
                503, "too-many", f"{AT_ONCE} streams are open", headers={"retry-after": "30"},
                help="Close some, or ask for pages of JSON instead.",
            )  # fmt: skip
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self._lines(events), headers=headers, media_type="text/event-stream")

    async def _lines(self, events: AsyncIterator[Event | None]) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        said = loop.time()
        self.open += 1
        try:
            async for event in events:
                if event is not None:
                    data = orjson.dumps(event.data, default=str).decode()
                    yield format_sse_event(data_str=data, event=event.name, id=event.id)
                elif loop.time() - said >= PING_SECONDS:
                    yield KEEPALIVE_COMMENT
                else:
                    continue
                said = loop.time()
        finally:
            self.open -= 1


def streams_of(request: Request) -> Streams:
    """The streams of this application."""
    found: Streams = request.app.state.streams
    return found

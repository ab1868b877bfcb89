"""What ends a run before its end: at a statement, before a request, after its answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import httpx2
from psycopg import AsyncCursor

LONE = "\ue001lone\ue001"
"""A text that leaves the portal as half a surrogate pair, in an escape that is no text in any encoding."""
_LONE_SENT = rb"\ud800"


class Blow(StrEnum):
    """How it ends: the process is gone, somebody stops it, the other side is lost."""

    CRASH = "crash"
    CANCEL = "cancel"
    LOSE = "lose"


class Spot(StrEnum):
    """Where it ends: before a statement, before a request is served, after it was served."""

    STATEMENT = "statement"
    ASKED = "asked"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Strike:
    """The `at`-th time (from 0) a run comes to such a spot."""

    blow: Blow
    spot: Spot
    at: int


class Crash(BaseException):
    """The process is gone: nothing of ours may handle it."""


class Fuse:
    """Burns once, where the strike it is armed with says; `burnt` is the blow it gave."""

    def __init__(self) -> None:
        self.burnt: Blow | None = None
        self._strike: Strike | None = None
        self._left = 0

    def arm(self, strike: Strike | None) -> None:
        """From now on this strike waits (None: none does)."""
        self._strike = strike
        self._left = strike.at if strike else 0
        self.burnt = None

    def comes(self, spot: Spot) -> Blow | None:
        """Something comes to this spot; what strikes it there."""
        if self._strike is None or self._strike.spot is not spot:
            return None
        self._left -= 1
        if self._left >= 0:
            return None
        self.burnt, self._strike = self._strike.blow, None
        return self.burnt


def fused(fuse: Fuse) -> type[AsyncCursor[Any]]:
    """Cursors that are struck before the statement at which the fuse burns."""

    class Fused(AsyncCursor[Any]):
        def _step(self) -> None:
            blow = fuse.comes(Spot.STATEMENT)
            if blow is Blow.CANCEL:
                _stop()
            elif blow is not None:
                self.connection.pgconn.finish()
            if blow is Blow.CRASH:
                raise Crash

        async def execute(self, query: Any, params: Any = None, **more: Any) -> Self:
            self._step()
            return await super().execute(query, params, **more)

        def copy(self, statement: Any, params: Any = None, **more: Any) -> Any:
            self._step()
            return super().copy(statement, params, **more)

    return Fused


class Line(httpx2.AsyncBaseTransport):
    """The line to a portal: struck where the fuse burns; `meanwhile` happens before the `when`-th request."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, fuse: Fuse) -> None:
        self.inner = inner
        self.fuse = fuse
        self.meanwhile: Callable[[], None] | None = None
        self.when = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await self._come(Spot.ASKED)
        if self.meanwhile and self.when <= 0:
            due, self.meanwhile = self.meanwhile, None
            due()
        self.when -= 1
        response = await self.inner.handle_async_request(request)
        await self._come(Spot.ANSWERED)
        return await _with_lone(response)

    async def _come(self, spot: Spot) -> None:
        blow = self.fuse.comes(spot)
        if blow is Blow.CRASH:
            raise Crash
        if blow is Blow.LOSE:
            raise httpx2.ReadError("the line is dead")
        if blow is Blow.CANCEL:
            _stop()
            await asyncio.sleep(0)


def _stop() -> None:
    """Stops the task that comes by, at the next thing it waits for."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


async def _with_lone(response: httpx2.Response) -> httpx2.Response:
    content = await response.aread()
    if LONE.encode() not in content:
        return httpx2.Response(response.status_code, headers=response.headers, content=content)
    sent = content.replace(LONE.encode(), _LONE_SENT)
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return httpx2.Response(response.status_code, headers=headers, content=sent)

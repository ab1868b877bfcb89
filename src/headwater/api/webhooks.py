"""Where events come in, and how somebody has them sent here: `/api/v1/webhooks`."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from headwater.api.buckets import Buckets
from headwater.api.callers import Administrator, Reader, Syncer
from headwater.api.links import link_of, links_of
from headwater.api.once import OnceRoute
from headwater.api.problems import Refusal
from headwater.core import log
from headwater.core.errors import RetryLater, SkipRecord
from headwater.core.ports import Ear
from headwater.sync import hearing
from headwater.sync.doors import Doors
from headwater.sync.hearing import BASE
from headwater.sync.receiving import Receiver
from headwater.wiring import House

LOGGER = log.get("api")
BODY_BYTES = 65_536
HEARD_OUT_BYTES = 1_048_576
"""Who sends more than a body may have, but no more than this, is heard out, so that he hears the answer."""

BODY_SECONDS = 10.0
FORM = "application/x-www-form-urlencoded"
LATER_SECONDS = 5.0
CLOSING = {"connection": "close"}
STRANGERS, STRANGERS_A_SECOND = 20.0, 0.5
"""How often an address may be refused before it is told to wait. Whoever is let in needs no token."""

CROWD = 100
"""So many callers of tired addresses are looked up one after another; more are sent away unseen."""


class Register(BaseModel):
    """Have the events of a connection sent to this service, under its public address."""

    public_url: str = Field(description="As the portal reaches it: https://crm.example.com", max_length=500)
    connection: str | None = Field(default=None, description="Not needed while there is one.")


class Replay(BaseModel):
    """Apply the events of a time again."""

    since: datetime
    until: datetime
    entity: str | None = None
    connection: str | None = None


def router(house: House, *, patience_seconds: float = BODY_SECONDS) -> APIRouter:
    """The routes, for one process."""
    made = APIRouter(prefix=BASE, tags=["webhooks"], route_class=OnceRoute)
    listener = _Listener(house, patience_seconds)
    for ear in house.ears():
        # Plain routes: nothing is to be read or checked before we do it ourselves.
        for path in (f"{BASE}/{ear.path}", f"{BASE}/{ear.path}/{{secret}}"):
            made.add_route(path, listener.at(ear), methods=["POST"], include_in_schema=False)

    @made.post("/register", summary="Have events sent here")
    async def register(wanted: Register, who: Administrator) -> hearing.Address:
        """Binds the events of an application; of an inbound webhook it makes an address, and says what a
        person has to do with it in the portal. The address is told once."""
        link = await link_of(house, who.tenant, wanted.connection)
        source = house.source_of(link)
        try:
            return await hearing.registered(house.warehouse, house.clock, link, source, wanted.public_url)
        finally:
            await source.close()

    @made.get("/status", summary="Whether events arrive")
    async def status(who: Reader, connection: str | None = None) -> dict[str, Any]:
        """Of each connection: how it learns of changes, when an event last came, what waits."""
        links = await links_of(house, who.tenant, connection)
        return {"connections": await hearing.heard(house.warehouse, who.tenant, links)}

    @made.post("/replay", summary="Apply events of a time again")
    async def replay(wanted: Replay, who: Syncer) -> dict[str, Any]:
        """Their records are read again. Says how many events that are."""
        links = await links_of(house, who.tenant, wanted.connection)
        counts = await hearing.replayed(
            house.warehouse, house.clock, links,
            since=wanted.since, until=wanted.until, entity=wanted.entity,
        )  # fmt: skip
        return {"count": sum(counts.values()), "connections": counts}

    return made


class _Listener:
    """Takes events: reads little and not for long, lets in whom a door knows, answers when it is stored."""

    def __init__(self, house: House, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._doors = Doors(house.warehouse, house.clock)
        self._receiver = Receiver(house.warehouse, house.clock)
        self._strangers = Buckets(house.clock, burst=STRANGERS, a_second=STRANGERS_A_SECOND)
        self._gate = asyncio.Semaphore(1)
        self._crowd = 0

    def at(self, ear: Ear) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of one kind of source."""

        async def heard(request: Request) -> Response:
            try:
                await self._hear(ear, request)
            except RetryLater as exc:
                LOGGER.warning("an event could not be stored", reason=str(exc))
                raise Refusal(
                    503, "later", "The event could not be stored.", headers=_wait(exc.wait or LATER_SECONDS)
                ) from exc
            return Response(status_code=200)

        return heard

    async def _hear(self, ear: Ear, request: Request) -> None:
        body = await self._body(request)
        try:
            notice = ear.notice(body)
        except SkipRecord as exc:
            raise Refusal(400, "not-understood", str(exc)) from exc
        secret = request.path_params.get("secret")
        address = request.client.host if request.client else ""
        wait = self._strangers.wait(address)
        if wait and not self._doors.knows(secret, notice):
            # A flood of strangers keeps one connection to the database busy, and no event of ours outside.
            if self._crowd >= CROWD:
                raise _unknown(wait)
            self._crowd += 1
            try:
                async with self._gate:
                    arrivals = await self._doors.at(secret, notice)
            finally:
                self._crowd -= 1
        else:
            arrivals = await self._doors.at(secret, notice)
        if not arrivals:
            wait = self._strangers.wait(address)
            self._strangers.take(address)
            raise _unknown(wait)
        await self._receiver.receive(arrivals)

    async def _body(self, request: Request) -> bytes:
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise Refusal(415, "not-understood", "Send the form as it is, without Content-Encoding.")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise Refusal(415, "not-understood", f"Send the event as {FORM}.")
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > HEARD_OUT_BYTES:
            raise _too_large()
        body, left = bytearray(), HEARD_OUT_BYTES
        try:
            async with asyncio.timeout(self._patience_seconds):
                async for chunk in request.stream():
                    left -= len(chunk)
                    if left < 0:
                        break
                    body += chunk[: BODY_BYTES + 1 - len(body)]
        except TimeoutError as exc:
            raise Refusal(408, "too-slow", "The event took too long to arrive.", headers=CLOSING) from exc
        except ClientDisconnect as exc:
            raise Refusal(400, "not-understood", "The connection ended before the event did.") from exc
        if len(body) > BODY_BYTES:
            raise _too_large()
        return bytes(body)


def _unknown(wait: float) -> Refusal:
    """The same words whatever is wrong; after many of them, with the advice to wait."""
    if wait:
        return Refusal(429, "too-many", "No door here knows these events.", headers=_wait(wait))
    return Refusal(401, "no-door", "No door here knows this event.")


def _too_large() -> Refusal:
    return Refusal(413, "too-large", f"An event has at most {BODY_BYTES:,} bytes.", headers=CLOSING)


def _wait(seconds: float) -> dict[str, str]:
    return {"retry-after": str(max(1, math.ceil(seconds)))}

"""Where events come in, and how somebody has them sent here: `/api/v1/webhooks`."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Protocol, TypeVar
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from headwater.api.strangers import Strangers
from headwater.core import log
from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater, SkipRecord
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
CROWD = 100
"""So many callers of tired addresses are looked up one after another; more are sent away unseen."""

T = TypeVar("T")


class Caller(Protocol):
    """Whoever asks for anything but to be heard."""

    @property
    def tenant(self) -> UUID: ...

    def may(self, scope: str) -> bool: ...


class Refusal(Exception):
    """A request that is not done."""

    def __init__(self, status: int, title: str, detail: str, *, wait: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.wait = wait

    def answer(self) -> Response:
        """The refusal as a problem document."""
        told = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        headers = {} if self.wait is None else {"retry-after": str(max(1, math.ceil(self.wait)))}
        if self.status in (408, 413):
            headers["connection"] = "close"
        return Response(orjson.dumps(told), self.status, headers, "application/problem+json")


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


def router(house: House, caller: Callable[..., Any], *, patience_seconds: float = BODY_SECONDS) -> APIRouter:
    """The routes, for one process. `caller` is the dependency that says who calls."""
    made = APIRouter(prefix=BASE, tags=["webhooks"])
    listener = _Listener(house, patience_seconds)
    for ear in house.ears():
        # Plain routes: nothing is to be read or checked before we do it ourselves.
        for path in (f"{BASE}/{ear.path}", f"{BASE}/{ear.path}/{{secret}}"):
            made.add_route(path, listener.at(ear), methods=["POST"], include_in_schema=False)
    who = Annotated[Any, Depends(caller)]

    @made.post("/register", summary="Have events sent here")
    async def register(wanted: Register, caller: who) -> Response:
        async def work() -> Any:
            link = await hearing.one(house.warehouse, _allowed(caller, "admin"), wanted.connection)
            source = house.source_of(link)
            try:
                return await hearing.registered(house.warehouse, house.clock, link, source, wanted.public_url)
            finally:
                await source.close()

        return await _answered(work())

    @made.get("/status", summary="Whether events arrive")
    async def status(caller: who, connection: str | None = None) -> Response:
        async def work() -> Any:
            tenant = _allowed(caller, "read")
            links = await hearing.chosen(house.warehouse, tenant, connection)
            return {"connections": await hearing.heard(house.warehouse, tenant, links)}

        return await _answered(work())

    @made.post("/replay", summary="Apply events of a time again")
    async def replay(wanted: Replay, caller: who) -> Response:
        async def work() -> Any:
            links = await hearing.chosen(house.warehouse, _allowed(caller, "sync"), wanted.connection)
            counts = await hearing.replayed(
                house.warehouse, house.clock, links,
                since=wanted.since, until=wanted.until, entity=wanted.entity,
            )  # fmt: skip
            return {"count": sum(counts.values()), "connections": counts}

        return await _answered(work())

    return made


class _Listener:
    """Takes events: reads little and not for long, lets in whom a door knows, answers when it is stored."""

    def __init__(self, house: House, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._doors = Doors(house.warehouse, house.clock)
        self._receiver = Receiver(house.warehouse, house.clock)
        self._strangers = Strangers(house.clock)
        self._gate = asyncio.Semaphore(1)
        self._crowd = 0

    def at(self, ear: Ear) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of one kind of source."""

        async def heard(request: Request) -> Response:
            try:
                await self._hear(ear, request)
            except Refusal as exc:
                return exc.answer()
            except RetryLater as exc:
                LOGGER.warning("an event could not be stored", reason=str(exc))
                wait = exc.wait or LATER_SECONDS
                return Refusal(503, "Not stored", "The event could not be stored.", wait=wait).answer()
            return Response(status_code=200)

        return heard

    async def _hear(self, ear: Ear, request: Request) -> None:
        body = await self._body(request)
        try:
            notice = ear.notice(body)
        except SkipRecord as exc:
            raise Refusal(400, "No event", str(exc)) from exc
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
            self._strangers.refused(address)
            raise _unknown(wait)
        await self._receiver.receive(arrivals)

    async def _body(self, request: Request) -> bytes:
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise Refusal(415, "Encoded body", "Send the form as it is, without Content-Encoding.")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise Refusal(415, "No form", f"Send the event as {FORM}.")
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
            raise Refusal(408, "Too slow", "The event took too long to arrive.") from exc
        except ClientDisconnect as exc:
            raise Refusal(400, "Cut off", "The connection ended before the event did.") from exc
        if len(body) > BODY_BYTES:
            raise _too_large()
        return bytes(body)


def _unknown(wait: float) -> Refusal:
    """The same words whatever is wrong; after many of them, with the advice to wait."""
    if wait:
        return Refusal(429, "Too many refusals", "No door here knows these events.", wait=wait)
    return Refusal(401, "Unknown", "No door here knows this event.")


def _too_large() -> Refusal:
    return Refusal(413, "Too large", f"An event has at most {BODY_BYTES:,} bytes.")


def _allowed(caller: Caller, scope: str) -> UUID:
    """The caller's tenant, if he may."""
    if not caller.may(scope):
        raise Refusal(403, "Not allowed", f"The scope {scope} is needed.")
    return caller.tenant


async def _answered(work: Awaitable[Any]) -> Response:
    """The outcome as JSON, or as a problem document what kept it from being done."""
    try:
        return Response(orjson.dumps(await work), media_type="application/json")
    except Refusal as exc:
        return exc.answer()
    except RetryLater as exc:
        return Refusal(503, "Later", str(exc), wait=exc.wait or LATER_SECONDS).answer()
    except NeedsPerson as exc:
        return Refusal(422, "A person must act", str(exc)).answer()
    except HeadwaterError as exc:
        return Refusal(409, "Not done", str(exc)).answer()

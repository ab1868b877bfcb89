"""What happens to every request before any route sees it: a number, limits, headers that close doors."""

import asyncio
import re
import secrets
import time
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headwater.api.pace import Pace
from headwater.api.problems import Refusal, answer
from headwater.core import log

LOGGER = log.get("api")
BODY_BYTES = 1_048_576
HEARD_OUT_BYTES = 4 * BODY_BYTES
"""Of a body that is too large so much is taken and thrown away before it is refused: who still sends when the
connection is closed never reads why (RFC 9112, 9.6)."""

BODY_SECONDS = 20.0
GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
"""Of every answer that does not say otherwise."""

ENCRYPTED = {"strict-transport-security": "max-age=31536000"}
"""Of every answer that travels by https: a browser that saw it comes by nothing else for a year."""

ASKED = [
    "authorization", "content-type", "idempotency-key", "last-event-id", "x-headwater-tenant", "x-request-id",
]  # fmt: skip
TOLD = ["content-disposition", "etag", "link", "location", "retry-after", "x-request-id"]
"""Headers that pages of other origins may send and read."""


class Doorman:
    """Wraps an application. A body larger than `body_bytes` gets 413, one that takes longer than
    `body_seconds` 408, who comes too often by `pace` 429, before anybody works on it.

    Pages of other origins read nothing but by `origins`, and those never by a session: cookies are no
    credentials for them.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_bytes: int = BODY_BYTES,
        body_seconds: float = BODY_SECONDS,
        pace: Pace | None = None,
        origins: Sequence[str] = (),
    ) -> None:
        self.app = app
        self.body_bytes = body_bytes
        self.body_seconds = body_seconds
        self.pace = pace
        self.inside: ASGIApp = self._admitted
        if origins:
            self.inside = CORSMiddleware(
                self._admitted,
                allow_origins=origins,
                allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
                allow_headers=ASKED,
                expose_headers=TOLD,
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        number = given if GIVEN.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = number
        closing = HEADERS | (ENCRYPTED if scope.get("scheme") == "https" else {})
        status = 0

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                said = MutableHeaders(scope=message)
                said["x-request-id"] = number
                for name, value in closing.items():
                    said.setdefault(name, value)
            await send(message)

        with log.bound(request=number):
            began = time.perf_counter()
            try:
                await self.inside(scope, receive, sending)
            finally:
                told = LOGGER.warning if status >= 500 else LOGGER.info
                told(
                    "request answered", method=scope["method"], path=place_of(scope), status=status or None,
                    milliseconds=round((time.perf_counter() - began) * 1000, 1),
                )  # fmt: skip
                log.unbind("tenant")

    async def _admitted(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        number = scope["state"]["request_id"]
        if self.pace is not None and (refusal := self.pace.refusal(scope, headers)):
            await answer(refusal, number)(scope, receive, send)
            return
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length) > self.body_bytes:
            if int(length) <= HEARD_OUT_BYTES and "expect" not in headers:
                await self._heard_out(receive)
            await answer(self._too_large(), number)(scope, receive, send)
            return
        await self.app(scope, self._limited(receive), send)

    async def _heard_out(self, receive: Receive, taken: int = 0) -> None:
        """Takes the rest of a body, as long as it stays within what is heard out."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.body_seconds):
                while taken <= HEARD_OUT_BYTES:
                    message = await receive()
                    if not message.get("more_body", False):
                        return
                    taken += len(message.get("body", b""))

    def _limited(self, receive: Receive) -> Receive:
        """Hands the body on piece by piece, as long as it stays within its size and its time."""
        taken = 0
        whole = False
        until: float | None = None

        async def receiving() -> Message:
            nonlocal taken, whole, until
            if whole:
                return await receive()
            loop = asyncio.get_running_loop()
            until = until or loop.time() + self.body_seconds
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(
                    408, f"the body was not there after {self.body_seconds:g} seconds"
                ) from None
            taken += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if taken > self.body_bytes:
                if not whole:
                    await self._heard_out(receive, taken)
                raise HTTPException(413, self._too_large().detail)
            return message

        return receiving

    def _too_large(self) -> Refusal:
        return Refusal(
            413, "too-large", f"a body may have {self.body_bytes:,} bytes", headers={"connection": "close"}
        )


def place_of(scope: Scope) -> str:
    """The path as routes know it, without what a caller filled in: a number, a person, an event's secret.
    What no route knows is not told: it may be a secret, mistyped."""
    path = str(scope["path"])
    if "endpoint" not in scope:
        return "unknown"
    for name, value in reversed(scope.get("path_params", {}).items()):
        before, _, after = path.rpartition(f"/{value}")
        path = f"{before}/{{{name}}}{after}"
    return path

"""What happens to every request before any route sees it: a number, limits, headers that close doors."""

import asyncio
import re
import secrets
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headwater.api.problems import Refusal, answer
from headwater.core import log

BODY_BYTES = 1_048_576
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
"""Of every answer that does not say otherwise. There are no CORS headers: pages of others read nothing."""


class Doorman:
    """Wraps an application. A body larger than `body_bytes` gets 413, one that takes longer than
    `body_seconds` 408, before anybody works on it."""

    def __init__(
        self, app: ASGIApp, *, body_bytes: int = BODY_BYTES, body_seconds: float = BODY_SECONDS
    ) -> None:
        self.app = app
        self.body_bytes = body_bytes
        self.body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        number = given if GIVEN.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = number

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                said = MutableHeaders(scope=message)
                said["x-request-id"] = number
                for name, value in HEADERS.items():
                    said.setdefault(name, value)
            await send(message)

        with log.bound(request=number):
            length = headers.get("content-length", "0")
            if length.isascii() and length.isdigit() and int(length) > self.body_bytes:
                await answer(self._too_large(), number)(scope, receive, sending)
                return
            try:
                await self.app(scope, self._limited(receive), sending)
            finally:
                log.unbind("tenant")

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
                raise HTTPException(413, self._too_large().detail)
            return message

        return receiving

    def _too_large(self) -> Refusal:
        return Refusal(
            413, "too-large", f"a body may have {self.body_bytes:,} bytes", headers={"connection": "close"}
        )

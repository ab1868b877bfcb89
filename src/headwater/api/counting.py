"""Counts what is asked of the API: by route, never by address, and how long answers took."""

import time
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from headwater.core.metrics import ASKED, ASKED_SECONDS
from headwater.core.tally import Tally

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NOWHERE = "(none)"
"""The route of what no route is for: whatever strangers ask is one line."""


class Counting:
    """Wraps an application, and counts into `tally`."""

    def __init__(self, app: ASGIApp, tally: Tally) -> None:
        self.app = app
        self.tally = tally

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self._counted(scope, message["status"], time.monotonic() - began)
            await send(message)

        await self.app(scope, receive, sending)

    def _counted(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = getattr(scope.get("route"), "path", NOWHERE)
        self.tally.add(ASKED, method=method, route=route, status=str(status))
        self.tally.observe(ASKED_SECONDS, seconds, method=method, route=route)

"""The control door of a running portal: who may enter, JSON in, JSON out, and the truth as a stream."""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from itertools import islice
from typing import Any

import orjson

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.orders import ORDERS
from headwater.sandbox.bitrix24.portal import Portal

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_CHUNK = 500


class Controls:
    """Does under /_control/… what a test in the same process does by calling the portal."""

    def __init__(self, portal: Portal, token: str) -> None:
        self._portal = portal
        self._token = token

    async def serve(
        self, method: str, path: str, query: str, headers: dict[str, str], content: bytes, send: Send
    ) -> None:
        """JSON in (or a query, such as `entity=lead`), JSON out; 401 without the token, 404 for an unknown
        door, 400 with a reason."""
        given = headers.get("authorization", "").removeprefix("Bearer ")
        name = path.removeprefix("/_control/").strip("/")
        if not self._token or not hmac.compare_digest(given.encode(), self._token.encode()):
            await _reply(
                send, 401, {"error": "the control token is missing or wrong (Authorization: Bearer …)"}
            )
        elif (method, name) == ("GET", "truth"):
            asked = php.query(query)
            listed = php.text(asked.get("listed")) == "1"
            await self._truth(php.text(asked.get("entity")) or "deal", send, listed=listed)
        elif (method, name) not in ORDERS:
            known = ", ".join(f"{verb} {door}" for verb, door in [*ORDERS, ("GET", "truth")])
            await _reply(send, 404, {"error": f"no such control: {method} {name}; there are {known}"})
        else:
            await self._do(method, name, query, content, send)

    async def _do(self, method: str, name: str, query: str, content: bytes, send: Send) -> None:
        try:
            body = php.query(query) | (php.as_map(orjson.loads(content)) if content else {})
            done = ORDERS[method, name](self._portal, body)
        except (ValueError, KeyError, TypeError) as exc:
            await _reply(send, 400, {"error": f"{name}: {exc}"})
        else:
            await _reply(send, 200, {} if done is None else done)

    async def _truth(self, entity: str, send: Send, *, listed: bool) -> None:
        """Every record of an entity, one JSON line each, streamed."""
        if entity not in self._portal.tables:
            known = ", ".join(self._portal.tables)
            await _reply(send, 400, {"error": f"truth: no such entity: {entity}; there are {known}"})
            return
        await _start(send, 200, "application/x-ndjson")
        records = self._portal.truth(entity, listed=listed)
        while lines := b"".join(orjson.dumps(record) + b"\n" for record in islice(records, _CHUNK)):
            await send({"type": "http.response.body", "body": lines, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _start(send: Send, status: int, content_type: str) -> None:
    headers = [(b"content-type", content_type.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _reply(send: Send, status: int, body: Any) -> None:
    await _start(send, status, "application/json")
    await send({"type": "http.response.body", "body": orjson.dumps(body)})

"""The HTTP side of the portal: an ASGI application that serves /rest/…, /oauth/… and the control door."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

import httpx2

from headwater.sandbox.bitrix24 import oauth, php
from headwater.sandbox.bitrix24.answers import Answer, Request
from headwater.sandbox.bitrix24.controls import Controls
from headwater.sandbox.bitrix24.downloads import file_answer, is_file
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.rest import answer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def app(portal: Portal, *, control_token: str = "") -> App:
    """The portal as an ASGI application, for a server or for `httpx2.ASGITransport`.

    Without a control token the control door stays shut.
    """
    controls = Controls(portal, control_token)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        content = await _content(receive)
        if scope["path"].startswith("/_control/"):
            query = scope["query_string"].decode("latin-1")
            await controls.serve(scope["method"], scope["path"], query, headers, content, send)
            return
        if is_file(scope["path"]):
            query = scope["query_string"].decode("latin-1")
            made = file_answer(portal, scope["path"], query, headers, content)
        else:
            made = answer(portal, _request(scope, headers, content))
        await _give(portal, made, scope, receive, send)

    return serve


async def _content(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _request(scope: Scope, headers: dict[str, str], content: bytes) -> Request:
    query = scope["query_string"].decode("latin-1")
    steps = [unquote(step) for step in scope["path"].strip("/").split("/")]
    inside = steps[1:] if steps[0] == "rest" else []
    user_id, code, method = inside if len(inside) == 3 else ("", "", inside[-1] if inside else "")
    server = oauth.method_of(scope["path"])
    client = scope.get("client") or ("local", 0)
    return Request(
        user_id,
        code,
        server or method,
        php.query(query) | php.body(content, headers.get("content-type", "")),
        client=str(client[0]),
        path=scope["path"] + (f"?{query}" if query else ""),
        https=scope.get("scheme") == "https",
        oauth=server is not None,
    )


async def _give(portal: Portal, made: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    if made.wait_seconds:
        await _wait(portal, made.wait_seconds)
    if made.hung:
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    if made.dropped:
        await _drop(scope, receive)
        return
    headers = {"content-type": made.content_type, "content-length": str(len(made.body))} | made.headers
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": made.status, "headers": raw})
    await send({"type": "http.response.body", "body": made.body})


async def _wait(portal: Portal, seconds: float) -> None:
    """A slow answer takes the portal's time: a virtual clock moves on, the real one is waited for."""
    if portal.clock.virtual:
        portal.clock.advance(seconds)
    else:
        await asyncio.sleep(seconds)


async def _drop(scope: Scope, receive: Receive) -> None:
    """Cuts the connection. In process there is none to cut: the client's own error is raised instead."""
    transport = scope.get("state", {}).get("transport")
    if transport is None:
        raise httpx2.RemoteProtocolError("Server disconnected without sending a response.")
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass

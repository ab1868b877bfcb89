"""The control door of a running portal: truth, statistics, faults, changes, time, work, state."""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from itertools import islice
from typing import Any

import orjson

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.limits import Accounting, Plan, Shown
from headwater.sandbox.bitrix24.portal import Portal

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_CHUNK = 500


class Controls:
    """Does under /_control/… what a test in the same process does by calling the portal."""

    def __init__(self, portal: Portal, token: str) -> None:
        self._portal = portal
        self._token = token
        self._doors: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "stats"): lambda _: portal.stats.shown() | {"faults_struck": portal.faults.struck},
            ("GET", "state"): lambda _: self._state(),
            ("POST", "state"): self._set_state,
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): lambda _: portal.faults.clear(),
            ("POST", "change"): self._change,
            ("POST", "delete"): lambda body: {"deleted": portal.remove(map(int, body["ids"]))},
            ("POST", "clock"): self._move_clock,
            ("POST", "work"): lambda body: {"ids": portal.work(int(body.get("changes", 1)))},
            ("POST", "limits"): self._set_limits,
        }

    async def serve(
        self, method: str, path: str, headers: dict[str, str], content: bytes, send: Send
    ) -> None:
        """JSON in, JSON out; 401 without the token, 404 for an unknown door, 400 with a reason."""
        given = headers.get("authorization", "").removeprefix("Bearer ")
        name = path.removeprefix("/_control/").strip("/")
        if not self._token or not hmac.compare_digest(given.encode(), self._token.encode()):
            await _reply(
                send, 401, {"error": "the control token is missing or wrong (Authorization: Bearer …)"}
            )
        elif (method, name) == ("GET", "truth"):
            await self._truth(send)
        elif (method, name) not in self._doors:
            known = ", ".join(f"{verb} {door}" for verb, door in [*self._doors, ("GET", "truth")])
            await _reply(send, 404, {"error": f"no such control: {method} {name}; there are {known}"})
        else:
            await self._do(method, name, content, send)

    async def _do(self, method: str, name: str, content: bytes, send: Send) -> None:
        try:
            body = php.as_map(orjson.loads(content)) if content else {}
            done = self._doors[method, name](body)
        except (ValueError, KeyError, TypeError) as exc:
            await _reply(send, 400, {"error": f"{name}: {exc}"})
        else:
            await _reply(send, 200, {} if done is None else done)

    async def _truth(self, send: Send) -> None:
        """Every deal, one JSON line each, streamed."""
        await _start(send, 200, "application/x-ndjson")
        records = self._portal.truth()
        while lines := b"".join(orjson.dumps(record) + b"\n" for record in islice(records, _CHUNK)):
            await send({"type": "http.response.body", "body": lines, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def _state(self) -> dict[str, Any]:
        portal = self._portal
        return {
            "state": portal.state,
            "deals": portal.store.count(portal.deals),
            "last_id": portal.store.last_id(portal.deals),
            "now": portal.clock.shown(),
            "virtual": portal.clock.virtual,
            "faults": len(portal.faults.script),
        }

    def _set_state(self, body: dict[str, Any]) -> dict[str, Any]:
        self._portal.set_state(str(body["state"]), moved_to=str(body.get("moved_to", "")))
        return self._state()

    def _add_faults(self, body: dict[str, Any]) -> dict[str, Any]:
        for fault in body["faults"]:
            self._portal.add_fault(fault)
        return {"faults": len(self._portal.faults.script)}

    def _change(self, body: dict[str, Any]) -> dict[str, Any]:
        """`records`: a list of {id, fields, touch}."""
        for one in body["records"]:
            self._portal.change(int(one["id"]), one["fields"], touch=bool(one.get("touch", True)))
        return {"changed": len(body["records"])}

    def _move_clock(self, body: dict[str, Any]) -> dict[str, Any]:
        if "advance" in body:
            self._portal.clock.advance(float(body["advance"]))
        if "skew" in body:
            self._portal.clock.skew = float(body["skew"])
        return {"now": self._portal.clock.shown()}

    def _set_limits(self, body: dict[str, Any]) -> dict[str, Any]:
        rules, words = self._portal.limits.rules, dict(body)
        known = {"on": bool, "plan": Plan, "limit_seconds": float, "floor_seconds": float}
        known |= {"accounting": Accounting, "shown": Shown, "count_refused": bool, "count_row_seconds": float}
        for name, value in words.items():
            if name not in known:
                raise ValueError(f"no such limit: {name}; there are {', '.join(known)}")
            setattr(rules, name, known[name](value))
        return {"limits": {name: getattr(rules, name) for name in known}}


async def _start(send: Send, status: int, content_type: str) -> None:
    headers = [(b"content-type", content_type.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _reply(send: Send, status: int, body: Any) -> None:
    await _start(send, status, "application/json")
    await send({"type": "http.response.body", "body": orjson.dumps(body)})

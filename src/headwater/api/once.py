"""POSTs that are done once: a route of this class heeds the header `Idempotency-Key`."""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from headwater.access import once
from headwater.access.once import Kept, Other, UnderWay
from headwater.api.callers import caller, house_of
from headwater.api.problems import Refusal
from headwater.core.errors import NeedsPerson

HEADER = "Idempotency-Key"
REPLAYED = "idempotent-replayed"
AGAIN_SECONDS = 2
KEPT_HEADERS = ("content-type", "location")
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Your own word for this request, best a UUID. Sent again with it within 24 hours "
    "it is not done again: the first answer is given again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": once.LONGEST, "pattern": r"^[\x21-\x7e]+$"},
    "example": "5f0c6f0e-6f7e-4a59-9a2f-3a1c0c7a5d11",
}


class OnceRoute(APIRoute):
    """A route whose POSTs are done once under a key. What went wrong may be sent again under the same key."""

    def __init__(self, *words: Any, **named: Any) -> None:
        methods = named.get("methods") or ()
        if "POST" in methods:
            extra = dict(named.get("openapi_extra") or {})
            known = extra.get("parameters", [])
            extra["parameters"] = known if PARAMETER in known else [*known, PARAMETER]
            named["openapi_extra"] = extra
        super().__init__(*words, **named)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handled(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None or request.method != "POST":
                return await inner(request)
            return await _once(request, key, inner)

        return handled


async def _once(
    request: Request, key: str, inner: Callable[[Request], Coroutine[Any, Any, Response]]
) -> Response:
    house = house_of(request)
    who = await caller(request, house)
    try:
        slot = once.slot_of(who, key, _digest(request, await request.body()))
        kept = await once.begun(house.warehouse, slot, now=house.clock.now())
    except NeedsPerson as exc:
        raise _wrong(422, str(exc)) from exc
    except Other as exc:
        raise _wrong(422, str(exc)) from exc
    except UnderWay as exc:
        raise Refusal(409, "under-way", str(exc), headers={"retry-after": str(AGAIN_SECONDS)}) from exc
    if kept is not None:
        return _again(kept, house.vault.open(kept.body or ""))
    done = False
    try:
        answer = await inner(request)
        done = answer.status_code < 300
        if done:
            headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
            body = house.vault.seal(bytes(answer.body).decode())  # an answer may tell a secret once
            await once.told(house.warehouse, slot, answer.status_code, headers, body)
    finally:
        if not done:
            await once.given_up(house.warehouse, slot)
    return answer


def _digest(request: Request, body: bytes) -> bytes:
    said = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(said + body).digest()


def _again(kept: Kept, body: str) -> Response:
    return Response(body, kept.status or 200, headers={**kept.headers, REPLAYED: "true"})


def _wrong(status: int, detail: str) -> Refusal:
    return Refusal(
        status, "not-understood", detail, help="Take another key, or send the request as it was.",
        errors=[{"where": f"header.{HEADER.lower()}", "problem": detail}],
    )  # fmt: skip

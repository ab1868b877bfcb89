"""What the API says when it does not do something: one form (RFC 9457), with what to do about it."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from headwater.analytics.questions import Misasked
from headwater.core import log
from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater, SkipRecord, StopSync

LOGGER = log.get("api")
TYPE = "application/problem+json"
RETRY_SECONDS = 5
"""When to come again, where the other side did not say."""

TITLES = {
    "no-key": "A key is needed",
    "no-way-in": "This lets nobody in",
    "no-door": "Nobody here knows this event",
    "not-allowed": "This key may not do that",
    "not-found": "There is no such thing",
    "not-understood": "The request is not understood",
    "not-unique": "Several are meant",
    "too-large": "The request is too large",
    "too-slow": "The request came too slowly",
    "too-many": "Too many at once",
    "passed": "What you ask for is not kept any more",
    "later": "Try again later",
    "under-way": "The same request is under way",
    "person": "A person must act",
    "stopped": "Going on would lose data",
    "unusable": "A record is unusable",
    "unexpected": "Something unexpected happened",
}
HELP = {
    "no-key": "Send the header `Authorization: Bearer hw_…`; headwater key add NAME makes a key.",
    "no-way-in": "Who lost his password asks an owner for another invitation.",
    "no-door": "headwater events address makes an address for the events of a connection.",
    "not-found": "The list of addresses is at /api/v1/openapi.json.",
    "under-way": "Send it again after the seconds in the header Retry-After.",
    "later": "Try again after the seconds in the header Retry-After. /health tells how the service is.",
    "unexpected": "Look for the request's number in the log of the service.",
}


class Refusal(Exception):
    """A request that is not done, for a reason the caller can do something about."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        help: str = "",  # noqa: A002 (the member's name in the answer)
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.help = help or HELP.get(kind, "")
        self.headers = dict(headers or {})
        self.errors = list(errors)


def absent(what: str) -> Refusal:
    """404: `what` says what is not there, and what is."""
    return Refusal(404, "not-found", what)


def refused(exc: HeadwaterError) -> Refusal:
    """Our errors, as doors say them: by what happens next."""
    if isinstance(exc, RetryLater):
        wait = str(max(1, round(exc.wait or RETRY_SECONDS)))
        return Refusal(503, "later", str(exc), headers={"retry-after": wait})
    if isinstance(exc, NeedsPerson):
        return Refusal(409, "person", str(exc), help="Change what the text names, then ask again.")
    if isinstance(exc, Misasked):
        return Refusal(
            422, "not-understood", f"{exc.where}: {exc}",
            help=exc.help,
            errors=[{"where": f"query.{exc.where}", "problem": str(exc)}],
        )  # fmt: skip
    if isinstance(exc, SkipRecord):
        return Refusal(422, "unusable", str(exc))
    if isinstance(exc, StopSync):
        return Refusal(409, "stopped", str(exc), help="Ask again: work goes on from the last stored page.")
    return Refusal(500, "unexpected", "The service met an error that it has no word for.")


def document(refusal: Refusal, request_id: str | None = None) -> dict[str, Any]:
    """The members of a problem document."""
    found = {
        "type": f"urn:headwater:{refusal.kind}",
        "title": TITLES.get(refusal.kind, "The request was not done"),
        "status": refusal.status,
        "detail": refusal.detail,
        "help": refusal.help,
        "request": request_id,
        "errors": refusal.errors,
    }
    return {name: value for name, value in found.items() if value}


def answer(refusal: Refusal, request_id: str | None = None) -> Response:
    """A refusal as a response."""
    return Response(
        orjson.dumps(document(refusal, request_id)),
        refusal.status,
        headers=refusal.headers | {"cache-control": "no-store"},
        media_type=TYPE,
    )


def install(app: FastAPI) -> None:
    """Makes every error of the application a problem document."""

    @app.exception_handler(Refusal)
    async def _of_refusal(request: Request, exc: Refusal) -> Response:
        return answer(exc, _id(request))

    @app.exception_handler(HeadwaterError)
    async def _of_ours(request: Request, exc: HeadwaterError) -> Response:
        return answer(refused(exc), _id(request))

    @app.exception_handler(RequestValidationError)
    async def _of_validation(request: Request, exc: RequestValidationError) -> Response:
        wrong = [
            {"where": ".".join(str(part) for part in one["loc"]), "problem": str(one["msg"])}
            for one in exc.errors()
        ]
        broken = any(one["type"] == "json_invalid" for one in exc.errors())
        detail = "; ".join(f"{one['where']}: {one['problem']}" for one in wrong[:3])
        refusal = Refusal(400 if broken else 422, "not-understood", detail, errors=wrong)
        return answer(refusal, _id(request))

    @app.exception_handler(HTTPException)
    async def _of_framework(request: Request, exc: HTTPException) -> Response:
        kinds = {404: "not-found", 413: "too-large", 408: "too-slow"}
        kind = kinds.get(exc.status_code, "not-understood")
        detail = exc.detail
        if exc.detail == HTTPStatus(exc.status_code).phrase:
            detail = f"{request.method} {request.url.path}: {exc.detail.lower()}"
        return answer(Refusal(exc.status_code, kind, detail, headers=exc.headers), _id(request))

    @app.exception_handler(Exception)
    async def _of_anything(request: Request, exc: Exception) -> Response:
        LOGGER.error("request failed", path=request.url.path, error=type(exc).__name__, exc_info=exc)
        return answer(refused(HeadwaterError()), _id(request))


def _id(request: Request) -> str | None:
    return getattr(request.state, "request_id", None)

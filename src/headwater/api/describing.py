"""The description of the API: what every operation answers when it does not do something, and examples."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from headwater.api import callers, metrics, recordpaper
from headwater.api.examples import ANSWERS
from headwater.api.problems import HELP, TITLES, TYPE

Operation = dict[str, Any]

NAMED = "Problem{}"
KINDS = {
    400: "not-understood",
    401: "no-key",
    403: "not-allowed",
    404: "not-found",
    408: "too-slow",
    409: "person",
    410: "passed",
    413: "too-large",
    422: "not-understood",
    429: "too-many",
    503: "later",
}
"""What stands behind each status, for examples."""

PROBLEM = {
    "type": "object",
    "description": "What was not done, why, and what helps (RFC 9457).",
    "properties": {
        "type": {
            "type": "string",
            "description": "urn:headwater: and a word that never changes its meaning.",
        },
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was attempted and what came of it."},
        "help": {"type": "string", "description": "What to do."},
        "request": {"type": "string", "description": "The request's number, as in the log of the service."},
        "errors": {
            "type": "array",
            "description": "Which parts of the request are wrong, and how.",
            "items": {
                "type": "object",
                "properties": {"where": {"type": "string"}, "problem": {"type": "string"}},
                "required": ["where", "problem"],
            },
        },
    },
    "required": ["type", "title", "status"],
}
REQUEST_ID = {
    "description": "The request's number: yours, if you sent one in X-Request-Id, or a new one.",
    "schema": {"type": "string"},
    "required": True,
}
RETRY_AFTER = {
    "description": "So many seconds later it is worth asking again.",
    "schema": {"type": "integer", "minimum": 1},
}
CHALLENGE = {"description": "How to show a key.", "schema": {"type": "string"}}
EXAMPLES = {**ANSWERS, **recordpaper.EXAMPLES}
GUARDS = callers.caller, metrics.scraper
"""Dependencies that let nobody in without a key."""

BEARER = {"type": "http", "scheme": "bearer", "description": callers.BEARER.model.description}


class Described(FastAPI):
    """An application whose description says everything that its routes may answer."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            schema = super().openapi()
            components = schema.setdefault("components", {})
            components["securitySchemes"] = {"key": BEARER}
            schemas = components.setdefault("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            schemas |= recordpaper.COMPONENTS | {"Problem": PROBLEM}
            components["responses"] = {NAMED.format(status): _refusal(status) for status in KINDS}
            for path, method, dependant in _operations(self.routes):
                operation = schema["paths"].get(path, {}).get(method.lower())
                if operation is not None:
                    _complete(operation, path, method, dependant, schemas)
            self.openapi_schema = schema
        return self.openapi_schema


def _operations(routes: Any) -> Iterator[tuple[str, str, Dependant]]:
    """Path, method and what it depends on, of every operation."""
    for route in iter_route_contexts(routes):
        if isinstance(route.original_route, APIRoute):
            for method in route.methods or ():
                yield str(route.path_format), method, route.dependant


def _complete(
    operation: Operation, path: str, method: str, dependant: Dependant, schemas: dict[str, Any]
) -> None:
    """Adds an example, who may ask, what every answer carries, and how it says no."""
    answers = operation["responses"]
    if _asks(dependant, *GUARDS):
        operation["security"] = [{"key": []}]
    for status in _refusals(operation, method, dependant, schemas):
        if status == 503 and "503" in answers:  # its own form, not a problem document
            continue
        answers[str(status)] = {"$ref": f"#/components/responses/{NAMED.format(status)}"}
    for status, answer in answers.items():
        if "$ref" in answer:
            continue
        answer.setdefault("headers", {})["X-Request-Id"] = REQUEST_ID
        if status == "503":
            answer["headers"]["Retry-After"] = RETRY_AFTER
        content = answer.get("content", {}).get("application/json")
        if status.startswith("2") and content is not None and (method, path) in EXAMPLES:
            content["example"] = EXAMPLES[method, path]


def _refusals(operation: Operation, method: str, dependant: Dependant, schemas: dict[str, Any]) -> set[int]:
    """The statuses with which an operation says that it is not done, with those that its route tells of."""
    parameters = operation.get("parameters", [])
    found = {429} | {status for status in KINDS if str(status) in operation["responses"]}
    if _asks(dependant, callers.house_of):
        found |= {503}
    if _asks(dependant, *GUARDS):
        found |= {401, 403, 422}  # 422 also tells people of several tenants to name one
    if any(one["in"] == "path" or one["name"] == "connection" for one in parameters):
        found |= {404}
    if "connection" in _members(operation.get("requestBody", {}), schemas):
        found |= {404}
    if parameters or "requestBody" in operation:
        found |= {422}
    if method in ("POST", "PATCH"):
        found |= {409}
    if "requestBody" in operation:
        found |= {400, 408, 413}
    return found


def _members(body: dict[str, Any], schemas: dict[str, Any]) -> set[str]:
    """What a request's body may hold."""
    said = body.get("content", {}).get("application/json", {}).get("schema", {})
    forms = [one.get("$ref", "").rpartition("/")[2] for one in (said, *said.get("anyOf", ()))]
    return {name for form in forms if form for name in schemas[form].get("properties", {})}


def _refusal(status: int) -> dict[str, Any]:
    """How any operation says no with this status."""
    kind = KINDS[status]
    example: dict[str, Any] = {
        "type": f"urn:headwater:{kind}",
        "title": TITLES[kind],
        "status": status,
        "detail": HTTPStatus(status).description or TITLES[kind],
        "help": HELP.get(kind, "Change what the text names, then ask again."),
        "request": "7f3b1c2a9d4e5f60",
    }
    if status == 422:
        example["errors"] = [
            {"where": "query.limit", "problem": "Input should be less than or equal to 1000"}
        ]
    headers: dict[str, Any] = {"X-Request-Id": REQUEST_ID}
    if status in (409, 429, 503):
        headers["Retry-After"] = RETRY_AFTER | {"required": status != 409}
    if status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": f"{TITLES[kind]}.",
        "headers": headers,
        "content": {TYPE: {"schema": schema, "example": example}},
    }


def _asks(dependant: Dependant, *calls: Any) -> bool:
    return dependant.call in calls or any(_asks(one, *calls) for one in dependant.dependencies)

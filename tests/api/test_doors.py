"""Who gets in, who does not, and what is said to him."""

import asyncio
import re

import pytest
from starlette.exceptions import HTTPException

from headwater.api.doorman import BODY_BYTES, HEADERS, Doorman

READS = ["/api/v1/sync/status", "/api/v1/sync/starts", "/api/v1/changes", "/api/v1/failed"]


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("key", [None, "expired", "revoked", "hw_" + "x" * 43, "", "no key at all"])
async def test_without_a_living_key_nothing_is_told(api, path, key):
    answer = await api.get(path, key)

    problem = answer.json()
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (problem["type"], problem["status"]) == ("urn:headwater:no-key", 401)
    assert "headwater key add" in problem["help"]


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("key", ["read", "sync", "admin"])
async def test_every_key_may_look(api, path, key):
    assert (await api.get(path, key)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/api/v1/sync/start/deals", "sync"),
        ("POST", "/api/v1/failed/replay", "sync"),
        ("POST", "/api/v1/failed/discard", "admin"),
        ("GET", "/api/v1/failed/1", "admin"),
    ],
)
async def test_a_key_that_lacks_a_scope_is_told_which(api, method, path, scope):
    weaker = {"sync": ["read"], "admin": ["read", "sync"]}[scope]

    for key in weaker:
        answer = await api.ask(method, path, key, json={"all": True} if "failed" in path else {})
        assert answer.status_code == 403
        assert f"has not the scope '{scope}'" in answer.json()["detail"]
    assert (await api.ask(method, path, scope, json={})).status_code != 403


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/sync/starts/", 404),
        ("GET", "/api/v1/sync/starts/999", 404),
        ("GET", "/api/v1/sync/starts/abc", 422),
        ("GET", f"/api/v1/sync/starts/{10**30}", 422),
        ("GET", "/api/v1/failed/4711", 404),
        ("DELETE", "/api/v1/sync/status", 405),
        ("GET", "/api/v1/sync/status?connection=nobody", 404),
        ("GET", "/api/v1/changes?connection=nobody", 404),
        ("POST", "/api/v1/sync/start/unicorns", 404),
        ("GET", "/api/v1/failed?limit=0", 422),
    ],
)
async def test_what_is_unknown_or_wrong_is_a_problem_document_with_a_number(api, method, path, status):
    answer = await api.ask(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert problem["request"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 422),
        (b'"full"', 422),
        (b'{"sync_type": "everything"}', 422),
        (b'{"sync_type": "full", "colour": "red"}', 422),
        (b'{"connection": 7}', 422),
        (b'{"connection": "no\\u0000body"}', 404),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
    ],
)
async def test_a_body_that_is_none_is_said_to_be_so(api, body, status):
    answer = await api.post(
        "/api/v1/sync/start/deals", content=body, headers={"content-type": "application/json"}
    )

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_too_large_is_refused_by_its_length_and_while_it_comes(api):
    async def pieces():
        for _ in range(40):
            yield b" " * 65_536

    said = await api.post("/api/v1/sync/start/deals", content=b" " * (BODY_BYTES + 1))
    streamed = await api.post("/api/v1/sync/start/deals", content=pieces())

    assert (said.status_code, streamed.status_code) == (413, 413)
    assert said.json()["type"] == streamed.json()["type"] == "urn:headwater:too-large"


async def test_a_body_that_does_not_come_is_not_waited_for():
    heard = []

    async def never():
        await asyncio.Event().wait()

    async def application(scope, receive, send):
        try:
            await receive()
        except HTTPException as exc:
            heard.append(exc.status_code)

    scope = {"type": "http", "headers": [], "method": "POST", "path": "/"}
    await Doorman(application, body_seconds=0.01)(scope, never, never)

    assert heard == [408]


async def test_every_answer_closes_what_can_be_closed_and_opens_nothing_to_other_pages(api):
    for answer in (
        await api.get("/health", None),
        await api.get("/nowhere", None, headers={"origin": "https://evil.example"}),
        await api.ask("OPTIONS", "/api/v1/sync/status", None, headers={"origin": "https://evil.example"}),
    ):
        assert all(answer.headers[name] == value for name, value in HEADERS.items())
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_request_keeps_the_number_it_came_with_if_that_is_one(api):
    given = await api.get("/health", None, headers={"x-request-id": "abc-123"})
    strange = await api.get("/health", None, headers={"x-request-id": "a b\tc"})

    assert given.headers["x-request-id"] == "abc-123"
    assert re.fullmatch(r"[0-9a-f]{16}", strange.headers["x-request-id"])


async def test_the_api_describes_itself_with_a_summary_for_every_route(api):
    schema = (await api.get("/api/v1/openapi.json", None)).json()

    assert schema["openapi"].startswith("3.1")
    routes = [one for path in schema["paths"].values() for one in path.values()]
    assert len(routes) >= 9
    assert all(one.get("summary") and one.get("description") for one in routes)


async def test_one_tenant_sees_nothing_of_another(api):
    number = (await api.post("/api/v1/sync/start/all", "admin")).json()["id"]

    seen = (await api.get("/api/v1/sync/status", "theirs")).json()
    assert [one["connection"] for one in seen["connections"]] == [api.theirs.link.slug]
    assert (await api.get(f"/api/v1/sync/starts/{number}", "theirs")).status_code == 404
    assert (await api.get(f"/api/v1/sync/starts/{number}/events", "theirs")).status_code == 404
    assert (await api.get("/api/v1/sync/starts", "theirs")).json()["starts"] == []
    body = {"connection": api.ours.link.slug}
    assert (await api.post("/api/v1/sync/start/deals", "theirs", json=body)).status_code == 404

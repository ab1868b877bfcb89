"""Every operation of the API, whatever is added: who gets in, what examples say, how a long answer ends."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from headwater.access import keys
from headwater.api import callers
from headwater.api.describing import Described
from headwater.api.doorman import Doorman
from headwater.api.examples import ANSWERS

OPEN = {"/health"}
"""What needs no key."""

LOOKED_AT = "/api/v1/records", "/api/v1/exports"
"""Where whoever sees only his own records finds them; everything else is closed to him."""

FILLED = {"entity": "deals", "id": "1", "kind": "contacts", "number": "1", "connection": "bitrix24"}
BY_ENTITY = {"told"}
"""Members that hold a member for each entity."""

MANY = 6000
LEADS = """
    insert into public.crm_leads (tenant_id, connection_id, external_id, crm_source, title, began, version, synced_at)
    select %s, %s, n::text, 'bitrix24', 'lead', 1, 'v', now() from generate_series(1, %s) as n
"""


def operations(application: Described) -> list[tuple[str, str]]:
    """Method and path of every operation, with words in its places."""
    return [
        (method.upper(), path.format(**FILLED))
        for path, methods in application.openapi()["paths"].items()
        for method in methods
    ]


async def test_whoever_sees_only_his_own_gets_in_nowhere_else(api):
    who = await keys.calling(api.house.warehouse, api.keys["admin"], now=api.house.clock.now())
    own = replace(who, own={api.ours.link.id: ["5"]})
    api.application.dependency_overrides[callers.caller] = lambda: own

    for method, path in operations(api.application):
        answer = await api.ask(method, path, None, json={} if method in ("POST", "PATCH") else None)
        if path in OPEN or path.startswith(LOOKED_AT):
            assert answer.status_code in (200, 404), (method, path)
        else:
            assert answer.status_code == 403, (method, path, answer.text)


async def test_without_a_key_nothing_is_told_anywhere(api):
    for method, path in operations(api.application):
        answer = await api.ask(method, path, None)
        assert path in OPEN or answer.status_code == 401, (method, path)


async def test_a_key_of_another_tenant_finds_nothing_of_this_one(api):
    await api.ours.store({"ID": "1", "TITLE": "secret", "OWNER": "5"}, began=1)
    await api.post("/api/v1/sync/start/all")

    for method, path in operations(api.application):
        if method == "GET" and not path.endswith("/events"):
            answer = await api.get(path, "theirs")
            assert "secret" not in answer.text, path
            assert '"bitrix24"' not in answer.text.replace('"source":"bitrix24"', ""), path


async def test_every_operation_is_described_with_an_example_and_its_refusals(api):
    schema = api.application.openapi()

    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
            assert operation["summary"], where
            assert operation["description"], where
            contents = [content for answer in good for content in answer["content"].items()]
            assert all("example" in one or kind == "text/event-stream" for kind, one in contents), where
            assert all("X-Request-Id" in answer["headers"] for answer in good), where
            if path not in OPEN:
                assert {"401", "403", "503"} <= set(operation["responses"]), where
    problems = schema["components"]["responses"]
    assert all("application/problem+json" in one["content"] for one in problems.values())


async def test_examples_look_like_answers(api):
    await api.ours.store({"ID": "1", "TITLE": "a", "OWNER": "5"}, began=1)
    number = (await api.post("/api/v1/sync/start/deals")).json()["id"]

    for method, path in ANSWERS:
        if method == "GET" and path != "/api/v1/failed/{number}":
            answer = await api.get(path.format(**FILLED | {"number": number}))
            assert answer.status_code == 200, path
            assert not differing(ANSWERS[method, path], answer.json()), path


def differing(example: Any, answer: Any) -> list[str]:
    """Members that one of both has and the other has not."""
    if isinstance(example, dict) and isinstance(answer, dict):
        if set(example) != set(answer):
            return sorted(set(example) ^ set(answer))
        return [one for name in {*example} - BY_ENTITY for one in differing(example[name], answer[name])]
    if isinstance(example, list) and isinstance(answer, list) and example and answer:
        return differing(example[0], answer[0])
    return []


@pytest.mark.parametrize("form", ["csv", "ndjson"])
async def test_a_reader_who_leaves_ends_his_file_and_its_queries(api, newest_database, form):
    with newest_database.as_admin() as admin:
        admin.execute(LEADS, [api.ours.tenant.id, api.ours.link.id, MANY])
    whole = await api.get(f"/api/v1/exports/leads?format={form}")
    gone, pieces = asyncio.Event(), []
    requests = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for request in requests:
            return request
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and message["body"]:
            pieces.append(message["body"])
            gone.set()
            await asyncio.sleep(0)

    headers = [(b"authorization", f"Bearer {api.keys['admin']}".encode())]
    await Doorman(api.application)(
        {
            "type": "http", "method": "GET", "path": "/api/v1/exports/leads", "headers": headers,
            "query_string": f"format={form}".encode(), "root_path": "", "http_version": "1.1",
        },
        receive, send,
    )  # fmt: skip

    assert len(whole.text.splitlines()) == MANY + (form == "csv")
    assert sum(map(len, pieces)) < len(whole.content)
    with newest_database.as_admin() as admin:
        busy = admin.execute(
            "select query from pg_stat_activity where usename = 'hw_app' and state <> 'idle' and datname = current_database()"
        ).fetchall()
    assert busy == []

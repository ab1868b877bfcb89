"""Every operation of the API, whatever is added: how it is described, what examples say, how long answers end."""

import asyncio
from typing import Any

import pytest

from headwater.api.doorman import Doorman
from headwater.api.problems import TYPE
from headwater.testing.settled import caught_up
from headwater.warehouse import documents
from headwater.wiring.rights import rights_done

from .test_every_door import OPEN

NO_TEXT = "text/event-stream", "application/zip"
"""What has no example."""

OWN_FORM = "/health", "/health/ready"
"""Their 503 is no problem document: it is read by what knows only their 200."""

OF_PORTALS = {
    ("POST", "/api/v1/connections"), ("POST", "/api/v1/webhooks/register"), ("POST", "/api/v1/failed/replay"),
}  # fmt: skip
"""What asks a portal while the caller waits: their own tests have one."""

VARYING = {
    "told",
    "found",
    "emptied",
    "deleted",
    "digests",
    "facts",
    "by_kind",
    "links",
    "diff",
    "raw",
    "custom_fields",
    "option",
}
"""Members whose members depend on what there is."""

PERSON, PASSWORD = "oleg@example.com", "four words in a row"

MANY = 6000
LEADS = """
    insert into public.crm_leads (tenant_id, connection_id, external_id, crm_source, title, began, version, synced_at)
    select %s, %s, n::text, 'bitrix24', 'lead', 1, 'v', now() from generate_series(1, %s) as n
"""
ASIDE = """
    insert into headwater.failed (tenant_id, connection_id, entity, external_id, key, reason, raw, run_id)
    values (%s, %s, 'deals', '7', '7', 'it has no usable id', '{"ID": "7"}', 1)
"""


async def test_every_operation_is_described_with_an_example_and_its_refusals(api):
    schema = api.application.openapi()
    problems = schema["components"]["responses"]

    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            where, said = f"{method} {path}", operation["responses"]
            good = [answer for status, answer in said.items() if status.startswith("2")]
            bad = {status: answer for status, answer in said.items() if not status.startswith("2")}
            contents = [content for answer in good for content in answer.get("content", {}).items()]
            assert operation["summary"], where
            assert operation["description"], where
            assert all("example" in one or kind in NO_TEXT for kind, one in contents), where
            assert all("X-Request-Id" in answer["headers"] for answer in good), where
            assert "429" in bad, where
            if (method.upper(), path) not in OPEN:
                assert {"401", "403", "422", "503"} <= set(bad), where
                assert operation["security"] == [{"key": []}], where
            for status, answer in bad.items():
                if (status, path) not in [("503", one) for one in OWN_FORM]:
                    assert answer["$ref"].rpartition("/")[2] in problems, f"{where} {status}"
    assert all(list(one["content"]) == [TYPE] for one in problems.values())
    assert problems["Problem429"]["headers"]["Retry-After"]["required"]


async def test_examples_look_like_answers(api, newest_database):
    said = examples(api.application)
    found = await answers(api, newest_database)

    assert set(said) - set(found) == OF_PORTALS
    wrong = {one: differing(said[one], found[one]) for one in said.keys() & found.keys()}
    assert {one: members for one, members in wrong.items() if members} == {}


def examples(application: Any) -> dict[tuple[str, str], Any]:
    """What the description says that each operation answers."""
    return {
        (method.upper(), path): answer["content"]["application/json"]["example"]
        for path, methods in application.openapi()["paths"].items()
        for method, operation in methods.items()
        for status, answer in operation["responses"].items()
        if status.startswith("2") and "application/json" in answer.get("content", {})
    }


async def answers(api: Any, database: Any) -> dict[tuple[str, str], Any]:
    """What each operation answers, all of them in one story."""
    found = {}

    async def asked(method: str, path: str, key: str | None = "admin", **words: Any) -> Any:
        sent = {name: words.pop(name) for name in ("json", "params") if name in words}
        answer = await api.ask(method, path.format(**words), key, **sent)
        assert answer.is_success, (method, path, answer.text)
        found[method, path] = answer.json()
        return answer.json()

    slug, deal = api.ours.link.slug, {"entity": "deals", "id": "1"}
    await api.ours.store({"ID": "1", "TITLE": "a", "OWNER": "5"}, began=1)
    await api.ours.store({"ID": "1", "TITLE": "b", "OWNER": "5"}, began=2)
    with database.as_admin() as admin:
        admin.execute(ASIDE, [api.ours.tenant.id, api.ours.link.id])

    person = await asked("POST", "/api/v1/people", json={"email": PERSON, "role": "owner"})
    code = person["invitation"]["code"]
    await asked("POST", "/api/v1/invitations/{code}", None, code=code, json={"password": PASSWORD})
    token = (await asked("POST", "/api/v1/session", None, json={"email": PERSON, "password": PASSWORD}))[
        "token"
    ]
    await asked("GET", "/api/v1/me", token)
    await asked("GET", "/api/v1/me/sessions", token)
    await asked("POST", "/api/v1/me/password", token, json={"old": PASSWORD, "new": PASSWORD * 2})
    await asked("DELETE", "/api/v1/me/sessions", token)
    him = {"number": person["number"]}
    await asked("GET", "/api/v1/people")
    await api.post("/api/v1/session", None, json={"email": PERSON, "password": PASSWORD * 2})
    sessions = await asked("GET", "/api/v1/people/{number}/sessions", **him)
    session = sessions["sessions"][0]["id"]
    await asked("DELETE", "/api/v1/people/{number}/sessions/{session}", **him, session=session)
    await asked("DELETE", "/api/v1/people/{number}/sessions", **him)
    await asked("POST", "/api/v1/people", json={"email": f"b.{PERSON}", "role": "owner"})
    await asked("PATCH", "/api/v1/people/{number}", **him, json={"role": "viewer"})
    await asked("POST", "/api/v1/people/{number}/disable", **him)
    await asked("POST", "/api/v1/people/{number}/enable", **him)
    await asked("POST", "/api/v1/people/{number}/invitation", **him)
    key = await asked("POST", "/api/v1/keys", json={"name": "airflow"})
    await asked("GET", "/api/v1/keys")
    await asked("DELETE", "/api/v1/keys/{number}", number=key["number"])

    start = await asked("POST", "/api/v1/sync/start/{entity}", entity="deals")
    await asked("POST", "/api/crm/sync/start")
    await asked("POST", "/api/crm/sync/refresh")
    await asked("GET", "/api/v1/sync/starts/{number}", number=start["id"])
    await asked("PATCH", "/api/v1/sync/config", json={"entity": "deals", "enabled": True})
    aside = (await asked("GET", "/api/v1/failed"))["failed"][0]["id"]
    await asked("GET", "/api/v1/failed/{number}", number=aside)
    await asked("POST", "/api/v1/failed/discard", json={"numbers": [aside]})
    await asked("POST", "/api/v1/profile/refresh")
    await asked("PUT", "/api/v1/figures/settings", json={"timezone": "Europe/Berlin"})
    chart = {
        "data_source": "deals", "x_field": "employee", "filters": [{"field": "conection", "value": slug}],
        "comparison_period_days": 30,
    }  # fmt: skip
    await asked("POST", "/api/v1/charts", json=chart)
    await asked("POST", "/api/v1/kpis", json={"metric": "total_deals"})
    times = {"since": "2026-11-26T00:00:00Z", "until": "2026-11-26T01:00:00Z"}
    await asked("POST", "/api/v1/webhooks/replay", json=times)

    wish = await asked("POST", "/api/v1/erasures", json={"contacts": ["7"], "dry_run": False})
    await rights_done(api.house)
    await asked("GET", "/api/v1/erasures/{number}", number=wish["id"])
    await asked("GET", "/api/v1/records/{entity}", **deal, params={"count": "true"})
    await caught_up(documents.follow, api.house.warehouse, api.ours.link)
    assert (await asked("GET", "/api/v1/search", params={"q": "b"}))["hits"]
    for method, path in examples(api.application):
        if method == "GET" and (method, path) not in found:
            await asked(method, path, connection=slug, kind="activities", **deal)

    await asked("POST", "/api/v1/connections/{connection}/pause", connection=slug)
    await asked("POST", "/api/v1/connections/{connection}/resume", connection=slug)
    await asked("DELETE", "/api/v1/connections/{connection}", connection=slug)
    await asked("POST", "/api/data/delete-all", json={"confirm": "ours"})
    return found


def differing(example: Any, answer: Any) -> list[str]:
    """Members that one of both has and the other has not."""
    if isinstance(example, dict) and isinstance(answer, dict):
        if set(example) != set(answer):
            return sorted(set(example) ^ set(answer))
        return [one for name in {*example} - VARYING for one in differing(example[name], answer[name])]
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

"""A start is answered with where to watch it, and watched to its end."""

import asyncio
import json

import pytest

from headwater.core.clock import WallClock
from headwater.warehouse import lease, starts, state
from headwater.warehouse.page import Stored

NOW = WallClock().now


def events_of(text: str) -> list[tuple[str, dict]]:
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != ":")
        if "data" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


@pytest.mark.parametrize("word", ["deals", "deal", "Deals", "all"])
async def test_a_start_is_kept_with_its_work_and_says_where_to_watch_it(api, newest_database, word):
    answer = await api.post(f"/api/v1/sync/start/{word}", "sync", json={"sync_type": "full"})

    said = answer.json()
    assert answer.status_code == 202
    assert said["entities"] == (None if word == "all" else ["deals"])
    assert (said["status"], said["sync_type"], said["asked_by"]) == ("queued", "full", "sync")
    assert answer.headers["location"] == said["watch"]["json"] == f"/api/v1/sync/starts/{said['id']}"
    with newest_database.as_admin() as admin:
        due = admin.execute("select connection_id, kind, due_at is not null from headwater.jobs").fetchall()
    assert due == [(api.ours.link.id, "sync", True)]


async def test_a_reconciliation_is_another_kind_of_work(api, newest_database):
    await api.post("/api/v1/sync/start/all", "sync", json={"sync_type": "reconcile"})

    with newest_database.as_admin() as admin:
        assert admin.execute("select kind from headwater.jobs").fetchall() == [("reconcile",)]


async def test_without_a_body_what_changed_is_read(api):
    assert (await api.post("/api/v1/sync/start/deals")).json()["sync_type"] == "incremental"


async def test_the_wrong_entity_is_answered_with_those_there_are(api):
    answer = await api.post("/api/v1/sync/start/unicorns")

    assert answer.status_code == 404
    assert "leads, deals" in answer.json()["detail"]
    assert "all" in answer.json()["detail"]


async def worked(api, number: int, *, pages: int, total: int) -> None:
    """What a worker does with a start: a run that stores pages, then its end."""
    warehouse, tenant, link = api.house.warehouse, api.ours.tenant.id, api.ours.link.id
    found = await starts.read(warehouse, tenant, number)
    assert found is not None
    await starts.begin(warehouse, found, NOW())
    run = await state.begin(
        warehouse,
        tenant,
        link,
        "deals",
        sync_type="full",
        cursor={},
        fresh=True,
        source_records=total,
        now=NOW(),
    )
    for _ in range(pages):
        async with warehouse.acting_for(tenant) as conn:
            await state.advance(
                conn, tenant, link, "deals", run=run, cursor={}, read_records=total // pages, full=True,
                stored=Stored(created=total // pages), requests=1, notes={},
            )  # fmt: skip
        await asyncio.sleep(0.6)  # longer than a look of the stream: it sees each page
    async with lease.taken(warehouse, tenant, link, now=NOW()) as held:
        await state.finish(
            warehouse, tenant, link, "deals", run=run, sync_type="full", cursor={}, until=NOW(), notes={},
            error=None, now=NOW(), hold=held.hold,
        )  # fmt: skip
    await starts.finish(warehouse, found, NOW())


async def test_a_start_is_watched_to_its_end(api):
    number = (await api.post("/api/v1/sync/start/deals", json={"sync_type": "full"})).json()["id"]

    watching = asyncio.create_task(api.get(f"/api/v1/sync/starts/{number}/events", "read"))
    await worked(api, number, pages=2, total=200_000)
    answer = await watching

    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events_of(answer.text)
    assert [name for name, _ in told][-2:] == ["progress", "end"]
    assert [name for name, _ in told].count("end") == 1
    texts = [one["text"] for _, said in told for one in said["progress"]]
    assert "100,000 / 200,000 deals" in texts
    assert texts[-1] == "200,000 / 200,000 deals"
    assert told[-1][1]["status"] == "completed"
    as_json = (await api.get(f"/api/v1/sync/starts/{number}", "read")).json()
    assert as_json["progress"] == told[-1][1]["progress"]
    assert (as_json["progress"][0]["done"], as_json["progress"][0]["created"]) == (200_000, 200_000)


async def test_a_start_that_failed_says_why_and_ends_its_stream(api):
    number = (await api.post("/api/v1/sync/start/deals")).json()["id"]
    found = await starts.read(api.house.warehouse, api.ours.tenant.id, number)
    await starts.finish(api.house.warehouse, found, NOW(), error="the portal is closed")

    told = events_of((await api.get(f"/api/v1/sync/starts/{number}/events")).text)

    assert told[-1][0] == "end"
    assert (told[-1][1]["status"], told[-1][1]["error"]) == ("failed", "the portal is closed")


async def test_starts_come_in_pages(api):
    numbers = [(await api.post("/api/v1/sync/start/deals")).json()["id"] for _ in range(3)]
    first = (await api.get("/api/v1/sync/starts?limit=2")).json()
    second = (await api.get(f"/api/v1/sync/starts?limit=2&after={first['next']}")).json()

    assert [one["id"] for one in first["starts"] + second["starts"]] == numbers[::-1]
    assert (first["more"], second["more"], second["next"]) == (True, False, None)
    for wrong in ("x", "WzFd" * 3, "W10", "WyJhIl0"):
        answer = await api.get(f"/api/v1/sync/starts?after={wrong}")
        assert answer.json()["errors"][0]["where"] == "query.after"

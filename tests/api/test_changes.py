"""The stream of changes: in order, whole, resumable; what is not kept any more is said to be gone."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from headwater.api.serving import bound, served
from headwater.sync.feed import Position
from headwater.warehouse import retention, sql

DEAL = {"ID": "1", "TITLE": "one", "OWNER": "5", "MODIFIED": "2026-11-20T18:00:00+03:00"}


def deal(number: int, title: str = "x") -> dict[str, str]:
    return {**DEAL, "ID": str(number), "TITLE": title}


async def read(api, after: str | None = None, key: str = "read", **more) -> dict:
    """What the feed tells once nothing holds it back."""
    await api.settled()
    return await read_at_once(api, after, key, **more)


async def read_at_once(api, after: str | None = None, key: str = "read", **more) -> dict:
    answer = await api.get("/api/v1/changes", key, params=({"after": after} if after else {}) | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_changes_come_in_order_with_what_happened(api):
    await api.ours.store(deal(1), deal(2), began=1)
    await api.ours.store(deal(1, "new"), began=2)
    await api.ours.vanish("2", began=3)
    await api.theirs.store(deal(9), began=4)

    found = await read(api)

    assert [(one["id"], one["action"]) for one in found["changes"]] == [
        ("1", "create"), ("2", "create"), ("1", "update"), ("2", "delete"),
    ]  # fmt: skip
    assert {(one["connection"], one["entity"]) for one in found["changes"]} == {(api.ours.link.slug, "deals")}
    assert found["next"] == found["changes"][-1]["position"]


async def test_pages_follow_each_other_without_gap_or_double(api):
    for began in range(1, 4):
        await api.ours.store(*[deal(number, str(began)) for number in range(5)], began=began)

    seen, after, more = [], None, True
    while more:
        page = await read(api, after, limit=4)
        seen += [one["position"] for one in page["changes"]]
        after, more = page["next"], page["more"]

    assert len(seen) == len(set(seen)) == 15
    assert seen == sorted(seen, key=Position.of)


async def test_a_change_that_commits_late_is_told_late_and_not_missed(api):
    async with api.house.warehouse.acting_for(api.ours.tenant.id) as conn:
        await api.ours.store_on(conn, deal(1), began=1)  # has its place in the feed, and is not committed
        await api.ours.store(deal(2), began=2)
        meanwhile = await read_at_once(api)
    later = await read(api, meanwhile["next"])

    assert meanwhile["changes"] == []
    assert [one["id"] for one in later["changes"]] == ["1", "2"]


async def test_now_is_before_everything_that_is_not_committed(api):
    await api.ours.store(deal(1), began=1)
    await api.settled()
    async with api.house.warehouse.acting_for(api.ours.tenant.id) as conn:
        await api.ours.store_on(conn, deal(2), began=2)
        position = (await read_at_once(api, "now"))["next"]
    await api.ours.store(deal(3), began=3)

    assert [one["id"] for one in (await read(api, position))["changes"]] == ["2", "3"]


async def test_changes_of_an_older_era_are_told_whatever_their_numbers_are(api, newest_database):
    await api.ours.store(deal(1), began=1)
    with newest_database.as_admin() as admin:  # as after a restore, where numbers may start over
        admin.execute("update headwater.changes set xid = '999999999'")
        admin.execute("insert into headwater.eras (era) values (2)")
    await api.ours.store(deal(2), began=2)

    first = await read(api)
    assert [one["id"] for one in first["changes"]] == ["1", "2"]
    assert [one["id"] for one in (await read(api, first["changes"][0]["position"]))["changes"]] == ["2"]


@pytest.mark.parametrize(
    "after", ["1", "1.2", "a.b.c", "1.2.3.4", "-1.2.3", "99999999999.1.1", "1.1." + "9" * 19]
)
async def test_a_position_that_is_none_is_refused(api, after):
    assert (await api.get("/api/v1/changes", params={"after": after})).status_code == 422


async def test_who_comes_from_before_what_is_kept_is_told_so_and_who_does_not_goes_on(api):
    await api.ours.store(deal(1), began=1)
    await api.ours.store(deal(2), began=2)
    one, two = [change["position"] for change in (await read(api))["changes"]]

    later = datetime.now(UTC) + timedelta(days=15)
    await retention.forget(api.house.warehouse, api.ours.tenant.id, retention.HOUSE, now=later)
    await api.ours.store(deal(3), began=3)

    passed = await api.get("/api/v1/changes", params={"after": one})
    assert passed.status_code == 410
    assert passed.json()["type"] == "urn:headwater:passed"
    assert two in passed.json()["help"]
    assert [change["id"] for change in (await read(api, two))["changes"]] == ["3"]
    assert [change["id"] for change in (await read(api))["changes"]] == ["3"]


async def test_the_plan_goes_through_the_key_of_the_feed(api, newest_database):
    with newest_database.as_admin() as admin:
        admin.execute(
            "insert into headwater.changes (tenant_id, connection_id, entity, external_id, action) "
            "select %s, 1, 'deals', g, 'create' from generate_series(1, 20000) as g",
            [api.ours.tenant.id],
        )
        admin.execute("analyze headwater.changes")
    rows = await api.house.warehouse.rows(
        api.ours.tenant.id, "explain " + sql.changes_after,
        {"era": 1, "xid": 10**6, "id": 5, "limit": 10, "connection": None},
    )  # fmt: skip
    plan = "\n".join(row["QUERY PLAN"] for row in rows)

    assert "changes_pkey" in plan
    assert "Sort" not in plan
    [condition] = [line for line in plan.splitlines() if "Index Cond" in line and "era" in line]
    assert "xid" in condition


async def test_a_stream_tells_what_is_committed_and_goes_on_where_it_was(api):
    await api.ours.store(deal(1), began=1)
    listener = bound("127.0.0.1", 0)
    headers = {"authorization": f"Bearer {api.keys['read']}", "accept": "text/event-stream"}

    async def heard(client: httpx2.AsyncClient, count: int, **more: str) -> list[tuple[str, dict]]:
        found = []
        async with client.stream("GET", "/api/v1/changes", headers=headers | more) as answer:
            assert answer.status_code == 200
            id = ""
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "data":
                    data = json.loads(value)
                elif name == "id":
                    id = value
                elif not line and id:
                    found.append((id, data))
                    id = ""
                if len(found) == count:
                    return found
        return found

    port = listener.getsockname()[1]
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        async with served(api.house, listener):
            first = await heard(client, 1)
            waiting = asyncio.create_task(heard(client, 2, **{"last-event-id": first[0][0]}))
            await api.ours.store(deal(2), began=2)
            await api.ours.store(deal(2, "new"), began=3)
            rest = await waiting
            endless = asyncio.create_task(heard(client, 99, **{"last-event-id": rest[-1][0]}))
            await asyncio.sleep(0.2)
        assert await endless == []  # the end of the service is the end of the stream

    assert [data["id"] for _, data in first] == ["1"]
    assert [(data["id"], data["action"]) for _, data in rest] == [("2", "create"), ("2", "update")]

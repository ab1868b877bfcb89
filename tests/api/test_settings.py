"""Intervals and switches are changed while the service runs; what runs can be seen."""

from datetime import UTC, datetime

import pytest

from headwater.warehouse import jobs


async def test_an_interval_is_changed_and_heeded_at_once(api):
    body = {"entity": "deal", "sync_interval_minutes": 5}
    changed = await api.ask("PATCH", "/api/v1/sync/config", json=body)
    lines = (await api.get("/api/v1/sync/config", "read")).json()["config"]

    assert changed.status_code == 200, changed.text
    assert [(one["entity"], one["sync_interval_minutes"], one["enabled"]) for one in lines] == [
        ("deals", 5, True)
    ]
    assert changed.json() == lines[0]


async def test_an_entity_is_switched_off_with_its_events(api):
    body = {"entity": "deals", "enabled": False, "webhook_enabled": False, "connection": api.ours.link.slug}
    changed = (await api.ask("PATCH", "/api/v1/sync/config", json=body)).json()

    assert (changed["enabled"], changed["webhook_enabled"], changed["sync_interval_minutes"]) == (
        False, False, 15,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"entity": "deals"}, 422),
        ({"entity": "deals", "sync_interval_minutes": 0}, 422),
        ({"entity": "deals", "sync_interval_minutes": 1441}, 422),
        ({"entity": "deals", "sync_interval_minutes": 2.5}, 422),
        ({"entity": "deals", "sync_interval_minutes": "5"}, 422),
        ({"entity": "deals", "enabled": "maybe"}, 422),
        ({"entity": "deals", "enabled": True, "colour": 1}, 422),
        ({"entity": "unicorns", "enabled": True}, 404),
        ({"entity": "deals", "enabled": True, "connection": "nobody"}, 404),
        ({"enabled": True}, 422),
    ],
)
async def test_what_cannot_be_set_is_refused(api, body, status):
    answer = await api.ask("PATCH", "/api/v1/sync/config", json=body)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_only_an_administrators_key_changes_settings_and_only_of_its_tenant(api):
    body = {"entity": "deals", "enabled": False}
    assert (await api.ask("PATCH", "/api/v1/sync/config", "sync", json=body)).status_code == 403
    assert (await api.ask("PATCH", "/api/v1/sync/config", "theirs", json=body)).status_code == 200

    assert (await api.get("/api/v1/sync/config")).json()["config"][0]["enabled"] is True


async def test_work_under_way_and_waiting_is_told_of_ones_own_connections(api, newest_database):
    now = datetime.now(UTC)
    async with api.house.warehouse.connection() as conn:
        await jobs.wake(conn, api.ours.tenant.id, api.ours.link.id, "sync", due_at=now)
        await jobs.wake(conn, api.ours.tenant.id, api.ours.link.id, "drain", due_at=now)
        await jobs.wake(conn, api.theirs.tenant.id, api.theirs.link.id, "sync", due_at=now)
        await jobs.wake(conn, None, jobs.HOUSE, "backup", due_at=now)
    with newest_database.as_admin() as admin:
        admin.execute(
            "insert into headwater.workers (host, pid, slots, started_at, seen_at) "
            "values ('here', 1, 1, now(), now())"
        )
        admin.execute("update headwater.jobs set taken_by = 1, taken_at = now() where kind = 'drain'")
    said = (await api.get("/api/v1/sync/running", "read")).json()

    assert [(one["connection"], one["kind"]) for one in said["running"]] == [(api.ours.link.slug, "drain")]
    assert [(one["connection"], one["kind"]) for one in said["waiting"]] == [
        (None, "backup"), (api.ours.link.slug, "sync"),
    ]  # fmt: skip
    assert len(said["workers"]) == 1


async def test_the_addresses_of_the_analysts_system_are_the_same_doors(api):
    begun = await api.post("/api/crm/sync/start", "sync")
    again = await api.post("/api/crm/sync/refresh", "sync")
    status = await api.get("/api/crm/sync/status", "read")

    assert (begun.status_code, begun.json()["sync_type"], begun.json()["entities"]) == (202, "full", None)
    assert (again.status_code, again.json()["sync_type"]) == (202, "incremental")
    assert status.json()["connections"] == (await api.get("/api/v1/sync/status")).json()["connections"]
    assert (await api.post("/api/crm/sync/start", "read")).status_code == 403
    assert (await api.get("/api/crm/sync/status", None)).status_code == 401

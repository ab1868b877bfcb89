"""Whether the service can work: told to everybody, quickly, and true again when it is true again."""

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from headwater import __version__
from headwater.api.app import built
from headwater.api.doorman import Doorman
from headwater.core.clock import WallClock
from headwater.core.settings import Settings
from headwater.warehouse import embedded, jobs
from headwater.warehouse.corners import WORKERS
from headwater.warehouse.migrate import migrate
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault
from headwater.wiring import House


async def test_it_tells_without_a_key_how_the_service_is(api, newest_database):
    now = datetime.now(UTC)
    async with api.house.warehouse.connection() as conn:
        await jobs.wake(conn, api.ours.tenant.id, api.ours.link.id, "sync", due_at=now)
        await jobs.wake(conn, None, jobs.HOUSE, "backup", due_at=now + timedelta(hours=1))

    idle = (await api.get("/health", None)).json()
    with newest_database.as_admin() as admin:
        admin.execute(
            "insert into headwater.workers (host, pid, slots, started_at, seen_at) "
            "values ('here', 1, 1, now(), now()), ('there', 2, 1, now(), now())"
        )
        admin.execute("select pg_advisory_lock(%s + min(id)) from headwater.workers", [WORKERS])
        working = (await api.get("/health", None)).json()

    assert (idle["status"], idle["version"]) == ("ok", __version__)
    assert idle["scheduler"] == {"running": False, "jobs_count": 2, "workers": 0, "due": 1}
    assert working["scheduler"] == {"running": True, "jobs_count": 2, "workers": 1, "due": 1}


@pytest.mark.timeout(300)
async def test_a_database_that_is_away_is_told_at_once_and_one_that_is_back_as_well(tmp_path, until):
    server = embedded.ensure(tmp_path / "home")
    migrate(server.url())
    async with Warehouse(server.url("hw_app"), size=3, wait_seconds=1) as warehouse:
        house = House(Settings(home=tmp_path), warehouse, Vault(tmp_path / "secret.key"), WallClock())
        transport = httpx2.ASGITransport(Doorman(built(house)))
        async with httpx2.AsyncClient(transport=transport, base_url="http://headwater") as client:

            async def status(path: str) -> int:
                answer = await client.get(path, headers={"authorization": "Bearer hw_" + "x" * 43})
                assert answer.status_code < 500 or "retry-after" in answer.headers
                return answer.status_code

            before = [await status(path) for path in ("/health", "/api/v1/sync/status")]
            embedded.stop(tmp_path / "home")
            away = [await status(path) for path in ("/health", "/api/v1/sync/status") * 3]
            embedded.ensure(tmp_path / "home")
            await until(lambda: _is(status("/health"), 200))
            await until(lambda: _is(status("/api/v1/sync/status"), 401))
    embedded.stop(tmp_path / "home")

    assert before == [200, 401]
    assert set(away) == {503}


async def _is(asked, wanted):
    return await asked == wanted


async def test_what_the_database_says_about_rows_is_no_answer_for_the_outside(api, newest_database):
    with newest_database.as_admin() as admin:
        admin.execute("alter table headwater.failed rename column reason to why")
    answer = await api.get("/api/v1/failed")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "reason" not in answer.text
    assert answer.json()["request"]


async def test_a_process_that_lives_says_so_and_one_that_is_ready_too(api, newest_database):
    live, ready = [await api.get(f"/health/{word}", None) for word in ("live", "ready")]
    with newest_database.as_admin() as admin:
        admin.execute("update headwater.migrations set version_num = '9999'")
    older = await api.get("/health/ready", None)
    still = await api.get("/health/live", None)

    assert (live.status_code, ready.status_code, still.status_code) == (200, 200, 200)
    assert live.json() == ready.json() == {"status": "ok", "version": __version__}
    assert older.status_code == 503
    assert older.json()["status"] == "the database has not the schema of this program"
    assert older.headers["retry-after"] == "5"


async def test_a_report_tells_what_deserves_a_look_and_what_helps(api, newest_database):
    with newest_database.as_admin() as admin:
        admin.execute(
            "update headwater.sync_state set status = 'complete', last_modified_date = now() - interval '2 hours'"
        )
        admin.execute("update headwater.sync_config set sync_interval_minutes = 15")
    answer = await api.get("/health/report", "read")

    told = answer.json()
    assert (answer.status_code, told["status"]) == (200, "look")
    assert {one["kind"] for one in told["wrong"]} == {"late", "worker"}
    late = next(one for one in told["wrong"] if one["kind"] == "late")
    assert (late["connection"], late["severity"]) == ("bitrix24", "warning")
    assert "headwater doctor" in late["remedy"]
    [mine] = told["connections"]
    assert mine["connection"] == "bitrix24"
    [deals] = mine["entities"]
    assert (deals["late"], deals["promise_seconds"]) == (True, 1_200)
    assert told["scheduler"]["running"] is False
    assert told["machine"]["disk_free_bytes"] > 0
    assert "theirs" not in answer.text


@pytest.mark.parametrize("key", [None, "expired", "revoked"])
async def test_a_report_is_for_those_who_may_read(api, key):
    assert (await api.get("/health/report", key)).status_code == 401

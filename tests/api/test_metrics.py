"""Numbers for Prometheus: what is told, to whom, and that a scrape does not fail when the database does."""

import re
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from headwater.api.app import built, guarded
from headwater.api.metrics import shown
from headwater.core.clock import WallClock
from headwater.core.metrics import METRICS, RUN_SECONDS, RUNS
from headwater.core.settings import Settings
from headwater.core.tally import Count, Tally
from headwater.warehouse import jobs, tallies
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault
from headwater.wiring import House

TOKEN = "sixteen letters or more"


def lines(text: str) -> dict[tuple[str, ...], float]:
    """Every line by its name and the values of its labels in their order."""
    return {
        (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


@pytest.fixture
def watched(api):
    """Prometheus has a token."""
    object.__setattr__(
        api.house, "settings", api.house.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    )
    return api


async def test_a_token_shows_every_tenant_a_key_its_own_and_strangers_nothing(watched):
    tally = Tally()
    for slug in ("bitrix24", "bitrix24_theirs"):
        tally.add(RUNS, connection=slug, entity="deals", type="full", status="completed")
    await tallies.flush(watched.house.warehouse, tally)

    every = await watched.get("/metrics", TOKEN)
    ours = await watched.get("/metrics", "read")
    others = [
        (await watched.get("/metrics", key)).status_code
        for key in (None, "wrong", TOKEN[:-1], "revoked", "expired")
    ]

    assert every.headers["content-type"].startswith("text/plain; version=")
    told = lines(every.text)
    assert {name[1] for name in told if name[0] == "headwater_records"} == {"bitrix24", "bitrix24_theirs"}
    assert told["headwater_runs_total", "bitrix24_theirs", "deals", "completed", "full"] == 1
    assert told["headwater_database_up",] == 1
    assert told["headwater_workers",] == 0
    own = lines(ours.text)
    assert "theirs" not in ours.text
    assert own["headwater_records", "bitrix24", "deals"] == 0
    assert ("headwater_workers",) not in own
    assert others == [401] * 5


async def test_alone_in_the_house_a_key_shows_the_house_too(api, newest_database):
    with newest_database.as_admin() as admin:
        for table in ("keys", "sync_state", "sync_config", "sync_logs", "connections"):
            admin.execute(f"delete from headwater.{table} where tenant_id = %s", [api.theirs.tenant.id])
        admin.execute("delete from headwater.tenants where id = %s", [api.theirs.tenant.id])
    async with api.house.warehouse.connection() as conn:
        await jobs.wake(conn, None, jobs.HOUSE, "backup", due_at=datetime.now(UTC) + timedelta(hours=1))

    told = lines((await api.get("/metrics", "read")).text)

    assert told["headwater_jobs", "backup", "planned"] == 1
    assert told["headwater_database_bytes",] > 1_000_000


async def test_requests_are_counted_by_route_and_never_by_address(watched):
    await watched.get("/health", None)
    await watched.get("/api/v1/failed/12", "admin")
    for path in ("/nowhere", "/elsewhere?person=Ivan", "/.env"):
        await watched.get(path, None)
    await watched.ask("BREW", "/health", None)

    text = (await watched.get("/metrics", TOKEN)).text

    told = {name: value for name, value in lines(text).items() if name[0] == "headwater_http_requests_total"}
    assert told["headwater_http_requests_total", "GET", "/health", "200"] == 1
    assert told["headwater_http_requests_total", "GET", "(none)", "404"] == 3
    assert any(name[1] == "other" for name in told)
    assert not re.search(r"Ivan|elsewhere|\.env|failed/12", text)
    counted = {
        name: value
        for name, value in lines(text).items()
        if name[0] == "headwater_http_request_seconds_count"
    }
    assert counted["headwater_http_request_seconds_count", "GET", "/health"] == 1


async def test_a_database_that_is_held_up_or_away_fails_no_scrape(newest_database, tmp_path):
    settings = Settings(home=tmp_path, metrics_token=SecretStr(TOKEN))
    async with Warehouse(newest_database.url(), size=1, wait_seconds=0.2) as warehouse:
        house = House(settings, warehouse, Vault(tmp_path / "secret.key"), WallClock())
        transport = httpx2.ASGITransport(guarded(built(house), house))
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://headwater") as client,
            warehouse.connection(),
        ):
            answer = await client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})

    told = lines(answer.text)
    assert answer.status_code == 200
    assert told["headwater_database_up",] == 0
    assert told["headwater_process_cpu_seconds_total",] > 0
    assert ("headwater_workers",) not in told


async def test_what_was_found_is_told_again_for_a_moment(watched, newest_database):
    before = (await watched.get("/metrics", TOKEN)).text
    with newest_database.as_admin() as admin:
        admin.execute("update headwater.sync_state set total_records = 77")
    after = (await watched.get("/metrics", TOKEN)).text

    assert lines(before)["headwater_records", "bitrix24", "deals"] == 0
    assert lines(after)["headwater_records", "bitrix24", "deals"] == 0


def test_buckets_that_were_never_met_are_zero_and_in_order():
    tally = Tally()
    tally.observe(RUN_SECONDS, 70, connection="acme", type="full")

    text = shown(tally.counts()).decode()

    bounds = re.findall(r'_bucket{connection="acme",le="([^"]+)",type="full"} (\S+)', text)
    assert [bound for bound, _ in bounds] == ["1", "5", "15", "60", "300", "900", "3600", "14400", "+Inf"]
    assert [float(value) for _, value in bounds] == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert 'headwater_run_seconds_sum{connection="acme",type="full"} 70.0' in text


def test_a_count_that_is_not_declared_any_more_is_not_told():
    assert shown([Count("headwater_of_old_total", (), 3.0)]) == b""


def test_every_metric_is_called_as_prometheus_wants():
    names = [one.name for one in METRICS]
    assert len(names) == len(set(names))
    for one in METRICS:
        assert re.fullmatch(r"headwater_[a-z0-9_]+", one.name)
        assert one.name.endswith("_total") == (one.kind == "counter"), one.name
        assert bool(one.buckets) == (one.kind == "histogram")

"""`headwater serve`: a tree of processes that starts, answers, survives what it can, and ends clean."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil
import psycopg
import pytest

from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options
from headwater.warehouse import embedded

pytestmark = pytest.mark.long

LISTENS = re.compile(r"Headwater listens on (http://\S+)")
WORKERLESS = ("serve", "--port", "0", "--no-worker")
WHOLE = ("serve", "--port", "0")


@dataclass
class Service:
    """A running service and where it answers."""

    process: asyncio.subprocess.Process
    root: str

    async def ended(self, sign: int = signal.SIGTERM) -> tuple[int, str, str]:
        self.process.send_signal(sign)
        out, err = await self.process.communicate()
        return self.process.returncode or 0, out.decode(), err.decode()

    def worker(self) -> psutil.Process | None:
        """The process that works, once it is there."""
        for one in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):  # it died meanwhile
                if "worker" in one.cmdline():
                    return one
        return None

    async def working(self, *, after: int | None = None) -> psutil.Process:
        """A worker that does its work; `after`: another than this one."""
        async with asyncio.timeout(60):
            while True:
                found = self.worker()
                health = (await asked(self.root)).json()["scheduler"]
                if found is not None and found.pid != after and health["running"]:
                    return found
                await asyncio.sleep(0.1)


@pytest.fixture
async def serving(started) -> AsyncIterator:
    """Starts services; what a test leaves running is killed."""
    services = []

    async def start(*words: str, **environment: str) -> Service:
        process = await started(*words, **environment)
        services.append(process)
        line = b""
        while not (found := LISTENS.search(line.decode())):
            line = await process.stdout.readline()
            assert line, (await process.stderr.read()).decode()
        return Service(process, found[1])

    yield start
    for process in services:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def asked(root: str, path: str = "/health") -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=root) as client:
        return await client.get(path)


@pytest.fixture
def own_home(own, home: Path):
    yield home
    embedded.stop(home)


@pytest.mark.timeout(300)
async def test_it_starts_a_database_answers_and_sigterm_leaves_nothing_behind(own_home, serving):
    service = await serving(*WORKERLESS)
    answer = await asked(service.root)
    running = embedded.status(own_home)
    code, _, err = await service.ended()

    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert running.running
    assert code == 0, err
    assert "Traceback" not in err
    assert not embedded.status(own_home).running


async def test_ctrl_c_is_as_good_an_end(given, serving):
    service = await serving(*WORKERLESS)
    code, _, err = await service.ended(signal.SIGINT)

    assert (code, "Traceback" in err) == (0, False)


@pytest.mark.timeout(300)
async def test_a_database_that_ran_before_runs_on(own_home, serving):
    embedded.ensure(own_home)
    service = await serving(*WORKERLESS)
    await service.ended()

    assert embedded.status(own_home).running


@pytest.mark.timeout(300)
async def test_of_two_services_on_one_home_the_last_stops_the_database_whoever_started_it(own_home, serving):
    first = await serving(*WORKERLESS)
    second = await serving(*WORKERLESS)
    killed = await serving(*WORKERLESS)
    killed.process.kill()
    await killed.process.wait()
    before = embedded.status(own_home).pid
    await first.ended()
    answer = await asked(second.root)
    between = embedded.status(own_home).pid
    code, _, err = await second.ended()

    assert (answer.status_code, between) == (200, before)
    assert (code, "Traceback" in err) == (0, False)
    assert not embedded.status(own_home).running


async def test_a_service_ends_with_the_program_that_began_it_when_told_so(given, desk, compiled):
    begins = (
        "import subprocess, sys, time\n"
        "words = [sys.executable, '-m', 'headwater', *sys.argv[1:]]\n"
        "service = subprocess.Popen(words, stdin=subprocess.PIPE)\n"
        "service.wait()"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", begins, *WHOLE, "--with-parent",
        env=os.environ | {"PYTHONPYCACHEPREFIX": str(compiled)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    while not LISTENS.search(line := (await process.stdout.readline()).decode()):
        assert line
    [service] = psutil.Process(process.pid).children()
    process.kill()
    await process.wait()

    assert await asyncio.to_thread(psutil.wait_procs, [service], 60) == ([service], [])


@pytest.mark.timeout(300)
async def test_a_database_that_is_killed_is_started_again(own_home, serving):
    service = await serving(*WORKERLESS)
    before = embedded.status(own_home).pid
    psutil.Process(before).kill()

    async with asyncio.timeout(120):
        while (await asked(service.root)).status_code != 200 or embedded.status(own_home).pid == before:  # noqa: ASYNC110 (the service makes it true)
            await asyncio.sleep(0.2)


async def test_a_second_service_on_one_port_says_so_and_touches_nothing(given, serving, started):
    service = await serving(*WORKERLESS)
    port = service.root.rpartition(":")[2]
    second = await started("serve", "--port", port, "--no-worker")
    _, err = await second.communicate()

    assert second.returncode == 3
    assert f"port {port} of 127.0.0.1 is taken, perhaps by another `headwater serve`" in " ".join(
        err.decode().split()
    )
    assert (await asked(service.root)).status_code == 200


async def test_answers_under_way_are_given_and_streams_end_when_it_stops(given, serving, headwater):
    service = await serving(*WORKERLESS)
    key = (await headwater("key", "add", "bot")).out.strip()
    headers = {"authorization": f"Bearer {key}", "accept": "text/event-stream"}
    async with (
        httpx2.AsyncClient(base_url=service.root, timeout=60) as client,
        client.stream("GET", "/api/v1/changes", headers=headers) as stream,
    ):
        ending = asyncio.create_task(service.ended())
        lines = [line async for line in stream.aiter_lines()]  # ends, and not with an error
    code, _, err = await ending

    assert lines == []
    assert code == 0, err


async def test_a_database_at_another_schema_needs_an_administrator_and_says_so(
    given, started, newest_database
):
    with newest_database.as_admin() as admin:
        admin.execute("update headwater.migrations set version_num = '0004'")
    process = await started(*WORKERLESS)
    _, err = await process.communicate()

    assert process.returncode == 3
    assert "run `headwater migrate`" in " ".join(err.decode().split())


async def test_with_an_administrators_address_the_schema_is_made_at_the_start(own, newest, serving):
    with psycopg.connect(newest.url(database="postgres"), autocommit=True) as admin:
        admin.execute("create database bare")
    try:
        service = await serving(*WORKERLESS, HEADWATER_ADMIN_DATABASE_URL=newest.url("postgres", "bare"))
        assert (await asked(service.root)).status_code == 200
        await service.ended()
    finally:
        with psycopg.connect(newest.url(database="postgres"), autocommit=True) as admin:
            admin.execute("drop database bare with (force)")


async def test_a_portal_given_by_environment_is_connected_without_a_command(
    given, rehearsal, serving, newest_database
):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = free.getsockname()[1]
    silent = await serving(*WORKERLESS, HEADWATER_BITRIX24_WEBHOOK_URL=f"http://127.0.0.1:{nobody}/rest/1/x/")
    assert (await asked(silent.root)).status_code == 200  # a portal that does not answer stops nothing
    await silent.ended()
    service = await serving(*WORKERLESS, HEADWATER_BITRIX24_WEBHOOK_URL=rehearsal.webhook)

    async with asyncio.timeout(60):
        with newest_database.as_admin() as admin:
            while not admin.execute("select portal from headwater.connections").fetchall():  # noqa: ASYNC110 (as above)
                await asyncio.sleep(0.1)
    await service.ended()


async def test_a_portal_of_the_environment_that_answers_later_is_connected_then_and_read_by_a_worker_elsewhere(
    given, serving, started, newest_database
):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = Options(deals=20, whole=False, limits=False, port=port)
    portal = bitrix24.built(options)
    [hook] = portal.books.webhooks
    address = f"http://127.0.0.1:{port}/rest/{hook.user_id}/{hook.code}/"
    service = await serving(*WORKERLESS, HEADWATER_BITRIX24_WEBHOOK_URL=address)
    idle = (await asked(service.root)).json()["scheduler"]
    worker = await started("worker", HEADWATER_SHARE="1")
    with newest_database.as_admin() as admin:
        before = admin.execute("select id from headwater.connections").fetchall()

    async with bitrix24.served(portal, options), asyncio.timeout(120):
        with newest_database.as_admin() as admin:
            while admin.execute("select count(*) from public.crm_deals").fetchone() != (20,):  # noqa: ASYNC110 (as above)
                await asyncio.sleep(0.1)
        working = (await asked(service.root)).json()["scheduler"]
        worker.send_signal(signal.SIGTERM)
        await worker.communicate()
        _, _, err = await service.ended()
    portal.close()

    assert (idle["running"], working["running"], worker.returncode) == (False, True, 0)
    assert before == [], "while the portal does not answer"
    assert hook.code not in err


async def test_with_neither_worker_nor_api_there_is_nothing_to_do(given, headwater):
    assert (await headwater("serve", "--no-worker", "--no-api")).code == 2


async def test_without_an_api_it_works_and_ends_as_well(given, started):
    process = await started("serve", "--no-api")
    line = await process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, err = await process.communicate()

    assert line.decode().startswith("Headwater works; no API.")
    assert (process.returncode, "Traceback" in err.decode()) == (0, False)


async def test_a_worker_that_is_killed_is_replaced_and_the_service_answers_all_the_while(given, serving):
    service = await serving(*WHOLE)
    first = await service.working()
    first.kill()
    second = await service.working(after=first.pid)
    code, _, err = await service.ended()

    assert second.pid != first.pid
    assert not second.is_running()
    assert code == 0
    assert "Traceback" not in err


async def test_a_service_that_is_killed_takes_its_worker_with_it(given, serving):
    service = await serving(*WHOLE)
    worker = await service.working()
    service.process.kill()
    await service.process.wait()

    await asyncio.to_thread(worker.wait, 60)
    assert not worker.is_running()


async def test_what_is_asked_for_by_the_api_is_done_by_the_worker_and_watched_to_its_end(
    connected, given, serving, headwater
):
    service = await serving(*WHOLE)
    key = (await headwater("key", "add", "bot", "--scope", "sync")).out.strip()
    async with httpx2.AsyncClient(
        base_url=service.root, headers={"authorization": f"Bearer {key}"}, timeout=120
    ) as client:
        asked_for = (await client.post("/api/v1/sync/start/deals", json={"sync_type": "full"})).json()
        told = (await client.get(asked_for["watch"]["events"])).text
        ended = (await client.get(asked_for["watch"]["json"])).json()
        changes = (await client.get("/api/v1/changes", params={"limit": 5000})).json()["changes"]
    _, _, err = await service.ended()

    assert "event: end" in told
    assert ended["status"] == "completed", (ended["error"], err)
    [deals] = [one for one in ended["progress"] if one["entity"] == "deals"]
    assert deals["text"] == "60 / 60 deals"
    assert len({one["id"] for one in changes if one["entity"] == "deals"}) == 60


@pytest.fixture
async def aside(filled, given, headwater) -> None:
    """Three records are kept aside: the database took no deal over an amount; by now it does."""
    bound = "alter table bitrix24.crm_deals add constraint sane check (opportunity < 1000000000) not valid"
    with given.as_admin() as admin:
        admin.execute(bound)
        for record in [int(one["ID"]) for one in filled.portal.truth()][:3]:
            filled.portal.change(record, {"OPPORTUNITY": "5000000000"})
        filled.settle()
        assert (await headwater("sync")).code == 6
        admin.execute("alter table bitrix24.crm_deals drop constraint sane")


async def test_what_was_kept_aside_is_tried_again_through_the_api_and_by_a_button(aside, serving, headwater):
    service = await serving(*WORKERLESS)
    key = (await headwater("key", "add", "bot", "--scope", "admin")).out.strip()
    bearer = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=service.root, timeout=60) as client:
        queue = (await client.get("/api/v1/failed", headers=bearer)).json()["failed"]
        numbers = [one["id"] for one in queue]
        raw = await client.get(f"/api/v1/failed/{numbers[0]}", headers=bearer)
        body = {"numbers": [numbers[0], 10**6]}
        first = (await client.post("/api/v1/failed/replay", headers=bearer, json=body)).json()
        await client.post("/enter", data={"key": key})
        token = re.findall(r'name="token" value="(\w+)"', (await client.get("/")).text)[0]
        form = {"token": token, "number": str(numbers[1])}
        second = await client.post("/status/replay", data=form, follow_redirects=True)
        third = (await client.post("/api/v1/failed/replay", headers=bearer, json={"entity": "deal"})).json()
        left = (await client.get("/api/v1/failed", headers=bearer)).json()["failed"]
    await service.ended()

    assert raw.json()["raw"]["OPPORTUNITY"] == "5000000000"
    assert (first["count"], first["stored"], first["unknown"], first["left"]) == (1, 1, [10**6], 0)
    assert "It is stored now." in second.text
    assert (third["count"], third["stored"]) == (1, 1)
    assert left == []

"""Events over a real network, from a running portal on the real clock."""

import asyncio
from urllib.parse import parse_qs

import httpx2
import pytest

from headwater.sandbox.bitrix24 import Options, Portal, found, served
from headwater.sandbox.control import Control

PATIENCE_SECONDS = 20


@pytest.fixture
def running():
    """A portal on the real clock, as it is served."""
    made = Portal(found(1, code="x"))
    yield made
    made.close()


class Ear:
    """A small HTTP server that keeps what it is sent; it may answer late or badly."""

    def __init__(self, status=200):
        self.status = status
        self.bodies = []
        self.types = set()
        self.open = asyncio.Event()
        self.open.set()
        self.enough = asyncio.Event()
        self.wanted = 1

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._hear, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/in"
        return self

    async def __aexit__(self, *_):
        self.open.set()
        self._server.close()

    async def until(self, wanted):
        self.wanted = wanted
        if len(self.bodies) < wanted:
            self.enough.clear()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.enough.wait()
        return [parse_qs(body.decode()) for body in self.bodies]

    async def _hear(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if line)
                body = await reader.readexactly(int(lines[b"content-length"]))
                await self.open.wait()
                self.bodies.append(body)
                self.types.add(lines[b"content-type"])
                writer.write(f"HTTP/1.1 {self.status} OK\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
                if len(self.bodies) >= self.wanted:
                    self.enough.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the portal has gone
        finally:
            writer.close()


async def counted(portal, name, value):
    """Waits until a counter of events has reached a value."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while portal.events.counts[name] < value:  # noqa: ASYNC110 (counters ring no bell)
            await asyncio.sleep(0.02)


async def test_a_running_portal_delivers_in_order(running):
    async with Ear() as ear, served(running, Options()) as address, httpx2.AsyncClient() as client:
        running.add_handler(ear.url, application_token="t")
        made = running.insert(count=30)
        await client.post(address.webhook + "crm.deal.delete", json={"id": made[0]})
        heard = await ear.until(31)
        await counted(running, "delivered", 31)

    assert [int(one["data[FIELDS][ID]"][0]) for one in heard] == [*made, made[0]]
    assert heard[-1]["event"] == ["ONCRMDEALDELETE"]
    assert heard[0]["auth[client_endpoint]"] == [f"{address.root}/rest/"]
    assert ear.types == {b"application/x-www-form-urlencoded"}


async def test_a_deaf_handler_delays_neither_answers_nor_other_handlers(running):
    async with (
        Ear() as deaf,
        Ear() as ear,
        served(running, Options()) as address,
        httpx2.AsyncClient() as client,
    ):
        deaf.open.clear()
        running.add_handler(deaf.url)
        running.add_handler(ear.url)
        made = running.insert(count=3)
        await ear.until(3)
        answer = await client.post(address.webhook + "crm.deal.get", json={"id": made[0]})

        assert answer.status_code == 200
        assert deaf.bodies == []
        assert running.events.shown()["waiting"] == 2


async def test_what_fails_is_counted_and_not_sent_again(running):
    async with Ear(status=500) as ear, served(running, Options()):
        running.add_handler(ear.url)
        running.add_handler("http://127.0.0.1:9/nobody")
        running.insert(count=2)
        await counted(running, "refused", 2)
        await counted(running, "failed", 2)

    shown = running.events.shown()
    assert len(ear.bodies) == 2
    assert (shown["refused"], shown["failed"], shown["delivered"], shown["waiting"]) == (2, 2, 0, 0)


async def test_on_a_virtual_clock_events_wait_for_the_test(portal):
    async with Ear() as ear, served(portal, Options()) as address, httpx2.AsyncClient() as client:
        portal.add_handler(ear.url)
        await client.post(
            address.webhook.replace("/x/", "/admin/") + "crm.deal.update",
            json={"id": 3, "fields": {"TITLE": "x"}},
        )

    assert ear.bodies == []
    assert [message.event for message in portal.events.take()] == ["ONCRMDEALUPDATE"]


async def test_an_application_without_pages_lives_on_events_alone(running):
    async with (
        Ear() as ear,
        served(running, Options(control_token="secret")) as address,
        Control(address.root, "secret") as control,
        httpx2.AsyncClient(base_url=f"{address.root}/rest/") as http,
    ):
        grant = await control.install_app(install_url=ear.url)
        [installed] = await ear.until(1)
        token = installed["auth[access_token]"][0]
        for event in ("ONCRMDEALADD", "ONAPPUNINSTALL"):
            await http.post("event.bind", json={"auth": token, "event": event, "handler": ear.url})
        [made] = await control.insert({"TITLE": "x"})
        _, added = await ear.until(2)
        asked = {"auth": added["auth[access_token]"][0], "id": added["data[FIELDS][ID]"][0]}
        deal = (await http.post("crm.deal.get", json=asked)).json()["result"]
        await control.uninstall_app()
        *_, removed = await ear.until(3)
        late = await http.post("crm.deal.get", json=asked)

    assert installed["auth[application_token]"] == [grant["application_token"]]
    assert (deal["ID"], deal["TITLE"]) == (str(made), "x")
    assert (removed["event"], removed["data[CLEAN]"]) == (["ONAPPUNINSTALL"], ["1"])
    assert late.json()["error"] == "APPLICATION_NOT_FOUND"

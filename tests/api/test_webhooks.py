"""The door for events over a real network: a portal posts to a server, and a drain stores what it told."""

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from headwater.access.keys import Caller
from headwater.api import callers, problems, webhooks
from headwater.api.serving import Server
from headwater.core.settings import Settings
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options
from headwater.sources.bitrix24.telling import TICKED
from headwater.warehouse import connections
from headwater.wiring import house

PATIENCE_SECONDS = 30
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass
class Door:
    """A server with nothing but our routes, the portal, and who calls."""

    house: Any
    portal: Any
    link: Any
    root: str
    who: Caller
    http: httpx2.AsyncClient
    address: str = ""

    async def register(self) -> dict[str, Any]:
        answer = await self.http.post("/api/v1/webhooks/register", json={"public_url": self.root})
        assert answer.status_code == 200, answer.text
        self.address = answer.json()["address"].removeprefix(self.root)
        return answer.json()

    async def post(self, body: bytes | str, address: str | None = None, **headers: str) -> httpx2.Response:
        return await self.http.post(address or self.address, content=body, headers=FORM | headers)

    async def drained(self) -> Any:
        source = self.house.source_of(self.link)
        try:
            return await self.house.engine().drain(self.link, source)
        finally:
            await source.close()

    async def inbox(self) -> list[dict[str, Any]]:
        return await self.house.warehouse.rows(
            self.link.tenant, "select * from headwater.inbox order by id", {}
        )

    async def arrived(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(await self.inbox()) < count:  # noqa: ASYNC110 (rows ring no bell)
                await asyncio.sleep(0.02)

    async def deal(self, number: int) -> dict[str, Any] | None:
        rows = await self.house.warehouse.rows(
            self.link.tenant, "select * from bitrix24.crm_deals where bitrix_id = %(id)s", {"id": str(number)}
        )
        return rows[0] if rows else None


@asynccontextmanager
async def serving(app: FastAPI):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await server.ready.wait()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def opened(database, folder, *, application: bool = False):
    options = Options(deals=30, whole=False, limits=False, seed=3)
    portal = bitrix24.built(options)
    settings = Settings(home=folder, database_url=database.url(), share=1.0)
    async with bitrix24.served(portal, options) as there, house(settings) as made:
        host = there.root.removeprefix("http://")
        with database.as_admin() as admin:
            admin.execute(
                "insert into headwater.pacer (portal, level, at, granted) values (%s, 0, now(), true)", [host]
            )
        tenant = await made.tenant()
        if application:
            portal.install_app(user_id=portal.books.webhooks[0].user_id)
            grant = portal.grant()
            given = made.application(
                "bitrix24", portal=there.root, client_id=grant.client_id, client_secret=grant.client_secret,
                refresh_token=grant.refresh_token, server=there.root,
            )  # fmt: skip
        else:
            given = there.webhook
        link, _ = await made.connect(tenant, "bitrix24", given)
        who = Caller(tenant.id, 1, "somebody", frozenset({"read", "sync", "admin"}))
        app = FastAPI()
        app.state.house = made
        problems.install(app)
        holder = {"who": who}
        app.dependency_overrides[callers.caller] = lambda: holder["who"]
        app.include_router(webhooks.router(made, patience_seconds=1.0))
        async with serving(app) as root, httpx2.AsyncClient(base_url=root, timeout=20) as http:
            door = Door(made, portal, link, root, who, http)
            door.callers = holder
            yield door
    portal.close()


@pytest.fixture
async def door(newest_database, tmp_path):
    """A connected portal, synced once, and an address for its events."""
    async with opened(newest_database, tmp_path / "home") as made:
        source = made.house.source_of(made.link)
        await made.house.engine().sync(made.link, source, entities=["deals"])
        await source.close()
        [link] = await connections.links(made.house.warehouse, made.link.tenant)
        made.link = link
        await made.register()
        yield made


def body(event="ONCRMDEALUPDATE", member="m", token="t", **data):
    fields = {"event": event, "data[FIELDS][ID]": "7", "ts": "1", **data}
    return urlencode({**fields, "auth[member_id]": member, "auth[application_token]": token})


def hook(door, events=None):
    return door.portal.add_handler(door.root + door.address, events=events or TICKED)


async def test_a_change_in_the_portal_is_posted_stored_and_read(door):
    hook(door)
    number = int(next(iter(door.portal.truth()))["ID"])

    door.portal.change(number, {"TITLE": "posted"})
    await door.arrived(1)
    await door.drained()

    assert (await door.deal(number))["title"] == "posted"
    [row] = await door.inbox()
    assert (row["event"], row["entity"], row["external_id"]) == ("ONCRMDEALUPDATE", "deals", str(number))
    assert row["outcome"] == "stored"
    assert "application_token" not in row["body"]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while door.portal.events.shown()["delivered"] < 1:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_deletions_and_a_mass_edit_arrive_and_cost_one_request(door):
    hook(door)
    numbers = [int(record["ID"]) for record in door.portal.truth()]
    door.portal.burst(numbers, {"COMMENTS": "all"})
    door.portal.remove(numbers[:2])
    await door.arrived(len(numbers) + 2)

    done = await door.drained()

    assert [await door.deal(one) is None for one in numbers[:3]] == [True, True, False]
    assert all([(await door.deal(one))["comments"] == "all" for one in numbers[2:]])
    assert done.requests == 2  # the list, and the two that did not come asked for one by one


async def test_an_application_has_its_events_sent_here_by_itself(newest_database, tmp_path):
    async with opened(newest_database, tmp_path / "home", application=True) as door:
        told = await door.register()
        again = await door.register()
        [old, new] = told["address"], again["address"]
        number = int(next(iter(door.portal.truth()))["ID"])
        door.portal.change(number, {"TITLE": "by the application"})
        await door.arrived(1)

        assert told["bound"]
        assert "ONCRMDEALUPDATE" in told["events"]
        assert "ONCRMDEALMOVETOCATEGORY" in told["events"]
        assert all(
            "SETENUM" in name or name in ("ONVOXIMPLANTCALLEND", "ONUSERADD") for name in told["refused"]
        )
        assert {one.url for one in door.portal.books.handlers} == {new} != {old}
        assert len(await door.inbox()) == 1
        status = (await door.http.get("/api/v1/webhooks/status")).json()["connections"][0]
        assert (status["state"], status["arrived"], status["waiting"]) == ("events", True, 1)
        door.portal.uninstall_app()
        await door.arrived(2)
        await asyncio.gather(door.drained(), return_exceptions=True)
        [row] = await door.house.warehouse.rows(
            door.link.tenant, "select paused_reason from headwater.connections", {}
        )
        assert "removed from the portal" in row["paused_reason"]


async def test_a_person_is_told_how_to_have_events_sent_and_whether_they_arrive(door):
    told = await door.register()
    before = (await door.http.get("/api/v1/webhooks/status")).json()["connections"][0]
    assert (await door.post(body())).status_code == 200
    after = (await door.http.get("/api/v1/webhooks/status")).json()["connections"][0]

    assert not told["bound"]
    assert told["address"].startswith(f"{door.root}/api/v1/webhooks/bitrix/")
    assert "ONCRMDEALADD" in told["events"]
    assert set(told["words"]) == {"en", "ru"}
    assert (before["arrived"], before["state"], before["addresses"]) == (False, "polling", 2)
    assert (after["arrived"], after["state"], after["waiting"]) == (True, "events", 1)


async def test_an_event_is_stored_before_it_is_acknowledged(door):
    answers = await asyncio.gather(*(door.post(body(**{"data[FIELDS][ID]": str(n + 1)})) for n in range(100)))

    assert {one.status_code for one in answers} == {200}
    assert {row["external_id"] for row in await door.inbox()} == {str(n + 1) for n in range(100)}


async def test_forged_tokens_other_tenants_and_unknown_portals_hear_the_same(door):
    assert (await door.post(body())).status_code == 200
    common = "/api/v1/webhooks/bitrix"

    answers = [
        await door.post(body(token="forged")),
        await door.post(body(member="other")),
        await door.post(body(), address=f"{common}/{'x' * 43}"),
        await door.post(body(), address=common),
        await door.post(body(member="nobody", token="nothing"), address=common),
    ]

    assert {one.status_code for one in answers} == {401}
    assert len({one.content for one in answers}) == 1
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert len(await door.inbox()) == 1


async def test_what_is_no_small_plain_form_is_refused_by_its_kind(door):
    plain = body()
    cases = [
        (await door.post(plain + "&x=" + "y" * 70_000), 413),
        (await door.post(plain, **{"content-encoding": "gzip"}), 415),
        (await door.post(plain, **{"content-encoding": "identity"}), 200),
        (await door.post(plain, **{"content-type": "application/json"}), 415),
        (await door.post(plain, **{"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}), 200),
        (await door.post(b"\xff\x00\xfe"), 400),
        (await door.post(b""), 400),
        (await door.post("hello=world"), 400),
        (await door.http.get(door.address), 405),
    ]

    assert [(one.status_code, one.text) for one, status in cases if one.status_code != status] == []
    assert len(await door.inbox()) == 2


async def test_a_body_without_a_length_is_bounded_all_the_same(door):
    async def endless():
        for _ in range(200):
            yield b"a" * 1_000

    answer = await door.http.post(door.address, content=endless(), headers=FORM)

    assert answer.status_code == 413


async def test_who_sends_too_slowly_is_sent_away(door):
    host, _, port = door.root.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {door.address} HTTP/1.1\r\nhost: x\r\ncontent-type: {FORM['content-type']}\r\ncontent-length: 500\r\n\r\nevent="
    writer.write(head.encode())
    await writer.drain()
    async with asyncio.timeout(PATIENCE_SECONDS):
        line = await reader.readline()
    writer.close()

    assert b" 408 " in line
    assert await door.inbox() == []


async def test_who_leaves_in_the_middle_harms_nobody(door):
    host, _, port = door.root.removeprefix("http://").partition(":")
    for _ in range(5):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST {door.address} HTTP/1.1\r\nhost: x\r\ncontent-type: {FORM['content-type']}\r\ncontent-length: 500\r\n\r\nevent=".encode()
        )
        await writer.drain()
        writer.close()

    assert (await door.post(body())).status_code == 200


async def test_a_flood_of_strangers_is_told_to_wait_and_known_doors_stay_open(door):
    assert (await door.post(body())).status_code == 200

    strangers = await asyncio.gather(
        *(door.post(body(), address=f"/api/v1/webhooks/bitrix/{n:043}") for n in range(80))
    )
    known = await asyncio.gather(*(door.post(body()) for _ in range(50)))

    statuses = {one.status_code for one in strangers}
    assert statuses == {401, 429}
    assert all("retry-after" in one.headers for one in strangers if one.status_code == 429)
    assert {one.status_code for one in known} == {200}


async def test_a_known_door_is_let_in_from_a_tired_address_though_nobody_remembers_it(door):
    await asyncio.gather(*(door.post(body(), address=f"/api/v1/webhooks/bitrix/{n:043}") for n in range(60)))
    told = await door.register()

    assert (await door.post(body(), address=told["address"].removeprefix(door.root))).status_code == 200


async def test_what_cannot_be_stored_is_not_acknowledged(door, newest_database):
    assert (await door.post(body())).status_code == 200
    with newest_database.as_admin() as admin:
        admin.execute(
            "create function headwater.full() returns trigger language plpgsql as $$ begin raise exception using errcode = '53100'; end $$"
        )
        admin.execute(
            "create trigger no_room before insert on headwater.inbox execute function headwater.full()"
        )

    answer = await door.post(body())

    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    with newest_database.as_admin() as admin:
        admin.execute("drop trigger no_room on headwater.inbox")
    assert (await door.post(body())).status_code == 200


async def test_a_time_is_replayed_and_scopes_are_asked_for(door):
    await door.post(body())
    await door.drained()
    span = {"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}

    replayed = await door.http.post("/api/v1/webhooks/replay", json=span)
    nothing = await door.http.post("/api/v1/webhooks/replay", json=span | {"entity": "leads"})
    naive = await door.http.post("/api/v1/webhooks/replay", json=span | {"since": "2020-01-01T00:00:00"})
    door.callers["who"] = replace(door.who, scopes=frozenset({"read"}))
    forbidden = [
        await door.http.post("/api/v1/webhooks/replay", json=span),
        await door.http.post("/api/v1/webhooks/register", json={"public_url": "https://x.example"}),
    ]
    allowed = await door.http.get("/api/v1/webhooks/status")

    assert replayed.json() == {"count": 1, "connections": {"bitrix24": 1}}
    assert nothing.json()["count"] == 0
    assert naive.status_code == 409
    assert [one.status_code for one in forbidden] == [403, 403]
    assert allowed.status_code == 200


@pytest.mark.parametrize(
    "url", ["", "crm.example.com", "ftp://x", "https://", "https://a@b", "https://x/?y", "https://x:99999"]
)
async def test_an_address_nobody_can_reach_is_not_registered(door, url):
    answer = await door.http.post("/api/v1/webhooks/register", json={"public_url": url})

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"

"""Connections over the API: nobody reaches into the service's own network through them."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import trustme

from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options
from headwater.warehouse import connections as kept

PORTAL = "portal.example"
SECRET = "s3cretc0de"
WEBHOOK = f"https://{PORTAL}/rest/1/{SECRET}/"
PUBLIC = "93.184.216.34"


@pytest.fixture
async def rehearsal() -> AsyncIterator[str]:
    """A portal on this very machine; the address of its webhook."""
    options = Options(deals=5, whole=False, limits=False)
    portal = bitrix24.built(options)
    async with bitrix24.served(portal, options) as address:
        yield address.webhook
    portal.close()


def named(answers: dict[str, list[list[str]]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A DNS in the test's hand: each question gets the next answer, the last one for ever. What was asked."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *words: Any, **named_: Any) -> Any:
        if host not in answers:
            return real(host, port, *words, **named_)
        asked.append(host)
        left = answers[host]
        addresses = left.pop(0) if len(left) > 1 else left[0]
        kinds = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(kinds[":" in one], socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


async def connect(api: Any, key: str = "admin", **body: Any) -> Any:
    return await api.post("/api/v1/connections", key, json={"source": "bitrix24", **body})


class TestWhereItMayLead:
    async def test_no_address_of_ones_own_network_is_connected(self, api: Any) -> None:
        async def tried(host: str, scheme: str) -> None:
            answer = await connect(api, url=f"{scheme}://{host}/rest/1/{SECRET}/")
            assert answer.status_code == 409, (host, answer.text)
            assert SECRET not in answer.text

        hosts = (
            "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0.0.0.0", "10.0.0.7", "172.16.0.1",
            "192.168.1.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[fd00::1]", "[64:ff9b::a00:7]",
        )  # fmt: skip
        await asyncio.gather(*(tried(host, scheme) for host in hosts for scheme in ("http", "https")))

    async def test_this_machine_is_not_reached_though_it_was_named(self, api: Any, rehearsal: str) -> None:
        answer = await connect(api, url=rehearsal)

        assert answer.status_code == 409
        assert "not in the public internet" in answer.json()["detail"]

    @pytest.mark.parametrize("addresses", [["10.0.0.7"], [PUBLIC, "127.0.0.1"], ["::1"], ["169.254.169.254"]])
    async def test_a_name_that_leads_there_is_not_connected(
        self, api: Any, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
    ) -> None:
        asked = named({PORTAL: [addresses]}, monkeypatch)

        answer = await connect(api, url=WEBHOOK)

        assert answer.status_code == 409
        assert "not in the public internet" in answer.json()["detail"]
        assert asked

    async def test_the_server_that_exchanges_tokens_may_not_be_there_either(self, api: Any) -> None:
        app = {
            "portal": f"https://{PORTAL}", "client_id": "local.1", "client_secret": SECRET, "refresh_token": "r" * 20,
            "server": "https://127.0.0.1",
        }  # fmt: skip

        answer = await connect(api, app=app)

        assert answer.status_code == 409
        assert SECRET not in answer.text

    @pytest.mark.parametrize("word", [{"allow_private": True}, {"proxy": "http://127.0.0.1:3128"}])
    @pytest.mark.parametrize(
        ("key", "status"), [("read", 403), ("sync", 403), ("admin", 403), ("theirs", 403)]
    )
    async def test_nobody_opens_the_network_that_companies_share(
        self, api: Any, rehearsal: str, word: dict[str, Any], key: str, status: int
    ) -> None:
        answer = await connect(api, key, url=rehearsal, **word)

        assert answer.status_code == status
        assert len((await api.get("/api/v1/connections")).json()["connections"]) == 1


@dataclass
class Site:
    """A portal behind a proxy: answers in turn, the last for ever; what it was asked."""

    answers: list[bytes]
    heads: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                self.heads.append(head)
                length = next(
                    line for line in head.lower().split("\r\n") if line.startswith("content-length")
                )
                await reader.readexactly(int(length.partition(":")[2]))
                writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def behind_proxy(site: Site, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The site is what every name leads to, by the proxy of the environment; the authority of its certificate."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(PORTAL).configure_cert(tls)
    server = await asyncio.start_server(site.talk, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        there = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        async with asyncio.TaskGroup() as both:
            both.create_task(pumped(reader, there[1]))
            both.create_task(pumped(there[0], writer))

    proxy = await asyncio.start_server(relay, "127.0.0.1", 0)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
    try:
        yield authority.cert_pem.bytes().decode()
    finally:
        proxy.close()
        server.close()


async def pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def answering(head: bytes, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 " + head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


class TestOnTheWay:
    @pytest.mark.parametrize(
        "there", ["https://10.0.0.7", "https://169.254.169.254", "http://127.0.0.1:8080"]
    )
    async def test_a_redirect_is_not_followed_there(
        self, api: Any, monkeypatch: pytest.MonkeyPatch, there: str
    ) -> None:
        named({PORTAL: [[PUBLIC]]}, monkeypatch)
        site = Site(
            [answering(b"302 Found\r\nLocation: " + f"{there}/rest/1/{SECRET}/profile.json".encode())]
        )
        async with behind_proxy(site, monkeypatch) as ca:
            answer = await connect(api, url=WEBHOOK, ca=ca)

        assert answer.status_code == 409
        assert "not in the public internet" in answer.json()["detail"]
        assert len(site.heads) == 1
        assert SECRET not in answer.text

    async def test_a_name_that_leads_elsewhere_after_the_first_request_is_not_asked_again(
        self, api: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = named({PORTAL: [[PUBLIC], ["10.0.0.7"]]}, monkeypatch)
        site = Site(
            [
                answering(
                    b"302 Found\r\nLocation: " + f"https://{PORTAL}:444/rest/1/{SECRET}/profile.json".encode()
                )
            ]
        )
        async with behind_proxy(site, monkeypatch) as ca:
            answer = await connect(api, url=WEBHOOK, ca=ca)

        assert answer.status_code == 409
        assert "leads to 10.0.0.7" in answer.json()["detail"]
        assert (len(asked), len(site.heads)) == (2, 1)


class TestConnecting:
    @pytest.fixture(autouse=True)
    async def _alone(self, api: Any, newest_database: Any) -> None:
        """One company has the service to itself."""
        with newest_database.as_admin() as admin:
            admin.execute("delete from headwater.connections where id = %s", [api.theirs.link.id])
            admin.execute("delete from headwater.tenants where id = %s", [api.theirs.tenant.id])

    async def test_an_administrator_connects_a_portal_in_his_own_network(
        self, api: Any, rehearsal: str
    ) -> None:
        answer = await connect(api, url=rehearsal, connection="north", allow_private=True)

        told = answer.json()
        assert answer.status_code == 201, answer.text
        assert (told["connection"], told["source"], told["listening"]["state"]) == (
            "north",
            "bitrix24",
            "polling",
        )
        assert told["account"]["missing"] == []
        assert told["network"] == {"ca": False, "proxy": False, "allow_private": True}
        assert rehearsal.rstrip("/").rpartition("/")[2] not in answer.text
        one = await api.get("/api/v1/connections/north")
        assert one.json()["portal"] == told["portal"]
        [link] = [
            link for link in await kept.links(api.house.warehouse, api.ours.tenant.id) if link.slug == "north"
        ]
        assert api.house.vault.open(link.sealed) == rehearsal

    async def test_under_one_key_it_is_connected_once(self, api: Any, rehearsal: str) -> None:
        body = {"url": rehearsal, "allow_private": True}
        found = [
            await api.post("/api/v1/connections", headers={"idempotency-key": "c"}, json=body)
            for _ in range(2)
        ]

        assert found[0].content == found[1].content
        with_words = await api.house.warehouse.rows(
            api.ours.tenant.id, "select body from headwater.answers where tenant_id = %(tenant)s", {}
        )
        assert rehearsal not in str(with_words)

    @pytest.mark.parametrize(
        ("body", "where"),
        [
            ({}, "body"), ({"url": "x", "app": {}}, "body.app.portal"), ({"url": 7}, "body.url"),
            ({"url": "x", "allow_private": "yes"}, "body.allow_private"), ({"url": "x", "colour": 1}, "body.colour"),
            ({"url": "x" * 501}, "body.url"), ({"url": "x", "ca": "y" * 100_001}, "body.ca"),
        ],
    )  # fmt: skip
    async def test_a_body_that_is_wrong_is_told_where(
        self, api: Any, body: dict[str, Any], where: str
    ) -> None:
        answer = await connect(api, **body)

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["where"] == where

    @pytest.mark.parametrize(
        "body",
        [
            {"source": "unicorn", "url": WEBHOOK}, {"url": "no address"}, {"url": WEBHOOK, "ca": "no certificate"},
            {"url": WEBHOOK, "proxy": "socks://x"},
        ],
    )  # fmt: skip
    async def test_words_that_mean_nothing_are_for_a_person(self, api: Any, body: dict[str, Any]) -> None:
        answer = await connect(api, **body)

        assert answer.status_code == 409
        assert SECRET not in answer.text


class TestLiving:
    async def test_a_connection_is_paused_and_lives_again(self, api: Any) -> None:
        path = f"/api/v1/connections/{api.ours.link.slug}"

        paused = (await api.post(f"{path}/pause", json={"reason": "moving"})).json()
        again = (await api.post(f"{path}/resume")).json()

        assert (paused["paused_reason"], again["paused_at"]) == ("moving", None)
        assert paused["paused_at"]
        assert (await api.post(f"{path}/pause")).json()["paused_reason"] == "paused by admin"

    async def test_a_connection_is_given_up_and_its_data_goes_when_that_is_wished(self, api: Any) -> None:
        await api.ours.store({"ID": "1", "TITLE": "a", "OWNER": "5"}, began=1)
        path = f"/api/v1/connections/{api.ours.link.slug}"
        rows = "select count(*) from crm_deals"

        kept = await api.ask("DELETE", path)
        left = await api.ours.rows(rows)
        gone = await api.ask("DELETE", path, params={"delete_data": True})

        assert (kept.status_code, kept.json()) == (200, {"connection": api.ours.link.slug, "deleted": {}})
        assert left == [{"count": 1}]
        assert gone.json()["deleted"]["public.crm_deals"] == 1
        assert await api.ours.rows(rows) == [{"count": 0}]
        assert (await api.get(path)).json()["disconnected"]

    @pytest.mark.parametrize(
        ("method", "tail"),
        [("DELETE", ""), ("POST", "/pause"), ("POST", "/resume"), ("GET", ""), ("GET", "/entities")],
    )
    async def test_connections_of_others_are_none(self, api: Any, method: str, tail: str) -> None:
        answer = await api.ask(method, f"/api/v1/connections/{api.ours.link.slug}{tail}", "theirs")

        assert answer.status_code == 404

    @pytest.mark.parametrize("tail", ["", "/bitrix24/pause", "/bitrix24/resume"])
    async def test_only_administrators_change_them(self, api: Any, tail: str) -> None:
        for key in ("read", "sync"):
            assert (
                await api.post(f"/api/v1/connections{tail}", key, json={"url": WEBHOOK})
            ).status_code == 403

    async def test_entities_are_told_with_their_fields_and_classes(self, api: Any) -> None:
        await api.ours.store({"ID": "1", "TITLE": "a", "OWNER": "5"}, began=1)
        path = f"/api/v1/connections/{api.ours.link.slug}/entities"

        [deals] = (await api.get(path)).json()["entities"]
        one = (await api.get(f"{path}/deal")).json()

        assert (deals["entity"], deals["fields"]) == ("deals", 9)
        assert {"name": "TITLE", "column": "title", "label": "Название", "kind": "text", "type": "", "custom": False,
                "privacy": "plain", "kept": True, "removed_at": None} in one["fields"]  # fmt: skip
        assert (await api.get(f"{path}/unicorns")).status_code == 404

    async def test_usage_tells_rows_bytes_and_requests(self, api: Any) -> None:
        await api.ours.store({"ID": "1", "TITLE": "a", "OWNER": "5"}, {"ID": "2"}, began=1)

        ours, theirs = [(await api.get("/api/data/usage", key)).json() for key in ("admin", "theirs")]

        rows = {one["table"]: one for one in ours["tables"]}
        assert rows["public.crm_deals"]["rows"] == rows["bitrix24.crm_deals"]["rows"] == 2
        assert (rows["bitrix24.crm_deals"]["bytes_exact"], rows["public.crm_deals"]["bytes_exact"]) == (
            True,
            False,
        )
        assert rows["headwater.changes"]["rows"] == 2
        assert ours["bytes"] == sum(one["bytes"] for one in ours["tables"]) > 0
        assert ours["connections"][0]["requests"] == {"day": 0, "month": 0}
        assert {one["table"]: one["rows"] for one in theirs["tables"]}["public.crm_deals"] == 0
        assert "bitrix24.crm_deals" not in {one["table"] for one in theirs["tables"]}
        assert ours["backups"] is None

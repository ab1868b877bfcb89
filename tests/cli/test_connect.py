"""`headwater connect`: what it says when an address is wrong, and that it never repeats the secret."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Fault, Kind, Options, Person, Portal, Webhook

SECRET = "s3cretc0de"


async def test_a_right_address_is_kept_and_named(rehearsal, given, headwater):
    said = await headwater("connect", "bitrix24", rehearsal.webhook)

    assert said.code == 0
    assert f"Connected to {rehearsal.host} as" in said.out
    assert "Connection: bitrix24." in said.out


async def test_json_says_whose_account_it_is(rehearsal, given, headwater):
    said = await headwater("connect", "bitrix24", rehearsal.webhook, "--json")

    assert said.code == 0
    assert said.json["connection"] == "bitrix24"
    assert said.json["account"]["portal"] == rehearsal.host
    assert said.json["account"]["missing"] == []


@pytest.mark.parametrize(
    ("address", "code", "advice"),
    [
        (f"http://acme.bitrix24.ru/rest/1/{SECRET}/", 3, "would send the code in the open; use https://"),
        (f"https://acme.bitrix24.ru/crm/deal/kanban/?x={SECRET}", 3, "copy the webhook's own address"),
        (f"https://acme.bitrix24.ru/rest/{SECRET}/", 3, "lacks the number of the user"),
        ("https://acme.bitrix24.ru/rest/1/", 3, "it ends before the webhook's code"),
        (f"https://me:{SECRET}@acme.bitrix24.ru/rest/1/x/", 3, "take that out"),
        ("acme", 3, "it is not a web address"),
    ],
    ids=["plain http", "a page", "no user", "no code", "password", "no address"],
)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
async def test_a_wrong_address_is_refused_with_what_to_do(given, headwater, address, code, advice, form):
    said = await headwater("connect", "bitrix24", address, *form)

    assert said.code == code
    assert advice in said.words
    assert SECRET not in said.out + said.err
    if form:
        assert said.json["exit_code"] == code


async def test_a_portal_that_is_not_there_is_for_later(given, headwater):
    said = await headwater("connect", "bitrix24", f"http://127.0.0.1:9/rest/1/{SECRET}/", "--json")

    assert said.code == said.json["exit_code"] == 4
    assert "check the address and the network" in said.json["message"]
    assert SECRET not in said.out + said.err


async def test_a_wrong_secret_is_told_without_repeating_it(rehearsal, given, headwater):
    said = await headwater("connect", "bitrix24", rehearsal.webhook.replace(rehearsal.code, SECRET))

    assert said.code == 3
    assert "the webhook's code or user number is wrong; copy its address again" in said.words
    assert SECRET not in said.out + said.err


@pytest.mark.parametrize(
    ("state", "code", "advice"),
    [
        ("deleted", 3, "the portal was deleted or closed; check with its owner"),
        ("unpaid", 3, "the plan or the rights of the webhook's owner do not allow it"),
        ("overloaded", 4, "Bitrix24 has blocked the portal's REST for now"),
    ],
)
async def test_a_closed_portal_says_so(rehearsal, given, headwater, state, code, advice):
    rehearsal.portal.set_state(state)

    said = await headwater("connect", "bitrix24", rehearsal.webhook)

    assert said.code == code
    assert advice in said.words
    assert rehearsal.code not in said.out + said.err


@pytest.mark.parametrize(
    ("fault", "code", "advice"),
    [
        (Fault(Kind.HTML, status=403, count=None), 3, "check the address, its firewall"),
        (Fault(Kind.HTML, status=404, count=None), 3, "there is nothing at this address: check it"),
        (Fault(Kind.HTML_200, count=None), 4, "not JSON, or cut off"),
        (Fault(Kind.SCOPE, method="profile", count=None), 3, "edit it in Bitrix24 and tick the scope"),
    ],
    ids=["forbidden page", "missing page", "any page", "no right at all"],
)
async def test_an_answer_that_is_no_answer_is_explained(rehearsal, given, headwater, fault, code, advice):
    rehearsal.portal.add_fault(fault)

    said = await headwater("connect", "bitrix24", rehearsal.webhook)

    assert said.code == code
    assert advice in said.words
    assert rehearsal.code not in said.out + said.err


async def test_a_missing_right_is_named_and_the_connection_kept(rehearsal, given, headwater):
    rehearsal.portal.books.webhooks[0].scopes.remove("crm")

    said = await headwater("connect", "bitrix24", rehearsal.webhook)

    assert said.code == 3
    assert "Connected to" in said.out
    assert "Careful: scope crm is missing: edit the webhook and tick CRM" in said.words
    assert "there is no connection yet" not in (await headwater("status")).words


async def test_somebody_who_is_not_an_administrator_is_warned(rehearsal, given, headwater):
    books = rehearsal.portal.books
    books.people.append(Person(9001, "Guest", "Guestov"))
    books.webhooks.append(Webhook(9001, SECRET))

    said = await headwater("connect", "bitrix24", f"http://{rehearsal.host}/rest/9001/{SECRET}/")

    assert said.code == 3
    assert "not an administrator: records he may not read stay invisible" in said.words
    assert SECRET not in said.out + said.err


async def test_an_unknown_system_is_refused_with_the_known_ones(given, headwater):
    said = await headwater("connect", "salesforce", "https://acme.example/")

    assert said.code == 3
    assert "there is no source 'salesforce'; there are: bitrix24" in said.words


async def test_a_name_that_is_taken_says_how_to_go_on(connected, headwater):
    elsewhere = connected.webhook.replace("127.0.0.1", "localhost")

    refused = await headwater("connect", "bitrix24", elsewhere, "--slug", "bitrix24")
    moved = await headwater("connect", "bitrix24", elsewhere, "--slug", "bitrix24", "--moved")

    assert refused.code == 3
    assert "choose another --slug, or say --moved" in refused.words
    assert moved.code == 0
    assert "localhost" in moved.out


@pytest.mark.parametrize("slug", ["public", "headwater", "pg_temp", "information_schema"])
async def test_a_name_that_is_another_schema_is_refused(rehearsal, given, headwater, slug):
    said = await headwater("connect", "bitrix24", rehearsal.webhook, "--slug", slug)

    assert said.code == 3
    assert f"'{slug}' cannot name a connection: the schema of that name is something else" in said.words


@dataclass(frozen=True)
class Walled:
    """A portal whose certificate a private authority signed, and a proxy that leads to it."""

    portal: Portal
    webhook: str
    ca: Path
    proxy: str
    asked: list[str]

    @property
    def host(self) -> str:
        return urlsplit(self.webhook).netloc

    @property
    def code(self) -> str:
        return self.portal.books.webhooks[0].code


@pytest.fixture
async def walled(desk: Path) -> AsyncIterator[Walled]:
    options = Options(deals=20, whole=False, limits=False, tls=True, ca_file=desk / "ca.pem")
    portal = bitrix24.built(options)
    asked: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head)
        there = await asyncio.open_connection("localhost", int(head.split()[1].rpartition(":")[2]))
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await asyncio.gather(pumped(reader, there[1]), pumped(there[0], writer))

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with bitrix24.served(portal, options) as address:
        yield Walled(
            portal, address.webhook, desk / "ca.pem", f"http://ann:p%40ssw0rd@127.0.0.1:{port}", asked
        )
    server.close()
    portal.close()


async def pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hands on what comes until it ends."""
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def settings(given: Any) -> list[Any]:
    """What the connections keep of their networks."""
    with given.as_admin() as admin:
        return [kept for (kept,) in admin.execute("select settings from headwater.connections").fetchall()]


async def test_a_private_authority_is_kept_by_its_content(walled, given, headwater):
    without = await headwater("connect", "bitrix24", walled.webhook)
    said = await headwater("connect", "bitrix24", walled.webhook, "--ca", str(walled.ca))
    pem = walled.ca.read_text().strip()
    walled.ca.unlink()
    synced = await headwater("sync", "--json", HEADWATER_SHARE="1")

    assert without.code == 3
    assert "the certificate is not trusted" in without.words
    assert said.code == 0, said.words
    assert [{name: kept.strip() for name, kept in one.items()} for one in settings(given)] == [{"ca": pem}]
    assert (synced.code, synced.deals["created"]) == (0, 20)


async def test_a_proxy_is_kept_with_its_login_encrypted_and_gone_through(walled, given, headwater):
    way = ("--ca", str(walled.ca), "--proxy", walled.proxy)

    said = await headwater("connect", "bitrix24", walled.webhook, *way)
    heads = list(walled.asked)
    kept = settings(given)
    rotated = await headwater("secret", "rotate", "--drop-old")
    synced = await headwater("sync", "--json", HEADWATER_SHARE="1")

    assert said.code == 0, said.words
    assert heads[0].startswith(f"CONNECT {walled.host} HTTP/1.1")
    assert "Proxy-Authorization: Basic YW5uOnBAc3N3MHJk" in heads[0]
    assert not [head for head in walled.asked if walled.code in head]
    assert "ssw0rd" not in f"{kept}{said.out}{said.err}"
    assert settings(given) != kept
    assert (rotated.code, synced.code, synced.deals["created"]) == (0, 0, 20)
    assert len(walled.asked) > len(heads)


async def test_what_is_said_of_the_network_holds_until_it_is_connected_again(walled, given, headwater):
    webhook = walled.webhook
    await headwater("connect", "bitrix24", webhook, "--ca", str(walled.ca), "--proxy", walled.proxy)
    refused = await headwater("connect", "bitrix24", webhook)
    before = settings(given)
    again = await headwater("connect", "bitrix24", webhook, "--ca", str(walled.ca), "--allow-private")

    assert (refused.code, again.code) == (3, 0)
    assert list(before[0]) == ["ca", "proxy"]
    assert [sorted(one) for one in settings(given)] == [["allow_private", "ca"]]


async def test_an_address_that_leads_into_a_private_network_wants_to_be_allowed(walled, given, headwater):
    elsewhere = walled.webhook.replace("localhost", "127.1")

    refused = await headwater("connect", "bitrix24", elsewhere, "--ca", str(walled.ca))
    allowed = await headwater("connect", "bitrix24", elsewhere, "--ca", str(walled.ca), "--allow-private")

    assert refused.code == allowed.code == 3
    assert "127.1 leads to 127.0.0.1, which is not in the public internet" in refused.words
    assert "--allow-private" in refused.words
    assert "the certificate is not trusted" in allowed.words
    assert walled.code not in refused.words + allowed.words


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--ca", "missing.pem"), "missing.pem holds no usable certificate"),
        (("--proxy", "socks5://ann:s3cretc0de@proxy:1080"), "this proxy cannot be used"),
    ],
)
async def test_a_network_that_cannot_be_is_refused(given, headwater, words, why):
    said = await headwater("connect", "bitrix24", f"https://acme.bitrix24.ru/rest/1/{SECRET}/", *words)

    assert said.code == 3
    assert why in said.words
    assert SECRET not in said.words

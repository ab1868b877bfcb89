"""Where the one HTTP client goes: real sockets, real TLS with a private authority, a real proxy."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import trustme

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.network.client import Http
from headwater.network.way import Network, certificates, is_public, meant, proxy_address
from headwater.sources.bitrix24 import Bitrix24
from headwater.testing.fakes import CountingPace, FakeClock

NAME = "portal.example"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Site:
    """A web server that answers {} and keeps what it was asked."""

    port: int = 0
    connections: int = 0
    names: list[str | None] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    answer: bytes = OK

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                length = next(
                    line for line in head.lower().split("\r\n") if line.startswith("content-length")
                )
                await reader.readexactly(int(length.partition(":")[2]))
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def hosts(self) -> set[str]:
        return {
            line for head in self.heads for line in head.split("\r\n") if line.lower().startswith("host:")
        }


@asynccontextmanager
async def listening(talk: Any, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port of 127.0.0.1."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


@pytest.fixture
async def site(authority: trustme.CA) -> AsyncIterator[Site]:
    """A site with a certificate for its name, signed by a private authority."""
    found = Site()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME, "127.0.0.1", "localhost").configure_cert(tls)
    tls.sni_callback = lambda _, name, __: found.names.append(name)
    async with listening(found.talk, tls=tls) as found.port:
        yield found


@dataclass
class Book:
    """A DNS in the test's hand: each question gets the next answer, the last one for ever."""

    answers: list[Sequence[str]]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not answer:
            raise OSError("Name or service not known")
        return answer


async def asked(url: str, *times: int, **options: Any) -> int:
    """The status of a POST, asked as often as said."""
    http = Http(hidden=["s3cretc0de"], **options)
    try:
        for _ in range(*times or (1,)):
            answer = await http.post(url, {}, what="test")
    finally:
        await http.close()
    return answer.status


async def test_it_connects_to_the_checked_address_under_the_hosts_own_name(site, ca):
    book = Book([["127.0.0.1"]])

    url = f"https://{NAME}:{site.port}/"
    assert await asked(url, 2, network=Network(ca, allow_private=True), resolve=book) == 200

    assert site.names == [NAME]
    assert site.hosts() == {f"Host: {NAME}:{site.port}"}
    assert (site.connections, len(site.heads)) == (1, 2)
    assert book.asked == [NAME, NAME]


async def test_a_certificate_of_another_name_is_not_taken(site, ca):
    book = Book([["127.0.0.1"]])

    with pytest.raises(NeedsPerson, match="certificate is not trusted"):
        await asked(
            f"https://other.example:{site.port}/", network=Network(ca, allow_private=True), resolve=book
        )
    assert site.heads == []


async def test_two_names_of_one_address_have_a_connection_each(site, ca):
    http = Http(network=Network(ca, allow_private=True), resolve=Book([["127.0.0.1"]]))
    await http.post(f"https://{NAME}:{site.port}/", {}, what="test")

    with pytest.raises(NeedsPerson, match="certificate is not trusted"):
        await http.post(f"https://other.example:{site.port}/", {}, what="test")
    await http.close()

    assert len(site.heads) == 1


async def test_without_the_authority_it_is_not_trusted(site):
    with pytest.raises(NeedsPerson, match="certificate is not trusted"):
        await asked(f"https://127.0.0.1:{site.port}/", origin="127.0.0.1")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.7", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.7", "64:ff9b::a00:7",
        "2002:a00:7::1",
    ],
)  # fmt: skip
async def test_what_is_not_public_is_refused_before_it_is_reached(address):
    book = Book([["93.184.216.34", address]])

    with pytest.raises(NeedsPerson, match="--allow-private"):
        await asked(f"https://{NAME}/", resolve=book)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "64:ff9b::808:808"])
def test_what_is_public_is_public(address):
    assert is_public(meant(ip_address(address)))


async def test_an_address_that_changes_after_the_check_gains_nothing(site, ca):
    book = Book([["127.0.0.1"], ["10.0.0.7"]])
    http = Http(network=Network(ca), origin="localhost", resolve=book)
    await http.post(f"https://localhost:{site.port}/", {}, what="test")

    with pytest.raises(NeedsPerson, match=r"localhost leads to 10\.0\.0\.7"):
        await http.post(f"https://localhost:{site.port}/", {}, what="test")
    await http.close()

    assert len(site.heads) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_this_machine_is_reached_when_it_was_named_and_not_when_something_leads_to_it(site, ca, host):
    url = f"https://{host}:{site.port}/"

    assert await asked(url, network=Network(ca), origin=f"{host}:{site.port}") == 200
    with pytest.raises(NeedsPerson, match="--allow-private"):
        await asked(url, network=Network(ca), origin="acme.bitrix24.ru")
    with pytest.raises(NeedsPerson, match="--allow-private"):
        await asked(f"https://2130706433:{site.port}/", network=Network(ca), origin="127.0.0.1")


@pytest.mark.parametrize("there", ["https://10.0.0.7", "https://169.254.169.254", "https://[fd00::1]"])
async def test_a_redirect_into_a_private_network_is_not_followed(site, ca, there):
    location = f"Location: {there}/rest/1/s3cretc0de/profile.json".encode()
    site.answer = b"HTTP/1.1 302 Found\r\n" + location + b"\r\nContent-Length: 0\r\n\r\n"
    url = f"https://127.0.0.1:{site.port}/rest/1/s3cretc0de/"
    source = Bitrix24(url, pace=CountingPace(), clock=FakeClock(), network=Network(ca))

    with pytest.raises(NeedsPerson, match="--allow-private") as refused:
        await source.check()
    await source.close()

    assert "s3cretc0de" not in str(refused.value)


async def test_an_address_that_does_not_answer_lets_the_next_one_try(site, ca):
    book = Book([["127.0.0.2", "127.0.0.1"]])

    url = f"https://{NAME}:{site.port}/"
    assert await asked(url, 2, network=Network(ca, allow_private=True), resolve=book) == 200

    assert site.connections == 1


async def test_a_name_without_an_address_is_for_later():
    with pytest.raises(RetryLater, match=f"{NAME}: Name or service not known"):
        await asked(f"https://{NAME}/", resolve=Book([[]]))


@dataclass
class Proxy:
    """An HTTP proxy that connects everybody to one port, and keeps what it was asked."""

    to: int
    login: str | None = None
    heads: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        given = base64.b64encode((self.login or "").encode()).decode()
        if self.login is not None and f"Basic {given}" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        theirs = await asyncio.open_connection("127.0.0.1", self.to)
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        async with asyncio.TaskGroup() as both:
            both.create_task(pumped(reader, theirs[1]))
            both.create_task(pumped(theirs[0], writer))


async def pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def proxied(site: Site) -> AsyncIterator[tuple[Proxy, int]]:
    """A proxy in front of the site, and its port."""
    proxy = Proxy(site.port, login="ann:p@ss")
    async with listening(proxy.talk) as port:
        yield proxy, port


async def test_a_proxy_is_asked_for_the_name_and_sees_nothing_inside(site, ca, proxied):
    proxy, port = proxied
    network = Network(ca, f"http://ann:p%40ss@127.0.0.1:{port}")

    assert await asked(f"https://{NAME}/s3cretc0de", 2, network=network, resolve=Book([[]])) == 200

    [head] = proxy.heads
    assert head.startswith(f"CONNECT {NAME}:443 HTTP/1.1")
    assert "s3cretc0de" not in head
    assert site.names == [NAME]
    assert site.hosts() == {f"Host: {NAME}"}


async def test_a_proxy_that_refuses_us_is_told_without_its_password(site, ca, proxied):
    network = Network(ca, f"http://ann:wr0ng@127.0.0.1:{proxied[1]}")

    with pytest.raises(NeedsPerson, match="the proxy refuses") as refused:
        await asked(f"https://{NAME}/", network=network, resolve=Book([[]]))
    assert "wr0ng" not in str(refused.value)


async def test_what_is_private_is_refused_in_front_of_a_proxy_too(ca, proxied):
    proxy, port = proxied

    for host, book in ((NAME, Book([["10.0.0.7"]])), ("10.0.0.7", None)):
        with pytest.raises(NeedsPerson, match="--allow-private"):
            await asked(f"https://{host}/", network=Network(ca, f"http://127.0.0.1:{port}"), resolve=book)
    assert proxy.heads == []


async def test_plain_http_is_not_sent_through_a_proxy(proxied):
    proxy, port = proxied

    with pytest.raises(NeedsPerson, match="plain http would go through the proxy in the open"):
        await asked(
            "http://127.0.0.1/", network=Network(proxy=f"http://127.0.0.1:{port}"), origin="127.0.0.1"
        )
    assert proxy.heads == []


async def test_the_environments_proxy_is_used_but_not_for_this_machine(site, ca, proxied, monkeypatch):
    proxy, port = proxied
    monkeypatch.setenv("https_proxy", f"ann:p%40ss@127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "near.example")

    assert await asked(f"https://{NAME}/", network=Network(ca), resolve=Book([[]])) == 200
    assert await asked(f"https://127.0.0.1:{site.port}/", network=Network(ca), origin="127.0.0.1") == 200
    with pytest.raises(RetryLater, match="not known"):
        await asked("https://near.example/", network=Network(ca), resolve=Book([[]]))

    assert len(proxy.heads) == 1


@pytest.mark.parametrize(
    "given", ["", "socks5://h:1", "http://", "http://h:0", "http://h:99999", "http://h h:1", "http://h/path", "ftp://s3cret:s3cret@h"]
)  # fmt: skip
def test_a_proxy_that_is_none_is_refused_without_being_repeated(given):
    with pytest.raises(NeedsPerson, match="this proxy cannot be used") as refused:
        proxy_address(given)
    assert "s3cret" not in str(refused.value)


def test_of_a_file_only_its_certificates_are_kept(authority, ca, tmp_path: Path):
    key = authority.private_key_pem.bytes()
    (tmp_path / "both.pem").write_bytes(b"subject=CN: \xd6rg\n" + key + ca.encode())
    (tmp_path / "ca.der").write_bytes(ssl.PEM_cert_to_DER_cert(ca))

    assert certificates(tmp_path / "both.pem").strip() == ca.strip()
    assert certificates(tmp_path / "ca.der").strip() == ca.strip()


@pytest.mark.parametrize(
    "content", [b"", b"\x30nothing", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)  # fmt: skip
def test_a_file_without_a_certificate_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "ca.pem").write_bytes(content)

    for file in (tmp_path / "ca.pem", tmp_path, tmp_path / "missing"):
        with pytest.raises(NeedsPerson, match="holds no usable certificate"):
            certificates(file)

"""Letters arrive: over real sockets, at servers as small as they can be."""

import asyncio
import base64
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from hashlib import sha256
from typing import Any

import pytest
import trustme

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.core.letters import Letter
from headwater.network.way import Network
from headwater.outside.mail import Mail, Server
from headwater.outside.telegram import Telegram
from headwater.outside.webhook import Webhook, signature
from headwater.testing.fakes import FakeClock

LETTER = Letter(
    "headwater-2-opened-5", "Headwater: неполадка: acme", "Всё плохо.\n.\nконец", {"kind": "late"}
)
SENDER, TO = "Headwater <hw@example.com>", ["ops@example.com", "boss@example.com"]
TOKEN = "123456:AAEsecretsecretsecret"


@asynccontextmanager
async def listening(talk: Callable[..., Any], *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port of 127.0.0.1."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@dataclass
class Postbox:
    """A mail server (RFC 5321, as far as a letter needs it)."""

    tls: ssl.SSLContext | None = None
    refuse: dict[str, bytes] = field(default_factory=dict)
    letters: list[bytes] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    login: str = ""
    safe: bool = False

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(words: bytes) -> None:
            writer.write(words + b"\r\n")
            await writer.drain()

        try:
            await say(b"220 box ESMTP")
            while line := (await reader.readline()).decode().strip():
                verb = line.split()[0].upper()
                if verb in self.refuse:
                    await say(self.refuse[verb])
                elif verb == "EHLO":
                    offers = b"250-STARTTLS\r\n" if self.tls and not self.safe else b""
                    await say(b"250-box\r\n" + offers + b"250 AUTH PLAIN")
                elif verb == "QUIT":
                    return  # some say nothing, and have taken the letter all the same
                elif verb == "STARTTLS":
                    await say(b"220 go on")
                    assert self.tls is not None
                    await writer.start_tls(self.tls)
                    self.safe = True
                elif verb == "AUTH":
                    self.login = base64.b64decode(line.split()[2]).decode()
                    await say(b"235 in")
                elif verb == "DATA":
                    await say(b"354 go on")
                    self.letters.append(
                        (await reader.readuntil(b"\r\n.\r\n"))[:-5].replace(b"\r\n..", b"\r\n.")
                    )
                    await say(b"250 taken")
                else:
                    self.to += [line] if verb == "RCPT" else []
                    await say(b"250 fine")
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(found)
    return found


@pytest.fixture
def trusting(authority: trustme.CA) -> Network:
    return Network(ca=authority.cert_pem.bytes().decode())


async def test_a_letter_arrives_by_starttls_with_a_login(tls, trusting):
    box = Postbox(tls)
    async with listening(box.talk) as port:
        server = Server.of(f"smtp://hw%40example.com:p%40ss@localhost:{port}")
        await Mail(server, SENDER, TO, network=trusting).send(LETTER)

    [letter] = [message_from_bytes(one, policy=policy.default) for one in box.letters]
    assert box.safe
    assert box.login == "\0hw@example.com\0p@ss"
    assert len(box.to) == 2
    assert (letter["subject"], letter["from"], letter["to"]) == (LETTER.subject, SENDER, ", ".join(TO))
    assert letter["message-id"].startswith(f"<{LETTER.number}@")
    assert letter.get_content().splitlines() == LETTER.text.splitlines()


async def test_a_letter_arrives_by_tls_from_the_first_byte(tls, trusting):
    box = Postbox(tls, safe=True)
    async with listening(box.talk, tls=tls) as port:
        await Mail(Server.of(f"smtps://localhost:{port}"), SENDER, TO, network=trusting).send(LETTER)

    assert len(box.letters) == 1


async def test_a_server_whose_certificate_nobody_trusts_gets_nothing(tls):
    box = Postbox(tls)
    async with listening(box.talk) as port:
        with pytest.raises(NeedsPerson, match="is not trusted"):
            await Mail(Server.of(f"smtp://localhost:{port}"), SENDER, TO).send(LETTER)

    assert box.letters == []


@pytest.mark.parametrize(
    ("verb", "answer", "kind", "words"),
    [
        ("AUTH", b"535 5.7.8 no", NeedsPerson, "does not take the login"),
        ("RCPT", b"550 no boss@example.com here", NeedsPerson, "ALERT_MAIL_TO"),
        ("MAIL", b"451 later", RetryLater, "refuses"),
        ("DATA", b"554 spam of hw@example.com", NeedsPerson, "refuses"),
    ],
)
async def test_what_a_mail_server_refuses_is_told_without_an_address_or_password(verb, answer, kind, words):
    box = Postbox(refuse={verb: answer})
    async with listening(box.talk) as port:
        mail = Mail(Server.of(f"smtp://user:s3cret@localhost:{port}"), SENDER, TO)
        with pytest.raises(kind, match=words) as told:
            await mail.send(LETTER)

    assert "@" not in str(told.value)
    assert "s3cret" not in str(told.value)


async def test_a_password_goes_nowhere_in_the_open():
    box = Postbox()

    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with listening(box.talk) as port:
        server = Server.of(f"smtp://user:s3cret@mail.example:{port}")
        mail = Mail(server, SENDER, TO, network=Network(allow_private=True), resolve=here)
        with pytest.raises(NeedsPerson, match="offers no TLS"):
            await mail.send(LETTER)

    assert box.login == ""


async def test_a_login_that_mail_servers_cannot_be_told_is_told():
    async with listening(Postbox().talk) as port:
        with pytest.raises(NeedsPerson, match="ASCII"):
            await Mail(Server.of(f"smtp://user:%D0%B6@localhost:{port}"), SENDER, TO).send(LETTER)


@pytest.mark.parametrize("address", ["10.0.0.5", "127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.5"])
async def test_a_mail_server_that_leads_into_a_network_of_ones_own_is_not_spoken_to(address):
    async def inside(host: str, port: int) -> list[str]:
        return [address]

    network = Network(permission="set HEADWATER_ALERT_ALLOW_PRIVATE=true")
    mail = Mail(Server.of("smtps://mail.example"), SENDER, TO, network=network, resolve=inside)
    with pytest.raises(NeedsPerson, match="HEADWATER_ALERT_ALLOW_PRIVATE"):
        await mail.send(LETTER)


async def test_a_mail_server_that_is_not_there_is_tried_again():
    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    async def nobody(host: str, port: int) -> list[str]:
        return []

    with pytest.raises(RetryLater, match="does not answer"):
        await Mail(Server.of("smtp://localhost:9"), SENDER, TO).send(LETTER)
    for resolve in (nowhere, nobody):
        with pytest.raises(RetryLater, match=r"mail\.example"):
            await Mail(Server.of("smtp://mail.example"), SENDER, TO, resolve=resolve).send(LETTER)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "https://mail.example",
        "smtp://",
        "smtp://u:s3cret@h:x",
        "smtp://u:s3cret@h/path",
        "smtp://h:0",
    ],
)
def test_an_address_of_no_mail_server_is_told_without_its_password(url):
    with pytest.raises(NeedsPerson, match="HEADWATER_ALERT_MAIL_URL") as told:
        Server.of(url)

    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("to", ["", "ops", "ops@example.com\r\nBcc: all@example.com"])
def test_no_mail_address_is_refused(to):
    with pytest.raises(NeedsPerson, match="HEADWATER_ALERT_MAIL_TO"):
        Mail(Server.of("smtp://localhost"), SENDER, [to])


@dataclass
class Site:
    """A web server that gives its answers in turn, the last one for ever, and keeps what it was asked."""

    answers: list[bytes]
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(line for line in head.lower().split("\r\n") if line.startswith("content-length"))
        self.heads.append(head)
        self.bodies.append(await reader.readexactly(int(length.partition(":")[2])))
        writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        await writer.drain()
        writer.close()

    def header(self, name: str) -> str:
        [found] = [line for line in self.heads[-1].split("\r\n") if line.lower().startswith(f"{name}:")]
        return found.partition(":")[2].strip()


def answered(status: int, body: Any) -> bytes:
    text = json.dumps(body).encode()
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(text), text)


async def test_a_bot_tells_a_letter_in_its_chat():
    site = Site([answered(200, {"ok": True})])
    async with listening(site.talk) as port:
        await Telegram(TOKEN, "-100", server=f"http://127.0.0.1:{port}").send(LETTER)

    said = json.loads(site.bodies[0])
    assert site.heads[0].startswith(f"POST /bot{TOKEN}/sendMessage ")
    assert said["chat_id"] == "-100"
    assert LETTER.subject in said["text"]
    assert LETTER.text in said["text"]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (answered(401, {"ok": False, "description": "Unauthorized"}), NeedsPerson, "ALERT_TELEGRAM_TOKEN"),
        (answered(400, {"ok": False, "description": "chat not found"}), NeedsPerson, "ALERT_TELEGRAM_CHAT"),
        (answered(429, {"ok": False, "parameters": {"retry_after": 7}}), RetryLater, "429"),
        (answered(502, "<html>"), RetryLater, "502"),
        (answered(200, ["odd"]), RetryLater, "200"),
    ],
)
async def test_what_telegram_refuses_is_told_without_the_token(answer, kind, words):
    site = Site([answer])
    async with listening(site.talk) as port:
        with pytest.raises(kind, match=words) as told:
            await Telegram(TOKEN, "1", server=f"http://127.0.0.1:{port}").send(LETTER)

    assert TOKEN not in str(told.value)
    assert getattr(told.value, "wait", None) == (7.0 if "429" in words else None)


def test_a_token_that_is_none_is_refused():
    with pytest.raises(NeedsPerson, match="HEADWATER_ALERT_TELEGRAM_TOKEN"):
        Telegram("../../x", "1")


async def test_a_program_gets_a_letter_that_proves_from_whom_it_is():
    site, clock = Site([answered(204, None)]), FakeClock()
    async with listening(site.talk) as port:
        await Webhook(f"http://127.0.0.1:{port}/in?key=k", "sixteen letters!", clock=clock).send(LETTER)

    at, _, proof = site.header("x-headwater-signature").partition(",v1=")
    signed = at.removeprefix("t=").encode() + b"." + site.bodies[0]
    assert json.loads(site.bodies[0]) == LETTER.document
    assert int(at.removeprefix("t=")) == int(clock.now().timestamp())
    assert proof == hmac.new(b"sixteen letters!", signed, sha256).hexdigest()
    assert site.header("x-headwater-delivery") == LETTER.number
    assert signature("sixteen letters!", int(at[2:]), site.bodies[0]) == f"{at},v1={proof}"


@pytest.mark.parametrize(
    ("status", "kind"), [(500, RetryLater), (429, RetryLater), (404, NeedsPerson), (302, NeedsPerson)]
)
async def test_a_program_that_does_not_take_a_letter_is_told_of_without_its_secret_path(status, kind):
    site = Site([answered(status, {})])
    async with listening(site.talk) as port:
        hook = Webhook(f"http://127.0.0.1:{port}/s3cretpath?s3cretkey", None, clock=FakeClock())
        with pytest.raises(kind, match=f"answers {status}") as told:
            await hook.send(LETTER)

    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("host", ["10.0.0.5", "169.254.169.254", "[fd00::1]", "192.168.1.1"])
async def test_a_webhook_into_a_network_of_ones_own_is_not_sent(host):
    hook = Webhook(f"https://{host}/in", None, clock=FakeClock())
    with pytest.raises(NeedsPerson, match="not in the public internet"):
        await hook.send(LETTER)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/in",
        "ftp://example.com",
        "https://",
        "https://u:s3cret@example.com/",
        "x",
        "https://h:0/",
    ],
)
def test_an_address_that_is_not_safe_is_refused_without_its_password(url):
    with pytest.raises(NeedsPerson, match="HEADWATER_ALERT_WEBHOOK_URL") as told:
        Webhook(url, None, clock=FakeClock())

    assert "s3cret" not in str(told.value)
